/*
 * The C engine's state, shared by the files that it is made of, and by nobody else:
 *
 *   c_engine.c    the table of functions that the kernel calls
 *   c_cell.c      the running cell: on its way, with its expressions, to its outcome
 *   c_language.c  the language service: started, asked, listened to
 *   c_worker.c    the worker: started, listened to, interrupted
 *   c_twins.c     its frozen twins, which hold earlier states: made, woken, evicted
 *   c_leaving.c   workers and twins that are ending
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
    int64_t worker_state;   /* the number of the state that it holds */
    int64_t worker_fork_us; /* how long the last copy of it took */
    bool worker_forking;    /* it has been asked for one */
    int twins_poll;         /* epoll: what they say, or that one has ended */
    struct c_twin *twins;   /* a list, newest first */
    struct c_leaving *leaving;
    int orphans_fd; /* signalfd: a child has ended */
    int orphans_timer;
    int stdout_pipe[2]; /* pipes: stdout and stderr of all that runs code here */
    int stderr_pipe[2];
    int64_t piped_bytes; /* that came out of them */
    char *folder;        /* temporary files of the helpers */
    struct buf out;
    enum c_state state;
    int64_t serial;         /* of the last request to build a cell: older answers are stale */
    bool language_unusable; /* it could not even start */
    struct error trouble;

    /* the running cell */
    char *code;
    int64_t number;
    int64_t state_number;     /* of the state that it will leave */
    enum engine_state leaves; /* what it has left behind so far */
    char *defines;
    struct buf effects;
    int64_t piped_before;   /* piped_bytes when it began */
    int64_t written_before; /* bytes that the worker had written then, to the pipes and elsewhere */
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
/* The code of the running cell is loaded: keep its definitions. */
void c_language_commit(struct c_engine *engine);
/* Go to the definitions of a state; forget them. */
void c_language_wake(struct c_engine *engine, int64_t state);
void c_language_evict(struct c_engine *engine, int64_t state);

/* ---- c_worker.c ---- */

/* The pipes of all workers. */
enum status c_worker_open_pipes(struct c_engine *engine, struct error *error);
void c_worker_close_pipes(struct c_engine *engine);
/* A fresh one. */
void c_worker_start(struct c_engine *engine);
/* Listen to the process that engine->worker has; do not any more. */
void c_worker_watch(struct c_engine *engine);
void c_worker_unwatch(struct c_engine *engine);
/* Returns the wait status. */
int c_worker_stop(struct c_engine *engine);
/* The same without waiting; with `end` it is ended, else it is about to end by itself. */
void c_worker_leave(struct c_engine *engine, bool end);
/* SIGINT to a running cell, again and again until it is heard; a helper that does not hear is
 * ended. */
void c_worker_interrupt(struct c_engine *engine);
void c_worker_stop_grace(struct c_engine *engine);

/* ---- c_twins.c: the checkpoint operations of engine.h, and what the worker says of them ---- */

enum status c_twins_open(struct c_engine *engine, struct error *error);
/* Ends all of them. */
void c_twins_close(struct c_engine *engine);
void c_twins_checkpoint(struct engine *base);
bool c_twins_wake(struct engine *base, int64_t state, bool keep);
void c_twins_evict(struct engine *base, int64_t state);
void c_twins_measure(struct engine *base, int64_t state);
void c_twins_prepare(struct engine *base);
/* WORKER_CHECKPOINTED has come from the worker. */
void c_twins_add(struct c_engine *engine, const struct frame *frame);
/* The worker has ended between cells: its twin takes over, if there is one. */
bool c_twins_replace_worker(struct c_engine *engine);
/* End all of them; the host is told if it is to be. */
void c_twins_stop(struct c_engine *engine, bool tell);
bool c_twins_has(const struct c_engine *engine, pid_t pid);

/* ---- c_leaving.c ---- */

/* Take a process that ends by itself, or with `end` is to: nobody waits for it. The owner has taken
   its watches off. */
void c_leaving_add(struct c_engine *engine, struct helper *process, bool end);
bool c_leaving_has(const struct c_engine *engine, pid_t pid);
/* End those that have not ended yet. */
void c_leaving_stop(struct c_engine *engine);

/* ---- c_orphans.c ---- */

/* From now on orphans below this process become its children, and their ends are noticed. SIGCHLD
   is blocked then; a host with other threads blocks it before it makes them. */
void c_orphans_open(struct c_engine *engine);
void c_orphans_close(struct c_engine *engine);
/* Is this process no orphan, but a helper that its owner here takes leave of? */
bool c_orphans_owns(const struct c_engine *engine, pid_t pid);

#endif
