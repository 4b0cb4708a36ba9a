/*
 * Twins: every state that is kept is a process asleep on a channel of its own. Going to a state
 * means nothing but that its process gets the next cell. See worker/twin.c for how one is made.
 *
 * The process that is gone to is the state's checkpoint no more, and another has to be made of it
 * before it runs a cell. Where that takes long, a state has two of them: the second is made by the
 * first, in a quiet moment or when one is used up, or is the worker that the state was left with.
 */
#include "kernel/engine/c/c_state.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECOND_FROM_US = 6000 }; /* copying takes so long: compiling a cell does not hide it */

struct c_twin {
    struct c_twin *next;
    int64_t state;
    struct helper process;
    int64_t fork_us; /* how long making it took */
    bool forking;    /* it has been asked for another */
    bool preparing;  /* by c_twins_prepare() */
};

static struct c_twin *find(const struct c_engine *engine, int64_t state) {
    struct c_twin *twin = engine->twins;
    while (twin && twin->state != state)
        twin = twin->next;
    return twin;
}

static bool has_ended(const struct c_twin *twin) {
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)twin->process.pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid;
}

/* The end of one may have been there for a while before it is heard of. */
static struct c_twin *find_alive(const struct c_engine *engine, int64_t state) {
    struct c_twin *twin = engine->twins;
    while (twin && (twin->state != state || has_ended(twin)))
        twin = twin->next;
    return twin;
}

static bool is_listed(const struct c_engine *engine, const struct c_twin *wanted) {
    const struct c_twin *twin = engine->twins;
    while (twin && twin != wanted)
        twin = twin->next;
    return twin != NULL;
}

static int64_t count(const struct c_engine *engine, int64_t state) {
    int64_t found = 0;
    for (const struct c_twin *twin = engine->twins; twin; twin = twin->next)
        found += twin->state == state;
    return found;
}

bool c_twins_has(const struct c_engine *engine, pid_t pid) {
    const struct c_twin *twin = engine->twins;
    while (twin && twin->process.pid != pid)
        twin = twin->next;
    return twin;
}

/* All of them behind one descriptor: the event loop looks at each of its own every time. */
static void watch(struct c_engine *engine, struct c_twin *twin) {
    struct epoll_event socket = {.events = EPOLLIN, .data.fd = twin->process.socket};
    struct epoll_event end = {.events = EPOLLIN, .data.fd = twin->process.pidfd};
    (void)epoll_ctl(engine->twins_poll, EPOLL_CTL_ADD, twin->process.socket, &socket);
    (void)epoll_ctl(engine->twins_poll, EPOLL_CTL_ADD, twin->process.pidfd, &end);
}

static void unwatch(struct c_engine *engine, struct c_twin *twin) {
    (void)epoll_ctl(engine->twins_poll, EPOLL_CTL_DEL, twin->process.socket, NULL);
    (void)epoll_ctl(engine->twins_poll, EPOLL_CTL_DEL, twin->process.pidfd, NULL);
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
    c_leaving_add(engine, &twin->process, true);
    forget(engine, twin);
}

void c_twins_stop(struct c_engine *engine, bool tell) {
    const struct engine_host *host = engine->base.host;
    while (engine->twins) {
        int64_t state = engine->twins->state;
        stop(engine, engine->twins);
        if (tell && !find(engine, state))
            host->gone(host->context, state);
    }
}

/* ---- making one ---- */

static void ask(struct c_engine *engine, struct helper *process, int64_t state) {
    frame_begin(&engine->out, WORKER_CHECKPOINT);
    frame_add_int(&engine->out, state);
    helper_send(process, &engine->out);
}

void c_twins_checkpoint(struct engine *base) {
    struct c_engine *engine = (struct c_engine *)base;
    const struct engine_host *host = engine->base.host;
    struct engine_checkpoint there = {0};
    if (find(engine, engine->worker_state))
        host->checkpointed(host->context, engine->worker_state, &there);
    else if (!engine->worker_forking) /* else its answer is on its way */
        ask(engine, &engine->worker, engine->worker_state);
    engine->worker_forking = !find(engine, engine->worker_state);
}

static bool wants_second(const struct c_engine *engine, const struct c_twin *twin) {
    return twin->fork_us >= SECOND_FROM_US && count(engine, twin->state) == 1;
}

static void make_second(struct c_engine *engine, struct c_twin *twin) {
    if (twin->forking)
        return;
    twin->forking = true;
    ask(engine, &twin->process, twin->state);
}

/* One at a time, and none while a cell is on its way. */
void c_twins_prepare(struct engine *base) {
    struct c_engine *engine = (struct c_engine *)base;
    struct c_twin *twin = engine->twins;
    while (twin && !wants_second(engine, twin))
        twin = twin->next;
    if (!twin || engine->state != STATE_IDLE)
        return;
    twin->preparing = true;
    make_second(engine, twin);
}

