/* %fk restore: a version's text back into the cell, its newest outputs with it, and the head on it.
 */
#include "base/clock.h"
#include "kernel/fk/fk.h"

#include <string.h>

/* A version of another cell goes into the cell that asks, which gets a new version of its own when
   it is run; the other cell's head stays. */
static bool belongs_to_asking_cell(
    struct fk_context *context, const struct history_version *version) {
    if (!context->cell_key)
        return true;
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_cell cell;
    struct error error;
    bool same = fk_find_cell(context, context->cell_key, &memory, &cell, &error) != STATUS_OK ||
                cell.id == version->cell_id;
    history_memory_finish(&memory);
    return same;
}

static enum status put_back(
    struct fk_context *context, const struct history_version *version, struct error *error) {
    enum status status = STATUS_OK;
    if (belongs_to_asking_cell(context, version))
        status = history_move_head(context->history, context->document_id, version->number,
            HISTORY_CAUSE_RESTORE, 0, error);
    else
        fk_printf(context,
            "Version %lld is of another cell: its text comes into this one, the "
            "other cell stays as it is.\n",
            (long long)version->number);
    if (status != STATUS_OK)
        return status;
    context->sink->next_input(context->sink->context, version->text, version->text_bytes);
    if (!version->runs.count) {
        fk_printf(context, "Version %lld is back. It was never run.\n", (long long)version->number);
        return STATUS_OK;
    }
    const struct history_run_info *newest = &version->runs.items[version->runs.count - 1];
    char age[CLOCK_AGO_BYTES];
    struct buf line = BUF_INIT;
    clock_format_ago(newest->started_us, clock_wall_us(), age);
    fk_append_run(context, newest, &line);
    fk_printf(context, "Version %lld is back, with the output of its last run (%s, %s):\n",
        (long long)version->number, buf_string(&line), age);
    buf_finish(&line);
    return fk_show_outputs(context, newest->id, error);
}

static enum status run(
    struct fk_context *context, size_t count, const char *const *arguments, struct error *error) {
    bool print = false;
    const char *word = NULL;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(arguments[i], "--print") == 0)
            print = true;
        else if (word)
            return error_set(
                error, STATUS_INVALID, "one version number is enough: restore VERSION");
        else
            word = arguments[i];
    }
    int64_t number = 0;
    if (!word)
        return error_set(error, STATUS_INVALID, "a version number is needed: restore VERSION");
    enum status status = fk_parse_number(word, &number, error);
    if (status != STATUS_OK)
        return status;
    if (!print && !context->sink->next_input)
        return error_set(error, STATUS_INVALID,
            "a notebook file is never written from here; restore %lld --print writes the text to "
            "the terminal, and a cell with %%fk restore %lld gets it back in the notebook",
            (long long)number, (long long)number);

    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_version version;
    status = history_read_version(
        context->history, context->document_id, number, &memory, &version, error);
    if (status == STATUS_OK && print) {
        fk_print_bytes(context, version.text, version.text_bytes);
        if (version.text_bytes && version.text[version.text_bytes - 1] != '\n')
            fk_printf(context, "\n");
    } else if (status == STATUS_OK) {
        status = put_back(context, &version, error);
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
