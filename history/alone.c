#include "history/alone.h"
#include "history/process.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool alone_has_locks(int fd) {
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_len = 1};
    return fcntl(fd, F_GETLK, &lock) == 0;
}

/* ---- who records ---- */

static bool parse_owner(char *owner, const char **ret_host, int64_t *ret_pid, int64_t *ret_start) {
    char *start = strrchr(owner, ':');
    if (!start)
        return false;
    *start++ = '\0';
    char *pid = strrchr(owner, ':');
    if (!pid)
        return false;
    *pid++ = '\0';
    *ret_host = owner;
    *ret_pid = strtoll(pid, NULL, 10);
    *ret_start = strtoll(start, NULL, 10);
    return true;
}

/* Take away the link of a process that is gone; not one that somebody has made meanwhile. */
static void take_away(const char *path, const char *owner) {
    char now[256];
    struct buf name = BUF_INIT;
    buf_printf(&name, "%s.%ld", path, (long)getpid());
    const char *aside = buf_string(&name);
    if (buf_ok(&name) && rename(path, aside) == 0) {
        ssize_t length = readlink(aside, now, sizeof now);
        if (length < 0 || strlen(owner) != (size_t)length ||
            memcmp(now, owner, (size_t)length) != 0)
            (void)!link(aside, path);
        unlink(aside);
    }
    buf_finish(&name);
}

/* STATUS_OK: the way may be free now. */
static enum status look_at_owner(
    const struct history *history, const char *path, struct error *error) {
    char owner[256], parts[256], here[PROCESS_HOST_BYTES];
    ssize_t length = readlink(path, owner, sizeof owner - 1);
    if (length < 0 && errno == ENOENT)
        return STATUS_OK;
    if (length < 0)
        return error_set_errno(error, errno, "cannot read '%s'", path);
    owner[length] = '\0';
    memcpy(parts, owner, (size_t)length + 1);
    const char *host = parts;
    int64_t pid = 0, start = 0;
    process_host(here);
    if (parse_owner(parts, &host, &pid, &start) && strcmp(host, here) == 0 &&
        process_start_ticks((pid_t)pid) != start) {
        take_away(path, owner);
        return STATUS_OK;
    }
    return error_set(error, STATUS_LOCKED,
        "cannot write history '%s': its file system has no locks, and process %lld on '%s' has it; "
        "recording resumes when that ends; or set FORKERNEL_DATA_DIR to a folder on a local disk, "
        "or remove '%s' when there is no such process any more",
        history->database, (long long)pid, host, path);
}

enum status alone_take(struct history *history, struct error *error) {
    char host[PROCESS_HOST_BYTES];
    struct buf owner = BUF_INIT;
    process_host(host);
    buf_printf(
        &owner, "%s:%ld:%lld", host, (long)getpid(), (long long)process_start_ticks(getpid()));
    char *path = file_join(history->folder, "history.lock");
    enum status status = path && buf_ok(&owner) ? STATUS_OK : fail_memory(history, error);
    for (int tries = 0; path && status == STATUS_OK && !history->alone_path; tries++) {
        if (symlink(buf_string(&owner), path) == 0)
            history->alone_path = path;
        else if (errno != EEXIST || tries == 10)
            status = error_set_errno(error, errno, "cannot write '%s'", path);
        else
            status = look_at_owner(history, path, error);
    }
    buf_finish(&owner);
    if (!history->alone_path)
        free(path);
    return status;
}

void alone_leave(struct history *history) {
    if (history->alone_path)
        unlink(history->alone_path);
    free(history->alone_path);
    history->alone_path = NULL;
}

enum status alone_open(struct sql *sql, const char *path, int flags, struct error *error) {
    int code = sqlite3_open_v2(path, &sql->db, flags | SQLITE_OPEN_NOMUTEX, "unix-none");
    if (code != SQLITE_OK)
        return sql_fail(sql, code, error);
    return sql_script(sql, "PRAGMA locking_mode = EXCLUSIVE", error);
}

/* ---- looking ---- */

/* What says that a file has not changed: its size and time, and of a log the salt that SQLite gives
 * it whenever it begins anew. Source: https://sqlite.org/fileformat2.html#walformat */
struct mark {
    struct stat info;
    char head[32];
};

static bool read_mark(int fd, struct mark *mark) {
    memset(mark->head, 0, sizeof mark->head);
    return fstat(fd, &mark->info) == 0 && pread(fd, mark->head, sizeof mark->head, 0) >= 0;
}

static bool copy_bytes(int from, int to) {
    char chunk[65536];
    off_t at = 0;
    ssize_t n;
    while ((n = pread(from, chunk, sizeof chunk, at)) > 0) {
        if (!file_write_all(to, chunk, (size_t)n))
            return false;
        at += n;
    }
    return n == 0;
}

