/* How much was run in a document, and which document a session worked on, for lists of them. Part
 * of history/history.h: statuses, ownership, units and threads are as said there. */
#ifndef FORKERNEL_HISTORY_ACTIVITY_H
#define FORKERNEL_HISTORY_ACTIVITY_H

#include "history/history.h"

struct history_activity {
    int64_t first_session_id; /* 0: none */
    int64_t started_us;       /* that one */
    int64_t last_run_us;      /* 0: nothing was run */
    int64_t runs;
    int64_t errors;  /* runs that failed or whose process died */
    int64_t outputs; /* that were kept */
};

/* All zero for a document that is not there. */
enum status history_read_activity(struct history *history, int64_t document_id,
    struct history_activity *ret_activity, struct error *error) MUST_CHECK;

/* STATUS_NOT_FOUND: no such session. */
enum status history_find_session(struct history *history, int64_t session_id,
    int64_t *ret_document_id, struct error *error) MUST_CHECK;

#endif
