/*
 * The open store and what its files share. Internal to history/.
 */
#ifndef FORKERNEL_HISTORY_STORE_H
#define FORKERNEL_HISTORY_STORE_H

#include "history/history.h"
#include "history/places.h"
#include "history/sql.h"
#include "history/text.h"
#include "history/text_cache.h"

#include <sys/types.h>

/* What is kept of a run's outputs. */
struct limits {
    uint64_t text_bytes; /* of its streams together */
    uint64_t item_bytes; /* of an item of a bundle */
    uint64_t outputs;
};

struct history {
    char *folder;
    char *database;
    struct sql sql;
    struct text_codec codec;
    struct text_cache texts;
    struct limits told_limits; /* by history_open(); 0: go by the settings */
    unsigned keyframe_every;
    int64_t busy_timeout_us;
    int64_t wait_began_us; /* for another process that writes, monotonic */
    bool read_only;
    dev_t device; /* of the database that was opened, and its inode: a repair puts another one there
                   */
    ino_t inode;
    int repair_fd;    /* held while it is open for writing, see process_share() */
    bool no_locks;    /* the file system of the database has none: see alone.h */
    char *alone_path; /* then, of who records; NULL: not taken */
    int64_t format;   /* of the store */
};

/* ---- schema.c ---- */

enum { SCHEMA_VERSION = 5 };

/* Is the open database a history that this build can use, perhaps after migration? */
enum status schema_check(struct sql *sql, int64_t *ret_version, struct error *error) MUST_CHECK;

/* In an empty database. */
enum status schema_make_tables(struct sql *sql, struct error *error) MUST_CHECK;

/* Make an empty history at `path`, at one stroke; another process may win the race. */
enum status schema_create(const char *path, struct error *error) MUST_CHECK;

/* ---- migrate.c ---- */

/* To SCHEMA_VERSION, with a copy of the old database kept as "<database>.v<format>". STATUS_LOCKED:
 * somebody else is at it, or records. Whenever it fails the store is as it was. */
enum status schema_migrate(struct history *history, struct error *error) MUST_CHECK;

/* For reading a store of an earlier format: the connection goes over to a temporary copy of it,
 * which is brought to this format. */
enum status schema_migrate_copy(struct history *history, struct error *error) MUST_CHECK;

/* All pages of one database, as of one moment, into the empty file `to`, down to the disk; others
 * may write meanwhile. */
enum status database_copy(const char *from, const char *to, struct error *error) MUST_CHECK;
enum status database_copy_open(struct sql *from, const char *to, struct error *error) MUST_CHECK;

/* ---- settings.c ---- */

/* What holds for the runs of a document. */
enum status limits_read(struct history *history, int64_t document_id, struct limits *ret_limits,
    struct error *error) MUST_CHECK;

/* Of a row of `settings`; NULL makes none. */
bool setting_makes_sense(const char *name, const char *value);

/* ---- memory.c: pieces of a caller's history_memory; NULL when there is no memory ---- */

void *memory_take(struct history_memory *memory, size_t size);
const char *memory_copy(struct history_memory *memory, const void *data, size_t size);
const char *memory_column(struct history_memory *memory, sqlite3_stmt *rows, int column);

/* A growing array whose end result is handed to a history_memory. */
struct memory_rows {
    void *items;
    size_t bytes, capacity;
    bool failed; /* a row was lost for want of memory */
};

void *memory_rows_add(struct memory_rows *rows, size_t row_size); /* zeroed; NULL: no memory */
/* Moves the rows over and empties `rows`; STATUS_NO_MEMORY also for a row lost before. */
enum status memory_rows_move(struct memory_rows *rows, struct history_memory *memory,
    const void **ret_items, struct error *error) MUST_CHECK;

/* First line that is not blank, as valid UTF-8 of at most about 100 bytes, appended to `out`: the
 * summary of an output. */
void summary_append(struct buf *out, const char *text, size_t size);

/* The telling line, as valid UTF-8 of at most about 100 bytes: the summary of a cell's text. */
void telling_append(struct buf *out, const char *text, size_t size);

/* Makes no sense without memory: the error of all these. */
enum status fail_memory(struct history *history, struct error *error);

/* ---- query_runs.c ---- */

/* What a query that fills a history_run_info begins with; see run_info_read(). */
#define RUN_INFO_COLUMNS                                                                           \
    "r.id, r.session_id, r.version_id, v.cell_id, r.execution_count, r.parent_run_id, r.status, "  \
    "r.started_us, r.ended_us, (SELECT count(*) FROM outputs o WHERE o.run_id = r.id), "           \
    "r.dropped, r.summary, r.day, coalesce(m.label, ''), m.pinned, "                               \
    "(SELECT group_concat(mime, char(10)) FROM (SELECT DISTINCT p.mime FROM outputs o "            \
    "JOIN output_parts p ON p.output_id = o.id WHERE o.run_id = r.id))"

