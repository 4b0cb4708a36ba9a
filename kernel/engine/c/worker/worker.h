/*
 * The process that runs the user's code. One thread; all its state is here and in the descriptors
 * 0 to 3, so that a fork of it is a whole worker too.
 */
#ifndef FORKERNEL_ENGINE_C_WORKER_H
#define FORKERNEL_ENGINE_C_WORKER_H

#include "base/frame.h"
#include "kernel/engine/c/messages.h"

#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct worker {
    pid_t pid;    /* of the one process and thread that speaks to the kernel process */
    pid_t kernel; /* the kernel process */
    struct frame_reader reader;
    struct buf out;                    /* the message being built */
    bool takes_input;                  /* the front end answers input requests */
    bool silent;                       /* nothing is displayed */
    bool in_program;                   /* this is the child that runs a program */
    volatile sig_atomic_t running;     /* user code is on the stack */
    volatile sig_atomic_t interrupted; /* SIGINT came */
    volatile sig_atomic_t exited;
    int exit_code;
    sigjmp_buf landing; /* where a cell that ends early comes back to */
};

extern struct worker worker;

/* ---- channel.c: messages to and from the kernel process ---- */

/* Write out what stdio holds, so that the next message comes after it. */
void channel_flush(void);
/* Is this the process and the thread that speaks to the kernel process? A child or a thread that
   user code has made is not: what it sent would mix with the conversation. */
bool channel_is_ours(void);
/* Send what worker.out holds; the process ends when nobody is there. */
void channel_send(void);
void channel_receive(struct frame *ret_frame);
/* The same, but false when SIGINT came first. */
bool channel_receive_input(struct frame *ret_frame);

/* ---- twin.c ---- */

/* Fork a twin: a process in this very state that sleeps on a channel of its own until it is told to
   run. Returns in both of them. `state` is the kernel process's number for it. */
void twin_make(int64_t state);
/* Tell how much memory this process holds on to. */
void twin_measure(void);

/* ---- observe.c: what cells do beyond their memory ---- */

/* From here on. */
void observe_begin(void);
/* What has happened since, into the message being built: the last two fields of WORKER_DONE. The
   next observation begins. */
void observe_report(void);
/* Bytes that had been written anywhere when the observation began. */
int64_t observe_written_before(void);
/* Was there more than one thread then? */
bool observe_has_threads(void);

/* ---- run.c ---- */

void run_cell(const struct frame *frame);
/* Code addresses of loaded cells? */
bool run_is_user_code(uintptr_t pc);

/* ---- signals.c ---- */

void signals_install(void);
/* In the child that runs a program: SIGINT ends it as in a terminal. */
void signals_for_program(void);
/* A cell has ended: no timers, no stepping. */
void signals_calm(void);

/* ---- input.c ---- */

/* Replace stdin by a stream that asks the front end. */
void input_install(void);
/* Forget what the last cell did not read. */
void input_reset(void);

#endif
