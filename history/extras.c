#include "history/extras.h"
#include "history/store.h"

#include <sodium.h>
#include <string.h>

/* The newest of a version. */
struct told {
    int64_t id; /* of the row of `extras`; 0: none */
    unsigned char hash[HISTORY_EXTRAS_HASH_BYTES];
};

static void copy_hash(sqlite3_stmt *rows, int column, unsigned char *ret_hash) {
    if (sqlite3_column_bytes(rows, column) == HISTORY_EXTRAS_HASH_BYTES)
        memcpy(ret_hash, sqlite3_column_blob(rows, column), HISTORY_EXTRAS_HASH_BYTES);
}

static enum status find_told(
    struct history *history, int64_t version_id, struct told *ret_told, struct error *error) {
    static const char text[] = "SELECT e.id, e.hash FROM version_extras v "
                               "JOIN extras e ON e.id = v.extras_id WHERE v.version_id = ? "
                               "ORDER BY v.id DESC LIMIT 1";
    sqlite3_stmt *rows = NULL;
    bool row = false;
    enum status status = sql_query(&history->sql, &rows, error, text, "i", version_id);
    if (status == STATUS_OK)
        status = sql_next(&history->sql, rows, &row, error);
    if (status != STATUS_OK || !row)
        return status;
    ret_told->id = sqlite3_column_int64(rows, 0);
    copy_hash(rows, 1, ret_told->hash);
    sql_done(rows);
    return STATUS_OK;
}

static enum status tell(struct history *history, int64_t version_id, int64_t extras_id,
    int64_t time_us, struct error *error) {
    static const char text[] =
        "INSERT INTO version_extras (version_id, extras_id, told_us) VALUES (?, ?, ?)";
    return sql_run(&history->sql, error, text, "iii", version_id, extras_id, time_us);
}

/* The row that holds these bytes, made if need be; one that held them not gets them where the limit
 * allows it now. */
static enum status find_or_add(struct history *history, int64_t version_id,
    const unsigned char *hash, const void *bytes, size_t size, int64_t *ret_id,
    struct error *error) {
    static const char find_text[] = "SELECT id, bytes IS NOT NULL FROM extras WHERE hash = ?";
    static const char add_text[] = "INSERT INTO extras (hash, size, bytes) VALUES (?, ?, ?)";
    static const char fill_text[] = "UPDATE extras SET bytes = ?2 WHERE id = ?1";
    struct sql *sql = &history->sql;
    struct limits limits;
    struct buf stored = BUF_INIT;
    sqlite3_stmt *rows = NULL;
    bool row = false, kept = false;
    enum status status =
        sql_query(sql, &rows, error, find_text, "b", hash, (size_t)HISTORY_EXTRAS_HASH_BYTES);
    if (status == STATUS_OK)
        status = sql_next(sql, rows, &row, error);
    int64_t id = 0;
    if (row) {
        id = sqlite3_column_int64(rows, 0);
        kept = sqlite3_column_int(rows, 1) != 0;
        sql_done(rows);
    }
    if (status == STATUS_OK && !kept)
        status = limits_read(history, version_document(version_id), &limits, error);
    bool fits = status == STATUS_OK && !kept && size <= limits.item_bytes && size <= TEXT_MAX_BYTES;
    if (fits)
        status = text_encode(&history->codec, 0, NULL, 0, bytes, size, &stored, error);
    if (status == STATUS_OK && !id) {
        status = sql_run(sql, error, add_text, fits ? "bib" : "bin", hash,
            (size_t)HISTORY_EXTRAS_HASH_BYTES, (int64_t)size, stored.data, stored.size);
        id = sqlite3_last_insert_rowid(sql->db);
    } else if (fits && status == STATUS_OK) {
        status = sql_run(sql, error, fill_text, "ib", id, stored.data, stored.size);
    }
    buf_finish(&stored);
    if (status == STATUS_OK)
        *ret_id = id;
    return status;
}

enum status extras_record(struct history *history, int64_t version_id, const void *bytes,
    size_t size, int64_t time_us, struct error *error) {
    unsigned char hash[HISTORY_EXTRAS_HASH_BYTES];
    struct told told = {0};
    int64_t id = 0;
    enum status status = find_told(history, version_id, &told, error);
    if (status != STATUS_OK || (!told.id && !size))
        return status;
    crypto_generichash(hash, sizeof hash, bytes, size, NULL, 0);
    if (told.id && memcmp(hash, told.hash, sizeof hash) == 0)
        return STATUS_OK;
    status = find_or_add(history, version_id, hash, bytes, size, &id, error);
    return status == STATUS_OK ? tell(history, version_id, id, time_us, error) : status;
}

enum status extras_inherit(struct history *history, int64_t from_version_id, int64_t to_version_id,
    int64_t time_us, struct error *error) {
    struct told told = {0};
    enum status status = find_told(history, from_version_id, &told, error);
    if (status == STATUS_OK && told.id)
        status = tell(history, to_version_id, told.id, time_us, error);
    return status;
}