/* With `r` there. HISTORY_RUN */
#define RUN_MARKS " LEFT JOIN marks m ON m.subject = 2 AND m.id = r.id "

enum status run_info_read(struct history *history, sqlite3_stmt *rows,
    struct history_memory *memory, struct history_run_info *ret_run,
    struct error *error) MUST_CHECK;

/* ---- versions.c ---- */

/* A version's id is its document and its number in one, so that both need no index of their own. */
static inline int64_t version_id(int64_t document_id, int64_t number) {
    return (int64_t)((uint64_t)document_id << 32 | (uint64_t)number);
}

/* Other numbers, which people may type, would reach into the ids of other documents. */
static inline bool version_number_fits(int64_t number) {
    return number >= 1 && number <= UINT32_MAX;
}

static inline int64_t version_number(int64_t id) {
    return id & 0xffffffff;
}

static inline int64_t version_document(int64_t id) {
    return id >> 32;
}

/* Append the text to `out`. STATUS_NOT_FOUND without an error text: no such version. */
enum status version_read_text(
    struct history *history, int64_t id, struct buf *out, struct error *error) MUST_CHECK;

/* What a query that reads versions begins with; `v` is the table. */
#define VERSION_COLUMNS "v.id, v.cell_id, v.back, v.origin, v.created_ms, v.cause, v.text"

enum { VERSION_COLUMN_COUNT = 7 };

struct version_row {
    int64_t id;
    int64_t cell_id;
    int64_t parent; /* number; 0: none */
    int64_t origin; /* version id; 0: none */
    int64_t created_us;
    enum history_cause cause;
    const void *stored; /* until the next step of the query */
    size_t stored_bytes;
};

struct version_row version_row_read(sqlite3_stmt *rows);

/* STATUS_NOT_FOUND, and the words for it. */
enum status version_missing(int64_t number, struct error *error);

/* The largest number in the document; 0: none. */
enum status version_last(struct history *history, int64_t document_id, int64_t *ret_number,
    struct error *error) MUST_CHECK;

/* 0: it has none. */
enum status version_parent(struct history *history, int64_t document_id, int64_t number,
    int64_t *ret_parent, struct error *error) MUST_CHECK;

struct new_version {
    int64_t document_id;
    int64_t cell_id;
    int64_t parent; /* number; 0: none */
    int64_t origin; /* version id; 0: none */
    int64_t time_us;
    enum history_cause cause;
    const char *text;
    size_t text_bytes;
};

/* Inside a transaction. */
enum status version_add(struct history *history, const struct new_version *version,
    int64_t *ret_number, struct error *error) MUST_CHECK;

/* ---- extras.c: inside a transaction ---- */

/* What the version has besides its text is this now. */
enum status extras_record(struct history *history, int64_t version_id, const void *bytes,
    size_t size, int64_t time_us, struct error *error) MUST_CHECK;

/* A new version has what the one has that it came from, until something else is told. */
enum status extras_inherit(struct history *history, int64_t from_version_id, int64_t to_version_id,
    int64_t time_us, struct error *error) MUST_CHECK;

/* Do the bytes of a row of `extras` decode to what its hash says? STATUS_NOT_FOUND: no row. */
enum status extras_check(
    struct history *history, int64_t extras_id, bool *ret_well, struct error *error) MUST_CHECK;

/* ---- origins.c: inside a transaction ---- */

/* The version came from this one of another cell, `origin`, by id; beside others perhaps. */
enum status origin_record(
    struct history *history, int64_t version_id, int64_t origin, struct error *error) MUST_CHECK;

/* ---- query_places.c ---- */

/* A file that cannot be looked at is taken to be there. */
bool file_may_be_there(const char *path);

/* ---- places.c: inside a transaction ---- */

/* The document lies at `file` since `time_us`, or is known to lie there still; NULL: it lies
 * nowhere that is known. A document that lay at that path lies there no more. */
enum status place_set(struct history *history, int64_t document_id, const struct history_file *file,
    int64_t time_us, struct error *error) MUST_CHECK;

/* ---- cells.c: inside a transaction ---- */

struct cell {
    int64_t id;
    int64_t document_id;
    int64_t head; /* number; 0: it has no version yet */
    bool deleted;
    enum history_cell_type type;
    char key[256];
};

/* A cell's key: as the front end says it, or, past what a row should hold, its hash. */
void cell_key_copy(struct cell *cell, const char *key);

