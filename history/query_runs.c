/* Runs, and the order of a document's moves. */
#include "history/run.h"

#include <stdlib.h>

enum status run_info_read(struct history *history, sqlite3_stmt *rows,
    struct history_memory *memory, struct history_run_info *ret_run, struct error *error) {
    struct history_run_info run = {
        .id = sqlite3_column_int64(rows, 0),
        .session_id = sqlite3_column_int64(rows, 1),
        .version_id = sqlite3_column_int64(rows, 2),
        .version = version_number(sqlite3_column_int64(rows, 2)),
        .cell_id = sqlite3_column_int64(rows, 3),
        .execution_count = sqlite3_column_int64(rows, 4),
        .parent_run_id = sqlite3_column_int64(rows, 5),
        .status = (enum history_run_status)sqlite3_column_int(rows, 6),
        .started_us = sqlite3_column_int64(rows, 7),
        .ended_us = sqlite3_column_int64(rows, 8),
        .outputs = sqlite3_column_int64(rows, 9),
        .outputs_dropped = sqlite3_column_int64(rows, 10),
        .summary = memory_column(memory, rows, 11),
        .folder = "",
        .label = memory_column(memory, rows, 13),
        .pinned = sqlite3_column_int(rows, 14) != 0,
        .mimes = memory_column(memory, rows, 15),
    };
    if (run.outputs) {
        const char *day = (const char *)sqlite3_column_text(rows, 12);
        char *folder = run_folder(history, day ? day : "", run.id);
        struct buf path = BUF_INIT;
        buf_append_string(&path, folder ? folder : "");
        run.folder = folder ? memory_copy(memory, buf_string(&path), path.size) : NULL;
        buf_finish(&path);
        free(folder);
    }
    if (!run.summary || !run.folder || !run.mimes || !run.label)
        return fail_memory(history, error);
    *ret_run = run;
    return STATUS_OK;
}

enum status history_read_run(struct history *history, int64_t run_id, struct history_memory *memory,
    struct history_run_info *ret_run, struct error *error) {
    static const char text[] =
        "SELECT " RUN_INFO_COLUMNS " FROM runs r JOIN versions v ON v.id = r.version_id" RUN_MARKS
        "WHERE r.id = ?";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    bool row = false;
    enum status status = sql_query(sql, &rows, error, text, "i", run_id);
    if (status == STATUS_OK)
        status = sql_next(sql, rows, &row, error);
    if (status == STATUS_OK && !row)
        status = error_set(
            error, STATUS_NOT_FOUND, "there is no run %lld in the history", (long long)run_id);
    if (status == STATUS_OK)
        status = run_info_read(history, rows, memory, ret_run, error);
    if (row)
        sql_done(rows);
    return status;
}

enum status history_read_log(struct history *history, int64_t document_id, size_t limit,
    struct history_memory *memory, struct history_moves *ret_moves, struct error *error) {
    static const char text[] =
        "SELECT * FROM (SELECT cell_id, coalesce((id & 0xffffffff) - back, 0), id & 0xffffffff, "
        "created_ms * 1000, cause, id & 0xffffffff AS place, 0 AS move FROM versions "
        "WHERE id BETWEEN ?1 << 32 AND (?1 + 1 << 32) - 1 "
        "UNION ALL SELECT m.cell_id, m.from_number, m.to_number, m.time_us, m.cause, "
        "m.after_number, m.id FROM cells c JOIN moves m ON m.cell_id = c.id "
        "WHERE c.document_id = ?1 ORDER BY place DESC, move DESC LIMIT ?2) ORDER BY place, move";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    struct memory_rows list = {0};
    size_t count = 0;
    enum status status =
        sql_query(sql, &rows, error, text, "ii", document_id, limit ? (int64_t)limit : (int64_t)-1);
    while (sql_row(sql, rows, &status, error)) {
        struct history_move *move = memory_rows_add(&list, sizeof *move);
        if (!move) {
            status = fail_memory(history, error);
            continue;
        }
        *move = (struct history_move){
            .cell_id = sqlite3_column_int64(rows, 0),
            .from = sqlite3_column_int64(rows, 1),
            .to = sqlite3_column_int64(rows, 2),
            .time_us = sqlite3_column_int64(rows, 3),
            .cause = (enum history_cause)sqlite3_column_int(rows, 4),
            .new_version = sqlite3_column_int64(rows, 6) == 0,
        };
        count++;
    }
    const void *items = NULL;
    enum status moved = memory_rows_move(&list, memory, &items, status ? NULL : error);
    if (status == STATUS_OK)
        status = moved;
    if (status == STATUS_OK)
        *ret_moves = (struct history_moves){items, count};
    return status;
}
