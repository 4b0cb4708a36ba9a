/* Versions and the lists of them: are they all there, and is each text the one that was recorded?
 */
#include "history/check.h"
#include "history/version_list.h"

#include <stdlib.h>

/* A version as the list of its cell has it. */
struct listed {
    int64_t id, cell_id;
    uint16_t hash;
};

static void say_of_version(struct check *check, int64_t id, const char *what) {
    char *where = check_name_version(check->history, id);
    check_say_lost(check, where ? where : "a version", what);
    free(where);
}

/* ---- lists ---- */

/* One row: its numbers rise, from the row's own on; `last` is the number and the cell before. */
static bool read_row(sqlite3_stmt *rows, struct listed *last, struct memory_rows *ret_listed) {
    int64_t cell_id = sqlite3_column_int64(rows, 0), number = sqlite3_column_int64(rows, 1);
    int64_t first = number, before = last->cell_id == cell_id ? version_number(last->id) : 0;
    const unsigned char *at = sqlite3_column_blob(rows, 2);
    const unsigned char *end = at + sqlite3_column_bytes(rows, 2);
    bool any = false;
    uint16_t hash;
    while (at && version_list_next(&at, end, &number, &hash)) {
        if (number <= before || !version_number_fits(number) || (!any && number != first))
            return false;
        *last = (struct listed){version_id(sqlite3_column_int64(rows, 3), number), cell_id, hash};
        struct listed *item = memory_rows_add(ret_listed, sizeof *item);
        if (item)
            *item = *last;
        before = number;
        any = true;
    }
    return any && at == end;
}

static int by_id(const void *a, const void *b) {
    const struct listed *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

/* All lists, sorted by the ids of the versions. */
static enum status read_lists(
    struct check *check, struct memory_rows *ret_listed, struct error *error) {
    static const char text[] =
        "SELECT l.cell_id, l.first_number, l.entries, c.document_id FROM version_lists l "
        "LEFT JOIN cells c ON c.id = l.cell_id ORDER BY l.cell_id, l.first_number";
    struct sql *sql = &check->history->sql;
    sqlite3_stmt *rows = NULL;
    struct listed last = {0};
    enum status status = sql_query(sql, &rows, error, text, "");
    while (sql_row(sql, rows, &status, error)) {
        struct buf what = BUF_INIT;
        buf_printf(&what, "the list of the versions of cell %lld",
            (long long)sqlite3_column_int64(rows, 0));
        if (sqlite3_column_type(rows, 3) == SQLITE_NULL)
            check_say_lost(check, buf_string(&what), "the cell is not there");
        else if (!read_row(rows, &last, ret_listed))
            check_say_lost(check, buf_string(&what), "it is damaged");
        buf_finish(&what);
    }
    if (status == STATUS_OK && ret_listed->failed)
        status = fail_memory(check->history, error);
    if (status == STATUS_OK && ret_listed->bytes)
        qsort(ret_listed->items, ret_listed->bytes / sizeof last, sizeof last, by_id);
    return check_unreadable(check, status, "the lists of versions", error);
}

/* ---- versions ---- */

/* `listed` NULL: no list has it. */
static enum status check_text(
    struct check *check, int64_t id, const struct listed *listed, struct error *error) {
    struct buf text = BUF_INIT;
    enum status status = version_read_text(check->history, id, &text, error);
    if (status == STATUS_CORRUPT || status == STATUS_NOT_FOUND) {
        say_of_version(check, id, "its text cannot be read");
        if (error)
            *error = (struct error){.message = ""};
        status = STATUS_OK;
    } else if (status == STATUS_OK && listed &&
               version_list_hash(text_hash(buf_string(&text), text.size)) != listed->hash) {
        say_of_version(check, id, "its text is not the one that was recorded");
    }
    buf_finish(&text);
    return status;
}

/* A row of the query below. */
static enum status check_version(
    struct check *check, sqlite3_stmt *rows, const struct listed *listed, struct error *error) {
    struct version_row version = version_row_read(rows);
    bool has_parent = sqlite3_column_type(rows, 2) != SQLITE_NULL;
    int64_t id = version.id, number = version_number(id);
    check->health.versions++;
    if (has_parent && (version.parent < 1 || version.parent >= number))
        say_of_version(check, id, "its parent is not older");
    else if (has_parent && sqlite3_column_type(rows, VERSION_COLUMN_COUNT) == SQLITE_NULL)
        say_of_version(check, id, "its parent is not there");
    else if (has_parent && sqlite3_column_int64(rows, VERSION_COLUMN_COUNT) != version.cell_id)
        say_of_version(check, id, "its parent is one of another cell");
    if (sqlite3_column_int64(rows, VERSION_COLUMN_COUNT + 1) != version_document(id))
        say_of_version(check, id, "its cell is one of another document");
    if (!listed || listed->cell_id != version.cell_id)
        say_of_version(check, id, "the list of its cell does not have it");
    return check_text(check, id, listed, error);
}

static enum status compare(
    struct check *check, const struct listed *listed, size_t count, struct error *error) {
    static const char text[] = "SELECT " VERSION_COLUMNS
                               ", p.cell_id, coalesce(c.document_id, v.id >> 32) FROM versions v "
                               "LEFT JOIN versions p ON p.id = v.id - v.back "
                               "LEFT JOIN cells c ON c.id = v.cell_id ORDER BY v.id";
    struct sql *sql = &check->history->sql;
    sqlite3_stmt *rows = NULL;
    size_t at = 0;
    enum status status = sql_query(sql, &rows, error, text, "");
    while (status == STATUS_OK) {
        bool row = false;
        status = sql_next(sql, rows, &row, error);
        if (status != STATUS_OK)
            break;
        int64_t id = row ? sqlite3_column_int64(rows, 0) : INT64_MAX;
        for (; at < count && listed[at].id < id; at++)
            say_of_version(check, listed[at].id, "it is not there");
        if (!row)
            break;
        bool has = at < count && listed[at].id == id;
        status = check_version(check, rows, has ? &listed[at] : NULL, error);
        while (at < count && listed[at].id == id)
            at++;
    }
    return check_unreadable(check, status, "the table of versions", error);
}

/* Inside a transaction: a kernel may add a version between the reading of the lists and of the
 * table. */
static enum status check_all(struct check *check, struct error *error) {
    struct memory_rows listed = {0};
    enum status status = read_lists(check, &listed, error);
    if (status == STATUS_OK)
        status = compare(check, listed.items, listed.bytes / sizeof(struct listed), error);
    free(listed.items);
    return status;
}

enum status check_versions(struct check *check, struct error *error) {
    struct sql *sql = &check->history->sql;
    enum status status = sql_begin_reading(sql, error);
    if (status != STATUS_OK)
        return check_unreadable(check, status, "the table of versions", error);
    status = check_all(check, error);
    sql_end_reading(sql);
    return status;
}
