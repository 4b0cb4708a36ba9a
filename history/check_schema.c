/* Are the tables of a store those that forkernel makes? Bytes that are damaged in the words of the
 * schema may well leave a database that SQLite finds nothing wrong with. */
#include "history/check.h"

#include <string.h>

/* A line for each table, column and indexed column, "\n" before each and at the end. More of them
 * than forkernel's own do no harm. */
static enum status read_shape(struct sql *sql, struct buf *out, struct error *error) {
    static const char text[] =
        "SELECT format('table %s %s %d', name, type, wr) FROM pragma_table_list "
        "WHERE schema = 'main' UNION ALL "
        "SELECT format('column %s %d %s %s %d %s %d', t.name, c.cid, c.name, c.type, c.\"notnull\","
        "  c.dflt_value, c.pk) FROM sqlite_schema t, pragma_table_info(t.name) c "
        "WHERE t.type = 'table' UNION ALL "
        "SELECT format('index %s %s %d %d %d %s', t.name, l.name, l.\"unique\", l.partial, i.seqno,"
        "  i.name) FROM sqlite_schema t, pragma_index_list(t.name) l, pragma_index_xinfo(l.name) i "
        "WHERE t.type = 'table'";
    sqlite3_stmt *rows = NULL;
    buf_append_char(out, '\n');
    enum status status = sql_query(sql, &rows, error, text, "");
    while (sql_row(sql, rows, &status, error)) {
        buf_printf(out, "%s\n", (const char *)sqlite3_column_text(rows, 0));
    }
    if (status == STATUS_OK && !buf_ok(out))
        status = error_set(error, STATUS_NO_MEMORY, "cannot check history: out of memory");
    return status;
}

/* The same of a database that has just been made. */
static enum status read_our_shape(struct buf *out, struct error *error) {
    struct sql sql = {.path = ":memory:"};
    int code = sqlite3_open(sql.path, &sql.db);
    enum status status =
        code == SQLITE_OK ? schema_make_tables(&sql, error) : sql_fail(&sql, code, error);
    if (status == STATUS_OK)
        status = read_shape(&sql, out, error);
    sql_close(&sql);
    return status;
}

/* The first line of `want` that `have` lacks, cut off behind its end; NULL: none. */
static const char *find_missing(struct buf *want, const struct buf *have) {
    char *line = want->data;
    for (char *end; (end = strchr(line + 1, '\n')); line = end) {
        char after = end[1];
        end[1] = '\0'; /* with the breaks on both sides */
        if (!strstr(buf_string(have), line)) {
            *end = '\0';
            return line + 1;
        }
        end[1] = after;
    }
    return NULL;
}

enum status check_schema(struct check *check, struct error *error) {
    const char *path = check->history->database;
    struct buf want = BUF_INIT, have = BUF_INIT;
    enum status status = read_our_shape(&want, error);
    if (status == STATUS_OK)
        status =
            check_unreadable(check, read_shape(&check->history->sql, &have, error), path, error);
    const char *missing = status == STATUS_OK && have.size > 1 ? find_missing(&want, &have) : NULL;
    if (missing) {
        struct buf what = BUF_INIT;
        buf_printf(&what, "the tables are not as forkernel makes them: no '%s'", missing);
        check_say_lost(check, path, buf_string(&what));
        buf_finish(&what);
    }
    buf_finish(&want);
    buf_finish(&have);
    return status;
}
