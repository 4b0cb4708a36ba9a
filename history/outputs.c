/* What a run produces, into files and rows. */
#include "history/names.h"
#include "history/run.h"
#include "history/same_file.h"
#include "history/stream_name.h"
#include "history/summary.h"

#include "base/file.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void note_summary(struct history_run *run, const char *text, size_t size) {
    enum { ENOUGH_BYTES = 512 };
    if (run->summary.size == 0)
        summary_append_first(&run->summary, text, size < ENOUGH_BYTES ? size : ENOUGH_BYTES);
}

/*
 * Have the row written now, so that it is found after a kill. A database that is locked or full
 * does not stop the output: its file tells recovery the kind and the place, and the end of the run
 * tries again.
 */
static void save_row(struct history_run *run, struct run_output *output) {
    if (run->rows_pending)
        return;
    run->rows_pending = run_save_output(run, output, NULL) != STATUS_OK;
}

/* Drop the output that was added last, when it could not be begun. */
static enum status take_back(struct history_run *run, struct error *error) {
    run_output_finish(&run->outputs[--run->output_count]);
    run->last_sequence--;
    run->lost = true;
    return fail_memory(run->history, error);
}

/* ---- streams ---- */

static enum status begin_stream(
    struct history_run *run, enum history_output_kind kind, struct error *error) {
    struct run_output *output = run_add_output(run, kind);
    if (!output)
        return fail_memory(run->history, error);
    output->is_stream = true;
    output->parts = calloc(1, sizeof *output->parts);
    char *file = output_file_name(output->sequence, kind, "text/plain", 0);
    char *path = file ? run_path(run, file) : NULL;
    char *mime = strdup("text/plain");
    if (!output->parts || !path || !mime) {
        free(file);
        free(path);
        free(mime);
        return take_back(run, error);
    }
    output->part_count = 1;
    output->parts[0].mime = mime;
    output->parts[0].file = file;
    uint64_t limit = run->limits.text_bytes;
    stream_init(&output->stream, path, run->head_left, limit - limit / 2);
    run->current = run->output_count - 1;
    return STATUS_OK;
}

/* Past the limit on outputs, further text goes to the last output of the same stream. */
static bool find_stream(struct history_run *run, enum history_output_kind kind) {
    for (size_t i = run->output_count; i-- > 0;) {
        struct stream_file *stream = &run->outputs[i].stream;
        if (run->outputs[i].is_stream && run->outputs[i].kind == kind) {
            if (stream->kept.segment_count == 0) /* others have written heads meanwhile */
                stream->head_limit = stream->kept.head_bytes + run->head_left;
            run->current = i;
            return true;
        }
    }
    return false;
}

/* The tails of streams share one limit: the oldest give way. */
static void share_tail(struct history_run *run) {
    uint64_t limit = run->limits.text_bytes;
    uint64_t wanted = limit - limit / 2;
    while (run->first_tail < run->current) {
        struct run_output *first = &run->outputs[run->first_tail];
        uint64_t tail = first->is_stream ? stream_tail_bytes(&first->stream) : 0;
        if (run->tail_bytes - tail < wanted)
            break;
        if (first->is_stream)
            stream_drop_tail(&first->stream);
        run->tail_bytes -= tail;
        run->first_tail++;
    }
}

static void pause_current(struct history_run *run) {
    if (run->current != SIZE_MAX)
        stream_pause(&run->outputs[run->current].stream);
    run->current = SIZE_MAX;
}

enum status history_run_write(struct history_run *run, enum history_output_kind stream,
    const void *data, size_t size, struct error *error) {
    assert(stream == HISTORY_STDOUT || stream == HISTORY_STDERR);
    if (!size)
        return STATUS_OK;
    enum status status = STATUS_OK;
    bool begins = false;
    if (run->current == SIZE_MAX || run->outputs[run->current].kind != stream) {
        pause_current(run);
        if (!run_is_full(run) || !find_stream(run, stream)) {
            enum status folder = run_make_folder(run, error);
            status = begin_stream(run, stream, folder == STATUS_OK ? error : NULL);
            if (status != STATUS_OK)
                return status;
            /* said once; what comes is counted as lost */
            status = folder;
            run->outputs[run->current].stream.failed = folder != STATUS_OK;
            run->outputs[run->current].complete = !run->lost;
            run->lost = false;
            begins = true;
        }
        note_summary(run, data, size);
    }
    struct run_output *output = &run->outputs[run->current];
    uint64_t head = output->stream.kept.head_bytes;
    uint64_t tail = stream_tail_bytes(&output->stream);
    enum status written = stream_write(&output->stream, data, size, error);
    if (status == STATUS_OK)
        status = written;
    run->head_left -= output->stream.kept.head_bytes - head;
    if (run->current >= run->first_tail) {
        run->tail_bytes += stream_tail_bytes(&output->stream) - tail;
        share_tail(run);
    }
    if (status != STATUS_OK)
        output->complete = false;
    if (begins)
        save_row(run, output);
    return status;
}

