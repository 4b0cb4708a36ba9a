#include "kernel/execution.h"

#include "base/clock.h"
#include "kernel/cell_place.h"
#include "kernel/comm/history_comm.h"
#include "kernel/dispatch.h"
#include "kernel/fk_cell.h"
#include "kernel/kernel.h"
#include "kernel/output.h"
#include "kernel/recovery.h"

#include <ctype.h>
#include <string.h>

enum {
    SHOWN_BYTES =
        512 *
        1024, /* of each stream of a run go out live, as much as the history keeps of a beginning */
    SHOWN_TAIL_BYTES = 64 * 1024,
    PREPARE_AFTER_MS = 250,
    TIDY_AFTER_MS = 2000,
    WATCH_EVERY_MS = 1000, /* memory, while a cell runs */
};

struct execution_beginning {
    const struct cell_place *place;
    const char *code;
    const json_t *deleted;
};

static void start_next(struct kernel *kernel);

void execution_init(struct execution *execution) {
    *execution = (struct execution){.flush_timer = -1, .tidy_timer = -1, .watch_timer = -1};
    front_text_init(&execution->text, SHOWN_BYTES, SHOWN_TAIL_BYTES);
}

void execution_finish(struct kernel *kernel) {
    struct execution *execution = &kernel->execution;
    while (execution->waiting) {
        struct request *request = execution->waiting;
        execution->waiting = request->next;
        request_finish(kernel, &request);
    }
    if (execution->running) {
        struct request *request = execution->running;
        execution->running = NULL;
        output_flush(kernel);
        request_finish(kernel, &request);
    }
    json_decref(execution->payload);
    json_decref(execution->last_parent);
    json_decref(execution->recorded_parent);
    execution->payload = NULL;
    execution->last_parent = execution->recorded_parent = NULL;
    front_text_finish(&execution->text);
}

struct request *execution_running(const struct execution *execution) {
    return execution->running;
}

void execution_add(struct kernel *kernel, struct request *request) {
    struct request **end = &kernel->execution.waiting;
    while (*end)
        end = &(*end)->next;
    *end = request;
    start_next(kernel);
}

static struct request *take_waiting(struct execution *execution) {
    struct request *request = execution->waiting;
    if (request) {
        execution->waiting = request->next;
        request->next = NULL;
    }
    return request;
}

static bool is_blank(const char *text) {
    while (isspace((unsigned char)*text))
        text++;
    return !*text;
}

static void reply_ok(
    struct kernel *kernel, struct request *request, json_t *answers, json_t *metadata) {
    json_t *payload = kernel->execution.payload;
    request_reply_with_metadata(kernel, request, "execute_reply", metadata,
        json_pack("{s:s, s:I, s:o, s:o}", "status", "ok", "execution_count",
            (json_int_t)kernel->execution.count, "payload",
            payload ? json_incref(payload) : json_array(), "user_expressions",
            answers ? json_incref(answers) : json_object()));
}

static void reply_error(struct kernel *kernel, struct request *request, const char *ename,
    const char *evalue, json_t *traceback, json_t *metadata) {
    request_reply_with_metadata(kernel, request, "execute_reply", metadata,
        json_pack("{s:s, s:I, s:s, s:s, s:O}", "status", "error", "execution_count",
            (json_int_t)kernel->execution.count, "ename", ename, "evalue", evalue, "traceback",
            traceback));
}

static void set_parent(struct execution *execution, json_t *header) {
    if (!header)
        return;
    json_incref(header);
    json_decref(execution->last_parent);
    execution->last_parent = header;
}

static int on_tidy(zloop_t *loop, int timer, void *context) {
    (void)loop;
    (void)timer;
    struct kernel *kernel = context;
    kernel->execution.tidy_timer = -1;
    if (!kernel->execution.running) {
        recorder_tidy(kernel->recorder);
        states_measure(kernel->states);
    }
    return 0;
}

static int on_quiet(zloop_t *loop, int timer, void *context) {
    (void)timer;
    struct kernel *kernel = context;
    states_prepare(kernel->states);
    kernel->execution.tidy_timer =
        zloop_timer(loop, TIDY_AFTER_MS - PREPARE_AFTER_MS, 1, on_tidy, kernel);
    return 0;
}

