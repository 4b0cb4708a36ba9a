#include "kernel/replay.h"

#include "base/clock.h"
#include "kernel/comm/comm_go.h"
#include "kernel/kernel.h"
#include "kernel/output.h"
#include "kernel/state_plan.h"
#include "kernel/states.h"

#include <stdlib.h>
#include <string.h>

static void begin(struct kernel *kernel, struct replay wish);
static void step(struct kernel *kernel);

/* ---- what the engine reports while cells run again ---- */

static void on_stream(void *context, enum engine_stream stream, const void *data, size_t size) {
    struct kernel *kernel = context;
    replay_output_add_text(&kernel->replay.output, stream, data, size);
}

static void on_display(void *context, json_t *data, json_t *metadata, json_t *transient) {
    struct kernel *kernel = context;
    (void)metadata;
    (void)transient;
    replay_output_add_bundle(&kernel->replay.output, HISTORY_DISPLAY, data);
}

static void on_update_display(void *context, json_t *data, json_t *metadata, json_t *transient) {
    struct kernel *kernel = context;
    (void)metadata;
    (void)transient;
    replay_output_add_bundle(&kernel->replay.output, HISTORY_UPDATE, data);
}

static void on_execute_result(void *context, json_t *data, json_t *metadata) {
    struct kernel *kernel = context;
    (void)metadata;
    replay_output_add_bundle(&kernel->replay.output, HISTORY_RESULT, data);
}

static void on_clear_output(void *context, bool wait) {
    (void)context;
    (void)wait;
}

/* What the person typed is not recorded. */
static void on_input_request(void *context, const char *prompt, bool password) {
    struct kernel *kernel = context;
    (void)prompt;
    (void)password;
    kernel->engine->ops->input_reply(kernel->engine, NULL);
}

static void say(struct kernel *kernel, const struct buf *line) {
    if (!kernel->replay.speaks)
        return;
    front_text_push(&kernel->execution.text, ENGINE_STDOUT, buf_string(line), line->size);
    output_flush(kernel);
}

/* ---- the end ---- */

static void end(struct kernel *kernel, bool interrupted, const char *error) {
    struct replay *replay = &kernel->replay;
    struct replay_outcome outcome = {.arrived = !error, .interrupted = interrupted, .error = error};
    replay->running = false;
    output_connect_host(&kernel->host);
    kernel->host.done = execution_done;
    history_memory_finish(&replay->memory);
    free(replay->path);
    replay->path = NULL;
    replay_output_clear(&replay->output);
    comm_go_arrived(kernel, &outcome);
    replay->done(kernel, &outcome);
}

void replay_finish(struct replay *replay) {
    history_memory_finish(&replay->memory);
    free(replay->path);
    replay_output_finish(&replay->output);
    buf_finish(&replay->report);
    *replay = (struct replay){0};
}

/* ---- one cell after the other ---- */

static void compare(struct kernel *kernel, const struct history_state_info *run) {
    struct replay *replay = &kernel->replay;
    struct buf difference = BUF_INIT;
    struct error error;
    struct history *history = recorder_history(kernel->recorder, &error);
    if (!history || replay_output_compare(
                        &replay->output, history, run->run_id, &difference, &error) != STATUS_OK)
        buf_printf(&difference, "its recorded output cannot be read: %s", error.message);
    if (difference.size)
        buf_printf(&replay->report, "Run %lld [%lld]: %s.\n", (long long)run->run_id,
            (long long)run->execution_count, buf_string(&difference));
    buf_finish(&difference);
}

static void say_progress(struct kernel *kernel, const struct history_state_info *run) {
    struct replay *replay = &kernel->replay;
    struct buf line = BUF_INIT;
    char duration[CLOCK_DURATION_BYTES];
    clock_format_duration(clock_monotonic_us() - replay->started_us, duration);
    buf_printf(&line, "  %zu/%zu  run %lld [%lld]  %s  %s\n", replay->at, replay->count,
        (long long)run->run_id, (long long)run->execution_count, duration, run->summary);
    say(kernel, &line);
    buf_finish(&line);
}

