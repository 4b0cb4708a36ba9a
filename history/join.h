/*
 * Where what a document holds and where it lies said different things, it began as one of its own,
 * and a person may say later which one it goes on. Part of history/history.h: statuses, ownership,
 * units and threads are as said there.
 */
#ifndef FORKERNEL_HISTORY_JOIN_H
#define FORKERNEL_HISTORY_JOIN_H

#include "history/places.h"

enum history_origin_how {
    HISTORY_ORIGIN_COPY = 1, /* the document began as a copy of it */
    HISTORY_ORIGIN_PLACE,    /* it lay where the document began, and gave way to it */
};

/* A document that another one may go on. */
struct history_origin {
    enum history_origin_how how;
    int64_t document_id;
    const char *path; /* where it lies, or lay last */
    bool is_there;    /* its file is, as the file system says at this moment, or it may be */
    int64_t since_us; /* when the other one began */
};

struct history_origin_list {
    const struct history_origin *items;
    size_t count;
};

/* Those of a document, what it was copied from first; mostly none. */
enum status history_list_origins(struct history *history, int64_t document_id,
    struct history_memory *memory, struct history_origin_list *ret_origins,
    struct error *error) MUST_CHECK;

/*
 * The notebook in `file`, which is `document_id` as yet, is `origin_id` from now on, one of its
 * origins. Its cells are those with the same keys there or, where that has none of the keys, those
 * that the texts tell, as history_adopt_cells() says; what they show is a version there, which has
 * the one here as its origin; equal texts move nothing. The document itself keeps all that it has,
 * and lies nowhere from then on. All of it, or nothing.
 *
 * STATUS_INVALID, with what a person can do: the other one is none of its origins, or its file is
 * there, or `document_id` has no file. Sessions of `document_id` are to be ended by their owners.
 */
enum status history_join(struct history *history, int64_t document_id, int64_t origin_id,
    const struct history_file *file, struct error *error) MUST_CHECK;

#endif