static void tidy_later(struct kernel *kernel) {
    struct execution *execution = &kernel->execution;
    if (execution->tidy_timer >= 0)
        zloop_timer_end(kernel->loop, execution->tidy_timer);
    execution->tidy_timer = zloop_timer(kernel->loop, PREPARE_AFTER_MS, 1, on_quiet, kernel);
}

/* What a running cell changes, the checkpoint before it holds on to. */
static int on_watch(zloop_t *loop, int timer, void *context) {
    (void)loop;
    (void)timer;
    struct kernel *kernel = context;
    states_measure_newest(kernel->states);
    return 0;
}

static void watch_memory(struct kernel *kernel, bool on) {
    struct execution *execution = &kernel->execution;
    if (execution->watch_timer >= 0)
        zloop_timer_end(kernel->loop, execution->watch_timer);
    execution->watch_timer =
        on ? zloop_timer(kernel->loop, WATCH_EVERY_MS, 0, on_watch, kernel) : -1;
}

/* The request is answered and idle follows; then it is the next one's turn. */
static void end_running(struct kernel *kernel) {
    struct request *request = kernel->execution.running;
    kernel->execution.running = NULL;
    kernel->execution.waiting_for_input = false;
    json_decref(kernel->execution.payload);
    kernel->execution.payload = NULL;
    watch_memory(kernel, false);
    request_finish(kernel, &request);
    if (kernel->execution
            .hidden) { /* what background work goes on printing belongs to the cell before */
        set_parent(&kernel->execution, kernel->execution.recorded_parent);
        recorder_pause(kernel->recorder, false);
    } else {
        tidy_later(kernel);
    }
}

/* Cells that wait are not run. Each is answered all the same. */
static void abort_waiting(struct kernel *kernel) {
    struct request *request;
    while ((request = take_waiting(&kernel->execution))) {
        request_begin(kernel, request);
        json_t *traceback = json_pack("[s]", "not run: a cell before this one failed");
        reply_error(
            kernel, request, "ExecutionAborted", "a cell before this one failed", traceback, NULL);
        json_decref(traceback);
        request_finish(kernel, &request);
    }
}

/* The running cell has failed. Where the front end wants that, what it had sent behind it is not
   run; cells that it sends once it has seen the reply are no part of that, so the sockets are read
   before. */
static void fail_running(struct kernel *kernel, const char *ename, const char *evalue,
    json_t *traceback, json_t *metadata) {
    bool abort = kernel->execution.stop_on_error;
    if (abort)
        kernel_read_channels(kernel);
    reply_error(kernel, kernel->execution.running, ename, evalue, traceback, metadata);
    end_running(kernel);
    if (abort)
        abort_waiting(kernel);
}

static json_t *user_expressions(const struct request *request) {
    return json_object_get(request->message->content, "user_expressions");
}

static void run_in_engine(struct kernel *kernel, struct request *request, const char *code) {
    struct execution *execution = &kernel->execution;
    struct engine_cell cell = {
        .code = code,
        .execution_count = execution->count,
        .silent = execution->silent,
        .allow_stdin = content_bool(request, "allow_stdin", true),
        .user_expressions = user_expressions(request),
        .state = states_next(kernel->states),
    };
    execution->started_us = clock_monotonic_us();
    watch_memory(kernel, true);
    kernel->engine->ops->execute(kernel->engine, &cell);
}

/* A cell that the engine has not seen is done; `payload` is stolen, NULL for none. What the front
 * end asks of the program with it, the engine answers. */
static void succeed_without_code(struct kernel *kernel, json_t *payload) {
    struct request *request = kernel->execution.running;
    kernel->execution.payload = payload;
    if (json_object_size(user_expressions(request))) {
        run_in_engine(kernel, request, "");
        return;
    }
    reply_ok(kernel, request, NULL, NULL);
    end_running(kernel);
}

