/*
 * Which times mean something, seen in what was recorded: rules of thumb, as a function of plain
 * data. Internal to history/.
 */
#ifndef FORKERNEL_HISTORY_MOMENT_RULES_H
#define FORKERNEL_HISTORY_MOMENT_RULES_H

#include "history/moments.h"
#include "history/store.h"

/* A run, as far as the rules look at it. */
struct moment_run {
    int64_t session_id;
    int64_t cell_id;
    size_t place; /* of the cell in the notebook */
    int64_t started_us;
    int64_t ended_us;
    bool is_first; /* of its session */
};

struct moment_session {
    int64_t id;
    int64_t started_us;
};

struct moment_facts {
    const struct history_move *changes; /* in the order of recording */
    size_t change_count;
    const struct moment_run *runs; /* in the order of recording */
    size_t run_count;
    const struct moment_session *sessions;
    size_t session_count;
};

/* Changes of one cause that follow each other within this time are one step of the person's. */
enum { MOMENT_STEP_US = 1000000 };
/* Who runs cells by hand takes longer from the end of one to the start of the next. */
enum { MOMENT_HAND_US = 150000 };
/* A step on fewer cells is no mass change: each of them has its own history. */
enum { MOMENT_CELLS = 3 };

/* Append to `moments` (struct history_moment) what the facts show, of each kind by time. */
enum status moment_rules_apply(
    const struct moment_facts *facts, struct memory_rows *moments) MUST_CHECK;

/* Count, for `moments` by time, what happened between each and the one before it. */
enum status moment_rules_count(
    const struct moment_facts *facts, struct history_moment *moments, size_t count) MUST_CHECK;

#endif
