/* forkernel kernel: what a front end starts. */
#include "kernel/kernel.h"
#include "kernel/commands/command.h"

#include <stdlib.h>
#include <string.h>

static int run(const struct command *command, int argc, char **argv) {
    struct kernel_options options = {.engine = "c", .history = true, .states = true};
    const char *value = NULL;
    for (int i = 1; i < argc; i++) {
        if (command_option(argc, argv, &i, "--connection-file", &value) ||
            command_option(argc, argv, &i, "-f", &value))
            options.connection_file = value;
        else if (command_option(argc, argv, &i, "--engine", &value))
            options.engine = value;
        else if (strcmp(argv[i], "--no-history") == 0)
            options.history = false;
        else if (strcmp(argv[i], "--no-states") == 0)
            options.states = false;
        else
            return command_misused(command, "unknown option '%s'", argv[i]);
    }
    if (!options.connection_file)
        return command_misused(command, "--connection-file FILE is needed");
    if (!options.engine)
        return command_misused(command, "--engine needs a name");
    const char *history = getenv("FORKERNEL_HISTORY");
    if (history && strcmp(history, "off") == 0)
        options.history = false;
    const char *states = getenv("FORKERNEL_STATES");
    if (states && strcmp(states, "off") == 0)
        options.states = false;
    else if (states && !states_parse_bytes(states, &options.states_bytes))
        return command_misused(command,
            "FORKERNEL_STATES is 'off' or an amount of memory such as 500M, not '%s'", states);
    return kernel_run(&options);
}

const struct command command_kernel = {
    .name = "kernel",
    .arguments = "--connection-file FILE [--engine NAME] [--no-history] [--no-states]",
    .summary = "run a kernel (front ends do this)",
    .help =
        "  --connection-file FILE  where the front end expects the sockets; also -f FILE\n"
        "  --engine NAME           how cells are run: c (the default) or echo (for tests)\n"
        "  --no-history            record nothing; FORKERNEL_HISTORY=off does the same\n"
        "  --no-states             keep no live states; FORKERNEL_STATES=off does the same, and\n"
        "                          FORKERNEL_STATES=500M sets how much memory they may hold\n",
    .run = run,
};
