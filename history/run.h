/*
 * A run and its outputs while they are recorded, and the session that they belong to. Internal to
 * history/.
 */
#ifndef FORKERNEL_HISTORY_RUN_H
#define FORKERNEL_HISTORY_RUN_H

#include "history/store.h"
#include "history/stream_file.h"

struct run_part {
    char *mime;
    char *file; /* final name in the run's folder; NULL: not kept */
    uint64_t total_bytes;
    uint64_t head_bytes, tail_bytes;
    unsigned char hash[STREAM_HASH_BYTES];
    bool hashed;
};

struct run_output {
    int64_t id; /* of the row; 0: not written yet */
    int64_t sequence;
    enum history_output_kind kind;
    int64_t created_us;
    bool complete;
    bool late;
    bool sealed;                       /* files have their final names */
    bool row_sealed;                   /* and the row says so: nothing about it changes any more */
    char *display_id, *ename, *evalue; /* NULL for none */
    struct run_part *parts;
    size_t part_count;
    bool is_stream; /* then there is one part, and `stream` writes it */
    struct stream_file stream;
};

struct history_run {
    struct history_run *next; /* in a list of the session */
    struct history *history;
    struct history_session *session;
    struct history_run_place place; /* cell_key points to `key` */
    char *key;
    char *folder; /* absolute, of the outputs */
    struct limits limits;
    bool folder_made;
    bool late;         /* writes after the end of the run */
    bool rows_pending; /* a row could not be written: no more tries before the end */
    struct run_output *outputs;
    size_t output_count, output_capacity;
    size_t current;      /* index of the stream that is written, or SIZE_MAX */
    size_t first_tail;   /* streams before it have no tail any more */
    uint64_t tail_bytes; /* of the streams from there on */
    uint64_t head_left;  /* of the text limit */
    int64_t last_sequence;
    int64_t dropped; /* bundles past max_outputs */
    bool lost; /* an output could not even be begun: the next stream says so, or the end does */
    struct buf summary;
    enum history_run_status end_status;
    int64_t end_us; /* 0: not ended */
    enum history_state state;
    char *defines, *effects; /* NULL for none */
};

struct cell_handle {
    char *name;
    int64_t cell_id;
};

struct history_session {
    struct history *history;
    int64_t id;
    int64_t document_id;
    int64_t last_run_id;
    int64_t program_run_id; /* whose state a run without a parent of its own starts from; 0: none */
    char *lock_path;
    int lock_fd;                 /* -1: the file system has no locks */
    struct history_run *unended; /* ended, and the database could not be told */
    struct history_run *late;    /* runs that write after their end */
    int64_t *used_cells;         /* cells run in this session, for finding cells without a key */
    size_t used_count, used_capacity;
    bool nameless;               /* it has no notebook */
    bool keys_pass;              /* keys of cells are a page's, see adopt.h */
    struct cell_handle *handles; /* each cell has one at most */
    size_t handle_count;
};

/* ---- handles.c ---- */

/* 0: the handle is not known yet. */
int64_t session_handle_cell(const struct history_session *session, const char *handle);
bool session_has_handle(const struct history_session *session, int64_t cell_id);
/* Without memory for it the cell is found by its text again. */
void session_add_handle(struct history_session *session, const char *handle, int64_t cell_id);
void session_free_handles(struct history_session *session);

/* ---- run_files.c ---- */

/* The limits that hold for a run of this document, before anything is written. */
enum status run_read_limits(
    struct history_run *run, int64_t document_id, struct error *error) MUST_CHECK;

/* Made when the first file is. */
enum status run_make_folder(struct history_run *run, struct error *error) MUST_CHECK;
char *run_path(const struct history_run *run, const char *file);

/* Past its end? Then there is room for nothing but the streams. */
bool run_is_full(const struct history_run *run);

/* A new last output, with its row not written; NULL without memory. */
struct run_output *run_add_output(struct history_run *run, enum history_output_kind kind);
void run_output_finish(struct run_output *output);

/* Give every file its final name. Goes on after a failure, and returns the first. */
enum status run_seal_files(struct history_run *run, struct error *error) MUST_CHECK;

/* Remove what sealing has made superfluous; only when the rows say that it is sealed. */
void run_clean_up(struct history_run *run);

/* ---- run_rows.c ---- */

/* Write the row of an output that has begun, with its parts. Has a transaction of its own. */
enum status run_save_output(
    struct history_run *run, struct run_output *output, struct error *error) MUST_CHECK;

/* All rows that are missing, the sizes of sealed outputs, and the end of the run if it has one.
 * Has a transaction of its own. */
enum status run_save_end(struct history_run *run, struct error *error) MUST_CHECK;

/* ---- runs.c ---- */

/* `session` NULL: for recovery. NULL without memory. */
struct history_run *run_create(struct history_session *session, struct history *history);

/* Absolute, in new memory; NULL without. */
char *run_folder(const struct history *history, const char *day, int64_t run_id);
void run_destroy(struct history_run **run);

/* Seal files, then rows, then clean up; the run stays usable for another try. */
enum status run_finish(struct history_run *run, struct error *error) MUST_CHECK;

/* Try again to write what rows are missing of runs that have ended. Files that cannot be sealed are
 * no failure here: their rows say so, and recovery has another try. */
enum status session_retry(struct history_session *session, struct error *error) MUST_CHECK;

/* ---- adopt.c: inside a transaction ---- */

/* See history_adopt_cells(); cells of the ids `kept` (int64_t each, or NULL) are none of them.
 * `ret_keys` may be NULL. */
enum status cells_adopt(struct history *history, int64_t document_id,
    const struct history_page_cell *cells, size_t count, const struct buf *kept,
    struct history_memory *memory, const char **ret_keys, struct error *error) MUST_CHECK;

/* Before a batch is recorded in a session whose keys pass: its new texts may be the cells that its
 * layout leaves out. */
enum status cells_adopt_batch(struct history_session *session, const struct history_edits *edits,
    struct error *error) MUST_CHECK;

/* The cell has another key from now on, one that the document does not know. */
enum status cell_rekey(
    struct history *history, struct cell *cell, const char *key, struct error *error) MUST_CHECK;

/* ---- trace.c ---- */

/* Of a session without a notebook: which one has its cells is written to its document. */
enum status session_trace(struct history_session *session, struct error *error) MUST_CHECK;

#endif
