#include "kernel/engine/c/worker/worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
    struct buf line; /* the answer, not yet read */
    bool told;       /* said once that there is no input */
} input;

/* The end of what stands on the last line of stdout is what a person would read as the prompt; it
   has been printed already, so the request itself carries none. */
static bool ask(void) {
    struct frame frame;
    channel_flush();
    frame_begin(&worker.out, WORKER_INPUT_REQUEST);
    frame_add_string(&worker.out, "");
    channel_send();
    if (!channel_receive_input(&frame) || frame.type != WORKER_INPUT || frame_int(&frame, 0, 1))
        return false;
    buf_append_string(&input.line, frame_string(&frame, 1));
    buf_append_char(&input.line, '\n');
    return buf_ok(&input.line);
}

static ssize_t read_input(void *cookie, char *data, size_t size) {
    (void)cookie;
    if (!channel_is_ours())
        return 0;
    if (input.line.size == 0) {
        if (!worker.takes_input) {
            if (!input.told)
                (void)fputs("this front end takes no input: stdin is at its end\n", stderr);
            input.told = true;
            return 0;
        }
        if (!ask())
            return 0;
    }
    if (size > input.line.size)
        size = input.line.size;
    memcpy(data, input.line.data, size);
    buf_drop_front(&input.line, size);
    return (ssize_t)size;
}

void input_install(void) {
    cookie_io_functions_t functions = {.read = read_input};
    FILE *stream = fopencookie(NULL, "r", functions);
    if (stream)
        stdin = stream;
}

void input_reset(void) {
    buf_clear(&input.line);
    input.told = false;
    __fpurge(stdin);
    clearerr(stdin);
}
