/* What the tree of a cell has to do with other cells, in words. Event loop thread in the kernel,
 * main thread in a terminal. */
#ifndef FORKERNEL_KERNEL_FK_EDGES_H
#define FORKERNEL_KERNEL_FK_EDGES_H

#include "kernel/fk/fk.h"

/* A line for each version that came from another cell, and for each that came from this one. */
enum status edges_print(
    struct fk_context *context, const char *cell_key, struct error *error) MUST_CHECK;

#endif
