#include "kernel/comm/history_comm.h"

#include "base/utf8.h"
#include "kernel/comm/comm_cells.h"
#include "kernel/comm/comm_edits.h"
#include "kernel/comm/comm_question.h"
#include "kernel/kernel.h"

#include <string.h>

enum { COMM_VERSION = 1 };

enum status comm_int(const struct comm_question *question, const char *name, int64_t *ret_value,
    struct error *error) {
    const json_t *value = json_object_get(question->data, name);
    if (!json_is_integer(value))
        return error_set(error, STATUS_INVALID, "'%s' is missing, or is no whole number", name);
    *ret_value = json_integer_value(value);
    return STATUS_OK;
}

enum status comm_string(const struct comm_question *question, const char *name,
    const char **ret_value, struct error *error) {
    *ret_value = json_string_value(json_object_get(question->data, name));
    return *ret_value ? STATUS_OK
                      : error_set(error, STATUS_INVALID, "'%s' is missing, or is no string", name);
}

json_t *comm_text_json(const char *text, size_t size) {
    struct buf clean = BUF_INIT;
    utf8_append_clean(&clean, text, size);
    json_t *json = json_stringn(buf_string(&clean), clean.size);
    buf_finish(&clean);
    return json;
}

const char *comm_cell_type(enum history_cell_type type) {
    bool known = type >= HISTORY_CELL_CODE && type <= HISTORY_CELL_RAW;
    return history_cell_type_name(known ? type : HISTORY_CELL_CODE);
}

/* The session that records this notebook: it is begun by the first edit as by the first run. */
static enum status open_question(
    struct comm_question *question, struct history_session **ret_session, struct error *error) {
    struct recorder *recorder = question->kernel->recorder;
    question->history = recorder_history(recorder, error);
    enum status status = question->history ? STATUS_OK : error->status;
    if (status == STATUS_OK) {
        *ret_session = recorder_session(
            recorder, notebook_watch_page(question->kernel, question->comm_id), error);
        status = *ret_session ? STATUS_OK : error->status;
    }
    if (status != STATUS_OK)
        return status;
    /* the store may be open anew: it could only be read a moment ago */
    question->history = history_session_history(*ret_session);
    question->document_id = history_session_document(*ret_session);
    return STATUS_OK;
}

static const struct comm_answer *find_answer(const char *name) {
    static const struct comm_answer *const all[] = {comm_queries, comm_notebooks, comm_logs,
        comm_diffs, comm_searches, comm_changes, comm_goes, comm_gones, comm_heads, comm_joins,
        comm_moments, comm_settings};
    for (size_t i = 0; name && i < sizeof all / sizeof *all; i++)
        for (const struct comm_answer *answer = all[i]; answer->name; answer++)
            if (strcmp(answer->name, name) == 0)
                return answer;
    return NULL;
}

static bool is_type(const json_t *data, const char *type) {
    const char *is = json_string_value(json_object_get(data, "type"));
    return is && strcmp(is, type) == 0;
}

/* Where the front end shows the notebook: the session is that of what lies there. */
static void read_path(
    struct kernel *kernel, const json_t *parent, const char *comm_id, const json_t *data) {
    const char *path = json_string_value(json_object_get(data, "path"));
    const char *session = json_string_value(json_object_get(data, "session"));
    if (!session)
        session = json_string_value(json_object_get(parent, "session"));
    if (path)
        notebook_watch_told(kernel, comm_id, path, session);
}

static enum status answer(const struct comm_question *question, struct history_session *session,
    json_t *reply, struct error *error) {
    const char *type = json_string_value(json_object_get(question->data, "type"));
    if (is_type(question->data, "edits"))
        return comm_edits_record(question, session, reply, error);
    const char *what = json_string_value(json_object_get(question->data, "what"));
    const struct comm_answer *found = find_answer(what);
    json_object_set_new(reply, "type", json_string("reply"));
    json_object_set(reply, "id", json_object_get(question->data, "id"));
    if (is_type(question->data, "path")) {
        json_object_set_new(reply, "document", json_integer((json_int_t)question->document_id));
        return STATUS_OK;
    }
    if (is_type(question->data, "cells"))
        return comm_cells_adopt(question, session, error);
    if (!type || strcmp(type, "request") != 0)
        return error_set(error, STATUS_INVALID,
            "a message is of 'type' \"request\", \"edits\", \"path\" or \"cells\", not \"%s\"",
            type ? type : "");
    if (!found)
        return error_set(error, STATUS_INVALID,
            "there is no question '%s'; docs/comm.md of forkernel lists them", what ? what : "");
    return found->run(question, reply, error);
}

