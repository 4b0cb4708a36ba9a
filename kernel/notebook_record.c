#include "kernel/notebook_record.h"

#include "kernel/cell_extras.h"
#include "kernel/fk_text.h"

#include <stdlib.h>
#include <string.h>

/* Commands for the history, what may become some, and a cell in which nothing was ever written. */
static bool leaves_no_trace(
    struct history_session *session, const struct notebook_cell *cell, const char *key) {
    enum fk_text_kind kind =
        cell->type == HISTORY_CELL_CODE ? fk_text_kind(cell->text) : FK_TEXT_OTHER;
    if (kind != FK_TEXT_BEGUN || strchr(cell->text, '%'))
        return kind != FK_TEXT_OTHER;
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_version head;
    struct error error;
    enum status status = history_read_head(history_session_history(session),
        history_session_document(session), key, &memory, &head, &error);
    history_memory_finish(&memory);
    return status == STATUS_NOT_FOUND;
}

struct recording {
    struct history_session *session;
    int64_t since_us;
    struct history_edit *edits; /* these have room for one more than the file has cells */
    struct buf *extras;
    const char **ids;  /* of the file's cells */
    const char **keys; /* of those that have one */
};

/* The cell has shown this text lately: it may have moved on since the file was written. */
static enum status is_news(const struct recording *recording, const struct notebook_cell *cell,
    const char *key, bool *ret_news, struct error *error) {
    bool showed = false;
    enum status status = STATUS_OK;
    if (recording->since_us)
        status = history_showed(history_session_history(recording->session),
            history_session_document(recording->session), key, cell->text, cell->text_bytes,
            recording->since_us, &showed, error);
    *ret_news = !showed;
    return status;
}

static enum status add_layout(const struct recording *recording, size_t key_count,
    struct history_edits *batch, struct error *error) {
    bool had = false;
    enum status status = STATUS_OK;
    if (recording->since_us)
        status = history_had_layout(history_session_history(recording->session),
            history_session_document(recording->session), recording->keys, key_count,
            recording->since_us, &had, error);
    if (status == STATUS_OK && !had)
        recording->edits[batch->count++] = (struct history_edit){.kind = HISTORY_EDIT_LAYOUT,
            .cause = HISTORY_CAUSE_FILE,
            .keys = recording->keys,
            .key_count = key_count};
    return status;
}

static enum status add_text(const struct recording *recording, const struct notebook_cell *cell,
    const char *key, struct buf *extras, struct history_edits *batch, struct error *error) {
    enum status status = cell_extras_append(cell->metadata, cell->attachments, extras, error);
    if (status == STATUS_OK)
        recording->edits[batch->count++] = (struct history_edit){.kind = HISTORY_EDIT_TEXT,
            .cell_key = key,
            .type = cell->type,
            .cause = HISTORY_CAUSE_FILE,
            .text = cell->text,
            .text_bytes = cell->text_bytes,
            .extras = buf_string(extras),
            .extras_bytes = extras->size};
    return status;
}

static enum status record_cells(
    const struct recording *recording, const struct notebook_file *file, struct error *error) {
    struct history_edits batch = {.items = recording->edits};
    enum status status = STATUS_OK;
    size_t key_count = 0, text_count = 0;
    for (size_t i = 0; i < file->count && status == STATUS_OK; i++) {
        const struct notebook_cell *cell = &file->cells[i];
        const char *key = recording->ids[i];
        bool news = true;
        if (!key || !*key)
            continue; /* told apart by their text when they are run */
        bool no_trace = leaves_no_trace(recording->session, cell, key);
        if (!no_trace || cell->id)
            recording->keys[key_count++] = key;
        if (no_trace)
            continue;
        text_count++;
        status = is_news(recording, cell, key, &news, error);
        if (status == STATUS_OK && news)
            status = add_text(recording, cell, key, &recording->extras[i], &batch, error);
    }
    if (status == STATUS_OK && text_count)
        status = add_layout(recording, key_count, &batch, error);
    if (status != STATUS_OK || !batch.count)
        return status;
    return history_record_edits(recording->session, &batch, NULL, NULL, error);
}

static bool has_ids(const struct notebook_file *file) {
    for (size_t i = 0; i < file->count; i++)
        if (file->cells[i].id && *file->cells[i].id)
            return true;
    return false;
}

/* As history_adopt_cells() says: under their ids, if the file has any. */
static enum status adopt(struct history_session *session, const struct notebook_file *file,
    struct history_memory *memory, const char **ret_keys, struct error *error) {
    struct history_page_cell *cells = calloc(file->count + 1, sizeof *cells);
    if (!cells)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < file->count; i++) {
        const struct notebook_cell *cell = &file->cells[i];
        cells[i] = (struct history_page_cell){
            cell->id && *cell->id ? cell->id : NULL, cell->text, cell->text_bytes};
    }
    enum status status =
        history_adopt_cells(session, cells, file->count, has_ids(file), memory, ret_keys, error);
    free(cells);
    return status;
}

/* The keys of all cells: their ids, or, in a notebook that has none, those of the cells that their
 * texts tell. */
static enum status find_keys(struct history_session *session, const struct notebook_file *file,
    struct history_memory *memory, const char **ret_keys, struct error *error) {
    if (!has_ids(file))
        return adopt(session, file, memory, ret_keys, error);
    for (size_t i = 0; i < file->count; i++)
        ret_keys[i] = file->cells[i].id;
    return STATUS_OK;
}

enum status notebook_record_adopt(
    struct history_session *session, const struct notebook_file *file, struct error *error) {
    return file->count ? adopt(session, file, NULL, NULL, error) : STATUS_OK;
}

enum status notebook_record(struct history_session *session, const struct notebook_file *file,
    int64_t since_us, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct recording recording = {
        .session = session,
        .since_us = since_us,
        .edits = calloc(file->count + 1, sizeof *recording.edits),
        .extras = calloc(file->count + 1, sizeof *recording.extras),
        .ids = calloc(file->count + 1, sizeof *recording.ids),
        .keys = calloc(file->count + 1, sizeof *recording.keys),
    };
    enum status status = recording.edits && recording.extras && recording.ids && recording.keys
                             ? find_keys(session, file, &memory, recording.ids, error)
                             : error_set(error, STATUS_NO_MEMORY, "out of memory");
    if (status == STATUS_OK)
        status = record_cells(&recording, file, error);
    for (size_t i = 0; recording.extras && i < file->count; i++)
        buf_finish(&recording.extras[i]);
    history_memory_finish(&memory);
    free(recording.edits);
    free(recording.extras);
    free(recording.ids);
    free(recording.keys);
    return status;
}
