#include "history/places.h"
#include "history/store.h"

/* Where a document lies as far as is known. */
struct place {
    int64_t id; /* of the row; 0: none */
    bool same_path, same_file;
};

static enum status find_place(struct history *history, int64_t document_id,
    const struct history_file *file, struct place *ret_place, struct error *error) {
    static const char text[] =
        "SELECT id, path IS ?2, coalesce(device, 0) = ?3 AND coalesce(inode, 0) = ?4 AND "
        "coalesce(born_us, 0) = ?5 FROM places WHERE document_id = ?1 AND until_us IS NULL "
        "ORDER BY id DESC LIMIT 1";
    sqlite3_stmt *rows = NULL;
    bool row = false;
    enum status status = sql_query(&history->sql, &rows, error, text, "isiii", document_id,
        file->path, file->device, file->inode, file->born_us);
    if (status == STATUS_OK)
        status = sql_next(&history->sql, rows, &row, error);
    if (status != STATUS_OK || !row)
        return status;
    *ret_place = (struct place){
        .id = sqlite3_column_int64(rows, 0),
        .same_path = sqlite3_column_int(rows, 1) != 0,
        .same_file = sqlite3_column_int(rows, 2) != 0,
    };
    sql_done(rows);
    return STATUS_OK;
}

static enum status leave(
    struct history *history, int64_t document_id, int64_t time_us, struct error *error) {
    static const char place_text[] =
        "UPDATE places SET until_us = ?2 WHERE document_id = ?1 AND until_us IS NULL";
    static const char document_text[] = "UPDATE documents SET path = NULL WHERE id = ?";
    enum status status = sql_run(&history->sql, error, place_text, "ii", document_id, time_us);
    if (status == STATUS_OK)
        status = sql_run(&history->sql, error, document_text, "i", document_id);
    return status;
}

/* Two documents cannot lie at one path: the one that was there does no more. */
static enum status make_room(struct history *history, int64_t document_id, const char *path,
    int64_t time_us, struct error *error) {
    static const char text[] = "SELECT id FROM documents WHERE path = ?";
    int64_t other = 0;
    enum status status = sql_int(&history->sql, &other, error, text, "s", path);
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && other == document_id))
        return STATUS_OK;
    return status == STATUS_OK ? leave(history, other, time_us, error) : status;
}

enum status place_set(struct history *history, int64_t document_id, const struct history_file *file,
    int64_t time_us, struct error *error) {
    static const char add_text[] = "INSERT INTO places (document_id, path, since_us, device, "
                                   "inode, born_us) VALUES (?, ?, ?, ?, ?, ?)";
    static const char file_text[] =
        "UPDATE places SET device = ?2, inode = ?3, born_us = ?4 WHERE id = ?1";
    static const char document_text[] = "UPDATE documents SET path = ?2 WHERE id = ?1";
    struct sql *sql = &history->sql;
    struct place place = {0};
    if (!file)
        return leave(history, document_id, time_us, error);
    enum status status = find_place(history, document_id, file, &place, error);
    if (status != STATUS_OK)
        return status;
    if (place.same_path && (place.same_file || !file->inode))
        return STATUS_OK;
    if (place.same_path)
        return sql_run(
            sql, error, file_text, "izzz", place.id, file->device, file->inode, file->born_us);
    status = make_room(history, document_id, file->path, time_us, error);
    if (status == STATUS_OK && place.id)
        status = leave(history, document_id, time_us, error);
    if (status == STATUS_OK)
        status = sql_run(sql, error, add_text, "isizzz", document_id, file->path, time_us,
            file->device, file->inode, file->born_us);
    if (status == STATUS_OK)
        status = sql_run(sql, error, document_text, "is", document_id, file->path);
    return status;
}
