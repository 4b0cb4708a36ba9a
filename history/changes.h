/*
 * What happens to a document: as a log in pages, and what was recorded since one looked last, by
 * whatever process. Statuses, ownership, units and threads are those of history/history.h.
 */
#ifndef FORKERNEL_HISTORY_CHANGES_H
#define FORKERNEL_HISTORY_CHANGES_H

#include "history/history.h"

/* ---- since the last look ---- */

/* Up to where one has seen a document; zero to start. */
struct history_look {
    int64_t data_version; /* SQLite's word for what other connections have committed */
    int64_t version;      /* ids of rows */
    int64_t move;
    int64_t run; /* it and all before it have ended */
    int64_t layout;
    uint64_t marks; /* a hash of all labels and pins of the document */
};

struct history_changed_cell {
    const char *key;
    int64_t head; /* number; 0: the cell is deleted */
};

struct history_changed_run {
    int64_t run_id;
    int64_t session_id;
    int64_t version; /* number */
    const char *key; /* of the cell */
    enum history_run_status status;
};

struct history_changes {
    bool elsewhere; /* something was committed by others than this `history`, to any document */
    const struct history_changed_cell *cells; /* whose head is another one, or may be */
    size_t cell_count;
    const struct history_changed_run *runs; /* begun or ended; one that lasts comes each time */
    size_t run_count;
    bool layout;
    bool marks;
};

/* What is new since `look`, which moves on. `ret_changes` NULL, as for the first look: only that.
 * On failure `look` is unchanged. */
enum status history_look(struct history *history, int64_t document_id, struct history_look *look,
    struct history_memory *memory, struct history_changes *ret_changes,
    struct error *error) MUST_CHECK;

/* The largest number of a version in the document; 0: it has none. */
enum status history_last_version(struct history *history, int64_t document_id, int64_t *ret_number,
    struct error *error) MUST_CHECK;

/* The largest id below `before` of a document that has or had a file; 0: there is none. */
enum status history_document_before(struct history *history, int64_t before,
    int64_t *ret_document_id, struct error *error) MUST_CHECK;

/* ---- the log in pages ---- */

enum history_event_kind {
    HISTORY_EVENT_VERSION = 1, /* a text was made, by anything but a run */
    HISTORY_EVENT_MOVE,        /* a head moved to a version that there was; also deletions (`to` 0)
                                  and their taking back (`from` 0) */
    HISTORY_EVENT_RUN,
};

struct history_event {
    enum history_event_kind kind;
    int64_t id; /* of its row */
    int64_t time_us;
    const char *cell_key;
    int64_t from; /* numbers; of a run both are its version */
    int64_t to;
    enum history_cause cause;
    const char *summary; /* first line of the text of `to`, or of `from`; valid UTF-8, cut */
    enum history_run_status run_status; /* these three: of a run */
    int64_t execution_count;
    int64_t ended_us;
};

struct history_events {
    const struct history_event *items;
    size_t count;
};

/* When kernels were at work on the document. */
struct history_work {
    int64_t session_id;
    int64_t started_us;
    int64_t ended_us; /* 0: it runs, or died and was not sealed yet */
};

struct history_works {
    const struct history_work *items;
    size_t count;
};

/* The newest `limit` sessions, newest first. */
enum status history_list_work(struct history *history, int64_t document_id, size_t limit,
    struct history_memory *memory, struct history_works *ret_works, struct error *error) MUST_CHECK;

/* Where a page begins: before these rows; zero: at the newest. */
struct history_event_place {
    int64_t version;
    int64_t move;
    int64_t run;
};

/* The `limit` newest events before `place`, which moves on to the next page; newest first. Fewer
 * than `limit`: there are no others. */
enum status history_read_events(struct history *history, int64_t document_id,
    struct history_event_place *place, size_t limit, struct history_memory *memory,
    struct history_events *ret_events, struct error *error) MUST_CHECK;

#endif
