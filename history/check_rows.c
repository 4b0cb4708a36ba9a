/* Heads, moves, runs, marks and layouts: do they make sense, and can they be read? */
#include "history/check.h"
#include "history/edits.h"
#include "history/recover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- heads ---- */

enum status check_mend_heads(struct history *history, struct error *error) {
    static const char text[] =
        "UPDATE cells SET head = coalesce((SELECT max(v.id) & 0xffffffff FROM versions v "
        "WHERE v.id BETWEEN cells.document_id << 32 AND (cells.document_id + 1 << 32) - 1 "
        "AND v.cell_id = cells.id), 0) WHERE NOT EXISTS (SELECT 1 FROM versions v "
        "WHERE v.id = (cells.document_id << 32) + cells.head AND v.cell_id = cells.id) "
        "AND (head != 0 OR EXISTS (SELECT 1 FROM version_lists l WHERE l.cell_id = cells.id))";
    return sql_run(&history->sql, error, text, "");
}

enum status check_heads(struct check *check, struct error *error) {
    static const char text[] =
        "SELECT c.key, c.head, coalesce(d.path, (SELECT p.path FROM places p WHERE p.document_id "
        "= d.id ORDER BY p.id DESC LIMIT 1), 'a console') FROM cells c "
        "LEFT JOIN documents d ON d.id = c.document_id WHERE NOT EXISTS (SELECT 1 FROM versions v "
        "WHERE v.id = (c.document_id << 32) + c.head AND v.cell_id = c.id) "
        "AND (c.head != 0 OR EXISTS (SELECT 1 FROM version_lists l WHERE l.cell_id = c.id))";
    struct sql *sql = &check->history->sql;
    if (check->health.database_damaged) /* versions may be missing; salvage sees to it */
        return STATUS_OK;
    sqlite3_stmt *rows = NULL;
    bool any = false;
    enum status status = sql_query(sql, &rows, error, text, "");
    while (sql_row(sql, rows, &status, error)) {
        any = true;
        bool repair = check->options->repair;
        struct buf where = BUF_INIT;
        buf_printf(&where, "cell %s of %s", (const char *)sqlite3_column_text(rows, 0),
            (const char *)sqlite3_column_text(rows, 2));
        check_say(check, repair ? HISTORY_REPAIRED : HISTORY_DAMAGE, buf_string(&where),
            repair ? "" : "'forkernel doctor --repair' has it show its newest version",
            repair ? "it was to show version %lld, which it has not; it shows its newest now"
                   : "it is to show version %lld, which it has not",
            (long long)sqlite3_column_int64(rows, 1));
        buf_finish(&where);
    }
    if (status == STATUS_OK && any && check->options->repair)
        status = check_mend_heads(check->history, error);
    return check_unreadable(check, status, "the table of cells", error);
}

/* ---- moves, runs ---- */

enum status check_moves(struct check *check, struct error *error) {
    static const char text[] = "SELECT count(*) FROM moves m JOIN cells c ON c.id = m.cell_id "
                               "WHERE (m.to_number != 0 AND NOT EXISTS (SELECT 1 FROM versions v "
                               "WHERE v.id = (c.document_id << 32) + m.to_number)) "
                               "OR (m.from_number != 0 AND NOT EXISTS (SELECT 1 FROM versions v "
                               "WHERE v.id = (c.document_id << 32) + m.from_number))";
    int64_t count = 0;
    enum status status = sql_int(&check->history->sql, &count, error, text, "");
    if (status == STATUS_OK && count) {
        struct buf what = BUF_INIT;
        buf_printf(
            &what, "%lld of them go to or from a version that is not there", (long long)count);
        check_say_lost(check, "the moves of heads", buf_string(&what));
        buf_finish(&what);
    }
    return check_unreadable(check, status, "the table of moves", error);
}

enum status check_runs(struct check *check, struct error *error) {
    static const char count_text[] = "SELECT count(*) FROM runs";
    static const char text[] = "SELECT count(*) FROM runs r WHERE parent_run_id IS NOT NULL AND "
                               "NOT EXISTS (SELECT 1 FROM runs p WHERE p.id = r.parent_run_id)";
    struct sql *sql = &check->history->sql;
    int64_t orphans = 0;
    enum status status = sql_int(sql, &check->health.runs, error, count_text, "");
    if (status == STATUS_OK)
        status = sql_int(sql, &orphans, error, text, "");
    if (status == STATUS_OK && orphans)
        check_say(check, HISTORY_NOTE, "the table of runs", "",
            "%lld runs started from the state of a run that is not there", (long long)orphans);
    return check_unreadable(check, status, "the table of runs", error);
}

static enum status list_dead_runs(struct check *check, struct buf *ret_ids, struct error *error) {
    static const char text[] =
        "SELECT r.id, s.uuid, s.ended_us IS NOT NULL FROM runs r "
        "JOIN sessions s ON s.id = r.session_id WHERE r.ended_us IS NULL ORDER BY r.id";
    struct sql *sql = &check->history->sql;
    sqlite3_stmt *rows = NULL;
    enum status status = sql_query(sql, &rows, error, text, "");
    while (sql_row(sql, rows, &status, error)) {
        int64_t id = sqlite3_column_int64(rows, 0);
        const char *uuid = (const char *)sqlite3_column_text(rows, 1);
        if (sqlite3_column_int(rows, 2) || !check_session_lives(check->history, uuid ? uuid : ""))
            buf_append(ret_ids, &id, sizeof id);
    }
    if (status == STATUS_OK && !buf_ok(ret_ids))
        status = fail_memory(check->history, error);
    return status;
}

