/*
 * The history store: every version of every cell as a tree, every run, every output as a file.
 *
 * One store is one folder, 0700, that several processes use at once:
 *
 *     history.sqlite3                             documents, cells, versions, moves, runs, outputs,
 *                                                 settings
 *     sessions/<uuid>.lock                        held with flock while a recording process lives
 *     history.lock                                who records, where the file system has no locks
 *     outputs/YYYY/MM/DD/run-<id>/0001-stdout.txt what the runs produced, as ordinary files (0600;
 *                                                 0400 where several runs share one by hard links)
 *
 * Recording, as a kernel does it:
 *
 *     history_open → history_session_begin → (history_run_begin → history_run_write,
 *     history_run_bundle, … → history_run_end) for every run → history_session_end → history_close
 *
 * and in between, as front ends tell about edits, history_record_edits (history/edits.h).
 *
 * When a recording call has returned STATUS_OK, what it was given survives the death of this
 * process at any later moment, by kill -9 too: bytes are in their file, rows in the database. (It
 * is not on the platter: after a power cut the last moments may be missing, the store is whole.)
 * What a dead process left open is sealed by the next history_open for writing.
 *
 * A failure to record leaves the caller free to go on: after a failed begin, run without recording
 * and try again at the next run; after a failed write, keep calling, what can be kept is kept and
 * the output is marked incomplete. No call waits longer than `busy_timeout_ms` for another
 * process.
 *
 * Statuses that any function with a `struct error *` may return, the message naming the file and
 * the remedy: STATUS_NO_MEMORY, STATUS_IO, STATUS_FULL (disk full), STATUS_DENIED (permission),
 * STATUS_LOCKED (another process is writing; try again later), STATUS_CORRUPT (damaged, nothing
 * was changed). Others are listed at the function.
 *
 * Ownership: open/close, begin/end pairs; the closing half takes `T **` and nulls it. Rows that a
 * query returns, and all that they point to, live in the caller's `struct history_memory` until
 * history_memory_finish(). Strings are UTF-8 and NUL-terminated; texts of cells and outputs are
 * the bytes that came, with a size, and a NUL after them that is not counted.
 *
 * Times are microseconds since 1970-01-01 UTC; 0 stands for "not yet" or "unknown".
 *
 * Thread: one store and all that came from it belong to one thread. The library never logs.
 */
#ifndef FORKERNEL_HISTORY_HISTORY_H
#define FORKERNEL_HISTORY_HISTORY_H

#include "base/buf.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct history;         /* an open store */
struct history_session; /* one kernel process at work on one document */
struct history_run;     /* one execution, while it lasts */
struct history_memory;  /* where answers live */

/* ---- words shared by recording and reading; the numbers are stored: never renumber ---- */

/* Why a head moved, or a version was made. */
enum history_cause {
    HISTORY_CAUSE_RUN = 1, /* seen when it was executed */
    HISTORY_CAUSE_TYPING,
    HISTORY_CAUSE_PASTE,
    HISTORY_CAUSE_UNDO,
    HISTORY_CAUSE_REDO,
    HISTORY_CAUSE_CUT,
    HISTORY_CAUSE_SPLIT,
    HISTORY_CAUSE_MERGE,
    HISTORY_CAUSE_MOVE,
    HISTORY_CAUSE_DELETE,
    HISTORY_CAUSE_FORMAT,
    HISTORY_CAUSE_RESTORE,
    HISTORY_CAUSE_PROGRAM,
    HISTORY_CAUSE_FILE,    /* found in the saved notebook file */
    HISTORY_CAUSE_REPLACE, /* the editor's search and replace */
};

enum history_run_status {
    HISTORY_RUNNING = 0,
    HISTORY_OK = 1,
    HISTORY_ERROR,       /* the code failed: compile error, exception, fault */
    HISTORY_INTERRUPTED, /* by the user */
    HISTORY_ABORTED,     /* not begun or cut short because of something else, such as a restart */
    HISTORY_KILLED,      /* the recording process died; sealed by a later one */
};

