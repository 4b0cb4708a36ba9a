/*
 * Cells of nothing but %fk leave no trace, however they are typed: such texts are not recorded, and
 * texts that may be on the way to one ("%", "%f", nothing yet in a new cell) are held back until
 * the cell's next text tells. If that is another one they are recorded before it. Event loop thread
 * only.
 */
#ifndef FORKERNEL_KERNEL_COMM_HELD_H
#define FORKERNEL_KERNEL_COMM_HELD_H

#include "kernel/comm/comm_question.h"

/* A cell that shows commands, or a text that may become one. */
struct comm_held_cell {
    int64_t document_id;
    char *key;
    bool commands;              /* it has shown some: what is begun in it belongs to them */
    struct history_edit *begun; /* held back, oldest first; their strings are owned */
    size_t count;
};

struct comm_held {
    int64_t document_id; /* that the batch at hand is of */
    struct comm_held_cell *cells;
    size_t count;
};

/* What is to be recorded of a batch, and what is held back once that is done. */
struct comm_sifted {
    struct history_edit *edits; /* their strings are the batch's and those of `released` */
    size_t count;
    struct history_edit *released; /* held back until now; their strings are owned */
    size_t released_count;
    struct comm_held next;
};

/* `batch` is borrowed until comm_sifted_finish(). What is held now stays as it is. */
enum status comm_held_sift(const struct comm_question *question, const struct history_edit *batch,
    size_t count, struct comm_sifted *ret_sifted, struct error *error) MUST_CHECK;

/* It was recorded. */
void comm_held_settle(struct comm_held *held, struct comm_sifted *sifted);

void comm_sifted_finish(struct comm_sifted *sifted);
void comm_held_finish(struct comm_held *held);

#endif
