#include "kernel/engine/c/worker/worker.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

void channel_flush(void) {
    (void)fflush(stdout);
    (void)fflush(stderr);
}

bool channel_is_ours(void) {
    return (pid_t)syscall(SYS_gettid) == worker.pid;
}

void channel_send(void) {
    frame_end(&worker.out);
    if (frame_send(MESSAGES_FD, &worker.out, NULL) == STATUS_CLOSED || !buf_ok(&worker.out))
        _exit(1);
}

void channel_receive(struct frame *ret_frame) {
    if (frame_receive(&worker.reader, MESSAGES_FD, ret_frame, NULL) != STATUS_OK)
        _exit(0);
}

bool channel_receive_input(struct frame *ret_frame) {
    for (;;) {
        enum status status = frame_reader_next(&worker.reader, ret_frame);
        if (status == STATUS_OK)
            return true;
        struct pollfd wait = {.fd = MESSAGES_FD, .events = POLLIN};
        if (worker.interrupted || (poll(&wait, 1, -1) < 0 && errno == EINTR && worker.interrupted))
            return false;
        if (status == STATUS_INVALID ||
            (wait.revents && frame_reader_fill(&worker.reader, MESSAGES_FD, NULL) != STATUS_OK))
            _exit(0);
    }
}
