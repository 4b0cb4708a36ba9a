/*
 * How the state that a recorded run left can be had again: at once, by running cells again, or not
 * at all. Brings the recorded state tree and this kernel's live states together. Event loop thread,
 * or with `states` NULL (a terminal) any.
 */
#ifndef FORKERNEL_KERNEL_STATE_PLAN_H
#define FORKERNEL_KERNEL_STATE_PLAN_H

#include "base/buf.h"
#include "history/history.h"
#include "kernel/states.h"

enum state_plan_kind { PLAN_LIVE, PLAN_RUN_AGAIN, PLAN_IMPOSSIBLE };

struct state_plan {
    enum state_plan_kind kind;
    int64_t from;  /* the state to start from: its number in this kernel, 0: a fresh program */
    int64_t count; /* runs that are to be done again from there */
    int64_t us;    /* that they took */
    int64_t
        obstacle; /* PLAN_IMPOSSIBLE: the run that cannot be done again, 0 where one is missing */
    enum history_run_status obstacle_status;
};

/* The run in the list, which is oldest first, or NULL. */
const struct history_state_info *state_plan_find(const struct history_states *runs, int64_t run_id);

/* Did the run leave a state of its own? */
bool state_plan_is_state(const struct history_state_info *run);

/* The run whose state this one started from, runs that left none passed over; NULL: it was a fresh
   program, or one that is not in the list. */
const struct history_state_info *state_plan_parent(
    const struct history_states *runs, const struct history_state_info *run);

struct state_plan state_plan_make(const struct history_states *runs, const struct states *states,
    const struct history_state_info *run);

/* The runs that the plan wants done again, in their order; plan->count of them go to `ret_path`. */
void state_plan_path(const struct history_states *runs, const struct state_plan *plan,
    const struct history_state_info *run, const struct history_state_info **ret_path);

/* "live", "runs 3 cells again, about 1.2 s", "gone: run 9 was interrupted". */
void state_plan_describe(const struct state_plan *plan, struct buf *out);

#endif
