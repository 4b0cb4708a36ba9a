/* A child process that speaks base/frame.h messages over a socketpair, in a process group of its
   own, and that dies with this process. On the thread of the event loop. */
#ifndef FORKERNEL_ENGINE_C_HELPER_H
#define FORKERNEL_ENGINE_C_HELPER_H

#include "base/frame.h"

#include <czmq.h>
#include <stdbool.h>
#include <sys/types.h>

enum { HELPER_QUEUE_BYTES = 64 * 1024 * 1024 };

struct helper {
    pid_t pid; /* 0: not running */
    int pidfd; /* readable when it has ended */
    int socket;
    struct frame_reader reader;
    bool heard; /* it has said something: it was able to start */
    zloop_t *loop;
    int writer;       /* the socket once more, to be told when it can be written */
    struct buf queue; /* not taken by the socket yet */
    bool overrun;     /* it did not read what it had asked for, and was ended */
};

/* What a helper starts with besides the channel. */
struct helper_setup {
    char *const *argv; /* the first is the path */
    int out;           /* its stdout and stderr; -1: this process's */
    int err;
    const char *environment; /* a "NAME=VALUE" for it alone, where NAME is not set yet; or NULL */
};

#define HELPER_INIT ((struct helper){.pidfd = -1, .socket = -1, .writer = -1})

enum status helper_start(struct helper *helper, zloop_t *loop, const struct helper_setup *setup,
    struct error *error) MUST_CHECK;

/* The same for a child of this process that is there already; takes the socket, whatever comes. */
enum status helper_adopt(
    struct helper *helper, zloop_t *loop, pid_t pid, int socket, struct error *error) MUST_CHECK;

/* Let `to`, which runs nothing, have the process of `from`. The owner moves its watches. */
void helper_move(struct helper *to, struct helper *from);

/* End it with its whole process group, wait for it, close everything. Returns the wait status. */
int helper_stop(struct helper *helper);

/* Send what `out` holds, without waiting: what the socket does not take now follows later. A helper
   that is gone is noticed elsewhere; one that lets HELPER_QUEUE_BYTES pile up is ended. */
void helper_send(struct helper *helper, struct buf *out);

#endif
