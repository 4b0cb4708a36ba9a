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

/* `steps` runs back from `run`; NULL: to a fresh program. */
static enum status undo_runs(struct fk_context *context, const struct history_states *runs,
    const struct history_state_info *run, int64_t steps, struct error *error) {
    for (; steps && run; steps--) {
        fk_printf(context, "Run %lld [%lld] is undone", (long long)run->run_id,
            (long long)run->execution_count);
        if (*run->effects)
            fk_printf(context, ", but for what it did outside of its memory: it %s", run->effects);
        fk_printf(context, steps == 1 ? "; %%fk redo brings it back.\n" : ".\n");
        run = state_plan_parent(runs, run);
    }
    if (steps)
        return error_set(error, STATUS_NOT_FOUND, "there are not so many runs to undo");
    go(context, run ? run->run_id : 0);
    return STATUS_OK;
}

static enum status undo(
    struct fk_context *context, size_t count, const char *const *arguments, struct error *error) {
    enum status status = check_kernel(context, error);
    char *end = NULL;
    int64_t steps = count ? (int64_t)strtoll(arguments[0], &end, 10) : 1;
    if (status == STATUS_OK && (count > 1 || (end && *end) || steps < 1))
        status = error_set(error, STATUS_INVALID, "this is how: undo, or undo 3 for three runs");
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
        if (run)
            status = undo_runs(context, &runs, run, steps, error);
        else
            status = error_set(error, STATUS_NOT_FOUND,
                "run %lld, in whose state the program is, is not in this notebook's history",
                (long long)current);
    }
    history_memory_finish(&memory);
    return status;
}

const struct fk_verb fk_undo = {
    .name = "undo",
    .arguments = "[COUNT]",
    .summary = "take back the last run (or so many): variables and definitions are as before",
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

static enum status go_to(
    struct fk_context *context, size_t count, const char *const *arguments, struct error *error) {
    int64_t run_id = 0;
    enum status status = check_kernel(context, error);
    if (status == STATUS_OK && !count)
        status = error_set(error, STATUS_INVALID,
            "one run is needed: goto 12, or goto [3] for the cell that shows [3], or goto 0 for a "
            "fresh program");
    if (status != STATUS_OK)
        return status;
    struct buf typed = BUF_INIT;
    fk_join(count, arguments, NULL, &typed);
    if (strcmp(buf_string(&typed), "0") != 0)
        status = fk_find_run(context, buf_string(&typed), &run_id, error);
    buf_finish(&typed);
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
