/* The whole notebook as it was: at a time, before a run, or the one path that led to a state. */
#include "kernel/comm/comm_question.h"
#include "kernel/notebook_export.h"

#include <string.h>

/* `time` and `before` in one: 0 is now. */
static enum status read_time(
    const struct comm_question *question, int64_t *ret_time_us, struct error *error) {
    const json_t *before = json_object_get(question->data, "before");
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_run_info run = {0};
    enum status status = STATUS_OK;
    if (before)
        status = comm_read_run(question, json_integer_value(before), &memory, &run, error);
    if (status == STATUS_OK && before)
        status = notebook_export_time_before(
            question->history, question->document_id, &run, ret_time_us, error);
    else if (status == STATUS_OK)
        *ret_time_us = json_integer_value(json_object_get(question->data, "time"));
    history_memory_finish(&memory);
    return status;
}

/* As a list of what the cells were, without outputs: quick. */
static enum status list_cells(
    const struct comm_question *question, int64_t time_us, json_t *reply, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_notebook then = {0};
    enum status status = history_read_notebook(
        question->history, question->document_id, time_us, &memory, &then, error);
    json_t *list = json_array();
    for (size_t i = 0; i < then.count; i++) {
        const struct history_notebook_cell *cell = &then.items[i];
        json_array_append_new(list,
            json_pack("{s:s, s:s, s:I, s:I, s:o}", "cell", cell->key, "type",
                comm_cell_type(cell->type), "version", (json_int_t)cell->version, "run",
                (json_int_t)cell->run_id, "text", comm_text_json(cell->text, cell->text_bytes)));
    }
    json_object_set_new(reply, "cells", list);
    history_memory_finish(&memory);
    return status;
}

/* `document` asks for another notebook, such as one whose file is gone. */
static enum status notebook(const struct comm_question *asked, json_t *reply, struct error *error) {
    struct comm_question own = *asked;
    const struct comm_question *question = &own;
    const json_t *document = json_object_get(asked->data, "document");
    if (document && !json_is_integer(document))
        return error_set(error, STATUS_INVALID, "'document' is the number of a document");
    if (document)
        own.document_id = json_integer_value(document);
    const json_t *path = json_object_get(question->data, "path");
    const json_t *format = json_object_get(question->data, "format");
    bool whole = json_is_string(format) && strcmp(json_string_value(format), "nbformat") == 0;
    json_t *made = NULL;
    int64_t time_us = 0;
    if (format && !whole)
        return error_set(error, STATUS_INVALID,
            "'format' is \"nbformat\" for a whole notebook file, or left out for a list of cells");
    if (path && !whole)
        return error_set(error, STATUS_INVALID, "'path' goes with 'format' \"nbformat\"");
    enum status status = path ? STATUS_OK : read_time(question, &time_us, error);
    if (status == STATUS_OK && !whole)
        return list_cells(question, time_us, reply, error);
    if (status == STATUS_OK && path)
        status = notebook_export_path(
            question->history, question->document_id, json_integer_value(path), &made, error);
    else if (status == STATUS_OK)
        status =
            notebook_export_at(question->history, question->document_id, time_us, &made, error);
    if (status == STATUS_OK)
        json_object_set_new(reply, "notebook", made);
    return status;
}

const struct comm_answer comm_notebooks[] = {
    {"notebook", notebook},
    {0},
};
