/* The versions of a cell with their runs, and one version with its text. */
#include "history/text_window.h"
#include "history/version_list.h"

/* What read_row() takes. HISTORY_VERSION */
#define TREE_TEXT                                                                                  \
    "SELECT " VERSION_COLUMNS ", coalesce(m.label, ''), m.pinned FROM versions v "                 \
    "LEFT JOIN marks m ON m.subject = 1 AND m.id = v.id WHERE v.id = ?"

static enum status read_row(struct history *history, struct text_window *window, sqlite3_stmt *rows,
    struct history_memory *memory, struct history_version *ret_version, struct error *error) {
    struct version_row row = version_row_read(rows);
    *ret_version = (struct history_version){
        .id = row.id,
        .number = version_number(row.id),
        .document_id = version_document(row.id),
        .cell_id = row.cell_id,
        .parent = row.parent,
        .origin = row.origin,
        .created_us = row.created_us,
        .cause = row.cause,
        .label = memory_column(memory, rows, VERSION_COLUMN_COUNT),
        .pinned = sqlite3_column_int(rows, VERSION_COLUMN_COUNT + 1) != 0,
        .text_bytes = text_stored_size(row.stored, row.stored_bytes),
    };
    struct buf text = BUF_INIT, summary = BUF_INIT;
    enum status status = text_window_read(history, window, &row, &text, error);
    if (status == STATUS_OK) {
        telling_append(&summary, buf_string(&text), text.size);
        ret_version->summary = memory_copy(memory, buf_string(&summary), summary.size);
        if (!ret_version->summary || !ret_version->label)
            status = fail_memory(history, error);
    }
    buf_finish(&text);
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

static enum status read_runs(struct history *history, int64_t version_id,
    struct history_memory *memory, struct memory_rows *runs, struct error *error) {
    static const char text[] = "SELECT " RUN_INFO_COLUMNS
                               " FROM versions v CROSS JOIN runs r ON r.version_id = v.id" RUN_MARKS
                               "WHERE v.id = ? ORDER BY r.id";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    enum status status = sql_query(sql, &rows, error, text, "i", version_id);
    while (sql_row(sql, rows, &status, error)) {
        struct history_run_info *run = memory_rows_add(runs, sizeof *run);
        status =
            run ? run_info_read(history, rows, memory, run, error) : fail_memory(history, error);
    }
    return status;
}

/* Whether it is the head is left out. STATUS_NOT_FOUND without an error text: no such version. */
static enum status read_version(struct history *history, struct text_window *window, int64_t id,
    struct history_memory *memory, struct history_version *ret_version, struct error *error) {
    static const char text[] = TREE_TEXT;
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    bool row = false;
    enum status status = sql_query(sql, &rows, error, text, "i", id);
    if (status == STATUS_OK)
        status = sql_next(sql, rows, &row, error);
    if (status == STATUS_OK && !row)
        return STATUS_NOT_FOUND;
    if (status == STATUS_OK)
        status = read_row(history, window, rows, memory, ret_version, error);
    if (row)
        sql_done(rows);
    return status;
}

/* Into `versions` and `runs`, those of all in a row. */
static enum status read_versions(struct history *history, const struct cell *cell,
    const struct listed_version *listed, size_t count, struct history_memory *memory,
    struct memory_rows *versions, struct memory_rows *runs, struct error *error) {
    struct text_window window = {0};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        struct history_version *version = memory_rows_add(versions, sizeof *version);
        if (!version) {
            status = fail_memory(history, error);
            break;
        }
        int64_t id = version_id(cell->document_id, listed[i].number);
        status = read_version(history, &window, id, memory, version, error);
        if (status == STATUS_NOT_FOUND)
            status = sql_fail(&history->sql, SQLITE_CORRUPT, error);
        version->is_head = version->number == cell->head;
        if (status == STATUS_OK)
            status = read_runs(history, id, memory, runs, error);
    }
    text_window_finish(&window);
    return status;
}

