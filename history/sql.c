#include "history/sql.h"

#include "base/buf.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void sql_close(struct sql *sql) {
    for (size_t i = 0; i < sql->count; i++)
        sqlite3_finalize(sql->cache[i].statement);
    sql->count = 0;
    sqlite3_close(sql->db);
    sql->db = NULL;
}

/* SQLite does not say why it could not make a file beside its database: what comes of trying? */
static int errno_of_making(const char *database) {
    struct buf name = BUF_INIT;
    buf_printf(&name, "%s.XXXXXX", database);
    char *path = buf_take(&name);
    int fd = path ? mkostemp(path, O_CLOEXEC) : -1;
    int making_errno = fd < 0 ? errno : 0;
    if (fd >= 0) {
        close(fd);
        unlink(path);
    }
    free(path);
    return making_errno;
}

static enum status fail_to_open(struct sql *sql, int system_errno, struct error *error) {
    if (!system_errno || (system_errno == ENOENT && access(sql->path, F_OK) == 0))
        system_errno = errno_of_making(sql->path);
    if (system_errno == ENOSPC || system_errno == EDQUOT)
        return sql_fail(sql, SQLITE_FULL, error);
    if (system_errno == EACCES || system_errno == EPERM || system_errno == EROFS)
        return sql_fail(sql, SQLITE_PERM, error);
    if (system_errno)
        return error_set_errno(error, system_errno, "cannot open history '%s'", sql->path);
    return error_set(error, STATUS_IO,
        "cannot open history '%s': SQLite could not open its files; trying again may work",
        sql->path);
}

