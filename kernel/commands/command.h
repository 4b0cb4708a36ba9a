/* The subcommands of the `forkernel` program, one a file of this folder; main.c has the table. */
#ifndef FORKERNEL_KERNEL_COMMAND_H
#define FORKERNEL_KERNEL_COMMAND_H

#include "base/status.h"

#include <stdbool.h>

struct command {
    const char *name;
    const char *arguments; /* for the usage line */
    const char *summary;   /* one line */
    const char *help;      /* further lines for --help, or NULL */
    /* `argv[0]` is the command's name. Returns the exit status; 2 for wrong words. */
    int (*run)(const struct command *command, int argc, char **argv);
};

extern const struct command command_backup, command_deleted, command_diff, command_doctor,
    command_install, command_kernel, command_label, command_log, command_notebook, command_pin,
    command_restore, command_settings, command_show, command_states, command_tree,
    command_uninstall, command_unpin;

/* Say what is wrong with the words, and where help is. Returns 2. */
int command_misused(const struct command *command, const char *format, ...) PRINTF_LIKE(2, 3);

/* "forkernel: MESSAGE" on stderr. Returns 1. */
int command_failed(const struct error *error);

/* Match `--name VALUE` and `--name=VALUE` at argv[*at]; true with the value (NULL when it is
 * missing). */
bool command_option(int argc, char **argv, int *at, const char *name, const char **ret_value);

#endif
