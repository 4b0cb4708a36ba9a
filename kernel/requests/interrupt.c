/* interrupt_request: what SIGINT does, for clients that cannot send signals. */
#include "kernel/requests/requests.h"

static enum request_state handle(struct kernel *kernel, struct request *request) {
    execution_interrupt(kernel);
    request_reply(kernel, request, "interrupt_reply", json_pack("{s:s}", "status", "ok"));
    return REQUEST_DONE;
}

const struct request_type request_interrupt = {
    .name = "interrupt_request",
    .channels = 1u << CHANNEL_CONTROL | 1u << CHANNEL_SHELL,
    .handle = handle,
};
