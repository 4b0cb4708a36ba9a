/*
 * The comm target "forkernel.history": a front end sends its edits and asks for what the history
 * has. docs/comm.md says what goes over it. Event loop thread only.
 */
#ifndef FORKERNEL_KERNEL_HISTORY_COMM_H
#define FORKERNEL_KERNEL_HISTORY_COMM_H

#include "kernel/comms.h"

extern const struct comm_target history_comm_target;

/* Tell all open comms: a message of a type. `message` is an object, stolen. */
void history_comm_push(struct kernel *kernel, const char *type, json_t *message);

/* Something of a document has changed, 0: of all: tell the open comms whose pages show it. `change`
 * is an object, stolen. */
void history_comm_changed(struct kernel *kernel, int64_t document_id, json_t *change);

#endif
