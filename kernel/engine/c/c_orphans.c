/*
 * What a cell or a compiler left running becomes a child of the kernel process when its parent ends
 * (a subreaper, see twin.c). Nobody else waits for it: its end is heard of by SIGCHLD.
 */
#include "kernel/engine/c/c_state.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { AGAIN_MS = 10 };

bool c_orphans_owns(const struct c_engine *engine, pid_t pid) {
    return pid == engine->worker.pid || pid == engine->language.pid || c_twins_has(engine, pid) ||
           c_leaving_has(engine, pid);
}

static zloop_timer_fn on_again;

/* Take leave of those that have ended. */
static void reap(struct c_engine *engine) {
    siginfo_t info = {0};
    while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid) {
        /* the end of one of ours comes by its pidfd; others may be behind it */
        if (c_orphans_owns(engine, info.si_pid)) {
            if (!engine->orphans_timer)
                engine->orphans_timer =
                    zloop_timer(engine->base.host->loop, AGAIN_MS, 1, on_again, engine);
            return;
        }
        (void)waitpid(info.si_pid, NULL, WNOHANG);
        info.si_pid = 0;
    }
}

static int on_again(zloop_t *loop, int timer, void *data) {
    (void)loop;
    (void)timer;
    struct c_engine *engine = data;
    engine->orphans_timer = 0;
    reap(engine);
    return 0;
}

static int on_ends(zloop_t *loop, zmq_pollitem_t *item, void *data) {
    (void)loop;
    struct signalfd_siginfo info;
    while (read(item->fd, &info, sizeof info) == sizeof info)
        ; /* several ends are one signal */
    reap(data);
    return 0;
}

void c_orphans_open(struct c_engine *engine) {
    sigset_t ends;
    (void)sigemptyset(&ends);
    (void)sigaddset(&ends, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &ends, NULL);
    engine->orphans_fd = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
    c_engine_watch(engine, engine->orphans_fd, on_ends);
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
}

void c_orphans_close(struct c_engine *engine) {
    reap(engine);
    if (engine->orphans_timer > 0)
        (void)zloop_timer_end(engine->base.host->loop, engine->orphans_timer);
    c_engine_unwatch(engine, engine->orphans_fd);
    if (engine->orphans_fd >= 0)
        (void)close(engine->orphans_fd);
}
