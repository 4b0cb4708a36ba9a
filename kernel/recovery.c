#include "kernel/recovery.h"

#include "base/clock.h"
#include "kernel/comm/comm_go.h"
#include "kernel/kernel.h"
#include "kernel/output.h"
#include "kernel/state_plan.h"
#include "kernel/states.h"

enum { QUICK_US = 2000000 }; /* running cells again that took so long together is not asked for */

/* ---- where the program was, when that cannot be had at once ---- */

/* How the state that `run_id` left is to be had now. False when that cannot be told: there is no
   history. */
static bool make_plan(
    struct kernel *kernel, int64_t run_id, struct state_plan *ret_plan, bool *ret_harmless) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_states runs;
    struct error error;
    struct history *history = recorder_history(kernel->recorder, &error);
    const struct history_state_info *run = NULL;
    if (history && history_list_states(history, recorder_document_id(kernel->recorder), &memory,
                       &runs, &error) == STATUS_OK)
        run = state_plan_find(&runs, run_id);
    if (run) {
        *ret_plan = state_plan_make(&runs, kernel->states, run);
        *ret_harmless = true;
        for (int64_t i = 0; ret_plan->kind == PLAN_RUN_AGAIN && i < ret_plan->count; i++) {
            *ret_harmless = *ret_harmless && !*run->effects;
            run = state_plan_parent(&runs, run);
        }
    }
    history_memory_finish(&memory);
    return run != NULL || ret_plan->kind != PLAN_LIVE;
}

static void name_current(struct kernel *kernel, struct buf *line) {
    int64_t run_id = states_current_run(kernel->states);
    if (run_id)
        buf_printf(line, "Its variables are those after run %lld. ", (long long)run_id);
    else if (states_current(kernel->states))
        buf_append_string(line, "Its variables are those after an earlier cell. ");
    else
        buf_append_string(line, "It is a fresh one: nothing is defined. ");
}

/* The program could not go back to what `wanted` left. Say so, and see to what can be done. */
static void say_what_is_missing(struct kernel *kernel, int64_t wanted, struct buf *line) {
    struct state_plan plan = {.kind = PLAN_LIVE};
    bool harmless = false;
    kernel->rerun_id = 0;
    if (!wanted || !make_plan(kernel, wanted, &plan, &harmless)) {
        buf_append_string(line, "The process that held the program is gone, and there is no "
                                "checkpoint. ");
        name_current(kernel, line);
    } else if (plan.kind == PLAN_RUN_AGAIN && harmless && plan.us <= QUICK_US) {
        kernel->rerun_id = wanted;
        buf_append_string(line, "To have every variable as it was before this, the kernel now ");
        state_plan_describe(&plan, line);
        buf_append_char(line, '.');
    } else if (plan.kind == PLAN_IMPOSSIBLE) {
        buf_append_string(line, "The process that held the program is gone. ");
        name_current(kernel, line);
        buf_append_string(line, "What was there before this is ");
        state_plan_describe(&plan, line);
        buf_append_char(line, '.');
    } else {
        buf_append_string(line, "The process that held the program is gone. ");
        name_current(kernel, line);
        buf_printf(
            line, "%%fk goto %lld brings back what was there before this (", (long long)wanted);
        state_plan_describe(&plan, line);
        buf_append_string(line, ").");
    }
}

/* ---- after a cell ---- */

/* Was the last cell one of which nothing is recorded? Running cells again does not run it. */
static bool follows_unrecorded(struct kernel *kernel) {
    const struct state *before = states_find(kernel->states, states_current(kernel->states));
    return before && !before->run_id;
}

static void say_effects(const struct engine_outcome *outcome, struct buf *line) {
    if (outcome->effects)
        buf_printf(
            line, " What it did outside of its memory stays as it is: it %s.", outcome->effects);
    else
        buf_append_string(line, " Files that it wrote and the like stay as they are.");
}

static void go_back(
    struct kernel *kernel, const struct engine_outcome *outcome, json_t *traceback) {
    struct buf line = BUF_INIT;
    int64_t wanted = states_current_run(kernel->states);
    bool fresh = states_current(kernel->states) == 0;
    bool unrecorded = follows_unrecorded(kernel);
    bool complete = states_recover(kernel->states);
    if (!complete) {
        say_what_is_missing(kernel, wanted, &line);
        if (unrecorded)
            buf_append_string(&line, " What the last cell did, which was not recorded, is lost.");
    } else {
        buf_append_string(&line, fresh ? "Nothing was defined before this cell, and nothing is now."
                                       : "Every variable is as it was before this cell.");
        say_effects(outcome, &line);
    }
    json_array_append_new(traceback, json_string(buf_string(&line)));
    comm_go_recovered(kernel, complete, buf_string(&line));
    buf_finish(&line);
}