/* What a run left of the program that it ran in: the node that it is in the state tree. */
enum history_state {
    HISTORY_STATE_UNKNOWN = 0, /* not told: killed runs, runs of version-1 stores */
    HISTORY_STATE_SAME,        /* the state that it started from */
    HISTORY_STATE_NEW,         /* one of its own, to be had again by running the text on the
                                  parent's */
    HISTORY_STATE_PARTIAL,     /* one of its own that running again does not bring back: it was
                                  interrupted */
};

/* Of a cell; as nbformat has them. */
enum history_cell_type {
    HISTORY_CELL_CODE = 1,
    HISTORY_CELL_MARKDOWN,
    HISTORY_CELL_RAW,
};

enum history_output_kind {
    HISTORY_STDOUT = 1,
    HISTORY_STDERR,
    HISTORY_DISPLAY,       /* display_data */
    HISTORY_RESULT,        /* execute_result */
    HISTORY_UPDATE,        /* update_display_data */
    HISTORY_ERROR_OUTPUT,  /* a traceback */
    HISTORY_CLEAR,         /* clear_output: what came before it was taken off the screen */
    HISTORY_CLEAR_ON_NEXT, /* clear_output(wait=True): at the next output */
};

/* "run", "typing", …; "ok", "error", …; "stdout", "display", …: for people, never NULL. */
const char *history_cause_name(enum history_cause cause);
const char *history_run_status_name(enum history_run_status status);
const char *history_output_kind_name(enum history_output_kind kind);
const char *history_cell_type_name(enum history_cell_type type); /* "code", "markdown", "raw" */

/* ---- the store ---- */

struct history_options {
    const char *folder; /* NULL: history_default_folder() */
    bool read_only;     /* look only; the store must exist; nothing is created or sealed */
    /* limits; 0: as the settings say, see history/settings.h */
    size_t text_limit_bytes;   /* what is kept of a run's streams together */
    size_t binary_limit_bytes; /* a larger item of a bundle is dropped, its size and hash kept */
    unsigned max_outputs;      /* of a run; past it the two streams are kept without their order
                                  and bundles are dropped and counted */
    unsigned keyframe_every;   /* versions between two full copies of a text; 0: 128, the most */
    int busy_timeout_ms;       /* longest wait for another process; 0: 250 */
};

/* $FORKERNEL_DATA_DIR, else $XDG_DATA_HOME/forkernel, else ~/.local/share/forkernel. New memory
 * that the caller frees; NULL without memory or a home. */
char *history_default_folder(void);

/*
 * Open the store, making it where there is none, and seal what dead processes left open. `options`
 * may be NULL. STATUS_NEWER: made by a newer forkernel. STATUS_CORRUPT: not a history, or damaged.
 * In both cases, and whenever this fails, an existing store is left as it was. STATUS_NOT_FOUND:
 * read_only, and there is none.
 *
 * A store of an earlier format is brought to this one, after a copy of its database was kept as
 * "history.sqlite3.v1" (the number is its format); a copy that is there already stays.
 * STATUS_LOCKED and STATUS_FULL are for trying again later. With read_only nothing of it changes:
 * what is read then is a temporary copy, as of this moment. So it is with read_only where the
 * folder cannot be written or its file system has no locks, and somebody has the store open.
 *
 * Where there are no file locks, one process at a time records: STATUS_LOCKED names the one.
 */
enum status history_open(const struct history_options *options, struct history **ret_history,
    struct error *error) MUST_CHECK;

/* Sessions and runs of it must have ended before. NULL is fine. */
void history_close(struct history **history);

/* Fold SQLite's log into the database, as far as no other process is in the way. Takes
 * milliseconds, an fsync among them: for a quiet moment after runs. Nothing depends on it but the
 * length of the log. */
void history_tidy(struct history *history);

/* Borrowed until history_close(). */
const char *history_folder(const struct history *history);
const char *history_database_path(const struct history *history);

/* ---- recording: sessions ---- */

struct history_session_start {
    const char *document_path; /* absolute and without symbolic links; NULL or "": no file (a
                                  console), a nameless document is made for the session */
    const char *engine;        /* "c", "echo", …; stored for readers */
    int64_t time_us;           /* 0: now */
};

/* The document is made if the store does not know the path. STATUS_LOCKED also: the database is
 * being repaired, or was since it was opened: close the store and open it again. */
