/*
 * What a cell's end means for the state of the program, and what the user is told of it. A crash is
 * an error message: the program goes back to the state before the cell. Event loop thread only.
 */
#ifndef FORKERNEL_KERNEL_RECOVERY_H
#define FORKERNEL_KERNEL_RECOVERY_H

#include "kernel/engine/engine.h"
#include "kernel/replay.h"

struct kernel;

/* The running cell has ended, its run is still open. Says at the end of `traceback` (array of
   lines) what was brought back and what could not be. */
void recovery_after_cell(
    struct kernel *kernel, const struct engine_outcome *outcome, json_t *traceback);

/* Where not all could be brought back at once, run again what is missing, if that is quick and
   touches nothing outside the program. The next cell waits. */
void recovery_run_again(struct kernel *kernel);

/* The program has ended between two cells (a host function; context is the kernel). */
void recovery_lost(void *context);

/* `%fk goto` and its like: where the program is now, and what was different on the way. */
void recovery_say_arrival(struct kernel *kernel, const struct replay_outcome *outcome);

#endif
