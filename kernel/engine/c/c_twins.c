/*
 * Twins: every state that is kept is a process asleep on a channel of its own. Going to a state
 * means nothing but that its process gets the next cell. See worker/twin.c for how one is made.
 */
#include "kernel/engine/c/c_state.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct c_twin {
    struct c_twin *next;
    int64_t state;
    struct helper process;
};

static int on_twin(zloop_t *loop, zmq_pollitem_t *item, void *data);

static struct c_twin *find(const struct c_engine *engine, int64_t state) {
    struct c_twin *twin = engine->twins;
    while (twin && twin->state != state)
        twin = twin->next;
    return twin;
}

static bool is_ours(const struct c_engine *engine, pid_t pid) {
    const struct c_twin *twin = engine->twins;
    while (twin && twin->process.pid != pid)
        twin = twin->next;
    return twin || pid == engine->worker.pid || pid == engine->language.pid;
}

/* Its end may have been there for a while before it is heard of. */
static struct c_twin *find_alive(const struct c_engine *engine, int64_t state) {
    struct c_twin *twin = find(engine, state);
    siginfo_t info = {0};
    if (twin && waitid(P_PID, (id_t)twin->process.pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        info.si_pid)
        twin = NULL;
    return twin;
}

static void watch(struct c_engine *engine, struct c_twin *twin) {
    c_engine_watch(engine, twin->process.socket, on_twin);
    c_engine_watch(engine, twin->process.pidfd, on_twin);
}

static void unwatch(struct c_engine *engine, struct c_twin *twin) {
    c_engine_unwatch(engine, twin->process.socket);
    c_engine_unwatch(engine, twin->process.pidfd);
}

/* Take it off the list and free it; its process is the caller's. */
static void forget(struct c_engine *engine, struct c_twin *twin) {
    struct c_twin **at = &engine->twins;
    while (*at != twin)
        at = &(*at)->next;
    *at = twin->next;
    free(twin);
}

static void stop(struct c_engine *engine, struct c_twin *twin) {
    unwatch(engine, twin);
    (void)helper_stop(&twin->process);
    forget(engine, twin);
}

void c_twins_stop(struct c_engine *engine, bool tell) {
    const struct engine_host *host = engine->base.host;
    while (engine->twins) {
        int64_t state = engine->twins->state;
        stop(engine, engine->twins);
        if (tell)
            host->gone(host->context, state);
    }
}

/* ---- making one ---- */

void c_twins_checkpoint(struct engine *base) {
    struct c_engine *engine = (struct c_engine *)base;
    frame_begin(&engine->out, WORKER_CHECKPOINT);
    frame_add_int(&engine->out, engine->worker_state);
    helper_send(&engine->worker, &engine->out);
}

/* The worker's word alone is not enough to end a process. */
static bool is_child(pid_t pid) {
    siginfo_t info;
    return pid > 0 && waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* A checkpoint that was asked for twice: quick moves between states do that. */
static void refuse(struct c_engine *engine, pid_t pid, int socket) {
    struct helper unwanted;
    if (helper_adopt(&unwanted, engine->base.host->loop, pid, socket, NULL) == STATUS_OK)
        (void)helper_stop(&unwanted);
}

/* `frame` tells of a process that this one knows nothing of. */
static bool is_new(const struct c_engine *engine, pid_t pid, int socket) {
    if (is_child(pid) && !is_ours(engine, pid) && socket >= 0)
        return true;
    if (socket >= 0)
        (void)close(socket);
    return false;
}

static void add(
    struct c_engine *engine, int64_t state, pid_t pid, int socket, struct error *trouble) {
    struct c_twin *twin = calloc(1, sizeof *twin);
    struct helper process;
    if (helper_adopt(&process, engine->base.host->loop, pid, socket, trouble) != STATUS_OK) {
        free(twin);
    } else if (!twin) {
        (void)helper_stop(&process);
        (void)error_set(trouble, STATUS_NO_MEMORY, "out of memory");
    } else {
        *twin = (struct c_twin){.next = engine->twins, .state = state, .process = process};
        engine->twins = twin;
        watch(engine, twin);
    }
}

void c_twins_add(struct c_engine *engine, const struct frame *frame) {
    const struct engine_host *host = engine->base.host;
    int64_t state = frame_int(frame, 0, 0);
    pid_t pid = (pid_t)frame_int(frame, 1, 0);
    int error = (int)frame_int(frame, 2, 0);
    int socket = frame_reader_take_descriptor(&engine->worker.reader);
    struct engine_checkpoint checkpoint = {.cost_us = frame_int(frame, 3, 0)};
    struct error trouble = {0};
    if (!is_new(engine, pid, socket)) {
        if (error)
            (void)error_set_errno(&trouble, error, "cannot fork the program");
        else
            (void)error_set(&trouble, STATUS_CLOSED, "the copy of the program has gone astray");
    } else if (find(engine, state)) { /* and the host knows of that */
        refuse(engine, pid, socket);
        return;
    } else {
        (void)setpgid(pid, pid); /* it does so itself, but the worker's group may be ended before */
        add(engine, state, pid, socket, &trouble);
    }
    checkpoint.trouble = trouble.status == STATUS_OK ? NULL : trouble.message;
    host->checkpointed(host->context, state, &checkpoint);
}

/* ---- what one says, or that it has ended ---- */

static void died(struct c_engine *engine, struct c_twin *twin) {
    const struct engine_host *host = engine->base.host;
    int64_t state = twin->state;
    stop(engine, twin);
    host->gone(host->context, state);
}

/* It was the worker when it was asked for one, and is the checkpoint now itself. */
static void refuse_late(struct c_engine *engine, struct c_twin *twin, const struct frame *frame) {
    pid_t pid = (pid_t)frame_int(frame, 1, 0);
    int socket = frame_reader_take_descriptor(&twin->process.reader);
    if (is_new(engine, pid, socket))
        refuse(engine, pid, socket);
}

static int on_twin(zloop_t *loop, zmq_pollitem_t *item, void *data) {
    (void)loop;
    struct c_engine *engine = data;
    const struct engine_host *host = engine->base.host;
    struct c_twin *twin = engine->twins;
    while (twin && twin->process.socket != item->fd && twin->process.pidfd != item->fd)
        twin = twin->next;
    if (!twin)
        return 0;
    struct frame frame;
    enum status end = item->fd == twin->process.pidfd
                          ? STATUS_CLOSED
                          : frame_reader_fill(&twin->process.reader, item->fd, NULL);
    enum status status;
    int64_t state = twin->state;
    while ((status = frame_reader_next(&twin->process.reader, &frame)) == STATUS_OK) {
        if (frame.type == WORKER_CHECKPOINTED)
            refuse_late(engine, twin, &frame);
        if (frame.type != WORKER_MEASURED)
            continue;
        host->measured(host->context, state, frame_int(&frame, 0, 0));
        if (!(twin = find(engine, state))) /* it was too large to be kept */
            return 0;
    }
    if (end != STATUS_OK || status == STATUS_INVALID)
        died(engine, twin);
    return 0;
}

void c_twins_measure(struct engine *base, int64_t state) {
    struct c_engine *engine = (struct c_engine *)base;
    struct c_twin *twin = find(engine, state);
    frame_begin(&engine->out, WORKER_MEASURE);
    if (twin)
        helper_send(&twin->process, &engine->out);
}

/* ---- coming back to one ---- */

/* The worker becomes the twin of the state that it holds. */
static bool park(struct c_engine *engine) {
    struct c_twin *twin = calloc(1, sizeof *twin);
    if (!twin)
        return false;
    c_worker_unwatch(engine);
    twin->state = engine->worker_state;
    helper_move(&twin->process, &engine->worker);
    twin->next = engine->twins;
    engine->twins = twin;
    watch(engine, twin);
    return true;
}

/* The twin becomes the worker, which runs nothing now. */
static void unpark(struct c_engine *engine, struct c_twin *twin) {
    unwatch(engine, twin);
    helper_move(&engine->worker, &twin->process);
    engine->worker.reader.takes_descriptor = true;
    engine->worker_state = twin->state;
    forget(engine, twin);
    c_worker_watch(engine);
}

bool c_twins_wake(struct engine *base, int64_t state, bool keep) {
    struct c_engine *engine = (struct c_engine *)base;
    if (state == engine->worker_state && engine->worker.pid && state)
        return true;
    if (state && !find_alive(engine, state))
        return false;
    /* of a fresh program there is always another one */
    keep = keep && engine->worker_state && engine->worker.pid;
    if (!keep || find(engine, engine->worker_state) || !park(engine))
        (void)c_worker_stop(engine);
    struct c_twin *twin = state ? find(engine, state) : NULL; /* park() has changed the list */
    if (twin)
        unpark(engine, twin);
    else
        c_worker_start(engine);
    c_language_wake(engine, state);
    return true;
}

bool c_twins_replace_worker(struct c_engine *engine) {
    const struct engine_host *host = engine->base.host;
    struct c_twin *twin = find_alive(engine, engine->worker_state);
    if (!twin)
        return false;
    unpark(engine, twin);
    host->gone(host->context, engine->worker_state);
    return true;
}

void c_twins_evict(struct engine *base, int64_t state) {
    struct c_engine *engine = (struct c_engine *)base;
    struct c_twin *twin = find(engine, state);
    if (twin)
        stop(engine, twin);
    if (state != engine->worker_state)
        c_language_evict(engine, state);
}

size_t c_twins_processes(const struct c_engine *engine, int64_t *ret_pids, size_t max) {
    size_t count = 0;
    for (const struct c_twin *twin = engine->twins; twin && count < max; twin = twin->next)
        ret_pids[count++] = twin->process.pid;
    return count;
}

void c_twins_reap(const struct c_engine *engine) {
    for (;;) {
        siginfo_t info = {0};
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || !info.si_pid ||
            is_ours(engine, info.si_pid)) /* whose end comes by its pidfd */
            return;
        (void)waitpid(info.si_pid, NULL, WNOHANG);
    }
}