static bool copy_file(int from, const char *to) {
    int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool copied = fd >= 0 && copy_bytes(from, fd);
    if (fd >= 0 && close(fd) < 0)
        copied = false;
    return copied;
}

/* The database and its log, and while that went on the one was not written into the other. */
static enum status copy_both(struct history *history, const char *log, const char *to_database,
    const char *to_log, struct error *error) {
    struct mark before, after, log_before, log_after;
    int from = open(history->database, O_RDONLY | O_CLOEXEC);
    int from_log = open(log, O_RDONLY | O_CLOEXEC);
    enum status status = STATUS_LOCKED;
    for (int tries = 0; status == STATUS_LOCKED && tries < 10; tries++) {
        if (from < 0 || from_log < 0 || !read_mark(from, &before) ||
            !read_mark(from_log, &log_before) || !copy_file(from, to_database) ||
            !copy_file(from_log, to_log) || !read_mark(from, &after) ||
            !read_mark(from_log, &log_after))
            status = error_set_errno(error, errno, "cannot copy history '%s' to '%s' for reading",
                history->database, to_database);
        else if (before.info.st_size == after.info.st_size &&
                 before.info.st_mtim.tv_sec == after.info.st_mtim.tv_sec &&
                 before.info.st_mtim.tv_nsec == after.info.st_mtim.tv_nsec &&
                 memcmp(log_before.head, log_after.head, sizeof log_after.head) == 0)
            status = STATUS_OK;
    }
    if (status == STATUS_LOCKED)
        status = error_set(error, status,
            "cannot read history '%s': another process is writing to it; try again",
            history->database);
    if (from >= 0)
        close(from);
    if (from_log >= 0)
        close(from_log);
    return status;
}

static enum status look_at_copy(struct history *history, const char *log, struct error *error) {
    static const char read_text[] = "PRAGMA user_version"; /* has the files opened */
    const char *temporary = getenv("TMPDIR");
    struct buf folder = BUF_INIT, database = BUF_INIT, copied_log = BUF_INIT;
    int64_t version;
    buf_printf(&folder, "%s/forkernel-XXXXXX", temporary && *temporary ? temporary : "/tmp");
    enum status status = STATUS_OK;
    if (!buf_ok(&folder))
        status = fail_memory(history, error);
    else if (!mkdtemp(folder.data))
        status = error_set_errno(error, errno, "cannot copy history '%s' to '%s' for reading",
            history->database, folder.data);
    if (status != STATUS_OK) {
        buf_finish(&folder);
        return status;
    }
    buf_printf(&database, "%s/history.sqlite3", folder.data);
    buf_printf(&copied_log, "%s-wal", buf_string(&database));
    const char *to = buf_string(&database), *to_log = buf_string(&copied_log);
    status = copy_both(history, log, to, to_log, error);
    if (status == STATUS_OK)
        status = alone_open(&history->sql, to, SQLITE_OPEN_READWRITE, error);
    if (status == STATUS_OK)
        status = sql_int(&history->sql, &version, error, read_text, "");
    /* the open files stay until the last one has them closed, however this process ends */
    unlink(to);
    unlink(to_log);
    rmdir(folder.data);
    buf_finish(&folder);
    buf_finish(&database);
    buf_finish(&copied_log);
    return status;
}

/* Nobody has it open, or there would be a log. */
static enum status look_at_file(struct history *history, struct error *error) {
    struct buf uri = BUF_INIT;
    buf_append_string(&uri, "file:");
    for (const char *c = history->database; *c; c++)
        buf_printf(&uri, strchr("%?#", *c) ? "%%%02x" : "%c", (unsigned char)*c);
    buf_append_string(&uri, "?immutable=1");
    int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX;
    int code =
        buf_ok(&uri) ? sqlite3_open_v2(uri.data, &history->sql.db, flags, NULL) : SQLITE_NOMEM;
    buf_finish(&uri);
    return code == SQLITE_OK ? STATUS_OK : sql_fail(&history->sql, code, error);
}

enum status alone_look(struct history *history, struct error *error) {
    struct buf log = BUF_INIT;
    struct stat info;
    buf_printf(&log, "%s-wal", history->database);
    enum status status = STATUS_OK;
    sql_close(&history->sql);
    if (!buf_ok(&log))
        status = fail_memory(history, error);
    else if (stat(log.data, &info) == 0 && info.st_size > 0)
        status = look_at_copy(history, log.data, error);
    else
        status = look_at_file(history, error);
    buf_finish(&log);
    return status;
}
