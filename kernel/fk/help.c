/* %fk help: the verbs. */
#include "base/columns.h"
#include "kernel/fk/fk.h"

enum { SUMMARY_AT = 26, WIDTH = 79 };

static enum status run(
    struct fk_context *context, size_t count, const char *const *arguments, struct error *error) {
    (void)count;
    (void)arguments;
    (void)error;
    struct buf lines = BUF_INIT;
    for (size_t i = 0; fk_verb_at(i); i++) {
        const struct fk_verb *verb = fk_verb_at(i);
        struct buf usage = BUF_INIT;
        buf_printf(&usage, "  %%fk %s %s", verb->name, verb->arguments);
        columns_append(&lines, buf_string(&usage), verb->summary, SUMMARY_AT, WIDTH);
        buf_finish(&usage);
    }
    fk_printf(context,
        "The history of this notebook: every text of every cell, every output of "
        "every\nrun.\n\n%s\n"
        "VERSION is what you are shown: 7 or v7; r12 or [3] for what a run ran; a label;\n"
        "or a cell for what it shows. CELL is c3, a name or a part of it, or a version.\n"
        "TIME is one as people write it: 17:00, 5 minutes ago, yesterday 17:00, May 3.\n"
        "In a terminal: forkernel tree NOTEBOOK.ipynb, and so on. The history is in\n%s\n",
        buf_string(&lines), history_folder(context->history));
    buf_finish(&lines);
    return STATUS_OK;
}

const struct fk_verb fk_help = {
    .name = "help",
    .arguments = "",
    .summary = "these lines",
    .run = run,
};
