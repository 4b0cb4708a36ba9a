#include "kernel/engine/c/c_engine.h"
#include "kernel/engine/c/c_helper.h"
#include "kernel/engine/c/c_output.h"
#include "kernel/engine/c/is_complete.h"
#include "kernel/engine/c/messages.h"

#include "base/file.h"
#include "base/utf8.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum state {
    STATE_IDLE,
    STATE_BUILDING, /* the language service has the cell */
    STATE_LOADING,  /* the worker has it */
    STATE_RUNNING,
    STATE_EXPLAINING, /* the worker died; the language service says where */
};

struct c_engine {
    struct engine base; /* first: the kernel sees this */
    struct helper language;
    struct helper worker;
    char *folder; /* temporary files of the helpers */
    struct buf out;
    enum state state;
    int64_t serial;         /* of the last request to build a cell: older answers are stale */
    bool language_unusable; /* it could not even start */
    struct error trouble;

    /* the running cell */
    char *code;
    int64_t number;
    bool silent;
    bool allow_stdin;
    bool interrupted;
    bool program;
    json_t *expressions; /* still to evaluate */
    json_t *answers;     /* evaluated ones */
    void *next_expression;
    bool evaluating;
    json_t *expression_data;
    json_t *timing;
    struct buf fault; /* a SYMBOLIZE message, ready to go */
    bool lost_worker; /* the explanation awaited is of the worker's death */
    int grace_timer;
    int interrupts; /* sent to the worker so far */
};

enum {
    INTERRUPT_EVERY_MS = 200,
    INTERRUPT_TRIES = 25,
    /* five seconds */ PIPE_TURN_BYTES = 1024 * 1024 /* as much as a pipe can hold */
};

static const char lost_text[] = "The process that held this session's variables is gone, and with "
                                "it their values. Run the cells "
                                "that define them again.";

static int on_language(zloop_t *loop, zmq_pollitem_t *item, void *data);
static int on_worker(zloop_t *loop, zmq_pollitem_t *item, void *data);
static int on_worker_end(zloop_t *loop, zmq_pollitem_t *item, void *data);
static int on_pipe(zloop_t *loop, zmq_pollitem_t *item, void *data);

/* ---- helpers ---- */

static void watch(struct c_engine *engine, int fd, zloop_fn *handler) {
    zmq_pollitem_t item = {.fd = fd, .events = ZMQ_POLLIN};
    if (fd >= 0)
        (void)zloop_poller(engine->base.host->loop, &item, handler, engine);
}

static void unwatch(struct c_engine *engine, int fd) {
    zmq_pollitem_t item = {.fd = fd, .events = ZMQ_POLLIN};
    if (fd >= 0)
        zloop_poller_end(engine->base.host->loop, &item);
}

/* What the pipes hold now. Not until they are dry: a thread of the user's may fill them for ever.
 */
static void drain(struct c_engine *engine) {
    (void)c_output_read(engine->base.host, engine->worker.out, ENGINE_STDOUT, PIPE_TURN_BYTES);
    (void)c_output_read(engine->base.host, engine->worker.err, ENGINE_STDERR, PIPE_TURN_BYTES);
}

static void start_language(struct c_engine *engine) {
    char *path = helper_installed_path(FORKERNEL_LIBEXEC "/forkernel-c-language");
    char *include = helper_installed_path("share/forkernel/include");
    char *argv[] = {path, engine->folder, include, NULL};
    if (!path || !include ||
        helper_start(&engine->language, argv, false, &engine->trouble) != STATUS_OK)
        engine->language_unusable = true;
    else
        watch(engine, engine->language.socket, on_language);
    free(path);
    free(include);
}

static void start_worker(struct c_engine *engine) {
    char *path = helper_installed_path(FORKERNEL_LIBEXEC "/forkernel-c-worker");
    char *argv[] = {path, NULL};
    if (path && helper_start(&engine->worker, argv, true, &engine->trouble) == STATUS_OK) {
        watch(engine, engine->worker.socket, on_worker);
        watch(engine, engine->worker.pidfd, on_worker_end);
        watch(engine, engine->worker.out, on_pipe);
        watch(engine, engine->worker.err, on_pipe);
    }
    free(path);
}

