/*
 * Engines: the ways to run cells.
 *
 * The kernel knows an engine only through the table of functions below, and an engine knows the
 * kernel only through `struct engine_host`. Nothing here says what a cell is written in, nor
 * whether the engine is a pair of helper processes, a few lines in this process, or an entirely
 * different installed kernel that is driven over its own sockets.
 *
 * Everything happens on the thread of the event loop, and nothing blocks it: an engine starts work,
 * registers what it waits for with `host->loop`, and reports through the host's functions. One cell
 * runs at a time; the kernel keeps the queue. Queries (completion, inspection, is_complete) may
 * come at any time, also while a cell runs, and are answered through host->reply with the token
 * that they came with, in any order.
 *
 * JSON values handed to either side are borrowed for the length of the call unless a comment says
 * otherwise.
 */
#ifndef FORKERNEL_KERNEL_ENGINE_H
#define FORKERNEL_KERNEL_ENGINE_H

#include "base/status.h"

#include <czmq.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum engine_stream { ENGINE_STDOUT, ENGINE_STDERR };

/* One cell to run. All of it is borrowed until `execute` returns. */
struct engine_cell {
    const char *code;         /* UTF-8, NUL-terminated */
    int64_t execution_count;  /* for names such as "cell [3]" in messages */
    bool silent;              /* nothing of it is shown; no result is displayed */
    bool allow_stdin;         /* the front end can answer input requests */
    json_t *user_expressions; /* object of name to expression, or NULL */
    int64_t state;            /* the number of the state that it will leave, a new one */
};

enum engine_result { ENGINE_OK, ENGINE_ERROR };

/* What a cell left behind of the program. */
enum engine_state {
    ENGINE_STATE_NEW,     /* a state of its own; running it again on the same one gives it again */
    ENGINE_STATE_SAME,    /* the state that it started from: nothing of it has run */
    ENGINE_STATE_PARTIAL, /* a state of its own, but it was ended in the middle */
    ENGINE_STATE_SPOILED, /* the same, and it failed: better go back if that is possible */
    ENGINE_STATE_LOST,    /* none: the program is gone until wake() brings one */
};

/* How a cell ended. Borrowed until `done` returns. */
struct engine_outcome {
    enum engine_result result;
    const char *ename;        /* ENGINE_ERROR: the kind, "CompileError" */
    const char *evalue;       /* ENGINE_ERROR: one line for people */
    json_t *traceback;        /* ENGINE_ERROR: array of strings, ANSI colours allowed */
    json_t *user_expressions; /* ENGINE_OK: as execute_reply carries them, or NULL for {} */
    json_t *timing; /* object of step to microseconds, or NULL: {"parse": 900, "compile": 31000} */
    enum engine_state state;
    const char *defines; /* names that it brought, "x, y, f()", or NULL */
    const char *effects; /* what it did that no checkpoint holds, a line for people, or NULL */
};

/* How the taking of a checkpoint went. Borrowed. */
struct engine_checkpoint {
    const char *trouble; /* why there is none, or NULL */
    int64_t cost_us;  /* copying the program took so much processor time; 0: it was there already */
    int64_t pause_us; /* it stood still for so long, waits for a processor included */
};

/* What the engine tells the kernel. The functions take `context` first. Output functions may only
   be called between `execute` and the call of `done` that ends it, except `stream`, which late
   output of background work may use at any time. */
struct engine_host {
    void *context;
    zloop_t *loop; /* for descriptors, sockets and timers of the engine's own */

    void (*stream)(void *context, enum engine_stream stream, const void *data, size_t size);
    void (*display)(void *context, json_t *data, json_t *metadata, json_t *transient);
    void (*update_display)(void *context, json_t *data, json_t *metadata, json_t *transient);
    void (*execute_result)(void *context, json_t *data, json_t *metadata);
    void (*clear_output)(void *context, bool wait);
    /* The answer comes by the engine's `input_reply`; not called when the cell's allow_stdin is
     * false. */
    void (*input_request)(void *context, const char *prompt, bool password);
    void (*done)(void *context, const struct engine_outcome *outcome);
    /* The content of complete_reply, inspect_reply or is_complete_reply for the query with this
       token; NULL when there will be no answer. */
    void (*reply)(void *context, uint64_t token, json_t *content);

