/* input_reply: what the user typed, on its way to the running cell. */
#include "kernel/requests/requests.h"

static enum request_state handle(struct kernel *kernel, struct request *request) {
    execution_input(kernel, content_string(request, "value", NULL));
    return REQUEST_DONE;
}

const struct request_type request_input_reply = {
    .name = "input_reply",
    .channels = 1u << CHANNEL_STDIN,
    .handle = handle,
};