enum status history_session_begin(struct history *history,
    const struct history_session_start *start, struct history_session **ret_session,
    struct error *error) MUST_CHECK;

/* The number of the session as IPython's histories count them: 1, 2, 3, … over the whole store. */
int64_t history_session_id(const struct history_session *session);
int64_t history_session_document(const struct history_session *session); /* document id */
struct history *history_session_history(const struct history_session *session);

/* Also seals late output. The session is gone whatever the status; what could not be written is
 * sealed by a later history_open. `time_us` 0: now. NULL is fine. */
enum status history_session_end(
    struct history_session **session, int64_t time_us, struct error *error) MUST_CHECK;

/* ---- recording: runs ---- */

enum { HISTORY_PARENT_NONE = -1 };

struct history_run_start {
    const char *cell_key; /* nbformat cell id; NULL or "" where the front end sends none: the cell
                             is found by its text, see similarity.h */
    const char *cell_handle; /* without a key: names the cell in this session and means nothing in
                                another. The first time the cell is found by its text among those
                                that have no handle yet; NULL: none */
    const char *language;    /* of the cell: "c"; may be NULL */
    const char *text;        /* what is executed */
    size_t text_bytes;
    int64_t execution_count;
    int64_t parent_run_id; /* the run whose state this one starts from, of any session of the
                              document; 0: the run of this session before this one, or where
                              history_session_move_state() has gone since; HISTORY_PARENT_NONE: a
                              fresh program */
    const char *const *deleted_cell_keys; /* the request's deletedCells; unknown ones are skipped */
    size_t deleted_cell_count;
    int64_t time_us; /* 0: now */
};

/*
 * Rule 6 of the version tree, then a run that is HISTORY_RUNNING. Text equal to the head of the
 * cell adds nothing; equal to another version of the cell moves the head there, nearest ancestor
 * first, then the newest; other text becomes a child of the head. Deleted cells keep their tree
 * and get a date; a deleted cell that runs again is not deleted any more.
 *
 * On failure nothing was recorded. Runs may overlap.
 */
enum status history_run_begin(struct history_session *session,
    const struct history_run_start *start, struct history_run **ret_run,
    struct error *error) MUST_CHECK;

struct history_run_place {
    int64_t run_id;
    int64_t document_id;
    int64_t cell_id;
    const char *cell_key; /* the generated one where none came; borrowed until history_run_end() */
    int64_t version;      /* number in the document, the one that people type */
    bool new_version;     /* the text was new */
    bool new_cell;
};

struct history_run_place history_run_place(const struct history_run *run);

/*
 * Bytes of HISTORY_STDOUT or HISTORY_STDERR, cut anywhere. Writes to one stream with nothing else
 * in between are one output. Costs a write(2) and, when an output begins, a row: hand over what
 * there is in one piece. After a failure the output is incomplete, and the status is returned
 * once: later writes to the same output are counted and return STATUS_OK.
 */
enum status history_run_write(struct history_run *run, enum history_output_kind stream,
    const void *data, size_t size, struct error *error) MUST_CHECK;

struct history_item {
    const char *mime;
    const void *data; /* as it belongs in a file: pictures decoded, JSON as text */
    size_t size;
};

/* One HISTORY_DISPLAY, HISTORY_RESULT or HISTORY_UPDATE in several MIME types. `display_id` may be
 * NULL. Items over the limit are dropped, their size and hash kept; that is no failure. An item of
 * 4 KiB or more that the store has already, byte for byte, becomes a hard link to that file. */
enum status history_run_bundle(struct history_run *run, enum history_output_kind kind,
    const char *display_id, const struct history_item *items, size_t count,
    struct error *error) MUST_CHECK;

enum status history_run_error(struct history_run *run, const char *ename, const char *evalue,
    const char *traceback, size_t traceback_size, struct error *error) MUST_CHECK;

enum status history_run_clear(struct history_run *run, bool wait, struct error *error) MUST_CHECK;

/*
 * Say, before its end, what the run leaves; history_run_end() writes it. Not said: unknown. The
 * strings are copied, NULL is none: `defines` are names separated by ", " ("x, y, f()"), `effects`
 * is one line about what no state holds ("wrote 120 bytes to 'out.txt'; 2 threads"). Without memory
 * for them they are lost.
 */