    /* Of checkpoints, see below. At any time. */
    void (*checkpointed)(void *context, int64_t state, const struct engine_checkpoint *checkpoint);
    void (*measured)(void *context, int64_t state, int64_t bytes);
    /* A checkpoint has ended, or was used up where the live program had ended: it is no more. */
    void (*gone)(void *context, int64_t state);
    /* Between two cells the live program has ended, and no checkpoint of its state was there. */
    void (*lost)(void *context);
};

struct engine;

struct engine_ops {
    const char *name; /* "c", "echo": as in `forkernel kernel --engine NAME` */

    /* Start the engine; `host` outlives it. Returns at once: what cannot be started is said by the
     * first cell. */
    enum status (*create)(
        const struct engine_host *host, struct engine **ret_engine, struct error *error) MUST_CHECK;
    /* End it with everything that it started, at once, a running cell included. NULLs the caller's
     * pointer. */
    void (*destroy)(struct engine **engine);

    /* The language_info object of kernel_info_reply; new reference. */
    json_t *(*language_info)(struct engine *engine);
    /* One or more lines that a console shows at start. */
    const char *(*banner)(struct engine *engine);

    void (*execute)(struct engine *engine, const struct engine_cell *cell);
    /* End the running cell, which then reports ENGINE_ERROR with ename "KeyboardInterrupt". Nothing
     * runs: nothing. */
    void (*interrupt)(struct engine *engine);
    /* The answer to an input request; NULL for end of file, also when the wait was interrupted. */
    void (*input_reply)(struct engine *engine, const char *value);

    /* Queries. `cursor` counts bytes from the start of `code`. Contents count positions in code
     * points. */
    void (*complete)(struct engine *engine, uint64_t token, const char *code, size_t cursor);
    void (*inspect)(
        struct engine *engine, uint64_t token, const char *code, size_t cursor, int detail_level);
    void (*is_complete)(struct engine *engine, uint64_t token, const char *code);

    /*
     * Live states; all of them NULL for an engine that has none. The kernel gives each state its
     * number; 0 is the program in which nothing has run. A checkpoint is the program frozen in one
     * state, with its definitions; what it does not hold (files, sockets, threads, devices) an
     * outcome's `effects` tell.
     */

    /* Keep the live program as it is now, under the number of its state. `checkpointed` tells when
     * that is done; a cell may be handed over before. */
    void (*checkpoint)(struct engine *engine);
    /* Go on from the checkpoint of `state`, which is no checkpoint any more then but the live
     * program, or with 0 from a fresh program. The state that is left behind is kept as a
     * checkpoint if `keep`, unless there is one of it, else it ends. False when there is no such
     * checkpoint, and nothing has changed. Not while a cell runs. */
    bool (*wake)(struct engine *engine, int64_t state, bool keep);
    /* Nobody will come back to `state`: end its checkpoint, if there is one. */
    void (*evict)(struct engine *engine, int64_t state);
    /* Find out how much memory a checkpoint holds on to; `measured` tells. */
    void (*measure)(struct engine *engine, int64_t state);
    /* It is quiet: do what makes going to checkpoints quick. */
    void (*prepare)(struct engine *engine);

    /* Process ids of the engine's processes for usage_reply, checkpoints left out, at most `max`;
     * returns how many. May be NULL. */
    size_t (*processes)(struct engine *engine, int64_t *ret_pids, size_t max);
};

/* Each engine's file begins its object with this. */
struct engine {
    const struct engine_ops *ops;
    const struct engine_host *host;
};

/* The engines in this build, by name; NULL for an unknown one. engine_at() lists them: NULL past
 * the last. */
const struct engine_ops *engine_find(const char *name);
const struct engine_ops *engine_at(size_t index);

#endif
