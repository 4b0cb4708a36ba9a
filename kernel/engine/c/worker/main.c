/* forkernel-c-worker: waits for cells, loads them, runs them. Ends when the kernel process does. */
#include "kernel/engine/c/worker/worker.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

struct worker worker;

enum { STDOUT_BUFFER_BYTES = 64 * 1024 };

int main(void) {
    worker.pid = getpid();
    (void)fcntl(MESSAGES_FD, F_SETFD, FD_CLOEXEC);
    (void)setvbuf(stdout, NULL, _IOLBF, STDOUT_BUFFER_BYTES);
    input_install();
    signals_install();
    for (;;) {
        struct frame frame;
        channel_receive(&frame);
        if (frame.type == WORKER_RUN)
            run_cell(&frame);
    }
}
