#include "kernel/fk/fk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct fk_verb *const verbs[] = {&fk_tree, &fk_show, &fk_restore, &fk_deleted, &fk_log,
    &fk_diff, &fk_states, &fk_undo, &fk_redo, &fk_goto, &fk_resume, &fk_notebook, &fk_label,
    &fk_pin, &fk_unpin, &fk_settings, &fk_help};

const struct fk_verb *fk_verb_at(size_t index) {
    return index < sizeof verbs / sizeof *verbs ? verbs[index] : NULL;
}

const struct fk_verb *fk_verb_find(const char *name) {
    for (size_t i = 0; fk_verb_at(i); i++)
        if (strcmp(fk_verb_at(i)->name, name) == 0)
            return fk_verb_at(i);
    return NULL;
}

void fk_print_bytes(struct fk_context *context, const char *bytes, size_t size) {
    context->sink->text(context->sink->context, bytes, size);
}

void fk_printf(struct fk_context *context, const char *format, ...) {
    struct buf text = BUF_INIT;
    va_list args;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    fk_print_bytes(context, buf_string(&text), text.size);
    buf_finish(&text);
}

void fk_tell_changed(
    struct fk_context *context, enum fk_changed changed, int64_t number, const char *cell_key) {
    if (context->sink->changed)
        context->sink->changed(context->sink->context, changed, number, cell_key);
}

const char *fk_colour(const struct fk_context *context, enum fk_colour colour) {
    static const char *const sequences[] = {
        [FK_PLAIN] = "\x1b[0m",
        [FK_BOLD] = "\x1b[1m",
        [FK_FAINT] = "\x1b[2m",
        [FK_RED] = "\x1b[31m",
        [FK_GREEN] = "\x1b[32m",
        [FK_YELLOW] = "\x1b[33m",
        [FK_BLUE] = "\x1b[34m",
    };
    return context->sink->colours ? sequences[colour] : "";
}

size_t fk_room(const struct fk_context *context, size_t used, size_t most) {
    enum { LEAST = 20 }; /* less tells nothing; then lines may break */
    size_t width = context->sink->width;
    if (!width || used + most <= width)
        return most;
    return width > used + LEAST ? width - used : LEAST;
}

enum fk_colour fk_status_colour(enum history_run_status status) {
    if (status == HISTORY_OK)
        return FK_GREEN;
    return status == HISTORY_RUNNING || status == HISTORY_INTERRUPTED ? FK_YELLOW : FK_RED;
}

void fk_append_run(
    const struct fk_context *context, const struct history_run_info *run, struct buf *out) {
    buf_printf(out, "%s%s%s [%lld]", fk_colour(context, fk_status_colour(run->status)),
        history_run_status_name(run->status), fk_colour(context, FK_PLAIN),
        (long long)run->execution_count);
}

enum status fk_find_cell(struct fk_context *context, const char *key, struct history_memory *memory,
    struct history_cell *ret_cell, struct error *error) {
    struct history_cells cells;
    enum status status =
        history_list_cells(context->history, context->document_id, memory, &cells, error);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < cells.count; i++)
        if (strcmp(cells.items[i].key, key) == 0) {
            *ret_cell = cells.items[i];
            return STATUS_OK;
        }
    return error_set(error, STATUS_NOT_FOUND, "no history of cell '%s' yet", key);
}