static void stop_at(struct kernel *kernel, const struct history_state_info *run,
    const struct engine_outcome *outcome) {
    struct buf error = BUF_INIT;
    bool interrupted =
        outcome->result == ENGINE_ERROR && strcmp(outcome->ename, "KeyboardInterrupt") == 0;
    const struct state *current = states_of_run(kernel->states, states_current_run(kernel->states));
    if (interrupted)
        buf_printf(&error, "interrupted while run %lld was run again", (long long)run->run_id);
    else
        buf_printf(&error, "run %lld, run again, %s%s%s", (long long)run->run_id,
            outcome->result == ENGINE_ERROR ? "failed: " : "left no state",
            outcome->result == ENGINE_ERROR ? outcome->ename : "",
            outcome->result == ENGINE_ERROR ? ": " : "");
    if (outcome->result == ENGINE_ERROR && !interrupted)
        buf_append_string(&error, outcome->evalue);
    if (current)
        buf_printf(&error, "; the program is in the state of run %lld", (long long)current->run_id);
    else
        buf_append_string(&error, "; the program is a fresh one");
    end(kernel, interrupted, buf_string(&error));
    buf_finish(&error);
}

static void on_done(void *context, const struct engine_outcome *outcome) {
    struct kernel *kernel = context;
    struct replay *replay = &kernel->replay;
    const struct history_state_info *run = replay->path[replay->at];
    const struct state *known = states_of_run(kernel->states, run->run_id);
    if (outcome->state != ENGINE_STATE_NEW) {
        if (outcome->state != ENGINE_STATE_SAME) /* what was done by half is taken back */
            (void)states_recover(kernel->states);
        /* the process may have been on its way out when it got the cell */
        if (outcome->state == ENGINE_STATE_LOST && !replay->again)
            begin(kernel, (struct replay){.target = replay->target,
                              .document_id = replay->document_id,
                              .speaks = replay->speaks,
                              .again = true,
                              .done = replay->done});
        else
            stop_at(kernel, run, outcome);
        return;
    }
    struct state_left left = {
        .number = known ? known->number : states_next(kernel->states),
        .run_id = run->run_id,
        .duration_us = clock_monotonic_us() - replay->started_us,
        .is_unique = outcome->effects != NULL,
    };
    states_left(kernel->states, &left);
    compare(kernel, run);
    replay->at++;
    say_progress(kernel, run);
    comm_go_progress(kernel);
    if (!replay->stepping)
        step(kernel);
}

static bool begin_next(struct kernel *kernel, struct error *error) {
    struct replay *replay = &kernel->replay;
    const struct history_state_info *run = replay->path[replay->at];
    const struct state *known = states_of_run(kernel->states, run->run_id);
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_version version;
    struct history *history = recorder_history(kernel->recorder, error);
    if (!history)
        return false;
    enum status status =
        history_read_version(history, replay->document_id, run->version, &memory, &version, error);
    if (status == STATUS_OK) {
        struct engine_cell cell = {
            .code = version.text,
            .execution_count = run->execution_count,
            .state = known ? known->number : states_next(kernel->states),
        };
        replay_output_clear(&replay->output);
        replay->started_us = clock_monotonic_us();
        kernel->engine->ops->execute(kernel->engine, &cell);
    }
    history_memory_finish(&memory);
    return status == STATUS_OK;
}

/* An engine may end a cell before execute() returns. */
static void step(struct kernel *kernel) {
    struct replay *replay = &kernel->replay;
    size_t before;
    replay->stepping = true;
    do {
        struct error error;
        before = replay->at;
        if (replay->at == replay->count) {
            end(kernel, false, NULL);
        } else if (!begin_next(kernel, &error)) {
            end(kernel, false, error.message);
        }
    } while (replay->running && replay->at > before);
    replay->stepping = false;
}

