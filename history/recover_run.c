/*
 * A run whose process died: read back from its rows and from what lies in its folder, then ended
 * the way that a living one is.
 */
#include "history/folder.h"
#include "history/names.h"
#include "history/recover.h"
#include "history/run.h"
#include "history/stream_name.h"
#include "history/summary.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *copy_column(sqlite3_stmt *rows, int column) {
    const char *text = (const char *)sqlite3_column_text(rows, column);
    return text ? strdup(text) : NULL;
}

static enum status add_part(struct history *history, struct run_output *output, char *mime,
    char *file, struct error *error) {
    struct run_part *parts =
        realloc(output->parts, (output->part_count + 1) * sizeof *output->parts);
    if (parts)
        output->parts = parts;
    if (!parts || !mime) {
        free(mime);
        free(file);
        return fail_memory(history, error);
    }
    parts[output->part_count++] = (struct run_part){.mime = mime, .file = file};
    return STATUS_OK;
}

static enum status read_parts(
    struct history_run *run, struct run_output *output, struct error *error) {
    static const char text[] =
        "SELECT mime, file FROM output_parts WHERE output_id = ? ORDER BY position";
    struct sql *sql = &run->history->sql;
    sqlite3_stmt *rows = NULL;
    enum status status = sql_query(sql, &rows, error, text, "i", output->id);
    while (status == STATUS_OK) {
        bool row = false;
        status = sql_next(sql, rows, &row, error);
        if (status != STATUS_OK || !row)
            return status;
        status = add_part(run->history, output, copy_column(rows, 0), copy_column(rows, 1), error);
    }
    sql_done(rows);
    return status;
}

static enum status read_outputs(struct history_run *run, struct error *error) {
    static const char text[] = "SELECT id, sequence, kind, created_us, complete, late, sealed "
                               "FROM outputs WHERE run_id = ? ORDER BY sequence";
    struct sql *sql = &run->history->sql;
    sqlite3_stmt *rows = NULL;
    enum status status = sql_query(sql, &rows, error, text, "i", run->place.run_id);
    while (status == STATUS_OK) {
        bool row = false;
        status = sql_next(sql, rows, &row, error);
        if (status != STATUS_OK || !row)
            return status;
        struct run_output *output =
            run_add_output(run, (enum history_output_kind)sqlite3_column_int(rows, 2));
        if (!output) {
            status = fail_memory(run->history, error);
            break;
        }
        output->id = sqlite3_column_int64(rows, 0);
        output->sequence = run->last_sequence = sqlite3_column_int64(rows, 1);
        output->created_us = sqlite3_column_int64(rows, 3);
        output->complete = sqlite3_column_int(rows, 4) != 0;
        output->late = sqlite3_column_int(rows, 5) != 0;
        output->sealed = output->row_sealed = sqlite3_column_int(rows, 6) != 0;
        output->is_stream = output->kind == HISTORY_STDOUT || output->kind == HISTORY_STDERR;
        status = read_parts(run, output, error);
    }
    sql_done(rows);
    return status;
}

/* ---- files without a row: the database was locked when they were begun ---- */

static struct run_output *find_output(struct history_run *run, int64_t sequence) {
    for (size_t i = 0; i < run->output_count; i++) {
        if (run->outputs[i].sequence == sequence)
            return &run->outputs[i];
    }
    return NULL;
}

static bool has_file(const struct run_output *output, const char *file) {
    for (size_t i = 0; i < output->part_count; i++) {
        if (output->parts[i].file && strcmp(output->parts[i].file, file) == 0)
            return true;
    }
    return false;
}

/* "0001-stdout.txt" of the name of any of its pieces, cut in place. */
static void cut_to_final_name(char *name) {
    char *tail = strstr(name, ".tail.");
    size_t length = strlen(name);
    if (tail)
        *tail = '\0';
    else if (length > 5 && strcmp(name + length - 5, ".part") == 0)
        name[length - 5] = '\0';
}

