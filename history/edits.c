/* Batches of edits, each one transaction. */
#include "base/clock.h"
#include "history/extras.h"
#include "history/run.h"

#include <stdlib.h>

static bool is_key(const char *key) {
    return key && *key;
}

static enum status check(const struct history_edit *edit, struct error *error) {
    bool of_cell = edit->kind == HISTORY_EDIT_TEXT || edit->kind == HISTORY_EDIT_DELETE;
    if (!of_cell && edit->kind != HISTORY_EDIT_LAYOUT)
        return error_set(
            error, STATUS_INVALID, "cannot record an edit of kind %d", (int)edit->kind);
    if (of_cell && !is_key(edit->cell_key))
        return error_set(error, STATUS_INVALID, "cannot record an edit of a cell without id");
    if (of_cell && (edit->cause < HISTORY_CAUSE_RUN || edit->cause > HISTORY_CAUSE_REPLACE))
        return error_set(
            error, STATUS_INVALID, "cannot record an edit with cause %d", (int)edit->cause);
    if (edit->kind == HISTORY_EDIT_TEXT && ((int)edit->type < 0 || edit->type > HISTORY_CELL_RAW))
        return error_set(error, STATUS_INVALID, "cannot record a cell of type %d", (int)edit->type);
    if (edit->kind == HISTORY_EDIT_TEXT && edit->text_bytes > TEXT_MAX_BYTES)
        return error_set(
            error, STATUS_INVALID, "cannot record a cell of %zu bytes", edit->text_bytes);
    for (size_t i = 0; edit->kind == HISTORY_EDIT_LAYOUT && i < edit->key_count; i++) {
        if (!is_key(edit->keys[i]))
            return error_set(
                error, STATUS_INVALID, "cannot record a layout with a cell without id");
    }
    return STATUS_OK;
}

