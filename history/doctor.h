/*
 * Trust in a store: look whether it is whole, mend it, copy it. For the commands `doctor` and
 * `backup`; kernels need none of it.
 *
 *     history_doctor: history_check, and where that finds the database damaged history_salvage
 *
 * Nothing here deletes what a person may want: a damaged database is kept beside the one made from
 * it, a file that no row names is moved to "outputs/strays".
 *
 * Ownership, errors and threads are those of history.h.
 */
#ifndef FORKERNEL_HISTORY_DOCTOR_H
#define FORKERNEL_HISTORY_DOCTOR_H

#include "history/history.h"

enum history_severity {
    HISTORY_NOTE = 1, /* worth knowing, nothing is wrong */
    HISTORY_REPAIRED, /* was wrong, is right now */
    HISTORY_DAMAGE,   /* is wrong */
};

/* For people; the strings are borrowed for the call. */
struct history_finding {
    enum history_severity severity;
    const char *what;  /* "the file is not the one that was recorded" */
    const char *where; /* a file, or "version 7 of /home/a/b.ipynb" */
    const char *next;  /* what to do about it; "" for nothing */
};

struct history_check_options {
    const char *folder; /* for history_doctor(); NULL: history_default_folder() */
    bool skip_files;    /* look at the database alone */
    bool repair;        /* what can be repaired without a loss; else nothing is written */
    void (*found)(void *context, const struct history_finding *finding); /* may be NULL */
    void *context;
};

struct history_health {
    int64_t versions, runs, files; /* looked at */
    int64_t notes, repaired, damage;
    bool database_damaged; /* rows are lost or unreadable: a case for history_salvage() */
};

/*
 * The database's tables, pages, indexes and references; that every version and layout can be read
 * and is what was recorded; that heads, moves and runs make sense; that output files are there, of
 * the recorded size and hash, and that every file has a row. What kernels write meanwhile is left
 * alone. `repair` needs a store open for writing. STATUS_OK whatever was found.
 */
enum status history_check(struct history *history, const struct history_check_options *options,
    struct history_health *ret_health, struct error *error) MUST_CHECK;

/*
 * Rescue what a damaged database still holds, page by page and row by row, also where what leads
 * to a page is gone. The rows go into a new database beside it; a version whose text is lost stays
 * in its tree with a line that says so, for the sake of its runs and its children. With `repair`
 * the new one takes the place of the damaged one, which is kept as
 * "history.sqlite3.damaged-<time>"; without, it is removed again and only what would be lost is
 * told.
 *
 * STATUS_LOCKED: kernels are running. STATUS_CORRUPT: there is nothing in it. On failure the
 * database is as it was.
 */
enum status history_salvage(const char *folder, const struct history_check_options *options,
    struct history_health *ret_health, struct error *error) MUST_CHECK;

/* Open, check, and salvage if need be. STATUS_NOT_FOUND: nothing has been recorded there yet. */
enum status history_doctor(const struct history_check_options *options,
    struct history_health *ret_health, struct error *error) MUST_CHECK;

struct history_backup_options {
    const char *target; /* a folder that is empty or does not exist; made with 0700 */
    void (*progress)(void *context, int64_t files, int64_t all_files); /* may be NULL */
    void *context;
};

struct history_backup_result {
    int64_t files;   /* in the copy */
    int64_t linked;  /* of these: hard links, which take no space */
    int64_t missing; /* named by the database, and not there */
};

/*
 * A copy that is a store of its own (FORKERNEL_DATA_DIR=target), as of one moment, while kernels
 * record. Runs that last are in it with what they have printed so far, and count as killed there.
 * STATUS_INVALID: `target` is not empty. After another failure it holds a part and is of no use.
 */
enum status history_backup(struct history *history, const struct history_backup_options *options,
    struct history_backup_result *ret_result, struct error *error) MUST_CHECK;

#endif
