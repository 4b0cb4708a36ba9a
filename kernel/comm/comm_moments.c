/* The times of the notebook that mean something: what they are, and being told of one. */
#include "history/moments.h"
#include "kernel/comm/comm_question.h"

#include <string.h>

static enum status moments(
    const struct comm_question *question, json_t *reply, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_moments found = {0};
    enum status status =
        history_list_moments(question->history, question->document_id, &memory, &found, error);
    json_t *list = json_array();
    for (size_t i = 0; i < found.count; i++)
        json_array_append_new(
            list, json_pack("{s:s, s:I, s:I, s:I, s:I}", "kind",
                      history_moment_kind_name(found.items[i].kind), "time",
                      (json_int_t)found.items[i].time_us, "about", (json_int_t)found.items[i].about,
                      "cells", (json_int_t)found.items[i].changed_cells, "runs",
                      (json_int_t)found.items[i].runs));
    json_object_set_new(reply, "moments", list);
    history_memory_finish(&memory);
    return status;
}

/* What a front end is about to do that leaves no other trace, or none that tells what it was. */
static enum status moment(
    const struct comm_question *question, json_t *reply, struct error *error) {
    static const enum history_moment_kind told[] = {
        HISTORY_MOMENT_RESTORE, HISTORY_MOMENT_CLEAR_OUTPUTS};
    const char *name = NULL;
    enum status status = comm_string(question, "kind", &name, error);
    (void)reply;
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        if (strcmp(name, history_moment_kind_name(told[i])) == 0)
            return history_record_moment(question->history, question->document_id, told[i],
                json_integer_value(json_object_get(question->data, "time")),
                json_integer_value(json_object_get(question->data, "about")), error);
    return error_set(
        error, STATUS_INVALID, "'kind' is \"restore\" or \"clear-outputs\", not \"%s\"", name);
}

const struct comm_answer comm_moments[] = {
    {"moments", moments},
    {"moment", moment},
    {0},
};