static void on_message(struct kernel *kernel, json_t *parent, const char *comm_id, json_t *data) {
    struct comm_question question = {.kernel = kernel, .comm_id = comm_id, .data = data};
    struct history_session *session = NULL;
    struct error error;
    json_t *reply = json_object();
    if (is_type(data, "path"))
        read_path(kernel, parent, comm_id, data);
    enum status status = open_question(&question, &session, &error);
    if (status == STATUS_OK)
        status = answer(&question, session, reply, &error);
    if (status != STATUS_OK) {
        json_t *failed = json_pack(
            "{s:s, s:s, s:s}", "type", "reply", "status", "error", "error", error.message);
        json_object_set(failed, "id", json_object_get(data, "id"));
        json_object_set(failed, "sequence", json_object_get(data, "sequence"));
        json_object_set(failed, "edit", json_object_get(reply, "edit"));
        json_decref(reply);
        reply = failed;
    } else {
        json_object_set_new(reply, "status", json_string("ok"));
    }
    json_t *heads = json_incref(json_object_get(reply, "heads"));
    comms_send(kernel, parent, comm_id, reply);
    if (status == STATUS_OK && is_type(data, "cells")) /* what is known of them is known now */
        history_comm_changed(kernel, question.document_id, json_pack("{s:b}", "file", 1));
    if (json_object_size(heads))
        history_comm_changed(kernel, question.document_id, json_pack("{s:O}", "heads", heads));
    json_decref(heads);
}

/* The kernel before this one was killed while a cell ran: that the outputs are kept must be said.
 */
static void add_cut_off(
    const struct comm_question *question, const struct history_session *session, json_t *welcome) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_run_info run;
    struct error error;
    int64_t run_id = 0;
    if (history_cut_off_run(question->history, session, &run_id, &error) == STATUS_OK && run_id &&
        history_read_run(question->history, run_id, &memory, &run, &error) == STATUS_OK)
        json_object_set_new(welcome, "cut_off", comm_run_json(&run));
    history_memory_finish(&memory);
}

/* What the front end has to know first: which of its edits have arrived. */
static bool on_open(struct kernel *kernel, json_t *parent, const char *comm_id, json_t *data) {
    struct comm_question question = {.kernel = kernel, .comm_id = comm_id, .data = data};
    struct history_session *session = NULL;
    struct error error;
    int64_t sequence = 0;
    const char *client = json_string_value(json_object_get(data, "client"));
    read_path(kernel, parent, comm_id, data);
    enum status status = open_question(&question, &session, &error);
    if (status == STATUS_OK && client)
        status = history_client_sequence(question.history, client, &sequence, &error);
    json_t *welcome = json_pack("{s:s, s:i, s:I, s:s}", "type", "welcome", "version", COMM_VERSION,
        "sequence", (json_int_t)sequence, "status", status == STATUS_OK ? "ok" : "error");
    if (status != STATUS_OK)
        json_object_set_new(welcome, "error", json_string(error.message));
    else {
        json_object_set_new(welcome, "document", json_integer((json_int_t)question.document_id));
        add_cut_off(&question, session, welcome);
    }
    if (!recorder_is_enabled(kernel->recorder))
        json_object_set_new(welcome, "disabled", json_true());
    comms_send(kernel, parent, comm_id, welcome);
    comm_watch_start(kernel);
    return true;
}

static void on_close(struct kernel *kernel, json_t *parent, const char *comm_id, json_t *data) {
    (void)parent;
    (void)data;
    notebook_watch_closed(kernel, comm_id);
    if (comms_count(&kernel->comms, &history_comm_target) == 1) /* it is this one */
        comm_watch_stop(kernel);
}

const struct comm_target history_comm_target = {
    .name = "forkernel.history",
    .open = on_open,
    .message = on_message,
    .close = on_close,
};

void history_comm_push(struct kernel *kernel, const char *type, json_t *message) {
    json_object_set_new(message, "type", json_string(type));
    comms_send_all(kernel, &history_comm_target, message, NULL, NULL);
}

static bool shows(struct kernel *kernel, const char *comm_id, const void *document_id) {
    const char *path = notebook_watch_page(kernel, comm_id);
    return recorder_document_at(kernel->recorder, path) == *(const int64_t *)document_id;
}

void history_comm_changed(struct kernel *kernel, int64_t document_id, json_t *change) {
    json_object_set_new(change, "type", json_string("changed"));
    comms_send_all(kernel, &history_comm_target, change, document_id ? shows : NULL, &document_id);
}
