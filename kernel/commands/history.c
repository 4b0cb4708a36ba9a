/* forkernel tree, show, diff, restore, log, states and so on: the %fk verbs in a terminal, whether
 * a kernel runs or not. */
#include "kernel/commands/command.h"
#include "kernel/commands/notebooks.h"
#include "kernel/fk/fk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
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

static size_t terminal_width(void) {
    struct winsize size = {0};
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static enum status run_verb(struct history *history, const struct fk_verb *verb,
    const char *notebook, size_t count, const char *const *words, struct error *error) {
    struct fk_sink sink = {.text = sink_text,
        .bundle = sink_bundle,
        .colours = isatty(STDOUT_FILENO) == 1,
        .width = terminal_width()};
    struct fk_context context = {
        .history = history, .sink = &sink, .notebook = notebook ? notebook : ""};
    enum status status =
        notebook ? notebooks_find(history, notebook, &context.document_id, error) : STATUS_OK;
    return status == STATUS_OK ? verb->run(&context, count, words, error) : status;
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
        bool setting = command == &command_settings && (count || history_setting_find(argv[i]));
        if (option && !strstr(command->arguments, argv[i]))
            return command_misused(command, "unknown option '%s'", argv[i]);
        if (!notebook && !option && !setting)
            notebook = argv[i];
        else if (count == WORDS_MAX)
            return command_misused(command, "too many words");
        else
            words[count++] = argv[i];
    }
    bool lists = !notebook && (command == &command_tree || command == &command_log);
    if (!notebook && !lists && command != &command_settings)
        return command_misused(
            command, "which notebook? 'forkernel log' alone lists them, and sessions without one");

    struct history *history = NULL;
    struct error error;
    bool sets = command == &command_settings && count > 1; /* perhaps before anything is recorded */
    if ((sets ? history_open(NULL, &history, &error) : open_store(&history, &error)) != STATUS_OK)
        return command_failed(&error);
    int exit_status = 0;
    enum status status =
        lists ? notebooks_list(history, count > 0, &error)
              : run_verb(history, fk_verb_find(command->name), notebook, count, words, &error);
    if (status == STATUS_INVALID)
        exit_status = command_misused(command, "%s", error.message);
    else if (status != STATUS_OK)
        exit_status = command_failed(&error);
    history_close(&history);
    return exit_status;
}

#define VERSION_HELP                                                                               \
    "VERSION is what you are shown: 7 or v7; r12 or [3] for what a run ran; a label;\n"            \
    "or a cell for what it shows: c3, its name, or a part of that.\n"

const struct command command_tree = {
    .name = "tree",
    .arguments = "[NOTEBOOK [CELL | all] [--typing]]",
    .summary = "the versions of a notebook's cells, as trees",
    .help = "CELL is what you are shown: c3, a name or a part of it, or a version of it.\n"
            "Without a notebook: the list of what there is, as of 'forkernel log'.\n"
            "  --typing  steps of typing are one row; with this each has its own\n",
    .run = run,
};

const struct command command_show = {
    .name = "show",
    .arguments = "NOTEBOOK VERSION [--states]",
    .summary = "a version, with the outputs of its runs",
    .help =
        VERSION_HELP "  --states  all that came, in its order: every state of a display that was\n"
                     "            updated, and what was cleared\n",
    .run = run,
};

const struct command command_states = {
    .name = "states",
    .arguments = "NOTEBOOK",
    .summary = "the states that runs left, and how each is had again",
    .help = "Going to one needs a kernel: %fk goto RUN in a cell.\n",
    .run = run,
};

const struct command command_notebook = {
    .name = "notebook",
    .arguments = "NOTEBOOK [TIME | --before RUN | --path RUN] [--output FILE]",
    .summary = "the notebook as it was at a time, as a new file",
    .help = "TIME is one as people write it: 17:00, 03:46:25, 5 minutes ago, yesterday 17:00,\n"
            "monday, May 3 14:00, 3.5. 14:00, 2026-05-03 14:00 or ISO 8601. Without one: now.\n"
            "  --before RUN   as it was just before that run\n"
            "  --path RUN     the runs that led to the state which this one left\n"
            "  --output FILE  where to; else beside the notebook. Nothing is written over.\n",
    .run = run,
};

const struct command command_label = {
    .name = "label",
    .arguments = "NOTEBOOK VERSION|RUN [WORDS]",
    .summary = "a name for a version or a run",
    .help = VERSION_HELP "RUN is r12 or [3]. Without words the label is taken off.\n",
    .run = run,
};

const struct command command_pin = {
    .name = "pin",
    .arguments = "NOTEBOOK VERSION|RUN",
    .summary = "mark a version or a run to be kept at hand",
    .help = VERSION_HELP "RUN is r12 or [3].\n",
    .run = run,
};

const struct command command_unpin = {
    .name = "unpin",
    .arguments = "NOTEBOOK VERSION|RUN",
    .summary = "take that back",
    .run = run,
};

const struct command command_settings = {
    .name = "settings",
    .arguments = "[NOTEBOOK] [NAME VALUE]",
    .summary = "limits on what is kept of outputs, of a notebook or all",
    .help = "  text_limit     bytes of what a run prints, the first and the last half: 1M\n"
            "  picture_limit  bytes of one picture, or another item of a display: 16M\n"
            "  outputs_limit  outputs of a run: 10000\n"
            "VALUE is 500K, 4M, 2000 or the like; 'default' takes a setting off. Kernels go\n"
            "by it from their next run on.\n",
    .run = run,
};

const struct command command_diff = {
    .name = "diff",
    .arguments = "NOTEBOOK RUN RUN",
    .summary = "two runs beside each other: texts and outputs",
    .help = "RUN is 12 or r12 as 'forkernel show' has them, [3], or v7 for the last run of\n"
            "that version.\n",
    .run = run,
};

const struct command command_deleted = {
    .name = "deleted",
    .arguments = "NOTEBOOK",
    .summary = "the cells that were deleted, and how each comes back",
    .run = run,
};

const struct command command_restore = {
    .name = "restore",
    .arguments = "NOTEBOOK VERSION [--print]",
    .summary = "make a version its cell's (--print: only write it here)",
    .help = VERSION_HELP
    "A move in the history like any other, which another restore undoes; a deleted cell\n"
    "is not deleted any more. The notebook file is never written.\n",
    .run = run,
};

const struct command command_log = {
    .name = "log",
    .arguments = "[NOTEBOOK [COUNT] | --all]",
    .summary = "what was run, typed and restored; alone: all notebooks",
    .help = "Newest last. Alone it lists notebooks, and sessions that had none (jupyter\n"
            "execute, papermill, consoles), which every command takes as @42 in place of a\n"
            "notebook: the newest 100, with --all every one.\n",
    .run = run,
};