static int stop_worker(struct c_engine *engine) {
    unwatch(engine, engine->worker.socket);
    unwatch(engine, engine->worker.pidfd);
    unwatch(engine, engine->worker.out);
    unwatch(engine, engine->worker.err);
    return helper_stop(&engine->worker);
}

static void stop_language(struct c_engine *engine) {
    unwatch(engine, engine->language.socket);
    (void)helper_stop(&engine->language);
}

/* ---- the end of a cell ---- */

static void stop_grace(struct c_engine *engine) {
    if (engine->grace_timer > 0)
        (void)zloop_timer_end(engine->base.host->loop, engine->grace_timer);
    engine->grace_timer = 0;
}

static void forget_cell(struct c_engine *engine) {
    stop_grace(engine);
    free(engine->code);
    engine->code = NULL;
    json_decref(engine->expressions);
    engine->expressions = NULL;
    json_decref(engine->answers);
    engine->answers = NULL;
    json_decref(engine->expression_data);
    engine->expression_data = NULL;
    json_decref(engine->timing);
    engine->timing = NULL;
    engine->evaluating = false;
    engine->state = STATE_IDLE;
}

static void finish(struct c_engine *engine, struct engine_outcome *outcome) {
    json_auto_t *timing = engine->timing;
    json_auto_t *answers = engine->answers;
    engine->timing = NULL;
    engine->answers = NULL;
    outcome->timing = timing;
    outcome->user_expressions = outcome->result == ENGINE_OK ? answers : NULL;
    forget_cell(engine);
    engine->base.host->done(engine->base.host->context, outcome);
}

static void next_expression(struct c_engine *engine);

static void expression_failed(struct c_engine *engine, const char *ename, const char *evalue) {
    const char *key = json_object_iter_key(engine->next_expression);
    json_object_set_new(engine->answers, key,
        json_pack("{s:s, s:s, s:s, s:[]}", "status", "error", "ename", ename, "evalue", evalue,
            "traceback"));
    engine->next_expression = json_object_iter_next(engine->expressions, engine->next_expression);
    next_expression(engine);
}

/* `traceback` is stolen, NULL for none. */
static void fail(
    struct c_engine *engine, const char *ename, const char *evalue, json_t *traceback) {
    json_auto_t *lines = traceback ? traceback : json_array();
    if (engine->evaluating && engine->worker.pid) {
        expression_failed(engine, ename, evalue);
        return;
    }
    /* the compiler's lines begin with the message themselves */
    bool speaks = strcmp(ename, "CompileError") == 0 && json_array_size(lines);
    json_t *heading = speaks ? NULL : json_sprintf("\033[1;31m%s\033[0m: %s", ename, evalue);
    if (heading)
        json_array_insert_new(lines, 0, heading);
    struct engine_outcome outcome = {
        .result = ENGINE_ERROR, .ename = ename, .evalue = evalue, .traceback = lines};
    finish(engine, &outcome);
}

static void reset_language(struct c_engine *engine) {
    frame_begin(&engine->out, LANGUAGE_RESET);
    helper_send(&engine->language, &engine->out);
}

static void add_line(json_t *lines, const char *text) {
    struct buf clean = BUF_INIT;
    utf8_append_clean(&clean, text, strlen(text));
    json_array_append_new(lines, json_string(buf_string(&clean)));
    buf_finish(&clean);
}

static json_t *frame_lines(const struct frame *frame, size_t first) {
    json_t *lines = json_array();
    for (size_t i = first; i < frame->count; i++)
        add_line(lines, frame_string(frame, i));
    return lines;
}

/* ---- sending a cell on its way ---- */

static void build(struct c_engine *engine, const char *code, bool expression, bool wants_result) {
    engine->state = STATE_BUILDING;
    frame_begin(&engine->out, LANGUAGE_CELL);
    frame_add_int(&engine->out, ++engine->serial);
    frame_add_int(&engine->out, engine->number);
    frame_add_string(&engine->out, code);
    frame_add_int(&engine->out, expression);
    frame_add_int(&engine->out, wants_result);
    helper_send(&engine->language, &engine->out);
}

static void next_expression(struct c_engine *engine) {
    json_decref(engine->expression_data);
    engine->expression_data = NULL;
    if (!engine->next_expression) {
        engine->evaluating = false;
        struct engine_outcome outcome = {.result = ENGINE_OK};
        finish(engine, &outcome);
        return;
    }
    engine->evaluating = true;
    json_t *expression = json_object_iter_value(engine->next_expression);
    if (json_is_string(expression))
        build(engine, json_string_value(expression), true, true);
    else
        expression_failed(engine, "TypeError", "a user expression is a string");
}

