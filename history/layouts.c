/*
 * The order of the cells of a notebook, each time that it changed. Stored are the ids of the cells
 * as varints, in the way of texts (text.h): against those of the layout before, with a full copy at
 * intervals.
 */
#include "history/store.h"
#include "history/varint.h"

#include <stdlib.h>
#include <string.h>

enum { FULL_EVERY = 64 };

struct layout {
    int64_t number; /* in the document; 0: there is none */
    unsigned depth; /* back to the full copy */
    struct buf ids; /* varints */
};

/* The stored forms from layout `id` back to a full copy, newest first. */
static enum status read_chain(struct history *history, int64_t id, struct buf *chain,
    size_t *ret_count, struct error *error) {
    static const char text[] = "SELECT cells FROM layouts WHERE id = ?";
    struct sql *sql = &history->sql;
    for (size_t count = 0; count < 256; count++, id--) {
        sqlite3_stmt *rows = NULL;
        bool row = false;
        enum status status = sql_query(sql, &rows, error, text, "i", id);
        if (status == STATUS_OK)
            status = sql_next(sql, rows, &row, error);
        if (status != STATUS_OK)
            return status;
        const void *stored = row ? sqlite3_column_blob(rows, 0) : NULL;
        unsigned depth = stored ? text_depth(stored, (size_t)sqlite3_column_bytes(rows, 0)) : 1;
        chain[count] = BUF_INIT;
        if (stored)
            buf_append(&chain[count], stored, (size_t)sqlite3_column_bytes(rows, 0));
        if (row)
            sql_done(rows);
        *ret_count = count + 1;
        if (!stored)
            break;
        if (!buf_ok(&chain[count]))
            return fail_memory(history, error);
        if (depth == 0)
            return STATUS_OK;
    }
    return sql_fail(sql, SQLITE_CORRUPT, error);
}

static enum status read_ids(
    struct history *history, int64_t id, struct layout *layout, struct error *error) {
    struct buf *chain = calloc(256, sizeof *chain);
    if (!chain)
        return fail_memory(history, error);
    size_t count = 0;
    enum status status = read_chain(history, id, chain, &count, error);
    struct buf base = BUF_INIT;
    for (size_t i = count; i-- > 0 && status == STATUS_OK;) {
        struct buf ids = BUF_INIT;
        status = text_decode(
            &history->codec, base.data, base.size, chain[i].data, chain[i].size, &ids, error);
        buf_finish(&base);
        base = ids;
    }
    if (status == STATUS_CORRUPT)
        status = sql_fail(&history->sql, SQLITE_CORRUPT, error);
    if (status == STATUS_OK) {
        layout->number = version_number(id);
        layout->depth = text_depth(chain[0].data, chain[0].size);
        layout->ids = base;
    } else {
        buf_finish(&base);
    }
    for (size_t i = 0; i < count; i++)
        buf_finish(&chain[i]);
    free(chain);
    return status;
}

/* STATUS_OK with number 0 where there is none. */
static enum status read_newest(struct history *history, int64_t document_id, int64_t until_us,
    struct layout *ret_layout, struct error *error) {
    static const char text[] =
        "SELECT id FROM layouts WHERE id BETWEEN ?1 << 32 AND (?1 + 1 << 32) - 1 "
        "AND time_us <= ?2 ORDER BY id DESC LIMIT 1";
    int64_t id = 0;
    *ret_layout = (struct layout){0};
    enum status status = sql_int(&history->sql, &id, error, text, "ii", document_id, until_us);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    return status == STATUS_OK ? read_ids(history, id, ret_layout, error) : status;
}

static enum status take_ids(
    struct history *history, struct layout *layout, struct buf *out, struct error *error) {
    const unsigned char *at = (const unsigned char *)buf_string(&layout->ids);
    const unsigned char *end = at + layout->ids.size;
    uint64_t value;
    while (varint_read(&at, end, &value)) {
        int64_t id = (int64_t)value;
        buf_append(out, &id, sizeof id);
    }
    buf_finish(&layout->ids);
    return buf_ok(out) ? STATUS_OK : fail_memory(history, error);
}

enum status layout_read(struct history *history, int64_t document_id, int64_t time_us,
    struct buf *out, struct error *error) {
    struct layout layout;
    enum status status = read_newest(history, document_id, time_us, &layout, error);
    return status == STATUS_OK ? take_ids(history, &layout, out, error) : status;
}

enum status layout_read_by_id(
    struct history *history, int64_t id, struct buf *out, struct error *error) {
    struct layout layout;
    enum status status = read_ids(history, id, &layout, error);
    return status == STATUS_OK ? take_ids(history, &layout, out, error) : status;
}

