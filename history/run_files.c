/* The files of a run: their folder, the limits that they share, their final names. */
#include "history/names.h"
#include "history/run.h"
#include "history/stream_name.h"

#include "base/clock.h"
#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum status run_read_limits(struct history_run *run, int64_t document_id, struct error *error) {
    enum status status = limits_read(run->history, document_id, &run->limits, error);
    run->head_left = run->limits.text_bytes / 2;
    return status;
}

enum status run_make_folder(struct history_run *run, struct error *error) {
    if (run->folder_made)
        return STATUS_OK;
    /* its day is there, except once a day */
    enum status status = STATUS_OK;
    if (mkdir(run->folder, 0700) < 0)
        status = file_make_folders(run->folder, 0700, error);
    run->folder_made = status == STATUS_OK;
    return status;
}

char *run_path(const struct history_run *run, const char *file) {
    return file_join(run->folder, file);
}

bool run_is_full(const struct history_run *run) {
    return run->output_count >= run->limits.outputs;
}

struct run_output *run_add_output(struct history_run *run, enum history_output_kind kind) {
    if (run->output_count == run->output_capacity) {
        size_t capacity = run->output_capacity ? run->output_capacity * 2 : 4;
        struct run_output *grown = realloc(run->outputs, capacity * sizeof *grown);
        if (!grown) {
            run->lost = true;
            return NULL;
        }
        run->outputs = grown;
        run->output_capacity = capacity;
    }
    struct run_output *output = &run->outputs[run->output_count++];
    *output = (struct run_output){
        .sequence = ++run->last_sequence,
        .kind = kind,
        .created_us = clock_wall_us(),
        .complete = true,
        .late = run->late,
        .stream = {.fd = -1},
    };
    return output;
}

void run_output_finish(struct run_output *output) {
    for (size_t i = 0; i < output->part_count; i++) {
        free(output->parts[i].mime);
        free(output->parts[i].file);
    }
    free(output->parts);
    free(output->display_id);
    free(output->ename);
    free(output->evalue);
    stream_finish(&output->stream);
    *output = (struct run_output){.stream = {.fd = -1}};
}

/* `tail_left`: what may still be kept of the last bytes of the run's streams. */
static enum status seal_stream(
    struct run_output *output, uint64_t *tail_left, struct error *error) {
    struct stream_file *stream = &output->stream;
    struct run_part *part = &output->parts[0];
    stream_pause(stream);
    if (stream->failed)
        output->complete = false;
    part->total_bytes = stream->kept.total_bytes + stream->lost_bytes;
    if (stream->kept.total_bytes == 0) { /* not even its file could be made */
        free(part->file);
        part->file = NULL;
        output->sealed = true;
        return STATUS_OK;
    }
    struct stream_sealed sealed;
    enum status status = stream_seal(stream->path, &stream->kept, *tail_left, &sealed, error);
    if (status != STATUS_OK)
        return status;
    uint64_t tail = stream_tail_bytes(stream);
    *tail_left -= tail < *tail_left ? tail : *tail_left;
    part->head_bytes = sealed.head_bytes;
    part->tail_bytes = sealed.tail_bytes;
    memcpy(part->hash, sealed.hash, sizeof part->hash);
    part->hashed = true;
    output->sealed = true;
    return STATUS_OK;
}

static enum status seal_bundle(
    struct history_run *run, struct run_output *output, struct error *error) {
    enum status status = STATUS_OK;
    for (size_t i = 0; i < output->part_count; i++) {
        if (!output->parts[i].file)
            continue;
        char *path = run_path(run, output->parts[i].file);
        char *part = path ? stream_part_name(path) : NULL;
        if (!part)
            status = fail_memory(run->history, error);
        else if (rename(part, path) < 0 && (errno != ENOENT || access(path, F_OK) < 0))
            status = error_set_errno(error, errno, "cannot write '%s'", path);
        free(part);
        free(path);
        if (status != STATUS_OK)
            break;
    }
    output->sealed = status == STATUS_OK;
    return status;
}

enum status run_seal_files(struct history_run *run, struct error *error) {
    enum status first = STATUS_OK;
    uint64_t limit = run->limits.text_bytes;
    uint64_t tail_left = limit - limit / 2;
    for (size_t i = run->output_count; i-- > 0;) {
        struct run_output *output = &run->outputs[i];
        if (output->sealed)
            continue;
        enum status status = output->is_stream
                                 ? seal_stream(output, &tail_left, first ? NULL : error)
                                 : seal_bundle(run, output, first ? NULL : error);
        if (status == STATUS_NOT_FOUND) /* else recovery puts its pieces together */
            output->complete = false;
        if (first == STATUS_OK)
            first = status;
    }
    return first;
}

void run_clean_up(struct history_run *run) {
    for (size_t i = 0; i < run->output_count; i++) {
        struct run_output *output = &run->outputs[i];
        if (output->is_stream && output->sealed)
            stream_clean_up(output->stream.path, &output->stream.kept);
    }
}
