#include "kernel/engine/c/c_output.h"
#include "kernel/engine/c/c_state.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/program.h"
#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    INTERRUPT_EVERY_MS = 200,
    INTERRUPT_TRIES = 25,          /* five seconds */
    PIPE_TURN_BYTES = 1024 * 1024, /* as much as a pipe can hold */
    PACE_WINDOW_US = 1000000,      /* in this time */
    PACE_DISPLAYS = 100,           /* so many displays */
    PACE_BYTES = 16 * 1024 * 1024, /* of so many bytes are answered at once */
    PACE_DELAY_MS = 20,            /* the others after this */
};

static int on_worker(zloop_t *loop, zmq_pollitem_t *item, void *data);
static int on_worker_end(zloop_t *loop, zmq_pollitem_t *item, void *data);

/* What the pipes hold now. Not until they are dry: a thread of the user's may fill them for ever.
 */
static void drain(struct c_engine *engine) {
    const struct engine_host *host = engine->base.host;
    engine->piped_bytes +=
        c_output_read(host, engine->stdout_pipe[0], ENGINE_STDOUT, PIPE_TURN_BYTES);
    engine->piped_bytes +=
        c_output_read(host, engine->stderr_pipe[0], ENGINE_STDERR, PIPE_TURN_BYTES);
}

static int on_pipe(zloop_t *loop, zmq_pollitem_t *item, void *data) {
    (void)loop;
    struct c_engine *engine = data;
    enum engine_stream stream = item->fd == engine->stdout_pipe[0] ? ENGINE_STDOUT : ENGINE_STDERR;
    engine->piped_bytes += c_output_read(engine->base.host, item->fd, stream, PIPE_TURN_BYTES);
    return 0;
}

static bool open_pipe(int ends[2]) {
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    (void)fcntl(ends[0], F_SETPIPE_SZ, PIPE_TURN_BYTES);
    return true;
}

enum status c_worker_open_pipes(struct c_engine *engine, struct error *error) {
    if (!open_pipe(engine->stdout_pipe) || !open_pipe(engine->stderr_pipe))
        return error_set_errno(error, errno, "cannot start the C engine");
    c_engine_watch(engine, engine->stdout_pipe[0], on_pipe);
    c_engine_watch(engine, engine->stderr_pipe[0], on_pipe);
    return STATUS_OK;
}

void c_worker_close_pipes(struct c_engine *engine) {
    int *ends[] = {engine->stdout_pipe, engine->stderr_pipe};
    for (size_t i = 0; i < 2; i++) {
        c_engine_unwatch(engine, ends[i][0]);
        for (size_t k = 0; k < 2; k++)
            if (ends[i][k] >= 0)
                (void)close(ends[i][k]);
    }
}

void c_worker_watch(struct c_engine *engine) {
    c_engine_watch(engine, engine->worker.socket, on_worker);
    c_engine_watch(engine, engine->worker.pidfd, on_worker_end);
}

void c_worker_unwatch(struct c_engine *engine) {
    c_engine_unwatch(engine, engine->worker.socket);
    c_engine_unwatch(engine, engine->worker.pidfd);
}

void c_worker_start(struct c_engine *engine) {
    char *path = program_installed(FORKERNEL_LIBEXEC "/forkernel-c-worker");
    char *argv[] = {path, NULL};
    struct helper_setup setup = {.argv = argv,
        .out = engine->stdout_pipe[1],
        .err = engine->stderr_pipe[1],
        .environment = "GLIBC_TUNABLES=glibc.malloc.hugetlb=1"}; /* where the system leaves huge
                                                                    pages to programs */
    if (path && helper_start(&engine->worker, engine->base.host->loop, &setup, &engine->trouble) ==
                    STATUS_OK) {
        engine->worker.reader.takes_descriptor = true;
        c_worker_watch(engine);
    }
    engine->worker_state = 0;
    engine->worker_fork_us = 0;
    engine->worker_forking = false;
    free(path);
}