static void fail_fk(struct kernel *kernel, const char *ename, const char *evalue) {
    json_t *traceback = json_pack("[s]", evalue);
    output_error(kernel, ename, evalue, traceback);
    fail_running(kernel, ename, evalue, traceback, NULL);
    json_decref(traceback);
}

/* `%fk goto` and its like have arrived, or not. */
static void on_moved(struct kernel *kernel, const struct replay_outcome *outcome) {
    struct execution *execution = &kernel->execution;
    struct request *request = execution->running;
    int64_t run_id = states_current_run(kernel->states);
    recorder_move_state(kernel->recorder, run_id);
    history_comm_changed(kernel, 0, json_pack("{s:I}", "state", (json_int_t)run_id));
    if (!request)
        return;
    recovery_say_arrival(kernel, outcome);
    front_text_end(&execution->text);
    output_flush(kernel);
    if (outcome->error)
        fail_fk(kernel, outcome->interrupted ? "KeyboardInterrupt" : "StateError", outcome->error);
    else
        succeed_without_code(kernel, NULL);
    start_next(kernel);
}

static void run_fk(struct kernel *kernel, const char *code, const struct cell_place *place) {
    struct fk_cell_outcome outcome = fk_cell_run(kernel, code, place);
    output_flush(kernel);
    if (outcome.error) {
        fail_fk(kernel, "HistoryError", outcome.error);
    } else if (outcome.moves) {
        replay_go(kernel, outcome.document_id, outcome.move_to, true, on_moved);
    } else {
        succeed_without_code(kernel, outcome.payload);
        outcome.payload = NULL;
    }
    fk_cell_outcome_finish(&outcome);
}

/* What pages that show the history are told of a recorded run; NULL for any other. */
static json_t *describe_run(struct kernel *kernel, enum history_run_status status) {
    const struct history_run *run = recorder_run(kernel->recorder);
    if (!run)
        return NULL;
    struct history_run_place place = history_run_place(run);
    return json_pack("{s:I, s:s, s:I, s:s}", "run", (json_int_t)place.run_id, "cell",
        place.cell_key, "version", (json_int_t)place.version, "status",
        history_run_status_name(status));
}

static void tell_run(struct kernel *kernel, enum history_run_status status) {
    json_t *change = describe_run(kernel, status);
    if (change)
        history_comm_changed(kernel, recorder_document_id(kernel->recorder), change);
}

void execution_begin(struct kernel *kernel) {
    struct execution *execution = &kernel->execution;
    const struct execution_beginning *beginning = execution->beginning;
    if (!beginning)
        return;
    execution->beginning = NULL;
    request_begin(kernel, execution->running);
    if (!execution->silent)
        kernel_publish_new(kernel, execution->last_parent, "execute_input",
            json_pack("{s:s, s:I}", "code", beginning->code, "execution_count",
                (json_int_t)execution->count));
    if (execution->hidden)
        return;
    recorder_begin(kernel->recorder, beginning->place, beginning->code, execution->count,
        states_current_run(kernel->states), beginning->deleted);
    tell_run(kernel, HISTORY_RUNNING);
}

static void start(struct kernel *kernel, struct request *request) {
    struct execution *execution = &kernel->execution;
    struct buf code_bytes = BUF_INIT;
    const char *code = content_code(request, &code_bytes);
    execution->silent = content_bool(request, "silent", false);
    bool store = !execution->silent && content_bool(request, "store_history", true);
    bool blank = is_blank(code);
    execution->stop_on_error = content_bool(request, "stop_on_error", true);

    execution->hidden = !store || blank || fk_cell_is_command(code);

    /* what came late belongs to the cell before */
    front_text_end(&execution->text);
    output_flush(kernel);
    front_text_restart(&execution->text);
    execution->running = request;
    set_parent(execution, request->message->header);
    if (!execution->hidden) {
        json_decref(execution->recorded_parent);
        execution->recorded_parent = json_incref(request->message->header);
    }
    recorder_pause(kernel->recorder, execution->hidden);
    if (store && !blank)
        execution->count++;

    const char *session = json_string_value(json_object_get(request->message->header, "session"));
    struct cell_place place =
        cell_place_find(request->message->metadata, notebook_watch_sender(kernel, session));
    struct execution_beginning beginning = {
        .place = &place,
        .code = code,
        .deleted = json_object_get(request->message->metadata, "deletedCells"),
    };
    execution->beginning = &beginning;
    if (fk_cell_is_command(code)) {
        execution_begin(kernel);
        run_fk(kernel, code, &place);
    } else if (blank) {
        execution_begin(kernel);
        succeed_without_code(kernel, NULL);
    } else {
        run_in_engine(kernel, request, code);
        /* the engine is at work in its own processes by now; what it reports earlier brings this
         * about itself */
        execution_begin(kernel);
    }
    cell_place_finish(&place);
    buf_finish(&code_bytes);
}