void history_run_leaves(
    struct history_run *run, enum history_state state, const char *defines, const char *effects);

/*
 * Give the files their final names and write status and time. The run is gone whatever the status.
 * If the database was locked or full the end is kept in the session and written with its next
 * run or its end. `time_us` 0: now. NULL is fine.
 */
enum status history_run_end(struct history_run **run, enum history_run_status run_status,
    int64_t time_us, struct error *error) MUST_CHECK;

/*
 * Bytes that a run of this session wrote after its end (background work). They become further
 * outputs of the run, with a text limit of their own, sealed when the session ends.
 * STATUS_NOT_FOUND: no such run.
 */
enum status history_late_write(struct history_session *session, int64_t run_id,
    enum history_output_kind stream, const void *data, size_t size, struct error *error) MUST_CHECK;

/* The key of the cell that a run of this session has named by `cell_handle`. STATUS_NOT_FOUND: none
 * has. */
enum status history_session_cell_key(struct history_session *session, const char *handle,
    struct history_memory *memory, const char **ret_key, struct error *error) MUST_CHECK;

/* ---- recording: where the program is in the state tree ---- */

/*
 * The session's program is now in the state that run `run_id` left; 0: it is a fresh one. The next
 * run without a parent of its own starts from there, also when this could not be written.
 * STATUS_NOT_FOUND: the document has no such run.
 */
enum status history_session_move_state(
    struct history_session *session, int64_t run_id, struct error *error) MUST_CHECK;

/* ---- moving a head ---- */

/*
 * Make version `number` the head of its cell, as a recorded move (rule 5). Nothing is added when
 * it is the head already. A deleted cell is not deleted any more. `time_us` 0: now.
 * STATUS_NOT_FOUND: no such version.
 */
enum status history_move_head(struct history *history, int64_t document_id, int64_t number,
    enum history_cause cause, int64_t time_us, struct error *error) MUST_CHECK;

/* ---- reading ---- */

/* Where answers live. Starts as HISTORY_MEMORY_INIT; any number of queries may share one. */
struct history_memory {
    struct history_block *blocks;
};

#define HISTORY_MEMORY_INIT ((struct history_memory){0})

void history_memory_finish(struct history_memory *memory);

struct history_document {
    int64_t id;
    const char *path; /* "" for a nameless one */
    int64_t created_us;
    int64_t last_run_us; /* start of the last run */
    int64_t cells;       /* deleted ones too */
    int64_t versions;
    int64_t runs;
};

struct history_documents {
    const struct history_document *items;
    size_t count;
};

/* The document that lies at this path; where none does, the one that lay there last and lies
 * nowhere now. STATUS_NOT_FOUND: there is none. */
enum status history_find_document(struct history *history, const char *path,
    int64_t *ret_document_id, struct error *error) MUST_CHECK;

/* By path. */
enum status history_list_documents(struct history *history, struct history_memory *memory,
    struct history_documents *ret_documents, struct error *error) MUST_CHECK;

struct history_cell {
    int64_t id;
    int64_t document_id;
    const char *key;
    enum history_cell_type type;
    const char *language; /* "" when unknown */
    int64_t head;         /* number of the version that the cell shows */
    const char *summary;  /* the telling line of that text, valid UTF-8, cut */
    int64_t versions;
    int64_t runs;
    int64_t created_us;
    int64_t deleted_us;  /* 0: not deleted */
    int64_t last_run_us; /* start of the last run */
};

struct history_cells {
    const struct history_cell *items;
    size_t count;
};

/* All cells of a document, deleted ones too, in the order in which they were first seen. */
enum status history_list_cells(struct history *history, int64_t document_id,
    struct history_memory *memory, struct history_cells *ret_cells, struct error *error) MUST_CHECK;

/* The key of a cell, by its id. STATUS_NOT_FOUND: no such cell. */
enum status history_cell_key(struct history *history, int64_t cell_id,
    struct history_memory *memory, const char **ret_key, struct error *error) MUST_CHECK;