static void succeed(struct c_engine *engine) {
    if (engine->evaluating) {
        json_object_set_new(engine->answers, json_object_iter_key(engine->next_expression),
            json_pack("{s:s, s:O, s:{}}", "status", "ok", "data",
                engine->expression_data ? engine->expression_data : json_object(), "metadata"));
        engine->next_expression =
            json_object_iter_next(engine->expressions, engine->next_expression);
    } else if (engine->expressions) {
        engine->answers = json_object();
        engine->next_expression = json_object_iter(engine->expressions);
    }
    next_expression(engine);
}

static void set_timing(struct c_engine *engine, const char *step, int64_t us) {
    if (!engine->timing)
        engine->timing = json_object();
    if (!engine->evaluating)
        json_object_set_new(engine->timing, step, json_integer(us));
}

/* ---- what the language service says ---- */

static void on_ready(struct c_engine *engine, const struct frame *frame) {
    const struct engine_host *host = engine->base.host;
    const char *path = frame_string(frame, 0);
    const char *warnings = frame_string(frame, 4);
    if (*warnings && !engine->evaluating)
        host->stream(host->context, ENGINE_STDERR, warnings, strlen(warnings));
    set_timing(engine, "parse", frame_int(frame, 5, 0));
    set_timing(engine, "compile", frame_int(frame, 6, 0));
    if (engine->interrupted) {
        fail(engine, "KeyboardInterrupt", "", NULL);
        return;
    }
    if (!*path) {
        frame_begin(&engine->out, LANGUAGE_COMMIT);
        helper_send(&engine->language, &engine->out);
        succeed(engine);
        return;
    }
    if (!engine->worker.pid)
        start_worker(engine);
    engine->state = STATE_LOADING;
    engine->program = frame_int(frame, 2, 0) != 0;
    frame_begin(&engine->out, WORKER_RUN);
    frame_add_string(&engine->out, path);
    frame_add_string(&engine->out, frame_string(frame, 1));
    frame_add_int(&engine->out, engine->program);
    frame_add_string(&engine->out, frame_string(frame, 3));
    frame_add_int(&engine->out, engine->allow_stdin);
    frame_add_int(&engine->out, engine->silent && !engine->evaluating);
    helper_send(&engine->worker, &engine->out);
}

/* The session cannot go on where the worker's death took its variables. */
static void renew_session(struct c_engine *engine) {
    (void)stop_worker(engine);
    start_worker(engine);
    reset_language(engine);
}

static void on_fault_text(struct c_engine *engine, const struct frame *frame) {
    if (engine->state != STATE_EXPLAINING)
        return;
    json_t *lines = frame_lines(frame, 2);
    if (engine->lost_worker)
        add_line(lines, lost_text);
    char *ename = strdup(frame_string(frame, 0));
    char *evalue = strdup(frame_string(frame, 1));
    if (engine->lost_worker) {
        engine->evaluating = false;
        renew_session(engine);
    }
    fail(engine, ename ? ename : "SIGSEGV", evalue ? evalue : "", lines);
    free(ename);
    free(evalue);
}

static void on_reply(struct c_engine *engine, const struct frame *frame) {
    const struct engine_host *host = engine->base.host;
    json_auto_t *content = json_loads(frame_string(frame, 1), 0, NULL);
    if (content)
        host->reply(host->context, (uint64_t)frame_int(frame, 0, 0), content);
}

static void language_message(struct c_engine *engine, const struct frame *frame) {
    switch (frame->type) {
    case LANGUAGE_READY:
        if (engine->state == STATE_BUILDING && frame_int(frame, 7, 0) == engine->serial)
            on_ready(engine, frame);
        break;
    case LANGUAGE_FAILED:
        if (engine->state == STATE_BUILDING && frame_int(frame, 5, 0) == engine->serial) {
            const struct engine_host *host = engine->base.host;
            const char *warnings = frame_string(frame, 4);
            if (*warnings && !engine->evaluating)
                host->stream(host->context, ENGINE_STDERR, warnings, strlen(warnings));
            set_timing(engine, "parse", frame_int(frame, 2, 0));
            set_timing(engine, "compile", frame_int(frame, 3, 0));
            char *ename = strdup(frame_string(frame, 0));
            char *evalue = strdup(frame_string(frame, 1));
            fail(engine, ename ? ename : "", evalue ? evalue : "", frame_lines(frame, 6));
            free(ename);
            free(evalue);
        }
        break;
    case LANGUAGE_REPLY:
        on_reply(engine, frame);
        break;
    case LANGUAGE_FAULT:
        on_fault_text(engine, frame);
        break;
    default:
        break;
    }
}

