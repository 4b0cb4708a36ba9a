#include "kernel/engine/c/c_output.h"

#include "base/utf8.h"
#include "kernel/mime.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int64_t c_output_read(
    const struct engine_host *host, int fd, enum engine_stream stream, size_t max_bytes) {
    static char chunk[256 * 1024];
    int64_t total = 0;
    while (fd >= 0 && max_bytes) {
        ssize_t n = read(fd, chunk, sizeof chunk < max_bytes ? sizeof chunk : max_bytes);
        if (n > 0) {
            host->stream(host->context, stream, chunk, (size_t)n);
            max_bytes -= (size_t)n;
            total += n;
        } else if (n == 0 || errno != EINTR) {
            break;
        }
    }
    return total;
}

json_t *c_output_bundle(const struct frame *frame, size_t first) {
    json_t *bundle = json_object();
    for (size_t i = first; i + 1 < frame->count; i += 2) {
        const char *type = frame_string(frame, i);
        if (*type && utf8_is_valid(type, strlen(type)))
            json_object_set_new(bundle, type,
                mime_value(type, frame->fields[i + 1].data, frame->fields[i + 1].size));
    }
    return bundle;
}
