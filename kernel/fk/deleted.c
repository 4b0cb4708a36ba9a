/* %fk deleted: the cells that are in the notebook no more, and how each comes back. */
#include "base/clock.h"
#include "kernel/fk/fk.h"

#include <stdlib.h>

static int newest_first(const void *a, const void *b) {
    int64_t x = (*(const struct history_cell *const *)a)->deleted_us;
    int64_t y = (*(const struct history_cell *const *)b)->deleted_us;
    return (x < y) - (x > y);
}

static void print_cell(struct fk_context *context, const struct history_cell *cell) {
    char age[CLOCK_AGO_BYTES];
    clock_format_ago(cell->deleted_us, clock_wall_us(), age);
    fk_printf(context, "%s%-18s%s version %-5lld %s%s%s  (%lld version%s, %lld run%s)\n",
        fk_colour(context, FK_FAINT), age, fk_colour(context, FK_PLAIN), (long long)cell->head,
        fk_colour(context, FK_BOLD), *cell->summary ? cell->summary : "(empty)",
        fk_colour(context, FK_PLAIN), (long long)cell->versions, cell->versions == 1 ? "" : "s",
        (long long)cell->runs, cell->runs == 1 ? "" : "s");
}

static void print_help(struct fk_context *context) {
    if (context->sink->next_input)
        fk_printf(context,
            "\n%%fk restore VERSION in a new cell brings the text and its last output into that "
            "cell; %%fk tree VERSION shows all versions of the deleted one.\n");
    else
        fk_printf(context,
            "\nforkernel restore NOTEBOOK VERSION makes a cell count as not deleted again, with "
            "--print its text is written here; forkernel notebook makes a whole new file.\n");
}

/* NULL without memory. */
static const struct history_cell **pick(const struct history_cells *cells, size_t *ret_count) {
    const struct history_cell **deleted = calloc(cells->count + 1, sizeof *deleted);
    size_t count = 0;
    if (!deleted)
        return NULL;
    for (size_t i = 0; i < cells->count; i++)
        if (cells->items[i].deleted_us)
            deleted[count++] = &cells->items[i];
    qsort(deleted, count, sizeof *deleted, newest_first);
    *ret_count = count;
    return deleted;
}

static enum status print(
    struct fk_context *context, const struct history_cells *cells, struct error *error) {
    size_t count = 0;
    const struct history_cell **deleted = pick(cells, &count);
    if (!deleted)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++)
        print_cell(context, deleted[i]);
    free(deleted);
    if (count)
        print_help(context);
    else
        fk_printf(context, "No cell of this notebook was deleted.\n");
    return STATUS_OK;
}

static enum status run(
    struct fk_context *context, size_t count, const char *const *arguments, struct error *error) {
    (void)arguments;
    if (count)
        return error_set(error, STATUS_INVALID, "deleted takes no words behind it");
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_cells cells = {0};
    enum status status =
        history_list_cells(context->history, context->document_id, &memory, &cells, error);
    if (status == STATUS_OK)
        status = print(context, &cells, error);
    history_memory_finish(&memory);
    return status;
}

const struct fk_verb fk_deleted = {
    .name = "deleted",
    .arguments = "",
    .summary = "the cells that were deleted, newest first, and how each comes back",
    .run = run,
};
