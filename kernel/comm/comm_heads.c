/* What cells show as the history has it, for a page that has texts of its own to compare. */
#include "base/clock.h"
#include "kernel/comm/comm_edits.h"
#include "kernel/comm/comm_question.h"

#include <string.h>

enum { CELLS_AT_ONCE = 1000 };

/* The version that the page's text is, or the head where it sends none. 0: none has the text. */
static enum status find_shown(const struct comm_question *question, const char *key,
    const json_t *text, const struct history_version *head, int64_t *ret_number,
    struct error *error) {
    *ret_number = head->number;
    return text ? history_find_text(question->history, question->document_id, key,
                      json_string_value(text), json_string_length(text), ret_number, error)
                : STATUS_OK;
}

/* Its last run, the one whose outputs belong to the text; null: it has none. */
static enum status last_run(const struct comm_question *question, int64_t number,
    const struct history_version *head, struct history_memory *memory, json_t **ret_run,
    struct error *error) {
    struct history_version version = {0};
    enum status status = STATUS_OK;
    if (number == head->number)
        version = *head;
    else if (number)
        status = history_read_version(
            question->history, question->document_id, number, memory, &version, error);
    if (status == STATUS_OK)
        *ret_run = version.runs.count ? comm_run_json(&version.runs.items[version.runs.count - 1])
                                      : json_null();
    return status;
}

/* STATUS_NOT_FOUND: the history has not met the cell. */
static enum status add_head(const struct comm_question *question, const char *key,
    const json_t *text, json_t *list, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_version head = {0};
    int64_t shown = 0, before = 0;
    json_t *run = NULL;
    enum status status =
        history_read_head(question->history, question->document_id, key, &memory, &head, error);
    if (status == STATUS_OK)
        status = find_shown(question, key, text, &head, &shown, error);
    if (status == STATUS_OK)
        status = history_before_file(question->history, question->document_id, key, &before, error);
    if (status == STATUS_OK)
        status = last_run(question, shown, &head, &memory, &run, error);
    if (status == STATUS_OK)
        json_array_append_new(
            list, json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:o}", "cell", key, "head",
                      (json_int_t)head.number, "hash",
                      (json_int_t)comm_edits_hash(head.text, head.text_bytes), "edited",
                      (json_int_t)head.created_us, "version", (json_int_t)shown, "before",
                      (json_int_t)before, "run", run));
    history_memory_finish(&memory);
    return status;
}

/* The first ones, as many as there is time for; the others are asked for again. */
static enum status heads(const struct comm_question *question, json_t *reply, struct error *error) {
    const json_t *cells = json_object_get(question->data, "cells");
    json_t *list = json_array(), *later = json_array(), *cell;
    int64_t began_us = clock_monotonic_us();
    enum status status = STATUS_OK;
    size_t index;
    if (!json_is_array(cells) || json_array_size(cells) > CELLS_AT_ONCE)
        status = error_set(
            error, STATUS_INVALID, "'cells' is an array of at most %d cells", CELLS_AT_ONCE);
    json_array_foreach((json_t *)cells, index, cell) {
        if (status != STATUS_OK)
            break;
        const char *key =
            json_string_value(json_is_object(cell) ? json_object_get(cell, "cell") : cell);
        const json_t *text = json_object_get(cell, "text");
        if (!key || (json_is_object(cell) && !json_is_string(text)))
            status = error_set(error, STATUS_INVALID,
                "an item of 'cells' is the id of a cell, or an object with its 'cell' and 'text'");
        else if (index && clock_monotonic_us() - began_us > COMM_BUDGET_US)
            json_array_append(later, cell);
        else
            status = add_head(question, key, text, list, error);
        if (status == STATUS_NOT_FOUND)
            status = STATUS_OK;
    }
    json_object_set_new(reply, "heads", list);
    json_object_set_new(reply, "later", later);
    return status;
}

const struct comm_answer comm_heads[] = {
    {"heads", heads},
    {0},
};
