/*
 * Processes on their way out. The system takes tens of milliseconds to take a large process's
 * memory back, and only then does its end show: nobody waits for that.
 */
#include "kernel/engine/c/c_state.h"

#include <signal.h>
#include <stdlib.h>

struct c_leaving {
    struct c_leaving *next;
    struct helper process;
};

static void take_leave(struct c_engine *engine, struct c_leaving **at) {
    struct c_leaving *leaving = *at;
    *at = leaving->next;
    c_engine_unwatch(engine, leaving->process.pidfd);
    (void)helper_stop(&leaving->process); /* what it started goes with it */
    free(leaving);
}

static int on_end(zloop_t *loop, zmq_pollitem_t *item, void *data) {
    (void)loop;
    struct c_engine *engine = data;
    struct c_leaving **at = &engine->leaving;
    while (*at && (*at)->process.pidfd != item->fd)
        at = &(*at)->next;
    if (*at)
        take_leave(engine, at);
    return 0;
}

void c_leaving_add(struct c_engine *engine, struct helper *process, bool end) {
    struct c_leaving *leaving = process->pid > 0 ? calloc(1, sizeof *leaving) : NULL;
    if (!leaving) {
        (void)helper_stop(process);
        return;
    }
    buf_clear(&process->queue);
    helper_move(&leaving->process, process);
    leaving->next = engine->leaving;
    engine->leaving = leaving;
    if (end) {
        (void)kill(-leaving->process.pid, SIGKILL);
        (void)kill(leaving->process.pid, SIGKILL);
    }
    c_engine_watch(engine, leaving->process.pidfd, on_end);
}

bool c_leaving_has(const struct c_engine *engine, pid_t pid) {
    const struct c_leaving *leaving = engine->leaving;
    while (leaving && leaving->process.pid != pid)
        leaving = leaving->next;
    return leaving != NULL;
}

void c_leaving_stop(struct c_engine *engine) {
    while (engine->leaving)
        take_leave(engine, &engine->leaving);
}
