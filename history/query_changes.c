/* What was recorded since one looked last. */
#include "history/changes.h"
#include "history/store.h"

/* Runs are not looked for before the oldest that lasts. */
static enum status first_look(
    struct history *history, int64_t document_id, struct history_look *look, struct error *error) {
    static const char move_text[] = "SELECT coalesce(max(id), 0) FROM moves";
    static const char run_text[] =
        "SELECT coalesce((SELECT min(r.id) - 1 FROM sessions s CROSS JOIN runs r "
        "ON r.session_id = s.id WHERE s.ended_us IS NULL AND s.document_id = ? AND r.status = 0), "
        "(SELECT max(id) FROM runs), 0)";
    enum status status = sql_int(&history->sql, &look->move, error, move_text, "");
    if (status == STATUS_OK)
        status = sql_int(&history->sql, &look->run, error, run_text, "i", document_id);
    return status;
}

static enum status newest(struct history *history, int64_t document_id, const char *text,
    int64_t *ret_id, struct error *error) {
    return sql_int(&history->sql, ret_id, error, text, "i", document_id);
}

/* Cells with a version or a move that is new, or new themselves by these. */
static enum status find_cells(struct history *history, int64_t document_id,
    const struct history_look *look, struct history_memory *memory, struct memory_rows *list,
    struct error *error) {
    static const char text[] =
        "SELECT key, CASE WHEN deleted_us IS NULL THEN head ELSE 0 END FROM cells WHERE id IN ("
        "SELECT cell_id FROM versions WHERE id > ?2 AND id <= (?1 + 1 << 32) - 1 "
        "UNION SELECT cell_id FROM moves WHERE id > ?3) AND document_id = ?1";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    enum status status =
        sql_query(sql, &rows, error, text, "iii", document_id, look->version, look->move);
    while (sql_row(sql, rows, &status, error)) {
        struct history_changed_cell *cell = memory_rows_add(list, sizeof *cell);
        const char *key = memory_column(memory, rows, 0);
        if (!cell || !key) {
            sql_done(rows);
            return fail_memory(history, error);
        }
        *cell = (struct history_changed_cell){key, sqlite3_column_int64(rows, 1)};
    }
    return status;
}

/* `ret_ended`: up to which run all have ended. */
static enum status find_runs(struct history *history, int64_t document_id, int64_t after,
    struct history_memory *memory, struct memory_rows *list, int64_t *ret_ended,
    struct error *error) {
    static const char text[] =
        "SELECT r.id, r.session_id, r.version_id, c.key, r.status FROM runs r "
        "CROSS JOIN versions v ON v.id = r.version_id CROSS JOIN cells c ON c.id = v.cell_id "
        "WHERE r.id > ?2 AND +r.version_id BETWEEN ?1 << 32 AND (?1 + 1 << 32) - 1 ORDER BY r.id";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    int64_t ended = after;
    bool lasts = false;
    enum status status = sql_query(sql, &rows, error, text, "ii", document_id, after);
    while (sql_row(sql, rows, &status, error)) {
        struct history_changed_run *run = memory_rows_add(list, sizeof *run);
        const char *key = memory_column(memory, rows, 3);
        if (!run || !key) {
            sql_done(rows);
            return fail_memory(history, error);
        }
        *run = (struct history_changed_run){
            .run_id = sqlite3_column_int64(rows, 0),
            .session_id = sqlite3_column_int64(rows, 1),
            .version = version_number(sqlite3_column_int64(rows, 2)),
            .key = key,
            .status = (enum history_run_status)sqlite3_column_int(rows, 4),
        };
        lasts = lasts || run->status == HISTORY_RUNNING;
        if (!lasts)
            ended = run->run_id;
    }
    *ret_ended = ended;
    return status;
}

