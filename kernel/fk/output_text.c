#include "kernel/fk/output_text.h"

#include "kernel/fk/fk.h"
#include "kernel/run_outputs.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct history *history;
    struct output_text *text;
    crypto_generichash_state hash;
    enum history_output_kind last_kind; /* 0: none yet */
};

static const char *picture_mime(const char *mime) {
    static const char *const types[] = {
        "image/png", "image/jpeg", "image/svg+xml", "image/gif", "image/webp", "image/bmp"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i], mime) == 0)
            return types[i];
    return NULL;
}

/* An output begins on a line of its own. */
static void begin_line(struct buf *lines) {
    if (lines->size && lines->data[lines->size - 1] != '\n')
        buf_append_char(lines, '\n');
}

/* The bytes of a part, into the hash too. `ret_kept` is false when there are none. */
static enum status read_part(struct reader *reader, enum history_output_kind kind,
    const struct history_part *part, struct buf *bytes, bool *ret_kept, struct error *error) {
    enum status status = history_read_part(reader->history, part, bytes, error);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return status;
    int64_t header[3] = {kind, (int64_t)strlen(part->mime), part->total_bytes};
    crypto_generichash_update(&reader->hash, (const unsigned char *)header, sizeof header);
    crypto_generichash_update(&reader->hash, (const unsigned char *)part->mime, strlen(part->mime));
    crypto_generichash_update(&reader->hash, (const unsigned char *)buf_string(bytes), bytes->size);
    if (status != STATUS_OK || part->head_bytes + part->tail_bytes < part->total_bytes)
        reader->text->whole = false;
    *ret_kept = status == STATUS_OK;
    return STATUS_OK;
}

static void append_missing(struct reader *reader, const struct history_part *part) {
    struct buf *lines = &reader->text->lines;
    begin_line(lines);
    buf_printf(lines, "[%s, %lld bytes: not kept]\n", part->mime, (long long)part->total_bytes);
}

/* Streams, errors, and the text/plain of bundles. */
static enum status append_text(struct reader *reader, enum history_output_kind kind,
    const struct history_part *part, struct error *error) {
    struct buf *lines = &reader->text->lines;
    struct buf bytes = BUF_INIT;
    bool kept = false;
    enum status status = read_part(reader, kind, part, &bytes, &kept, error);
    begin_line(lines);
    if (status == STATUS_OK && kept && kind == HISTORY_STDERR && reader->last_kind != kind)
        buf_append_string(lines, "[stderr]\n");
    if (status == STATUS_OK && kept)
        buf_append(lines, buf_string(&bytes), bytes.size);
    else if (status == STATUS_OK)
        append_missing(reader, part);
    buf_finish(&bytes);
    return status;
}

static bool add_picture(struct output_text *text, struct output_picture picture) {
    struct output_picture *pictures =
        realloc(text->pictures, (text->picture_count + 1) * sizeof *pictures);
    if (!pictures)
        return false;
    text->pictures = pictures;
    pictures[text->picture_count++] = picture;
    return true;
}

/* Type, size, hash. `has_picture`: of this output, set with the first one. */
static enum status append_named(struct reader *reader, enum history_output_kind kind,
    const struct history_part *part, bool *has_picture, struct error *error) {
    struct buf *lines = &reader->text->lines;
    struct buf bytes = BUF_INIT;
    bool kept = false;
    struct output_picture picture = {.part = part, .mime = picture_mime(part->mime)};
    enum status status = read_part(reader, kind, part, &bytes, &kept, error);
    if (status == STATUS_OK && kept) {
        crypto_generichash(picture.hash, sizeof picture.hash,
            (const unsigned char *)buf_string(&bytes), bytes.size, NULL, 0);
        begin_line(lines);
        buf_printf(lines, "[%s, %zu bytes, #%02x%02x%02x%02x]\n", part->mime, bytes.size,
            picture.hash[0], picture.hash[1], picture.hash[2], picture.hash[3]);
        if (picture.mime && !*has_picture) {
            *has_picture = true;
            if (!add_picture(reader->text, picture))
                status = error_set(error, STATUS_NO_MEMORY, "cannot read outputs: out of memory");
        }
    } else if (status == STATUS_OK) {
        append_missing(reader, part);
    }
    buf_finish(&bytes);
    return status;
}

static enum status append_output(struct reader *reader, const struct history_outputs *outputs,
    const struct history_output *output, struct error *error) {
    enum history_output_kind kind = output->kind;
    if (kind == HISTORY_UPDATE || kind == HISTORY_CLEAR || kind == HISTORY_CLEAR_ON_NEXT)
        return STATUS_OK;
    bool has_picture = false;
    bool bundle = kind == HISTORY_DISPLAY || kind == HISTORY_RESULT;
    const struct history_output *newest = bundle ? run_outputs_newest(outputs, output) : output;
    if (!newest->complete)
        reader->text->whole = false;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < newest->part_count && status == STATUS_OK; i++) {
        const struct history_part *part = &newest->parts[i];
        status = bundle && strcmp(part->mime, "text/plain") != 0
                     ? append_named(reader, kind, part, &has_picture, error)
                     : append_text(reader, kind, part, error);
    }
    reader->last_kind = kind;
    return status;
}

enum status output_text_read(struct history *history, int64_t run_id, struct history_memory *memory,
    struct output_text *ret_text, struct error *error) {
    struct output_text text = {.whole = true};
    struct reader reader = {.history = history, .text = &text};
    struct history_outputs outputs;
    crypto_generichash_init(&reader.hash, NULL, 0, sizeof text.hash);
    enum status status = history_list_outputs(history, run_id, memory, &outputs, error);
    if (status == STATUS_OK)
        for (size_t i = run_outputs_first_visible(&outputs);
            i < outputs.count && status == STATUS_OK; i++)
            status = append_output(&reader, &outputs, &outputs.items[i], error);
    crypto_generichash_final(&reader.hash, text.hash, sizeof text.hash);
    if (status == STATUS_OK && !buf_ok(&text.lines))
        status = error_set(error, STATUS_NO_MEMORY, "cannot read outputs: out of memory");
    if (status == STATUS_OK)
        *ret_text = text;
    else
        output_text_finish(&text);
    return status;
}

void output_text_finish(struct output_text *text) {
    buf_finish(&text->lines);
    free(text->pictures);
    *text = (struct output_text){0};
}
