#include "history/alone.h"
#include "history/process.h"
#include "history/recover.h"
#include "history/store.h"

#include "base/clock.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    DEFAULT_KEYFRAME_EVERY = 128,
    DEFAULT_BUSY_TIMEOUT_MS = 250,
};

static const char database_name[] = "history.sqlite3";

char *history_default_folder(void) {
    const char *own = getenv("FORKERNEL_DATA_DIR");
    if (own && *own)
        return strdup(own);
    const char *data = getenv("XDG_DATA_HOME");
    if (data && *data == '/') /* the specification says to ignore relative ones */
        return file_join(data, "forkernel");
    const char *home = getenv("HOME");
    return home && *home ? file_join(home, ".local/share/forkernel") : NULL;
}

/* Before SQLite touches a file, see that it is one of its own: what is not stays as it is. */
static enum status check_magic(struct history *history, struct error *error) {
    static const char magic[16] = "SQLite format 3";
    struct sql *sql = &history->sql;
    int fd = open(sql->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return STATUS_NOT_FOUND;
    if (fd < 0 && (errno == EACCES || errno == EPERM))
        return sql_fail(sql, SQLITE_PERM, error);
    if (fd < 0)
        return error_set_errno(error, errno, "cannot open history '%s'", sql->path);
    char begin[sizeof magic];
    ssize_t n = read(fd, begin, sizeof begin);
    int read_errno = errno;
    history->no_locks = !alone_has_locks(fd);
    struct stat info = {0};
    if (fstat(fd, &info) == 0) {
        history->device = info.st_dev;
        history->inode = info.st_ino;
    }
    close(fd);
    if (n < 0)
        return error_set_errno(error, read_errno, "cannot read history '%s'", sql->path);
    if (n != (ssize_t)sizeof begin || memcmp(begin, magic, sizeof magic) != 0)
        return sql_fail(sql, SQLITE_NOTADB, error);
    return STATUS_OK;
}

static enum status find_or_make(struct history *history, struct error *error) {
    struct sql *sql = &history->sql;
    enum status status = check_magic(history, error);
    if (status != STATUS_NOT_FOUND)
        return status;
    if (history->read_only)
        return error_set(error, STATUS_NOT_FOUND,
            "cannot open history '%s': nothing has been recorded there yet", sql->path);
    status = file_make_folders(history->folder, 0700, error);
    if (status == STATUS_OK)
        status = schema_create(sql->path, error);
    return status == STATUS_OK ? check_magic(history, error) : status;
}

/*
 * Called by SQLite while another process writes. Its own handler doubles its naps up to 100 ms,
 * which with many kernels at once leaves the unlucky ones waiting long after the others are done;
 * a transaction of ours takes a tenth of a millisecond.
 */
static int wait_turn(void *data, int count) {
    struct history *history = data;
    int64_t now_us = clock_monotonic_us();
    if (count == 0)
        history->wait_began_us = now_us;
    if (now_us - history->wait_began_us >= history->busy_timeout_us)
        return 0;
    struct timespec nap = {.tv_nsec = count < 10 ? 200000 : 1000000};
    nanosleep(&nap, NULL);
    return 1;
}

/* Whose database it is, which is also the first reading of it. */
static enum status identify(struct history *history, struct error *error) {
    struct sql *sql = &history->sql;
    sqlite3_extended_result_codes(sql->db, 1);
    sqlite3_busy_handler(sql->db, wait_turn, history);
    /* until we know that it is ours, not even its log may be folded in */
    sqlite3_db_config(sql->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return schema_check(sql, &history->format, error);
}

static enum status open_shared(struct history *history, struct error *error) {
    struct sql *sql = &history->sql;
    int flags = history->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    enum status status = history->read_only ? STATUS_OK : process_share(history, error);
    if (status != STATUS_OK)
        return status;
    int code = sqlite3_open_v2(
        sql->path, &sql->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);
    return code == SQLITE_OK ? identify(history, error) : sql_fail(sql, code, error);
}

/* Beside the database SQLite keeps what processes share, also for reading; where it cannot, whoever
 * only looks does without. */
static enum status open_for_looking(struct history *history, struct error *error) {
    struct error why = {.message = ""};
    enum status status = history->no_locks ? STATUS_DENIED : open_shared(history, &why);
    if (status == STATUS_DENIED || status == STATUS_FULL || status == STATUS_IO) {
        status = alone_look(history, error);
        return status == STATUS_OK ? identify(history, error) : status;
    }
    return status == STATUS_OK ? status : error_set(error, status, "%s", why.message);
}

static enum status open_alone(struct history *history, struct error *error) {
    enum status status = alone_take(history, error);
    if (status == STATUS_OK)
        status = alone_open(&history->sql, history->database, SQLITE_OPEN_READWRITE, error);
    return status == STATUS_OK ? identify(history, error) : status;
}

static enum status connect(struct history *history, struct error *error) {
    struct sql *sql = &history->sql;
    enum status status = STATUS_OK;
    if (history->read_only)
        status = open_for_looking(history, error);
    else if (history->no_locks)
        status = open_alone(history, error);
    else
        status = open_shared(history, error);
    if (status != STATUS_OK)
        return status;
    if (!history->read_only && sqlite3_db_readonly(sql->db, "main") == 1)
        return sql_fail(sql, SQLITE_READONLY, error);
    if (history->format < SCHEMA_VERSION)
        status = history->read_only ? schema_migrate_copy(history, error)
                                    : schema_migrate(history, error);
    if (status != STATUS_OK)
        return status;
    sqlite3_db_config(sql->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    if (history->read_only) /* what is read may be a copy, which must not be taken for the store */
        return sql_script(sql, "PRAGMA query_only = 1; PRAGMA temp_store = MEMORY", error);
    /* NORMAL: a commit is a write, not an fsync: safe against kill, and after a power cut the store
       is whole but may miss the last moments. Folding the log into the database has an fsync in it:
       that is for history_tidy() in a quiet moment, and in between only when the log has grown to
       32 MiB. */
    return sql_script(sql,
        "PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 8388608;"
        "PRAGMA wal_autocheckpoint = 8192;"
        "PRAGMA temp_store = MEMORY",
        error);
}

void history_tidy(struct history *history) {
    if (!history->read_only)
        (void)sqlite3_wal_checkpoint_v2(
            history->sql.db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

static enum status make_folder(struct history *history, const char *name, struct error *error) {
    char *path = file_join(history->folder, name);
    enum status status = path ? file_make_folders(path, 0700, error) : fail_memory(history, error);
    free(path);
    return status;
}

enum status history_open(
    const struct history_options *options, struct history **ret_history, struct error *error) {
    static const struct history_options defaults = {0};
    if (!options)
        options = &defaults;
    struct history *history = calloc(1, sizeof *history);
    if (!history || sodium_init() < 0) {
        free(history);
        return error_set(error, STATUS_NO_MEMORY, "cannot open history: out of memory");
    }
    *history = (struct history){
        .folder = options->folder ? strdup(options->folder) : history_default_folder(),
        .told_limits = {.text_bytes = options->text_limit_bytes,
            .item_bytes = options->binary_limit_bytes,
            .outputs = options->max_outputs},
        .keyframe_every =
            options->keyframe_every ? options->keyframe_every : DEFAULT_KEYFRAME_EVERY,
        .busy_timeout_us = (int64_t)(options->busy_timeout_ms ? options->busy_timeout_ms
                                                              : DEFAULT_BUSY_TIMEOUT_MS) *
                           1000,
        .read_only = options->read_only,
        .repair_fd = -1,
    };
    if (history->keyframe_every > TEXT_MAX_DEPTH + 1)
        history->keyframe_every = TEXT_MAX_DEPTH + 1;
    enum status status = STATUS_OK;
    if (!history->folder && !options->folder && !getenv("HOME")) {
        status = error_set(error, STATUS_NOT_FOUND,
            "cannot open history: no folder for it; set FORKERNEL_DATA_DIR or HOME");
        goto out;
    }
    if (history->folder)
        history->database = file_join(history->folder, database_name);
    if (!history->database) {
        status = error_set(error, STATUS_NO_MEMORY, "cannot open history: out of memory");
        goto out;
    }
    history->sql.path = history->database;
    status = text_codec_init(&history->codec, error);
    if (status == STATUS_OK)
        status = find_or_make(history, error);
    if (status == STATUS_OK)
        status = connect(history, error);
    if (status == STATUS_OK && !history->read_only) {
        status = make_folder(history, "sessions", error);
        if (status == STATUS_OK && history->repair_fd < 0 && !history->no_locks)
            status = process_share(history, error); /* there was no folder for it before */
        if (status == STATUS_OK)
            status = make_folder(history, "outputs", error);
        if (status == STATUS_OK)
            status = recover_dead_sessions(history, error);
    }
out:
    if (status == STATUS_OK)
        *ret_history = history;
    else
        history_close(&history);
    return status;
}

void history_close(struct history **history) {
    struct history *closing = *history;
    if (!closing)
        return;
    *history = NULL;
    sql_close(&closing->sql);
    if (closing->repair_fd >= 0)
        close(closing->repair_fd);
    alone_leave(closing);
    text_cache_finish(&closing->texts);
    text_codec_finish(&closing->codec);
    free(closing->database);
    free(closing->folder);
    free(closing);
}

const char *history_folder(const struct history *history) {
    return history->folder;
}

const char *history_database_path(const struct history *history) {
    return history->database;
}
