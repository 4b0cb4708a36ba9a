#include "kernel/state_plan.h"

#include "base/clock.h"

const struct history_state_info *state_plan_find(
    const struct history_states *runs, int64_t run_id) {
    size_t low = 0;
    size_t high = runs->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (runs->items[middle].run_id < run_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < runs->count && runs->items[low].run_id == run_id ? &runs->items[low] : NULL;
}

bool state_plan_is_state(const struct history_state_info *run) {
    if (run->state == HISTORY_STATE_UNKNOWN)
        return run->status == HISTORY_OK || run->status == HISTORY_INTERRUPTED;
    return run->state != HISTORY_STATE_SAME;
}

static bool can_run_again(const struct history_state_info *run) {
    return run->state == HISTORY_STATE_NEW ||
           (run->state == HISTORY_STATE_UNKNOWN && run->status == HISTORY_OK);
}

/* A run starts after the one whose state it starts from has ended: ids only fall on the way up. */
static const struct history_state_info *step_up(
    const struct history_states *runs, const struct history_state_info *run) {
    return run->parent_run_id < run->run_id ? state_plan_find(runs, run->parent_run_id) : NULL;
}

const struct history_state_info *state_plan_parent(
    const struct history_states *runs, const struct history_state_info *run) {
    do
        run = step_up(runs, run);
    while (run && !state_plan_is_state(run));
    return run;
}

/* Does the way up end in a fresh program, and not in a run that is not in the list? */
static bool starts_fresh(const struct history_states *runs, const struct history_state_info *run) {
    while (run && run->parent_run_id)
        run = step_up(runs, run);
    return run != NULL;
}

struct state_plan state_plan_make(const struct history_states *runs, const struct states *states,
    const struct history_state_info *run) {
    struct state_plan plan = {.kind = PLAN_LIVE};
    const struct history_state_info *last = run;
    for (; run; last = run, run = state_plan_parent(runs, run)) {
        const struct state *state = states ? states_of_run(states, run->run_id) : NULL;
        if (state && states_is_live(states, state)) {
            plan.from = state->number;
            return plan;
        }
        plan.kind = PLAN_RUN_AGAIN;
        if (!can_run_again(run))
            return (struct state_plan){
                .kind = PLAN_IMPOSSIBLE, .obstacle = run->run_id, .obstacle_status = run->status};
        plan.count++;
        plan.us += run->ended_us > run->started_us ? run->ended_us - run->started_us : 0;
    }
    if (!starts_fresh(runs, last))
        return (struct state_plan){.kind = PLAN_IMPOSSIBLE};
    return plan;
}

void state_plan_path(const struct history_states *runs, const struct state_plan *plan,
    const struct history_state_info *run, const struct history_state_info **ret_path) {
    for (int64_t i = plan->count; i > 0; i--) {
        ret_path[i - 1] = run;
        run = state_plan_parent(runs, run);
    }
}

void state_plan_describe(const struct state_plan *plan, struct buf *out) {
    char duration[CLOCK_DURATION_BYTES];
    switch (plan->kind) {
    case PLAN_LIVE:
        buf_append_string(out, "live");
        break;
    case PLAN_RUN_AGAIN:
        clock_format_duration(plan->us, duration);
        buf_printf(out, "runs %lld cell%s again, about %s", (long long)plan->count,
            plan->count == 1 ? "" : "s", duration);
        break;
    case PLAN_IMPOSSIBLE:
        if (plan->obstacle && plan->obstacle_status == HISTORY_ERROR)
            buf_printf(out, "gone: run %lld failed in the middle", (long long)plan->obstacle);
        else if (plan->obstacle)
            buf_printf(out, "gone: run %lld was %s", (long long)plan->obstacle,
                history_run_status_name(plan->obstacle_status));
        else
            buf_append_string(out, "gone: it came from a run that is not in this notebook");
        break;
    }
}
