#include "kernel/engine/c/c_output.h"

#include "base/utf8.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

bool c_output_read(
    const struct engine_host *host, int fd, enum engine_stream stream, size_t max_bytes) {
    static char chunk[256 * 1024];
    while (fd >= 0 && max_bytes) {
        ssize_t n = read(fd, chunk, sizeof chunk < max_bytes ? sizeof chunk : max_bytes);
        if (n > 0) {
            host->stream(host->context, stream, chunk, (size_t)n);
            max_bytes -= (size_t)n;
        } else if (n == 0) {
            return false;
        } else if (errno != EINTR) {
            break;
        }
    }
    return true;
}

static json_t *base64(const char *data, size_t size) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < size; i += 3) {
        unsigned bits = (unsigned)(unsigned char)data[i] << 16;
        if (i + 1 < size)
            bits |= (unsigned)(unsigned char)data[i + 1] << 8;
        if (i + 2 < size)
            bits |= (unsigned char)data[i + 2];
        char four[4] = {digits[bits >> 18 & 63], digits[bits >> 12 & 63],
            i + 1 < size ? digits[bits >> 6 & 63] : '=', i + 2 < size ? digits[bits & 63] : '='};
        buf_append(&out, four, sizeof four);
    }
    json_t *text = json_stringn(buf_string(&out), out.size);
    buf_finish(&out);
    return text;
}

static json_t *clean_text(const char *data, size_t size) {
    struct buf out = BUF_INIT;
    utf8_append_clean(&out, data, size);
    json_t *text = json_stringn(buf_string(&out), out.size);
    buf_finish(&out);
    return text;
}

static bool ends_with(const char *text, const char *end) {
    size_t size = strlen(text);
    return size >= strlen(end) && strcmp(text + size - strlen(end), end) == 0;
}

static json_t *value(const char *type, const char *data, size_t size) {
    if (strcmp(type, "application/json") == 0 || ends_with(type, "+json")) {
        json_t *parsed = json_loadb(data, size, JSON_DECODE_ANY, NULL);
        return parsed ? parsed : clean_text(data, size);
    }
    bool text = strncmp(type, "text/", 5) == 0 || ends_with(type, "+xml") ||
                strcmp(type, "application/javascript") == 0;
    bool picture = strncmp(type, "image/", 6) == 0 || strncmp(type, "audio/", 6) == 0 ||
                   strncmp(type, "video/", 6) == 0 || strcmp(type, "application/pdf") == 0;
    if (text || (!picture && utf8_is_valid(data, size) && !memchr(data, '\0', size)))
        return clean_text(data, size);
    return base64(data, size);
}

json_t *c_output_bundle(const struct frame *frame, size_t first) {
    json_t *bundle = json_object();
    for (size_t i = first; i + 1 < frame->count; i += 2) {
        const char *type = frame_string(frame, i);
        if (*type && utf8_is_valid(type, strlen(type)))
            json_object_set_new(
                bundle, type, value(type, frame->fields[i + 1].data, frame->fields[i + 1].size));
    }
    return bundle;
}
