#include "kernel/engine/c/c_engine.h"
#include "kernel/engine/c/c_state.h"
#include "kernel/engine/c/is_complete.h"

#include "base/file.h"
#include "base/utf8.h"

#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void c_engine_watch(struct c_engine *engine, int fd, zloop_fn *handler) {
    zmq_pollitem_t item = {.fd = fd, .events = ZMQ_POLLIN};
    if (fd >= 0)
        (void)zloop_poller(engine->base.host->loop, &item, handler, engine);
}

void c_engine_unwatch(struct c_engine *engine, int fd) {
    zmq_pollitem_t item = {.fd = fd, .events = ZMQ_POLLIN};
    if (fd >= 0)
        zloop_poller_end(engine->base.host->loop, &item);
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
    c_twins_close(engine);
    (void)c_worker_stop(engine);
    c_leaving_stop(engine);
    (void)c_language_stop(engine);
    c_worker_close_pipes(engine);
    c_cell_forget(engine);
    c_orphans_close(engine);
    (void)nftw(engine->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(engine->folder);
    buf_finish(&engine->out);
    buf_finish(&engine->fault);
    buf_finish(&engine->effects);
    free(engine);
}

static enum status create(
    const struct engine_host *host, struct engine **ret_engine, struct error *error) {
    struct c_engine *engine = calloc(1, sizeof *engine);
    const char *temporary = getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe): at start */
    if (!engine)
        return error_set(error, STATUS_NO_MEMORY, "cannot start the C engine: out of memory");
    engine->base = (struct engine){.ops = &c_engine_ops, .host = host};
    engine->language = engine->worker = HELPER_INIT;
    engine->stdout_pipe[0] = engine->stdout_pipe[1] = engine->stderr_pipe[0] =
        engine->stderr_pipe[1] = -1;
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
    *ret_engine = &engine->base;
    engine->twins_poll = engine->orphans_fd = -1;
    c_orphans_open(engine);
    enum status status = c_worker_open_pipes(engine, error);
    if (status == STATUS_OK)
        status = c_twins_open(engine, error);
    if (status != STATUS_OK) {
        destroy(ret_engine);
        return status;
    }
    c_language_start(engine);
    c_worker_start(engine);
    return STATUS_OK;
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
    engine->state_number = cell->state;
    engine->leaves = ENGINE_STATE_SAME;
    engine->piped_before = engine->piped_bytes;
    engine->silent = cell->silent;
    engine->allow_stdin = cell->allow_stdin;
    engine->interrupted = false;
    engine->expressions =
        json_object_size(cell->user_expressions) ? json_deep_copy(cell->user_expressions) : NULL;
    engine->next_expression = NULL;
    buf_clear(&engine->fault);
    engine->state = STATE_BUILDING;
    if (!engine->language.pid && !engine->language_unusable)
        c_language_start(engine);
    if (engine->language_unusable) {
        c_cell_fail(engine, "CompilerMissing", c_language_missing_text, NULL);
        return;
    }
    c_cell_build(engine, engine->code, false, !cell->silent);
}

static void interrupt(struct engine *base) {
    struct c_engine *engine = (struct c_engine *)base;
    if (engine->state == STATE_IDLE)
        return;
    engine->interrupted = true;
    if (engine->state == STATE_BUILDING) {
        frame_begin(&engine->out, LANGUAGE_CANCEL);
        helper_send(&engine->language, &engine->out);
    }
    c_worker_interrupt(engine);
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
    frame_begin(&engine->out, LANGUAGE_COMPLETE);
    frame_add_int(&engine->out, (int64_t)token);
    frame_add_string(&engine->out, code);
    frame_add_int(&engine->out, (int64_t)cursor);
    c_language_query(engine, token);
}

static void inspect(
    struct engine *base, uint64_t token, const char *code, size_t cursor, int detail_level) {
    struct c_engine *engine = (struct c_engine *)base;
    frame_begin(&engine->out, LANGUAGE_INSPECT);
    frame_add_int(&engine->out, (int64_t)token);
    frame_add_string(&engine->out, code);
    frame_add_int(&engine->out, (int64_t)cursor);
    frame_add_int(&engine->out, detail_level);
    c_language_query(engine, token);
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
    .checkpoint = c_twins_checkpoint,
    .wake = c_twins_wake,
    .evict = c_twins_evict,
    .measure = c_twins_measure,
    .prepare = c_twins_prepare,
    .processes = processes};
