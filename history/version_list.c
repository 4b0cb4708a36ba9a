#include "history/version_list.h"

#include "history/varint.h"

#include <stdlib.h>

enum { ROW_BYTES = 512 };

bool version_list_next(
    const unsigned char **at, const unsigned char *end, int64_t *number, uint16_t *ret_hash) {
    uint64_t more;
    if (!varint_read(at, end, &more) || end - *at < 2)
        return false;
    *number += (int64_t)more;
    *ret_hash = (uint16_t)((*at)[0] << 8 | (*at)[1]);
    *at += 2;
    return true;
}

static void append(struct buf *entries, int64_t more, uint16_t hash) {
    varint_append(entries, (uint64_t)more);
    buf_append_char(entries, (char)(unsigned char)(hash >> 8));
    buf_append_char(entries, (char)(unsigned char)(hash & 0xff));
}

void version_list_finish(struct version_list *list) {
    free(list->items);
    *list = (struct version_list){0};
}

/* `hash` negative: all of them. */
static enum status read_list(struct history *history, int64_t cell_id, int hash,
    struct version_list *ret_list, struct error *error) {
    static const char text[] =
        "SELECT first_number, entries FROM version_lists WHERE cell_id = ? ORDER BY first_number";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    struct memory_rows list = {0};
    enum status status = sql_query(sql, &rows, error, text, "i", cell_id);
    bool row = status == STATUS_OK;
    while (status == STATUS_OK && row) {
        status = sql_next(sql, rows, &row, error);
        if (status != STATUS_OK || !row)
            break;
        struct listed_version version = {.number = sqlite3_column_int64(rows, 0)};
        const unsigned char *at = sqlite3_column_blob(rows, 1);
        const unsigned char *end = at + sqlite3_column_bytes(rows, 1);
        while (at && version_list_next(&at, end, &version.number, &version.hash)) {
            if (hash >= 0 && version.hash != hash)
                continue;
            struct listed_version *item = memory_rows_add(&list, sizeof *item);
            if (item)
                *item = version;
        }
    }
    if (status == STATUS_OK && list.failed)
        status = fail_memory(history, error);
    if (status == STATUS_OK)
        *ret_list = (struct version_list){list.items, list.bytes / sizeof(struct listed_version)};
    else
        free(list.items);
    return status;
}

enum status version_list_read(
    struct history *history, int64_t cell_id, struct version_list *ret_list, struct error *error) {
    return read_list(history, cell_id, -1, ret_list, error);
}

enum status version_list_find(struct history *history, int64_t cell_id, uint16_t hash,
    struct version_list *ret_list, struct error *error) {
    return read_list(history, cell_id, hash, ret_list, error);
}

/* The last row of the list; `ret_first` 0: there is none, or it is full. */
static enum status read_last_row(struct history *history, int64_t cell_id, int64_t *ret_first,
    struct buf *entries, struct error *error) {
    static const char text[] = "SELECT first_number, entries FROM version_lists WHERE cell_id = ? "
                               "ORDER BY first_number DESC LIMIT 1";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    bool row = false;
    enum status status = sql_query(sql, &rows, error, text, "i", cell_id);
    if (status == STATUS_OK)
        status = sql_next(sql, rows, &row, error);
    if (status != STATUS_OK || !row)
        return status;
    int size = sqlite3_column_bytes(rows, 1);
    if (size < ROW_BYTES) {
        *ret_first = sqlite3_column_int64(rows, 0);
        buf_append(entries, sqlite3_column_blob(rows, 1), (size_t)size);
    }
    sql_done(rows);
    return STATUS_OK;
}

enum status version_list_add(
    struct history *history, int64_t cell_id, int64_t number, uint16_t hash, struct error *error) {
    static const char text[] =
        "INSERT OR REPLACE INTO version_lists (cell_id, first_number, entries) VALUES (?, ?, ?)";
    struct buf entries = BUF_INIT;
    int64_t first = 0;
    enum status status = read_last_row(history, cell_id, &first, &entries, error);
    const unsigned char *at = (const unsigned char *)buf_string(&entries);
    const unsigned char *end = at + entries.size;
    int64_t last = first ? first : number;
    uint16_t other;
    while (version_list_next(&at, end, &last, &other))
        ;
    if (status == STATUS_OK && (last > number || (first && last == number)))
        status = sql_fail(&history->sql, SQLITE_CORRUPT, error);
    append(&entries, number - last, hash);
    if (status == STATUS_OK && !buf_ok(&entries))
        status = fail_memory(history, error);
    if (status == STATUS_OK)
        status = sql_run(&history->sql, error, text, "iib", cell_id, first ? first : number,
            entries.data, entries.size);
    buf_finish(&entries);
    return status;
}
