#include "history/store.h"

#include <sodium.h>
#include <string.h>

enum status document_find_or_add(struct history *history, const char *path, int64_t time_us,
    int64_t *ret_id, struct error *error) {
    static const char find_text[] = "SELECT id FROM documents WHERE path = ?";
    static const char insert_text[] =
        "INSERT INTO documents (path, uuid, created_us) VALUES (?, ?, ?)";
    struct sql *sql = &history->sql;
    enum status status = STATUS_NOT_FOUND;
    if (path)
        status = sql_int(sql, ret_id, error, find_text, "s", path);
    if (status != STATUS_NOT_FOUND)
        return status;
    unsigned char uuid[16];
    randombytes_buf(uuid, sizeof uuid);
    status = sql_run(sql, error, insert_text, "sbi", path, (void *)uuid, sizeof uuid, time_us);
    if (status == STATUS_OK)
        *ret_id = sqlite3_last_insert_rowid(sql->db);
    return status;
}

void cell_key_copy(struct cell *cell, const char *key) {
    size_t length = strlen(key);
    if (length < sizeof cell->key) {
        memcpy(cell->key, key, length + 1);
        return;
    }
    unsigned char hash[16];
    crypto_generichash(hash, sizeof hash, (const unsigned char *)key, length, NULL, 0);
    memcpy(cell->key, "fk-", 3);
    sodium_bin2hex(cell->key + 3, sizeof cell->key - 3, hash, sizeof hash);
}

enum status cell_find(struct history *history, int64_t document_id, const char *key,
    struct cell *ret_cell, struct error *error) {
    static const char text[] = "SELECT id, head FROM cells WHERE document_id = ? AND key = ?";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    bool row = false;
    struct cell cell = {.document_id = document_id};
    cell_key_copy(&cell, key);
    enum status status = sql_query(sql, &rows, error, text, "is", document_id, cell.key);
    if (status == STATUS_OK)
        status = sql_next(sql, rows, &row, error);
    if (status != STATUS_OK)
        return status;
    if (!row)
        return STATUS_NOT_FOUND;
    cell.id = sqlite3_column_int64(rows, 0);
    cell.head = sqlite3_column_int64(rows, 1);
    sql_done(rows);
    *ret_cell = cell;
    return STATUS_OK;
}

enum status cell_add(struct history *history, int64_t document_id, const char *key,
    const char *language, int64_t time_us, struct cell *ret_cell, struct error *error) {
    static const char text[] =
        "INSERT INTO cells (document_id, key, language, head, created_us) VALUES (?, ?, ?, 0, ?)";
    struct sql *sql = &history->sql;
    struct cell cell = {.document_id = document_id};
    if (key) {
        cell_key_copy(&cell, key);
    } else {
        /* as short as nbformat's own, and recognisable */
        unsigned char bytes[6];
        randombytes_buf(bytes, sizeof bytes);
        memcpy(cell.key, "fk-", 3);
        sodium_bin2hex(cell.key + 3, sizeof cell.key - 3, bytes, sizeof bytes);
    }
    enum status status =
        sql_run(sql, error, text, "issi", document_id, cell.key, language, time_us);
    if (status == STATUS_OK) {
        cell.id = sqlite3_last_insert_rowid(sql->db);
        *ret_cell = cell;
    }
    return status;
}

enum status cell_delete(struct history *history, int64_t document_id, const char *key,
    int64_t time_us, struct error *error) {
    static const char text[] =
        "UPDATE cells SET deleted_us = ?3 WHERE document_id = ?1 AND key = ?2 "
        "AND deleted_us IS NULL";
    struct cell cell = {0};
    cell_key_copy(&cell, key);
    return sql_run(&history->sql, error, text, "isi", document_id, cell.key, time_us);
}