/* The worker's word alone is not enough to end a process. */
static bool is_child(pid_t pid) {
    siginfo_t info;
    return pid > 0 && waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* The process that `frame`, with the descriptor that came with it, tells of: a twin in the list, or
   nothing but an error. */
static enum status add(struct c_engine *engine, struct frame_reader *reader, int64_t state,
    const struct frame *frame, struct error *error) {
    pid_t pid = (pid_t)frame_int(frame, 1, 0);
    int socket = frame_reader_take_descriptor(reader);
    if (!is_child(pid) || c_orphans_owns(engine, pid) || socket < 0) {
        int trouble = (int)frame_int(frame, 2, 0);
        if (socket >= 0)
            (void)close(socket);
        return trouble ? error_set_errno(error, trouble, "cannot fork the program")
                       : error_set(error, STATUS_CLOSED, "the copy of the program has gone astray");
    }
    (void)setpgid(pid, pid); /* it does so itself, but the worker's group may be ended before */
    struct c_twin *twin = calloc(1, sizeof *twin);
    struct helper process;
    enum status status = helper_adopt(&process, engine->base.host->loop, pid, socket, error);
    if (status != STATUS_OK) {
        free(twin);
        return status;
    }
    if (!twin) {
        c_leaving_add(engine, &process, true);
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    }
    process.reader.takes_descriptor = true; /* it may make one more */
    *twin = (struct c_twin){.next = engine->twins,
        .state = state,
        .process = process,
        .fork_us = frame_int(frame, 3, 0)};
    engine->twins = twin;
    watch(engine, twin);
    return STATUS_OK;
}

void c_twins_add(struct c_engine *engine, const struct frame *frame) {
    const struct engine_host *host = engine->base.host;
    int64_t state = frame_int(frame, 0, 0);
    struct engine_checkpoint checkpoint = {
        .cost_us = frame_int(frame, 3, 0), .pause_us = frame_int(frame, 4, 0)};
    struct error trouble;
    engine->worker_forking = false;
    engine->worker_fork_us = checkpoint.cost_us;
    if (add(engine, &engine->worker.reader, state, frame, &trouble) != STATUS_OK)
        checkpoint.trouble = trouble.message;
    host->checkpointed(host->context, state, &checkpoint);
}

/* A twin has made another one, or the worker did before it became a twin. */
static void add_second(struct c_engine *engine, struct c_twin *twin, const struct frame *frame) {
    struct error unneeded;
    bool more = twin->preparing;
    twin->forking = twin->preparing = false;
    if (add(engine, &twin->process.reader, twin->state, frame, &unneeded) != STATUS_OK)
        return;
    if (twin->fork_us < SECOND_FROM_US || count(engine, twin->state) > 2)
        stop(engine, engine->twins);
    if (more)
        c_twins_prepare(&engine->base);
}

/* ---- what one says, or that it has ended ---- */

static void died(struct c_engine *engine, struct c_twin *twin) {
    const struct engine_host *host = engine->base.host;
    int64_t state = twin->state;
    stop(engine, twin);
    if (!find(engine, state))
        host->gone(host->context, state);
}

static void on_twin(struct c_engine *engine, int fd) {
    const struct engine_host *host = engine->base.host;
    struct c_twin *twin = engine->twins;
    while (twin && twin->process.socket != fd && twin->process.pidfd != fd)
        twin = twin->next;
    if (!twin)
        return;
    struct frame frame;
    enum status end = fd == twin->process.pidfd
                          ? STATUS_CLOSED
                          : frame_reader_fill(&twin->process.reader, fd, NULL);
    enum status status;
    while ((status = frame_reader_next(&twin->process.reader, &frame)) == STATUS_OK) {
        if (frame.type == WORKER_MEASURED) /* two share what they hold */
            host->measured(
                host->context, twin->state, frame_int(&frame, 0, 0) * count(engine, twin->state));
        else if (frame.type == WORKER_CHECKPOINTED)
            add_second(engine, twin, &frame);
        if (!is_listed(engine, twin)) /* it was too large to be kept */
            return;
    }
    if (end != STATUS_OK || status == STATUS_INVALID)
        died(engine, twin);
}

/* One event at a time: what is done about one may make the next one stale. */
static int on_twins(zloop_t *loop, zmq_pollitem_t *item, void *data) {
    enum { A_TURN = 64 };
    struct epoll_event event;
    (void)loop;
    for (int i = 0; i < A_TURN && epoll_wait(item->fd, &event, 1, 0) == 1; i++)
        on_twin(data, event.data.fd);
    return 0;
}

enum status c_twins_open(struct c_engine *engine, struct error *error) {
    engine->twins_poll = epoll_create1(EPOLL_CLOEXEC);
    if (engine->twins_poll < 0)
        return error_set_errno(error, errno, "cannot start the C engine");
    c_engine_watch(engine, engine->twins_poll, on_twins);
    return STATUS_OK;
}

void c_twins_close(struct c_engine *engine) {
    c_twins_stop(engine, false);
    c_engine_unwatch(engine, engine->twins_poll);
    if (engine->twins_poll >= 0)
        (void)close(engine->twins_poll);
    engine->twins_poll = -1;
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
    twin->fork_us = engine->worker_fork_us;
    twin->forking = engine->worker_forking;
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
    engine->worker_fork_us = twin->fork_us;
    engine->worker_forking = twin->forking;
    forget(engine, twin);
    c_worker_watch(engine);
}

/* Is the worker worth being kept as a twin of its state? */
static bool can_park(const struct c_engine *engine) {
    int64_t twins = count(engine, engine->worker_state);
    return engine->worker.pid && engine->worker_state &&
           twins < (engine->worker_fork_us < SECOND_FROM_US ? 1 : 2);
}

bool c_twins_wake(struct engine *base, int64_t state, bool keep) {
    struct c_engine *engine = (struct c_engine *)base;
    if (state == engine->worker_state && engine->worker.pid && state)
        return true;
    if (state && !find_alive(engine, state))
        return false;
    if (!keep || !can_park(engine) || !park(engine))
        c_worker_leave(engine, true);
    struct c_twin *twin = state ? find_alive(engine, state) : NULL; /* park() changed the list */
    if (twin)
        unpark(engine, twin);
    else
        c_worker_start(engine);
    c_language_wake(engine, state);
    twin = find(engine, engine->worker_state);
    if (twin && wants_second(engine, twin)) /* for the next time, while a cell is compiled */
        make_second(engine, twin);
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
    struct c_twin *twin;
    while ((twin = find(engine, state)))
        stop(engine, twin);
    if (state != engine->worker_state)
        c_language_evict(engine, state);
}
