/*
 * Stores that SQLite cannot share: on file systems without file locks, or in folders that cannot be
 * written. Internal to history/.
 *
 * Without file locks one process at a time records: "history.lock" is a symbolic link that names it
 * as "<host>:<pid>:<start>", and is taken over from one that is gone. Who only looks gets the
 * database as it lies there when nobody has it open (it has no log then), else a private copy of it
 * and of its log, as of one moment.
 */
#ifndef FORKERNEL_HISTORY_ALONE_H
#define FORKERNEL_HISTORY_ALONE_H

#include "history/store.h"

/* Does the file system of this open file have locks as SQLite needs them? */
bool alone_has_locks(int fd);

/* Become the one that records; alone_leave() ends it. STATUS_LOCKED: another one is. */
enum status alone_take(struct history *history, struct error *error) MUST_CHECK;
void alone_leave(struct history *history);

/* A database that nobody else has or can see: without locks, and without a file for its index. */
enum status alone_open(
    struct sql *sql, const char *path, int flags, struct error *error) MUST_CHECK;

/* For reading, what cannot be opened in the ordinary way. */
enum status alone_look(struct history *history, struct error *error) MUST_CHECK;

#endif
