/* A session: a row, and a lock that says for as long as its process lives that it does. */
#include "history/process.h"
#include "history/run.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { UUID_CHARS = 36 };

static void make_uuid(char ret_uuid[UUID_CHARS + 1]) {
    unsigned char bytes[16];
    randombytes_buf(bytes, sizeof bytes);
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40); /* RFC 9562, version 4 */
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
    static const char digits[] = "0123456789abcdef";
    size_t at = 0;
    for (size_t i = 0; i < sizeof bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            ret_uuid[at++] = '-';
        ret_uuid[at++] = digits[bytes[i] >> 4];
        ret_uuid[at++] = digits[bytes[i] & 15];
    }
    ret_uuid[at] = '\0';
}

/* A page that was not heard of for so long does not come back: nothing has to know any more what
 * it has sent. */
static enum status forget_clients(struct sql *sql, int64_t time_us, struct error *error) {
    static const char text[] = "DELETE FROM clients WHERE heard_us > 0 AND heard_us < ?";
    static const int64_t kept_us = (int64_t)90 * 24 * 3600 * 1000000;
    return sql_run(sql, error, text, "i", time_us - kept_us);
}

static enum status insert_session(struct history_session *session, const char *uuid,
    const struct history_session_start *start, int64_t time_us, struct error *error) {
    static const char text[] = "INSERT INTO sessions (uuid, document_id, engine, pid, pid_start, "
                               "host, started_us) VALUES (?, ?, ?, ?, ?, ?, ?)";
    struct sql *sql = &session->history->sql;
    const char *path = start->document_path && *start->document_path ? start->document_path : NULL;
    char host[PROCESS_HOST_BYTES];
    process_host(host);
    session->nameless = !path;
    enum status status = sql_begin(sql, error);
    if (status != STATUS_OK)
        return status;
    status = document_find_or_add(session->history, path, time_us, &session->document_id, error);
    if (status == STATUS_OK)
        status = sql_run(sql, error, text, "sisiisi", uuid, session->document_id, start->engine,
            (int64_t)getpid(), process_start_ticks(getpid()), host, time_us);
    session->id = sqlite3_last_insert_rowid(sql->db);
    if (status == STATUS_OK)
        status = forget_clients(sql, clock_wall_us(), error);
    return sql_finish(sql, status, error);
}

static void session_free(struct history_session *session) {
    while (session->late) {
        struct history_run *run = session->late;
        session->late = run->next;
        run_destroy(&run);
    }
    while (session->unended) {
        struct history_run *run = session->unended;
        session->unended = run->next;
        run_destroy(&run);
    }
    if (session->lock_fd >= 0)
        close(session->lock_fd);
    free(session->lock_path);
    free(session->used_cells);
    session_free_handles(session);
    free(session);
}

enum status history_session_begin(struct history *history,
    const struct history_session_start *start, struct history_session **ret_session,
    struct error *error) {
    if (history->read_only)
        return error_set(error, STATUS_DENIED,
            "cannot record into history '%s': it was opened for reading", history->database);
    struct history_session *session = calloc(1, sizeof *session);
    if (!session)
        return fail_memory(history, error);
    *session = (struct history_session){.history = history, .lock_fd = -1};
    char uuid[UUID_CHARS + 1];
    make_uuid(uuid);
    session->lock_path = session_lock_path(history, uuid);
    enum status status = session->lock_path ? STATUS_OK : fail_memory(history, error);
    /* the lock comes before the row: a row without a lock is a dead session to others */
    if (status == STATUS_OK)
        status = lock_take(session->lock_path, &session->lock_fd, error);
    if (status == STATUS_OK && process_repaired(history))
        status = error_set(error, STATUS_LOCKED,
            "cannot record into history '%s': 'forkernel doctor' has just repaired it; "
            "recording resumes when it is opened again, with the next cell",
            history->database);
    if (status == STATUS_OK)
        status = insert_session(
            session, uuid, start, start->time_us ? start->time_us : clock_wall_us(), error);
    if (status == STATUS_OK) {
        *ret_session = session;
    } else {
        if (session->lock_path)
            unlink(session->lock_path);
        session_free(session);
    }
    return status;
}

int64_t history_session_id(const struct history_session *session) {
    return session->id;
}

int64_t history_session_document(const struct history_session *session) {
    return session->document_id;
}

struct history *history_session_history(const struct history_session *session) {
    return session->history;
}

enum status session_retry(struct history_session *session, struct error *error) {
    while (session->unended) {
        struct history_run *run = session->unended;
        enum status status = run_finish(run, error);
        if (run->rows_pending)
            return status;
        /* written, and not to be written again, even if a file of it could not be sealed */
        session->unended = run->next;
        run_destroy(&run);
    }
    return STATUS_OK;
}

enum status history_session_end(
    struct history_session **session, int64_t time_us, struct error *error) {
    static const char text[] = "UPDATE sessions SET ended_us = ? WHERE id = ?";
    struct history_session *ending = *session;
    if (!ending)
        return STATUS_OK;
    *session = NULL;
    enum status status = session_retry(ending, error);
    for (struct history_run *run = ending->late; run && status == STATUS_OK; run = run->next)
        status = run_finish(run, error);
    if (status == STATUS_OK && ending->nameless)
        (void)!session_trace(ending, NULL); /* it is for finding it, no more */
    if (status == STATUS_OK)
        status = sql_run(&ending->history->sql, error, text, "ii",
            time_us ? time_us : clock_wall_us(), ending->id);
    if (status == STATUS_OK)
        unlink(ending->lock_path);
    session_free(ending);
    return status;
}
