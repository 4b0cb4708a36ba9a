#include "kernel/comm/comm_go.h"

#include "kernel/comm/comm_question.h"
#include "kernel/comm/history_comm.h"
#include "kernel/fk/fk.h"
#include "kernel/kernel.h"

#include <stdio.h>
#include <string.h>

/* ---- pushes ---- */

void comm_go_progress(struct kernel *kernel) {
    const struct replay *replay = &kernel->replay;
    history_comm_push(kernel, "state",
        json_pack("{s:b, s:I, s:I, s:I}", "running", 1, "wanted", (json_int_t)replay->target, "at",
            (json_int_t)replay->at, "of", (json_int_t)replay->count));
}

void comm_go_arrived(struct kernel *kernel, const struct replay_outcome *outcome) {
    json_t *message = json_pack("{s:b, s:I, s:I, s:b, s:o}", "running", 0, "wanted",
        (json_int_t)kernel->replay.target, "run", (json_int_t)states_current_run(kernel->states),
        "arrived", outcome->arrived, "report",
        comm_text_json(replay_report(kernel), strlen(replay_report(kernel))));
    if (outcome->error)
        json_object_set_new(message, "error", json_string(outcome->error));
    history_comm_push(kernel, "state", message);
}

void comm_go_recovered(struct kernel *kernel, bool complete, const char *words) {
    history_comm_push(kernel, "recovered",
        json_pack("{s:b, s:I, s:I, s:s}", "complete", complete, "cell_run",
            (json_int_t)recorder_run_id(kernel->recorder), "run",
            (json_int_t)states_current_run(kernel->states), "text", words));
}

/* ---- questions: the same verbs as %fk's ---- */

static void gather(void *context, const char *text, size_t size) {
    buf_append(context, text, size);
}

/* No cell is running: the program has arrived or stopped. */
static void on_arrived(struct kernel *kernel, const struct replay_outcome *outcome) {
    int64_t run_id = states_current_run(kernel->states);
    (void)outcome;
    recorder_move_state(kernel->recorder, run_id);
    history_comm_changed(kernel, 0, json_pack("{s:I}", "state", (json_int_t)run_id));
    execution_next(kernel);
}

static enum status go(const struct comm_question *question, const char *verb, size_t count,
    const char *const *words, json_t *reply, struct error *error) {
    struct kernel *kernel = question->kernel;
    struct buf said = BUF_INIT;
    struct fk_sink sink = {.context = &said, .text = gather};
    struct fk_context context = {
        .history = question->history,
        .document_id = question->document_id,
        .sink = &sink,
        .states = kernel->states,
        .session_id = recorder_session_of(kernel->recorder, question->document_id),
    };
    if (kernel->execution.running || kernel->execution.waiting)
        return error_set(error, STATUS_LOCKED,
            "a cell is running; interrupt it, or ask again when it has ended");
    if (kernel->replay.running)
        return error_set(error, STATUS_LOCKED,
            "the program is on its way to another state; interrupt it, or ask again when it is "
            "there");
    enum status status = fk_verb_find(verb)->run(&context, count, words, error);
    if (status == STATUS_OK) {
        json_object_set_new(reply, "text", comm_text_json(buf_string(&said), said.size));
        json_object_set_new(reply, "wanted", json_integer(context.move_to));
        replay_go(kernel, question->document_id, context.move_to, false, on_arrived);
    }
    buf_finish(&said);
    return status;
}

static enum status go_to(const struct comm_question *question, json_t *reply, struct error *error) {
    int64_t run_id = 0;
    char word[32];
    enum status status = comm_int(question, "run", &run_id, error);
    (void)snprintf(word, sizeof word, "%lld", (long long)run_id);
    return status == STATUS_OK ? go(question, "goto", 1, (const char *const[]){word}, reply, error)
                               : status;
}

static enum status undo(const struct comm_question *question, json_t *reply, struct error *error) {
    const json_t *steps = json_object_get(question->data, "count");
    char word[32];
    if (!steps)
        return go(question, "undo", 0, NULL, reply, error);
    (void)snprintf(word, sizeof word, "%lld", (long long)json_integer_value(steps));
    return go(question, "undo", 1, (const char *const[]){word}, reply, error);
}

static enum status redo(const struct comm_question *question, json_t *reply, struct error *error) {
    return go(question, "redo", 0, NULL, reply, error);
}

static enum status resume(
    const struct comm_question *question, json_t *reply, struct error *error) {
    return go(question, "resume", 0, NULL, reply, error);
}

const struct comm_answer comm_goes[] = {
    {"goto", go_to},
    {"undo", undo},
    {"redo", redo},
    {"resume", resume},
    {0},
};
