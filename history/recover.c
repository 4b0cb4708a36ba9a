#include "history/recover.h"
#include "history/process.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct open_session {
    int64_t id;
    int64_t pid, pid_start;
    char uuid[40];
    char host[PROCESS_HOST_BYTES];
};

static enum status list_open_sessions(
    struct history *history, struct buf *ret_sessions, struct error *error) {
    static const char text[] =
        "SELECT id, uuid, pid, pid_start, host FROM sessions WHERE ended_us IS NULL";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    enum status status = sql_query(sql, &rows, error, text, "");
    bool row = status == STATUS_OK;
    while (status == STATUS_OK && row) {
        status = sql_next(sql, rows, &row, error);
        if (status != STATUS_OK || !row)
            break;
        struct open_session session = {
            .id = sqlite3_column_int64(rows, 0),
            .pid = sqlite3_column_int64(rows, 2),
            .pid_start = sqlite3_column_int64(rows, 3),
        };
        const char *uuid = (const char *)sqlite3_column_text(rows, 1);
        const char *host = (const char *)sqlite3_column_text(rows, 4);
        snprintf(session.uuid, sizeof session.uuid, "%s", uuid ? uuid : "");
        snprintf(session.host, sizeof session.host, "%s", host ? host : "");
        buf_append(ret_sessions, &session, sizeof session);
    }
    if (status == STATUS_OK && !buf_ok(ret_sessions))
        status = fail_memory(history, error);
    return status;
}

/* Where locks tell nothing: on another machine it may live. */
static bool may_live(const struct open_session *session) {
    char host[PROCESS_HOST_BYTES];
    process_host(host);
    return strcmp(host, session->host) != 0 ||
           process_start_ticks((pid_t)session->pid) == session->pid_start;
}

static enum status recover_runs(
    struct history *history, const char *text, int64_t session_id, struct error *error) {
    struct sql *sql = &history->sql;
    enum status status = STATUS_OK;
    int64_t last = 0;
    while (status == STATUS_OK) {
        int64_t run_id = 0;
        status = sql_int(sql, &run_id, error, text, "ii", session_id, last);
        if (status == STATUS_NOT_FOUND)
            return STATUS_OK;
        if (status == STATUS_OK && run_id <= last) /* a damaged table leads in circles */
            status = sql_fail(sql, SQLITE_CORRUPT, error);
        if (status == STATUS_OK)
            status = recover_run(history, run_id, error);
        last = run_id;
    }
    return status;
}

static enum status recover_session(
    struct history *history, const struct open_session *session, struct error *error) {
    static const char open_text[] = "SELECT 1 FROM sessions WHERE id = ? AND ended_us IS NULL";
    /* the last run of all is looked at in any case: it may have left pieces behind */
    static const char runs_text[] =
        "SELECT id FROM runs r WHERE session_id = ?1 AND id > ?2 AND (ended_us IS NULL "
        "OR id = (SELECT max(id) FROM runs WHERE session_id = ?1) OR EXISTS (SELECT 1 FROM outputs "
        "WHERE run_id = r.id AND sealed = 0)) ORDER BY id LIMIT 1";
    static const char end_text[] =
        "UPDATE sessions SET ended_us = max(started_us, (SELECT coalesce(max(ended_us), 0) "
        "FROM runs WHERE session_id = ?1)) WHERE id = ?1";
    struct sql *sql = &history->sql;
    char *path = session_lock_path(history, session->uuid);
    if (!path)
        return fail_memory(history, error);
    int fd = -1;
    enum status status = lock_take(path, &fd, error);
    bool lives = status == STATUS_LOCKED || (status == STATUS_OK && fd < 0 && may_live(session));
    if (lives || status != STATUS_OK) {
        free(path);
        return lives ? STATUS_OK : status;
    }
    int64_t still_open = 0;
    status = sql_int(sql, &still_open, error, open_text, "i", session->id);
    if (status == STATUS_OK)
        status = recover_runs(history, runs_text, session->id, error);
    if (status == STATUS_OK)
        status = sql_run(sql, error, end_text, "i", session->id);
    if (status == STATUS_OK || status == STATUS_NOT_FOUND) {
        unlink(path); /* before the lock goes */
        status = STATUS_OK;
    }
    if (fd >= 0)
        close(fd);
    free(path);
    return status;
}

/* Sessions that ended, with outputs that could not be sealed then (the disk was full). */
static enum status recover_leftovers(struct history *history, struct error *error) {
    static const char text[] =
        "SELECT o.run_id FROM outputs o JOIN runs r ON r.id = o.run_id "
        "JOIN sessions s ON s.id = r.session_id WHERE o.sealed = 0 AND s.ended_us >= ?1 "
        "AND o.run_id > ?2 ORDER BY o.run_id LIMIT 1";
    return recover_runs(history, text, 0, error);
}

enum status recover_dead_sessions(struct history *history, struct error *error) {
    struct buf sessions = BUF_INIT;
    char *path = file_join(history->folder, "sessions/recovery.lock");
    int fd = -1;
    enum status status = path ? lock_take(path, &fd, error) : fail_memory(history, error);
    free(path);
    if (status == STATUS_LOCKED) /* somebody is at it */
        return STATUS_OK;
    if (status == STATUS_OK)
        status = list_open_sessions(history, &sessions, error);
    size_t count = sessions.size / sizeof(struct open_session);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        struct open_session session;
        memcpy(&session, sessions.data + i * sizeof session, sizeof session);
        status = recover_session(history, &session, error);
    }
    if (status == STATUS_OK)
        status = recover_leftovers(history, error);
    buf_finish(&sessions);
    if (fd >= 0)
        close(fd);
    return status == STATUS_CORRUPT || status == STATUS_NO_MEMORY ? status : STATUS_OK;
}