static enum history_state leave(
    struct kernel *kernel, enum engine_state state, const struct engine_outcome *outcome) {
    struct state_left left = {
        .number = states_next(kernel->states),
        .run_id = recorder_run_id(kernel->recorder),
        .duration_us = clock_monotonic_us() - kernel->execution.started_us,
        .is_unique = outcome->effects || state != ENGINE_STATE_NEW,
    };
    states_left(kernel->states, &left);
    return state == ENGINE_STATE_NEW ? HISTORY_STATE_NEW : HISTORY_STATE_PARTIAL;
}

void recovery_after_cell(
    struct kernel *kernel, const struct engine_outcome *outcome, json_t *traceback) {
    enum history_state left = HISTORY_STATE_SAME;
    struct buf effects = BUF_INIT;
    if (outcome->effects)
        buf_append_string(&effects, outcome->effects);
    if (follows_unrecorded(kernel))
        buf_printf(
            &effects, "%sfollowed a cell of which nothing is recorded", effects.size ? "; " : "");
    kernel->rerun_id = 0;
    switch (outcome->state) {
    case ENGINE_STATE_NEW:
    case ENGINE_STATE_PARTIAL:
        left = leave(kernel, outcome->state, outcome);
        break;
    case ENGINE_STATE_SPOILED:
        if (states_can_recover(kernel->states)) {
            go_back(kernel, outcome, traceback);
        } else {
            static const char stays[] = "What this cell changed before it ended stays as it is: "
                                        "there is no checkpoint of the state before it.";
            left = leave(kernel, outcome->state, outcome);
            json_array_append_new(traceback, json_string(stays));
            comm_go_recovered(kernel, false, stays);
        }
        break;
    case ENGINE_STATE_LOST:
        go_back(kernel, outcome, traceback);
        break;
    case ENGINE_STATE_SAME:
        break;
    }
    recorder_leaves(kernel->recorder, left, outcome->defines, buf_string(&effects));
    buf_finish(&effects);
}

/* ---- running again what is missing ---- */

static void on_run_again(struct kernel *kernel, const struct replay_outcome *outcome) {
    struct buf text = BUF_INIT;
    if (outcome->error)
        buf_printf(&text, "[forkernel: the variables could not all be brought back: %s.]\n",
            outcome->error);
    else if (*replay_report(kernel))
        buf_printf(&text, "[forkernel: the variables are back; not all went as before:]\n%s",
            replay_report(kernel));
    if (text.size)
        output_warning(kernel, buf_string(&text));
    buf_finish(&text);
    execution_next(kernel);
}

void recovery_run_again(struct kernel *kernel) {
    struct error error;
    int64_t run_id = kernel->rerun_id;
    kernel->rerun_id = 0;
    if (run_id && recorder_history(kernel->recorder, &error))
        replay_go(kernel, recorder_document_id(kernel->recorder), run_id, false, on_run_again);
}

void recovery_lost(void *context) {
    struct kernel *kernel = context;
    struct buf line = BUF_INIT;
    int64_t wanted = states_current_run(kernel->states);
    bool fresh = states_current(kernel->states) == 0;
    if (kernel->stopping || (states_recover(kernel->states) && fresh))
        return;
    bool complete = states_current_run(kernel->states) == wanted;
    if (complete)
        buf_append_string(&line, "the process that held the program was ended from outside; every "
                                 "variable is as it was.");
    else
        say_what_is_missing(kernel, wanted, &line);
    comm_go_recovered(kernel, complete, buf_string(&line));
    struct buf warning = BUF_INIT;
    buf_printf(&warning, "[forkernel: %s]\n", buf_string(&line));
    output_warning(kernel, buf_string(&warning));
    buf_finish(&warning);
    buf_finish(&line);
    recovery_run_again(kernel);
}

/* ---- %fk goto ---- */

void recovery_say_arrival(struct kernel *kernel, const struct replay_outcome *outcome) {
    struct buf text = BUF_INIT;
    int64_t run_id = states_current_run(kernel->states);
    buf_append_string(&text, replay_report(kernel));
    if (outcome->arrived && run_id)
        buf_printf(&text,
            "The program is in the state of run %lld: the next cell goes on from there.\n",
            (long long)run_id);
    else if (outcome->arrived)
        buf_append_string(&text, "The program is a fresh one: nothing is defined.\n");
    front_text_push(&kernel->execution.text, ENGINE_STDOUT, buf_string(&text), text.size);
    buf_finish(&text);
}
