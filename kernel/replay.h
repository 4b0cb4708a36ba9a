/*
 * Going to the state that a recorded run left: at once where it is live, else by running the
 * recorded cells again from the nearest state that is. What they show is not shown again but
 * compared with the record; nothing of it is recorded, and execution counts stay.
 *
 * While it lasts the engine reports to this module. Event loop thread only.
 */
#ifndef FORKERNEL_KERNEL_REPLAY_H
#define FORKERNEL_KERNEL_REPLAY_H

#include "history/history.h"
#include "kernel/engine/engine.h"
#include "kernel/replay_output.h"

#include <stdbool.h>

struct kernel;

struct replay_outcome {
    bool arrived; /* at the state that was wanted; else it stopped on the way */
    bool interrupted;
    const char *error; /* a sentence, or NULL when it arrived */
};

/* Its end; the kernel's engine and states can be used again. */
typedef void replay_done(struct kernel *kernel, const struct replay_outcome *outcome);

struct replay {
    bool running;
    bool stepping;  /* a step is being begun further up the stack */
    bool again;     /* it has been begun anew once, where the program was lost on the way */
    int64_t target; /* the run whose state is wanted */
    struct history_memory memory;
    const struct history_state_info **path;
    size_t count;
    size_t at;
    int64_t document_id;
    int64_t started_us; /* of the cell that runs */
    struct replay_output output;
    struct buf report; /* what was different, for the user */
    bool speaks;       /* progress goes to the output of the running cell */
    replay_done *done;
};

/*
 * Go to what run `run_id` of the document left; 0: a fresh program. `speaks`: tell the user on the
 * way, as output of the running cell. `done` comes when it is there or has stopped, perhaps before
 * this returns. Not while a cell runs in the engine.
 */
void replay_go(
    struct kernel *kernel, int64_t document_id, int64_t run_id, bool speaks, replay_done *done);

/* End it after the cell that runs, which is interrupted. */
void replay_interrupt(struct kernel *kernel);

/* Differences found by the last one; "" for none. Borrowed until the next. */
const char *replay_report(struct kernel *kernel);

void replay_finish(struct replay *replay);

#endif
