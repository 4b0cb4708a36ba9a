/* %fk deleted: the cells that are in the notebook no more, and how each comes back. */
#include "base/clock.h"
#include "kernel/fk/cell_names.h"
#include "kernel/fk/fk.h"

enum { NAME_WIDTH = 60 };

static void print_cell(struct fk_context *context, const struct cell_name *name) {
    const struct history_cell *cell = name->cell;
    char age[CLOCK_AGO_BYTES];
    struct buf title = BUF_INIT;
    clock_format_ago(cell->deleted_us, clock_wall_us(), age);
    cell_name_append(name, NAME_WIDTH, &title);
    fk_printf(context, "%s%-18s%s version %-5lld %s%s%s  (%lld version%s, %lld run%s)\n",
        fk_colour(context, FK_FAINT), age, fk_colour(context, FK_PLAIN), (long long)cell->head,
        fk_colour(context, FK_BOLD), buf_string(&title), fk_colour(context, FK_PLAIN),
        (long long)cell->versions, cell->versions == 1 ? "" : "s", (long long)cell->runs,
        cell->runs == 1 ? "" : "s");
    buf_finish(&title);
}

static void print_help(struct fk_context *context) {
    if (context->sink->next_input)
        fk_printf(context,
            "\n%s in a new cell brings the text and its last output into that cell;\n%s shows all "
            "versions of the deleted one.\n",
            fk_command(context, "restore VERSION").text, fk_command(context, "tree VERSION").text);
    else
        fk_printf(context,
            "\n%s\n    makes a cell count as not deleted again; with --print its text is written "
            "here\n%s\n    makes a whole new file\n",
            fk_command(context, "restore VERSION").text, fk_command(context, "notebook").text);
}

static enum status run(
    struct fk_context *context, size_t count, const char *const *arguments, struct error *error) {
    (void)arguments;
    if (count)
        return error_set(error, STATUS_INVALID, "%s takes no words behind it",
            fk_command(context, "deleted").text);
    struct cell_names names;
    size_t deleted = 0;
    enum status status = cell_names_read(context, &names, error);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < names.count; i++)
        if (names.items[i].cell->deleted_us) {
            print_cell(context, &names.items[i]);
            deleted++;
        }
    if (deleted)
        print_help(context);
    else
        fk_printf(context, "No cell of this notebook was deleted.\n");
    cell_names_finish(&names);
    return STATUS_OK;
}

const struct fk_verb fk_deleted = {
    .name = "deleted",
    .arguments = "",
    .summary = "the cells that were deleted, newest first, and how each comes back",
    .run = run,
};
