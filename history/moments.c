#include "history/moments.h"
#include "base/clock.h"
#include "history/moment_rules.h"

#include <stdlib.h>
#include <string.h>

enum { CHANGES_BACK = 20000, RUNS_BACK = 5000, SAVES_BACK = 2000 };

const char *history_moment_kind_name(enum history_moment_kind kind) {
    static const char *const names[] = {
        [HISTORY_MOMENT_SAVED] = "saved",
        [HISTORY_MOMENT_RESTORE] = "restore",
        [HISTORY_MOMENT_CLEAR_OUTPUTS] = "clear-outputs",
        [HISTORY_MOMENT_SESSION] = "session",
        [HISTORY_MOMENT_RUN_ALL] = "run-all",
        [HISTORY_MOMENT_RESTART_RUN_ALL] = "restart-run-all",
        [HISTORY_MOMENT_CHANGE] = "change",
        [HISTORY_MOMENT_REPLACE] = "replace",
        [HISTORY_MOMENT_DELETE] = "delete",
        [HISTORY_MOMENT_FILE] = "file",
    };
    bool known = kind >= HISTORY_MOMENT_SAVED && kind <= HISTORY_MOMENT_FILE;
    return known ? names[kind] : "";
}

/* ---- recording ---- */

enum status history_record_moment(struct history *history, int64_t document_id,
    enum history_moment_kind kind, int64_t time_us, int64_t about, struct error *error) {
    static const char text[] = "INSERT OR IGNORE INTO moments (document_id, kind, time_us, about) "
                               "VALUES (?, ?, ?, ?)";
    int64_t now_us = clock_wall_us();
    if (kind < HISTORY_MOMENT_SAVED || kind > HISTORY_MOMENT_CLEAR_OUTPUTS)
        return error_set(error, STATUS_INVALID, "a moment of kind %d is not recorded", (int)kind);
    enum status status = sql_begin(&history->sql, error);
    if (status != STATUS_OK)
        return status;
    status = sql_run(&history->sql, error, text, "iiii", document_id, (int64_t)kind,
        time_us > 0 && time_us <= now_us ? time_us : now_us, about);
    return sql_finish(&history->sql, status, error);
}

/* ---- reading ---- */

struct reading {
    struct history *history;
    int64_t document_id;
    struct history_memory memory; /* of the changes */
    struct history_moves changes;
    struct memory_rows runs;     /* struct moment_run */
    struct memory_rows sessions; /* struct moment_session */
    struct buf order;            /* the ids of the cells as they stand in the notebook */
    struct memory_rows moments;  /* struct history_moment */
};

/* Cells that are in no order any more stand behind all others, as they were made. */
static size_t place_of(const struct buf *order, int64_t cell_id) {
    for (size_t i = 0; i < order->size / sizeof cell_id; i++) {
        int64_t id;
        memcpy(&id, order->data + i * sizeof id, sizeof id);
        if (id == cell_id)
            return i;
    }
    return order->size / sizeof cell_id + (size_t)cell_id;
}

static enum status read_runs(struct reading *reading, struct error *error) {
    static const char text[] =
        "SELECT r.session_id, v.cell_id, r.started_us, coalesce(r.ended_us, 0), r.id = "
        "(SELECT min(f.id) FROM runs f WHERE f.session_id = r.session_id) FROM (SELECT id FROM "
        "runs WHERE version_id BETWEEN ?1 << 32 AND (?1 + 1 << 32) - 1 ORDER BY id DESC LIMIT ?2) "
        "t CROSS JOIN runs r ON r.id = t.id CROSS JOIN versions v ON v.id = r.version_id "
        "ORDER BY r.id";
    struct sql *sql = &reading->history->sql;
    sqlite3_stmt *rows = NULL;
    enum status status =
        sql_query(sql, &rows, error, text, "ii", reading->document_id, (int64_t)RUNS_BACK);
    while (sql_row(sql, rows, &status, error)) {
        struct moment_run *run = memory_rows_add(&reading->runs, sizeof *run);
        int64_t cell_id = sqlite3_column_int64(rows, 1);
        if (run)
            *run = (struct moment_run){
                .session_id = sqlite3_column_int64(rows, 0),
                .cell_id = cell_id,
                .place = place_of(&reading->order, cell_id),
                .started_us = sqlite3_column_int64(rows, 2),
                .ended_us = sqlite3_column_int64(rows, 3),
                .is_first = sqlite3_column_int(rows, 4) != 0,
            };
    }
    return status;
}

