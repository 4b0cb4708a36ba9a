/* The state tree of a document, and where its last session left it. */
#include "history/run.h"
#include "history/text_window.h"

#include <stdlib.h>

/* Into `ret_states`, with the number of the version; its text is not read yet. */
static enum status read_runs(struct history *history, int64_t document_id,
    struct history_memory *memory, struct memory_rows *list, struct error *error) {
    static const char text[] =
        "SELECT r.id, r.session_id, v.cell_id, r.version_id, r.execution_count, r.parent_run_id, "
        "r.status, r.started_us, r.ended_us, r.state, r.defines, r.effects "
        "FROM versions v CROSS JOIN runs r ON r.version_id = v.id "
        "WHERE v.id BETWEEN ?1 << 32 AND (?1 + 1 << 32) - 1 ORDER BY r.id";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    enum status status = sql_query(sql, &rows, error, text, "i", document_id);
    while (sql_row(sql, rows, &status, error)) {
        struct history_state_info *info = memory_rows_add(list, sizeof *info);
        const char *defines = memory_column(memory, rows, 10);
        const char *effects = memory_column(memory, rows, 11);
        if (!info || !defines || !effects) {
            sql_done(rows);
            return fail_memory(history, error);
        }
        *info = (struct history_state_info){
            .run_id = sqlite3_column_int64(rows, 0),
            .session_id = sqlite3_column_int64(rows, 1),
            .cell_id = sqlite3_column_int64(rows, 2),
            .version = version_number(sqlite3_column_int64(rows, 3)),
            .execution_count = sqlite3_column_int64(rows, 4),
            .parent_run_id = sqlite3_column_int64(rows, 5),
            .status = (enum history_run_status)sqlite3_column_int(rows, 6),
            .started_us = sqlite3_column_int64(rows, 7),
            .ended_us = sqlite3_column_int64(rows, 8),
            .state = (enum history_state)sqlite3_column_int(rows, 9),
            .defines = defines,
            .effects = effects,
        };
    }
    return status;
}

/* The first line of a version's text. */
struct heading {
    int64_t number;
    const char *summary;
};

static enum status read_heading(struct history *history, struct text_window *window,
    sqlite3_stmt *rows, struct history_memory *memory, struct heading *ret_heading,
    struct error *error) {
    struct version_row version = version_row_read(rows);
    struct buf text = BUF_INIT, summary = BUF_INIT;
    enum status status = text_window_read(history, window, &version, &text, error);
    if (status == STATUS_OK) {
        telling_append(&summary, buf_string(&text), text.size);
        *ret_heading = (struct heading){
            version_number(version.id), memory_copy(memory, buf_string(&summary), summary.size)};
        if (!buf_ok(&summary) || !ret_heading->summary)
            status = fail_memory(history, error);
    }
    buf_finish(&text);
    buf_finish(&summary);
    return status;
}

/* Of all versions, by number: a text is the base of others whether it was run or not. */
static enum status read_headings(struct history *history, int64_t document_id,
    struct history_memory *memory, struct memory_rows *headings, struct error *error) {
    static const char text[] =
        "SELECT " VERSION_COLUMNS
        " FROM versions v WHERE v.id BETWEEN ?1 << 32 AND (?1 + 1 << 32) - 1 ORDER BY v.id";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    struct text_window window = {0};
    enum status status = sql_query(sql, &rows, error, text, "i", document_id);
    while (sql_row(sql, rows, &status, error)) {
        struct heading *heading = memory_rows_add(headings, sizeof *heading);
        status = heading ? read_heading(history, &window, rows, memory, heading, error)
                         : fail_memory(history, error);
    }
    text_window_finish(&window);
    return status;
}

