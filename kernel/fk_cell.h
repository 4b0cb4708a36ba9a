/*
 * A cell of nothing but %fk lines: commands for the history, answered by the kernel and not by the
 * engine. It leaves no trace in the history. Event loop thread only.
 */
#ifndef FORKERNEL_KERNEL_FK_CELL_H
#define FORKERNEL_KERNEL_FK_CELL_H

#include "kernel/cell_place.h"

#include <jansson.h>
#include <stdbool.h>

struct kernel;

struct fk_cell_outcome {
    char *error;     /* a sentence, or NULL when all went well */
    json_t *payload; /* array for execute_reply, or NULL */
    bool moves;      /* the program is to go to another state: */
    int64_t move_to; /* to the one that this run left, 0: to a fresh program */
    int64_t document_id;
};

/* Does the cell's first line that is not blank begin with "%fk"? */
bool fk_cell_is_command(const char *code);

/* Run its lines up to the first that fails. What they show is published as output of the running
 * cell. */
struct fk_cell_outcome fk_cell_run(
    struct kernel *kernel, const char *code, const struct cell_place *place);
void fk_cell_outcome_finish(struct fk_cell_outcome *outcome);

#endif
