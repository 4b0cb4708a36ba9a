#include "history/origins.h"
#include "history/store.h"

enum { EDGES_MAX = 200 };

enum status origin_record(
    struct history *history, int64_t version_id, int64_t origin, struct error *error) {
    static const char text[] = "INSERT INTO version_origins (version_id, origin) VALUES (?, ?)";
    return sql_run(&history->sql, error, text, "ii", version_id, origin);
}

static enum status read_summary(struct history *history, struct history_edge_end *end,
    struct history_memory *memory, struct error *error) {
    struct buf text = BUF_INIT, summary = BUF_INIT;
    enum status status =
        version_read_text(history, version_id(end->document_id, end->version), &text, error);
    if (status == STATUS_NOT_FOUND)
        status = sql_fail(&history->sql, SQLITE_CORRUPT, error);
    if (status == STATUS_OK) {
        summary_append(&summary, buf_string(&text), text.size);
        end->summary = memory_copy(memory, buf_string(&summary), summary.size);
        status = end->summary ? STATUS_OK : fail_memory(history, error);
    }
    buf_finish(&text);
    buf_finish(&summary);
    return status;
}

/* Three columns from `column` on: the version, and its cell. */
static struct history_edge_end read_end(
    sqlite3_stmt *rows, int column, struct history_memory *memory) {
    return (struct history_edge_end){
        .document_id = version_document(sqlite3_column_int64(rows, column)),
        .version = version_number(sqlite3_column_int64(rows, column)),
        .cell_key = memory_column(memory, rows, column + 1),
        .cell_deleted = sqlite3_column_int(rows, column + 2) != 0,
    };
}

static enum status read_edges(struct history *history, const struct cell *cell,
    struct history_memory *memory, struct memory_rows *list, struct error *error) {
    static const char text[] =
        "SELECT f.id, fc.key, fc.deleted_us IS NOT NULL, t.id, tc.key, tc.deleted_us IS NOT NULL, "
        "t.cause, t.created_ms FROM (SELECT o.id AS at, o.version_id AS of, o.origin AS source "
        "  FROM version_origins o JOIN versions t ON t.id = o.version_id "
        "  JOIN versions f ON f.id = o.origin "
        "  WHERE o.version_id BETWEEN ?2 << 32 AND (?2 + 1 << 32) - 1 "
        "  AND (t.cell_id = ?1 OR f.cell_id = ?1) ORDER BY o.id DESC LIMIT ?3) "
        "JOIN versions t ON t.id = of JOIN versions f ON f.id = source "
        "JOIN cells tc ON tc.id = t.cell_id JOIN cells fc ON fc.id = f.cell_id ORDER BY at";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    enum status status =
        sql_query(sql, &rows, error, text, "iii", cell->id, cell->document_id, (int64_t)EDGES_MAX);
    while (sql_row(sql, rows, &status, error)) {
        struct history_edge *edge = memory_rows_add(list, sizeof *edge);
        if (edge)
            *edge = (struct history_edge){
                .from = read_end(rows, 0, memory),
                .to = read_end(rows, 3, memory),
                .cause = (enum history_cause)sqlite3_column_int(rows, 6),
                .time_us = sqlite3_column_int64(rows, 7) * 1000,
            };
        if (!edge || !edge->from.cell_key || !edge->to.cell_key)
            status = fail_memory(history, error);
    }
    struct history_edge *edges = list->items;
    size_t count = list->bytes / sizeof *edges;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        struct history_edge_end *from = &edges[i].from;
        if (from->document_id != cell->document_id)
            status = history_document_path(history, from->document_id, memory, &from->path, error);
        if (status == STATUS_OK)
            status = read_summary(history, from, memory, error);
        if (status == STATUS_OK)
            status = read_summary(history, &edges[i].to, memory, error);
    }
    return status;
}

enum status history_list_edges(struct history *history, int64_t document_id, const char *cell_key,
    struct history_memory *memory, struct history_edges *ret_edges, struct error *error) {
    struct memory_rows list = {0};
    struct cell cell;
    const void *items = NULL;
    enum status status = sql_begin_reading(&history->sql, error);
    if (status != STATUS_OK)
        return status;
    status = cell_find(history, document_id, cell_key, &cell, error);
    if (status == STATUS_OK)
        status = read_edges(history, &cell, memory, &list, error);
    else if (status == STATUS_NOT_FOUND)
        status = STATUS_OK;
    sql_end_reading(&history->sql);
    size_t count = list.bytes / sizeof(struct history_edge);
    enum status moved = memory_rows_move(&list, memory, &items, status ? NULL : error);
    if (status == STATUS_OK)
        status = moved;
    if (status == STATUS_OK)
        *ret_edges = (struct history_edges){items, count};
    return status;
}
