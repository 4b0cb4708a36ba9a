/* What cells show and showed, as far as a front end has to tell its own texts from the history's.
 */
#include "history/version_list.h"

#include <stdlib.h>
#include <string.h>

enum { LAYOUTS_BACK = 16 };

enum status history_find_text(struct history *history, int64_t document_id, const char *cell_key,
    const char *text, size_t text_bytes, int64_t *ret_number, struct error *error) {
    struct cell cell;
    int64_t number = 0;
    enum status status = sql_begin_reading(&history->sql, error);
    if (status != STATUS_OK)
        return status;
    status = cell_find(history, document_id, cell_key, &cell, error);
    if (status == STATUS_OK && cell.head)
        status = version_find(history, &cell, text, text_bytes, false, &number, error);
    sql_end_reading(&history->sql);
    if (status == STATUS_OK)
        *ret_number = number;
    return status == STATUS_NOT_FOUND
               ? error_set(error, status, "the history has no cell '%s'", cell_key)
               : status;
}

/* ---- what a file took the place of ---- */

struct move {
    int64_t from, to, after;
    enum history_cause cause;
};

/* The cell's newest one; all zero: it has none. */
static enum status read_newest_move(
    struct history *history, int64_t cell_id, struct move *ret_move, struct error *error) {
    static const char text[] = "SELECT from_number, to_number, after_number, cause FROM moves "
                               "WHERE cell_id = ? ORDER BY id DESC LIMIT 1";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    bool row = false;
    enum status status = sql_query(sql, &rows, error, text, "i", cell_id);
    if (status == STATUS_OK)
        status = sql_next(sql, rows, &row, error);
    if (status != STATUS_OK)
        return status;
    *ret_move = (struct move){0};
    if (row) {
        *ret_move = (struct move){
            .from = sqlite3_column_int64(rows, 0),
            .to = sqlite3_column_int64(rows, 1),
            .after = sqlite3_column_int64(rows, 2),
            .cause = (enum history_cause)sqlite3_column_int(rows, 3),
        };
        sql_done(rows);
    }
    return STATUS_OK;
}

static enum status read_cause(
    struct history *history, int64_t id, enum history_cause *ret_cause, struct error *error) {
    static const char text[] = "SELECT cause FROM versions WHERE id = ?";
    int64_t cause = 0;
    enum status status = sql_int(&history->sql, &cause, error, text, "i", id);
    if (status == STATUS_OK)
        *ret_cause = (enum history_cause)cause;
    return status == STATUS_NOT_FOUND ? sql_fail(&history->sql, SQLITE_CORRUPT, error) : status;
}

static enum status find_before_file(
    struct history *history, const struct cell *cell, int64_t *ret_number, struct error *error) {
    struct version_list list = {0};
    struct move move;
    enum history_cause cause = HISTORY_CAUSE_RUN;
    enum status status = version_list_read(history, cell->id, &list, error);
    int64_t newest = status == STATUS_OK && list.count ? list.items[list.count - 1].number : 0;
    version_list_finish(&list);
    if (status == STATUS_OK)
        status = read_newest_move(history, cell->id, &move, error);
    if (status != STATUS_OK || !newest)
        return status;
    if (move.to && move.after >= newest) {
        if (move.cause == HISTORY_CAUSE_FILE && move.to == cell->head)
            *ret_number = move.from;
        return STATUS_OK;
    }
    status = read_cause(history, version_id(cell->document_id, newest), &cause, error);
    if (status == STATUS_OK && cause == HISTORY_CAUSE_FILE && newest == cell->head)
        status = version_parent(history, cell->document_id, newest, ret_number, error);
    return status;
}

enum status history_before_file(struct history *history, int64_t document_id, const char *cell_key,
    int64_t *ret_number, struct error *error) {
    struct cell cell;
    int64_t number = 0;
    enum status status = sql_begin_reading(&history->sql, error);
    if (status != STATUS_OK)
        return status;
    status = cell_find(history, document_id, cell_key, &cell, error);
    if (status == STATUS_OK && cell.head && !cell.deleted)
        status = find_before_file(history, &cell, &number, error);
    sql_end_reading(&history->sql);
    if (status == STATUS_OK)
        *ret_number = number;
    return status == STATUS_NOT_FOUND
               ? error_set(error, status, "the history has no cell '%s'", cell_key)
               : status;
}

/* ---- what was shown since a time ---- */

struct shown {
    struct history *history;
    const struct cell *cell;
    const char *text;
    size_t text_bytes;
    int64_t since_us;
    bool found;
};

/* 0 is no version. */
static enum status look_at(struct shown *shown, int64_t number, struct error *error) {
    if (!number || shown->found)
        return STATUS_OK;
    return version_has_text(shown->history, version_id(shown->cell->document_id, number),
        shown->text, shown->text_bytes, &shown->found, error);
}

