/* %fk tree: the versions of a cell as a tree, newest on top. */
#include "base/clock.h"
#include "base/utf8.h"
#include "kernel/fk/change.h"
#include "kernel/fk/fk.h"
#include "kernel/fk/lanes.h"

#include <stdio.h>
#include <string.h>

enum {
    CHANGE_WIDTH = 60,
    ROWS_MAX = 200, /* of the newest versions; the rest is counted */
};

static enum status append_change(struct fk_context *context, const struct history_version *version,
    struct buf *out, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_version now, before = {0};
    enum status status = history_read_version(
        context->history, context->document_id, version->number, &memory, &now, error);
    if (status == STATUS_OK && version->parent)
        status = history_read_version(
            context->history, context->document_id, version->parent, &memory, &before, error);
    if (status == STATUS_OK)
        change_append(before.text, now.text, CHANGE_WIDTH, out);
    history_memory_finish(&memory);
    return status;
}

/* "ok [12] ×3" */
static void append_runs(
    const struct fk_context *context, const struct history_version *version, struct buf *out) {
    const struct history_runs *runs = &version->runs;
    if (!runs->count) {
        buf_printf(out, "%snot run%s", fk_colour(context, FK_FAINT), fk_colour(context, FK_PLAIN));
        return;
    }
    fk_append_run(context, &runs->items[runs->count - 1], out);
    if (runs->count > 1)
        buf_printf(out, " ×%zu", runs->count);
}

/* The columns are as wide as their widest entry. */
struct widths {
    size_t lanes, number, age, runs;
};

static void widen(size_t *width, size_t to) {
    if (*width < to)
        *width = to;
}

static void pad(struct buf *out, size_t used, size_t width) {
    for (; used < width; used++)
        buf_append_char(out, ' ');
}

static size_t digits(int64_t number) {
    return (size_t)snprintf(NULL, 0, "%lld", (long long)number);
}

static size_t runs_width(const struct history_version *version) {
    struct fk_sink plain = {0};
    struct fk_context colourless = {.sink = &plain};
    struct buf text = BUF_INIT;
    append_runs(&colourless, version, &text);
    size_t width = utf8_count(buf_string(&text), text.size);
    buf_finish(&text);
    return width;
}

static struct widths measure(const struct history_version *versions, size_t count, int64_t now_us) {
    struct widths widths = {0};
    struct lanes lanes = {0};
    struct buf text = BUF_INIT;
    for (size_t i = count; i > 0; i--) {
        const struct history_version *version = &versions[i - 1];
        char age[CLOCK_AGO_BYTES];
        lanes_append_joint(&lanes, version->number, &text);
        buf_clear(&text);
        lanes_append_row(&lanes, version->number, version->parent, "o", &text);
        widen(&widths.lanes, utf8_count(buf_string(&text), text.size));
        clock_format_ago(version->created_us, now_us, age);
        widen(&widths.age, strlen(age));
        widen(&widths.number, digits(version->number));
        widen(&widths.runs, runs_width(version));
    }
    buf_finish(&text);
    return widths;
}

static enum status print_row(struct fk_context *context, struct lanes *lanes,
    const struct history_version *version, const struct widths *widths, int64_t now_us,
    struct error *error) {
    struct buf row = BUF_INIT, drawing = BUF_INIT;
    char age[CLOCK_AGO_BYTES];
    const char *plain = fk_colour(context, FK_PLAIN);
    lanes_append_joint(lanes, version->number, &row);
    lanes_append_row(
        lanes, version->number, version->parent, version->is_head ? "●" : "○", &drawing);
    buf_append(&row, buf_string(&drawing), drawing.size);
    pad(&row, utf8_count(buf_string(&drawing), drawing.size), widths->lanes);
    pad(&row, digits(version->number), widths->number);
    clock_format_ago(version->created_us, now_us, age);
    buf_printf(&row, "%s%lld%s  %s%s%s", fk_colour(context, FK_BOLD), (long long)version->number,
        plain, fk_colour(context, FK_FAINT), age, plain);
    pad(&row, strlen(age), widths->age + 2);
    append_runs(context, version, &row);
    pad(&row, runs_width(version), widths->runs + 2);
    enum status status = append_change(context, version, &row, error);
    if (*version->label || version->pinned)
        buf_printf(&row, "  %s%s%s%s", fk_colour(context, FK_YELLOW),
            version->pinned ? "pinned" : "", version->pinned && *version->label ? ": " : "",
            version->label);
    if (*version->label || version->pinned)
        buf_append_string(&row, plain);
    if (version->is_head)
        buf_printf(&row, "  %s<- head%s", fk_colour(context, FK_BLUE), plain);
    buf_append_char(&row, '\n');
    if (status == STATUS_OK)
        fk_print_bytes(context, buf_string(&row), row.size);
    buf_finish(&row);
    buf_finish(&drawing);
    return status;
}

