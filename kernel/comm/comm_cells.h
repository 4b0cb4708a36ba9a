/* The cells of a page whose notebook has no ids for them. */
#ifndef FORKERNEL_KERNEL_COMM_CELLS_H
#define FORKERNEL_KERNEL_COMM_CELLS_H

#include "kernel/comm/comm_question.h"

/* `cells` of question->data, all of the notebook in their order, are cells of the document, by
 * their texts: see history/adopt.h. */
enum status comm_cells_adopt(const struct comm_question *question, struct history_session *session,
    struct error *error) MUST_CHECK;

#endif
