#include "history/version_list.h"

#include <stdlib.h>

struct version_row version_row_read(sqlite3_stmt *rows) {
    int64_t id = sqlite3_column_int64(rows, 0);
    int64_t back = sqlite3_column_int64(rows, 2);
    return (struct version_row){
        .id = id,
        .cell_id = sqlite3_column_int64(rows, 1),
        .parent = back ? version_number(id) - back : 0,
        .origin = sqlite3_column_int64(rows, 3),
        .created_us = sqlite3_column_int64(rows, 4) * 1000,
        .cause = (enum history_cause)sqlite3_column_int(rows, 5),
        .stored = sqlite3_column_blob(rows, 6),
        .stored_bytes = (size_t)sqlite3_column_bytes(rows, 6),
    };
}

/* Stored forms from a version up to where its text is known. */
struct chain {
    struct buf links[TEXT_MAX_DEPTH + 1];
    size_t count;
    const struct buf *base; /* in the cache; NULL: the last link stands alone */
};

static enum status read_chain(
    struct history *history, int64_t id, struct chain *chain, struct error *error) {
    static const char text[] = "SELECT id, back, text FROM versions WHERE id = ?";
    struct sql *sql = &history->sql;
    for (;;) {
        chain->base = text_cache_find(&history->texts, sql->rolled_back, id);
        if (chain->base)
            return STATUS_OK;
        sqlite3_stmt *rows = NULL;
        bool row = false;
        enum status status = sql_query(sql, &rows, error, text, "i", id);
        if (status == STATUS_OK)
            status = sql_next(sql, rows, &row, error);
        if (status != STATUS_OK)
            return status;
        if (!row && !chain->count)
            return STATUS_NOT_FOUND;
        if (!row)
            return sql_fail(sql, SQLITE_CORRUPT, error);
        int64_t back = sqlite3_column_int64(rows, 1);
        const void *stored = sqlite3_column_blob(rows, 2);
        size_t size = (size_t)sqlite3_column_bytes(rows, 2);
        unsigned depth = text_depth(stored, size);
        struct buf *link = &chain->links[chain->count++];
        buf_append(link, stored, size);
        sql_done(rows);
        if (!buf_ok(link))
            return fail_memory(history, error);
        if (depth == 0)
            return STATUS_OK;
        if (chain->count > TEXT_MAX_DEPTH || back < 1 || back >= version_number(id))
            return sql_fail(sql, SQLITE_CORRUPT, error);
        id -= back;
    }
}

/* Put a chain together, `ret_text` is new. */
static enum status follow_chain(
    struct history *history, const struct chain *chain, struct buf *ret_text, struct error *error) {
    struct buf base = BUF_INIT, text = BUF_INIT;
    enum status status = STATUS_OK;
    if (chain->base)
        buf_append(&base, buf_string(chain->base), chain->base->size);
    for (size_t i = chain->count; i-- > 0 && status == STATUS_OK;) {
        const struct buf *link = &chain->links[i];
        buf_clear(&text);
        status = text_decode(
            &history->codec, base.data, base.size, link->data, link->size, &text, error);
        struct buf swap = base;
        base = text;
        text = swap;
    }
    if (status == STATUS_CORRUPT)
        status = sql_fail(&history->sql, SQLITE_CORRUPT, error);
    else if (status == STATUS_OK && !buf_ok(&base))
        status = fail_memory(history, error);
    buf_finish(&text);
    if (status == STATUS_OK)
        *ret_text = base;
    else
        buf_finish(&base);
    return status;
}

enum status version_read_text(
    struct history *history, int64_t id, struct buf *out, struct error *error) {
    struct chain *chain = calloc(1, sizeof *chain);
    struct buf text = BUF_INIT;
    if (!chain)
        return fail_memory(history, error);
    enum status status = read_chain(history, id, chain, error);
    if (status == STATUS_OK)
        status = follow_chain(history, chain, &text, error);
    if (status == STATUS_OK) {
        if (chain->count)
            text_cache_put(
                &history->texts, history->sql.rolled_back, id, buf_string(&text), text.size);
        buf_append(out, buf_string(&text), text.size);
        if (!buf_ok(out))
            status = fail_memory(history, error);
    }
    for (size_t i = 0; i < chain->count; i++)
        buf_finish(&chain->links[i]);
    free(chain);
    buf_finish(&text);
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
    static const char text[] = "SELECT coalesce(back, 0) FROM versions WHERE id = ?";
    int64_t back = 0;
    enum status status =
        sql_int(&history->sql, &back, error, text, "i", version_id(document_id, number));
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && (back < 0 || back >= number)))
        return sql_fail(&history->sql, SQLITE_CORRUPT, error);
    if (status == STATUS_OK)
        *ret_parent = back ? number - back : 0;
    return status;
}

/* The stored form against the parent, or a full copy where the chain would grow too long. */
static enum status encode(struct history *history, const struct new_version *version,
    struct buf *out, struct error *error) {
    static const char form_text[] = "SELECT text FROM versions WHERE id = ?";
    int64_t parent = version_id(version->document_id, version->parent);
    unsigned depth = 0;
    struct buf base = BUF_INIT;
    sqlite3_stmt *rows = NULL;
    bool row = false;
    enum status status = STATUS_OK;
    if (version->parent) {
        status = sql_query(&history->sql, &rows, error, form_text, "i", parent);
        if (status == STATUS_OK)
            status = sql_next(&history->sql, rows, &row, error);
        if (status == STATUS_OK && !row)
            status = sql_fail(&history->sql, SQLITE_CORRUPT, error);
    }
    if (row) {
        depth = 1 + text_depth(sqlite3_column_blob(rows, 0), (size_t)sqlite3_column_bytes(rows, 0));
        sql_done(rows);
        if (depth >= history->keyframe_every)
            depth = 0;
        else
            status = version_read_text(history, parent, &base, error);
    }
    if (!base.size)
        depth = 0;
    if (status == STATUS_OK)
        status = text_encode(&history->codec, depth, base.data, base.size, version->text,
            version->text_bytes, out, error);
    buf_finish(&base);
    return status;
}

enum status version_add(struct history *history, const struct new_version *version,
    int64_t *ret_number, struct error *error) {
    static const char insert_text[] =
        "INSERT INTO versions (id, cell_id, back, origin, created_ms, cause, text) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)";
    struct sql *sql = &history->sql;
    int64_t last = 0;
    enum status status = version_last(history, version->document_id, &last, error);
    struct buf stored = BUF_INIT;
    if (status == STATUS_OK)
        status = encode(history, version, &stored, error);
    int64_t number = last + 1, id = version_id(version->document_id, number);
    if (status == STATUS_OK)
        status = sql_run(sql, error, insert_text, "iizziib", id, version->cell_id,
            version->parent ? number - version->parent : (int64_t)0, version->origin,
            version->time_us / 1000, (int64_t)version->cause, stored.data, stored.size);
    if (status == STATUS_OK)
        status = version_list_add(history, version->cell_id, number,
            version_list_hash(text_hash(version->text, version->text_bytes)), error);
    if (status == STATUS_OK && (version->parent || version->origin))
        status = extras_inherit(history,
            version->parent ? version_id(version->document_id, version->parent) : version->origin,
            id, version->time_us, error);
    buf_finish(&stored);
    if (status != STATUS_OK)
        return status;
    text_cache_put(&history->texts, sql->rolled_back, id, version->text, version->text_bytes);
    *ret_number = number;
    return STATUS_OK;
}