static const char missing_text[] =
    "the C language service cannot run: install clang and libclang, on Debian and Ubuntu by "
    "`apt install clang-" FORKERNEL_CLANG_MAJOR " libclang-" FORKERNEL_CLANG_MAJOR "-dev`";

static void language_died(struct c_engine *engine) {
    bool heard = engine->language.heard;
    stop_language(engine);
    if (heard) {
        /* what it knew is gone: nothing may be left that pretends otherwise */
        (void)stop_worker(engine);
        start_worker(engine);
        start_language(engine);
    } else {
        engine->language_unusable = true;
    }
    if (engine->state == STATE_IDLE)
        return;
    engine->evaluating = false;
    json_t *lines = json_array();
    if (heard)
        add_line(lines, lost_text);
    fail(engine, heard ? "LanguageServiceDied" : "CompilerMissing",
        heard ? "the process that parses and compiles cells has ended" : missing_text, lines);
}

static int on_language(zloop_t *loop, zmq_pollitem_t *item, void *data) {
    (void)loop;
    (void)item;
    struct c_engine *engine = data;
    struct helper *helper = &engine->language;
    enum status end = frame_reader_fill(&helper->reader, helper->socket, NULL);
    pid_t pid = helper->pid;
    for (;;) {
        struct frame frame;
        enum status status = frame_reader_next(&helper->reader, &frame);
        if (status == STATUS_OK) {
            helper->heard = true;
            language_message(engine, &frame);
            if (helper->pid != pid)
                return 0;
            continue;
        }
        if (status == STATUS_INVALID || end != STATUS_OK)
            language_died(engine);
        return 0;
    }
}

/* ---- what the worker says ---- */

static void acknowledge(struct c_engine *engine) {
    frame_begin(&engine->out, WORKER_ACK);
    helper_send(&engine->worker, &engine->out);
}

