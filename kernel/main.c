/* The forkernel program: a table of subcommands. */
#include "base/columns.h"
#include "kernel/commands/command.h"

#include <stdio.h>
#include <string.h>

static const struct command *const commands[] = {
    &command_install,
    &command_uninstall,
    &command_tree,
    &command_show,
    &command_diff,
    &command_restore,
    &command_deleted,
    &command_log,
    &command_states,
    &command_notebook,
    &command_label,
    &command_pin,
    &command_unpin,
    &command_settings,
    &command_doctor,
    &command_backup,
    &command_kernel,
};

enum { COMMANDS = sizeof commands / sizeof *commands, SUMMARY_AT = 24, WIDTH = 79 };

static const struct command *find_command(const char *name) {
    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static void print_usage(FILE *out) {
    struct buf lines = BUF_INIT;
    for (int i = 0; i < COMMANDS; i++) {
        struct buf left = BUF_INIT;
        buf_printf(&left, "  forkernel %s", commands[i]->name);
        columns_append(&lines, buf_string(&left), commands[i]->summary, SUMMARY_AT, WIDTH);
        buf_finish(&left);
    }
    fprintf(out,
        "forkernel %s: a Jupyter kernel for C that never loses your work\n\n%s\n"
        "'forkernel log' alone lists what there is; NOTEBOOK is a path, or @42 as it is\n"
        "listed. 'forkernel COMMAND --help' says more. The history is in\n"
        "FORKERNEL_DATA_DIR, or where that is not set in ~/.local/share/forkernel.\n",
        FORKERNEL_VERSION, buf_string(&lines));
    buf_finish(&lines);
}

static void print_help(const struct command *command) {
    struct buf usage = BUF_INIT, summary = BUF_INIT;
    buf_printf(&usage, "usage: forkernel %s %s", command->name, command->arguments);
    columns_append(&summary, "", command->summary, 0, WIDTH);
    printf("%s\n\n%s%s%s", buf_string(&usage), buf_string(&summary), command->help ? "\n" : "",
        command->help ? command->help : "");
    buf_finish(&usage);
    buf_finish(&summary);
}

static bool wants_help(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        print_usage(stderr);
        return 2;
    }
    const struct command *command = find_command(argv[1]);
    if (command && wants_help(argc - 1, argv + 1)) {
        print_help(command);
        return 0;
    }
    if (command)
        return command->run(command, argc - 1, argv + 1);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        command = argc > 2 ? find_command(argv[2]) : NULL;
        if (command) {
            print_help(command);
            return 0;
        }
        print_usage(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("forkernel %s\n", FORKERNEL_VERSION);
        return 0;
    }
    fprintf(stderr, "forkernel: unknown command '%s'\n\n", argv[1]);
    print_usage(stderr);
    return 2;
}
