/*
 * Runs of typing told as one. An editor reports a version at each of its undo stops, and most of
 * them are steps on the way to one that somebody would look for. Left out are versions that were
 * typed and then typed on within minutes, unless something else makes them worth a row: a run, a
 * branch, a label, a pin, the head, being the first of all. Pure. Any thread.
 */
#ifndef FORKERNEL_KERNEL_FOLD_H
#define FORKERNEL_KERNEL_FOLD_H

#include "history/history.h"

struct fold_row {
    const struct history_version *version; /* borrowed from the list */
    int64_t parent;                        /* number of the nearest ancestor that has a row; 0 */
    size_t folded;                         /* versions between the two */
};

struct fold_rows {
    struct fold_row *items; /* by number, as in the list; the caller frees it */
    size_t count;
};

/* `every`: leave out nothing. STATUS_NO_MEMORY. */
enum status fold_typing(const struct history_versions *versions, bool every,
    struct fold_rows *ret_rows, struct error *error) MUST_CHECK;

#endif