struct history_run_info {
    int64_t id;
    int64_t session_id;
    int64_t version_id;
    int64_t version; /* number */
    int64_t cell_id;
    int64_t execution_count;
    int64_t parent_run_id; /* 0: none */
    enum history_run_status status;
    int64_t started_us;
    int64_t ended_us;
    int64_t outputs;         /* how many were kept */
    int64_t outputs_dropped; /* bundles past max_outputs */
    const char *summary;     /* first line of the first output, or its MIME type; valid UTF-8 */
    const char *folder;      /* absolute path of its files; "" when it has none */
    const char *label;       /* "" for none */
    const char *mimes;       /* of its outputs, each once, separated by newlines */
    bool pinned;
};

struct history_runs {
    const struct history_run_info *items;
    size_t count;
};

struct history_version {
    int64_t id;
    int64_t number; /* in the document */
    int64_t document_id;
    int64_t cell_id;
    int64_t parent;     /* number; 0: none */
    int64_t origin;     /* id of the version of another cell that the text came from; 0: none */
    int64_t created_us; /* whole milliseconds */
    enum history_cause cause;
    bool is_head;
    bool pinned;
    const char *label;   /* "" for none */
    const char *summary; /* the telling line of the text (base/telling_line.h), valid UTF-8, cut */
    const char *text;    /* NULL in lists */
    size_t text_bytes;
    struct history_runs runs; /* oldest first */
};

struct history_versions {
    const struct history_version *items;
    size_t count;
};

/* The versions of a cell by number: parents come before their children. */
enum status history_read_tree(struct history *history, int64_t cell_id,
    struct history_memory *memory, struct history_versions *ret_versions,
    struct error *error) MUST_CHECK;

/* The `limit` versions of a cell (0: all) with the largest numbers below `before_number` (0: the
 * newest ones), oldest first. Fewer than `limit`: there are no others before them. */
enum status history_read_tree_page(struct history *history, int64_t cell_id, int64_t before_number,
    size_t limit, struct history_memory *memory, struct history_versions *ret_versions,
    struct error *error) MUST_CHECK;

/* One version with its text and its runs. STATUS_NOT_FOUND: no such number in the document. */
enum status history_read_version(struct history *history, int64_t document_id, int64_t number,
    struct history_memory *memory, struct history_version *ret_version,
    struct error *error) MUST_CHECK;

/* STATUS_NOT_FOUND: no such run. */
enum status history_read_run(struct history *history, int64_t run_id, struct history_memory *memory,
    struct history_run_info *ret_run, struct error *error) MUST_CHECK;

/* A run as a node of the document's state tree. */
struct history_state_info {
    int64_t run_id;
    int64_t session_id;
    int64_t cell_id;
    int64_t version; /* number */
    int64_t execution_count;
    int64_t parent_run_id; /* whose state it started from; 0: a fresh program */
    enum history_run_status status;
    enum history_state state;
    int64_t started_us;
    int64_t ended_us;
    const char *defines; /* as history_run_leaves() was told; "" for none */
    const char *effects;
    const char *summary; /* the telling line of the text, valid UTF-8, cut */
};

struct history_states {
    const struct history_state_info *items;
    size_t count;
};

/* Every run of a document, oldest first. */
enum status history_list_states(struct history *history, int64_t document_id,
    struct history_memory *memory, struct history_states *ret_states,
    struct error *error) MUST_CHECK;

/*
 * The state in which the newest session of the document that has any run was left,
 * `except_session_id` (0: none) not counted, as the id of the run that left it; 0: a fresh program.
 * That is where the session was moved to after its newest run, else what this run left: its own
 * state if it is new or partial, or unknown and the run ended ok or interrupted, else that of its
 * nearest ancestor of which this is true. STATUS_NOT_FOUND without an error text: there is no such
 * session.
 */
enum status history_last_state(struct history *history, int64_t document_id,
    int64_t except_session_id, int64_t *ret_run_id, struct error *error) MUST_CHECK;

/* The run that the session before this one had not ended when its process died, as long as this one
 * has none itself; 0: there is none. */
enum status history_cut_off_run(struct history *history, const struct history_session *session,
    int64_t *ret_run_id, struct error *error) MUST_CHECK;

/* The version that a cell shows, by the cell's key, with its text and its runs. STATUS_NOT_FOUND:
 * no such cell. */
