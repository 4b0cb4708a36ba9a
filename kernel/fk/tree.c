/* %fk tree: the versions of a cell as a tree, newest on top. */
#include "base/clock.h"
#include "base/utf8.h"
#include "kernel/fk/cell_names.h"
#include "kernel/fk/change.h"
#include "kernel/fk/edges.h"
#include "kernel/fk/fk.h"
#include "kernel/fk/fold.h"
#include "kernel/fk/lanes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHANGE_WIDTH = 60,
    GAPS = 19, /* between the columns, for a sign, and for "<- head" behind */
    NAME_WIDTH = 60,
    ROWS_MAX = 200, /* of the newest versions; the rest is counted */
};

static enum status append_change(struct fk_context *context, const struct fold_row *row,
    size_t room, struct buf *out, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_version now, before = {0};
    enum status status = history_read_version(
        context->history, context->document_id, row->version->number, &memory, &now, error);
    if (status == STATUS_OK && row->parent)
        status = history_read_version(
            context->history, context->document_id, row->parent, &memory, &before, error);
    if (status == STATUS_OK)
        change_append(before.text, now.text, room, out);
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

static const char *plural(int64_t count) {
    return count == 1 ? "" : "s";
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

static struct widths measure(const struct fold_row *rows, size_t count, int64_t now_us) {
    struct widths widths = {0};
    struct lanes lanes = {0};
    struct buf text = BUF_INIT;
    for (size_t i = count; i > 0; i--) {
        const struct history_version *version = rows[i - 1].version;
        char age[CLOCK_AGO_BYTES];
        lanes_append_joint(&lanes, version->number, &text);
        buf_clear(&text);
        lanes_append_row(&lanes, version->number, rows[i - 1].parent, "o", &text);
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
    const struct fold_row *fold, const struct widths *widths, int64_t now_us, struct error *error) {
    const struct history_version *version = fold->version;
    struct buf row = BUF_INIT, drawing = BUF_INIT;
    char age[CLOCK_AGO_BYTES];
    const char *plain = fk_colour(context, FK_PLAIN);
    lanes_append_joint(lanes, version->number, &row);
    lanes_append_row(lanes, version->number, fold->parent, version->is_head ? "●" : "○", &drawing);
    buf_append(&row, buf_string(&drawing), drawing.size);
    pad(&row, utf8_count(buf_string(&drawing), drawing.size), widths->lanes);
    pad(&row, digits(version->number), widths->number);
    clock_format_ago(version->created_us, now_us, age);
    buf_printf(&row, "%s%lld%s  %s%s%s", fk_colour(context, FK_BOLD), (long long)version->number,
        plain, fk_colour(context, FK_FAINT), age, plain);
    pad(&row, strlen(age), widths->age + 2);
    append_runs(context, version, &row);
    pad(&row, runs_width(version), widths->runs + 2);
    size_t used = widths->lanes + widths->number + widths->age + widths->runs + GAPS;
    enum status status =
        append_change(context, fold, fk_room(context, used, CHANGE_WIDTH), &row, error);
    if (fold->folded)
        buf_printf(&row, "  %s(%zu step%s of typing)%s", fk_colour(context, FK_FAINT),
            fold->folded + 1, plural((int64_t)fold->folded + 1), plain);
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

static enum status print_rows(
    struct fk_context *context, const struct fold_rows *rows, struct error *error) {
    size_t first = rows->count > ROWS_MAX ? rows->count - ROWS_MAX : 0;
    int64_t now_us = clock_wall_us();
    struct lanes lanes = {0};
    struct widths widths = measure(rows->items + first, rows->count - first, now_us);
    enum status status = STATUS_OK;
    for (size_t i = rows->count; status == STATUS_OK && i > first; i--)
        status = print_row(context, &lanes, &rows->items[i - 1], &widths, now_us, error);
    size_t older = 0;
    for (size_t i = 0; i < first; i++)
        older += 1 + rows->items[i].folded;
    if (status == STATUS_OK && older)
        fk_printf(
            context, "(%zu older version%s not shown)\n", older, older == 1 ? " is" : "s are");
    return status;
}

/* "c3 Growth  under Results, 4 versions, 2 runs" */
static void print_heading(struct fk_context *context, const struct cell_name *name) {
    const struct history_cell *cell = name->cell;
    struct buf line = BUF_INIT, behind = BUF_INIT;
    if (cell->type != HISTORY_CELL_CODE)
        buf_printf(&behind, "%s, ", history_cell_type_name(cell->type));
    if (*name->heading && name->name != name->heading)
        buf_printf(&behind, "under %s, ", name->heading);
    buf_printf(&behind, "%lld version%s", (long long)cell->versions, plural(cell->versions));
    if (cell->type == HISTORY_CELL_CODE || cell->runs)
        buf_printf(&behind, ", %lld run%s", (long long)cell->runs, plural(cell->runs));
    buf_append_string(&behind, cell->deleted_us ? ", deleted" : "");
    size_t used = utf8_count(buf_string(&behind), behind.size) + digits((int64_t)name->number) + 4;
    buf_append_string(&line, fk_colour(context, FK_BOLD));
    cell_name_append(name, fk_room(context, used, NAME_WIDTH), &line);
    buf_printf(&line, "%s  %s%s%s\n", fk_colour(context, FK_PLAIN), fk_colour(context, FK_FAINT),
        buf_string(&behind), fk_colour(context, FK_PLAIN));
    fk_print_bytes(context, buf_string(&line), line.size);
    buf_finish(&line);
    buf_finish(&behind);
}

static enum status print_cell(
    struct fk_context *context, const struct cell_name *name, bool every, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_versions versions;
    struct fold_rows rows = {0};
    enum status status =
        history_read_tree(context->history, name->cell->id, &memory, &versions, error);
    if (status == STATUS_OK)
        status = fold_typing(&versions, every, &rows, error);
    if (status == STATUS_OK)
        print_heading(context, name);
    if (status == STATUS_OK)
        status = print_rows(context, &rows, error);
    if (status == STATUS_OK)
        status = edges_print(context, name->cell->key, error);
    free(rows.items);
    history_memory_finish(&memory);
    return status;
}

/* As they stand in the notebook, so that the cells under a heading follow it. */
static enum status print_all(
    struct fk_context *context, const struct cell_names *names, bool every, struct error *error) {
    enum status status = STATUS_OK;
    if (!names->count)
        fk_printf(context, "No history yet: it begins with the first cell that is run.\n");
    for (size_t i = 0; status == STATUS_OK && i < names->count; i++) {
        if (i)
            fk_printf(context, "\n");
        status = print_cell(context, &names->items[i], every, error);
    }
    return status;
}

static enum status print_found(struct fk_context *context, const struct cell_names *names,
    const char *typed, bool every, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_version version = {0};
    struct fk_thing thing;
    enum status status = fk_find(context, typed, FK_VERSION, &thing, error);
    int64_t cell_id = thing.number;
    if (status == STATUS_OK && thing.kind != FK_CELL) {
        int64_t number = 0;
        status = fk_find_version(context, typed, &number, error);
        if (status == STATUS_OK)
            status = history_read_version(
                context->history, context->document_id, number, &memory, &version, error);
        cell_id = version.cell_id;
    }
    const struct cell_name *name = status == STATUS_OK ? cell_names_of(names, cell_id) : NULL;
    if (name)
        status = print_cell(context, name, every, error);
    history_memory_finish(&memory);
    return status;
}

/* It has held `%fk tree` and the like, perhaps as it was being typed, and nothing else. */
static bool holds_commands_only(struct fk_context *context, const struct history_cell *cell) {
    enum { LOOKED_AT = 64 };
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_versions versions = {0};
    struct error error;
    bool only =
        !cell->runs && cell->versions <= LOOKED_AT &&
        history_read_tree(context->history, cell->id, &memory, &versions, &error) == STATUS_OK;
    for (size_t i = 0; only && i < versions.count; i++)
        only = !*versions.items[i].summary || *versions.items[i].summary == '%';
    history_memory_finish(&memory);
    return only;
}

/* The cell that asks; where that has no history, or is one for commands, all of them. */
static enum status print_asking_cell(
    struct fk_context *context, const struct cell_names *names, bool every, struct error *error) {
    const struct cell_name *name =
        context->cell_key ? cell_names_of_key(names, context->cell_key) : NULL;
    if (!name || holds_commands_only(context, name->cell))
        return print_all(context, names, every, error);
    return print_cell(context, name, every, error);
}

static enum status run(
    struct fk_context *context, size_t count, const char *const *arguments, struct error *error) {
    struct buf which = BUF_INIT;
    struct cell_names names;
    bool every = fk_join(count, arguments, "--typing", &which);
    enum status status = cell_names_read(context, &names, error);
    if (status == STATUS_OK) {
        const char *typed = buf_string(&which);
        if (!*typed)
            status = print_asking_cell(context, &names, every, error);
        else if (strcmp(typed, "all") == 0)
            status = print_all(context, &names, every, error);
        else
            status = print_found(context, &names, typed, every, error);
        cell_names_finish(&names);
    }
    buf_finish(&which);
    return status;
}

const struct fk_verb fk_tree = {
    .name = "tree",
    .arguments = "[CELL | all] [--typing]",
    .summary = "the versions of this cell, of another one or of all cells as a tree; --typing: "
               "each step of typing, too",
    .run = run,
};
