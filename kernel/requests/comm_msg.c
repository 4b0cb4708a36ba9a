/* comm_msg: a front end says something. It has no reply of its own. */
#include "kernel/requests/requests.h"

static enum request_state handle(struct kernel *kernel, struct request *request) {
    comms_message(kernel, request->message->header, request->message->content);
    return REQUEST_DONE;
}

const struct request_type request_comm_msg = {
    .name = "comm_msg",
    .channels = 1u << CHANNEL_SHELL,
    .handle = handle,
};