static enum status adopt_file(struct history_run *run, char *name, struct error *error) {
    int64_t sequence;
    enum history_output_kind kind;
    const char *extension;
    cut_to_final_name(name);
    if (!output_file_parse(name, &sequence, &kind, &extension))
        return STATUS_OK;
    struct run_output *output = find_output(run, sequence);
    if (output && (output->id || has_file(output, name)))
        return STATUS_OK;
    if (!output) {
        output = run_add_output(run, kind);
        if (!output)
            return fail_memory(run->history, error);
        output->sequence = sequence;
        output->is_stream = kind == HISTORY_STDOUT || kind == HISTORY_STDERR;
        output->late = !run->end_us; /* with the end of a run, all its rows are written */
    }
    return add_part(run->history, output, strdup(extension_mime(extension)), strdup(name), error);
}

static int compare_outputs(const void *a, const void *b) {
    const struct run_output *x = a, *y = b;
    return (x->sequence > y->sequence) - (x->sequence < y->sequence);
}

static enum status adopt_files(struct history_run *run, struct error *error) {
    int fd = -1;
    DIR *dir = folder_open(run->folder, &fd);
    if (!dir)
        return STATUS_OK; /* nothing was written */
    enum status status = STATUS_OK;
    for (struct dirent *entry; status == STATUS_OK && (entry = readdir(dir));) {
        struct stat info; /* an empty one was made and not written any more */
        if (fstatat(fd, entry->d_name, &info, 0) == 0 && info.st_size > 0)
            status = adopt_file(run, entry->d_name, error);
    }
    closedir(dir);
    if (run->output_count)
        qsort(run->outputs, run->output_count, sizeof *run->outputs, compare_outputs);
    return status;
}

/* ---- what the disk knows ---- */

static enum status look_at_stream(struct history_run *run, struct run_output *output,
    const struct stream_folder *folder, struct error *error) {
    struct run_part *part = &output->parts[0];
    char *path = run_path(run, part->file);
    if (!path)
        return fail_memory(run->history, error);
    stream_init(&output->stream, path, 0, 1); /* for its path; it is not written any more */
    bool sealed = false;
    enum status status = stream_scan(path, folder, &output->stream.kept, &sealed, error);
    if (status != STATUS_OK || !sealed) {
        if (status == STATUS_OK && output->stream.kept.total_bytes == 0)
            output->complete = false; /* the file did not live to be found */
        return status;
    }
    part->total_bytes = part->head_bytes = output->stream.kept.total_bytes;
    part->hashed = stream_hash_file(path, part->hash, NULL) == STATUS_OK;
    output->sealed = true;
    return STATUS_OK;
}

/* Sizes for the row that an adopted file gets. */
static enum status look_at_bundle(
    struct history_run *run, struct run_output *output, struct error *error) {
    for (size_t i = 0; i < output->part_count; i++) {
        struct run_part *part = &output->parts[i];
        char *path = part->file ? run_path(run, part->file) : NULL;
        char *temporary = path ? stream_part_name(path) : NULL;
        if (part->file && !temporary) {
            free(path);
            return fail_memory(run->history, error);
        }
        struct stat info;
        const char *there = NULL;
        if (temporary && stat(temporary, &info) == 0)
            there = temporary;
        else if (path && stat(path, &info) == 0)
            there = path;
        if (there) {
            part->total_bytes = part->head_bytes = (uint64_t)info.st_size;
            part->hashed = stream_hash_file(there, part->hash, NULL) == STATUS_OK;
        } else if (part->file) {
            output->complete = false;
            free(part->file); /* sealing skips it */
            part->file = NULL;
        }
        free(temporary);
        free(path);
    }
    return STATUS_OK;
}

static enum status look_at_files(struct history_run *run, struct error *error) {
    struct stream_folder folder = {0};
    enum status status = stream_folder_read(run->folder, &folder, error);
    for (size_t i = 0; i < run->output_count && status == STATUS_OK; i++) {
        struct run_output *output = &run->outputs[i];
        if (output->is_stream && (output->part_count == 0 || !output->parts[0].file)) {
            output->is_stream = false; /* nothing on disk belongs to it */
            output->sealed = true;
        }
        if (output->sealed)
            continue;
        status = output->is_stream ? look_at_stream(run, output, &folder, error)
                                   : look_at_bundle(run, output, error);
    }
    stream_folder_finish(&folder);
    return status;
}

