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

/* Digits, perhaps behind `letter` or '#'. */
static bool read_number(const char *word, char letter, int64_t *ret_number) {
    const char *digits = *word == letter || *word == '#' ? word + 1 : word;
    char *end;
    long long number = strtoll(digits, &end, 10);
    if (*digits < '0' || *digits > '9' || *end || number < 1)
        return false;
    *ret_number = number;
    return true;
}

enum status fk_parse_number(const char *word, int64_t *ret_number, struct error *error) {
    if (read_number(word, 'v', ret_number))
        return STATUS_OK;
    return error_set(
        error, STATUS_INVALID, "'%s' is no version number; the tree shows them: %%fk tree", word);
}

enum status fk_parse_run(const char *word, int64_t *ret_run_id, struct error *error) {
    if (read_number(word, 'r', ret_run_id))
        return STATUS_OK;
    return error_set(error, STATUS_INVALID,
        "'%s' is no run; %%fk show VERSION has the numbers of a version's runs", word);
}

enum status fk_find_run(
    struct fk_context *context, const char *word, int64_t *ret_run_id, struct error *error) {
    if (*word != '[')
        return fk_parse_run(word, ret_run_id, error);
    char *end;
    long long count = strtoll(word + 1, &end, 10);
    if (strcmp(end, "]") != 0 || !context->session_id)
        return error_set(error, STATUS_INVALID, "'%s' is no run; %%fk states lists them", word);
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_states runs = {0};
    enum status status =
        history_list_states(context->history, context->document_id, &memory, &runs, error);
    *ret_run_id = 0;
    for (size_t i = 0; i < runs.count; i++)
        if (runs.items[i].session_id == context->session_id &&
            runs.items[i].execution_count == count)
            *ret_run_id = runs.items[i].run_id;
    history_memory_finish(&memory);
    if (status == STATUS_OK && !*ret_run_id)
        status = error_set(error, STATUS_NOT_FOUND,
            "no cell was recorded as [%lld] since this kernel started; %%fk states lists the runs",
            count);
    return status;
}

enum status fk_find_version(
    struct fk_context *context, const char *word, int64_t *ret_number, struct error *error) {
    if (*word != 'r' && *word != '[')
        return fk_parse_number(word, ret_number, error);
    int64_t run_id = 0;
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_states runs = {0};
    enum status status = fk_find_run(context, word, &run_id, error);
    if (status == STATUS_OK)
        status = history_list_states(context->history, context->document_id, &memory, &runs, error);
    *ret_number = 0;
    for (size_t i = 0; i < runs.count; i++)
        if (runs.items[i].run_id == run_id)
            *ret_number = runs.items[i].version;
    history_memory_finish(&memory);
    if (status == STATUS_OK && !*ret_number)
        status = error_set(
            error, STATUS_NOT_FOUND, "run %lld is not of this notebook", (long long)run_id);
    return status;
}

void fk_append_status(const struct fk_context *context, enum history_run_status status,
    int64_t execution_count, struct buf *out) {
    enum fk_colour colour = FK_RED;
    if (status == HISTORY_OK)
        colour = FK_GREEN;
    else if (status == HISTORY_RUNNING || status == HISTORY_INTERRUPTED)
        colour = FK_YELLOW;
    buf_printf(out, "%s%s%s [%lld]", fk_colour(context, colour), history_run_status_name(status),
        fk_colour(context, FK_PLAIN), (long long)execution_count);
}

void fk_append_run(
    const struct fk_context *context, const struct history_run_info *run, struct buf *out) {
    fk_append_status(context, run->status, run->execution_count, out);
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