int c_worker_stop(struct c_engine *engine) {
    drain(engine); /* what it printed before is not to be lost with it */
    c_worker_unwatch(engine);
    return helper_stop(&engine->worker);
}

void c_worker_leave(struct c_engine *engine, bool end) {
    drain(engine);
    c_worker_unwatch(engine);
    c_leaving_add(engine, &engine->worker, end);
}

void c_worker_stop_grace(struct c_engine *engine) {
    if (engine->grace_timer > 0)
        (void)zloop_timer_end(engine->base.host->loop, engine->grace_timer);
    engine->grace_timer = 0;
}

/* ---- what the worker says ---- */

static void acknowledge(struct c_engine *engine) {
    frame_begin(&engine->out, WORKER_ACK);
    helper_send(&engine->worker, &engine->out);
}

static int on_late_ack(zloop_t *loop, int timer, void *data) {
    (void)loop;
    struct c_engine *engine = data;
    if (engine->pace.timer == timer) {
        engine->pace.timer = 0;
        acknowledge(engine);
    }
    return 0;
}

/* The worker waits for the answer to each display. A cell that shows more than a front end can take
   gets it later: that slows the cell down, and not the server, and keeps this process small. */
static void acknowledge_in_time(struct c_engine *engine, const struct frame *frame) {
    struct pace *pace = &engine->pace;
    int64_t now_us = clock_monotonic_us();
    if (now_us - pace->since_us > PACE_WINDOW_US) {
        pace->since_us = now_us;
        pace->displays = 0;
        pace->bytes = 0;
    }
    pace->displays++;
    for (size_t i = 0; i < frame->count; i++)
        pace->bytes += frame->fields[i].size;
    if (pace->displays > PACE_DISPLAYS || pace->bytes > PACE_BYTES)
        pace->timer = zloop_timer(engine->base.host->loop, PACE_DELAY_MS, 1, on_late_ack, engine);
    else
        acknowledge(engine);
}

static void on_display(struct c_engine *engine, const struct frame *frame) {
    const struct engine_host *host = engine->base.host;
    json_auto_t *bundle = c_output_bundle(frame, 2);
    json_auto_t *metadata = json_object();
    json_auto_t *transient = json_object();
    const char *id = frame_string(frame, 0);
    if (*id && utf8_is_valid(id, strlen(id)))
        json_object_set_new(transient, "display_id", json_string(id));
    if (frame_int(frame, 1, 0))
        host->update_display(host->context, bundle, metadata, transient);
    else
        host->display(host->context, bundle, metadata, transient);
}

static void on_result(struct c_engine *engine, const struct frame *frame) {
    const struct engine_host *host = engine->base.host;
    json_auto_t *bundle = c_output_bundle(frame, 0);
    json_auto_t *metadata = json_object();
    if (engine->evaluating) {
        json_decref(engine->expression_data);
        engine->expression_data = json_incref(bundle);
    } else {
        host->execute_result(host->context, bundle, metadata);
    }
}

/* How much of a symbol stands before the user's name: fk_f3_name and the like, else nothing. */
static size_t generated_prefix(const char *symbol, size_t size) {
    if (size < 6 || strncmp(symbol, "fk_", 3) != 0 || !strchr("fiv", symbol[3]))
        return 0;
    size_t digits = strspn(symbol + 4, "0123456789");
    size_t prefix = 4 + digits + 1;
    return digits && prefix < size && symbol[prefix - 1] == '_' ? prefix : 0;
}

static void on_load_failed(struct c_engine *engine, const char *reason) {
    struct buf evalue = BUF_INIT;
    const char *symbol = strstr(reason, "undefined symbol: ");
    if (symbol) {
        symbol += strlen("undefined symbol: ");
        size_t size = strcspn(symbol, " ,(");
        size_t prefix = generated_prefix(symbol, size);
        symbol += prefix;
        size -= prefix;
        buf_printf(&evalue,
            "'%.*s' is declared, but nothing defines it: define it in this cell or an earlier one, "
            "or "
            "name its library in a line such as //%%ldflags: -lm",
            (int)size, symbol);
    } else {
        buf_append_string(&evalue, reason);
    }
    c_cell_fail(engine, "LinkError", buf_string(&evalue), NULL);
    buf_finish(&evalue);
}

