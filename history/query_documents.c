/* Documents and their cells. */
#include "history/changes.h"
#include "history/version_list.h"

enum status history_find_document(
    struct history *history, const char *path, int64_t *ret_document_id, struct error *error) {
    static const char text[] = "SELECT id FROM documents WHERE path = ?";
    static const char left_text[] =
        "SELECT p.document_id FROM places p JOIN documents d ON d.id = p.document_id "
        "WHERE p.path = ? AND d.path IS NULL AND p.id = (SELECT max(l.id) FROM places l "
        "WHERE l.document_id = p.document_id) ORDER BY p.id DESC LIMIT 1";
    enum status status = sql_int(&history->sql, ret_document_id, error, text, "s", path);
    if (status == STATUS_NOT_FOUND)
        status = sql_int(&history->sql, ret_document_id, error, left_text, "s", path);
    if (status == STATUS_NOT_FOUND)
        error_set(error, status, "nothing is recorded for '%s' in '%s'", path, history->database);
    return status;
}

enum status history_document_before(
    struct history *history, int64_t before, int64_t *ret_document_id, struct error *error) {
    static const char text[] = "SELECT coalesce(max(id), 0) FROM documents WHERE id < ? "
                               "AND (path IS NOT NULL OR id IN (SELECT document_id FROM places))";
    return sql_int(&history->sql, ret_document_id, error, text, "i", before);
}

enum status history_list_documents(struct history *history, struct history_memory *memory,
    struct history_documents *ret_documents, struct error *error) {
    static const char text[] =
        "SELECT id, coalesce(path, ''), created_us, "
        "(SELECT count(*) FROM cells c WHERE c.document_id = d.id AND head <> 0), "
        "(SELECT count(*) FROM versions v WHERE v.id BETWEEN d.id << 32 AND (d.id + 1 << 32) - 1), "
        "(SELECT count(*) FROM runs r JOIN sessions s ON s.id = r.session_id "
        "WHERE s.document_id = d.id), "
        "(SELECT max(r.started_us) FROM runs r JOIN sessions s ON s.id = r.session_id "
        "WHERE s.document_id = d.id) FROM documents d ORDER BY path, id";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    struct memory_rows list = {0};
    size_t count = 0;
    enum status status = sql_query(sql, &rows, error, text, "");
    while (sql_row(sql, rows, &status, error)) {
        struct history_document *document = memory_rows_add(&list, sizeof *document);
        const char *path = memory_column(memory, rows, 1);
        if (!document || !path) {
            sql_done(rows);
            status = fail_memory(history, error);
            break;
        }
        *document = (struct history_document){
            .id = sqlite3_column_int64(rows, 0),
            .path = path,
            .created_us = sqlite3_column_int64(rows, 2),
            .cells = sqlite3_column_int64(rows, 3),
            .versions = sqlite3_column_int64(rows, 4),
            .runs = sqlite3_column_int64(rows, 5),
            .last_run_us = sqlite3_column_int64(rows, 6),
        };
        count++;
    }
    const void *items = NULL;
    enum status moved = memory_rows_move(&list, memory, &items, status ? NULL : error);
    if (status == STATUS_OK)
        status = moved;
    if (status == STATUS_OK)
        *ret_documents = (struct history_documents){items, count};
    return status;
}

static enum status read_cell(struct history *history, sqlite3_stmt *rows, int64_t document_id,
    struct history_memory *memory, struct history_cell *ret_cell, struct error *error) {
    *ret_cell = (struct history_cell){
        .id = sqlite3_column_int64(rows, 0),
        .document_id = document_id,
        .key = memory_column(memory, rows, 1),
        .language = memory_column(memory, rows, 2),
        .head = sqlite3_column_int64(rows, 3),
        .created_us = sqlite3_column_int64(rows, 4),
        .deleted_us = sqlite3_column_int64(rows, 5),
        .runs = sqlite3_column_int64(rows, 6),
        .last_run_us = sqlite3_column_int64(rows, 7),
        .type = (enum history_cell_type)sqlite3_column_int(rows, 8),
    };
    struct buf text = BUF_INIT, summary = BUF_INIT;
    struct version_list list = {0};
    enum status status = version_list_read(history, ret_cell->id, &list, error);
    ret_cell->versions = (int64_t)list.count;
    version_list_finish(&list);
    if (status == STATUS_OK)
        status = version_read_text(history, version_id(document_id, ret_cell->head), &text, error);
    if (status == STATUS_NOT_FOUND)
        status = sql_fail(&history->sql, SQLITE_CORRUPT, error);
    if (status == STATUS_OK) {
        telling_append(&summary, buf_string(&text), text.size);
        ret_cell->summary = memory_copy(memory, buf_string(&summary), summary.size);
        if (!ret_cell->key || !ret_cell->language || !ret_cell->summary)
            status = fail_memory(history, error);
    }
    buf_finish(&text);
    buf_finish(&summary);
    return status;
}

enum status history_list_cells(struct history *history, int64_t document_id,
    struct history_memory *memory, struct history_cells *ret_cells, struct error *error) {
    static const char text[] =
        "WITH ran (cell_id, runs, last_us) AS (SELECT v.cell_id, count(*), max(r.started_us) "
        "FROM sessions s CROSS JOIN runs r ON r.session_id = s.id "
        "JOIN versions v ON v.id = r.version_id WHERE s.document_id = ?1 GROUP BY v.cell_id) "
        "SELECT id, key, coalesce(language, ''), head, created_us, deleted_us, runs, last_us, type "
        "FROM cells c LEFT JOIN ran ON ran.cell_id = c.id "
        "WHERE document_id = ?1 AND head <> 0 ORDER BY id";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    struct memory_rows list = {0};
    size_t count = 0;
    enum status status = sql_query(sql, &rows, error, text, "i", document_id);
    while (sql_row(sql, rows, &status, error)) {
        struct history_cell *cell = memory_rows_add(&list, sizeof *cell);
        status = cell ? read_cell(history, rows, document_id, memory, cell, error)
                      : fail_memory(history, error);
        if (status != STATUS_OK)
            sql_done(rows);
        count++;
    }
    const void *items = NULL;
    enum status moved = memory_rows_move(&list, memory, &items, status ? NULL : error);
    if (status == STATUS_OK)
        status = moved;
    if (status == STATUS_OK)
        *ret_cells = (struct history_cells){items, count};
    return status;
}

enum status history_cell_key(struct history *history, int64_t cell_id,
    struct history_memory *memory, const char **ret_key, struct error *error) {
    static const char text[] = "SELECT key FROM cells WHERE id = ?";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    bool row = false;
    enum status status = sql_query(sql, &rows, error, text, "i", cell_id);
    if (status == STATUS_OK)
        status = sql_next(sql, rows, &row, error);
    if (status == STATUS_OK && !row)
        return error_set(
            error, STATUS_NOT_FOUND, "there is no cell %lld in the history", (long long)cell_id);
    if (status != STATUS_OK)
        return status;
    const char *key = memory_column(memory, rows, 0);
    sql_done(rows);
    if (!key)
        return fail_memory(history, error);
    *ret_key = key;
    return STATUS_OK;
}
