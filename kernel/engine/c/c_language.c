#include "kernel/engine/c/c_state.h"

#include <stdlib.h>
#include <string.h>

static int on_language(zloop_t *loop, zmq_pollitem_t *item, void *data);

const char c_language_missing_text[] =
    "the C language service cannot run: install clang and libclang, on Debian and Ubuntu by "
    "`apt install clang-" FORKERNEL_CLANG_MAJOR " libclang-" FORKERNEL_CLANG_MAJOR "-dev`";

void c_language_start(struct c_engine *engine) {
    char *path = helper_installed_path(FORKERNEL_LIBEXEC "/forkernel-c-language");
    char *include = helper_installed_path("share/forkernel/include");
    char *argv[] = {path, engine->folder, include, NULL};
    if (!path || !include ||
        helper_start(&engine->language, argv, false, &engine->trouble) != STATUS_OK)
        engine->language_unusable = true;
    else
        c_engine_watch(engine, engine->language.socket, on_language);
    free(path);
    free(include);
}

void c_language_stop(struct c_engine *engine) {
    c_engine_unwatch(engine, engine->language.socket);
    (void)helper_stop(&engine->language);
}

void c_language_reset(struct c_engine *engine) {
    frame_begin(&engine->out, LANGUAGE_RESET);
    helper_send(&engine->language, &engine->out);
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
        c_cell_fail(engine, "KeyboardInterrupt", "", NULL);
        return;
    }
    if (!*path) {
        frame_begin(&engine->out, LANGUAGE_COMMIT);
        helper_send(&engine->language, &engine->out);
        c_cell_succeed(engine);
        return;
    }
    if (!engine->worker.pid)
        c_worker_start(engine);
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
    (void)c_worker_stop(engine);
    c_worker_start(engine);
    c_language_reset(engine);
}

static void on_fault_text(struct c_engine *engine, const struct frame *frame) {
    if (engine->state != STATE_EXPLAINING)
        return;
    json_t *lines = c_cell_frame_lines(frame, 2);
    if (engine->lost_worker)
        c_cell_add_line(lines, c_worker_lost_text);
    char *ename = strdup(frame_string(frame, 0));
    char *evalue = strdup(frame_string(frame, 1));
    if (engine->lost_worker) {
        engine->evaluating = false;
        renew_session(engine);
    }
    c_cell_fail(engine, ename ? ename : "SIGSEGV", evalue ? evalue : "", lines);
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

static void language_died(struct c_engine *engine) {
    bool heard = engine->language.heard;
    c_language_stop(engine);
    if (heard) {
        /* what it knew is gone: nothing may be left that pretends otherwise */
        (void)c_worker_stop(engine);
        c_worker_start(engine);
        c_language_start(engine);
    } else {
        engine->language_unusable = true;
    }
    if (engine->state == STATE_IDLE)
        return;
    engine->evaluating = false;
    json_t *lines = json_array();
    if (heard)
        c_cell_add_line(lines, c_worker_lost_text);
    c_cell_fail(engine, heard ? "LanguageServiceDied" : "CompilerMissing",
        heard ? "the process that parses and compiles cells has ended" : c_language_missing_text,
        lines);
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
