/* %fk help: the verbs. */
#include "kernel/fk/fk.h"

static enum status run(
    struct fk_context *context, size_t count, const char *const *arguments, struct error *error) {
    (void)count;
    (void)arguments;
    (void)error;
    fk_printf(context, "The history of this notebook: every text of every cell, every output of "
                       "every run.\n\n");
    for (size_t i = 0; fk_verb_at(i); i++) {
        const struct fk_verb *verb = fk_verb_at(i);
        struct buf usage = BUF_INIT;
        buf_printf(&usage, "%%fk %s %s", verb->name, verb->arguments);
        fk_printf(context, "  %-32s %s\n", buf_string(&usage), verb->summary);
        buf_finish(&usage);
    }
    fk_printf(context,
        "\nVERSION is a number as the tree shows it. In a terminal: forkernel tree "
        "NOTEBOOK.ipynb, and so on.\nThe history is in %s\n",
        history_folder(context->history));
    return STATUS_OK;
}

const struct fk_verb fk_help = {
    .name = "help",
    .arguments = "",
    .summary = "these lines",
    .run = run,
};
