/* A new database from what a damaged one still holds, and its way into the place of that one. */
#include "history/alone.h"
#include "history/folder.h"
#include "history/process.h"
#include "history/salvage_rows.h"

#include "base/clock.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* ---- alone? ---- */

static enum status fail_locked(const char *folder, struct error *error) {
    return error_set(error, STATUS_LOCKED,
        "cannot repair the history in '%s' while kernels run; shut them down and try again",
        folder);
}

/* Keeps sessions from beginning. */
static enum status lock_repair(const char *folder, struct buf *ret_fds, struct error *error) {
    char *path = file_join(folder, "sessions/" PROCESS_REPAIR_LOCK);
    int fd = -1;
    enum status status =
        path ? lock_take(path, &fd, error) : error_set(error, STATUS_NO_MEMORY, "out of memory");
    free(path);
    if (fd >= 0)
        buf_append(ret_fds, &fd, sizeof fd);
    return status == STATUS_LOCKED ? fail_locked(folder, error) : status;
}

/* Lock what the processes that use the store hold; `ret_fds` are ints, and keep the others out of
 * recovery until they are closed. */
static enum status lock_sessions(const char *folder, struct buf *ret_fds, struct error *error) {
    char *path = file_join(folder, "sessions");
    int fd = -1;
    enum status status = path ? file_make_folders(path, 0700, error)
                              : error_set(error, STATUS_NO_MEMORY, "out of memory");
    if (status == STATUS_OK)
        status = lock_repair(folder, ret_fds, error);
    DIR *dir = status == STATUS_OK ? folder_open(path, &fd) : NULL;
    free(path);
    for (struct dirent *entry; dir && status == STATUS_OK && (entry = readdir(dir));) {
        bool own = strcmp(entry->d_name, PROCESS_REPAIR_LOCK) == 0;
        int lock =
            own || entry->d_name[0] == '.' ? -1 : openat(fd, entry->d_name, O_RDWR | O_CLOEXEC);
        if (lock < 0)
            continue;
        if (flock(lock, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
            status = fail_locked(folder, error);
        buf_append(ret_fds, &lock, sizeof lock);
    }
    if (dir)
        closedir(dir);
    return status;
}

static void unlock_sessions(struct buf *fds) {
    for (size_t at = 0; at < fds->size; at += sizeof(int)) {
        int fd;
        memcpy(&fd, fds->data + at, sizeof fd);
        close(fd);
    }
    buf_finish(fds);
}

/* ---- the new database ---- */

static enum status fill(struct check *check, const char *damaged, struct error *error) {
    static const char rows_text[] = "SELECT (SELECT count(*) FROM documents) + "
                                    "(SELECT count(*) FROM versions) + (SELECT count(*) FROM runs)";
    static const char runs_text[] = "SELECT count(*) FROM runs";
    struct history *made = check->history;
    struct sql *sql = &made->sql;
    int64_t found = 0;
    enum status status = sql_begin(sql, error);
    if (status != STATUS_OK)
        return status;
    status = salvage_rows(made, damaged, error);
    if (status == STATUS_OK)
        status = sql_int(sql, &found, error, rows_text, "");
    if (status == STATUS_OK && !found)
        status = error_set(error, STATUS_CORRUPT,
            "cannot rescue anything from '%s': there are no rows of a history in it; put a backup "
            "in its place, or move it away to start a new one",
            damaged);
    if (status == STATUS_OK)
        status = salvage_mend(check, error);
    if (status == STATUS_OK)
        status = sql_int(sql, &check->health.runs, error, runs_text, "");
    return sql_finish(sql, status, error);
}

static enum status make_database(
    struct check *check, const char *damaged, char *path, struct error *error) {
    struct history made = {.folder = (char *)check->options->folder,
        .database = path,
        .sql = {.path = path},
        .format = SCHEMA_VERSION};
    enum status status = sodium_init() < 0 ? fail_memory(&made, error) : STATUS_OK;
    if (status == STATUS_OK)
        status = schema_create(path, error);
    if (status == STATUS_OK)
        status = text_codec_init(&made.codec, error);
    if (status != STATUS_OK)
        return status;
    status = alone_open(&made.sql, path, SQLITE_OPEN_READWRITE, error);
    if (status == STATUS_OK)
        status = sql_script(&made.sql, "PRAGMA temp_store = MEMORY", error);
    check->history = &made;
    if (status == STATUS_OK)
        status = fill(check, damaged, error);
    check->history = NULL;
    sql_close(&made.sql); /* the last one to close empties the log into the database */
    text_cache_finish(&made.texts);
    text_codec_finish(&made.codec);
    return status;
}

/* ---- into its place ---- */

static enum status move_beside(
    const char *path, const char *end, const char *kept, bool must, struct error *error) {
    struct buf from = BUF_INIT, to = BUF_INIT;
    buf_printf(&from, "%s%s", path, end);
    buf_printf(&to, "%s%s", kept, end);
    enum status status = STATUS_OK;
    if (renameat2(AT_FDCWD, buf_string(&from), AT_FDCWD, buf_string(&to), RENAME_NOREPLACE) < 0 &&
        (must || errno != ENOENT))
        status = error_set_errno(error, errno, "cannot move '%s' away", buf_string(&from));
    buf_finish(&from);
    buf_finish(&to);
    return status;
}

/* A second name for it: there is a database at any moment, or a kernel would make a new one. */
static enum status keep_database(const char *path, const char *kept, struct error *error) {
    if (link(path, kept) == 0)
        return STATUS_OK;
    bool no_links = errno == EPERM || errno == ENOTSUP || errno == ENOSYS;
    if (no_links)
        return move_beside(path, "", kept, true, error);
    return error_set_errno(error, errno, "cannot keep '%s' as '%s'", path, kept);
}

/* The log of the damaged one goes first: SQLite would take it for one of the new one. */
static enum status put_in_place(
    struct check *check, const char *damaged, const char *made, struct error *error) {
    char stamp[CLOCK_STAMP_BYTES];
    struct buf kept = BUF_INIT;
    clock_format_stamp(clock_wall_us(), stamp);
    buf_printf(&kept, "%s.damaged-%s", damaged, stamp);
    for (int copy = 2; buf_ok(&kept) && access(kept.data, F_OK) == 0; copy++) {
        buf_clear(&kept);
        buf_printf(&kept, "%s.damaged-%s-%d", damaged, stamp, copy);
    }
    const char *name = buf_string(&kept);
    enum status status = buf_ok(&kept) ? move_beside(damaged, "-wal", name, false, error)
                                       : fail_memory(check->history, error);
    if (status == STATUS_OK)
        status = move_beside(damaged, "-shm", name, false, error);
    if (status == STATUS_OK)
        status = keep_database(damaged, name, error);
    if (status == STATUS_OK && rename(made, damaged) < 0)
        status =
            error_set_errno(error, errno, "cannot put '%s' in the place of '%s'", made, damaged);
    if (status == STATUS_OK)
        check_say(check, HISTORY_REPAIRED, damaged, "",
            "a new database holds what could be read; the damaged one is kept as '%s'", name);
    buf_finish(&kept);
    return status;
}

static enum status salvage(
    struct check *check, const char *damaged, char *made, struct error *error) {
    struct buf fds = BUF_INIT;
    enum status status = STATUS_OK;
    if (check->options->repair)
        status = lock_sessions(check->options->folder, &fds, error);
    if (status == STATUS_OK) {
        unlink(made); /* of a repair that was killed */
        status = make_database(check, damaged, made, error);
    }
    if (status == STATUS_OK && check->options->repair)
        status = put_in_place(check, damaged, made, error);
    unlink(made);
    unlock_sessions(&fds);
    return status;
}

enum status history_salvage(const char *folder, const struct history_check_options *options,
    struct history_health *ret_health, struct error *error) {
    struct history_check_options own = *options;
    own.folder = folder;
    struct check check = {.options = &own};
    char *damaged = file_join(folder, "history.sqlite3");
    char *made = file_join(folder, "history.sqlite3.rescued");
    enum status status = STATUS_OK;
    if (!damaged || !made)
        status = error_set(error, STATUS_NO_MEMORY, "cannot repair history: out of memory");
    else
        status = salvage(&check, damaged, made, error);
    if (status == STATUS_OK)
        *ret_health = check.health;
    free(damaged);
    free(made);
    return status;
}
