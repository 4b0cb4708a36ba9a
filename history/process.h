/*
 * Is the process that recorded a session still there? Internal to history/.
 *
 * A lock on a file of the session's own answers, since the system drops it with the process. Where
 * the file system has no locks, the process id and its start time do, on one machine.
 */
#ifndef FORKERNEL_HISTORY_PROCESS_H
#define FORKERNEL_HISTORY_PROCESS_H

#include "history/store.h"

#include <sys/types.h>

enum { PROCESS_HOST_BYTES = 65 };

void process_host(char ret_host[PROCESS_HOST_BYTES]);

/* Clock ticks from boot to the start of the process; 0: there is no such process. */
int64_t process_start_ticks(pid_t pid);

/* "<store>/sessions/<uuid>.lock" in new memory; NULL without. */
char *session_lock_path(const struct history *history, const char *uuid);

/*
 * Make the file and lock it. `ret_fd` holds the lock until it is closed, or is -1 where the file
 * system has no locks. STATUS_LOCKED without an error text: somebody else holds it.
 */
enum status lock_take(const char *path, int *ret_fd, struct error *error) MUST_CHECK;

/* A repair locks this while it lasts, the locks of the sessions after it. Whoever has the database
 * open for writing shares it from before to after: closing one that was replaced meanwhile, SQLite
 * would remove the log of the new one. */
#define PROCESS_REPAIR_LOCK "repair.lock"

/* Share it until history->repair_fd is closed; that is -1 where there is nothing to lock. */
enum status process_share(struct history *history, struct error *error) MUST_CHECK;

/* Has the database been replaced since it was looked at? */
bool process_repaired(const struct history *history);

#endif
