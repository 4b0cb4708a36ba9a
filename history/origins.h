/*
 * Edges between cells: a text that was split off another cell, merged of several, or copied is a
 * version of a cell of its own, and comes from versions of other ones. Part of history/history.h:
 * statuses, ownership, units and threads are as said there.
 */
#ifndef FORKERNEL_HISTORY_ORIGINS_H
#define FORKERNEL_HISTORY_ORIGINS_H

#include "history/history.h"

/* One end of an edge. */
struct history_edge_end {
    int64_t document_id; /* not always the one that was asked about: see history_join() */
    const char *path;    /* of another one: where it lies, or lay last; NULL: it is that one */
    int64_t version;     /* number */
    const char *cell_key;
    bool cell_deleted;
    const char *summary; /* of the version's text */
};

struct history_edge {
    struct history_edge_end from, to;
    enum history_cause cause; /* of the version that it leads to */
    int64_t time_us;
};

struct history_edges {
    const struct history_edge *items;
    size_t count;
};

/* Where the versions of the cell came from, and what came from them in this document; in the order
 * of recording, the newest 200. None, also of a cell that is not known, is STATUS_OK. */
enum status history_list_edges(struct history *history, int64_t document_id, const char *cell_key,
    struct history_memory *memory, struct history_edges *ret_edges, struct error *error) MUST_CHECK;

#endif
