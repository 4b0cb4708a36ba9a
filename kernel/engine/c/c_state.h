/*
 * The C engine's state, shared by the files that it is made of, and by nobody else:
 *
 *   c_engine.c    the table of functions that the kernel calls
 *   c_cell.c      the running cell: on its way, with its expressions, to its outcome
 *   c_language.c  the language service: started, asked, listened to
 *   c_worker.c    the worker: started, listened to, interrupted, replaced when it dies
 *
 * Everything on the thread of the event loop.
 */
#ifndef FORKERNEL_ENGINE_C_STATE_H
#define FORKERNEL_ENGINE_C_STATE_H

#include "kernel/engine/c/c_helper.h"
#include "kernel/engine/c/messages.h"
#include "kernel/engine/engine.h"

enum c_state {
    STATE_IDLE,
    STATE_BUILDING, /* the language service has the cell */
    STATE_LOADING,  /* the worker has it */
    STATE_RUNNING,
    STATE_EXPLAINING, /* the worker died; the language service says where */
};

struct c_engine {
    struct engine base; /* first: the kernel sees this */
    struct helper language;
    struct helper worker;
    char *folder; /* temporary files of the helpers */
    struct buf out;
    enum c_state state;
    int64_t serial;         /* of the last request to build a cell: older answers are stale */
    bool language_unusable; /* it could not even start */
    struct error trouble;

    /* the running cell */
    char *code;
    int64_t number;
    bool silent;
    bool allow_stdin;
    bool interrupted;
    bool program;
    json_t *expressions; /* still to evaluate */
    json_t *answers;     /* evaluated ones */
    void *next_expression;
    bool evaluating;
    json_t *expression_data;
    json_t *timing;
    struct buf fault; /* a SYMBOLIZE message, ready to go */
    bool lost_worker; /* the explanation awaited is of the worker's death */
    int grace_timer;
    struct pace {         /* of displays, see acknowledge_in_time() */
        int64_t since_us; /* the window's beginning */
        size_t displays;  /* in it */
        size_t bytes;
        int timer; /* of the answer that comes later, 0 for none */
    } pace;
    struct c_query *queries; /* not answered by the language service yet, a list */
    int interrupts;          /* sent to the worker so far */
};

/* ---- c_engine.c ---- */

/* Have the event loop call `handler` with the engine when `fd` is readable; -1 is passed over. */
void c_engine_watch(struct c_engine *engine, int fd, zloop_fn *handler);
void c_engine_unwatch(struct c_engine *engine, int fd);

/* ---- c_cell.c ---- */

/* Hand code to the language service: the cell, or one of its user expressions. */
void c_cell_build(struct c_engine *engine, const char *code, bool expression, bool wants_result);
/* It has run: on to its next user expression, or to its end. */
void c_cell_succeed(struct c_engine *engine);
/* It has failed. `traceback` is stolen, NULL for none. */
void c_cell_fail(struct c_engine *engine, const char *ename, const char *evalue, json_t *traceback);
/* Drop all that belongs to the running cell. */
void c_cell_forget(struct c_engine *engine);
void c_cell_set_timing(struct c_engine *engine, const char *step, int64_t us);
/* Lines of a traceback, any bytes: one at the end of `lines`, or all fields from `first` on. */
void c_cell_add_line(json_t *lines, const char *text);
json_t *c_cell_frame_lines(const struct frame *frame, size_t first);

/* ---- c_language.c ---- */

extern const char c_language_missing_text[];
void c_language_start(struct c_engine *engine);
/* Queries that it has not answered get their host told so. Returns the wait status. */
int c_language_stop(struct c_engine *engine);
/* Ask it what engine->out holds, a message whose first field is the token. Where no answer can
   come, the host is told so. */
void c_language_query(struct c_engine *engine, uint64_t token);
/* Forget all definitions: the worker is a new one. */
void c_language_reset(struct c_engine *engine);

/* ---- c_worker.c ---- */

extern const char c_worker_lost_text[];
void c_worker_start(struct c_engine *engine);
/* Returns the wait status. */
int c_worker_stop(struct c_engine *engine);
/* SIGINT to a running cell, again and again until it is heard; a helper that does not hear is
 * ended. */
void c_worker_interrupt(struct c_engine *engine);
void c_worker_stop_grace(struct c_engine *engine);

#endif