static const char *find_summary(const struct memory_rows *headings, int64_t number) {
    const struct heading *items = headings->items;
    size_t low = 0, high = headings->bytes / sizeof *items;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (items[middle].number == number)
            return items[middle].summary;
        if (items[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

enum status history_list_states(struct history *history, int64_t document_id,
    struct history_memory *memory, struct history_states *ret_states, struct error *error) {
    struct memory_rows list = {0}, headings = {0};
    /* the runs first: whatever is added meanwhile, their versions are there */
    enum status status = read_runs(history, document_id, memory, &list, error);
    if (status == STATUS_OK)
        status = read_headings(history, document_id, memory, &headings, error);
    struct history_state_info *infos = list.items;
    size_t count = list.bytes / sizeof *infos;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        infos[i].summary = find_summary(&headings, infos[i].version);
        if (!infos[i].summary)
            status = sql_fail(&history->sql, SQLITE_CORRUPT, error);
    }
    free(headings.items);
    const void *items = NULL;
    enum status moved = memory_rows_move(&list, memory, &items, status ? NULL : error);
    if (status == STATUS_OK)
        status = moved;
    if (status == STATUS_OK)
        *ret_states = (struct history_states){items, count};
    return status;
}

/* ---- where the last session left it ---- */

/* HISTORY_STATE_NEW, _PARTIAL; HISTORY_OK, HISTORY_INTERRUPTED */
#define OWN_TEXT "coalesce(r.state, 0) IN (2, 3) OR coalesce(r.state, 0) = 0 AND r.status IN (1, 3)"

/* The run, or its nearest ancestor, with a state of its own. */
static enum status find_left(
    struct history *history, int64_t run_id, int64_t *ret_run_id, struct error *error) {
    static const char text[] =
        "WITH RECURSIVE line (id, parent, own) AS (SELECT r.id, r.parent_run_id, " OWN_TEXT
        " FROM runs r WHERE r.id = ? UNION ALL SELECT r.id, r.parent_run_id, " OWN_TEXT
        " FROM line JOIN runs r ON r.id = line.parent WHERE NOT own AND r.id < line.id) "
        "SELECT id FROM line WHERE own";
    int64_t found = 0;
    enum status status = sql_int(&history->sql, &found, error, text, "i", run_id);
    if (status == STATUS_OK || status == STATUS_NOT_FOUND)
        *ret_run_id = found;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status history_last_state(struct history *history, int64_t document_id,
    int64_t except_session_id, int64_t *ret_run_id, struct error *error) {
    static const char text[] =
        "SELECT (SELECT max(id) FROM runs WHERE session_id = s.id) AS newest, state_run_id, "
        "coalesce(state_after_run_id >= (SELECT max(id) FROM runs WHERE session_id = s.id), 0) "
        "FROM sessions s WHERE document_id = ? AND id <> ? AND newest IS NOT NULL "
        "ORDER BY id DESC LIMIT 1";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    bool row = false;
    enum status status = sql_query(sql, &rows, error, text, "ii", document_id, except_session_id);
    if (status == STATUS_OK)
        status = sql_next(sql, rows, &row, error);
    if (status != STATUS_OK)
        return status;
    if (!row)
        return STATUS_NOT_FOUND;
    int64_t newest = sqlite3_column_int64(rows, 0);
    int64_t moved_to = sqlite3_column_int64(rows, 1);
    bool moved = sqlite3_column_int(rows, 2) != 0;
    sql_done(rows);
    if (!moved)
        return find_left(history, newest, ret_run_id, error);
    *ret_run_id = moved_to;
    return STATUS_OK;
}

enum status history_cut_off_run(struct history *history, const struct history_session *session,
    int64_t *ret_run_id, struct error *error) {
    /* HISTORY_KILLED */
    static const char text[] =
        "SELECT id FROM runs WHERE id = (SELECT max(id) FROM runs WHERE session_id = "
        "(SELECT max(s.id) FROM sessions s WHERE s.document_id = ?1 AND s.id < ?2 AND EXISTS "
        "(SELECT 1 FROM runs WHERE session_id = s.id))) AND status = 5 "
        "AND NOT EXISTS (SELECT 1 FROM runs WHERE session_id = ?2)";
    int64_t run_id = 0;
    enum status status =
        sql_int(&history->sql, &run_id, error, text, "ii", session->document_id, session->id);
    if (status == STATUS_OK || status == STATUS_NOT_FOUND)
        *ret_run_id = run_id;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}
