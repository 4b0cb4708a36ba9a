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
    const struct history_file file = {.path = path};
    if (path)
        status = sql_int(sql, ret_id, error, find_text, "s", path);
    if (status == STATUS_OK) /* a process of format 4 has made it without a place */
        status = place_set(history, *ret_id, &file, time_us, error);
    if (status != STATUS_NOT_FOUND)
        return status;
    unsigned char uuid[16];
    randombytes_buf(uuid, sizeof uuid);
    status = sql_run(sql, error, insert_text, "sbi", path, (void *)uuid, sizeof uuid, time_us);
    if (status != STATUS_OK)
        return status;
    int64_t id = sqlite3_last_insert_rowid(sql->db);
    if (path)
        status = place_set(history, id, &file, time_us, error);
    if (status == STATUS_OK)
        *ret_id = id;
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
    static const char text[] = "SELECT id, head, deleted_us IS NOT NULL, type FROM cells "
                               "WHERE document_id = ? AND key = ?";
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
    cell.deleted = sqlite3_column_int(rows, 2) != 0;
    cell.type = (enum history_cell_type)sqlite3_column_int(rows, 3);
    sql_done(rows);
    *ret_cell = cell;
    return STATUS_OK;
}

enum status cell_get(
    struct history *history, int64_t id, struct cell *ret_cell, struct error *error) {
    static const char text[] =
        "SELECT document_id, head, deleted_us IS NOT NULL, type, key FROM cells WHERE id = ?";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    bool row = false;
    enum status status = sql_query(sql, &rows, error, text, "i", id);
    if (status == STATUS_OK)
        status = sql_next(sql, rows, &row, error);
    if (status != STATUS_OK)
        return status;
    if (!row)
        return STATUS_NOT_FOUND;
    *ret_cell = (struct cell){
        .id = id,
        .document_id = sqlite3_column_int64(rows, 0),
        .head = sqlite3_column_int64(rows, 1),
        .deleted = sqlite3_column_int(rows, 2) != 0,
        .type = (enum history_cell_type)sqlite3_column_int(rows, 3),
    };
    const char *key = (const char *)sqlite3_column_text(rows, 4);
    cell_key_copy(ret_cell, key ? key : "");
    sql_done(rows);
    return STATUS_OK;
}

enum status cell_add(struct history *history, int64_t document_id, const char *key,
    const char *language, int64_t time_us, struct cell *ret_cell, struct error *error) {
    static const char text[] =
        "INSERT INTO cells (document_id, key, language, head, created_us) VALUES (?, ?, ?, 0, ?)";
    struct sql *sql = &history->sql;
    struct cell cell = {.document_id = document_id, .type = HISTORY_CELL_CODE};
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

enum status cell_delete(struct history *history, struct cell *cell, enum history_cause cause,
    int64_t time_us, bool *ret_deleted, struct error *error) {
    bool there = cell->head && !cell->deleted;
    enum status status = there ? tree_move(history, cell, 0, cause, time_us, error) : STATUS_OK;
    if (status == STATUS_OK && ret_deleted)
        *ret_deleted = there;
    return status;
}

enum status cell_set_type(
    struct history *history, struct cell *cell, enum history_cell_type type, struct error *error) {
    static const char text[] = "UPDATE cells SET type = ? WHERE id = ?";
    if (cell->type == type)
        return STATUS_OK;
    enum status status = sql_run(&history->sql, error, text, "ii", (int64_t)type, cell->id);
    if (status == STATUS_OK)
        cell->type = type;
    return status;
}
