/*
 * Moments: the times of a notebook that mean something to the person who worked on it, so that they
 * are what is offered when the whole notebook is to be brought back. Statuses, ownership, units and
 * threads are those of history/history.h.
 *
 * Some are recorded because nothing else in the store tells of them (a save that changed nothing,
 * outputs that were cleared); all others are seen in what was recorded anyway.
 */
#ifndef FORKERNEL_HISTORY_MOMENTS_H
#define FORKERNEL_HISTORY_MOMENTS_H

#include "history/history.h"

/* The numbers of those that are recorded are stored: never renumber. */
enum history_moment_kind {
    HISTORY_MOMENT_NONE = 0,
    HISTORY_MOMENT_SAVED = 1, /* recorded */
    HISTORY_MOMENT_RESTORE, /* recorded: before the whole notebook was restored; `about`: to when */
    HISTORY_MOMENT_CLEAR_OUTPUTS,   /* recorded: before all outputs were cleared */
    HISTORY_MOMENT_SESSION,         /* a kernel began; `about`: the session */
    HISTORY_MOMENT_RUN_ALL,         /* before `about` cells ran one right after the other */
    HISTORY_MOMENT_RESTART_RUN_ALL, /* the same on a fresh kernel */
    HISTORY_MOMENT_CHANGE,          /* before one step changed the texts of `about` cells */
    HISTORY_MOMENT_REPLACE,         /* the same by search and replace */
    HISTORY_MOMENT_DELETE,          /* before one step deleted `about` cells */
    HISTORY_MOMENT_FILE,            /* before another program changed `about` cells in the file */
};

/* "saved", "restore", ...: for programs, never NULL. */
const char *history_moment_kind_name(enum history_moment_kind kind);

struct history_moment {
    enum history_moment_kind kind;
    int64_t time_us; /* what history_read_notebook() is to be asked for: of "before" the one before
                        the first change */
    int64_t about;
    size_t changed_cells; /* since the moment before it; of the first one since the beginning */
    size_t runs;
};

struct history_moments {
    const struct history_moment *items;
    size_t count;
};

/* One of the kinds that are recorded, else STATUS_INVALID. `time_us` 0, before 1970 or in the
 * future: now. Again at the same time: nothing is added. */
enum status history_record_moment(struct history *history, int64_t document_id,
    enum history_moment_kind kind, int64_t time_us, int64_t about, struct error *error) MUST_CHECK;

/* The newest ones, by time, oldest first. Seen are those in the last 20,000 changes of heads and
 * the last 5,000 runs. */
enum status history_list_moments(struct history *history, int64_t document_id,
    struct history_memory *memory, struct history_moments *ret_moments,
    struct error *error) MUST_CHECK;

#endif
