#include "history/store.h"

#include <stdlib.h>
#include <string.h>

struct link {
    int64_t number;
    struct buf stored;
};

/* Collect the stored forms from `id` up to the full copy that it stands on. */
static enum status read_chain(struct history *history, int64_t id, struct link *links,
    size_t *ret_count, struct error *error) {
    static const char text[] = "SELECT parent, depth, text FROM versions WHERE id = ?";
    struct sql *sql = &history->sql;
    size_t count = 0;
    for (;;) {
        sqlite3_stmt *rows = NULL;
        bool row = false;
        enum status status = sql_query(sql, &rows, error, text, "i", id);
        if (status == STATUS_OK)
            status = sql_next(sql, rows, &row, error);
        if (status != STATUS_OK)
            return status;
        if (!row && count == 0)
            return STATUS_NOT_FOUND;
        if (!row || count == 256)
            return sql_fail(sql, SQLITE_CORRUPT, error);
        int64_t parent = sqlite3_column_int64(rows, 0);
        int64_t depth = sqlite3_column_int64(rows, 1);
        links[count].stored = BUF_INIT;
        buf_append(&links[count].stored, sqlite3_column_blob(rows, 2),
            (size_t)sqlite3_column_bytes(rows, 2));
        sql_done(rows);
        bool stored = buf_ok(&links[count].stored);
        count++;
        *ret_count = count;
        if (!stored)
            return fail_memory(history, error);
        if (depth == 0)
            return STATUS_OK;
        id = version_id(version_document(id), parent);
    }
}

enum status version_read_text(
    struct history *history, int64_t id, struct buf *out, struct error *error) {
    enum { MAX_LINKS = 256 };
    struct link *links = calloc(MAX_LINKS, sizeof *links);
    if (!links)
        return fail_memory(history, error);
    size_t count = 0;
    enum status status = read_chain(history, id, links, &count, error);
    struct buf base = BUF_INIT, text = BUF_INIT;
    for (size_t i = count; status == STATUS_OK && i-- > 0;) {
        buf_clear(&text);
        status = text_decode(&history->codec, base.data, base.size, links[i].stored.data,
            links[i].stored.size, &text, error);
        struct buf swap = base;
        base = text;
        text = swap;
    }
    if (status == STATUS_CORRUPT)
        status = sql_fail(&history->sql, SQLITE_CORRUPT, error);
    if (status == STATUS_OK) {
        buf_append(out, base.data, base.size);
        if (!buf_ok(out))
            status = fail_memory(history, error);
    }
    buf_finish(&base);
    buf_finish(&text);
    for (size_t i = 0; i < count; i++)
        buf_finish(&links[i].stored);
    free(links);
    return status;
}

enum status version_missing(int64_t number, struct error *error) {
    return error_set(
        error, STATUS_NOT_FOUND, "there is no version %lld in this document", (long long)number);
}

enum status version_last(
    struct history *history, int64_t document_id, int64_t *ret_number, struct error *error) {
    static const char text[] = "SELECT coalesce(max(id), 0) & 0xffffffff FROM versions "
                               "WHERE id BETWEEN ?1 << 32 AND (?1 + 1 << 32) - 1";
    return sql_int(&history->sql, ret_number, error, text, "i", document_id);
}

enum status version_parent(struct history *history, int64_t document_id, int64_t number,
    int64_t *ret_parent, struct error *error) {
    static const char text[] = "SELECT coalesce(parent, 0) FROM versions WHERE id = ?";
    int64_t parent = 0;
    enum status status =
        sql_int(&history->sql, &parent, error, text, "i", version_id(document_id, number));
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && parent >= number))
        return sql_fail(&history->sql, SQLITE_CORRUPT, error);
    if (status == STATUS_OK)
        *ret_parent = parent;
    return status;
}

/* The stored form against the parent, or a full copy where the chain would grow too long. */
static enum status encode(struct history *history, const struct new_version *version,
    struct buf *out, int64_t *ret_depth, struct error *error) {
    static const char depth_text[] = "SELECT depth FROM versions WHERE id = ?";
    int64_t parent = version_id(version->document_id, version->parent);
    int64_t depth = 0;
    struct buf base = BUF_INIT;
    enum status status = STATUS_OK;
    if (version->parent) {
        status = sql_int(&history->sql, &depth, error, depth_text, "i", parent);
        depth = depth + 1 < (int64_t)history->keyframe_every ? depth + 1 : 0;
        if (status == STATUS_OK && depth)
            status = version_read_text(history, parent, &base, error);
        if (status == STATUS_NOT_FOUND)
            status = sql_fail(&history->sql, SQLITE_CORRUPT, error);
    }
    if (!base.size)
        depth = 0;
    if (status == STATUS_OK)
        status = text_encode(
            &history->codec, base.data, base.size, version->text, version->text_bytes, out, error);
    buf_finish(&base);
    if (status == STATUS_OK)
        *ret_depth = depth;
    return status;
}

enum status version_add(struct history *history, const struct new_version *version,
    int64_t *ret_number, struct error *error) {
    static const char insert_text[] =
        "INSERT INTO versions (id, cell_id, parent, origin, created_us, cause, hash, depth, text) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
    struct sql *sql = &history->sql;
    int64_t last = 0, depth = 0;
    enum status status = version_last(history, version->document_id, &last, error);
    struct buf stored = BUF_INIT;
    if (status == STATUS_OK)
        status = encode(history, version, &stored, &depth, error);
    int64_t number = last + 1;
    if (status == STATUS_OK)
        status = sql_run(sql, error, insert_text, "iizziiiib",
            version_id(version->document_id, number), version->cell_id, version->parent,
            version->origin, version->time_us, (int64_t)version->cause,
            text_hash(version->text, version->text_bytes), depth, stored.data, stored.size);
    buf_finish(&stored);
    if (status == STATUS_OK)
        *ret_number = number;
    return status;
}
