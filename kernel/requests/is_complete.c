/* is_complete_request: may a console run this, or does it wait for more lines? Asked of the engine.
 */
#include "kernel/fk_cell.h"
#include "kernel/requests/requests.h"

static enum request_state handle(struct kernel *kernel, struct request *request) {
    struct buf bytes = BUF_INIT;
    const char *code = content_code(request, &bytes);
    enum request_state state = REQUEST_DONE;
    if (fk_cell_is_command(code)) {
        request_reply(
            kernel, request, "is_complete_reply", json_pack("{s:s}", "status", "complete"));
    } else {
        uint64_t token = request_await_engine(kernel, request, "is_complete_reply");
        kernel->engine->ops->is_complete(kernel->engine, token, code);
        state = REQUEST_PENDING;
    }
    buf_finish(&bytes);
    return state;
}

const struct request_type request_is_complete = {
    .name = "is_complete_request",
    .channels = 1u << CHANNEL_SHELL,
    .handle = handle,
};
