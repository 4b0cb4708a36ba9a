/* The versions of a cell with their runs, and one version with its text. */
#include "history/store.h"
#include "history/text_window.h"

/* The first line of the version's text. */
static enum status read_summary(struct history *history, struct text_window *window,
    const struct history_version *version, int64_t depth, sqlite3_stmt *rows, int column,
    struct buf *summary, struct error *error) {
    struct buf text = BUF_INIT;
    enum status status = text_window_read(history, window, version->id, version->parent, depth,
        sqlite3_column_blob(rows, column), (size_t)sqlite3_column_bytes(rows, column), &text,
        error);
    if (status == STATUS_OK)
        summary_append(summary, buf_string(&text), text.size);
    buf_finish(&text);
    return status;
}

/* What read_row() takes. */
#define VERSION_COLUMNS                                                                            \
    "v.id, v.cell_id, v.parent, v.origin, v.created_us, v.cause, v.depth, v.text, c.head, "        \
    "coalesce(m.label, ''), m.pinned"

/* With `v` and `c` there. HISTORY_VERSION */
#define VERSION_MARKS " LEFT JOIN marks m ON m.subject = 1 AND m.id = v.id "

static enum status read_row(struct history *history, struct text_window *window, sqlite3_stmt *rows,
    struct history_memory *memory, struct history_version *ret_version, struct error *error) {
    int64_t id = sqlite3_column_int64(rows, 0);
    *ret_version = (struct history_version){
        .id = id,
        .number = version_number(id),
        .document_id = version_document(id),
        .cell_id = sqlite3_column_int64(rows, 1),
        .parent = sqlite3_column_int64(rows, 2),
        .origin = sqlite3_column_int64(rows, 3),
        .created_us = sqlite3_column_int64(rows, 4),
        .cause = (enum history_cause)sqlite3_column_int(rows, 5),
        .is_head = version_number(id) == sqlite3_column_int64(rows, 8),
        .label = memory_column(memory, rows, 9),
        .pinned = sqlite3_column_int(rows, 10) != 0,
        .text_bytes =
            text_stored_size(sqlite3_column_blob(rows, 7), (size_t)sqlite3_column_bytes(rows, 7)),
    };
    struct buf summary = BUF_INIT;
    enum status status = read_summary(
        history, window, ret_version, sqlite3_column_int64(rows, 6), rows, 7, &summary, error);
    if (status == STATUS_OK) {
        ret_version->summary = memory_copy(memory, buf_string(&summary), summary.size);
        if (!ret_version->summary || !ret_version->label)
            status = fail_memory(history, error);
    }
    buf_finish(&summary);
    return status;
}

/* Give each version the part of `runs` (by version, then by run) that is its own. */
static void share_out(struct history_version *versions, size_t version_count,
    const struct history_run_info *runs, size_t run_count) {
    size_t at = 0;
    for (size_t i = 0; i < version_count; i++) {
        size_t begin = at;
        while (at < run_count && runs[at].version_id == versions[i].id)
            at++;
        versions[i].runs = (struct history_runs){runs + begin, at - begin};
    }
}

static enum status read_runs(struct history *history, sqlite3_stmt *rows,
    struct history_memory *memory, struct history_runs *ret_runs, struct error *error) {
    struct sql *sql = &history->sql;
    struct memory_rows list = {0};
    size_t count = 0;
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        bool row = false;
        status = sql_next(sql, rows, &row, error);
        if (status != STATUS_OK || !row)
            break;
        struct history_run_info *run = memory_rows_add(&list, sizeof *run);
        status =
            run ? run_info_read(history, rows, memory, run, error) : fail_memory(history, error);
        if (status != STATUS_OK)
            sql_done(rows);
        count++;
    }
    const void *items = NULL;
    enum status moved = memory_rows_move(&list, memory, &items, status ? NULL : error);
    if (status == STATUS_OK)
        status = moved;
    if (status == STATUS_OK)
        *ret_runs = (struct history_runs){items, count};
    return status;
}

