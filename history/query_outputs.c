/* Outputs of a run, and their bytes, while the run lasts as well. */
#include "history/run.h"
#include "history/stream_name.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One stream by itself. */
static enum status scan(
    const char *path, struct stream_kept *ret_kept, bool *ret_sealed, struct error *error) {
    const char *slash = strrchr(path, '/');
    char *parent = slash ? strndup(path, (size_t)(slash - path)) : strdup(".");
    if (!parent)
        return error_set(error, STATUS_NO_MEMORY, "cannot read '%s': out of memory", path);
    struct stream_folder folder;
    enum status status = stream_folder_read(parent, &folder, error);
    if (status == STATUS_OK) {
        status = stream_scan(path, &folder, ret_kept, ret_sealed, error);
        stream_folder_finish(&folder);
    }
    free(parent);
    return status;
}

/* Sizes of a stream that is being written are on the disk only. */
static enum status look(struct history *history, const char *folder, bool is_stream,
    const char *file, struct history_memory *memory, struct history_part *part,
    struct error *error) {
    char *path = file_join(folder, file);
    char *temporary = path ? stream_part_name(path) : NULL;
    if (!path || !temporary) {
        free(path);
        return fail_memory(history, error);
    }
    enum status status = STATUS_OK;
    if (is_stream) {
        struct stream_kept kept = {0};
        bool sealed = false;
        status = scan(path, &kept, &sealed, error);
        if (status == STATUS_OK) {
            part->total_bytes = (int64_t)kept.total_bytes;
            part->head_bytes = (int64_t)kept.head_bytes;
        }
    }
    if (status == STATUS_OK) {
        const char *now = access(path, F_OK) == 0 ? path : temporary;
        part->path = memory_copy(memory, now, strlen(now));
        if (!part->path)
            status = fail_memory(history, error);
    }
    free(temporary);
    free(path);
    return status;
}

static enum status read_parts(struct history *history, const char *folder,
    struct history_output *output, struct history_memory *memory, struct error *error) {
    static const char text[] = "SELECT id, mime, total_bytes, head_bytes, tail_bytes, file "
                               "FROM output_parts WHERE output_id = ? ORDER BY position";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    struct memory_rows list = {0};
    size_t count = 0;
    enum status status = sql_query(sql, &rows, error, text, "i", output->id);
    while (sql_row(sql, rows, &status, error)) {
        struct history_part *part = memory_rows_add(&list, sizeof *part);
        const char *mime = memory_column(memory, rows, 1);
        if (!part || !mime) {
            sql_done(rows);
            status = fail_memory(history, error);
            break;
        }
        *part = (struct history_part){
            .id = sqlite3_column_int64(rows, 0),
            .mime = mime,
            .path = "",
            .total_bytes = sqlite3_column_int64(rows, 2),
            .head_bytes = sqlite3_column_int64(rows, 3),
            .tail_bytes = sqlite3_column_int64(rows, 4),
        };
        const char *file = (const char *)sqlite3_column_text(rows, 5);
        bool is_stream = output->kind == HISTORY_STDOUT || output->kind == HISTORY_STDERR;
        if (file && output->sealed) {
            char *path = file_join(folder, file);
            part->path = path ? memory_copy(memory, path, strlen(path)) : NULL;
            free(path);
            if (!part->path)
                status = fail_memory(history, error);
        } else if (file) {
            status = look(history, folder, is_stream, file, memory, part, error);
        }
        if (status != STATUS_OK)
            sql_done(rows);
        count++;
    }
    const void *items = NULL;
    enum status moved = memory_rows_move(&list, memory, &items, status ? NULL : error);
    if (status == STATUS_OK)
        status = moved;
    if (status == STATUS_OK) {
        output->parts = items;
        output->part_count = count;
    }
    return status;
}

