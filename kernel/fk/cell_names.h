/*
 * What cells are called where people read and type: by a short number, "c3", which is the cell's
 * for good, and by a name, which is its heading or its telling line. Threads as in fk.h.
 */
#ifndef FORKERNEL_KERNEL_CELL_NAMES_H
#define FORKERNEL_KERNEL_CELL_NAMES_H

#include "kernel/fk/fk.h"

enum { CELL_LINE_BYTES = 120 };

struct cell_name {
    const struct history_cell *cell;
    size_t number;       /* 1, 2, 3, … as the cells were first seen */
    const char *heading; /* the nearest one above it in the notebook; "" for none */
    const char *name;    /* the heading, where no other code stands under it, else the line; never
                            empty */
    char line[CELL_LINE_BYTES]; /* the telling line of its text; of markdown its heading; or "" */
};

struct cell_names {
    struct cell_name
        *items; /* as they stand in the notebook, then the deleted ones, newest first */
    size_t count;
    struct history_memory memory;
};

enum status cell_names_read(
    struct fk_context *context, struct cell_names *ret_names, struct error *error) MUST_CHECK;
void cell_names_finish(struct cell_names *names);

/* NULL: the document has no such cell. */
const struct cell_name *cell_names_of(const struct cell_names *names, int64_t cell_id);
const struct cell_name *cell_names_of_key(const struct cell_names *names, const char *key);

/* Append "c3 name", the name cut at `width` characters. */
void cell_name_append(const struct cell_name *name, size_t width, struct buf *out);

/*
 * The cell that is meant by what somebody has typed: its number, its key, its name, line or heading
 * in whole (capitals count for nothing), the beginning of its key, or a part of its line or
 * heading; whichever of these comes first. STATUS_NOT_FOUND without an error text: none.
 * STATUS_INVALID: several, which the message lists.
 */
enum status cell_names_find(const struct cell_names *names, const char *text,
    const struct cell_name **ret_name, struct error *error) MUST_CHECK;

#endif