/* The versions with numbers from `first` to below `before`. */
static enum status read_versions(struct history *history, int64_t cell_id, int64_t first,
    int64_t before, struct history_memory *memory, struct history_versions *ret_versions,
    struct error *error) {
    static const char text[] =
        "SELECT " VERSION_COLUMNS " FROM cells c JOIN versions v ON v.cell_id = c.id" VERSION_MARKS
        "WHERE c.id = ?1 AND v.id >= (c.document_id << 32 | ?2) "
        "AND v.id < (c.document_id << 32 | ?3) ORDER BY v.id";
    static const char runs_text[] =
        "SELECT " RUN_INFO_COLUMNS " FROM cells c CROSS JOIN versions v CROSS JOIN runs r "
        "ON r.version_id = v.id" RUN_MARKS "WHERE c.id = ?1 AND v.cell_id = ?1 "
        "AND v.id >= (c.document_id << 32 | ?2) AND v.id < (c.document_id << 32 | ?3) "
        "ORDER BY v.id, r.id";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    struct memory_rows list = {0};
    struct text_window window = {0};
    size_t count = 0;
    enum status status = sql_query(sql, &rows, error, text, "iii", cell_id, first, before);
    while (status == STATUS_OK) {
        bool row = false;
        status = sql_next(sql, rows, &row, error);
        if (status != STATUS_OK || !row)
            break;
        struct history_version *version = memory_rows_add(&list, sizeof *version);
        status = version ? read_row(history, &window, rows, memory, version, error)
                         : fail_memory(history, error);
        if (status != STATUS_OK)
            sql_done(rows);
        count++;
    }
    text_window_finish(&window);
    struct history_runs runs = {0};
    if (status == STATUS_OK)
        status = sql_query(sql, &rows, error, runs_text, "iii", cell_id, first, before);
    if (status == STATUS_OK)
        status = read_runs(history, rows, memory, &runs, error);
    if (status == STATUS_OK && !list.failed)
        share_out(list.items, count, runs.items, runs.count);
    const void *items = NULL;
    enum status moved = memory_rows_move(&list, memory, &items, status ? NULL : error);
    if (status == STATUS_OK)
        status = moved;
    if (status == STATUS_OK)
        *ret_versions = (struct history_versions){items, count};
    return status;
}

enum status history_read_tree(struct history *history, int64_t cell_id,
    struct history_memory *memory, struct history_versions *ret_versions, struct error *error) {
    return read_versions(history, cell_id, 0, UINT32_MAX, memory, ret_versions, error);
}

enum status history_read_tree_page(struct history *history, int64_t cell_id, int64_t before_number,
    size_t limit, struct history_memory *memory, struct history_versions *ret_versions,
    struct error *error) {
    static const char text[] =
        "SELECT v.id & 0xffffffff FROM cells c JOIN versions v ON v.cell_id = c.id WHERE c.id = ?1 "
        "AND v.id < (c.document_id << 32 | ?2) ORDER BY v.id DESC LIMIT 1 OFFSET ?3";
    int64_t before = version_number_fits(before_number) ? before_number : UINT32_MAX;
    int64_t first = 0;
    enum status status = STATUS_OK;
    if (limit && limit < UINT32_MAX)
        status =
            sql_int(&history->sql, &first, error, text, "iii", cell_id, before, (int64_t)limit - 1);
    if (status == STATUS_NOT_FOUND)
        status = STATUS_OK;
    if (status == STATUS_OK)
        status = read_versions(history, cell_id, first, before, memory, ret_versions, error);
    return status;
}

enum status history_read_version(struct history *history, int64_t document_id, int64_t number,
    struct history_memory *memory, struct history_version *ret_version, struct error *error) {
    static const char text[] =
        "SELECT " VERSION_COLUMNS " FROM versions v JOIN cells c ON c.id = v.cell_id" VERSION_MARKS
        "WHERE v.id = ?";
    static const char runs_text[] =
        "SELECT " RUN_INFO_COLUMNS
        " FROM versions v CROSS JOIN runs r ON r.version_id = v.id" RUN_MARKS
        "WHERE v.id = ? ORDER BY r.id";
    if (!version_number_fits(number))
        return version_missing(number, error);
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    struct text_window window = {0};
    struct history_version version;
    int64_t id = version_id(document_id, number);
    bool row = false;
    enum status status = sql_query(sql, &rows, error, text, "i", id);
    if (status == STATUS_OK)
        status = sql_next(sql, rows, &row, error);
    if (status == STATUS_OK && !row)
        status = version_missing(number, error);
    if (status == STATUS_OK)
        status = read_row(history, &window, rows, memory, &version, error);
    if (row)
        sql_done(rows);
    text_window_finish(&window);
    struct buf whole = BUF_INIT;
    if (status == STATUS_OK)
        status = version_read_text(history, id, &whole, error);
    if (status == STATUS_OK) {
        version.text = memory_copy(memory, buf_string(&whole), whole.size);
        version.text_bytes = whole.size;
        if (!version.text)
            status = fail_memory(history, error);
    }
    buf_finish(&whole);
    if (status == STATUS_OK)
        status = sql_query(sql, &rows, error, runs_text, "i", id);
    if (status == STATUS_OK)
        status = read_runs(history, rows, memory, &version.runs, error);
    if (status == STATUS_OK)
        *ret_version = version;
    return status;
}

enum status history_read_head(struct history *history, int64_t document_id, const char *cell_key,
    struct history_memory *memory, struct history_version *ret_version, struct error *error) {
    struct cell cell = {0};
    enum status status = cell_find(history, document_id, cell_key, &cell, error);
    if (status == STATUS_NOT_FOUND)
        return error_set(error, status, "the history has no cell '%s'", cell_key);
    if (status == STATUS_OK)
        status = history_read_version(history, document_id, cell.head, memory, ret_version, error);
    return status;
}
