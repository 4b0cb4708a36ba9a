/*
 * What other processes record of the notebooks that this kernel works on: a terminal's restore, a
 * second kernel. The store's log is watched while a comm is open, and its pages are told. Costs
 * nothing while nobody writes. Event loop thread only.
 */
#ifndef FORKERNEL_KERNEL_COMM_WATCH_H
#define FORKERNEL_KERNEL_COMM_WATCH_H

#include "history/changes.h"
#include "kernel/recorder.h"

struct kernel;

/* Up to where a document has been seen; document 0: none. */
struct comm_look {
    int64_t document_id;
    struct history_look look;
};

struct comm_watch {
    int fd;    /* inotify, or -1: nothing is watched */
    int timer; /* zloop's, or -1: the store has been written to and is looked at soon */
    struct comm_look looks[RECORDER_SESSIONS];
};

/* A comm has been opened; watching already is fine. */
void comm_watch_start(struct kernel *kernel);
/* The last one was closed, or the kernel ends. */
void comm_watch_stop(struct kernel *kernel);

#endif
