/* The lists of versions that were rescued say which versions there were, and some bits of the
 * hashes of their texts. */
#include "history/salvage_rows.h"
#include "history/version_list.h"

/* Inside a row all numbers rise, or it tells nothing. */
static enum status take_row(struct history *made, sqlite3_stmt *rows, struct error *error) {
    static const char insert_text[] = "INSERT OR IGNORE INTO hint_listed VALUES (?, ?, ?, ?)";
    int64_t cell_id = sqlite3_column_int64(rows, 0), first = sqlite3_column_int64(rows, 1);
    int64_t document_id = sqlite3_column_int64(rows, 3);
    const unsigned char *begin = sqlite3_column_blob(rows, 2);
    const unsigned char *end = begin + sqlite3_column_bytes(rows, 2);
    enum status status = STATUS_OK;
    for (int pass = 0; pass < 2; pass++) {
        const unsigned char *at = begin;
        int64_t number = first, before = 0;
        uint16_t hash;
        while (status == STATUS_OK && at && version_list_next(&at, end, &number, &hash)) {
            if (number <= before || !version_number_fits(number) || (!before && number != first))
                return STATUS_OK;
            before = number;
            if (pass == 1)
                status = sql_run(&made->sql, error, insert_text, "iiii",
                    version_id(document_id, number), cell_id, (int64_t)hash, first);
        }
        if (at != end)
            break;
    }
    return status;
}

/* A row that lacks versions that its cell has is damaged, and its other numbers may be wrong. */
static const char distrust[] =
    "CREATE TEMP TABLE hint_by_cell AS SELECT v.cell_id, v.id, (SELECT max(l.first_number) "
    "  FROM hint_lists l WHERE l.cell_id = v.cell_id AND l.first_number <= v.id & 0xffffffff) "
    "  AS first_number FROM versions v;"
    "CREATE TEMP TABLE hint_wrong (cell_id INTEGER, first_number INTEGER, "
    "  PRIMARY KEY (cell_id, first_number)) WITHOUT ROWID;"
    "INSERT OR IGNORE INTO hint_wrong SELECT b.cell_id, b.first_number FROM hint_by_cell b "
    "  WHERE b.first_number IS NOT NULL AND NOT EXISTS (SELECT 1 FROM hint_listed h "
    "  WHERE h.id = b.id AND h.cell_id = b.cell_id);"
    "DELETE FROM hint_listed WHERE (cell_id, first_number) IN (SELECT cell_id, first_number "
    "  FROM hint_wrong)";

enum status salvage_lists(struct history *made, struct error *error) {
    static const char text[] =
        "SELECT l.cell_id, l.first_number, l.entries, c.document_id FROM hint_lists l "
        "JOIN cells c ON c.id = l.cell_id ORDER BY l.cell_id, l.first_number";
    struct sql *sql = &made->sql;
    sqlite3_stmt *rows = NULL;
    enum status status = sql_query(sql, &rows, error, text, "");
    while (sql_row(sql, rows, &status, error)) {
        status = take_row(made, rows, error);
    }
    if (status == STATUS_OK)
        status = sql_script(sql, distrust, error);
    return status;
}

static enum status take_version_2(struct history *made, sqlite3_stmt *rows, struct error *error) {
    static const char insert_text[] =
        "INSERT OR IGNORE INTO versions (id, cell_id, back, origin, created_ms, cause, text) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)";
    static const char hash_text[] = "INSERT OR IGNORE INTO hint_listed VALUES (?, ?, ?, 0)";
    int64_t id = sqlite3_column_int64(rows, 0), cell_id = sqlite3_column_int64(rows, 1);
    int64_t parent = sqlite3_column_int64(rows, 2), depth = sqlite3_column_int64(rows, 7);
    if (depth < 0 || depth > TEXT_MAX_DEPTH)
        return STATUS_OK;
    struct buf stored = BUF_INIT;
    buf_append_char(&stored, (char)text_zstd_mark((unsigned)depth));
    buf_append(&stored, sqlite3_column_blob(rows, 8), (size_t)sqlite3_column_bytes(rows, 8));
    enum status status = STATUS_OK;
    if (buf_ok(&stored))
        status = sql_run(&made->sql, error, insert_text, "iizziib", id, cell_id,
            parent ? version_number(id) - parent : (int64_t)0, sqlite3_column_int64(rows, 3),
            sqlite3_column_int64(rows, 4) / 1000, sqlite3_column_int64(rows, 5), stored.data,
            stored.size);
    else
        status = fail_memory(made, error);
    if (status == STATUS_OK)
        status = sql_run(&made->sql, error, hash_text, "iii", id, cell_id,
            (int64_t)version_list_hash(sqlite3_column_int64(rows, 6)));
    buf_finish(&stored);
    return status;
}

enum status salvage_versions_2(struct history *made, struct error *error) {
    static const char text[] = "SELECT * FROM hint_versions_2 ORDER BY id";
    struct sql *sql = &made->sql;
    sqlite3_stmt *rows = NULL;
    enum status status = sql_query(sql, &rows, error, text, "");
    while (sql_row(sql, rows, &status, error)) {
        status = take_version_2(made, rows, error);
    }
    return status;
}

enum status salvage_make_lists(struct history *made, struct error *error) {
    static const char text[] = "SELECT id, cell_id FROM versions ORDER BY id";
    struct sql *sql = &made->sql;
    sqlite3_stmt *rows = NULL;
    enum status status = sql_query(sql, &rows, error, text, "");
    while (sql_row(sql, rows, &status, error)) {
        int64_t id = sqlite3_column_int64(rows, 0), cell_id = sqlite3_column_int64(rows, 1);
        struct buf bytes = BUF_INIT;
        status = version_read_text(made, id, &bytes, error);
        if (status == STATUS_OK)
            status = version_list_add(made, cell_id, version_number(id),
                version_list_hash(text_hash(buf_string(&bytes), bytes.size)), error);
        buf_finish(&bytes);
    }
    return status;
}
