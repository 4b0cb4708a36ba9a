/*
 * Cells waiting, and the cell that runs.
 *
 * Execute requests queue here; everything else is answered beside them. What the engine reports of
 * the running cell passes through here to the history first and to the front end second. Event loop
 * thread only.
 */
#ifndef FORKERNEL_KERNEL_EXECUTION_H
#define FORKERNEL_KERNEL_EXECUTION_H

#include "kernel/engine/engine.h"
#include "kernel/front_text.h"

struct kernel;
struct request;

struct execution_beginning; /* what front ends and the recorder are told of a cell first */

struct execution {
    struct request *waiting;                     /* list, oldest first */
    struct request *running;                     /* the cell that the engine has, or NULL */
    const struct execution_beginning *beginning; /* of the running cell, until it is told */
    bool hidden;                                 /* nothing of the running cell is recorded */
    json_t *recorded_parent; /* header of the newest request that was recorded */
    json_t *last_parent;     /* header of the request that output belongs to now */
    json_t *payload;         /* what the running cell is answered with besides, or NULL */
    int64_t count;           /* the execution counter */
    bool silent;             /* of the newest cell: as its request says */
    bool stop_on_error;      /* of the newest cell */
    bool waiting_for_input;  /* the running cell has asked and not been answered */
    bool holding;            /* no waiting cell is started just now */
    struct front_text text;  /* stdout and stderr on their way to the front end */
    int64_t started_us;      /* of the running cell, monotonic */
    int64_t last_flush_us;   /* when some of it left last */
    int flush_timer;         /* zloop's, or -1 */
    int watch_timer;         /* zloop's, or -1 */
    int tidy_timer;          /* zloop's, or -1: the history's housekeeping, once it is quiet */
};

void execution_init(struct execution *execution);
/* Give up what runs and waits, each with its idle. */
void execution_finish(struct kernel *kernel);

/* Take an execute request; it runs when its turn comes. */
void execution_add(struct kernel *kernel, struct request *request);

/* The request whose cell runs, or NULL. */
struct request *execution_running(const struct execution *execution);

/* Before anything else is said or recorded of the running cell: busy, execute_input, and the
   beginning of its run. */
void execution_begin(struct kernel *kernel);

/* Start the next waiting cell, if nothing runs. */
void execution_next(struct kernel *kernel);

/* End the running cell, and the wait for input that it may be in. */
void execution_interrupt(struct kernel *kernel);

/* An input_reply has come. Ignored when nobody asked. */
void execution_input(struct kernel *kernel, const char *value);

/* The running cell has ended (a host function; context is the kernel). */
void execution_done(void *context, const struct engine_outcome *outcome);

#endif
