/*
 * A tree drawn as a graph with lanes, the way version control tools do it: newest on top, a lane
 * for each branch, lanes meet at the version that they came from. Pure. Any thread.
 */
#ifndef FORKERNEL_KERNEL_LANES_H
#define FORKERNEL_KERNEL_LANES_H

#include "base/buf.h"

#include <stdint.h>

enum { LANES_MAX = 32 }; /* branches open at once; further ones share the last lane */

struct lanes {
    int64_t expected[LANES_MAX]; /* the version that a lane leads to, 0 for a free lane */
    size_t count;                /* lanes in use, free ones between them included */
};

/* Before the row of version `number`: where several lanes lead to it, append the line that joins
   them, newline included. */
void lanes_append_joint(struct lanes *lanes, int64_t number, struct buf *out);

/* Append the lanes' part of the row of `number`, whose parent is `parent` (0: none), with `mark` on
 * its own lane. */
void lanes_append_row(
    struct lanes *lanes, int64_t number, int64_t parent, const char *mark, struct buf *out);

#endif
