/* What the comm can have changed besides edits: heads moved by restoring, labels and pins. */
#include "kernel/comm/comm_question.h"
#include "kernel/comm/history_comm.h"
#include "kernel/run_outputs.h"

#include <string.h>

/* The version's text comes back with the outputs of its last run: what the front end puts into the
   cell. */
static enum status restore(
    const struct comm_question *question, json_t *reply, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_version version;
    int64_t number = 0;
    json_t *outputs = json_array();
    enum status status = comm_int(question, "version", &number, error);
    if (status == STATUS_OK)
        status = history_move_head(
            question->history, question->document_id, number, HISTORY_CAUSE_RESTORE, 0, error);
    if (status == STATUS_OK)
        status = history_read_version(
            question->history, question->document_id, number, &memory, &version, error);
    if (status == STATUS_OK && version.runs.count) {
        json_decref(outputs);
        outputs = NULL;
        status = run_outputs_as_nbformat(
            question->history, &version.runs.items[version.runs.count - 1], &outputs, error);
    }
    if (status == STATUS_OK) {
        json_object_update_new(reply, comm_version_json(&version));
        json_object_set(reply, "outputs", outputs);
        history_comm_changed(question->kernel, json_pack("{s:I}", "head", (json_int_t)number));
    }
    json_decref(outputs);
    history_memory_finish(&memory);
    return status;
}

/* Which version or run the request is about. */
static enum status read_subject(const struct comm_question *question,
    enum history_subject *ret_subject, int64_t *ret_number, struct error *error) {
    bool is_run = json_object_get(question->data, "run") != NULL;
    *ret_subject = is_run ? HISTORY_RUN : HISTORY_VERSION;
    return comm_int(question, is_run ? "run" : "version", ret_number, error);
}

static void tell(
    const struct comm_question *question, enum history_subject subject, int64_t number) {
    history_comm_changed(question->kernel,
        json_pack("{s:I}", subject == HISTORY_RUN ? "run" : "version", (json_int_t)number));
}

static enum status label(const struct comm_question *question, json_t *reply, struct error *error) {
    enum history_subject subject;
    int64_t number = 0;
    const char *text = NULL;
    (void)reply;
    enum status status = read_subject(question, &subject, &number, error);
    if (status == STATUS_OK)
        status = comm_string(question, "text", &text, error);
    if (status == STATUS_OK)
        status = history_set_label(
            question->history, question->document_id, subject, number, text, error);
    if (status == STATUS_OK)
        tell(question, subject, number);
    return status;
}

static enum status pin(const struct comm_question *question, json_t *reply, struct error *error) {
    enum history_subject subject;
    int64_t number = 0;
    (void)reply;
    enum status status = read_subject(question, &subject, &number, error);
    if (status == STATUS_OK)
        status = history_set_pinned(question->history, question->document_id, subject, number,
            json_is_true(json_object_get(question->data, "pinned")), error);
    if (status == STATUS_OK)
        tell(question, subject, number);
    return status;
}

static const struct comm_answer answers[] = {
    {"restore", restore},
    {"label", label},
    {"pin", pin},
};

const struct comm_answer *comm_change_at(size_t index) {
    return index < sizeof answers / sizeof *answers ? &answers[index] : NULL;
}