/* What moves led to, and what they led away from: the first of them from what was there before. */
static enum status look_at_moves(struct shown *shown, struct error *error) {
    static const char text[] = "SELECT from_number, to_number FROM moves WHERE cell_id = ? "
                               "AND time_us >= ? ORDER BY id DESC";
    struct sql *sql = &shown->history->sql;
    struct memory_rows numbers = {0};
    sqlite3_stmt *rows = NULL;
    enum status status = sql_query(sql, &rows, error, text, "ii", shown->cell->id, shown->since_us);
    while (sql_row(sql, rows, &status, error)) {
        int64_t *pair = memory_rows_add(&numbers, 2 * sizeof *pair);
        if (pair) {
            pair[0] = sqlite3_column_int64(rows, 0);
            pair[1] = sqlite3_column_int64(rows, 1);
        }
    }
    if (status == STATUS_OK && numbers.failed)
        status = fail_memory(shown->history, error);
    const int64_t *items = numbers.items;
    for (size_t i = 0; i < numbers.bytes / sizeof *items && status == STATUS_OK; i++)
        status = look_at(shown, items[i], error);
    free(numbers.items);
    return status;
}

/* The versions made since, and what the first of them was made from. */
static enum status look_at_versions(struct shown *shown, struct error *error) {
    static const char text[] = "SELECT created_ms FROM versions WHERE id = ?";
    struct history *history = shown->history;
    int64_t document_id = shown->cell->document_id;
    struct version_list list = {0};
    enum status status = version_list_read(history, shown->cell->id, &list, error);
    for (size_t i = list.count; i-- > 0 && status == STATUS_OK && !shown->found;) {
        int64_t number = list.items[i].number, made_ms = 0, parent = 0;
        status =
            sql_int(&history->sql, &made_ms, error, text, "i", version_id(document_id, number));
        if (status != STATUS_OK || made_ms < shown->since_us / 1000)
            break;
        status = version_parent(history, document_id, number, &parent, error);
        if (status == STATUS_OK)
            status = look_at(shown, number, error);
        if (status == STATUS_OK)
            status = look_at(shown, parent, error);
    }
    version_list_finish(&list);
    return status == STATUS_NOT_FOUND ? sql_fail(&history->sql, SQLITE_CORRUPT, error) : status;
}

enum status history_showed(struct history *history, int64_t document_id, const char *cell_key,
    const char *text, size_t text_bytes, int64_t since_us, bool *ret_showed, struct error *error) {
    struct cell cell;
    struct shown shown = {history, &cell, text, text_bytes, since_us, false};
    enum status status = sql_begin_reading(&history->sql, error);
    if (status != STATUS_OK)
        return status;
    status = cell_find(history, document_id, cell_key, &cell, error);
    if (status == STATUS_OK)
        status = look_at(&shown, cell.head, error);
    if (status == STATUS_OK && !shown.found)
        status = look_at_moves(&shown, error);
    if (status == STATUS_OK && !shown.found)
        status = look_at_versions(&shown, error);
    sql_end_reading(&history->sql);
    if (status == STATUS_NOT_FOUND) /* a cell that nobody has met showed nothing */
        status = STATUS_OK;
    if (status == STATUS_OK)
        *ret_showed = shown.found;
    return status;
}

static enum status same_layout(struct history *history, int64_t layout_id, int64_t document_id,
    const char *const *keys, size_t count, bool *ret_same, struct error *error) {
    struct buf ids = BUF_INIT;
    enum status status = layout_read_by_id(history, layout_id, &ids, error);
    bool same = status == STATUS_OK && ids.size == count * sizeof(int64_t);
    for (size_t i = 0; i < count && same; i++) {
        struct cell cell;
        int64_t id;
        memcpy(&id, ids.data + i * sizeof id, sizeof id);
        status = cell_find(history, document_id, keys[i], &cell, error);
        same = status == STATUS_OK && cell.id == id;
    }
    buf_finish(&ids);
    if (status == STATUS_NOT_FOUND) /* a cell that is in no layout */
        status = STATUS_OK;
    if (status == STATUS_OK)
        *ret_same = same;
    return status;
}

enum status history_had_layout(struct history *history, int64_t document_id,
    const char *const *keys, size_t count, int64_t since_us, bool *ret_had, struct error *error) {
    static const char newest_text[] = "SELECT coalesce(max(id), 0) FROM layouts WHERE id BETWEEN "
                                      "?1 << 32 AND (?1 + 1 << 32) - 1";
    static const char time_text[] = "SELECT time_us FROM layouts WHERE id = ?";
    int64_t id = 0, time_us = 0;
    bool had = false;
    enum status status = sql_begin_reading(&history->sql, error);
    if (status != STATUS_OK)
        return status;
    status = sql_int(&history->sql, &id, error, newest_text, "i", document_id);
    /* back to the one that was there at `since_us` */
    for (int i = 0; i < LAYOUTS_BACK && status == STATUS_OK && !had && version_number(id); i++) {
        status = same_layout(history, id, document_id, keys, count, &had, error);
        if (status == STATUS_OK)
            status = sql_int(&history->sql, &time_us, error, time_text, "i", id--);
        if (time_us < since_us)
            break;
    }
    sql_end_reading(&history->sql);
    if (status == STATUS_NOT_FOUND)
        status = sql_fail(&history->sql, SQLITE_CORRUPT, error);
    if (status == STATUS_OK)
        *ret_had = had;
    return status;
}
