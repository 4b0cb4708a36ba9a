/* execute_request: queued; execution.c answers it. */
#include "kernel/requests/requests.h"

static enum request_state handle(struct kernel *kernel, struct request *request) {
    execution_add(kernel, request);
    return REQUEST_PENDING;
}

const struct request_type request_execute = {
    .name = "execute_request",
    .channels = 1u << CHANNEL_SHELL,
    .queued = true,
    .handle = handle,
};
