#include "kernel/replay_output.h"

#include "base/utf8.h"
#include "kernel/bundle.h"

#include <sodium.h>
#include <string.h>

enum {
    TEXT_KEPT_BYTES = 1024 * 1024, /* of each stream, as much as the history keeps at most */
    HASH_BYTES = 16,
    SHOWN_BYTES = 60, /* of the first line that differs */
};

void replay_output_finish(struct replay_output *output) {
    buf_finish(&output->text[0]);
    buf_finish(&output->text[1]);
    buf_finish(&output->bundles);
    buf_finish(&output->results);
}

void replay_output_clear(struct replay_output *output) {
    replay_output_finish(output);
    *output = (struct replay_output){0};
}

void replay_output_add_text(
    struct replay_output *output, enum engine_stream stream, const void *data, size_t size) {
    struct buf *text = &output->text[stream == ENGINE_STDERR];
    size_t room = text->size < TEXT_KEPT_BYTES ? TEXT_KEPT_BYTES - text->size : 0;
    buf_append(text, data, size < room ? size : room);
    output->text_bytes[stream == ENGINE_STDERR] += (int64_t)size;
}

static void add_item(struct buf *bundles, enum history_output_kind kind, const char *mime,
    const void *data, size_t size) {
    unsigned char hash[HASH_BYTES];
    (void)crypto_generichash(hash, sizeof hash, data, size, NULL, 0);
    buf_printf(bundles, "%d %s %zu ", (int)kind, mime, size);
    buf_append(bundles, hash, sizeof hash);
}

static void add_result(struct buf *results, const char *mime, const void *data, size_t size) {
    if (strcmp(mime, "text/plain") != 0)
        return;
    buf_append(results, data, size);
    buf_append_char(results, '\n');
}

void replay_output_add_bundle(
    struct replay_output *output, enum history_output_kind kind, const json_t *data) {
    struct bundle bundle;
    if (bundle_from_json(data, &bundle) != STATUS_OK)
        return;
    for (size_t i = 0; i < bundle.count; i++) {
        const struct history_item *item = &bundle.items[i];
        add_item(&output->bundles, kind, item->mime, item->data, item->size);
        if (kind == HISTORY_RESULT)
            add_result(&output->results, item->mime, item->data, item->size);
    }
    bundle_finish(&bundle);
}

/* ---- what is recorded, in the same shape ---- */

struct recorded {
    struct replay_output output;
    bool complete; /* all bundles could be read */
};

static enum status read_stream(struct recorded *recorded, struct history *history,
    const struct history_output *row, struct error *error) {
    enum engine_stream stream = row->kind == HISTORY_STDERR ? ENGINE_STDERR : ENGINE_STDOUT;
    const struct history_part *part = &row->parts[0];
    struct buf bytes = BUF_INIT;
    enum status status = history_read_part(history, part, &bytes, error);
    if (status == STATUS_OK) {
        bool whole = part->head_bytes + part->tail_bytes == part->total_bytes;
        size_t kept = whole ? bytes.size : (size_t)part->head_bytes;
        replay_output_add_text(
            &recorded->output, stream, buf_string(&bytes), kept < bytes.size ? kept : bytes.size);
        recorded->output.text_bytes[stream == ENGINE_STDERR] += part->total_bytes - (int64_t)kept;
    }
    buf_finish(&bytes);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status read_bundle(struct recorded *recorded, struct history *history,
    const struct history_output *row, struct error *error) {
    for (size_t i = 0; i < row->part_count; i++) {
        const struct history_part *part = &row->parts[i];
        struct buf bytes = BUF_INIT;
        enum status status = history_read_part(history, part, &bytes, error);
        if (status == STATUS_OK) {
            add_item(
                &recorded->output.bundles, row->kind, part->mime, buf_string(&bytes), bytes.size);
            if (row->kind == HISTORY_RESULT)
                add_result(&recorded->output.results, part->mime, buf_string(&bytes), bytes.size);
        }
        buf_finish(&bytes);
        if (status == STATUS_NOT_FOUND)
            recorded->complete = false;
        else if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status read_recorded(
    struct recorded *recorded, struct history *history, int64_t run_id, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_outputs outputs = {0};
    enum status status = history_list_outputs(history, run_id, &memory, &outputs, error);
    for (size_t i = 0; i < outputs.count && status == STATUS_OK; i++) {
        const struct history_output *row = &outputs.items[i];
        if (row->late)
            continue;
        switch (row->kind) {
        case HISTORY_STDOUT:
        case HISTORY_STDERR:
            if (row->part_count)
                status = read_stream(recorded, history, row, error);
            break;
        case HISTORY_DISPLAY:
        case HISTORY_RESULT:
        case HISTORY_UPDATE:
            status = read_bundle(recorded, history, row, error);
            break;
        default:
            break;
        }
    }
    history_memory_finish(&memory);
    return status;
}

/* ---- the difference ---- */

static void quote_line(struct buf *out, const char *text, size_t size) {
    struct buf clean = BUF_INIT;
    const char *end = size ? memchr(text, '\n', size) : NULL;
    utf8_append_clean(&clean, text, end ? (size_t)(end - text) : size);
    size_t shown = utf8_floor(buf_string(&clean), clean.size, SHOWN_BYTES);
    buf_printf(out, "'%.*s%s'", (int)shown, buf_string(&clean), shown < clean.size ? "…" : "");
    buf_finish(&clean);
}

/* The first line in which two texts differ. */
static void compare_lines(
    struct buf *out, const char *what, const struct buf *was, const struct buf *is) {
    size_t common = was->size < is->size ? was->size : is->size;
    size_t at = 0;
    size_t line = 0;
    size_t number = 1;
    for (; at < common && was->data[at] == is->data[at]; at++)
        if (was->data[at] == '\n') {
            line = at + 1;
            number++;
        }
    buf_printf(out, "%s differs in line %zu: it was ", what, number);
    quote_line(out, buf_string(was) + line, was->size - line);
    buf_append_string(out, " and is ");
    quote_line(out, buf_string(is) + line, is->size - line);
}

static bool same_text(const struct recorded *was, const struct replay_output *is, size_t stream) {
    const struct buf *a = &was->output.text[stream];
    const struct buf *b = &is->text[stream];
    size_t common = a->size < b->size ? a->size : b->size;
    return was->output.text_bytes[stream] == is->text_bytes[stream] &&
           (common == 0 || memcmp(a->data, b->data, common) == 0);
}

static bool same_bytes(const struct buf *a, const struct buf *b) {
    return a->size == b->size && (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

enum status replay_output_compare(const struct replay_output *output, struct history *history,
    int64_t run_id, struct buf *out, struct error *error) {
    struct recorded was = {.complete = true};
    enum status status = read_recorded(&was, history, run_id, error);
    if (status == STATUS_OK) {
        if (!same_text(&was, output, 0))
            compare_lines(out, "its output", &was.output.text[0], &output->text[0]);
        else if (!same_text(&was, output, 1))
            compare_lines(out, "its stderr", &was.output.text[1], &output->text[1]);
        else if (!same_bytes(&was.output.results, &output->results))
            compare_lines(out, "its result", &was.output.results, &output->results);
        else if (was.complete && !same_bytes(&was.output.bundles, &output->bundles))
            buf_append_string(out, "what it displayed differs");
    }
    replay_output_finish(&was.output);
    return status;
}
