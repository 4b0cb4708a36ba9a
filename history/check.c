/* A store is looked at: the database as SQLite sees it, and the order of all that is checked. */
#include "history/check.h"
#include "history/process.h"
#include "history/recover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static const char salvage_next[] =
    "'forkernel doctor --repair' rescues what can be read into a new database";

void check_say(struct check *check, enum history_severity severity, const char *where,
    const char *next, const char *format, ...) {
    struct buf what = BUF_INIT;
    va_list args;
    va_start(args, format);
    buf_vprintf(&what, format, args);
    va_end(args);
    struct history_health *health = &check->health;
    if (severity == HISTORY_NOTE)
        health->notes++;
    else if (severity == HISTORY_REPAIRED)
        health->repaired++;
    else
        health->damage++;
    struct history_finding finding = {
        .severity = severity, .what = buf_string(&what), .where = where, .next = next};
    if (check->options->found)
        check->options->found(check->options->context, &finding);
    buf_finish(&what);
}

void check_say_lost(struct check *check, const char *where, const char *what) {
    check->health.database_damaged = true;
    check_say(check, HISTORY_DAMAGE, where, salvage_next, "%s", what);
}

enum status check_unreadable(
    struct check *check, enum status status, const char *where, struct error *error) {
    if (status != STATUS_CORRUPT)
        return status;
    check_say_lost(check, where, "the database cannot be read there");
    if (error)
        *error = (struct error){.message = ""};
    return STATUS_OK;
}

char *check_name_version(struct history *history, int64_t version_id) {
    static const char text[] =
        "SELECT coalesce(path, (SELECT p.path FROM places p WHERE p.document_id = d.id "
        "ORDER BY p.id DESC LIMIT 1)) FROM documents d WHERE id = ?";
    struct sql *sql = &history->sql;
    struct buf name = BUF_INIT;
    sqlite3_stmt *rows = NULL;
    bool row = false;
    buf_printf(&name, "version %lld of ", (long long)version_number(version_id));
    if (sql_query(sql, &rows, NULL, text, "i", version_document(version_id)) == STATUS_OK &&
        sql_next(sql, rows, &row, NULL) == STATUS_OK && row) {
        const char *path = (const char *)sqlite3_column_text(rows, 0);
        buf_append_string(&name, path ? path : "a console");
        sql_done(rows);
    } else {
        buf_printf(&name, "document %lld", (long long)version_document(version_id));
    }
    return buf_take(&name);
}

bool check_session_lives(struct history *history, const char *uuid) {
    char *path = session_lock_path(history, uuid);
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    bool lives = !path || (fd < 0 && errno != ENOENT);
    free(path);
    if (fd >= 0) {
        lives = flock(fd, LOCK_EX | LOCK_NB) < 0;
        close(fd);
    }
    return lives;
}

/* ---- as SQLite sees it ---- */

/* Up to `limit` complaints of a pragma, said as damage; `ret_count` also without saying. */
static enum status complaints(struct check *check, bool say, int *ret_count, struct error *error) {
    static const char text[] = "PRAGMA integrity_check(20)";
    struct sql *sql = &check->history->sql;
    sqlite3_stmt *rows = NULL;
    *ret_count = 0;
    enum status status = sql_query(sql, &rows, error, text, "");
    while (sql_row(sql, rows, &status, error)) {
        const char *said = (const char *)sqlite3_column_text(rows, 0);
        if (said && strcmp(said, "ok") == 0)
            continue;
        ++*ret_count;
        const char *line = said ? strchr(said, '\n') : NULL; /* below a heading */
        said = line && *said == '*' ? line + 1 : said;
        if (say && said && strstr(said, " index ") && !check->options->repair)
            check_say(check, HISTORY_DAMAGE, check->history->database,
                "'forkernel doctor --repair' makes the index again, which loses nothing", "%s",
                said);
        else if (say)
            check_say_lost(check, check->history->database, said ? said : "");
    }
    if (status == STATUS_CORRUPT) { /* it is so bad that SQLite does not go on looking */
        ++*ret_count;
        return say ? check_unreadable(check, status, check->history->database, error) : STATUS_OK;
    }
    return status;
}

/* Indexes hold nothing that is not in the tables: made again they lose nothing. */
static enum status rebuild_indexes(struct check *check, bool *ret_well, struct error *error) {
    struct sql *sql = &check->history->sql;
    int count = 0;
    enum status status = sql_begin(sql, error);
    if (status != STATUS_OK)
        return status;
    bool well = sqlite3_exec(sql->db, "REINDEX", NULL, NULL, NULL) == SQLITE_OK &&
                complaints(check, false, &count, NULL) == STATUS_OK && count == 0;
    if (well)
        status = sql_commit(sql, error);
    else
        sql_rollback(sql);
    *ret_well = well && status == STATUS_OK;
    return status;
}

static enum status check_pages(struct check *check, struct error *error) {
    int count = 0;
    bool well = false;
    enum status status = complaints(check, false, &count, error);
    if (status != STATUS_OK || count == 0)
        return status;
    if (check->options->repair) {
        status = rebuild_indexes(check, &well, error);
        if (status != STATUS_OK)
            return status;
    }
    if (!well)
        return complaints(check, true, &count, error);
    check_say(check, HISTORY_REPAIRED, check->history->database, "",
        "an index did not fit its table, and was made again");
    return STATUS_OK;
}

static enum status check_references(struct check *check, struct error *error) {
    static const char text[] = "SELECT \"table\", parent, count(*), min(rowid) "
                               "FROM pragma_foreign_key_check GROUP BY 1, 2";
    struct sql *sql = &check->history->sql;
    sqlite3_stmt *rows = NULL;
    enum status status = sql_query(sql, &rows, error, text, "");
    while (sql_row(sql, rows, &status, error)) {
        struct buf what = BUF_INIT;
        buf_printf(&what, "%lld rows of table '%s' belong to rows of '%s' that are not there",
            (long long)sqlite3_column_int64(rows, 2), (const char *)sqlite3_column_text(rows, 0),
            (const char *)sqlite3_column_text(rows, 1));
        check_say_lost(check, check->history->database, buf_string(&what));
        buf_finish(&what);
    }
    return check_unreadable(check, status, check->history->database, error);
}

enum status history_check(struct history *history, const struct history_check_options *options,
    struct history_health *ret_health, struct error *error) {
    typedef enum status checker(struct check *, struct error *);
    static checker *const of_rows[] = {check_pages, check_references, check_dead_runs,
        check_versions, check_heads, check_moves, check_runs, check_marks, check_clients,
        check_settings, check_moments, check_layouts, check_places, check_extras, check_origins};
    static checker *const of_files[] = {check_files, check_strays};
    if (options->repair && history->read_only)
        return error_set(error, STATUS_DENIED,
            "cannot repair history '%s': it was opened for reading", history->database);
    struct check check = {.history = history, .options = options};
    enum status status = check_schema(&check, error);
    bool ours = !check.health.database_damaged;
    for (size_t i = 0; ours && i < sizeof of_rows / sizeof *of_rows && status == STATUS_OK; i++)
        status = of_rows[i](&check, error);
    /* a damaged database names too few files: that would make strays of good ones */
    bool look = !options->skip_files && !check.health.database_damaged;
    for (size_t i = 0; look && i < sizeof of_files / sizeof *of_files && status == STATUS_OK; i++)
        status = of_files[i](&check, error);
    if (status == STATUS_OK)
        *ret_health = check.health;
    return status;
}
