#include "history/activity.h"
#include "history/store.h"

enum status history_read_activity(struct history *history, int64_t document_id,
    struct history_activity *ret_activity, struct error *error) {
    /* 2 and 5: HISTORY_ERROR, HISTORY_KILLED */
    static const char text[] =
        "SELECT coalesce(min(s.id), 0), coalesce(min(s.started_us), 0), "
        "coalesce(max(r.started_us), 0), count(r.id), coalesce(sum(r.status IN (2, 5)), 0), "
        "coalesce(sum((SELECT count(*) FROM outputs o WHERE o.run_id = r.id)), 0) "
        "FROM sessions s LEFT JOIN runs r ON r.session_id = s.id WHERE s.document_id = ?";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    bool row = false;
    enum status status = sql_query(sql, &rows, error, text, "i", document_id);
    if (status == STATUS_OK)
        status = sql_next(sql, rows, &row, error);
    if (status != STATUS_OK)
        return status;
    *ret_activity = (struct history_activity){
        .first_session_id = sqlite3_column_int64(rows, 0),
        .started_us = sqlite3_column_int64(rows, 1),
        .last_run_us = sqlite3_column_int64(rows, 2),
        .runs = sqlite3_column_int64(rows, 3),
        .errors = sqlite3_column_int64(rows, 4),
        .outputs = sqlite3_column_int64(rows, 5),
    };
    sql_done(rows);
    return STATUS_OK;
}

enum status history_find_session(
    struct history *history, int64_t session_id, int64_t *ret_document_id, struct error *error) {
    static const char text[] = "SELECT document_id FROM sessions WHERE id = ?";
    enum status status = sql_int(&history->sql, ret_document_id, error, text, "i", session_id);
    if (status == STATUS_NOT_FOUND)
        error_set(error, status, "there is no session %lld in '%s'", (long long)session_id,
            history->database);
    return status;
}
