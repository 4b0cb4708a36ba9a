/* inspect_request: asked of the engine, which may answer at once or later. */
#include "kernel/requests/requests.h"

static enum request_state handle(struct kernel *kernel, struct request *request) {
    struct buf bytes = BUF_INIT;
    const char *code = content_code(request, &bytes);
    uint64_t token = request_await_engine(kernel, request, "inspect_reply");
    kernel->engine->ops->inspect(kernel->engine, token, code, content_cursor(request, code),
        (int)content_int(request, "detail_level", 0));
    buf_finish(&bytes);
    return REQUEST_PENDING;
}

const struct request_type request_inspect = {
    .name = "inspect_request",
    .channels = 1u << CHANNEL_SHELL,
    .handle = handle,
};
