/* comm_open: a front end starts a conversation. It has no reply of its own. */
#include "kernel/requests/requests.h"

static enum request_state handle(struct kernel *kernel, struct request *request) {
    comms_open(kernel, request->message->header, request->message->content);
    return REQUEST_DONE;
}

const struct request_type request_comm_open = {
    .name = "comm_open",
    .channels = 1u << CHANNEL_SHELL,
    .handle = handle,
};
