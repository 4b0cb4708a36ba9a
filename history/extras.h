/*
 * What a version of a cell has besides its text: attachments, metadata. To the history these are
 * bytes that somebody else reads and writes; equal ones are kept once. Part of history/history.h:
 * statuses, ownership, units and threads are as said there.
 *
 * They are told with a text (struct history_edit), also with one that the cell shows already, and
 * belong to the version that the cell shows then. What was told last of a version is what it has. A
 * new version of which nothing is told begins with those of its parent, or, without a parent, with
 * those of its origin. No bytes at all are extras, too: they say that there are none any more.
 *
 * More bytes than `binary_limit_bytes` are not kept, only their size and their hash.
 */
#ifndef FORKERNEL_HISTORY_EXTRAS_H
#define FORKERNEL_HISTORY_EXTRAS_H

#include "history/history.h"

enum { HISTORY_EXTRAS_HASH_BYTES = 16 };

struct history_extras {
    const void *bytes; /* as they were told; NULL: over the limit, or not readable any more */
    size_t size;       /* of what was told */
    unsigned char hash[HISTORY_EXTRAS_HASH_BYTES]; /* BLAKE2b of it */
};

/* Of version `number`. STATUS_NOT_FOUND, without an error text: none were ever told. */
enum status history_read_extras(struct history *history, int64_t document_id, int64_t number,
    struct history_memory *memory, struct history_extras *ret_extras,
    struct error *error) MUST_CHECK;

struct history_extras_list {
    const struct history_extras *items;
    size_t count;
};

/* All that was told of version `number` until `until_us` (0: now), newest first, at most `limit`;
 * the first is what it had then. None is STATUS_OK. */
enum status history_list_extras(struct history *history, int64_t document_id, int64_t number,
    int64_t until_us, size_t limit, struct history_memory *memory,
    struct history_extras_list *ret_list, struct error *error) MUST_CHECK;

#endif