static enum status write_layout(struct history *history, int64_t document_id,
    const struct layout *before, const struct buf *ids, int64_t time_us, struct error *error) {
    static const char text[] = "INSERT INTO layouts (id, time_us, cells) VALUES (?, ?, ?)";
    unsigned depth = before->ids.size && before->depth + 1 < FULL_EVERY ? before->depth + 1 : 0;
    struct buf stored = BUF_INIT;
    enum status status = text_encode(&history->codec, depth, before->ids.data, before->ids.size,
        buf_string(ids), ids->size, &stored, error);
    if (status == STATUS_OK)
        status = sql_run(&history->sql, error, text, "iib",
            version_id(document_id, before->number + 1), time_us, stored.data, stored.size);
    buf_finish(&stored);
    return status;
}

/* A cell of the layout that is recorded. */
struct member {
    int64_t id;
    size_t place;
};

static int by_id(const void *a, const void *b) {
    const struct member *x = a, *y = b;
    if (x->id != y->id)
        return x->id > y->id ? 1 : -1;
    return (x->place > y->place) - (x->place < y->place);
}

static int by_place(const void *a, const void *b) {
    const struct member *x = a, *y = b;
    return (x->place > y->place) - (x->place < y->place);
}

/* By id, without repeated ones. */
struct members {
    struct member *items;
    size_t count;
};

static bool holds(const struct members *members, int64_t id) {
    size_t low = 0, high = members->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (members->items[middle].id == id)
            return true;
        if (members->items[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* The cells of `before` that the notebook has no more. */
static enum status delete_missing(struct history *history, const struct buf *before,
    const struct members *now, int64_t time_us, struct error *error) {
    const unsigned char *at = (const unsigned char *)buf_string(before);
    const unsigned char *end = at + before->size;
    enum status status = STATUS_OK;
    uint64_t id;
    while (status == STATUS_OK && varint_read(&at, end, &id)) {
        if (holds(now, (int64_t)id))
            continue;
        struct cell cell;
        status = cell_get(history, (int64_t)id, &cell, error);
        if (status == STATUS_NOT_FOUND)
            status = sql_fail(&history->sql, SQLITE_CORRUPT, error);
        if (status == STATUS_OK)
            status = cell_delete(history, &cell, HISTORY_CAUSE_DELETE, time_us, NULL, error);
    }
    return status;
}

/* A cell of the layout, made if it is not known yet, brought back if it was deleted. */
static enum status visit_cell(struct history *history, int64_t document_id, const char *key,
    int64_t time_us, int64_t *ret_id, struct error *error) {
    struct cell cell;
    enum status status = cell_find(history, document_id, key, &cell, error);
    if (status == STATUS_NOT_FOUND)
        status = cell_add(history, document_id, key, NULL, time_us, &cell, error);
    if (status == STATUS_OK && cell.deleted)
        status = tree_move(history, &cell, cell.head, HISTORY_CAUSE_MOVE, time_us, error);
    if (status == STATUS_OK)
        *ret_id = cell.id;
    return status;
}

/* Sort by id, keep the first of equal ones, and write them down in their order. */
static void settle(struct members *members, struct buf *ids) {
    struct member *items = members->items;
    size_t kept = 0;
    if (!items)
        return;
    qsort(items, members->count, sizeof *items, by_id);
    for (size_t i = 0; i < members->count; i++) {
        if (!kept || items[i].id != items[kept - 1].id)
            items[kept++] = items[i];
    }
    members->count = kept;
    qsort(items, kept, sizeof *items, by_place);
    for (size_t i = 0; i < kept; i++)
        varint_append(ids, (uint64_t)items[i].id);
    qsort(items, kept, sizeof *items, by_id);
}

static enum status find_members(struct history *history, int64_t document_id,
    const char *const *keys, size_t count, int64_t time_us, struct members *members,
    struct buf *ids, struct error *error) {
    struct memory_rows rows = {0};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        struct member *member = memory_rows_add(&rows, sizeof *member);
        if (!member) {
            status = fail_memory(history, error);
            break;
        }
        member->place = i;
        status = visit_cell(history, document_id, keys[i], time_us, &member->id, error);
    }
    *members = (struct members){rows.items, rows.bytes / sizeof(struct member)};
    if (status == STATUS_OK)
        settle(members, ids);
    if (status == STATUS_OK && !buf_ok(ids))
        status = fail_memory(history, error);
    return status;
}

enum status layout_record(struct history *history, int64_t document_id, const char *const *keys,
    size_t count, int64_t time_us, bool *ret_changed, struct error *error) {
    struct layout before;
    struct buf ids = BUF_INIT;
    struct members members = {0};
    enum status status = read_newest(history, document_id, INT64_MAX, &before, error);
    if (status == STATUS_OK)
        status = find_members(history, document_id, keys, count, time_us, &members, &ids, error);
    bool same = before.number && before.ids.size == ids.size &&
                (!ids.size || memcmp(before.ids.data, ids.data, ids.size) == 0);
    if (status == STATUS_OK && !same)
        status = delete_missing(history, &before.ids, &members, time_us, error);
    if (status == STATUS_OK && !same)
        status = write_layout(history, document_id, &before, &ids, time_us, error);
    if (status == STATUS_OK)
        *ret_changed = !same;
    buf_finish(&before.ids);
    buf_finish(&ids);
    free(members.items);
    return status;
}