static enum status read_output(struct history *history, const char *folder, sqlite3_stmt *rows,
    struct history_memory *memory, struct history_output *ret_output, struct error *error) {
    *ret_output = (struct history_output){
        .id = sqlite3_column_int64(rows, 0),
        .run_id = sqlite3_column_int64(rows, 1),
        .sequence = sqlite3_column_int64(rows, 2),
        .kind = (enum history_output_kind)sqlite3_column_int(rows, 3),
        .created_us = sqlite3_column_int64(rows, 4),
        .sealed = sqlite3_column_int(rows, 5) != 0,
        .complete = sqlite3_column_int(rows, 6) != 0,
        .late = sqlite3_column_int(rows, 7) != 0,
        .display_id = memory_column(memory, rows, 8),
        .ename = memory_column(memory, rows, 9),
        .evalue = memory_column(memory, rows, 10),
    };
    if (!ret_output->display_id || !ret_output->ename || !ret_output->evalue)
        return fail_memory(history, error);
    return read_parts(history, folder, ret_output, memory, error);
}

enum status history_list_outputs(struct history *history, int64_t run_id,
    struct history_memory *memory, struct history_outputs *ret_outputs, struct error *error) {
    static const char text[] =
        "SELECT id, run_id, sequence, kind, created_us, sealed, complete, late, display_id, ename, "
        "evalue FROM outputs WHERE run_id = ? ORDER BY sequence";
    struct sql *sql = &history->sql;
    struct history_run_info run;
    enum status status = history_read_run(history, run_id, memory, &run, error);
    if (status != STATUS_OK)
        return status;
    sqlite3_stmt *rows = NULL;
    struct memory_rows list = {0};
    size_t count = 0;
    status = sql_query(sql, &rows, error, text, "i", run_id);
    while (sql_row(sql, rows, &status, error)) {
        struct history_output *output = memory_rows_add(&list, sizeof *output);
        status = output ? read_output(history, run.folder, rows, memory, output, error)
                        : fail_memory(history, error);
        if (status != STATUS_OK)
            sql_done(rows);
        count++;
    }
    const void *items = NULL;
    enum status moved = memory_rows_move(&list, memory, &items, status ? NULL : error);
    if (status == STATUS_OK)
        status = moved;
    if (status == STATUS_OK)
        *ret_outputs = (struct history_outputs){items, count};
    return status;
}

/* A stream in pieces. Its writer may turn a piece over while we look: look again. */
static enum status read_pieces(struct history *history, const struct history_part *part,
    const char *path, struct buf *out, struct error *error) {
    static const char document_text[] =
        "SELECT r.version_id >> 32 FROM output_parts p JOIN outputs o ON o.id = p.output_id "
        "JOIN runs r ON r.id = o.run_id WHERE p.id = ?";
    enum { TRIES = 4 };
    struct limits limits;
    int64_t document_id = 0;
    size_t before = out->size;
    enum status status = sql_int(&history->sql, &document_id, error, document_text, "i", part->id);
    if (status == STATUS_OK)
        status = limits_read(history, document_id, &limits, error);
    if (status != STATUS_OK)
        return status;
    uint64_t limit = limits.text_bytes;
    status = STATUS_NOT_FOUND;
    for (int i = 0; i < TRIES && status == STATUS_NOT_FOUND; i++) {
        struct stream_kept kept = {0};
        bool sealed = false;
        out->size = before;
        status = scan(path, &kept, &sealed, error);
        if (status == STATUS_OK && sealed)
            status = file_read(path, SIZE_MAX, out, error);
        else if (status == STATUS_OK)
            status = stream_read(path, &kept, limit - limit / 2, out, error);
    }
    return status;
}

enum status history_read_part(struct history *history, const struct history_part *part,
    struct buf *out, struct error *error) {
    static const char end[] = ".part";
    size_t length = strlen(part->path), end_length = sizeof end - 1;
    if (!length)
        return error_set(error, STATUS_NOT_FOUND,
            "nothing was kept of this output (%lld bytes of %s)", (long long)part->total_bytes,
            part->mime);
    if (length <= end_length || strcmp(part->path + length - end_length, end) != 0)
        return file_read(part->path, SIZE_MAX, out, error);
    char *final = strndup(part->path, length - end_length);
    if (!final)
        return fail_memory(history, error);
    enum status status = read_pieces(history, part, final, out, error);
    free(final);
    return status;
}
