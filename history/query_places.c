/* Documents that have no file, and those that never had one. */
#include "history/places.h"
#include "history/store.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define COUNTS                                                                                     \
    "(SELECT count(*) FROM cells c WHERE c.document_id = d.id AND c.head <> 0), "                  \
    "(SELECT count(*) FROM versions v WHERE v.id BETWEEN d.id << 32 AND (d.id + 1 << 32) - 1), "   \
    "(SELECT count(*) FROM runs r WHERE r.version_id BETWEEN d.id << 32 AND (d.id + 1 << 32) - 1)"

static bool lies_in(const char *path, const char *folder) {
    const char *slash = strrchr(path, '/');
    size_t size = folder ? strlen(folder) : 0;
    while (size && folder[size - 1] == '/')
        size--;
    return !folder || (slash && (size_t)(slash - path) == size && strncmp(path, folder, size) == 0);
}

bool file_may_be_there(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

enum status history_document_path(struct history *history, int64_t document_id,
    struct history_memory *memory, const char **ret_path, struct error *error) {
    static const char text[] =
        "SELECT coalesce(path, (SELECT p.path FROM places p WHERE p.document_id = d.id "
        "ORDER BY p.id DESC LIMIT 1), '') FROM documents d WHERE id = ?";
    sqlite3_stmt *rows = NULL;
    bool row = false;
    enum status status = sql_query(&history->sql, &rows, error, text, "i", document_id);
    if (status == STATUS_OK)
        status = sql_next(&history->sql, rows, &row, error);
    if (status == STATUS_OK && !row)
        return error_set(error, STATUS_NOT_FOUND, "there is no document %lld in the history",
            (long long)document_id);
    if (status != STATUS_OK)
        return status;
    const char *path = memory_column(memory, rows, 0);
    sql_done(rows);
    if (!path)
        return fail_memory(history, error);
    *ret_path = path;
    return STATUS_OK;
}

/* For those that are gone only: it takes long for large notebooks. */
static enum status read_counts(
    struct history *history, struct history_gone *gone, struct error *error) {
    static const char text[] = "SELECT " COUNTS " FROM documents d WHERE d.id = ?";
    sqlite3_stmt *rows = NULL;
    bool row = false;
    enum status status = sql_query(&history->sql, &rows, error, text, "i", gone->document_id);
    if (status == STATUS_OK)
        status = sql_next(&history->sql, rows, &row, error);
    if (status != STATUS_OK || !row)
        return status;
    gone->cells = sqlite3_column_int64(rows, 0);
    gone->versions = sqlite3_column_int64(rows, 1);
    gone->runs = sqlite3_column_int64(rows, 2);
    sql_done(rows);
    return STATUS_OK;
}

/* One that was joined goes on in the document that has its path now, history_join(). */
#define IS_JOINED                                                                                  \
    "EXISTS (SELECT 1 FROM documents j, version_origins o WHERE d.path IS NULL AND "               \
    "j.id = d.origin_id AND j.path = p.path AND o.version_id BETWEEN j.id << 32 AND "              \
    "((j.id + 1) << 32) - 1 AND o.origin >> 32 = d.id)"

enum status history_list_gone(struct history *history, const char *folder,
    struct history_memory *memory, struct history_gone_list *ret_gone, struct error *error) {
    static const char text[] =
        "SELECT d.id, coalesce(d.path, p.path), d.path IS NOT NULL, coalesce(p.until_us, max("
        "coalesce(p.since_us, d.created_us), coalesce(w.last_us, 0))) AS seen_us, " IS_JOINED " "
        "FROM documents d LEFT JOIN places p ON p.id = "
        "(SELECT max(l.id) FROM places l WHERE l.document_id = d.id) "
        "LEFT JOIN (SELECT document_id, max(coalesce(ended_us, started_us)) AS last_us "
        "FROM sessions GROUP BY document_id) w ON w.document_id = d.id "
        "WHERE coalesce(d.path, p.path) IS NOT NULL AND EXISTS (SELECT 1 FROM versions v "
        "WHERE v.id = (d.id << 32) + 1) ORDER BY seen_us DESC, d.id DESC";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    struct memory_rows list = {0};
    enum status status = sql_query(sql, &rows, error, text, "");
    while (sql_row(sql, rows, &status, error)) {
        const char *path = (const char *)sqlite3_column_text(rows, 1);
        if (!lies_in(path, folder) || (sqlite3_column_int(rows, 2) && file_may_be_there(path)))
            continue;
        struct history_gone *gone = memory_rows_add(&list, sizeof *gone);
        path = memory_column(memory, rows, 1);
        if (gone && path)
            *gone = (struct history_gone){
                .document_id = sqlite3_column_int64(rows, 0),
                .path = path,
                .last_seen_us = sqlite3_column_int64(rows, 3),
                .goes_on = sqlite3_column_int(rows, 4),
            };
        else
            status = fail_memory(history, error);
    }
    struct history_gone *found = list.items;
    size_t count = list.bytes / sizeof *found;
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = read_counts(history, &found[i], error);
    const void *items = NULL;
    enum status moved = memory_rows_move(&list, memory, &items, status ? NULL : error);
    if (status == STATUS_OK)
        status = moved;
    if (status == STATUS_OK)
        *ret_gone = (struct history_gone_list){items, count};
    return status;
}

static enum status read_nameless(struct history *history, sqlite3_stmt *rows,
    struct history_memory *memory, struct history_nameless *ret_nameless, struct error *error) {
    *ret_nameless = (struct history_nameless){
        .document_id = sqlite3_column_int64(rows, 0),
        .started_us = sqlite3_column_int64(rows, 1),
        .last_run_us = sqlite3_column_int64(rows, 2),
        .origin_id = sqlite3_column_int64(rows, 3),
        .origin_path = memory_column(memory, rows, 4),
        .cells = sqlite3_column_int64(rows, 5),
        .versions = sqlite3_column_int64(rows, 6),
        .runs = sqlite3_column_int64(rows, 7),
    };
    struct buf text = BUF_INIT, summary = BUF_INIT;
    enum status status =
        version_read_text(history, version_id(ret_nameless->document_id, 1), &text, error);
    if (status == STATUS_NOT_FOUND)
        status = sql_fail(&history->sql, SQLITE_CORRUPT, error);
    if (status == STATUS_OK) {
        telling_append(&summary, buf_string(&text), text.size);
        ret_nameless->summary = memory_copy(memory, buf_string(&summary), summary.size);
        if (!ret_nameless->summary || !ret_nameless->origin_path)
            status = fail_memory(history, error);
    }
    buf_finish(&text);
    buf_finish(&summary);
    return status;
}

enum status history_list_nameless(struct history *history, int64_t origin_id, size_t limit,
    struct history_memory *memory, struct history_nameless_list *ret_nameless,
    struct error *error) {
    static const char text[] =
        "SELECT d.id, d.created_us, (SELECT max(r.started_us) FROM runs r JOIN sessions s "
        "ON s.id = r.session_id WHERE s.document_id = d.id), d.origin_id, coalesce(o.path, "
        "(SELECT p.path FROM places p WHERE p.document_id = o.id ORDER BY p.id DESC LIMIT 1), "
        "''), " COUNTS " FROM documents d LEFT JOIN documents o ON o.id = d.origin_id "
        "WHERE d.path IS NULL AND NOT EXISTS (SELECT 1 FROM places p WHERE p.document_id = d.id) "
        "AND EXISTS (SELECT 1 FROM versions v WHERE v.id = (d.id << 32) + 1) "
        "AND ?1 IN (0, d.origin_id) ORDER BY d.id DESC LIMIT ?2";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    struct memory_rows list = {0};
    size_t count = 0;
    enum status status =
        sql_query(sql, &rows, error, text, "ii", origin_id, limit ? (int64_t)limit : (int64_t)-1);
    while (sql_row(sql, rows, &status, error)) {
        struct history_nameless *nameless = memory_rows_add(&list, sizeof *nameless);
        status = nameless ? read_nameless(history, rows, memory, nameless, error)
                          : fail_memory(history, error);
        count++;
    }
    const void *items = NULL;
    enum status moved = memory_rows_move(&list, memory, &items, status ? NULL : error);
    if (status == STATUS_OK)
        status = moved;
    if (status == STATUS_OK)
        *ret_nameless = (struct history_nameless_list){items, count};
    return status;
}
