/*
 * Which versions a cell has. In the database a cell's list is cut into rows of at most half a
 * kilobyte, each version three bytes or so: by how much its number is larger than the one before
 * (varint), and 16 bits of the hash of its text, to find texts again. Internal to history/.
 */
#ifndef FORKERNEL_HISTORY_VERSION_LIST_H
#define FORKERNEL_HISTORY_VERSION_LIST_H

#include "history/store.h"

struct listed_version {
    int64_t number;
    uint16_t hash; /* see version_list_hash() */
};

struct version_list {
    struct listed_version *items; /* by number */
    size_t count;
};

/* Of what text_hash() says. */
static inline uint16_t version_list_hash(int64_t text_hash) {
    return (uint16_t)((uint64_t)text_hash >> 48);
}

/* The next version of a row's entries; false at their end, or where they make no sense. `number` is
 * the one before, at first that of the row. */
bool version_list_next(
    const unsigned char **at, const unsigned char *end, int64_t *number, uint16_t *ret_hash);

enum status version_list_read(struct history *history, int64_t cell_id,
    struct version_list *ret_list, struct error *error) MUST_CHECK;

/* Only those with this hash. */
enum status version_list_find(struct history *history, int64_t cell_id, uint16_t hash,
    struct version_list *ret_list, struct error *error) MUST_CHECK;
void version_list_finish(struct version_list *list);

/* Inside a transaction. `number` is larger than all that the list has. */
enum status version_list_add(struct history *history, int64_t cell_id, int64_t number,
    uint16_t hash, struct error *error) MUST_CHECK;

#endif
