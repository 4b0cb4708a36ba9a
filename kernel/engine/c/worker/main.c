/* forkernel-c-worker: waits for cells, loads them, runs them. Ends when the kernel process does. */
#include "kernel/engine/c/worker/worker.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct worker worker;

enum { STDOUT_BUFFER_BYTES = 64 * 1024 };

int main(void) {
    worker.pid = getpid();
    worker.kernel = getppid();
    (void)unsetenv(
        "GLIBC_TUNABLES"); /* NOLINT(concurrency-mt-unsafe): one thread; c_worker.c set it */
    (void)fcntl(MESSAGES_FD, F_SETFD, FD_CLOEXEC);
    (void)setvbuf(stdout, NULL, _IOLBF, STDOUT_BUFFER_BYTES);
    input_install();
    signals_install();
    observe_begin();
    for (;;) {
        struct frame frame;
        channel_receive(&frame);
        switch (frame.type) {
        case WORKER_RUN:
            run_cell(&frame);
            break;
        case WORKER_CHECKPOINT:
            twin_make(frame_int(&frame, 0, 0));
            break;
        case WORKER_MEASURE:
            twin_measure();
            break;
        default:
            break;
        }
    }
}
