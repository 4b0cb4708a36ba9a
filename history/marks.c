/* Labels and pins of versions and runs. */
#include "history/store.h"

/* The row's id for a number that people typed. */
static enum status find_subject(struct history *history, int64_t document_id,
    enum history_subject subject, int64_t number, int64_t *ret_id, struct error *error) {
    static const char version_text[] = "SELECT id FROM versions WHERE id = ?";
    static const char run_text[] = "SELECT version_id FROM runs WHERE id = ?";
    int64_t found = 0;
    if (subject == HISTORY_VERSION) {
        if (!version_number_fits(number))
            return version_missing(number, error);
        enum status status = sql_int(
            &history->sql, &found, error, version_text, "i", version_id(document_id, number));
        if (status == STATUS_OK)
            *ret_id = found;
        return status == STATUS_NOT_FOUND ? version_missing(number, error) : status;
    }
    if (subject != HISTORY_RUN)
        return error_set(error, STATUS_INVALID, "cannot mark a thing of kind %d", (int)subject);
    enum status status = sql_int(&history->sql, &found, error, run_text, "i", number);
    if (status == STATUS_NOT_FOUND ||
        (status == STATUS_OK && version_document(found) != document_id))
        return error_set(
            error, STATUS_NOT_FOUND, "there is no run %lld in this document", (long long)number);
    if (status == STATUS_OK)
        *ret_id = number;
    return status;
}

/* `label` NULL: stays; `pinned` below 0: stays. A row that says nothing goes. */
static enum status set(struct history *history, int64_t document_id, enum history_subject subject,
    int64_t number, const char *label, int pinned, struct error *error) {
    static const char set_text[] =
        "INSERT INTO marks (subject, id, label, pinned) "
        "VALUES (?1, ?2, coalesce(?3, ''), max(?4, 0)) ON CONFLICT DO UPDATE SET "
        "label = coalesce(?3, label), pinned = CASE WHEN ?4 < 0 THEN pinned ELSE ?4 END";
    static const char tidy_text[] =
        "DELETE FROM marks WHERE subject = ? AND id = ? AND label = '' AND pinned = 0";
    struct sql *sql = &history->sql;
    int64_t id = 0;
    enum status status = sql_begin(sql, error);
    if (status != STATUS_OK)
        return status;
    status = find_subject(history, document_id, subject, number, &id, error);
    if (status == STATUS_OK)
        status =
            sql_run(sql, error, set_text, "iisi", (int64_t)subject, id, label, (int64_t)pinned);
    if (status == STATUS_OK)
        status = sql_run(sql, error, tidy_text, "ii", (int64_t)subject, id);
    return sql_finish(sql, status, error);
}

enum status history_set_label(struct history *history, int64_t document_id,
    enum history_subject subject, int64_t number_or_run_id, const char *text, struct error *error) {
    return set(history, document_id, subject, number_or_run_id, text ? text : "", -1, error);
}

enum status history_set_pinned(struct history *history, int64_t document_id,
    enum history_subject subject, int64_t number_or_run_id, bool pinned, struct error *error) {
    return set(history, document_id, subject, number_or_run_id, NULL, pinned, error);
}

enum status history_find_label(struct history *history, int64_t document_id, const char *text,
    enum history_subject *ret_subject, int64_t *ret_number_or_run_id, struct error *error) {
    /* the newest version, else the newest run */
    static const char find_text[] =
        "SELECT m.subject, CASE m.subject WHEN 1 THEN m.id & 0xffffffff ELSE m.id END FROM marks m "
        "WHERE m.label = ?2 COLLATE NOCASE AND (CASE m.subject WHEN 1 THEN m.id WHEN 2 THEN "
        "(SELECT version_id FROM runs r WHERE r.id = m.id) END) >> 32 = ?1 "
        "ORDER BY m.subject, m.id DESC LIMIT 1";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    bool row = false;
    enum status status = sql_query(sql, &rows, error, find_text, "is", document_id, text);
    if (status == STATUS_OK)
        status = sql_next(sql, rows, &row, error);
    if (status != STATUS_OK || !row)
        return status == STATUS_OK ? STATUS_NOT_FOUND : status;
    *ret_subject = (enum history_subject)sqlite3_column_int(rows, 0);
    *ret_number_or_run_id = sqlite3_column_int64(rows, 1);
    sql_done(rows);
    return STATUS_OK;
}