/* The bytes of a row, appended to `out`. */
static enum status decode(
    struct history *history, sqlite3_stmt *rows, int column, struct buf *out, struct error *error) {
    enum status status = text_decode(&history->codec, NULL, 0, sqlite3_column_blob(rows, column),
        (size_t)sqlite3_column_bytes(rows, column), out, error);
    return status == STATUS_CORRUPT ? sql_fail(&history->sql, SQLITE_CORRUPT, error) : status;
}

enum status extras_check(
    struct history *history, int64_t extras_id, bool *ret_well, struct error *error) {
    static const char text[] = "SELECT hash, size, bytes FROM extras WHERE id = ?";
    unsigned char hash[HISTORY_EXTRAS_HASH_BYTES];
    struct buf bytes = BUF_INIT;
    sqlite3_stmt *rows = NULL;
    bool row = false;
    enum status status = sql_query(&history->sql, &rows, error, text, "i", extras_id);
    if (status == STATUS_OK)
        status = sql_next(&history->sql, rows, &row, error);
    if (status != STATUS_OK || !row)
        return status == STATUS_OK ? STATUS_NOT_FOUND : status;
    bool well = sqlite3_column_bytes(rows, 0) == sizeof hash;
    if (well && sqlite3_column_type(rows, 2) != SQLITE_NULL) {
        status = decode(history, rows, 2, &bytes, error);
        well = status == STATUS_OK && (int64_t)bytes.size == sqlite3_column_int64(rows, 1);
        crypto_generichash(
            hash, sizeof hash, (const unsigned char *)buf_string(&bytes), bytes.size, NULL, 0);
        well = well && memcmp(hash, sqlite3_column_blob(rows, 0), sizeof hash) == 0;
    }
    sql_done(rows);
    buf_finish(&bytes);
    if (status == STATUS_CORRUPT)
        status = STATUS_OK;
    if (status == STATUS_OK)
        *ret_well = well;
    return status;
}

/* Of a row whose bytes cannot be read any more the hash and the size are left. */
static enum status read_row(struct history *history, sqlite3_stmt *rows,
    struct history_memory *memory, struct history_extras *extras, struct error *error) {
    struct buf bytes = BUF_INIT;
    copy_hash(rows, 0, extras->hash);
    extras->size = (size_t)sqlite3_column_int64(rows, 1);
    enum status status = sqlite3_column_type(rows, 2) == SQLITE_NULL
                             ? STATUS_CORRUPT
                             : decode(history, rows, 2, &bytes, error);
    if (status == STATUS_OK) {
        extras->bytes = memory_copy(memory, buf_string(&bytes), bytes.size);
        extras->size = bytes.size;
        status = extras->bytes ? STATUS_OK : fail_memory(history, error);
    }
    buf_finish(&bytes);
    return status == STATUS_CORRUPT ? STATUS_OK : status;
}

enum status history_list_extras(struct history *history, int64_t document_id, int64_t number,
    int64_t until_us, size_t limit, struct history_memory *memory,
    struct history_extras_list *ret_list, struct error *error) {
    static const char text[] = "SELECT e.hash, e.size, e.bytes FROM version_extras v "
                               "JOIN extras e ON e.id = v.extras_id "
                               "WHERE v.version_id = ? AND v.told_us <= ? "
                               "ORDER BY v.id DESC LIMIT ?";
    struct memory_rows list = {0};
    const void *items = NULL;
    if (!version_number_fits(number))
        return version_missing(number, error);
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    enum status status = sql_query(sql, &rows, error, text, "iii", version_id(document_id, number),
        until_us ? until_us : INT64_MAX, (int64_t)limit);
    while (sql_row(sql, rows, &status, error)) {
        struct history_extras *extras = memory_rows_add(&list, sizeof *extras);
        status =
            extras ? read_row(history, rows, memory, extras, error) : fail_memory(history, error);
    }
    size_t count = list.bytes / sizeof(struct history_extras);
    enum status moved = memory_rows_move(&list, memory, &items, status ? NULL : error);
    if (status == STATUS_OK)
        status = moved;
    if (status == STATUS_OK)
        *ret_list = (struct history_extras_list){items, count};
    return status;
}

enum status history_read_extras(struct history *history, int64_t document_id, int64_t number,
    struct history_memory *memory, struct history_extras *ret_extras, struct error *error) {
    struct history_extras_list list = {0};
    if (!version_number_fits(number))
        return STATUS_NOT_FOUND;
    enum status status =
        history_list_extras(history, document_id, number, 0, 1, memory, &list, error);
    if (status == STATUS_OK && !list.count)
        return STATUS_NOT_FOUND;
    if (status == STATUS_OK)
        *ret_extras = list.items[0];
    return status;
}
