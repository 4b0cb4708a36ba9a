#include "history/run_parts.h"
#include "history/run.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

/* Names come from a database that may be damaged, and files are moved and copied by them. */
static bool is_day(const char *day) {
    static const char shape[] = "dddd/dd/dd";
    if (strlen(day) != sizeof shape - 1)
        return false;
    for (size_t i = 0; i < sizeof shape - 1; i++)
        if (shape[i] == 'd' ? day[i] < '0' || day[i] > '9' : day[i] != shape[i])
            return false;
    return true;
}

static enum status call(struct history *history, sqlite3_stmt *rows, run_part_fn *each,
    void *context, struct error *error) {
    const char *day = (const char *)sqlite3_column_text(rows, 1);
    const char *file = (const char *)sqlite3_column_text(rows, 2);
    struct run_part_row part = {
        .run_id = sqlite3_column_int64(rows, 0),
        .output_id = sqlite3_column_int64(rows, 3),
        .total_bytes = sqlite3_column_int64(rows, 4),
        .head_bytes = sqlite3_column_int64(rows, 5),
        .tail_bytes = sqlite3_column_int64(rows, 6),
        .sealed = sqlite3_column_int(rows, 7) != 0,
        .complete = sqlite3_column_int(rows, 8) != 0,
        .hashed = sqlite3_column_bytes(rows, 9) == STREAM_HASH_BYTES,
    };
    if (part.hashed)
        memcpy(part.hash, sqlite3_column_blob(rows, 9), sizeof part.hash);
    if (!day || !file || !is_day(day) || !*file || *file == '.' || strchr(file, '/'))
        return sql_fail(&history->sql, SQLITE_CORRUPT, error);
    char *folder = run_folder(history, day, part.run_id);
    char *path = folder ? file_join(folder, file) : NULL;
    enum status status = STATUS_OK;
    if (path) {
        part.folder = folder;
        part.path = path;
        part.below = path + strlen(history->folder) + 1;
        status = each(context, &part, error);
    } else {
        status = fail_memory(history, error);
    }
    free(path);
    free(folder);
    return status;
}

enum status run_parts_read(
    struct history *history, run_part_fn *each, void *context, struct error *error) {
    static const char text[] =
        "SELECT r.id, r.day, p.file, o.id, p.total_bytes, p.head_bytes, p.tail_bytes, o.sealed, "
        "o.complete, p.hash FROM outputs o JOIN runs r ON r.id = o.run_id "
        "JOIN output_parts p ON p.output_id = o.id WHERE p.file IS NOT NULL "
        "ORDER BY o.run_id, o.sequence, p.position";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    enum status status = sql_query(sql, &rows, error, text, "");
    while (sql_row(sql, rows, &status, error)) {
        status = call(history, rows, each, context, error);
    }
    return status;
}