static const char *plural(int64_t count) {
    return count == 1 ? "" : "s";
}

static enum status print_cell(
    struct fk_context *context, const struct history_cell *cell, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_versions versions;
    enum status status = history_read_tree(context->history, cell->id, &memory, &versions, error);
    if (status == STATUS_OK)
        fk_printf(context, "%scell %s%s: %lld version%s, %lld run%s%s\n",
            fk_colour(context, FK_BOLD), cell->key, fk_colour(context, FK_PLAIN),
            (long long)cell->versions, plural(cell->versions), (long long)cell->runs,
            plural(cell->runs), cell->deleted_us ? ", deleted" : "");
    if (status == STATUS_OK) {
        size_t first = versions.count > ROWS_MAX ? versions.count - ROWS_MAX : 0;
        int64_t now_us = clock_wall_us();
        struct lanes lanes = {0};
        struct widths widths = measure(versions.items + first, versions.count - first, now_us);
        for (size_t i = versions.count; status == STATUS_OK && i > first; i--)
            status = print_row(context, &lanes, &versions.items[i - 1], &widths, now_us, error);
        if (status == STATUS_OK && first)
            fk_printf(context, "(%zu older versions are not shown)\n", first);
    }
    history_memory_finish(&memory);
    return status;
}

static enum status print_all(struct fk_context *context, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_cells cells;
    enum status status =
        history_list_cells(context->history, context->document_id, &memory, &cells, error);
    if (status == STATUS_OK && !cells.count)
        fk_printf(context, "No history yet: it begins with the first cell that is run.\n");
    for (size_t i = 0; status == STATUS_OK && i < cells.count; i++) {
        if (i)
            fk_printf(context, "\n");
        status = print_cell(context, &cells.items[i], error);
    }
    history_memory_finish(&memory);
    return status;
}

/* The tree of the cell that has version `number`. */
static enum status print_cell_of(struct fk_context *context, int64_t number, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_version version;
    struct history_cells cells;
    enum status status = history_read_version(
        context->history, context->document_id, number, &memory, &version, error);
    if (status == STATUS_OK)
        status = history_list_cells(context->history, context->document_id, &memory, &cells, error);
    for (size_t i = 0; status == STATUS_OK && i < cells.count; i++)
        if (cells.items[i].id == version.cell_id) {
            status = print_cell(context, &cells.items[i], error);
            break;
        }
    history_memory_finish(&memory);
    return status;
}

static enum status run(
    struct fk_context *context, size_t count, const char *const *arguments, struct error *error) {
    if (count > 1)
        return error_set(
            error, STATUS_INVALID, "too many words; this is how: tree [VERSION | all]");
    if (count == 1 && strcmp(arguments[0], "all") == 0)
        return print_all(context, error);
    if (count == 1) {
        int64_t number = 0;
        enum status status = fk_parse_number(arguments[0], &number, error);
        return status == STATUS_OK ? print_cell_of(context, number, error) : status;
    }
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_cell cell;
    enum status status = context->cell_key
                             ? fk_find_cell(context, context->cell_key, &memory, &cell, error)
                             : STATUS_NOT_FOUND;
    if (status == STATUS_OK)
        status = print_cell(context, &cell, error);
    else if (status == STATUS_NOT_FOUND)
        status = print_all(context, error); /* a cell that has only ever held this command */
    history_memory_finish(&memory);
    return status;
}

const struct fk_verb fk_tree = {
    .name = "tree",
    .arguments = "[VERSION | all]",
    .summary = "the versions of this cell (of the cell with VERSION, of all cells) as a tree",
    .run = run,
};