/* A cell may end before start() returns, which brings us here a second time: the first time goes
 * on. */
static void start_next(struct kernel *kernel) {
    struct execution *execution = &kernel->execution;
    struct request *request;
    if (execution->holding || kernel->replay.running)
        return;
    execution->holding = true;
    while (!execution->running && (request = take_waiting(execution)))
        start(kernel, request);
    execution->holding = false;
}

static json_t *reply_metadata(struct kernel *kernel, const struct engine_outcome *outcome) {
    json_t *timing = outcome->timing ? json_copy(outcome->timing) : json_object();
    json_object_set_new(timing, "record", json_integer(recorder_take_time_us(kernel->recorder)));
    struct states_summary states = states_summarize(kernel->states);
    json_t *checkpoint = json_pack("{s:I, s:I}", "fork", (json_int_t)states.cost_us, "pause",
        (json_int_t)states.pause_us); /* the newest: it was taken after the cell before */
    return json_pack(
        "{s:{s:o, s:o}}", "forkernel", "timing_us", timing, "checkpoint_us", checkpoint);
}

static enum history_run_status run_status(const struct engine_outcome *outcome) {
    if (outcome->result == ENGINE_OK)
        return HISTORY_OK;
    return strcmp(outcome->ename, "KeyboardInterrupt") == 0 ? HISTORY_INTERRUPTED : HISTORY_ERROR;
}

void execution_next(struct kernel *kernel) {
    start_next(kernel);
}

void execution_done(void *context, const struct engine_outcome *outcome) {
    struct kernel *kernel = context;
    struct request *request = kernel->execution.running;
    if (!request)
        return;
    execution_begin(kernel);
    front_text_end(&kernel->execution.text);
    output_flush(kernel);
    json_t *traceback = outcome->traceback ? json_copy(outcome->traceback) : json_array();
    recovery_after_cell(kernel, outcome, traceback);
    if (outcome->result == ENGINE_ERROR)
        output_error(kernel, outcome->ename, outcome->evalue, traceback);
    json_t *change = describe_run(kernel, run_status(outcome));
    recorder_end(kernel->recorder, run_status(outcome));
    if (change)
        history_comm_changed(kernel, recorder_document_id(kernel->recorder), change);
    output_flush(kernel); /* a warning that recording has failed */

    json_t *metadata = reply_metadata(kernel, outcome);
    if (outcome->result == ENGINE_OK) {
        reply_ok(kernel, request, outcome->user_expressions, metadata);
        end_running(kernel);
    } else {
        fail_running(kernel, outcome->ename, outcome->evalue, traceback, metadata);
    }
    json_decref(traceback);
    json_decref(metadata);
    recovery_run_again(kernel);
    start_next(kernel);
}

void execution_interrupt(struct kernel *kernel) {
    kernel->execution.waiting_for_input = false;
    if (kernel->replay.running)
        replay_interrupt(kernel);
    else if (kernel->execution.running)
        kernel->engine->ops->interrupt(kernel->engine);
}

void execution_input(struct kernel *kernel, const char *value) {
    if (!kernel->execution.waiting_for_input)
        return;
    kernel->execution.waiting_for_input = false;
    bool end_of_file = !value || strcmp(value, "\x04") == 0;
    kernel->engine->ops->input_reply(kernel->engine, end_of_file ? NULL : value);
}
