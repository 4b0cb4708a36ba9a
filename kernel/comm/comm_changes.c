/* What the comm can have changed besides edits: heads moved by restoring, cells that were deleted,
   labels and pins. */
#include "kernel/cell_extras.h"
#include "kernel/comm/comm_question.h"
#include "kernel/comm/history_comm.h"
#include "kernel/run_outputs.h"

#include <string.h>

/* What the front end puts into the cell: the version's text, the outputs of its last run, and what
   the cell had besides. */
static enum status add_contents(const struct comm_question *question,
    const struct history_version *version, json_t *reply, struct error *error) {
    const struct run_outputs_wish all = {0};
    json_t *outputs = NULL, *left_out = NULL;
    enum status status = STATUS_OK;
    if (version->runs.count)
        status = run_outputs_as_nbformat(question->history,
            &version->runs.items[version->runs.count - 1], &all, &outputs, &left_out, error);
    if (status == STATUS_OK) {
        json_object_update_new(reply, comm_version_json(version));
        json_object_set_new(reply, "outputs", outputs ? outputs : json_array());
        json_object_set_new(reply, "left_out", left_out ? left_out : json_array());
        status =
            cell_extras_read(question->history, question->document_id, version, 0, reply, error);
    }
    return status;
}

static enum status restore(
    const struct comm_question *question, json_t *reply, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_version version, before;
    const char *key = NULL;
    int64_t number = 0;
    enum status status = comm_int(question, "version", &number, error);
    if (status == STATUS_OK)
        status = history_read_version(
            question->history, question->document_id, number, &memory, &version, error);
    if (status == STATUS_OK)
        status = history_cell_key(question->history, version.cell_id, &memory, &key, error);
    if (status == STATUS_OK)
        status = history_read_head(
            question->history, question->document_id, key, &memory, &before, error);
    if (status == STATUS_OK)
        status = add_contents(question, &version, reply, error);
    if (status == STATUS_OK)
        status = history_move_head(
            question->history, question->document_id, number, HISTORY_CAUSE_RESTORE, 0, error);
    if (status == STATUS_OK) {
        json_object_set_new(reply, "head", json_true());
        json_object_set_new(reply, "cell", json_string(key));
        json_object_set_new(reply, "before", json_integer(before.number));
        history_comm_changed(question->kernel, question->document_id,
            json_pack("{s:I, s:s}", "head", (json_int_t)number, "cell", key));
    }
    history_memory_finish(&memory);
    return status;
}

static enum status find_deleted(const struct comm_question *question, const char *key,
    struct history_memory *memory, struct history_cell *ret_cell, struct error *error) {
    struct history_cells cells = {0};
    enum status status =
        history_list_cells(question->history, question->document_id, memory, &cells, error);
    for (size_t i = 0; i < cells.count && status == STATUS_OK; i++) {
        if (strcmp(cells.items[i].key, key) != 0)
            continue;
        *ret_cell = cells.items[i];
        return cells.items[i].deleted_us
                   ? STATUS_OK
                   : error_set(error, STATUS_INVALID, "cell '%s' is not deleted", key);
    }
    return status == STATUS_OK
               ? error_set(error, STATUS_NOT_FOUND, "the history has no cell '%s'", key)
               : status;
}

/* Where to put it. A cell whose place nobody recorded goes to the end. */
static enum status add_place(
    const struct comm_question *question, const char *key, json_t *reply, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    size_t index = 0;
    const char *after = "";
    enum status status = history_cell_place(
        question->history, question->document_id, key, &memory, &index, &after, error);
    if (status == STATUS_OK) {
        json_object_set_new(reply, "index", json_integer((json_int_t)index));
        json_object_set_new(reply, "after", json_string(after));
    } else if (status == STATUS_NOT_FOUND) {
        json_object_set_new(reply, "index", json_null());
        json_object_set_new(reply, "after", json_null());
        status = STATUS_OK;
    }
    history_memory_finish(&memory);
    return status;
}

static enum status undelete(
    const struct comm_question *question, json_t *reply, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_cell cell = {0};
    struct history_version version;
    const char *key = NULL;
    enum status status = comm_string(question, "cell", &key, error);
    if (status == STATUS_OK)
        status = find_deleted(question, key, &memory, &cell, error);
    if (status == STATUS_OK)
        status = history_read_version(
            question->history, question->document_id, cell.head, &memory, &version, error);
    if (status == STATUS_OK)
        status = add_contents(question, &version, reply, error);
    if (status == STATUS_OK)
        status = add_place(question, key, reply, error);
    if (status == STATUS_OK)
        status = history_move_head(
            question->history, question->document_id, cell.head, HISTORY_CAUSE_RESTORE, 0, error);
    if (status == STATUS_OK) {
        json_object_set_new(reply, "cell", json_string(key));
        json_object_set_new(reply, "cell_type", json_string(comm_cell_type(cell.type)));
        history_comm_changed(question->kernel, question->document_id,
            json_pack("{s:I, s:s}", "head", (json_int_t)cell.head, "cell", key));
    }
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
    history_comm_changed(question->kernel, question->document_id,
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

const struct comm_answer comm_changes[] = {
    {"restore", restore},
    {"undelete", undelete},
    {"label", label},
    {"pin", pin},
    {0},
};