static enum status read_sessions(struct reading *reading, struct error *error) {
    static const char text[] = "SELECT id, started_us FROM sessions WHERE document_id = ? "
                               "ORDER BY id";
    struct sql *sql = &reading->history->sql;
    sqlite3_stmt *rows = NULL;
    enum status status = sql_query(sql, &rows, error, text, "i", reading->document_id);
    while (sql_row(sql, rows, &status, error)) {
        struct moment_session *session = memory_rows_add(&reading->sessions, sizeof *session);
        if (session)
            *session = (struct moment_session){
                sqlite3_column_int64(rows, 0), sqlite3_column_int64(rows, 1)};
    }
    return status;
}

static enum status read_recorded(struct reading *reading, struct error *error) {
    static const char text[] = "SELECT kind, time_us, about FROM moments WHERE document_id = ? "
                               "ORDER BY time_us DESC LIMIT ?";
    struct sql *sql = &reading->history->sql;
    sqlite3_stmt *rows = NULL;
    enum status status =
        sql_query(sql, &rows, error, text, "ii", reading->document_id, (int64_t)SAVES_BACK);
    while (sql_row(sql, rows, &status, error)) {
        struct history_moment *moment = memory_rows_add(&reading->moments, sizeof *moment);
        if (moment)
            *moment = (struct history_moment){
                .kind = (enum history_moment_kind)sqlite3_column_int(rows, 0),
                .time_us = sqlite3_column_int64(rows, 1),
                .about = sqlite3_column_int64(rows, 2),
            };
    }
    return status;
}

static int by_time(const void *a, const void *b) {
    const struct history_moment *x = a, *y = b;
    if (x->time_us != y->time_us)
        return x->time_us > y->time_us ? 1 : -1;
    return (x->kind > y->kind) - (x->kind < y->kind);
}

static enum status apply_rules(struct reading *reading, struct error *error) {
    struct moment_facts facts = {
        .changes = reading->changes.items,
        .change_count = reading->changes.count,
        .runs = reading->runs.items,
        .run_count = reading->runs.bytes / sizeof *facts.runs,
        .sessions = reading->sessions.items,
        .session_count = reading->sessions.bytes / sizeof *facts.sessions,
    };
    bool lost = reading->runs.failed || reading->sessions.failed || reading->moments.failed;
    if (lost || moment_rules_apply(&facts, &reading->moments) != STATUS_OK)
        return fail_memory(reading->history, error);
    size_t count = reading->moments.bytes / sizeof(struct history_moment);
    if (count)
        qsort(reading->moments.items, count, sizeof(struct history_moment), by_time);
    return moment_rules_count(&facts, reading->moments.items, count) == STATUS_OK
               ? STATUS_OK
               : fail_memory(reading->history, error);
}
enum status history_list_moments(struct history *history, int64_t document_id,
    struct history_memory *memory, struct history_moments *ret_moments, struct error *error) {
    struct reading reading = {.history = history, .document_id = document_id};
    enum status status = sql_begin_reading(&history->sql, error);
    if (status != STATUS_OK)
        return status;
    status = history_read_log(
        history, document_id, CHANGES_BACK, &reading.memory, &reading.changes, error);
    if (status == STATUS_OK)
        status = layout_read(history, document_id, INT64_MAX, &reading.order, error);
    if (status == STATUS_OK)
        status = read_runs(&reading, error);
    if (status == STATUS_OK)
        status = read_sessions(&reading, error);
    if (status == STATUS_OK)
        status = read_recorded(&reading, error);
    sql_end_reading(&history->sql);
    if (status == STATUS_OK)
        status = apply_rules(&reading, error);
    history_memory_finish(&reading.memory);
    buf_finish(&reading.order);
    free(reading.runs.items);
    free(reading.sessions.items);
    size_t count = reading.moments.bytes / sizeof(struct history_moment);
    const void *items = NULL;
    enum status moved = memory_rows_move(&reading.moments, memory, &items, status ? NULL : error);
    if (status == STATUS_OK)
        status = moved;
    if (status == STATUS_OK)
        *ret_moments = (struct history_moments){items, count};
    return status;
}
