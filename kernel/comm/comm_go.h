/* What open comms are told of the program's way through its states. Event loop thread only. */
#ifndef FORKERNEL_KERNEL_COMM_GO_H
#define FORKERNEL_KERNEL_COMM_GO_H

#include "kernel/replay.h"

/* Cells run again on the way to a state: `kernel->replay` says how far it is. */
void comm_go_progress(struct kernel *kernel);

/* It is there, or has stopped on the way. */
void comm_go_arrived(struct kernel *kernel, const struct replay_outcome *outcome);

/* A cell has crashed or was ended, or the program was lost between two cells: what was kept, in
   words. `complete`: every variable is as it was before. */
void comm_go_recovered(struct kernel *kernel, bool complete, const char *words);

#endif
