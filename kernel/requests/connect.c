/* connect_request: the ports, for clients that know only one of them. */
#include "kernel/requests/requests.h"

static enum request_state handle(struct kernel *kernel, struct request *request) {
    json_t *content = json_pack("{s:s}", "status", "ok");
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s_port", channel_name((enum channel)i));
        json_object_set_new(content, name, json_integer(kernel->connection.ports[i]));
    }
    request_reply(kernel, request, "connect_reply", content);
    return REQUEST_DONE;
}

const struct request_type request_connect = {
    .name = "connect_request",
    .channels = 1u << CHANNEL_SHELL | 1u << CHANNEL_CONTROL,
    .handle = handle,
};
