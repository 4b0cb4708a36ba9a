#include "kernel/engine/c/c_state.h"

#include "base/program.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { EXIT_NOT_LOADED = 127 }; /* of a process whose program or libraries are not there */

static int on_language(zloop_t *loop, zmq_pollitem_t *item, void *data);

const char c_language_missing_text[] =
    "the C language service cannot run: install clang and libclang, on Debian and Ubuntu by "
    "`apt install clang-" FORKERNEL_CLANG_MAJOR " libclang-" FORKERNEL_CLANG_MAJOR "-dev`";

void c_language_start(struct c_engine *engine) {
    char *path = program_installed(FORKERNEL_LIBEXEC "/forkernel-c-language");
    char *include = program_installed("share/forkernel/include");
    char *argv[] = {path, engine->folder, include, NULL};
    struct helper_setup setup = {.argv = argv, .out = -1, .err = -1};
    if (!path || !include ||
        helper_start(&engine->language, engine->base.host->loop, &setup, &engine->trouble) !=
            STATUS_OK)
        engine->language_unusable = true;
    else
        c_engine_watch(engine, engine->language.socket, on_language);
    free(path);
    free(include);
}

/* ---- queries ---- */

struct c_query {
    struct c_query *next;
    uint64_t token;
};

/* Take the query off the list; false when it is not there (any more). */
static bool take_query(struct c_engine *engine, uint64_t token) {
    struct c_query **at = &engine->queries;
    while (*at && (*at)->token != token)
        at = &(*at)->next;
    struct c_query *query = *at;
    if (!query)
        return false;
    *at = query->next;
    free(query);
    return true;
}

void c_language_query(struct c_engine *engine, uint64_t token) {
    const struct engine_host *host = engine->base.host;
    struct c_query *query = malloc(sizeof *query);
    if (!engine->language.pid && !engine->language_unusable)
        c_language_start(engine);
    if (!query || !engine->language.pid) {
        free(query);
        host->reply(host->context, token, NULL);
        return;
    }
    *query = (struct c_query){.next = engine->queries, .token = token};
    engine->queries = query;
    helper_send(&engine->language, &engine->out);
}

/* Nobody will answer them any more. */
static void drop_queries(struct c_engine *engine) {
    const struct engine_host *host = engine->base.host;
    while (engine->queries) {
        uint64_t token = engine->queries->token;
        (void)take_query(engine, token);
        host->reply(host->context, token, NULL);
    }
}

int c_language_stop(struct c_engine *engine) {
    c_engine_unwatch(engine, engine->language.socket);
    int status = helper_stop(&engine->language);
    drop_queries(engine);
    return status;
}

static void send_state(struct c_engine *engine, uint16_t type, int64_t state) {
    frame_begin(&engine->out, type);
    frame_add_int(&engine->out, state);
    helper_send(&engine->language, &engine->out);
}

void c_language_commit(struct c_engine *engine) {
    send_state(engine, LANGUAGE_COMMIT, engine->state_number);
    engine->leaves = ENGINE_STATE_NEW;
}

void c_language_wake(struct c_engine *engine, int64_t state) {
    send_state(engine, LANGUAGE_WAKE, state);
}

void c_language_evict(struct c_engine *engine, int64_t state) {
    send_state(engine, LANGUAGE_EVICT, state);
}

/* ---- what the language service says ---- */

static void on_ready(struct c_engine *engine, const struct frame *frame) {
    const struct engine_host *host = engine->base.host;
    const char *path = frame_string(frame, 0);
    const char *warnings = frame_string(frame, 4);
    if (*warnings && !engine->evaluating)
        host->stream(host->context, ENGINE_STDERR, warnings, strlen(warnings));
    c_cell_set_timing(engine, "parse", frame_int(frame, 5, 0));
    c_cell_set_timing(engine, "compile", frame_int(frame, 6, 0));
    if (engine->interrupted) {
        c_cell_fail(engine, "KeyboardInterrupt", "interrupted", NULL);
        return;
    }
    if (!engine->evaluating) {
        free(engine->defines);
        engine->defines = strdup(frame_string(frame, 8));
    }
    if (!*path) {
        c_language_commit(engine);
        c_cell_succeed(engine);
        return;
    }
    if (!engine->worker.pid)
        c_worker_start(engine);
    if (!engine->worker.pid) {
        c_cell_fail(engine, "WorkerMissing", engine->trouble.message, NULL);
        return;
    }
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

static void on_fault_text(struct c_engine *engine, const struct frame *frame) {
    if (engine->state != STATE_EXPLAINING)
        return;
    char *ename = strdup(frame_string(frame, 0));
    char *evalue = strdup(frame_string(frame, 1));
    c_cell_fail(
        engine, ename ? ename : "SIGSEGV", evalue ? evalue : "", c_cell_frame_lines(frame, 2));
    free(ename);
    free(evalue);
}

static void on_reply(struct c_engine *engine, const struct frame *frame) {
    const struct engine_host *host = engine->base.host;
    uint64_t token = (uint64_t)frame_int(frame, 0, 0);
    json_auto_t *content = json_loads(frame_string(frame, 1), 0, NULL);
    if (take_query(engine, token))
        host->reply(host->context, token, content);
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
            c_cell_set_timing(engine, "parse", frame_int(frame, 2, 0));
            c_cell_set_timing(engine, "compile", frame_int(frame, 3, 0));
            char *ename = strdup(frame_string(frame, 0));
            char *evalue = strdup(frame_string(frame, 1));
            c_cell_fail(
                engine, ename ? ename : "", evalue ? evalue : "", c_cell_frame_lines(frame, 6));
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

/* Its end takes the cell that it has with it, and all it knew of the session: without that no state
   can be used, so that none is left that pretends otherwise. One that never spoke is started again
   by the next cell, unless the loader could not even begin it. */
static void language_died(struct c_engine *engine) {
    const struct engine_host *host = engine->base.host;
    bool heard = engine->language.heard;
    int status = c_language_stop(engine);
    bool missing = !heard && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NOT_LOADED;
    engine->language_unusable = missing;
    if (heard) {
        (void)c_worker_stop(engine);
        c_twins_stop(engine, true);
        c_language_start(engine);
        engine->leaves = ENGINE_STATE_LOST;
    }
    if (engine->state == STATE_IDLE) {
        if (heard)
            host->lost(host->context);
        return;
    }
    engine->evaluating = false;
    if (missing)
        c_cell_fail(engine, "CompilerMissing", c_language_missing_text, NULL);
    else if (engine->interrupted)
        c_cell_fail(engine, "KeyboardInterrupt",
            "the compiler did not hear the interrupt and was ended", NULL);
    else
        c_cell_fail(engine, "LanguageServiceDied",
            "the process that parses and compiles cells has ended; it is started again", NULL);
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
