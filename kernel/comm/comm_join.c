/* The document that this one began beside, and going on as that one. */
#include "history/join.h"
#include "kernel/comm/comm_question.h"
#include "kernel/comm/history_comm.h"
#include "kernel/kernel.h"

#include <string.h>

static const char *name_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

void comm_add_path(json_t *json, const char *path) {
    const char *name = name_of(path);
    json_object_set_new(json, "path", comm_text_json(path, strlen(path)));
    json_object_set_new(json, "name", comm_text_json(name, strlen(name)));
}

static json_t *origin_json(const struct history_origin *origin) {
    json_t *json = json_pack("{s:I, s:s, s:b, s:I}", "document", (json_int_t)origin->document_id,
        "how", origin->how == HISTORY_ORIGIN_COPY ? "copy" : "place", "there", origin->is_there,
        "since", (json_int_t)origin->since_us);
    comm_add_path(json, origin->path);
    return json;
}

static enum status origin(
    const struct comm_question *question, json_t *reply, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_origin_list origins = {0};
    const char *path = "";
    enum status status =
        history_list_origins(question->history, question->document_id, &memory, &origins, error);
    if (status == STATUS_OK)
        status =
            history_document_path(question->history, question->document_id, &memory, &path, error);
    json_t *list = json_array();
    for (size_t i = 0; i < origins.count; i++)
        json_array_append_new(list, origin_json(&origins.items[i]));
    json_object_set_new(reply, "origins", list);
    json_object_set_new(reply, "path", comm_text_json(path, strlen(path)));
    history_memory_finish(&memory);
    return status;
}

/* Pages learn it as when the path comes to be another document's. */
static enum status join(const struct comm_question *question, json_t *reply, struct error *error) {
    struct kernel *kernel = question->kernel;
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct buf text = BUF_INIT;
    const char *path = notebook_watch_page(kernel, question->comm_id), *joined = "";
    int64_t document_id = 0;
    if (!path)
        return error_set(
            error, STATUS_INVALID, "this kernel is for no notebook: there is nothing to continue");
    enum status status = comm_int(question, "document", &document_id, error);
    if (status == STATUS_OK)
        status = history_document_path(question->history, document_id, &memory, &joined, error);
    if (status == STATUS_OK)
        status = recorder_join(kernel->recorder, path, document_id, error);
    if (status == STATUS_OK) {
        buf_printf(&text, "%s continues the history of %s. What it recorded itself is kept.",
            name_of(path), name_of(joined));
        json_object_set_new(reply, "document", json_integer((json_int_t)document_id));
        json_object_set_new(reply, "text", comm_text_json(buf_string(&text), text.size));
        history_comm_changed(kernel, 0, json_pack("{s:s}", "path", path));
    }
    buf_finish(&text);
    history_memory_finish(&memory);
    return status;
}

const struct comm_answer comm_joins[] = {
    {"origin", origin},
    {"join", join},
    {0},
};
