/* %fk diff: the texts and the outputs of two runs beside each other. */
#include "base/clock.h"
#include "kernel/fk/fk.h"
#include "kernel/fk/output_text.h"
#include "kernel/fk/side_by_side.h"
#include "kernel/mime.h"

#include <string.h>

enum {
    PAIRS_SHOWN = 16,                    /* of pictures */
    PICTURE_MAX_BYTES = 4 * 1024 * 1024, /* a larger one is named only */
};

struct side {
    struct history_run_info run;
    struct history_version version;
    struct output_text outputs;
};

static enum status read_side(struct fk_context *context, const char *word,
    struct history_memory *memory, struct side *side, struct error *error) {
    int64_t id = 0;
    enum status status = fk_find_run(context, word, &id, error);
    if (status != STATUS_OK)
        return status;
    status = history_read_run(context->history, id, memory, &side->run, error);
    if (status == STATUS_OK)
        status = history_read_version(context->history, context->document_id, side->run.version,
            memory, &side->version, error);
    /* numbers of versions mean another one in another document */
    bool other = status == STATUS_OK && side->version.id != side->run.version_id;
    if (status == STATUS_NOT_FOUND || other)
        return error_set(error, STATUS_NOT_FOUND,
            "there is no run %lld in this notebook; %s has the numbers of a version's runs",
            (long long)id, fk_command(context, "show VERSION").text);
    if (status == STATUS_OK)
        status = output_text_read(context->history, id, memory, &side->outputs, error);
    return status;
}

static void append_heading(const struct side *side, struct buf *out) {
    char age[CLOCK_AGO_BYTES];
    clock_format_ago(side->run.started_us, clock_wall_us(), age);
    buf_printf(out, "run %lld: %s [%lld], version %lld, %s", (long long)side->run.id,
        history_run_status_name(side->run.status), (long long)side->run.execution_count,
        (long long)side->run.version, age);
}

static enum status print_headings(struct fk_context *context, const struct side *sides,
    const struct side_by_side_style *style, struct error *error) {
    struct buf left = BUF_INIT, right = BUF_INIT, line = BUF_INIT;
    append_heading(&sides[0], &left);
    append_heading(&sides[1], &right);
    side_by_side_append_heading(buf_string(&left), buf_string(&right), style, &line);
    bool whole = buf_ok(&left) && buf_ok(&right) && buf_ok(&line);
    if (whole)
        fk_print_bytes(context, buf_string(&line), line.size);
    buf_finish(&left);
    buf_finish(&right);
    buf_finish(&line);
    return whole ? STATUS_OK : error_set(error, STATUS_NO_MEMORY, "out of memory");
}

/* The columns; where no line differs, `alike` says what does. */
static enum status print_columns(struct fk_context *context, const char *left, size_t left_size,
    const char *right, size_t right_size, const struct side_by_side_style *style, const char *alike,
    struct error *error) {
    struct buf rows = BUF_INIT;
    bool differ = side_by_side_append(left, left_size, right, right_size, style, &rows);
    bool whole = buf_ok(&rows);
    if (whole && differ)
        fk_print_bytes(context, buf_string(&rows), rows.size);
    else if (whole)
        fk_printf(context, "%s\n", alike);
    buf_finish(&rows);
    return whole ? STATUS_OK : error_set(error, STATUS_NO_MEMORY, "out of memory");
}

static enum status print_texts(struct fk_context *context, const struct side *sides,
    const struct side_by_side_style *style, struct error *error) {
    const struct history_version *left = &sides[0].version, *right = &sides[1].version;
    if (left->text_bytes == right->text_bytes &&
        memcmp(left->text, right->text, left->text_bytes) == 0) {
        fk_printf(context, "the texts are equal\n");
        return STATUS_OK;
    }
    return print_columns(context, left->text, left->text_bytes, right->text, right->text_bytes,
        style, "the texts are equal but for the line break at the end", error);
}

static enum status print_outputs(struct fk_context *context, const struct side *sides,
    const struct side_by_side_style *style, struct error *error) {
    const struct output_text *left = &sides[0].outputs, *right = &sides[1].outputs;
    if (memcmp(left->hash, right->hash, sizeof left->hash) == 0) {
        const char *words = "what was kept of the outputs is equal";
        if (left->whole && right->whole)
            words = left->lines.size ? "the outputs are equal" : "neither has any output";
        fk_printf(context, "%s\n", words);
        return STATUS_OK;
    }
    fk_printf(context, "\n%soutputs%s\n", style->faint, style->plain);
    return print_columns(context, buf_string(&left->lines), left->lines.size,
        buf_string(&right->lines), right->lines.size, style,
        "the outputs have the same lines, and came in other pieces", error);
}

/* ---- pictures ---- */