/* ---- the beginning ---- */

static enum status find_path(
    struct kernel *kernel, int64_t run_id, struct state_plan *ret_plan, struct error *error) {
    struct replay *replay = &kernel->replay;
    struct history_states runs;
    *ret_plan = (struct state_plan){.kind = PLAN_LIVE};
    if (run_id == 0)
        return STATUS_OK;
    const struct state *state = states_of_run(kernel->states, run_id);
    if (state && states_is_live(kernel->states, state)) { /* a long history is not asked then */
        ret_plan->from = state->number;
        return STATUS_OK;
    }
    struct history *history = recorder_history(kernel->recorder, error);
    if (!history)
        return error->status;
    enum status status =
        history_list_states(history, replay->document_id, &replay->memory, &runs, error);
    if (status != STATUS_OK)
        return status;
    const struct history_state_info *run = state_plan_find(&runs, run_id);
    if (!run)
        return error_set(error, STATUS_NOT_FOUND,
            "this notebook has no run %lld; %%fk states lists them", (long long)run_id);
    if (!state_plan_is_state(run))
        run = state_plan_parent(&runs, run);
    if (!run) /* it failed in a fresh program */
        return STATUS_OK;
    *ret_plan = state_plan_make(&runs, kernel->states, run);
    if (ret_plan->kind == PLAN_IMPOSSIBLE) {
        struct buf why = BUF_INIT;
        state_plan_describe(ret_plan, &why);
        status = error_set(error, STATUS_UNSUPPORTED, "the state of run %lld is %s",
            (long long)run_id, buf_string(&why));
        buf_finish(&why);
        return status;
    }
    replay->count = (size_t)ret_plan->count;
    replay->path = calloc(replay->count + 1, sizeof *replay->path);
    if (!replay->path)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    state_plan_path(&runs, ret_plan, run, replay->path);
    return STATUS_OK;
}

static void say_beginning(struct kernel *kernel, const struct state_plan *plan) {
    struct buf line = BUF_INIT;
    char duration[CLOCK_DURATION_BYTES];
    clock_format_duration(plan->us, duration);
    buf_printf(&line,
        "Running %lld cell%s again, about %s; what they do outside their memory is "
        "done again too.\n",
        (long long)plan->count, plan->count == 1 ? "" : "s", duration);
    say(kernel, &line);
    buf_finish(&line);
}

static void begin(struct kernel *kernel, struct replay wish) {
    struct replay *replay = &kernel->replay;
    struct error error;
    struct state_plan plan;
    wish.running = true;
    do { /* again where a state turns out not to be live any more */
        replay_finish(replay);
        *replay = wish;
        if (find_path(kernel, wish.target, &plan, &error) != STATUS_OK) {
            end(kernel, false, error.message);
            return;
        }
    } while (!states_go(kernel->states, plan.from));
    if (plan.count) {
        say_beginning(kernel, &plan);
        comm_go_progress(kernel);
    }
    kernel->host.stream = on_stream;
    kernel->host.display = on_display;
    kernel->host.update_display = on_update_display;
    kernel->host.execute_result = on_execute_result;
    kernel->host.clear_output = on_clear_output;
    kernel->host.input_request = on_input_request;
    kernel->host.done = on_done;
    step(kernel);
}

void replay_go(
    struct kernel *kernel, int64_t document_id, int64_t run_id, bool speaks, replay_done *done) {
    begin(
        kernel, (struct replay){
                    .target = run_id, .document_id = document_id, .speaks = speaks, .done = done});
}

void replay_interrupt(struct kernel *kernel) {
    if (kernel->replay.running)
        kernel->engine->ops->interrupt(kernel->engine);
}

const char *replay_report(struct kernel *kernel) {
    return buf_string(&kernel->replay.report);
}