static void on_display(struct c_engine *engine, const struct frame *frame) {
    const struct engine_host *host = engine->base.host;
    json_auto_t *bundle = c_output_bundle(frame, 2);
    json_auto_t *metadata = json_object();
    json_auto_t *transient = json_object();
    const char *id = frame_string(frame, 0);
    if (*id)
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

static void on_load_failed(struct c_engine *engine, const char *reason) {
    struct buf evalue = BUF_INIT;
    const char *symbol = strstr(reason, "undefined symbol: ");
    if (symbol) {
        symbol += strlen("undefined symbol: ");
        size_t size = strcspn(symbol, " ,(");
        if (strncmp(symbol, "fk_", 3) == 0) { /* fk_f3_name */
            const char *name = symbol + 4 + strspn(symbol + 4, "0123456789");
            size -= (size_t)(name + 1 - symbol);
            symbol = name + 1;
        }
        buf_printf(&evalue,
            "'%.*s' is declared, but nothing defines it: define it in this cell or an earlier one, "
            "or "
            "name its library in a line such as //%%ldflags: -lm",
            (int)size, symbol);
    } else {
        buf_append_string(&evalue, reason);
    }
    fail(engine, "LinkError", buf_string(&evalue), NULL);
    buf_finish(&evalue);
}

static void send_fault(struct c_engine *engine) {
    engine->state = STATE_EXPLAINING;
    if (frame_send(engine->language.socket, &engine->fault, NULL) != STATUS_OK)
        fail(engine, "Fault", "the program ended by a signal", NULL);
    buf_clear(&engine->fault);
}

static void keep_fault(struct c_engine *engine, const struct frame *frame) {
    frame_begin(&engine->fault, LANGUAGE_SYMBOLIZE);
    frame_add_int(&engine->fault, frame_int(frame, 0, SIGSEGV));
    frame_add_int(&engine->fault, frame_int(frame, 1, 0));
    for (size_t i = 3; i < frame->count; i++)
        frame_add_string(&engine->fault, frame_string(frame, i));
    frame_end(&engine->fault);
}

static void on_done(struct c_engine *engine, const struct frame *frame) {
    int64_t code = frame_int(frame, 1, 0);
    char evalue[96];
    char ename[32];
    set_timing(engine, "run", frame_int(frame, 2, 0));
    stop_grace(engine);
    switch (frame_int(frame, 0, 0)) {
    case WORKER_END_INTERRUPT:
        buf_clear(&engine->fault);
        fail(engine, "KeyboardInterrupt", "", NULL);
        break;
    case WORKER_END_EXIT:
        if (code == 0) {
            succeed(engine);
            break;
        }
        (void)snprintf(evalue, sizeof evalue, "%s ended with exit status %lld",
            engine->program ? "the program" : "the cell", (long long)code);
        fail(engine, "ExitStatus", evalue, NULL);
        break;
    case WORKER_END_SIGNAL:
        if (engine->fault.size) {
            engine->lost_worker = false;
            send_fault(engine);
            break;
        }
        (void)snprintf(ename, sizeof ename, "SIG%s",
            sigabbrev_np((int)code) ? sigabbrev_np((int)code) : "NAL");
        (void)snprintf(
            evalue, sizeof evalue, "the program was ended by signal %lld", (long long)code);
        fail(engine, ename, evalue, NULL);
        break;
    default:
        succeed(engine);
    }
}

static void send_interrupt(struct c_engine *engine) {
    (void)kill(-engine->worker.pid, SIGINT);
    (void)kill(engine->worker.pid, MESSAGES_INTERRUPT);
}

static void worker_message(struct c_engine *engine, const struct frame *frame) {
    const struct engine_host *host = engine->base.host;
    bool busy = engine->state == STATE_LOADING || engine->state == STATE_RUNNING;
    drain(engine);
    if (!busy) /* late words of a cell that has ended */
        return;
    switch (frame->type) {
    case WORKER_LOADED:
        engine->state = STATE_RUNNING;
        set_timing(engine, "load", frame_int(frame, 0, 0));
        frame_begin(&engine->out, LANGUAGE_COMMIT);
        helper_send(&engine->language, &engine->out);
        if (engine->interrupted)
            send_interrupt(engine);
        break;
    case WORKER_LOAD_FAILED:
        on_load_failed(engine, frame_string(frame, 0));
        break;
    case WORKER_DISPLAY:
        on_display(engine, frame);
        acknowledge(engine);
        break;
    case WORKER_RESULT:
        on_result(engine, frame);
        break;
    case WORKER_CLEAR:
        host->clear_output(host->context, frame_int(frame, 0, 0) != 0);
        acknowledge(engine);
        break;
    case WORKER_INPUT_REQUEST:
        if (engine->allow_stdin) {
            host->input_request(host->context, frame_string(frame, 0), false);
        } else {
            frame_begin(&engine->out, WORKER_INPUT);
            frame_add_int(&engine->out, 1);
            frame_add_string(&engine->out, "");
            helper_send(&engine->worker, &engine->out);
        }
        break;
    case WORKER_FAULT:
        keep_fault(engine, frame);
        break;
    case WORKER_DONE:
        on_done(engine, frame);
        break;
    default:
        break;
    }
}

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

static void worker_died(struct c_engine *engine, const char *why) {
    char ename[32];
    char evalue[256];
    drain(engine);
    int status = stop_worker(engine);
    bool busy = engine->state == STATE_LOADING || engine->state == STATE_RUNNING;
    stop_grace(engine);
    if (busy && engine->fault.size && !engine->interrupted) {
        engine->lost_worker = true;
        send_fault(engine);
        return; /* the new worker starts with the explanation */
    }
    buf_clear(&engine->fault);
    start_worker(engine);
    reset_language(engine);
    if (!busy) { /* between cells: nobody is waiting for an error */
        const struct engine_host *host = engine->base.host;
        host->stream(host->context, ENGINE_STDERR, lost_text, strlen(lost_text));
        host->stream(host->context, ENGINE_STDERR, "\n", 1);
        if (engine->state == STATE_BUILDING && !engine->evaluating)
            build(engine, engine->code, false, !engine->silent);
        else if (engine->state == STATE_BUILDING)
            fail(engine, "WorkerEnded", "the worker has ended", NULL);
        return;
    }
    describe_end(status, engine->interrupted, ename, evalue, sizeof evalue);
    json_t *lines = json_array();
    add_line(lines, lost_text);
    engine->evaluating = false;
    fail(engine, why ? "WorkerChannel" : ename, why ? why : evalue, lines);
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
            worker_died(engine, "the cell wrote into the channel between worker and kernel");
            return false;
        }
        if (status != STATUS_OK) {
            if (end != STATUS_OK) /* its death is reported by the pidfd */
                unwatch(engine, helper->socket);
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

static int on_pipe(zloop_t *loop, zmq_pollitem_t *item, void *data) {
    (void)loop;
    struct c_engine *engine = data;
    enum engine_stream stream = item->fd == engine->worker.out ? ENGINE_STDOUT : ENGINE_STDERR;
    if (!c_output_read(engine->base.host, item->fd, stream, PIPE_TURN_BYTES))
        unwatch(engine, item->fd);
    return 0;
}

/* ---- the table ---- */

static enum status create(
    const struct engine_host *host, struct engine **ret_engine, struct error *error) {
    struct c_engine *engine = calloc(1, sizeof *engine);
    const char *temporary = getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe): at start */
    if (!engine)
        return error_set(error, STATUS_NO_MEMORY, "cannot start the C engine: out of memory");
    engine->base = (struct engine){.ops = &c_engine_ops, .host = host};
    engine->language = (struct helper){.pidfd = -1, .socket = -1, .out = -1, .err = -1};
    engine->worker = engine->language;
    /* the process id lets a later engine see that a folder was left behind */
    char name[64];
    (void)snprintf(name, sizeof name, "forkernel-c-%lld-XXXXXX", (long long)getpid());
    engine->folder = file_join(temporary && *temporary == '/' ? temporary : "/tmp", name);
    if (!engine->folder || !mkdtemp(engine->folder)) {
        enum status status = error_set_errno(error, errno, "cannot make a temporary folder '%s'",
            engine->folder ? engine->folder : "");
        free(engine->folder);
        free(engine);
        return status;
    }
    start_language(engine);
    start_worker(engine);
    *ret_engine = &engine->base;
    return STATUS_OK;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk) {
    (void)info;
    (void)kind;
    (void)walk;
    (void)remove(path);
    return 0;
}

static void destroy(struct engine **at) {
    struct c_engine *engine = (struct c_engine *)*at;
    if (!engine)
        return;
    *at = NULL;
    (void)stop_worker(engine);
    stop_language(engine);
    forget_cell(engine);
    (void)nftw(engine->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(engine->folder);
    buf_finish(&engine->out);
    buf_finish(&engine->fault);
    free(engine);
}

static json_t *language_info(struct engine *engine) {
    (void)engine;
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "name", "c", "version", "17", "mimetype",
        "text/x-csrc", "file_extension", ".c", "pygments_lexer", "c", "codemirror_mode",
        "text/x-csrc");
}

static const char *banner(struct engine *engine) {
    (void)engine;
    return "C (forkernel " FORKERNEL_VERSION "): statements and definitions in any order, a last "
           "expression without a semicolon is shown";
}

static void execute(struct engine *base, const struct engine_cell *cell) {
    struct c_engine *engine = (struct c_engine *)base;
    engine->code = strdup(cell->code);
    engine->number = cell->execution_count;
    engine->silent = cell->silent;
    engine->allow_stdin = cell->allow_stdin;
    engine->interrupted = false;
    engine->expressions =
        json_object_size(cell->user_expressions) ? json_deep_copy(cell->user_expressions) : NULL;
    engine->next_expression = NULL;
    buf_clear(&engine->fault);
    engine->state = STATE_BUILDING;
    if (engine->language_unusable) {
        fail(engine, "CompilerMissing", missing_text, NULL);
        return;
    }
    build(engine, engine->code, false, !cell->silent);
}

static int on_grace(zloop_t *loop, int timer, void *data) {
    (void)loop;
    (void)timer;
    struct c_engine *engine = data;
    if (engine->state != STATE_RUNNING && engine->state != STATE_LOADING) {
        stop_grace(engine);
    } else if (++engine->interrupts >= INTERRUPT_TRIES) {
        stop_grace(engine);
        (void)kill(-engine->worker.pid, SIGKILL);
    } else if (engine->state == STATE_RUNNING) {
        (void)kill(engine->worker.pid, MESSAGES_INTERRUPT);
    }
    return 0;
}

static void interrupt(struct engine *base) {
    struct c_engine *engine = (struct c_engine *)base;
    if (engine->state == STATE_IDLE)
        return;
    engine->interrupted = true;
    if (engine->state == STATE_BUILDING) {
        frame_begin(&engine->out, LANGUAGE_CANCEL);
        helper_send(&engine->language, &engine->out);
        return;
    }
    if (engine->state == STATE_RUNNING)
        send_interrupt(engine);
    engine->interrupts = 0;
    if (engine->grace_timer <= 0)
        engine->grace_timer =
            zloop_timer(engine->base.host->loop, INTERRUPT_EVERY_MS, 0, on_grace, engine);
}

static void input_reply(struct engine *base, const char *value) {
    struct c_engine *engine = (struct c_engine *)base;
    if (engine->state != STATE_RUNNING)
        return;
    frame_begin(&engine->out, WORKER_INPUT);
    frame_add_int(&engine->out, value == NULL);
    frame_add_string(&engine->out, value ? value : "");
    helper_send(&engine->worker, &engine->out);
}

static void complete(struct engine *base, uint64_t token, const char *code, size_t cursor) {
    struct c_engine *engine = (struct c_engine *)base;
    if (engine->language_unusable) {
        json_int_t at = (json_int_t)utf8_count(code, cursor);
        json_auto_t *content = json_pack("{s:s, s:[], s:I, s:I, s:{}}", "status", "ok", "matches",
            "cursor_start", at, "cursor_end", at, "metadata");
        base->host->reply(base->host->context, token, content);
        return;
    }
    frame_begin(&engine->out, LANGUAGE_COMPLETE);
    frame_add_int(&engine->out, (int64_t)token);
    frame_add_string(&engine->out, code);
    frame_add_int(&engine->out, (int64_t)cursor);
    helper_send(&engine->language, &engine->out);
}

static void inspect(
    struct engine *base, uint64_t token, const char *code, size_t cursor, int detail_level) {
    struct c_engine *engine = (struct c_engine *)base;
    if (engine->language_unusable) {
        json_auto_t *content =
            json_pack("{s:s, s:b, s:{}, s:{}}", "status", "ok", "found", 0, "data", "metadata");
        base->host->reply(base->host->context, token, content);
        return;
    }
    frame_begin(&engine->out, LANGUAGE_INSPECT);
    frame_add_int(&engine->out, (int64_t)token);
    frame_add_string(&engine->out, code);
    frame_add_int(&engine->out, (int64_t)cursor);
    frame_add_int(&engine->out, detail_level);
    helper_send(&engine->language, &engine->out);
}

static void is_complete(struct engine *base, uint64_t token, const char *code) {
    size_t indent = 0;
    json_auto_t *content = NULL;
    switch (is_complete_check(code, strlen(code), &indent)) {
    case IS_COMPLETE:
        content = json_pack("{s:s}", "status", "complete");
        break;
    case IS_INVALID:
        content = json_pack("{s:s}", "status", "invalid");
        break;
    case IS_INCOMPLETE: {
        struct buf spaces = BUF_INIT;
        for (size_t i = 0; i < indent && i < 80; i++)
            buf_append_char(&spaces, ' ');
        content = json_pack("{s:s, s:s}", "status", "incomplete", "indent", buf_string(&spaces));
        buf_finish(&spaces);
        break;
    }
    }
    base->host->reply(base->host->context, token, content);
}

static size_t processes(struct engine *base, int64_t *ret_pids, size_t max) {
    struct c_engine *engine = (struct c_engine *)base;
    size_t count = 0;
    if (engine->language.pid && count < max)
        ret_pids[count++] = engine->language.pid;
    if (engine->worker.pid && count < max)
        ret_pids[count++] = engine->worker.pid;
    return count;
}

const struct engine_ops c_engine_ops = {.name = "c",
    .create = create,
    .destroy = destroy,
    .language_info = language_info,
    .banner = banner,
    .execute = execute,
    .interrupt = interrupt,
    .input_reply = input_reply,
    .complete = complete,
    .inspect = inspect,
    .is_complete = is_complete,
    .processes = processes};