static enum status hash_marks(
    struct history *history, int64_t document_id, uint64_t *ret_hash, struct error *error) {
    static const char text[] =
        "SELECT subject, id, label, pinned FROM marks WHERE subject = 1 "
        "AND id BETWEEN ?1 << 32 AND (?1 + 1 << 32) - 1 UNION ALL "
        "SELECT m.subject, m.id, m.label, m.pinned FROM marks m CROSS JOIN runs r ON r.id = m.id "
        "WHERE m.subject = 2 AND r.version_id BETWEEN ?1 << 32 AND (?1 + 1 << 32) - 1";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    enum status status = sql_query(sql, &rows, error, text, "i", document_id);
    while (sql_row(sql, rows, &status, error)) {
        for (int column = 0; column < 4; column++) {
            const unsigned char *bytes = sqlite3_column_text(rows, column);
            int size = sqlite3_column_bytes(rows, column);
            for (int i = 0; i <= size && bytes; i++) /* with the NUL, which parts the columns */
                hash = (hash ^ bytes[i]) * 1099511628211u;
        }
    }
    *ret_hash = hash;
    return status;
}

struct found {
    struct memory_rows cells;
    struct memory_rows runs;
};

static enum status look_around(struct history *history, int64_t document_id,
    struct history_look *look, struct history_memory *memory, struct found *found,
    struct error *error) {
    static const char data_text[] = "PRAGMA data_version";
    static const char version_text[] =
        "SELECT coalesce(max(id), ?1 << 32) FROM versions WHERE id BETWEEN ?1 << 32 AND "
        "(?1 + 1 << 32) - 1";
    static const char layout_text[] =
        "SELECT coalesce(max(id), 0) FROM layouts WHERE id BETWEEN ?1 << 32 AND (?1 + 1 << 32) - 1";
    static const char move_text[] = "SELECT coalesce(max(id), 0) FROM moves";
    const struct history_look before = *look;
    enum status status = sql_int(&history->sql, &look->data_version, error, data_text, "");
    if (status == STATUS_OK && !before.data_version)
        status = first_look(history, document_id, look, error);
    if (status == STATUS_OK && before.data_version)
        status = find_cells(history, document_id, &before, memory, &found->cells, error);
    if (status == STATUS_OK && before.data_version)
        status =
            find_runs(history, document_id, before.run, memory, &found->runs, &look->run, error);
    if (status == STATUS_OK)
        status = sql_int(&history->sql, &look->move, error, move_text, "");
    if (status == STATUS_OK)
        status = newest(history, document_id, version_text, &look->version, error);
    if (status == STATUS_OK)
        status = newest(history, document_id, layout_text, &look->layout, error);
    if (status == STATUS_OK)
        status = hash_marks(history, document_id, &look->marks, error);
    return status;
}

enum status history_look(struct history *history, int64_t document_id, struct history_look *look,
    struct history_memory *memory, struct history_changes *ret_changes, struct error *error) {
    struct history_look now = *look;
    struct found found = {0};
    enum status status = sql_begin_reading(&history->sql, error);
    if (status != STATUS_OK)
        return status;
    status = look_around(history, document_id, &now, memory, &found, error);
    sql_end_reading(&history->sql);
    struct history_changes changes = {
        .elsewhere = look->data_version != now.data_version,
        .cell_count = found.cells.bytes / sizeof *changes.cells,
        .run_count = found.runs.bytes / sizeof *changes.runs,
        .layout = look->layout != now.layout,
        .marks = look->marks != now.marks,
    };
    const void *cells = NULL, *runs = NULL;
    enum status moved = memory_rows_move(&found.cells, memory, &cells, status ? NULL : error);
    if (status == STATUS_OK)
        status = moved;
    moved = memory_rows_move(&found.runs, memory, &runs, status ? NULL : error);
    if (status == STATUS_OK)
        status = moved;
    if (status != STATUS_OK)
        return status;
    changes.cells = cells;
    changes.runs = runs;
    *look = now;
    if (ret_changes)
        *ret_changes = changes;
    return STATUS_OK;
}

enum status history_last_version(
    struct history *history, int64_t document_id, int64_t *ret_number, struct error *error) {
    return version_last(history, document_id, ret_number, error);
}
