/*
 * A store of an earlier format becomes one of this format: a copy of the database beside it, then
 * one transaction. Whoever holds that transaction is alone; everybody else finds the work done.
 */
#include "history/alone.h"
#include "history/schema.h"
#include "history/version_list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The versions of format 2, one row of `versions` by one, into the tables of format 3. */
static enum status pack_version(struct history *history, sqlite3_stmt *rows, struct error *error) {
    static const char text[] =
        "INSERT INTO versions_3 (id, cell_id, back, origin, created_ms, cause, text) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)";
    int64_t id = sqlite3_column_int64(rows, 0), cell_id = sqlite3_column_int64(rows, 1);
    int64_t parent = sqlite3_column_int64(rows, 2), depth = sqlite3_column_int64(rows, 7);
    if (depth < 0 || depth > TEXT_MAX_DEPTH)
        return sql_fail(&history->sql, SQLITE_CORRUPT, error);
    struct buf stored = BUF_INIT;
    buf_append_char(&stored, (char)text_zstd_mark((unsigned)depth));
    buf_append(&stored, sqlite3_column_blob(rows, 8), (size_t)sqlite3_column_bytes(rows, 8));
    enum status status = STATUS_OK;
    if (buf_ok(&stored))
        status = sql_run(&history->sql, error, text, "iizziib", id, cell_id,
            parent ? version_number(id) - parent : (int64_t)0, sqlite3_column_int64(rows, 3),
            sqlite3_column_int64(rows, 4) / 1000, sqlite3_column_int64(rows, 5), stored.data,
            stored.size);
    else
        status = fail_memory(history, error);
    buf_finish(&stored);
    if (status == STATUS_OK)
        status = version_list_add(history, cell_id, version_number(id),
            version_list_hash(sqlite3_column_int64(rows, 6)), error);
    return status;
}

static enum status pack_versions(struct history *history, struct error *error) {
    static const char text[] =
        "SELECT id, cell_id, parent, origin, created_us, cause, hash, depth, "
        "text FROM versions ORDER BY id";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    enum status status = sql_query(sql, &rows, error, text, "");
    while (sql_row(sql, rows, &status, error)) {
        status = pack_version(history, rows, error);
    }
    return status;
}

/* From the format of the index to the next one. A forkernel of the earlier format that has the
 * store open at this moment: past a step that only adds columns it goes on; past the one to format
 * 3 it ends the runs that it has begun and says that it cannot record others. */
static const struct step {
    const char *before;
    enum status (*fill)(struct history *history, struct error *error);
    const char *after;
} steps[SCHEMA_VERSION] = {
    [1] = {.before = "ALTER TABLE runs ADD COLUMN state INTEGER;"
                     "ALTER TABLE runs ADD COLUMN defines TEXT;"
                     "ALTER TABLE runs ADD COLUMN effects TEXT;"
                     "ALTER TABLE sessions ADD COLUMN state_run_id INTEGER;"
                     "ALTER TABLE sessions ADD COLUMN state_after_run_id INTEGER;"
                     "PRAGMA user_version = 2"},
    [2] = {"ALTER TABLE cells ADD COLUMN type INTEGER NOT NULL DEFAULT 1;"
           "ALTER TABLE moves ADD COLUMN after_number INTEGER NOT NULL DEFAULT 0;"
           "UPDATE moves SET after_number = max(from_number, to_number, coalesce(("
           "  SELECT v.id & 0xffffffff FROM cells c JOIN versions v "
           "  ON v.id BETWEEN c.document_id << 32 AND (c.document_id + 1 << 32) - 1 "
           "  WHERE c.id = moves.cell_id AND v.created_us <= moves.time_us "
           "  ORDER BY v.id DESC LIMIT 1), 0));"
           "INSERT INTO moves (cell_id, from_number, to_number, time_us, cause, after_number) "
           "  SELECT id, head, 0, deleted_us, 10, max(head, coalesce(("
           "  SELECT v.id & 0xffffffff FROM versions v "
           "  WHERE v.id BETWEEN document_id << 32 AND (document_id + 1 << 32) - 1 "
           "  AND v.created_us <= deleted_us ORDER BY v.id DESC LIMIT 1), 0)) "
           "  FROM cells WHERE deleted_us IS NOT NULL;" SCHEMA_3 SCHEMA_VERSIONS("versions_3"),
        pack_versions,
        "DROP TABLE versions; ALTER TABLE versions_3 RENAME TO versions; PRAGMA user_version = 3"},
    [3] = {.before = SCHEMA_4 "UPDATE clients SET heard_us = strftime('%s', 'now') * 1000000;"
                              "PRAGMA user_version = 4"},
    [4] = {.before = SCHEMA_5 "INSERT INTO places (document_id, path, since_us) "
                              "  SELECT id, path, created_us FROM documents "
                              "  WHERE path IS NOT NULL;"
                              "INSERT INTO version_origins (version_id, origin) "
                              "  SELECT id, origin FROM versions "
                              "  WHERE origin IS NOT NULL AND origin <> 0 ORDER BY id;"
                              "PRAGMA user_version = 5"},
};