static void send_fault(struct c_engine *engine) {
    engine->state = STATE_EXPLAINING;
    helper_send(&engine->language, &engine->fault);
    buf_clear(&engine->fault);
}

static void keep_fault(struct c_engine *engine, const struct frame *frame) {
    frame_begin(&engine->fault, LANGUAGE_SYMBOLIZE);
    frame_add_int(&engine->fault, frame_int(frame, 0, SIGSEGV));
    frame_add_int(&engine->fault, frame_int(frame, 1, 0));
    for (size_t i = 3; i < frame->count; i++)
        frame_add_string(&engine->fault, frame_string(frame, i));
}

/* What the worker saw it do, and bytes that went neither to the front end nor where it saw. */
static void note_effects(struct c_engine *engine, const char *seen, int64_t written) {
    int64_t elsewhere = written - (engine->piped_bytes - engine->piped_before);
    if (engine->effects.size || engine->evaluating)
        return;
    if (utf8_is_valid(seen, strlen(seen)))
        buf_append_string(&engine->effects, seen);
    if (elsewhere > 0 && !strstr(seen, "wrote to"))
        buf_printf(&engine->effects, "%swrote %lld bytes outside of its output", *seen ? "; " : "",
            (long long)elsewhere);
}

static void on_done(struct c_engine *engine, const struct frame *frame) {
    int64_t code = frame_int(frame, 1, 0);
    bool statements = !engine->program && !engine->evaluating;
    char evalue[96];
    char ename[32];
    c_cell_set_timing(engine, "run", frame_int(frame, 2, 0));
    c_worker_stop_grace(engine);
    note_effects(engine, frame_string(frame, 4), frame_int(frame, 3, 0));
    switch (frame_int(frame, 0, 0)) {
    case WORKER_END_INTERRUPT:
        buf_clear(&engine->fault);
        if (statements)
            engine->leaves = ENGINE_STATE_PARTIAL;
        c_cell_fail(engine, "KeyboardInterrupt", "interrupted", NULL);
        break;
    case WORKER_END_EXIT:
        if (code == 0) {
            c_cell_succeed(engine);
            break;
        }
        if (statements)
            engine->leaves = ENGINE_STATE_SPOILED;
        (void)snprintf(evalue, sizeof evalue, "%s ended with exit status %lld",
            engine->program ? "the program" : "the cell", (long long)code);
        c_cell_fail(engine, "ExitStatus", evalue, NULL);
        break;
    case WORKER_END_SIGNAL:
        if (engine->fault.size) {
            send_fault(engine);
            break;
        }
        (void)snprintf(ename, sizeof ename, "SIG%s",
            sigabbrev_np((int)code) ? sigabbrev_np((int)code) : "NAL");
        (void)snprintf(
            evalue, sizeof evalue, "the program was ended by signal %lld", (long long)code);
        c_cell_fail(engine, ename, evalue, NULL);
        break;
    default:
        c_cell_succeed(engine);
    }
}

static void send_interrupt(struct c_engine *engine) {
    if (engine->worker.pid <= 0)
        return;
    (void)kill(-engine->worker.pid, SIGINT);
    (void)kill(engine->worker.pid, MESSAGES_INTERRUPT);
}

/* The system still knows of a process that has ended how much it wrote. */
static int64_t count_written(pid_t pid) {
    char path[64];
    struct buf counts = BUF_INIT;
    int64_t written = 0;
    (void)snprintf(path, sizeof path, "/proc/%lld/io", (long long)pid);
    if (file_read(path, 4096, &counts, NULL) == STATUS_OK) {
        const char *at = strstr(buf_string(&counts), "wchar:");
        written = at ? (int64_t)strtoll(at + strlen("wchar:"), NULL, 10) : 0;
    }
    buf_finish(&counts);
    return written;
}