/* ---- bundles and errors ---- */

static enum status write_item(struct history_run *run, struct run_output *output,
    const struct history_item *item, unsigned copy, struct error *error) {
    struct run_part *part = &output->parts[output->part_count];
    char *mime = strdup(item->mime);
    if (!mime)
        return fail_memory(run->history, error);
    *part = (struct run_part){.mime = mime, .total_bytes = item->size, .hashed = true};
    output->part_count++;
    crypto_generichash(part->hash, sizeof part->hash, item->data, item->size, NULL, 0);
    if (item->size > run->limits.item_bytes)
        return STATUS_OK; /* dropped, and the row says how large it was */
    char *file = output_file_name(output->sequence, output->kind, item->mime, copy);
    char *path = file ? run_path(run, file) : NULL;
    char *temporary = path ? stream_part_name(path) : NULL;
    enum status status = temporary ? run_make_folder(run, error) : fail_memory(run->history, error);
    if (status == STATUS_OK &&
        !same_file_link(run->history, item->data, item->size, part->hash, temporary))
        status = file_write(temporary, item->data, item->size, 0600, error);
    if (status == STATUS_OK) {
        part->file = file;
        part->head_bytes = item->size;
        file = NULL;
    } else {
        output->complete = false;
    }
    free(temporary);
    free(path);
    free(file);
    return status;
}

/* Items of one output whose files would have one name: the second gets a number. */
static unsigned count_same_extension(const struct history_item *items, size_t index) {
    unsigned count = 0;
    for (size_t i = 0; i < index; i++)
        count += strcmp(mime_extension(items[i].mime), mime_extension(items[index].mime)) == 0;
    return count;
}

static enum status write_items(struct history_run *run, struct run_output *output,
    const struct history_item *items, size_t count, struct error *error) {
    output->parts = calloc(count ? count : 1, sizeof *output->parts);
    if (!output->parts)
        return take_back(run, error);
    enum status first = STATUS_OK;
    for (size_t i = 0; i < count; i++) {
        enum status status = write_item(
            run, output, &items[i], count_same_extension(items, i), first ? NULL : error);
        if (first == STATUS_OK)
            first = status;
    }
    save_row(run, output);
    return first;
}

enum status history_run_bundle(struct history_run *run, enum history_output_kind kind,
    const char *display_id, const struct history_item *items, size_t count, struct error *error) {
    assert(kind == HISTORY_DISPLAY || kind == HISTORY_RESULT || kind == HISTORY_UPDATE);
    pause_current(run);
    if (run_is_full(run)) {
        run->dropped++;
        return STATUS_OK;
    }
    struct run_output *output = run_add_output(run, kind);
    if (!output)
        return fail_memory(run->history, error);
    if (display_id && !(output->display_id = strdup(display_id)))
        return take_back(run, error);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(items[i].mime, "text/plain") == 0)
            note_summary(run, items[i].data, items[i].size);
    }
    if (count)
        note_summary(run, items[0].mime, strlen(items[0].mime));
    return write_items(run, output, items, count, error);
}

enum status history_run_error(struct history_run *run, const char *ename, const char *evalue,
    const char *traceback, size_t traceback_size, struct error *error) {
    pause_current(run);
    struct run_output *output = run_add_output(run, HISTORY_ERROR_OUTPUT);
    if (!output)
        return fail_memory(run->history, error);
    output->ename = strdup(ename ? ename : "");
    output->evalue = strdup(evalue ? evalue : "");
    if (!output->ename || !output->evalue)
        return take_back(run, error);
    struct buf line = BUF_INIT;
    buf_printf(&line, "%s: %s", output->ename, output->evalue);
    note_summary(run, buf_string(&line), line.size);
    buf_finish(&line);
    struct history_item item = {"text/plain", traceback, traceback_size};
    return write_items(run, output, &item, 1, error);
}

enum status history_run_clear(struct history_run *run, bool wait, struct error *error) {
    pause_current(run);
    if (run_is_full(run)) {
        run->dropped++;
        return STATUS_OK;
    }
    struct run_output *output = run_add_output(run, wait ? HISTORY_CLEAR_ON_NEXT : HISTORY_CLEAR);
    if (!output)
        return fail_memory(run->history, error);
    save_row(run, output);
    return STATUS_OK;
}
