/* %fk undo, redo, goto, resume: which state the program is to go to. The kernel goes there. */
#include "kernel/fk/fk.h"
#include "kernel/state_plan.h"

#include <stdlib.h>
#include <string.h>

/* The command line has no program that could go anywhere. */
static enum status check_kernel(const struct fk_context *context, struct error *error) {
    if (context->states)
        return STATUS_OK;
    return error_set(error, STATUS_INVALID,
        "only a running kernel has a program that can go to another state: use %%fk in a cell");
}

static enum status check_no_words(size_t count, const char *name, struct error *error) {
    return count ? error_set(error, STATUS_INVALID, "%%fk %s takes no words behind it", name)
                 : STATUS_OK;
}

static void go(struct fk_context *context, int64_t run_id) {
    context->moves = true;
    context->move_to = run_id;
}

/* ---- undo ---- */

static enum status undo(
    struct fk_context *context, size_t count, const char *const *arguments, struct error *error) {
    (void)arguments;
    enum status status = check_kernel(context, error);
    if (status == STATUS_OK)
        status = check_no_words(count, "undo", error);
    if (status != STATUS_OK)
        return status;
    int64_t current = states_current_run(context->states);
    if (!current)
        return error_set(
            error, STATUS_NOT_FOUND, "there is no run to undo: the program is a fresh one");
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_states runs;
    status = history_list_states(context->history, context->document_id, &memory, &runs, error);
    if (status == STATUS_OK) {
        const struct history_state_info *run = state_plan_find(&runs, current);
        const struct history_state_info *parent = run ? state_plan_parent(&runs, run) : NULL;
        if (run) {
            go(context, parent ? parent->run_id : 0);
            fk_printf(context, "Run %lld [%lld] is undone%s%s%s.\n", (long long)run->run_id,
                (long long)run->execution_count,
                *run->effects ? ", but for what it did outside of its memory: it " : "",
                run->effects, "; %fk redo brings it back");
        } else {
            status = error_set(error, STATUS_NOT_FOUND,
                "run %lld, in whose state the program is, is not in this notebook's history",
                (long long)current);
        }
    }
    history_memory_finish(&memory);
    return status;
}

const struct fk_verb fk_undo = {
    .name = "undo",
    .arguments = "",
    .summary = "take back the last run: variables and definitions are as they were before it",
    .run = undo,
};

/* ---- redo ---- */

static enum status redo(
    struct fk_context *context, size_t count, const char *const *arguments, struct error *error) {
    (void)arguments;
    enum status status = check_kernel(context, error);
    if (status == STATUS_OK)
        status = check_no_words(count, "redo", error);
    if (status != STATUS_OK)
        return status;
    int64_t run_id = states_redo_run(context->states);
    if (!run_id)
        return error_set(error, STATUS_NOT_FOUND,
            "there is nothing to redo here; %%fk goto RUN goes to any state, %%fk states lists "
            "them");
    go(context, run_id);
    return STATUS_OK;
}

const struct fk_verb fk_redo = {
    .name = "redo",
    .arguments = "",
    .summary = "go forward again to where the last undo came from",
    .run = redo,
};

/* ---- goto ---- */

/* "[12]": the newest run of this kernel with this execution count. */
static enum status find_by_count(
    struct fk_context *context, const char *word, int64_t *ret_run_id, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_states runs;
    char *end;
    long long count = strtoll(word + 1, &end, 10);
    if (strcmp(end, "]") != 0)
        return error_set(
            error, STATUS_INVALID, "'%s' is neither a run such as 12 nor a cell [3]", word);
    enum status status =
        history_list_states(context->history, context->document_id, &memory, &runs, error);
    if (status != STATUS_OK)
        return status;
    *ret_run_id = 0;
    for (size_t i = 0; i < runs.count; i++)
        if (runs.items[i].session_id == context->session_id &&
            runs.items[i].execution_count == count)
            *ret_run_id = runs.items[i].run_id;
    history_memory_finish(&memory);
    if (!*ret_run_id)
        status = error_set(error, STATUS_NOT_FOUND,
            "no cell was recorded as [%lld] since this kernel started; %%fk states lists the runs",
            count);
    return status;
}

static enum status go_to(
    struct fk_context *context, size_t count, const char *const *arguments, struct error *error) {
    int64_t run_id = 0;
    enum status status = check_kernel(context, error);
    if (status == STATUS_OK && count != 1)
        status = error_set(error, STATUS_INVALID,
            "one run is needed: goto 12, or goto [3] for the cell that shows [3], or goto 0 for a "
            "fresh program");
    if (status != STATUS_OK)
        return status;
    if (strcmp(arguments[0], "0") == 0)
        status = STATUS_OK;
    else if (*arguments[0] == '[')
        status = find_by_count(context, arguments[0], &run_id, error);
    else
        status = fk_parse_run(arguments[0], &run_id, error);
    if (status == STATUS_OK)
        go(context, run_id);
    return status;
}

const struct fk_verb fk_goto = {
    .name = "goto",
    .arguments = "RUN | [COUNT] | 0",
    .summary = "go to the state that a run left; the next cell starts a new branch there",
    .run = go_to,
};

/* ---- resume ---- */

static enum status resume(
    struct fk_context *context, size_t count, const char *const *arguments, struct error *error) {
    int64_t run_id = 0;
    (void)arguments;
    enum status status = check_kernel(context, error);
    if (status == STATUS_OK)
        status = check_no_words(count, "resume", error);
    if (status != STATUS_OK)
        return status;
    status = history_last_state(
        context->history, context->document_id, context->session_id, &run_id, error);
    if (status == STATUS_NOT_FOUND)
        return error_set(error, status, "no earlier kernel has run cells of this notebook");
    if (status == STATUS_OK)
        go(context, run_id);
    return status;
}

const struct fk_verb fk_resume = {
    .name = "resume",
    .arguments = "",
    .summary = "after a restart: go to the state in which the last kernel was left",
    .run = resume,
};
