/* The forkernel program: a table of subcommands. */
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

enum { COMMANDS = sizeof commands / sizeof *commands };

static const struct command *find_command(const char *name) {
    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static void print_usage(FILE *out) {
    fprintf(out, "forkernel %s: a Jupyter kernel for C that never loses your work\n\n",
        FORKERNEL_VERSION);
    for (int i = 0; i < COMMANDS; i++)
        fprintf(out, "  forkernel %-10s %s\n", commands[i]->name, commands[i]->summary);
    fprintf(out, "\n'forkernel COMMAND --help' says more. The history is in FORKERNEL_DATA_DIR, or "
                 "where that is not\nset in ~/.local/share/forkernel.\n");
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
        printf("usage: forkernel %s %s\n\n%s\n%s%s", command->name, command->arguments,
            command->summary, command->help ? "\n" : "", command->help ? command->help : "");
        return 0;
    }
    if (command)
        return command->run(command, argc - 1, argv + 1);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
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
