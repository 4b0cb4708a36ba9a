/*
 * The kernel process: what it consists of, and how its parts reach each other.
 *
 *   channels --wire--> dispatch --> requests/ *.c --> engine
 *                                      |   ^
 *                                   execution: the queue and the cell that runs
 *                                      |
 *                          recorder (history first) --> iopub
 *
 * One event loop on one thread; nothing in here waits. The kernel owns every part; parts borrow the
 * kernel.
 */
#ifndef FORKERNEL_KERNEL_KERNEL_H
#define FORKERNEL_KERNEL_KERNEL_H

#include "kernel/comm/comm_held.h"
#include "kernel/comm/comm_watch.h"
#include "kernel/comms.h"
#include "kernel/engine/engine.h"
#include "kernel/execution.h"
#include "kernel/notebook_watch.h"
#include "kernel/protocol/channels.h"
#include "kernel/protocol/wire.h"
#include "kernel/recorder.h"
#include "kernel/replay.h"
#include "kernel/states.h"

struct kernel_options {
    const char *connection_file; /* path */
    const char *engine;          /* name, as engine_find() takes it */
    bool history;                /* false: nothing is recorded */
    bool states;                 /* false: no checkpoints of the program are taken at first */
    int64_t states_bytes;        /* that they may hold on to, 0: a quarter of the memory */
};

struct kernel {
    zloop_t *loop;
    struct wire *wire;
    struct connection connection;
    struct channels channels;
    struct engine_host host; /* what the engine calls; context is the kernel */
    struct engine *engine;
    struct execution execution;
    struct recorder *recorder;
    struct states *states;
    struct replay replay;
    int64_t rerun_id; /* the run whose state is to be had by running cells again, or 0 */
    struct comms comms;
    struct comm_held comm_held;
    struct comm_watch comm_watch;
    struct notebook_watch notebook_watch;
    struct request *pending; /* queries that the engine has not answered yet, a list */
    uint64_t next_token;     /* of the queries */
    int64_t usage_asked_us;  /* of the last usage_request, and what had been spent then */
    int64_t usage_ticks;
    int signal_fd; /* SIGINT and SIGTERM arrive here */
    bool is_new;   /* nobody has subscribed or asked yet: who does first is told that it starts */
    bool stopping; /* the event loop ends after this step */
    int parent_fd; /* readable when the process that started us has ended, or -1 */
};

/* Run a kernel until it is told to end. Returns the exit status of the process; says on stderr why
 * it failed. */
int kernel_run(const struct kernel_options *options);

/* End the event loop after the current step. */
void kernel_stop(struct kernel *kernel);

/* Handle everything that lies in the sockets right now. */
void kernel_read_channels(struct kernel *kernel);

/* ---- sending ---- */

/* Publish on iopub. `parent` is the header of the request that this belongs to, or NULL. All
 * borrowed. */
void kernel_publish(
    struct kernel *kernel, json_t *parent, const char *type, json_t *metadata, json_t *content);

/* The same for content that the caller has no more use for: takes the reference, also of NULL (then
 * nothing is sent). */
void kernel_publish_new(struct kernel *kernel, json_t *parent, const char *type, json_t *content);

/* status: busy, idle or starting */
void kernel_publish_status(struct kernel *kernel, json_t *parent, const char *state);

#endif
