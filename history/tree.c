/* The rules of the version tree that executions and restores need. */
#include "base/clock.h"
#include "history/store.h"

#include <string.h>

/* Has version `id` exactly this text? The hash has been compared before. */
static enum status has_text(struct history *history, int64_t id, const char *text,
    size_t text_bytes, bool *ret_same, struct error *error) {
    struct buf stored = BUF_INIT;
    enum status status = version_read_text(history, id, &stored, error);
    if (status == STATUS_NOT_FOUND)
        status = sql_fail(&history->sql, SQLITE_CORRUPT, error);
    if (status == STATUS_OK)
        *ret_same = stored.size == text_bytes &&
                    (!text_bytes || memcmp(stored.data, text, text_bytes) == 0);
    buf_finish(&stored);
    return status;
}

enum { MAX_SAME = 64 };

/* The versions of the cell with this text, newest first. More than one comes from restores of
 * texts that other cells gave, or from a hash that collides. */
static enum status list_same(struct history *history, int64_t cell_id, const char *text,
    size_t text_bytes, int64_t *ret_ids, size_t *ret_count, struct error *error) {
    static const char query[] =
        "SELECT id FROM versions WHERE cell_id = ? AND hash = ? ORDER BY id DESC LIMIT ?";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    int64_t found[MAX_SAME];
    size_t count = 0;
    enum status status = sql_query(
        sql, &rows, error, query, "iii", cell_id, text_hash(text, text_bytes), (int64_t)MAX_SAME);
    bool row = status == STATUS_OK;
    while (status == STATUS_OK && row) {
        status = sql_next(sql, rows, &row, error);
        if (status == STATUS_OK && row)
            found[count++] = sqlite3_column_int64(rows, 0);
    }
    size_t same = 0;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        bool equal = false;
        status = has_text(history, found[i], text, text_bytes, &equal, error);
        if (equal)
            ret_ids[same++] = found[i];
    }
    if (status == STATUS_OK)
        *ret_count = same;
    return status;
}

/* Of several versions with one text: the nearest ancestor of the head (itself at best), else the
 * newest. */
static enum status pick(struct history *history, const struct cell *cell, const int64_t *ids,
    size_t count, int64_t *ret_id, struct error *error) {
    static const char query[] = "SELECT coalesce(parent, 0) FROM versions WHERE id = ?";
    int64_t picked = ids[0];
    int64_t number = count > 1 ? cell->head : 0;
    while (number) {
        int64_t id = version_id(cell->document_id, number);
        for (size_t i = 0; i < count; i++) {
            if (ids[i] == id) {
                *ret_id = id;
                return STATUS_OK;
            }
        }
        int64_t parent = 0;
        enum status status = sql_int(&history->sql, &parent, error, query, "i", id);
        if (status == STATUS_NOT_FOUND || (status == STATUS_OK && parent >= number))
            status = sql_fail(&history->sql, SQLITE_CORRUPT, error);
        if (status != STATUS_OK)
            return status;
        number = parent;
    }
    *ret_id = picked;
    return STATUS_OK;
}

static enum status set_head(
    struct history *history, int64_t cell_id, int64_t number, struct error *error) {
    static const char text[] = "UPDATE cells SET head = ?2, deleted_us = NULL "
                               "WHERE id = ?1 AND (head <> ?2 OR deleted_us IS NOT NULL)";
    return sql_run(&history->sql, error, text, "ii", cell_id, number);
}

/* A head that stays where it is has not moved, and no move is recorded; a deletion of the cell is
 * taken back all the same. */
static enum status move_head(struct history *history, int64_t cell_id, int64_t from, int64_t to,
    enum history_cause cause, int64_t time_us, struct error *error) {
    static const char text[] = "INSERT INTO moves (cell_id, from_number, to_number, time_us, cause)"
                               " VALUES (?, ?, ?, ?, ?)";
    enum status status = STATUS_OK;
    if (from != to)
        status = sql_run(
            &history->sql, error, text, "iiiii", cell_id, from, to, time_us, (int64_t)cause);
    if (status == STATUS_OK)
        status = set_head(history, cell_id, to, error);
    return status;
}

enum status tree_execute(struct history *history, struct cell *cell, const char *text,
    size_t text_bytes, int64_t time_us, bool *ret_new, struct error *error) {
    int64_t ids[MAX_SAME], same = 0;
    size_t count = 0;
    enum status status = STATUS_OK;
    if (cell->head)
        status = list_same(history, cell->id, text, text_bytes, ids, &count, error);
    if (status == STATUS_OK && count)
        status = pick(history, cell, ids, count, &same, error);
    if (status != STATUS_OK)
        return status;
    int64_t number = version_number(same);
    if (count) {
        status =
            move_head(history, cell->id, cell->head, number, HISTORY_CAUSE_RUN, time_us, error);
    } else {
        struct new_version version = {
            .document_id = cell->document_id,
            .cell_id = cell->id,
            .parent = cell->head,
            .time_us = time_us,
            .cause = HISTORY_CAUSE_RUN,
            .text = text,
            .text_bytes = text_bytes,
        };
        status = version_add(history, &version, &number, error);
        if (status == STATUS_OK)
            status = set_head(history, cell->id, number, error);
    }
    if (status == STATUS_OK) {
        cell->head = number;
        *ret_new = count == 0;
    }
    return status;
}

enum status history_move_head(struct history *history, int64_t document_id, int64_t number,
    enum history_cause cause, int64_t time_us, struct error *error) {
    static const char cell_text[] = "SELECT cell_id FROM versions WHERE id = ?";
    static const char head_text[] = "SELECT head FROM cells WHERE id = ?";
    if (!version_number_fits(number))
        return version_missing(number, error);
    struct sql *sql = &history->sql;
    int64_t cell_id = 0, head = 0;
    enum status status = sql_begin(sql, error);
    if (status != STATUS_OK)
        return status;
    status = sql_int(sql, &cell_id, error, cell_text, "i", version_id(document_id, number));
    if (status == STATUS_OK)
        status = sql_int(sql, &head, error, head_text, "i", cell_id);
    if (status == STATUS_NOT_FOUND)
        status = version_missing(number, error);
    if (status == STATUS_OK)
        status = move_head(
            history, cell_id, head, number, cause, time_us ? time_us : clock_wall_us(), error);
    return sql_finish(sql, status, error);
}