/* The part of the list that is on the page. */
static enum status read_page(struct history *history, int64_t cell_id, int64_t before_number,
    size_t limit, struct history_memory *memory, struct memory_rows *versions,
    struct memory_rows *runs, struct error *error) {
    struct version_list list = {0};
    struct cell cell = {0};
    enum status status = cell_get(history, cell_id, &cell, error);
    if (status == STATUS_OK || status == STATUS_NOT_FOUND)
        status = version_list_read(history, cell_id, &list, error);
    size_t end = list.count;
    while (before_number > 0 && end && list.items[end - 1].number >= before_number)
        end--;
    size_t first = limit && limit < end ? end - limit : 0;
    if (status == STATUS_OK && end > first)
        status = read_versions(
            history, &cell, list.items + first, end - first, memory, versions, runs, error);
    version_list_finish(&list);
    return status;
}

enum status history_read_tree_page(struct history *history, int64_t cell_id, int64_t before_number,
    size_t limit, struct history_memory *memory, struct history_versions *ret_versions,
    struct error *error) {
    struct memory_rows versions = {0}, runs = {0};
    enum status status = sql_begin_reading(&history->sql, error);
    if (status != STATUS_OK)
        return status;
    status = read_page(history, cell_id, before_number, limit, memory, &versions, &runs, error);
    sql_end_reading(&history->sql);
    size_t count = versions.bytes / sizeof(struct history_version);
    size_t run_count = runs.bytes / sizeof(struct history_run_info);
    const void *items = NULL, *run_items = NULL;
    enum status moved = memory_rows_move(&runs, memory, &run_items, status ? NULL : error);
    if (status == STATUS_OK && moved == STATUS_OK)
        share_out(versions.items, count, run_items, run_count);
    if (status == STATUS_OK)
        status = moved;
    moved = memory_rows_move(&versions, memory, &items, status ? NULL : error);
    if (status == STATUS_OK)
        status = moved;
    if (status == STATUS_OK)
        *ret_versions = (struct history_versions){items, count};
    return status;
}

enum status history_read_tree(struct history *history, int64_t cell_id,
    struct history_memory *memory, struct history_versions *ret_versions, struct error *error) {
    return history_read_tree_page(history, cell_id, 0, 0, memory, ret_versions, error);
}

/* With the text. STATUS_NOT_FOUND without an error text: no such version. */
static enum status read_whole(struct history *history, int64_t id, struct history_memory *memory,
    struct history_version *version, struct memory_rows *runs, struct error *error) {
    struct text_window window = {0};
    struct buf whole = BUF_INIT;
    struct cell cell = {0};
    enum status status = read_version(history, &window, id, memory, version, error);
    text_window_finish(&window);
    if (status == STATUS_NOT_FOUND)
        return status;
    if (status == STATUS_OK)
        status = cell_get(history, version->cell_id, &cell, error);
    if (status == STATUS_NOT_FOUND)
        status = sql_fail(&history->sql, SQLITE_CORRUPT, error);
    version->is_head = version->number == cell.head;
    if (status == STATUS_OK)
        status = version_read_text(history, id, &whole, error);
    if (status == STATUS_OK) {
        version->text = memory_copy(memory, buf_string(&whole), whole.size);
        version->text_bytes = whole.size;
        if (!version->text)
            status = fail_memory(history, error);
    }
    buf_finish(&whole);
    if (status == STATUS_OK)
        status = read_runs(history, id, memory, runs, error);
    return status;
}

enum status history_read_version(struct history *history, int64_t document_id, int64_t number,
    struct history_memory *memory, struct history_version *ret_version, struct error *error) {
    if (!version_number_fits(number))
        return version_missing(number, error);
    struct history_version version = {0};
    struct memory_rows runs = {0};
    enum status status = sql_begin_reading(&history->sql, error);
    if (status != STATUS_OK)
        return status;
    status = read_whole(history, version_id(document_id, number), memory, &version, &runs, error);
    sql_end_reading(&history->sql);
    if (status == STATUS_NOT_FOUND)
        return version_missing(number, error);
    version.runs.count = runs.bytes / sizeof(struct history_run_info);
    const void *items = NULL;
    enum status moved = memory_rows_move(&runs, memory, &items, status ? NULL : error);
    if (status == STATUS_OK)
        status = moved;
    if (status == STATUS_OK) {
        version.runs.items = items;
        *ret_version = version;
    }
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