enum status history_read_head(struct history *history, int64_t document_id, const char *cell_key,
    struct history_memory *memory, struct history_version *ret_version,
    struct error *error) MUST_CHECK;

struct history_part {
    int64_t id;
    const char *mime;
    const char *path;    /* absolute; "" when nothing was kept; ends in .part while it is written */
    int64_t total_bytes; /* what the run produced */
    int64_t head_bytes;  /* kept from the beginning */
    int64_t tail_bytes;  /* kept from the end; what is between head and tail was left out */
};

struct history_output {
    int64_t id;
    int64_t run_id;
    int64_t sequence; /* 1, 2, 3, … in the run */
    enum history_output_kind kind;
    int64_t created_us;
    bool sealed;            /* the files have their final names */
    bool complete;          /* all that came was kept, or left out on purpose and counted */
    bool late;              /* came after the end of the run */
    const char *display_id; /* "" for none */
    const char *ename;      /* of HISTORY_ERROR_OUTPUT, else "" */
    const char *evalue;
    const struct history_part *parts; /* streams and errors have one, clears none */
    size_t part_count;
};

struct history_outputs {
    const struct history_output *items;
    size_t count;
};

/* In the order in which they came. Works on a run that lasts, too. */
enum status history_list_outputs(struct history *history, int64_t run_id,
    struct history_memory *memory, struct history_outputs *ret_outputs,
    struct error *error) MUST_CHECK;

/*
 * Append what was kept of a part to `out`: head, then where something was left out the line
 * "\n[... 1234567 bytes left out ...]\n", then tail. Of a part that is being written, what is
 * there so far. STATUS_NOT_FOUND: nothing was kept, or the file is gone.
 */
enum status history_read_part(struct history *history, const struct history_part *part,
    struct buf *out, struct error *error) MUST_CHECK;

/* One change of a head; the making of a version is one. */
struct history_move {
    int64_t cell_id;
    int64_t from; /* number; 0: the cell was new, or deleted */
    int64_t to;   /* 0: the cell was deleted */
    int64_t time_us;
    enum history_cause cause;
    bool new_version; /* `to` was made by it */
};

struct history_moves {
    const struct history_move *items;
    size_t count;
};

/* The last `limit` moves of all cells of a document (0: all of them), in the order in which they
 * were recorded. */
enum status history_read_log(struct history *history, int64_t document_id, size_t limit,
    struct history_memory *memory, struct history_moves *ret_moves, struct error *error) MUST_CHECK;

/* ---- inputs as the protocol's history_request asks for them ---- */

struct history_input {
    int64_t session_id;
    int64_t execution_count;
    int64_t run_id;
    int64_t document_id;
    int64_t version; /* number in that document */
    int64_t started_us;
    const char *text;
    size_t text_bytes;
    const char *output; /* the result as text/plain; NULL: none, or not asked for */
    size_t output_bytes;
};

struct history_inputs {
    const struct history_input *items;
    size_t count;
};

/* The last `n` runs of the whole store (`document_id` 0) or of one document, oldest first. */
enum status history_list_tail(struct history *history, int64_t document_id, size_t n,
    bool with_output, struct history_memory *memory, struct history_inputs *ret_inputs,
    struct error *error) MUST_CHECK;

/* The runs of one session with start <= execution_count < stop; `stop` 0: to the end. An unknown
 * session has none. */
enum status history_list_range(struct history *history, int64_t session_id, int64_t start,
    int64_t stop, bool with_output, struct history_memory *memory,
    struct history_inputs *ret_inputs, struct error *error) MUST_CHECK;

/*
 * Runs whose text matches a glob pattern as a whole (* ? [a-z], case counts), the last `n` (0: all)
 * oldest first; `unique`: of equal texts only the last run.
 */
enum status history_search(struct history *history, int64_t document_id, const char *pattern,
    size_t n, bool unique, bool with_output, struct history_memory *memory,
    struct history_inputs *ret_inputs, struct error *error) MUST_CHECK;

#include "history/adopt.h" /* cells without ids */
#include "history/edits.h" /* the rest of this interface: edits, the notebook at a time, labels */
#include "history/extras.h"
#include "history/places.h"
#include "history/settings.h"

#endif
