/*
 * What other processes record of the notebook that this kernel works on: a terminal's restore, a
 * second kernel. The store's log is watched while a comm is open, and its pages are told. Costs
 * nothing while nobody writes. Event loop thread only.
 */
#ifndef FORKERNEL_KERNEL_COMM_WATCH_H
#define FORKERNEL_KERNEL_COMM_WATCH_H

#include "history/changes.h"

struct kernel;

struct comm_watch {
    int fd;    /* inotify, or -1: nothing is watched */
    int timer; /* zloop's, or -1: the store has been written to and is looked at soon */
    int64_t document_id;
    struct history_look look;
};

/* A comm has been opened; watching already is fine. */
void comm_watch_start(struct kernel *kernel);
/* The last one was closed, or the kernel ends. */
void comm_watch_stop(struct kernel *kernel);

#endif