/* The head of another cell, as version id; 0: there is none. */
static enum status find_origin(struct history *history, const struct cell *cell, const char *key,
    int64_t *ret_origin, struct error *error) {
    struct cell other;
    enum status status = cell_find(history, cell->document_id, key, &other, error);
    if (status == STATUS_OK && other.head && other.id != cell->id)
        *ret_origin = version_id(other.document_id, other.head);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Of the new head: the origin that its row has, and the others. */
static enum status record_origins(struct history *history, const struct cell *cell,
    const struct history_edit *edit, int64_t first, struct error *error) {
    int64_t head = version_id(cell->document_id, cell->head);
    enum status status = first ? origin_record(history, head, first, error) : STATUS_OK;
    for (size_t i = 0; i < edit->origin_count && status == STATUS_OK; i++) {
        int64_t origin = 0;
        if (is_key(edit->origin_keys[i]))
            status = find_origin(history, cell, edit->origin_keys[i], &origin, error);
        if (status == STATUS_OK && origin && origin != first)
            status = origin_record(history, head, origin, error);
    }
    return status;
}

static enum status record_text(struct history_session *session, const struct history_edit *edit,
    int64_t time_us, struct history_edited *ret_edited, struct error *error) {
    struct history *history = session->history;
    struct cell cell;
    struct tree_change change = {
        .text = edit->text,
        .text_bytes = edit->text_bytes,
        .cause = edit->cause,
        .time_us = time_us,
    };
    enum status status = cell_find(history, session->document_id, edit->cell_key, &cell, error);
    if (status == STATUS_NOT_FOUND)
        status =
            cell_add(history, session->document_id, edit->cell_key, NULL, time_us, &cell, error);
    if (status == STATUS_OK && edit->type)
        status = cell_set_type(history, &cell, edit->type, error);
    const char *origin_key = is_key(edit->origin_key) ? edit->origin_key
                             : edit->origin_count     ? edit->origin_keys[0]
                                                      : NULL;
    if (status == STATUS_OK && is_key(origin_key))
        status = find_origin(history, &cell, origin_key, &change.origin, error);
    if (status != STATUS_OK)
        return status;
    ret_edited->cell_id = cell.id;
    ret_edited->new_cell = !cell.head;
    status =
        tree_set_text(history, &cell, &change, &ret_edited->new_version, &ret_edited->moved, error);
    ret_edited->version = cell.head;
    if (status == STATUS_OK && ret_edited->new_version)
        status = record_origins(history, &cell, edit, change.origin, error);
    if (status == STATUS_OK && edit->extras)
        status = extras_record(history, version_id(cell.document_id, cell.head), edit->extras,
            edit->extras_bytes, time_us, error);
    return status;
}

static enum status record_delete(struct history_session *session, const struct history_edit *edit,
    int64_t time_us, struct history_edited *ret_edited, struct error *error) {
    struct cell cell;
    enum status status =
        cell_find(session->history, session->document_id, edit->cell_key, &cell, error);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (status == STATUS_OK)
        status =
            cell_delete(session->history, &cell, edit->cause, time_us, &ret_edited->moved, error);
    if (status == STATUS_OK && cell.head) {
        ret_edited->cell_id = cell.id;
        ret_edited->version = cell.head;
    }
    return status;
}

static enum status record(struct history_session *session, const struct history_edit *edit,
    int64_t now_us, struct history_edited *ret_edited, struct error *error) {
    int64_t time_us = sane_time(edit->time_us, now_us);
    switch (edit->kind) {
    case HISTORY_EDIT_TEXT:
        return record_text(session, edit, time_us, ret_edited, error);
    case HISTORY_EDIT_DELETE:
        return record_delete(session, edit, time_us, ret_edited, error);
    case HISTORY_EDIT_LAYOUT:
        return layout_record(session->history, session->document_id, edit->keys, edit->key_count,
            time_us, &ret_edited->moved, error);
    }
    return check(edit, error);
}

/* What is there of the cell that an edit that came before was about. */
static enum status look_up(struct history_session *session, const struct history_edit *edit,
    struct history_edited *ret_edited, struct error *error) {
    struct cell cell;
    if (edit->kind == HISTORY_EDIT_LAYOUT)
        return STATUS_OK;
    enum status status =
        cell_find(session->history, session->document_id, edit->cell_key, &cell, error);
    if (status == STATUS_OK && cell.head)
        *ret_edited = (struct history_edited){.cell_id = cell.id, .version = cell.head};
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status read_sequence(
    struct history *history, const char *client, int64_t *ret_sequence, struct error *error) {
    static const char text[] = "SELECT sequence FROM clients WHERE name = ?";
    struct cell name; /* names are kept as keys are */
    cell_key_copy(&name, client);
    int64_t sequence = 0;
    enum status status = sql_int(&history->sql, &sequence, error, text, "s", name.key);
    if (status == STATUS_OK || status == STATUS_NOT_FOUND)
        *ret_sequence = sequence;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status write_sequence(struct history *history, const struct history_edits *edits,
    int64_t now_us, struct error *error) {
    static const char text[] = "INSERT OR REPLACE INTO clients (name, sequence, heard_us) "
                               "VALUES (?, ?, ?)";
    struct cell name;
    cell_key_copy(&name, edits->client);
    return sql_run(&history->sql, error, text, "sii", name.key, edits->sequence, now_us);
}

/* Inside the transaction. */
static enum status record_batch(struct history_session *session, const struct history_edits *edits,
    struct history_edited *edited, bool *ret_repeated, struct error *error) {
    struct history *history = session->history;
    int64_t now_us = clock_wall_us(), highest = 0;
    enum status status = STATUS_OK;
    bool numbered = is_key(edits->client);
    if (numbered)
        status = read_sequence(history, edits->client, &highest, error);
    bool repeated = numbered && highest && edits->sequence <= highest;
    if (status == STATUS_OK && numbered && !repeated)
        status = write_sequence(history, edits, now_us, error);
    if (status == STATUS_OK && session->keys_pass && !repeated)
        status = cells_adopt_batch(session, edits, error);
    for (size_t i = 0; i < edits->count && status == STATUS_OK; i++)
        status = repeated ? look_up(session, &edits->items[i], &edited[i], error)
                          : record(session, &edits->items[i], now_us, &edited[i], error);
    if (status == STATUS_OK)
        *ret_repeated = repeated;
    return status;
}

enum status history_record_edits(struct history_session *session, const struct history_edits *edits,
    struct history_edited *ret_edited, bool *ret_repeated, struct error *error) {
    struct sql *sql = &session->history->sql;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < edits->count && status == STATUS_OK; i++)
        status = check(&edits->items[i], error);
    if (status != STATUS_OK)
        return status;
    struct history_edited *edited = calloc(edits->count + 1, sizeof *edited);
    if (!edited)
        return fail_memory(session->history, error);
    bool repeated = false;
    status = sql_begin(sql, error);
    if (status == STATUS_OK) {
        status = record_batch(session, edits, edited, &repeated, error);
        status = sql_finish(sql, status, error);
    }
    for (size_t i = 0; i < edits->count && ret_edited && status == STATUS_OK; i++)
        ret_edited[i] = edited[i];
    if (status == STATUS_OK && ret_repeated)
        *ret_repeated = repeated;
    free(edited);
    return status;
}

enum status history_client_sequence(
    struct history *history, const char *client, int64_t *ret_sequence, struct error *error) {
    return read_sequence(history, client, ret_sequence, error);
}
