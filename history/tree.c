/* The rules of the version tree: what a text does to the head of its cell. */
#include "base/clock.h"
#include "history/store.h"

/* Whoever changes a text by a command and does it again means the version that it made before. */
static bool repeats(enum history_cause cause) {
    return cause == HISTORY_CAUSE_PROGRAM || cause == HISTORY_CAUSE_FORMAT ||
           cause == HISTORY_CAUSE_REPLACE;
}

/* Does a text that the cell has had mean that version of it, or is it new all the same? */
static bool returns(enum history_cause cause) {
    switch (cause) {
    case HISTORY_CAUSE_RUN:
    case HISTORY_CAUSE_UNDO:
    case HISTORY_CAUSE_REDO:
    case HISTORY_CAUSE_RESTORE:
    case HISTORY_CAUSE_FILE:
        return true;
    default:
        return false;
    }
}

static enum status insert_move(struct history *history, const struct cell *cell, int64_t from,
    int64_t to, enum history_cause cause, int64_t time_us, struct error *error) {
    static const char text[] =
        "INSERT INTO moves (cell_id, from_number, to_number, time_us, cause, after_number)"
        " VALUES (?, ?, ?, ?, ?, ?)";
    int64_t last = 0;
    enum status status = version_last(history, cell->document_id, &last, error);
    if (status == STATUS_OK)
        status = sql_run(&history->sql, error, text, "iiiiii", cell->id, from, to, time_us,
            (int64_t)cause, last);
    return status;
}

enum status tree_move(struct history *history, struct cell *cell, int64_t to,
    enum history_cause cause, int64_t time_us, struct error *error) {
    static const char text[] = "UPDATE cells SET head = ?, deleted_us = ? WHERE id = ?";
    int64_t from = cell->deleted ? 0 : cell->head;
    if (from == to)
        return STATUS_OK;
    int64_t head = to ? to : cell->head;
    enum status status = insert_move(history, cell, from, to, cause, time_us, error);
    if (status == STATUS_OK)
        status =
            sql_run(&history->sql, error, text, "izi", head, to ? (int64_t)0 : time_us, cell->id);
    if (status == STATUS_OK) {
        cell->head = head;
        cell->deleted = !to;
    }
    return status;
}

/* A child of the head. */
static enum status grow(struct history *history, struct cell *cell,
    const struct tree_change *change, struct error *error) {
    static const char text[] = "UPDATE cells SET head = ? WHERE id = ?";
    int64_t number = 0;
    enum status status = STATUS_OK;
    if (cell->deleted)
        status = tree_move(history, cell, cell->head, change->cause, change->time_us, error);
    struct new_version version = {
        .document_id = cell->document_id,
        .cell_id = cell->id,
        .parent = cell->head,
        .origin = change->origin,
        .time_us = change->time_us,
        .cause = change->cause,
        .text = change->text,
        .text_bytes = change->text_bytes,
    };
    if (status == STATUS_OK)
        status = version_add(history, &version, &number, error);
    if (status == STATUS_OK)
        status = sql_run(&history->sql, error, text, "ii", number, cell->id);
    if (status == STATUS_OK)
        cell->head = number;
    return status;
}

enum status tree_set_text(struct history *history, struct cell *cell,
    const struct tree_change *change, bool *ret_new, bool *ret_moved, struct error *error) {
    int64_t before = cell->deleted ? 0 : cell->head, found = 0;
    bool same = false;
    enum status status = STATUS_OK;
    if (cell->head)
        status = version_has_text(history, version_id(cell->document_id, cell->head), change->text,
            change->text_bytes, &same, error);
    if (same)
        found = cell->head;
    else if (status == STATUS_OK && cell->head && returns(change->cause))
        status = version_find(history, cell, change->text, change->text_bytes,
            change->cause == HISTORY_CAUSE_REDO, &found, error);
    else if (status == STATUS_OK && cell->head && repeats(change->cause))
        status = version_find_child(history, cell, change->text, change->text_bytes, &found, error);
    if (status == STATUS_OK)
        status = found ? tree_move(history, cell, found, change->cause, change->time_us, error)
                       : grow(history, cell, change, error);
    if (status == STATUS_OK) {
        *ret_new = !found;
        *ret_moved = before != cell->head;
    }
    return status;
}

enum status history_move_head(struct history *history, int64_t document_id, int64_t number,
    enum history_cause cause, int64_t time_us, struct error *error) {
    static const char cell_text[] = "SELECT cell_id FROM versions WHERE id = ?";
    if (!version_number_fits(number))
        return version_missing(number, error);
    struct sql *sql = &history->sql;
    int64_t cell_id = 0;
    struct cell cell = {0};
    enum status status = sql_begin(sql, error);
    if (status != STATUS_OK)
        return status;
    status = sql_int(sql, &cell_id, error, cell_text, "i", version_id(document_id, number));
    if (status == STATUS_OK)
        status = cell_get(history, cell_id, &cell, error);
    if (status == STATUS_NOT_FOUND)
        status = version_missing(number, error);
    if (status == STATUS_OK)
        status =
            tree_move(history, &cell, number, cause, time_us ? time_us : clock_wall_us(), error);
    return sql_finish(sql, status, error);
}
