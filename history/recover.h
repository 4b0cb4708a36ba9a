/* Sealing what dead processes have left open. Internal to history/. */
#ifndef FORKERNEL_HISTORY_RECOVER_H
#define FORKERNEL_HISTORY_RECOVER_H

#include "history/store.h"

/*
 * For every session that has not ended and whose process is gone: runs that last become
 * HISTORY_KILLED, outputs get their final names and sizes, files without a row get one. What
 * cannot be done now (locked, disk full) is left for the next time; only damage and lack of
 * memory are errors.
 */
enum status recover_dead_sessions(struct history *history, struct error *error) MUST_CHECK;

/* One run of a dead session, in recover_run.c. */
enum status recover_run(struct history *history, int64_t run_id, struct error *error) MUST_CHECK;

#endif
