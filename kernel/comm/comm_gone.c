/* Notebooks of which there is no file any more. */
#include "kernel/comm/comm_question.h"

#include <stdlib.h>
#include <string.h>

enum { GONE_AT_ONCE = 200 };

static json_t *gone_json(const struct history_gone *gone) {
    json_t *json = json_pack("{s:I, s:I, s:I, s:I, s:I}", "document", (json_int_t)gone->document_id,
        "last_seen", (json_int_t)gone->last_seen_us, "cells", (json_int_t)gone->cells, "versions",
        (json_int_t)gone->versions, "runs", (json_int_t)gone->runs);
    comm_add_path(json, gone->path);
    return json;
}

/* The folder of this notebook, or of its last place; NULL: it never had one. */
static enum status read_folder(const struct comm_question *question, struct history_memory *memory,
    char **ret_folder, struct error *error) {
    const char *path = NULL;
    enum status status =
        history_document_path(question->history, question->document_id, memory, &path, error);
    const char *slash = status == STATUS_OK ? strrchr(path, '/') : NULL;
    if (!slash)
        return status;
    *ret_folder = strndup(path, (size_t)(slash - path));
    return *ret_folder ? STATUS_OK : error_set(error, STATUS_NO_MEMORY, "out of memory");
}

static enum status gone(const struct comm_question *question, json_t *reply, struct error *error) {
    bool everywhere = json_is_true(json_object_get(question->data, "everywhere"));
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_gone_list found = {0};
    char *folder = NULL;
    enum status status = everywhere ? STATUS_OK : read_folder(question, &memory, &folder, error);
    if (status == STATUS_OK && (folder || everywhere))
        status = history_list_gone(question->history, folder, &memory, &found, error);
    json_t *list = json_array();
    size_t at = 0;
    for (; at < found.count && json_array_size(list) < GONE_AT_ONCE; at++)
        if (!found.items[at].goes_on)
            json_array_append_new(list, gone_json(&found.items[at]));
    json_object_set_new(reply, "gone", list);
    json_object_set_new(reply, "more", json_boolean(at < found.count));
    json_object_set_new(reply, "document", json_integer((json_int_t)question->document_id));
    free(folder);
    history_memory_finish(&memory);
    return status;
}

const struct comm_answer comm_gones[] = {
    {"gone", gone},
    {0},
};