static void summarise(struct history_run *run) {
    for (size_t i = 0; i < run->output_count && run->summary.size == 0; i++) {
        struct run_output *output = &run->outputs[i];
        if (output->part_count == 0 || !output->parts[0].file)
            continue;
        struct buf text = BUF_INIT;
        char *path = run_path(run, output->parts[0].file);
        if (path && strcmp(output->parts[0].mime, "text/plain") == 0 &&
            file_read(path, run->limits.item_bytes, &text, NULL) == STATUS_OK)
            summary_append_first(&run->summary, buf_string(&text), text.size);
        if (run->summary.size == 0)
            buf_append_string(&run->summary, output->parts[0].mime);
        free(path);
        buf_finish(&text);
    }
}

/* The last sign of life is the last write to a file. */
static int64_t last_write_us(const struct history_run *run) {
    int64_t last = 0;
    int fd = -1;
    DIR *dir = folder_open(run->folder, &fd);
    if (!dir)
        return 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        struct stat info;
        if (entry->d_name[0] == '.' || fstatat(fd, entry->d_name, &info, 0) < 0)
            continue;
        int64_t time_us = (int64_t)info.st_mtim.tv_sec * 1000000 + info.st_mtim.tv_nsec / 1000;
        if (time_us > last)
            last = time_us;
    }
    closedir(dir);
    return last;
}

/* Pieces that a kill between sealing and cleaning up left, and files that were half written. */
static void sweep(const struct history_run *run) {
    int fd = -1;
    DIR *dir = folder_open(run->folder, &fd);
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir));) {
        size_t length = strlen(entry->d_name);
        if (length > 5 && strcmp(entry->d_name + length - 5, ".part") == 0)
            unlinkat(fd, entry->d_name, 0);
    }
    closedir(dir);
}

static enum status read_run(struct history_run *run, struct error *error) {
    static const char text[] = "SELECT day, status, started_us, version_id FROM runs WHERE id = ?";
    struct sql *sql = &run->history->sql;
    sqlite3_stmt *rows = NULL;
    bool row = false;
    enum status status = sql_query(sql, &rows, error, text, "i", run->place.run_id);
    if (status == STATUS_OK)
        status = sql_next(sql, rows, &row, error);
    if (status != STATUS_OK || !row)
        return status;
    const char *day = (const char *)sqlite3_column_text(rows, 0);
    run->folder = run_folder(run->history, day ? day : "", run->place.run_id);
    if (sqlite3_column_int(rows, 1) == HISTORY_RUNNING) {
        run->end_status = HISTORY_KILLED;
        run->end_us = sqlite3_column_int64(rows, 2);
    }
    int64_t document_id = version_document(sqlite3_column_int64(rows, 3));
    sql_done(rows);
    return run->folder ? run_read_limits(run, document_id, error)
                       : fail_memory(run->history, error);
}

enum status recover_run(struct history *history, int64_t run_id, struct error *error) {
    struct history_run *run = run_create(NULL, history);
    if (!run)
        return fail_memory(history, error);
    run->place.run_id = run_id;
    enum status status = read_run(run, error);
    if (status == STATUS_OK)
        status = read_outputs(run, error);
    if (status == STATUS_OK)
        status = adopt_files(run, error);
    if (status == STATUS_OK)
        status = look_at_files(run, error);
    if (status == STATUS_OK) {
        int64_t last_us = last_write_us(run);
        if (run->end_us && last_us > run->end_us)
            run->end_us = last_us;
        /* what cannot be put together stays as it is, and the run is ended all the same */
        enum status sealed = run_seal_files(run, NULL);
        summarise(run);
        status = run_save_end(run, error);
        if (status == STATUS_OK && sealed == STATUS_OK)
            sweep(run);
    }
    run_destroy(&run);
    return status;
}