enum status check_dead_runs(struct check *check, struct error *error) {
    struct buf ids = BUF_INIT;
    bool repair = check->options->repair;
    enum status status = list_dead_runs(check, &ids, error);
    for (size_t at = 0; at < ids.size && status == STATUS_OK; at += sizeof(int64_t)) {
        int64_t id;
        memcpy(&id, ids.data + at, sizeof id);
        if (repair)
            status = recover_run(check->history, id, error);
        char where[40];
        snprintf(where, sizeof where, "run %lld", (long long)id);
        if (status == STATUS_OK)
            check_say(check, repair ? HISTORY_REPAIRED : HISTORY_NOTE, where,
                repair ? "" : "the next kernel that starts seals it, 'doctor --repair' too",
                repair ? "its kernel was gone before it ended; it counts as killed now"
                       : "its kernel was gone before it ended");
    }
    buf_finish(&ids);
    return check_unreadable(check, status, "the table of runs", error);
}

/* ---- marks ---- */

enum status check_marks(struct check *check, struct error *error) {
    static const char text[] =
        "SELECT count(*) FROM marks m WHERE NOT CASE m.subject "
        "WHEN ?1 THEN EXISTS (SELECT 1 FROM versions v WHERE v.id = m.id) "
        "WHEN ?2 THEN EXISTS (SELECT 1 FROM runs r WHERE r.id = m.id) ELSE 0 END";
    int64_t count = 0;
    enum status status = sql_int(&check->history->sql, &count, error, text, "ii",
        (int64_t)HISTORY_VERSION, (int64_t)HISTORY_RUN);
    if (status == STATUS_OK && count)
        check_say(check, HISTORY_NOTE, "the table of labels and pins", "",
            "%lld of them are of a version or a run that is not there", (long long)count);
    return check_unreadable(check, status, "the table of labels and pins", error);
}

/* ---- clients ---- */

enum status check_clients(struct check *check, struct error *error) {
    static const char text[] = "SELECT count(*) FROM clients WHERE typeof(name) != 'text' OR "
                               "typeof(sequence) != 'integer' OR sequence < 0 OR "
                               "typeof(heard_us) != 'integer'";
    int64_t count = 0;
    enum status status = sql_int(&check->history->sql, &count, error, text, "");
    if (status == STATUS_OK && count) {
        struct buf what = BUF_INIT;
        buf_printf(&what, "%lld of them make no sense", (long long)count);
        check_say_lost(check, "the table of front ends", buf_string(&what));
        buf_finish(&what);
    }
    return check_unreadable(check, status, "the table of front ends", error);
}

/* ---- settings ---- */

enum status check_settings(struct check *check, struct error *error) {
    static const char text[] =
        "SELECT name, value, document_id = 0 OR EXISTS (SELECT 1 FROM documents d "
        "WHERE d.id = document_id) FROM settings";
    struct sql *sql = &check->history->sql;
    sqlite3_stmt *rows = NULL;
    enum status status = sql_query(sql, &rows, error, text, "");
    while (sql_row(sql, rows, &status, error)) {
        const char *name = (const char *)sqlite3_column_text(rows, 0);
        const char *value = (const char *)sqlite3_column_text(rows, 1);
        if (!setting_makes_sense(name, value))
            check_say(check, HISTORY_NOTE, "the table of settings",
                "'forkernel settings' sets another one",
                "%s is '%s', which makes no sense here; it counts as not set", name ? name : "",
                value ? value : "");
        else if (!sqlite3_column_int(rows, 2))
            check_say(check, HISTORY_NOTE, "the table of settings", "",
                "%s is set for a notebook that is not there", name);
    }
    return check_unreadable(check, status, "the table of settings", error);
}

/* ---- moments ---- */

enum status check_moments(struct check *check, struct error *error) {
    static const char text[] =
        "SELECT count(*) FROM moments WHERE typeof(time_us) != 'integer' OR kind NOT BETWEEN 1 "
        "AND 3 OR document_id NOT IN (SELECT id FROM documents)";
    int64_t count = 0;
    enum status status = sql_int(&check->history->sql, &count, error, text, "");
    if (status == STATUS_OK && count)
        check_say(check, HISTORY_NOTE, "the table of moments", "",
            "%lld of them make no sense and are passed over", (long long)count);
    return check_unreadable(check, status, "the table of moments", error);
}

/* ---- layouts ---- */

enum status check_layouts(struct check *check, struct error *error) {
    static const char text[] = "SELECT id FROM layouts WHERE id > ? ORDER BY id LIMIT 1";
    enum status status = STATUS_OK;
    int64_t last = 0;
    while (status == STATUS_OK) {
        int64_t id = 0;
        status = sql_int(&check->history->sql, &id, error, text, "i", last);
        if (status == STATUS_NOT_FOUND)
            return STATUS_OK;
        if (status == STATUS_OK && id <= last) /* a damaged table leads in circles */
            status = sql_fail(&check->history->sql, SQLITE_CORRUPT, error);
        if (status != STATUS_OK)
            break;
        struct buf cells = BUF_INIT;
        status = layout_read_by_id(check->history, id, &cells, error);
        if (status == STATUS_CORRUPT) {
            char where[80];
            snprintf(where, sizeof where, "layout %lld of document %lld",
                (long long)version_number(id), (long long)version_document(id));
            check_say_lost(check, where, "it cannot be read");
            status = STATUS_OK;
        }
        buf_finish(&cells);
        last = id;
    }
    return check_unreadable(check, status, "the table of layouts", error);
}