enum status document_find_or_add(struct history *history, const char *path, int64_t time_us,
    int64_t *ret_id, struct error *error) MUST_CHECK;

/* By key, any length; STATUS_NOT_FOUND without an error text. */
enum status cell_find(struct history *history, int64_t document_id, const char *key,
    struct cell *ret_cell, struct error *error) MUST_CHECK;

/* By id; STATUS_NOT_FOUND without an error text. */
enum status cell_get(
    struct history *history, int64_t id, struct cell *ret_cell, struct error *error) MUST_CHECK;

enum status cell_add(struct history *history, int64_t document_id, const char *key,
    const char *language, int64_t time_us, struct cell *ret_cell, struct error *error) MUST_CHECK;

/* Only where it has a version and is not deleted; `ret_deleted` (may be NULL) says so. */
enum status cell_delete(struct history *history, struct cell *cell, enum history_cause cause,
    int64_t time_us, bool *ret_deleted, struct error *error) MUST_CHECK;

enum status cell_set_type(struct history *history, struct cell *cell, enum history_cell_type type,
    struct error *error) MUST_CHECK;

/* Times of front ends: what cannot be is `now_us`. */
static inline int64_t sane_time(int64_t time_us, int64_t now_us) {
    return time_us > 0 && time_us <= now_us ? time_us : now_us;
}

/* ---- branch.c: inside a transaction ---- */

/* The cell of this key in the document shows what `from` of another document shows, which has a
 * version; made if need be. A version that is new there has that one as its origin. */
enum status cell_branch(struct history *history, const struct cell *from, int64_t document_id,
    int64_t time_us, struct error *error) MUST_CHECK;

/* ---- query_notebook.c ---- */

/* What history_read_notebook() says, inside a transaction. */
enum status notebook_read_now(struct history *history, int64_t document_id,
    struct history_memory *memory, struct history_notebook *ret_notebook,
    struct error *error) MUST_CHECK;

/* ---- find.c ---- */

/*
 * The version of the cell with this text, as number; 0: there is none. UNDO, RUN and the like: the
 * nearest ancestor of the head, itself at best, else the newest. REDO: see history/edits.h.
 */
enum status version_find(struct history *history, const struct cell *cell, const char *text,
    size_t text_bytes, bool redo, int64_t *ret_number, struct error *error) MUST_CHECK;

/* The newest child of the head with this text, as number; 0: there is none. */
enum status version_find_child(struct history *history, const struct cell *cell, const char *text,
    size_t text_bytes, int64_t *ret_number, struct error *error) MUST_CHECK;

/* Has the version exactly this text? */
enum status version_has_text(struct history *history, int64_t id, const char *text,
    size_t text_bytes, bool *ret_same, struct error *error) MUST_CHECK;

/* ---- redo.c ---- */

/* The first of `numbers` (newest first) that one meets going down from the head along the children
 * visited last; 0: none of them is there. */
enum status redo_find(struct history *history, const struct cell *cell, const int64_t *numbers,
    size_t count, int64_t *ret_number, struct error *error) MUST_CHECK;

/* ---- tree.c: inside a transaction ---- */

struct tree_change {
    const char *text;
    size_t text_bytes;
    enum history_cause cause;
    int64_t origin; /* version id; 0: none */
    int64_t time_us;
};

/* The cell's text is this now; see history/edits.h for what that means by cause. `cell` is brought
 * up to date; a deleted cell comes back. */
enum status tree_set_text(struct history *history, struct cell *cell,
    const struct tree_change *change, bool *ret_new, bool *ret_moved,
    struct error *error) MUST_CHECK;

/* `to` is the head now, as a recorded move; 0: deletes the cell. Nothing is recorded when it is the
 * head already and the cell is not deleted. */
enum status tree_move(struct history *history, struct cell *cell, int64_t to,
    enum history_cause cause, int64_t time_us, struct error *error) MUST_CHECK;

/* ---- layouts.c ---- */

/* Inside a transaction. `ret_changed`: it is not the layout recorded before. */
enum status layout_record(struct history *history, int64_t document_id, const char *const *keys,
    size_t count, int64_t time_us, bool *ret_changed, struct error *error) MUST_CHECK;

/* The ids of the cells in the newest layout until `time_us`, int64_t each, appended to `out`. None:
 * nothing is appended. */
enum status layout_read(struct history *history, int64_t document_id, int64_t time_us,
    struct buf *out, struct error *error) MUST_CHECK;

/* The same of one layout: document_id << 32 | 1, 2, 3, ... */
enum status layout_read_by_id(
    struct history *history, int64_t id, struct buf *out, struct error *error) MUST_CHECK;

#endif