/* All pages of an open database into another one that is empty. They are not looked at: a damaged
 * place is copied as it is. */
static enum status copy_into(struct sql *target, struct sql *source, struct error *error) {
    enum status status = sql_script(target, "PRAGMA journal_mode = OFF", error);
    if (status != STATUS_OK)
        return status;
    sqlite3_backup *backup = sqlite3_backup_init(target->db, "main", source->db, "main");
    int code = backup ? sqlite3_backup_step(backup, -1) : sqlite3_extended_errcode(target->db);
    if (code != SQLITE_DONE)
        status = sql_fail(target, code, error);
    code = sqlite3_backup_finish(backup);
    if (status == STATUS_OK && code != SQLITE_OK)
        status = sql_fail(target, code, error);
    return status;
}

enum status database_copy_open(struct sql *from, const char *to, struct error *error) {
    struct sql target = {.path = to};
    enum status status = alone_open(&target, to, SQLITE_OPEN_READWRITE, error);
    if (status == STATUS_OK)
        status = copy_into(&target, from, error);
    sql_close(&target);
    return status;
}

enum status database_copy(const char *from, const char *to, struct error *error) {
    struct sql source = {.path = from};
    /* by another connection: SQLite copies nothing out of one that is about to write */
    int code = sqlite3_open_v2(from, &source.db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
    enum status status =
        code == SQLITE_OK ? database_copy_open(&source, to, error) : sql_fail(&source, code, error);
    sql_close(&source);
    return status;
}

/* A copy that is there already stays, whatever is in it. */
static enum status keep_copy(
    const char *database, const char *copy, bool *ret_made, struct error *error) {
    if (access(copy, F_OK) == 0)
        return STATUS_OK;
    struct buf name = BUF_INIT;
    buf_printf(&name, "%s.part", copy);
    char *part = buf_take(&name);
    if (!part)
        return error_set(error, STATUS_NO_MEMORY, "cannot write '%s': out of memory", copy);
    unlink(part); /* of one that was killed at it */
    int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    enum status status = STATUS_OK;
    if (fd < 0)
        status = error_set_errno(error, errno, "cannot write '%s'", copy);
    else
        close(fd);
    if (status == STATUS_OK)
        status = database_copy(database, part, error);
    if (status == STATUS_OK && rename(part, copy) < 0)
        status = error_set_errno(error, errno, "cannot write '%s'", copy);
    if (status == STATUS_OK)
        *ret_made = true;
    else
        unlink(part);
    free(part);
    return status;
}

static enum status take_step(
    struct history *history, const struct step *step, struct error *error) {
    enum status status = sql_script(&history->sql, step->before, error);
    if (status == STATUS_OK && step->fill)
        status = step->fill(history, error);
    if (status == STATUS_OK && step->after)
        status = sql_script(&history->sql, step->after, error);
    return status;
}

static enum status take_steps(struct history *history, struct error *error) {
    enum status status = STATUS_OK;
    for (int64_t from = history->format; from < SCHEMA_VERSION && status == STATUS_OK; from++)
        status = take_step(history, &steps[from], error);
    return status;
}

enum status schema_migrate_copy(struct history *history, struct error *error) {
    struct sql *sql = &history->sql;
    struct sql copy = {.path = sql->path};
    int code = sqlite3_open_v2(
        "", &copy.db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    enum status status =
        code == SQLITE_OK ? copy_into(&copy, sql, error) : sql_fail(&copy, code, error);
    if (status != STATUS_OK) {
        sql_close(&copy);
        return status;
    }
    sql_close(sql);
    *sql = copy;
    status = sql_begin(sql, error);
    if (status == STATUS_OK)
        status = sql_finish(sql, take_steps(history, error), error);
    if (status == STATUS_OK)
        history->format = SCHEMA_VERSION;
    return status;
}

enum status schema_migrate(struct history *history, struct error *error) {
    struct sql *sql = &history->sql;
    enum status status = sql_begin(sql, error);
    if (status != STATUS_OK)
        return status;
    /* somebody else may have done it while we waited */
    status = schema_check(sql, &history->format, error);
    if (status != STATUS_OK || history->format == SCHEMA_VERSION)
        return sql_finish(sql, status, error);
    struct error why = {.message = ""};
    struct buf name = BUF_INIT;
    buf_printf(&name, "%s.v%lld", history->database, (long long)history->format);
    char *copy = buf_take(&name);
    bool made = false;
    status = copy ? keep_copy(history->database, copy, &made, &why) : fail_memory(history, &why);
    if (status == STATUS_OK)
        status = take_steps(history, &why);
    status = sql_finish(sql, status, &why);
    if (status == STATUS_OK)
        history->format = SCHEMA_VERSION;
    else if (made)
        unlink(copy); /* or it would stand in the way of a newer one */
    free(copy);
    if (status == STATUS_OK)
        return STATUS_OK;
    return error_set(error, status,
        "cannot bring history '%s' to format %d, and it stays as it was; its folder must be "
        "writable and have room for a copy of it: %s",
        history->database, SCHEMA_VERSION, why.message);
}
