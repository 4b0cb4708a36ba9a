/* debug_request: there is no debugger behind the Debug Adapter Protocol yet, and it says so. */
#include "kernel/requests/requests.h"

static enum request_state handle(struct kernel *kernel, struct request *request) {
    json_t *content = request->message->content;
    const char *command = content_string(request, "command", "");
    request_reply(kernel, request, "debug_reply",
        json_pack("{s:s, s:i, s:I, s:b, s:s, s:s}", "type", "response", "seq", 0, "request_seq",
            json_integer_value(json_object_get(content, "seq")), "success", 0, "command", command,
            "message", "this kernel has no debugger"));
    return REQUEST_DONE;
}

const struct request_type request_debug = {
    .name = "debug_request",
    .channels = 1u << CHANNEL_CONTROL,
    .handle = handle,
};