enum status sql_fail(struct sql *sql, int code, struct error *error) {
    int system_errno = sql->db ? sqlite3_system_errno(sql->db) : 0;
    const char *path = sql->path;
    switch (code & 0xff) {
    case SQLITE_NOMEM:
        return error_set(error, STATUS_NO_MEMORY, "cannot use history '%s': out of memory", path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return error_set(error, STATUS_LOCKED,
            "cannot use history '%s': another process is writing to it; recording resumes when "
            "that ends",
            path);
    case SQLITE_FULL:
        return error_set(error, STATUS_FULL,
            "cannot write history '%s': no space left; free some, or set FORKERNEL_DATA_DIR to a "
            "folder with space",
            path);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return error_set(error, STATUS_CORRUPT,
            "cannot read history '%s': the file is damaged or no history; 'forkernel doctor "
            "--repair' rescues what can be read, or move it away to start a new one",
            path);
    case SQLITE_IOERR:
        if (system_errno == ENOSPC || system_errno == EDQUOT)
            return sql_fail(sql, SQLITE_FULL, error);
        if (code == SQLITE_IOERR_SHORT_READ)
            return sql_fail(sql, SQLITE_CORRUPT, error);
        return error_set(error, STATUS_IO, "cannot use history '%s': %s (%s)", path,
            sqlite3_errstr(code), system_errno ? strerror(system_errno) : "no cause given");
    case SQLITE_CANTOPEN:
        return fail_to_open(sql, system_errno, error);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return error_set(error, STATUS_DENIED,
            "cannot write history '%s': no permission; make its folder writable, or set "
            "FORKERNEL_DATA_DIR to one that is",
            path);
    default:
        return error_set(error, STATUS_IO, "cannot use history '%s': %s", path,
            sql->db ? sqlite3_errmsg(sql->db) : sqlite3_errstr(code));
    }
}

static enum status prepare(
    struct sql *sql, const char *text, sqlite3_stmt **ret_statement, struct error *error) {
    for (size_t i = 0; i < sql->count; i++) {
        if (sql->cache[i].text == text) {
            *ret_statement = sql->cache[i].statement;
            return STATUS_OK;
        }
    }
    assert(sql->count < SQL_MAX_STATEMENTS);
    sqlite3_stmt *statement;
    int code = sqlite3_prepare_v3(sql->db, text, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
    /* our own words, which fit our own tables: those in the file are other ones */
    if (code == SQLITE_ERROR)
        return sql_fail(sql, SQLITE_CORRUPT, error);
    if (code != SQLITE_OK)
        return sql_fail(sql, sqlite3_extended_errcode(sql->db), error);
    sql->cache[sql->count].text = text;
    sql->cache[sql->count++].statement = statement;
    *ret_statement = statement;
    return STATUS_OK;
}

static enum status bind(struct sql *sql, sqlite3_stmt *statement, const char *format, va_list args,
    struct error *error) {
    int code = SQLITE_OK, at = 1;
    for (const char *letter = format; *letter && code == SQLITE_OK; letter++, at++) {
        switch (*letter) {
        case 'i':
            code = sqlite3_bind_int64(statement, at, va_arg(args, int64_t));
            break;
        case 'z': {
            int64_t value = va_arg(args, int64_t);
            code =
                value ? sqlite3_bind_int64(statement, at, value) : sqlite3_bind_null(statement, at);
            break;
        }
        case 's':
            code = sqlite3_bind_text(statement, at, va_arg(args, const char *), -1, SQLITE_STATIC);
            break;
        case 't': {
            const char *data = va_arg(args, const char *);
            size_t size = va_arg(args, size_t);
            code = sqlite3_bind_text64(
                statement, at, data ? data : "", size, SQLITE_STATIC, SQLITE_UTF8);
            break;
        }
        case 'b': {
            const void *data = va_arg(args, const void *);
            size_t size = va_arg(args, size_t);
            code = sqlite3_bind_blob64(statement, at, data ? data : "", size, SQLITE_STATIC);
            break;
        }
        default:
            assert(*letter == 'n');
            code = sqlite3_bind_null(statement, at);
        }
    }
    return code == SQLITE_OK ? STATUS_OK : sql_fail(sql, code, error);
}

static enum status begin_rows(struct sql *sql, sqlite3_stmt **ret_rows, struct error *error,
    const char *text, const char *format, va_list args) {
    sqlite3_stmt *statement = NULL;
    enum status status = prepare(sql, text, &statement, error);
    if (status == STATUS_OK)
        status = bind(sql, statement, format, args, error);
    if (status == STATUS_OK)
        *ret_rows = statement;
    return status;
}

enum status sql_query(struct sql *sql, sqlite3_stmt **ret_rows, struct error *error,
    const char *text, const char *format, ...) {
    va_list args;
    va_start(args, format);
    enum status status = begin_rows(sql, ret_rows, error, text, format, args);
    va_end(args);
    return status;
}

enum status sql_next(struct sql *sql, sqlite3_stmt *rows, bool *ret_row, struct error *error) {
    int code = sqlite3_step(rows);
    if (code == SQLITE_ROW) {
        *ret_row = true;
        return STATUS_OK;
    }
    enum status status = STATUS_OK;
    if (code != SQLITE_DONE)
        status = sql_fail(sql, sqlite3_extended_errcode(sql->db), error);
    sqlite3_reset(rows);
    if (status == STATUS_OK)
        *ret_row = false;
    return status;
}

bool sql_row(struct sql *sql, sqlite3_stmt *rows, enum status *status, struct error *error) {
    bool row = false;
    if (*status == STATUS_OK)
        *status = sql_next(sql, rows, &row, error);
    else
        sql_done(rows);
    return row;
}

void sql_done(sqlite3_stmt *rows) {
    sqlite3_reset(rows);
}

enum status sql_run(
    struct sql *sql, struct error *error, const char *text, const char *format, ...) {
    va_list args;
    va_start(args, format);
    sqlite3_stmt *rows = NULL;
    enum status status = begin_rows(sql, &rows, error, text, format, args);
    va_end(args);
    bool row = false;
    if (status == STATUS_OK)
        status = sql_next(sql, rows, &row, error);
    if (row)
        sql_done(rows);
    return status;
}

enum status sql_int(struct sql *sql, int64_t *ret_value, struct error *error, const char *text,
    const char *format, ...) {
    va_list args;
    va_start(args, format);
    sqlite3_stmt *rows = NULL;
    enum status status = begin_rows(sql, &rows, error, text, format, args);
    va_end(args);
    bool row = false;
    if (status == STATUS_OK)
        status = sql_next(sql, rows, &row, error);
    if (status != STATUS_OK)
        return status;
    if (!row)
        return STATUS_NOT_FOUND;
    *ret_value = sqlite3_column_int64(rows, 0);
    sql_done(rows);
    return STATUS_OK;
}

enum status sql_script(struct sql *sql, const char *script, struct error *error) {
    int code = sqlite3_exec(sql->db, script, NULL, NULL, NULL);
    return code == SQLITE_OK ? STATUS_OK : sql_fail(sql, sqlite3_extended_errcode(sql->db), error);
}

static const char rollback_text[] = "ROLLBACK";

/* SQLite has rolled back by itself after some errors; then there is nothing left to do. */
static void roll_back(struct sql *sql) {
    sqlite3_stmt *rollback = NULL;
    if (!sqlite3_get_autocommit(sql->db) &&
        prepare(sql, rollback_text, &rollback, NULL) == STATUS_OK) {
        sqlite3_step(rollback);
        sqlite3_reset(rollback);
    }
}

/* What begins must come to an end without memory too: the statement for that comes first. One that
 * could not be ended all the same would keep everybody from writing. */
static enum status begin(struct sql *sql, const char *text, struct error *error) {
    sqlite3_stmt *rollback = NULL;
    assert(!sql->in_transaction);
    enum status status = prepare(sql, rollback_text, &rollback, error);
    if (status != STATUS_OK)
        return status;
    roll_back(sql);
    return sql_run(sql, error, text, "");
}

enum status sql_begin(struct sql *sql, struct error *error) {
    static const char text[] = "BEGIN IMMEDIATE";
    enum status status = begin(sql, text, error);
    sql->in_transaction = status == STATUS_OK;
    return status;
}

enum status sql_commit(struct sql *sql, struct error *error) {
    static const char text[] = "COMMIT";
    assert(sql->in_transaction);
    enum status status = sql_run(sql, error, text, "");
    if (status != STATUS_OK)
        sql_rollback(sql);
    sql->in_transaction = false;
    return status;
}

void sql_rollback(struct sql *sql) {
    roll_back(sql);
    sql->in_transaction = false;
    sql->rolled_back++;
}

enum status sql_begin_reading(struct sql *sql, struct error *error) {
    static const char text[] = "BEGIN";
    return begin(sql, text, error);
}

void sql_end_reading(struct sql *sql) {
    static const char text[] = "COMMIT";
    if (sql_run(sql, NULL, text, "") != STATUS_OK)
        roll_back(sql); /* of nothing */
}

enum status sql_finish(struct sql *sql, enum status status, struct error *error) {
    if (status == STATUS_OK)
        return sql_commit(sql, error);
    sql_rollback(sql);
    return status;
}