/* A fault that no cell survives: the memory of the worker need not be gone before the answer. */
static void on_fault(struct c_engine *engine, const struct frame *frame) {
    bool in_child = frame_int(frame, 2, 0) != 0;
    keep_fault(engine, frame);
    if (in_child || engine->interrupted)
        return;
    note_effects(engine, "", count_written(engine->worker.pid) - engine->written_before);
    c_worker_leave(engine, false);
    c_worker_stop_grace(engine);
    engine->leaves = ENGINE_STATE_LOST;
    engine->evaluating = false;
    send_fault(engine);
}

static void worker_message(struct c_engine *engine, const struct frame *frame) {
    const struct engine_host *host = engine->base.host;
    bool busy = engine->state == STATE_LOADING || engine->state == STATE_RUNNING;
    drain(engine);
    if (frame->type == WORKER_CHECKPOINTED) {
        c_twins_add(engine, frame);
        return;
    }
    if (!busy) { /* late words of a cell that has ended; who waits for an answer gets one */
        if (frame->type == WORKER_DISPLAY || frame->type == WORKER_CLEAR)
            acknowledge(engine);
        return;
    }
    switch (frame->type) {
    case WORKER_LOADED:
        engine->state = STATE_RUNNING;
        engine->written_before = frame_int(frame, 1, 0);
        c_cell_set_timing(engine, "load", frame_int(frame, 0, 0));
        if (!engine->program)
            c_language_commit(engine);
        if (engine->interrupted)
            send_interrupt(engine);
        break;
    case WORKER_LOAD_FAILED:
        on_load_failed(engine, frame_string(frame, 0));
        break;
    case WORKER_DISPLAY:
        on_display(engine, frame);
        acknowledge_in_time(engine, frame);
        break;
    case WORKER_RESULT:
        on_result(engine, frame);
        break;
    case WORKER_CLEAR:
        host->clear_output(host->context, frame_int(frame, 0, 0) != 0);
        acknowledge_in_time(engine, frame);
        break;
    case WORKER_INPUT_REQUEST:
        if (engine->allow_stdin) {
            const char *prompt = frame_string(frame, 0);
            host->input_request(
                host->context, utf8_is_valid(prompt, strlen(prompt)) ? prompt : "", false);
        } else {
            frame_begin(&engine->out, WORKER_INPUT);
            frame_add_int(&engine->out, 1);
            frame_add_string(&engine->out, "");
            helper_send(&engine->worker, &engine->out);
        }
        break;
    case WORKER_FAULT:
        on_fault(engine, frame);
        break;
    case WORKER_DONE:
        on_done(engine, frame);
        break;
    default:
        break;
    }
}

static const char channel_text[] = "the cell wrote into the channel between worker and kernel";

static void describe_end(int status, bool interrupted, char *ename, char *evalue, size_t size) {
    if (interrupted) {
        (void)snprintf(ename, 32, "KeyboardInterrupt");
        (void)snprintf(evalue, size, "the cell did not hear the interrupt and was ended");
    } else if (WIFSIGNALED(status)) {
        const char *name = sigabbrev_np(WTERMSIG(status));
        (void)snprintf(ename, 32, "SIG%s", name ? name : "NAL");
        (void)snprintf(evalue, size, "the process that ran the cell was ended by signal %d (%s)%s",
            WTERMSIG(status), strsignal(WTERMSIG(status)), /* NOLINT(concurrency-mt-unsafe) */
            WTERMSIG(status) == SIGKILL ? ": out of memory, or killed from outside" : "");
    } else {
        (void)snprintf(ename, 32, "WorkerEnded");
        (void)snprintf(evalue, size, "the process that ran the cell ended with status %d",
            WEXITSTATUS(status));
    }
}

