/* kernel_info_request: who we are, and what cells are written in. */
#include "kernel/requests/requests.h"

static enum request_state handle(struct kernel *kernel, struct request *request) {
    struct engine *engine = kernel->engine;
    json_t *content =
        json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:b, s:[], s:[{s:s, s:s}]}", "status", "ok",
            "protocol_version", "5.5", "implementation", "forkernel", "implementation_version",
            FORKERNEL_VERSION, "language_info", engine->ops->language_info(engine), "banner",
            engine->ops->banner(engine), "debugger", 0, "supported_features", "help_links", "text",
            "C reference", "url", "https://en.cppreference.com/w/c");
    request_reply(kernel, request, "kernel_info_reply", content);
    return REQUEST_DONE;
}

const struct request_type request_kernel_info = {
    .name = "kernel_info_request",
    .channels = 1u << CHANNEL_SHELL | 1u << CHANNEL_CONTROL,
    .handle = handle,
};
