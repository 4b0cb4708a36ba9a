/* shutdown_request: answered to the one who asked and to everybody on iopub; then the process ends.
 */
#include "kernel/requests/requests.h"

static enum request_state handle(struct kernel *kernel, struct request *request) {
    bool restart = content_bool(request, "restart", false);
    json_t *content = json_pack("{s:s, s:b}", "status", "ok", "restart", restart);
    kernel_publish(kernel, request->message->header, "shutdown_reply", NULL, content);
    request_reply(kernel, request, "shutdown_reply", content);
    kernel_stop(kernel);
    return REQUEST_DONE;
}

const struct request_type request_shutdown = {
    .name = "shutdown_request",
    .channels = 1u << CHANNEL_CONTROL | 1u << CHANNEL_SHELL,
    .handle = handle,
};