/* Between two cells, or while one is compiled. */
static void worker_died_asleep(struct c_engine *engine) {
    const struct engine_host *host = engine->base.host;
    if (c_twins_replace_worker(engine))
        return;
    if (engine->state == STATE_IDLE) {
        host->lost(host->context);
        return;
    }
    if (engine->state == STATE_BUILDING) {
        frame_begin(&engine->out, LANGUAGE_CANCEL);
        helper_send(&engine->language, &engine->out);
    }
    engine->evaluating = false;
    engine->leaves = ENGINE_STATE_LOST;
    c_cell_fail(
        engine, "WorkerEnded", "the process that runs the cells was ended from outside", NULL);
}

static void worker_died(struct c_engine *engine, const char *why) {
    char ename[32];
    char evalue[256];
    int64_t written = count_written(engine->worker.pid);
    if (engine->worker.overrun)
        why = channel_text;
    int status = c_worker_stop(engine);
    bool busy = engine->state == STATE_LOADING || engine->state == STATE_RUNNING;
    c_worker_stop_grace(engine);
    if (!busy) {
        worker_died_asleep(engine);
        return;
    }
    note_effects(engine, "", written - engine->written_before);
    engine->leaves = ENGINE_STATE_LOST;
    engine->evaluating = false;
    if (engine->fault.size && !engine->interrupted) {
        send_fault(engine);
        return;
    }
    buf_clear(&engine->fault);
    describe_end(status, engine->interrupted, ename, evalue, sizeof evalue);
    c_cell_fail(engine, why ? "WorkerChannel" : ename, why ? why : evalue, NULL);
}

/* Returns false when the worker that it read from is no more. */
static bool read_worker(struct c_engine *engine) {
    struct helper *helper = &engine->worker;
    pid_t pid = helper->pid;
    enum status end = frame_reader_fill(&helper->reader, helper->socket, NULL);
    for (;;) {
        struct frame frame;
        enum status status = frame_reader_next(&helper->reader, &frame);
        if (status == STATUS_INVALID) {
            worker_died(engine, channel_text);
            return false;
        }
        if (status != STATUS_OK) {
            if (end != STATUS_OK) /* its death is reported by the pidfd */
                c_engine_unwatch(engine, helper->socket);
            return true;
        }
        worker_message(engine, &frame);
        if (helper->pid != pid)
            return false;
    }
}

static int on_worker(zloop_t *loop, zmq_pollitem_t *item, void *data) {
    (void)loop;
    (void)item;
    (void)read_worker(data);
    return 0;
}

static int on_worker_end(zloop_t *loop, zmq_pollitem_t *item, void *data) {
    (void)loop;
    (void)item;
    struct c_engine *engine = data;
    if (read_worker(engine))
        worker_died(engine, NULL);
    return 0;
}

/* ---- interrupts ---- */

static int on_grace(zloop_t *loop, int timer, void *data) {
    (void)loop;
    (void)timer;
    struct c_engine *engine = data;
    /* whoever has the cell and does not hear is ended; its death ends the cell */
    bool worker = engine->state == STATE_RUNNING || engine->state == STATE_LOADING;
    pid_t pid = worker ? engine->worker.pid : engine->language.pid;
    if (engine->state == STATE_IDLE || pid <= 0) {
        c_worker_stop_grace(engine);
    } else if (++engine->interrupts >= INTERRUPT_TRIES) {
        c_worker_stop_grace(engine);
        (void)kill(-pid, SIGKILL);
    } else if (engine->state == STATE_RUNNING) {
        (void)kill(pid, MESSAGES_INTERRUPT);
    }
    return 0;
}

void c_worker_interrupt(struct c_engine *engine) {
    if (engine->state == STATE_RUNNING)
        send_interrupt(engine);
    engine->interrupts = 0;
    if (engine->grace_timer <= 0)
        engine->grace_timer =
            zloop_timer(engine->base.host->loop, INTERRUPT_EVERY_MS, 0, on_grace, engine);
}
