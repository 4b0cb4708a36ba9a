/* %fk restore: a version's text back into the cell, its newest outputs with it, and the head on it.
 */
#include "base/clock.h"
#include "kernel/fk/fk.h"
#include "kernel/run_outputs.h"

#include <string.h>

/* A version of another cell goes into the cell that asks, which gets a new version of its own when
   it is run; the other cell's head stays. A cell that asks and has no history yet may be the one,
   as the front end has not told, but none that was deleted. */
static bool belongs_to_asking_cell(struct fk_context *context, const struct history_cell *cell) {
    if (!context->cell_key)
        return !cell->deleted_us;
    if (strcmp(context->cell_key, cell->key) == 0)
        return true;
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_cell asking;
    struct error error;
    bool known = fk_find_cell(context, context->cell_key, &memory, &asking, &error) == STATUS_OK;
    history_memory_finish(&memory);
    return !known && !cell->deleted_us;
}

static enum status find_cell(struct fk_context *context, int64_t cell_id,
    struct history_memory *memory, struct history_cell *ret_cell, struct error *error) {
    struct history_cells cells = {0};
    enum status status =
        history_list_cells(context->history, context->document_id, memory, &cells, error);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < cells.count; i++)
        if (cells.items[i].id == cell_id) {
            *ret_cell = cells.items[i];
            return STATUS_OK;
        }
    return error_set(error, STATUS_NOT_FOUND, "the cell of this version is not there");
}

static enum status move_head(struct fk_context *context, const struct history_version *version,
    const struct history_cell *cell, struct error *error) {
    enum status status = history_move_head(
        context->history, context->document_id, version->number, HISTORY_CAUSE_RESTORE, 0, error);
    if (status == STATUS_OK)
        fk_tell_changed(context, FK_CHANGED_HEAD, version->number, cell->key);
    if (status == STATUS_OK && cell->deleted_us)
        fk_printf(context, "Its cell was deleted; in the history it is there again.\n");
    else if (status == STATUS_OK && cell->head != version->number)
        fk_printf(context, "Version %lld was shown before: %s goes back to it.\n",
            (long long)cell->head, fk_command(context, "restore %lld", (long long)cell->head).text);
    return status;
}

/* The outputs of another day must not look like new ones. */
static enum status show_outputs(
    struct fk_context *context, const struct history_version *version, struct error *error) {
    if (!version->runs.count) {
        fk_printf(context, "Version %lld is back. It was never run.\n", (long long)version->number);
        return STATUS_OK;
    }
    const struct history_run_info *newest = &version->runs.items[version->runs.count - 1];
    char age[CLOCK_AGO_BYTES], date[CLOCK_DATE_BYTES];
    struct buf line = BUF_INIT;
    int64_t left_out = 0;
    clock_format_ago(newest->started_us, clock_wall_us(), age);
    clock_format_date(newest->started_us, date);
    fk_append_run(context, newest, &line);
    fk_printf(context, "Version %lld is back, with the output of its last run (%s, %s, %s)",
        (long long)version->number, buf_string(&line), age, date);
    buf_finish(&line);
    enum status status = run_outputs_left_out(context->history, newest->id, &left_out, error);
    if (status != STATUS_OK)
        return status;
    if (left_out)
        fk_printf(context, ", of which %lld bytes were not kept", (long long)left_out);
    if (newest->outputs_dropped)
        fk_printf(
            context, ", without %lld displays past the limit", (long long)newest->outputs_dropped);
    fk_printf(context, ":\n");
    return fk_show_outputs(context, newest->id, error);
}

/* In a terminal: there is no cell to put anything into. */
static enum status move_only(struct fk_context *context, const struct history_version *version,
    const struct history_cell *cell, struct error *error) {
    if (cell->head == version->number && !cell->deleted_us) {
        fk_printf(
            context, "Version %lld is what its cell shows already.\n", (long long)version->number);
        return STATUS_OK;
    }
    enum status status = move_head(context, version, cell, error);
    if (status == STATUS_OK)
        fk_printf(context,
            "Version %lld is the head of its cell now. The notebook file is not touched: an open "
            "page that shows the history is told; elsewhere, '%%fk restore %lld' in the cell puts "
            "the text there, and --print writes it here.\n",
            (long long)version->number, (long long)version->number);
    return status;
}

/* Into the cell that asks. */
static enum status put_back(struct fk_context *context, const struct history_version *version,
    const struct history_cell *cell, struct error *error) {
    enum status status = STATUS_OK;
    if (belongs_to_asking_cell(context, cell))
        status = move_head(context, version, cell, error);
    else
        fk_printf(context,
            "Version %lld is of another cell%s: its text comes into this one, the other cell "
            "stays as it is.\n",
            (long long)version->number, cell->deleted_us ? ", which was deleted" : "");
    if (status != STATUS_OK)
        return status;
    context->sink->next_input(context->sink->context, version->text, version->text_bytes);
    return show_outputs(context, version, error);
}

static enum status restore(
    struct fk_context *context, const struct history_version *version, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_cell cell = {.key = ""};
    enum status status = find_cell(context, version->cell_id, &memory, &cell, error);
    if (status == STATUS_OK && context->sink->next_input)
        status = put_back(context, version, &cell, error);
    else if (status == STATUS_OK)
        status = move_only(context, version, &cell, error);
    history_memory_finish(&memory);
    return status;
}

static enum status run(
    struct fk_context *context, size_t count, const char *const *arguments, struct error *error) {
    struct buf typed = BUF_INIT;
    bool print = fk_join(count, arguments, "--print", &typed);
    int64_t number = 0;
    enum status status = typed.size
                             ? fk_find_version(context, buf_string(&typed), &number, error)
                             : error_set(error, STATUS_INVALID,
                                   "which version? this is how: %s, or [3] for what cell [3] ran",
                                   fk_command(context, "restore 7").text);
    buf_finish(&typed);
    if (status != STATUS_OK)
        return status;
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_version version;
    status = history_read_version(
        context->history, context->document_id, number, &memory, &version, error);
    if (status == STATUS_OK && print) {
        fk_print_bytes(context, version.text, version.text_bytes);
        if (version.text_bytes && version.text[version.text_bytes - 1] != '\n')
            fk_printf(context, "\n");
    } else if (status == STATUS_OK) {
        status = restore(context, &version, error);
    }
    history_memory_finish(&memory);
    return status;
}

const struct fk_verb fk_restore = {
    .name = "restore",
    .arguments = "VERSION [--print]",
    .summary = "put a version back into its cell, with its outputs (--print: only print the text)",
    .run = run,
};
