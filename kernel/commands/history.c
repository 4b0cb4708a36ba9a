/* forkernel tree, show, diff, restore, log, states: the %fk verbs in a terminal, whether a kernel
 * runs or not. */
#include "kernel/cell_place.h"
#include "kernel/commands/command.h"
#include "kernel/fk/fk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORDS_MAX = 64 };

static void sink_text(void *context, const char *text, size_t size) {
    (void)context;
    fwrite(text, 1, size, stdout);
}

/* A terminal shows the text of a bundle, and of the rest where the files are. */
static void sink_bundle(void *context, json_t *data, const struct history_output *output) {
    (void)context;
    const json_t *plain = json_object_get(data, "text/plain");
    if (plain)
        printf("%s\n", json_string_value(plain));
    for (size_t i = 0; i < output->part_count; i++)
        if (*output->parts[i].path && strcmp(output->parts[i].mime, "text/plain") != 0)
            printf("[%s: %s]\n", output->parts[i].mime, output->parts[i].path);
}

static int list_notebooks(struct history *history) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_documents documents;
    struct error error;
    int exit_status = 0;
    if (history_list_documents(history, &memory, &documents, &error) != STATUS_OK)
        exit_status = command_failed(&error);
    else
        for (size_t i = 0; i < documents.count; i++)
            if (*documents.items[i].path)
                printf("%s: %lld cells, %lld versions, %lld runs\n", documents.items[i].path,
                    (long long)documents.items[i].cells, (long long)documents.items[i].versions,
                    (long long)documents.items[i].runs);
    history_memory_finish(&memory);
    return exit_status;
}

static enum status run_verb(struct history *history, const struct fk_verb *verb,
    const char *notebook, size_t count, const char *const *words, struct error *error) {
    struct fk_sink sink = {
        .text = sink_text, .bundle = sink_bundle, .colours = isatty(STDOUT_FILENO) == 1};
    struct fk_context context = {.history = history, .sink = &sink};
    char *path = document_path_normalise(notebook);
    if (!path)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    enum status status = history_find_document(history, path, &context.document_id, error);
    if (status == STATUS_NOT_FOUND)
        error_set(error, status,
            "no history of '%s' in '%s'; it begins with the first cell that is run, and 'forkernel "
            "tree' alone lists the notebooks that have one",
            path, history_folder(history));
    else if (status == STATUS_OK)
        status = verb->run(&context, count, words, error);
    free(path);
    return status;
}

/* Opening for writing seals what a killed kernel left open, so that its last run is shown as it
   ended. Only where there is a store already, and one that cannot be written is looked at as it is.
 */
static enum status open_store(struct history **ret_history, struct error *error) {
    struct history_options look = {.read_only = true};
    struct history *history = NULL;
    enum status status = history_open(&look, &history, error);
    if (status != STATUS_OK)
        return status;
    history_close(&history); /* SQLite's locks do not stand a second opening in one process */
    if (history_open(NULL, &history, NULL) != STATUS_OK)
        status = history_open(&look, &history, error);
    if (status == STATUS_OK)
        *ret_history = history;
    return status;
}

static int run(const struct command *command, int argc, char **argv) {
    const char *words[WORDS_MAX];
    const char *notebook = NULL;
    size_t count = 0;
    for (int i = 1; i < argc; i++) {
        bool option = strncmp(argv[i], "--", 2) == 0;
        bool known = (command == &command_restore && strcmp(argv[i], "--print") == 0) ||
                     (command == &command_notebook && i + 1 < argc);
        if (option && !known)
            return command_misused(command, "unknown option '%s'", argv[i]);
        if (!notebook && !option)
            notebook = argv[i];
        else if (count == WORDS_MAX)
            return command_misused(command, "too many words");
        else
            words[count++] = argv[i];
    }
    if (!notebook && command != &command_tree)
        return command_misused(command, "which notebook?");

    struct history *history = NULL;
    struct error error;
    if (open_store(&history, &error) != STATUS_OK)
        return command_failed(&error);
    int exit_status = 0;
    if (!notebook) {
        exit_status = list_notebooks(history);
    } else {
        enum status status =
            run_verb(history, fk_verb_find(command->name), notebook, count, words, &error);
        if (status == STATUS_INVALID)
            exit_status = command_misused(command, "%s", error.message);
        else if (status != STATUS_OK)
            exit_status = command_failed(&error);
    }
    history_close(&history);
    return exit_status;
}

const struct command command_tree = {
    .name = "tree",
    .arguments = "[NOTEBOOK [VERSION | all]]",
    .summary = "the versions of a notebook's cells (alone: the notebooks that have a history)",
    .run = run,
};

const struct command command_show = {
    .name = "show",
    .arguments = "NOTEBOOK VERSION",
    .summary = "one version with the outputs of its runs",
    .run = run,
};

const struct command command_states = {
    .name = "states",
    .arguments = "NOTEBOOK",
    .summary = "the states that runs left, as a tree, and how each can be had again",
    .help = "Going to one needs a kernel: %fk goto RUN in a cell.\n",
    .run = run,
};

const struct command command_notebook = {
    .name = "notebook",
    .arguments = "NOTEBOOK [TIME | --before RUN | --path RUN] [--output FILE]",
    .summary =
        "the whole notebook as it was at a time, or the cells that led to a state, as a new file",
    .help = "TIME is 17:00, yesterday 17:00, 2026-03-01 09:30 or 20 min ago; without one: now.\n"
            "  --before RUN   as it was just before that run\n"
            "  --path RUN     the runs that led to the state which this one left, in their order\n"
            "  --output FILE  where to; else beside the notebook. Nothing is written over.\n",
    .run = run,
};

const struct command command_label = {
    .name = "label",
    .arguments = "NOTEBOOK VERSION|rRUN [WORDS]",
    .summary = "a name for a version or a run",
    .help = "Without words the label is taken off.\n",
    .run = run,
};

const struct command command_pin = {
    .name = "pin",
    .arguments = "NOTEBOOK VERSION|rRUN",
    .summary = "mark a version or a run to be kept at hand",
    .help = "",
    .run = run,
};

const struct command command_unpin = {
    .name = "unpin",
    .arguments = "NOTEBOOK VERSION|rRUN",
    .summary = "take that back",
    .help = "",
    .run = run,
};

const struct command command_diff = {
    .name = "diff",
    .arguments = "NOTEBOOK RUN RUN",
    .summary = "two runs beside each other: their texts and their outputs",
    .help = "RUN is a number as 'forkernel show' has them.\n",
    .run = run,
};

const struct command command_restore = {
    .name = "restore",
    .arguments = "NOTEBOOK VERSION --print",
    .summary = "write the text of a version to the terminal",
    .run = run,
};

const struct command command_log = {
    .name = "log",
    .arguments = "NOTEBOOK [COUNT]",
    .summary = "what was run and restored, newest last",
    .run = run,
};
