#include "kernel/commands/command.h"

#include "base/buf.h"

#include <stdio.h>
#include <string.h>

int command_misused(const struct command *command, const char *format, ...) {
    struct buf text = BUF_INIT;
    va_list args;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    fprintf(stderr, "forkernel %s: %s\nusage: forkernel %s %s\n", command->name, buf_string(&text),
        command->name, command->arguments);
    buf_finish(&text);
    return 2;
}

int command_failed(const struct error *error) {
    fprintf(stderr, "forkernel: %s\n", error->message);
    return 1;
}

bool command_option(int argc, char **argv, int *at, const char *name, const char **ret_value) {
    size_t length = strlen(name);
    if (strncmp(argv[*at], name, length) != 0)
        return false;
    if (argv[*at][length] == '=') {
        *ret_value = argv[*at] + length + 1;
        return true;
    }
    if (argv[*at][length])
        return false;
    *ret_value = *at + 1 < argc ? argv[++*at] : NULL;
    return true;
}
