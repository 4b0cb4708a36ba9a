/*
 * The states of the program: which cell left which, which of them the engine keeps as checkpoints,
 * and in which one the program is.
 *
 * Every cell that has run leaves a state, with a number of this kernel's; 0 is the program in which
 * nothing has run. The states form a tree; the state that the program is in is the current one.
 * This module decides when a checkpoint is taken and which is given up for another: memory has a
 * budget, and time spent on checkpoints at most a twentieth of that of the cells. An engine without
 * checkpoints has states too; they are never kept.
 *
 * Knows neither the history nor the front end. Event loop thread only.
 */
#ifndef FORKERNEL_KERNEL_STATES_H
#define FORKERNEL_KERNEL_STATES_H

#include "kernel/engine/engine.h"

enum state_keeping {
    STATE_NOT_KEPT,
    STATE_BEING_KEPT, /* the engine has been asked for a checkpoint */
    STATE_KEPT,       /* it has one */
};

struct state {
    int64_t number;
    int64_t run_id; /* of the history; 0: the run was not recorded */
    int64_t parent; /* number; 0: a fresh program */
    enum state_keeping keeping;
    int64_t bytes;       /* that its checkpoint holds on to, as last measured */
    int64_t duration_us; /* of the cell that left it */
    bool is_unique;      /* it did something outside of the program, or was ended in the middle: it
                            is not to be had twice */
    bool pinned;         /* its checkpoint is given up last */
    int64_t children;    /* states that were left by cells run on it */
    int64_t visited;     /* the child that was the current state, or led to it, last; 0: none */
};

struct states;

/* `engine` is where the owner keeps its engine; `restart` puts a new one there, for engines that
   cannot wake a fresh program. `budget_bytes` 0: a quarter of the machine's memory. NULL without
   memory. */
struct states *states_create(struct engine *const *engine, void (*restart)(void *context),
    void *context, int64_t budget_bytes);
void states_destroy(struct states **states);

/* ---- a cell runs ---- */

/* The number for the state that the next cell will leave. */
int64_t states_next(const struct states *states);

struct state_left {
    int64_t number;
    int64_t run_id;
    int64_t duration_us;
    bool is_unique;
};

/* The cell has ended and left a state, which is the current one now. */
void states_left(struct states *states, const struct state_left *left);

/* Is a fresh program, or a checkpoint, there to go back to? */
bool states_can_recover(const struct states *states);

/* The program is gone or spoiled: go back to the current state. True when it is there again as it
   was; else the nearest ancestor that is kept has become the current state, 0 in the last resort.
 */
bool states_recover(struct states *states);

/* ---- going to a state ---- */

/* Make a state the current one. False when it is not kept, which from then on is known; the program
   is where it was. */
bool states_go(struct states *states, int64_t number);

/* ---- looking ---- */

int64_t states_current(const struct states *states);
/* NULL: no such number. Borrowed until the next state is left. */
const struct state *states_find(const struct states *states, int64_t number);
const struct state *states_of_run(const struct states *states, int64_t run_id);
/* The current state or its nearest ancestor that a recorded run left: the run's id, 0 for none. */
int64_t states_current_run(const struct states *states);
/* The run that left the state which the program was in last below the current one; 0: none. */
int64_t states_redo_run(const struct states *states);
/* Is the program in this state, or can it be at once? */
bool states_is_live(const struct states *states, const struct state *state);

struct states_summary {
    bool supported; /* the engine can keep states */
    bool on;
    int64_t kept;         /* checkpoints */
    int64_t bytes;        /* that they hold on to */
    int64_t budget_bytes; /* that they may */
    int64_t evicted;      /* given up for others so far */
    int64_t cost_us;      /* of the last checkpoint */
    int64_t pause_us;     /* that the program stood still for it */
    bool sparing;         /* that is more than a twentieth of the cells' time: not each is kept */
    const char *trouble;  /* why the last one could not be taken, or NULL */
};
struct states_summary states_summarize(const struct states *states);

/* ---- the user's word ---- */

/* "500M", "2G", "1.5 GiB"; false when it is no amount of memory. */
bool states_parse_bytes(const char *text, int64_t *ret_bytes);

void states_set_budget(struct states *states, int64_t bytes);
/* Off: the checkpoints are given up, and none are taken. */
void states_switch(struct states *states, bool on);
/* False: no such state is known. */
bool states_pin(struct states *states, int64_t run_id, bool pinned);
/* Measure all checkpoints, in a quiet moment; or only the newest, which is the one that holds on to
   what a running cell changes. */
void states_measure(struct states *states);
void states_measure_newest(struct states *states);
/* Have the engine get ready to go to any of them: soon after a cell, when no other follows. */
void states_prepare(struct states *states);

/* ---- what the engine tells ---- */

void states_checkpointed(
    struct states *states, int64_t number, const struct engine_checkpoint *checkpoint);
void states_measured(struct states *states, int64_t number, int64_t bytes);
void states_gone(struct states *states, int64_t number);

#endif
