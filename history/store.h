/*
 * The open store and what its files share. Internal to history/.
 */
#ifndef FORKERNEL_HISTORY_STORE_H
#define FORKERNEL_HISTORY_STORE_H

#include "history/history.h"
#include "history/sql.h"
#include "history/text.h"

struct history {
    char *folder;
    char *database;
    struct sql sql;
    struct text_codec codec;
    size_t text_limit_bytes;
    size_t binary_limit_bytes;
    unsigned max_outputs;
    unsigned keyframe_every;
    int64_t busy_timeout_us;
    int64_t wait_began_us; /* for another process that writes, monotonic */
    bool read_only;
    int64_t format; /* of the store; below SCHEMA_VERSION only when `read_only` */
};

/* ---- schema.c ---- */

enum { SCHEMA_VERSION = 2 };

/* Is the open database a history that this build can use, perhaps after migration? */
enum status schema_check(struct sql *sql, int64_t *ret_version, struct error *error) MUST_CHECK;

/* Make an empty history at `path`, at one stroke; another process may win the race. */
enum status schema_create(const char *path, struct error *error) MUST_CHECK;

/* ---- migrate.c ---- */

/* To SCHEMA_VERSION, with a copy of the old database kept as "<database>.v<format>". STATUS_LOCKED:
 * somebody else is at it, or records. Whenever it fails the store is as it was. */
enum status schema_migrate(struct history *history, struct error *error) MUST_CHECK;

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

/* First line that is not blank, as valid UTF-8 of at most about 100 bytes, appended to `out`. */
void summary_append(struct buf *out, const char *text, size_t size);

/* Makes no sense without memory: the error of all these. */
enum status fail_memory(struct history *history, struct error *error);

/* ---- query_runs.c ---- */

/* What a query that fills a history_run_info begins with; see run_info_read(). */
#define RUN_INFO_COLUMNS                                                                           \
    "r.id, r.session_id, r.version_id, v.cell_id, r.execution_count, r.parent_run_id, r.status, "  \
    "r.started_us, r.ended_us, (SELECT count(*) FROM outputs o WHERE o.run_id = r.id), "           \
    "r.dropped, r.summary, r.day"

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

/* STATUS_NOT_FOUND, and the words for it. */
enum status version_missing(int64_t number, struct error *error);

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

/* ---- cells.c: inside a transaction ---- */

struct cell {
    int64_t id;
    int64_t document_id;
    int64_t head; /* number; 0 while the first version is being made */
    char key[256];
};

/* A cell's key: as the front end says it, or, past what a row should hold, its hash. */
void cell_key_copy(struct cell *cell, const char *key);

enum status document_find_or_add(struct history *history, const char *path, int64_t time_us,
    int64_t *ret_id, struct error *error) MUST_CHECK;

/* By key, any length; STATUS_NOT_FOUND without an error text. */
enum status cell_find(struct history *history, int64_t document_id, const char *key,
    struct cell *ret_cell, struct error *error) MUST_CHECK;

enum status cell_add(struct history *history, int64_t document_id, const char *key,
    const char *language, int64_t time_us, struct cell *ret_cell, struct error *error) MUST_CHECK;

enum status cell_delete(struct history *history, int64_t document_id, const char *key,
    int64_t time_us, struct error *error) MUST_CHECK;

/* ---- tree.c: inside a transaction ---- */

/* Rule 6. `ret_new` says whether the text was new to the cell. `cell->head` is updated. */
enum status tree_execute(struct history *history, struct cell *cell, const char *text,
    size_t text_bytes, int64_t time_us, bool *ret_new, struct error *error) MUST_CHECK;

#endif