static enum status append_picture(struct fk_context *context, const struct output_picture *picture,
    struct buf *html, struct error *error) {
    struct buf bytes = BUF_INIT;
    enum status status = history_read_part(context->history, picture->part, &bytes, error);
    if (status == STATUS_OK) {
        /* SVG as well: in an <img> no script of it runs */
        json_t *base64 = mime_value("application/octet-stream", buf_string(&bytes), bytes.size);
        buf_printf(html, "<td><img src=\"data:%s;base64,", picture->mime);
        buf_append_string(html, base64 ? json_string_value(base64) : "");
        buf_append_string(html, "\"></td>");
        html->failed = html->failed || !base64;
        json_decref(base64);
    }
    buf_finish(&bytes);
    return status;
}

/* A terminal is told which files they are. */
static enum status show_pair(
    struct fk_context *context, const struct side *sides, size_t index, struct error *error) {
    const struct output_picture *left = &sides[0].outputs.pictures[index];
    const struct output_picture *right = &sides[1].outputs.pictures[index];
    struct buf html = BUF_INIT, plain = BUF_INIT;
    buf_printf(&html, "<table><tr><th>run %lld</th><th>run %lld</th></tr><tr>",
        (long long)sides[0].run.id, (long long)sides[1].run.id);
    enum status status = append_picture(context, left, &html, error);
    if (status == STATUS_OK)
        status = append_picture(context, right, &html, error);
    buf_append_string(&html, "</tr></table>");
    buf_printf(&plain, "picture %zu of run %lld and of run %lld", index + 1,
        (long long)sides[0].run.id, (long long)sides[1].run.id);
    if (status == STATUS_OK && (!buf_ok(&html) || !buf_ok(&plain)))
        status = error_set(error, STATUS_NO_MEMORY, "out of memory");
    if (status == STATUS_OK) {
        json_t *data = json_pack(
            "{s:s, s:s}", "text/html", buf_string(&html), "text/plain", buf_string(&plain));
        struct history_part parts[2] = {*left->part, *right->part};
        struct history_output output = {.kind = HISTORY_DISPLAY,
            .sealed = true,
            .complete = true,
            .parts = parts,
            .part_count = 2};
        if (data)
            context->sink->bundle(context->sink->context, data, &output);
        json_decref(data);
    }
    buf_finish(&html);
    buf_finish(&plain);
    return status;
}

static enum status show_pictures(
    struct fk_context *context, const struct side *sides, struct error *error) {
    const struct output_text *left = &sides[0].outputs, *right = &sides[1].outputs;
    size_t count =
        left->picture_count < right->picture_count ? left->picture_count : right->picture_count;
    size_t shown = 0, more = 0;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        const struct output_picture *a = &left->pictures[i], *b = &right->pictures[i];
        if (memcmp(a->hash, b->hash, sizeof a->hash) == 0)
            continue;
        if (shown == PAIRS_SHOWN || a->part->total_bytes > PICTURE_MAX_BYTES ||
            b->part->total_bytes > PICTURE_MAX_BYTES) {
            more++;
            continue;
        }
        status = show_pair(context, sides, i, error);
        if (status == STATUS_NOT_FOUND) /* somebody has removed a file just now */
            status = STATUS_OK;
        shown++;
    }
    if (status == STATUS_OK && more)
        fk_printf(context, "(%zu more pairs of pictures differ and are not shown)\n", more);
    return status;
}

static enum status run(
    struct fk_context *context, size_t count, const char *const *arguments, struct error *error) {
    struct buf names[2] = {BUF_INIT, BUF_INIT};
    size_t first = count ? fk_words_of_name(count, arguments) : 0;
    fk_join(first, arguments, NULL, &names[0]);
    fk_join(count - first, arguments + first, NULL, &names[1]);
    if (!names[1].size) {
        buf_finish(&names[0]);
        return error_set(error, STATUS_INVALID, "two runs are needed; this is how: %s",
            fk_command(context, "diff 12 15").text);
    }
    struct side_by_side_style style = {
        .heading = fk_colour(context, FK_BOLD),
        .removed = fk_colour(context, FK_RED),
        .added = fk_colour(context, FK_GREEN),
        .faint = fk_colour(context, FK_FAINT),
        .plain = fk_colour(context, FK_PLAIN),
    };
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct side sides[2] = {0};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < 2 && status == STATUS_OK; i++)
        status = read_side(context, buf_string(&names[i]), &memory, &sides[i], error);
    if (status == STATUS_OK)
        status = print_headings(context, sides, &style, error);
    if (status == STATUS_OK)
        status = print_texts(context, sides, &style, error);
    if (status == STATUS_OK)
        status = print_outputs(context, sides, &style, error);
    if (status == STATUS_OK)
        status = show_pictures(context, sides, error);
    for (size_t i = 0; i < 2; i++) {
        output_text_finish(&sides[i].outputs);
        buf_finish(&names[i]);
    }
    history_memory_finish(&memory);
    return status;
}

const struct fk_verb fk_diff = {
    .name = "diff",
    .arguments = "RUN RUN",
    .summary = "the texts and the outputs of two runs beside each other",
    .run = run,
};
