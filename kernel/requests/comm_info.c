/* comm_info_request: the open comms, all or those of one target. */
#include "kernel/requests/requests.h"

static enum request_state handle(struct kernel *kernel, struct request *request) {
    json_t *list = comms_list(&kernel->comms, content_string(request, "target_name", NULL));
    request_reply(
        kernel, request, "comm_info_reply", json_pack("{s:s, s:o}", "status", "ok", "comms", list));
    return REQUEST_DONE;
}

const struct request_type request_comm_info = {
    .name = "comm_info_request",
    .channels = 1u << CHANNEL_SHELL | 1u << CHANNEL_CONTROL,
    .handle = handle,
};
