#include "kernel/mime.h"

#include "base/utf8.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* A type without its parameters. */
struct type {
    const char *name;
    size_t length;
};

static struct type type_of(const char *mime) {
    return (struct type){mime, strcspn(mime, "; ")};
}

static bool is(struct type type, const char *name) {
    return type.length == strlen(name) && strncmp(type.name, name, type.length) == 0;
}

static bool begins(struct type type, const char *begin) {
    return type.length > strlen(begin) && strncmp(type.name, begin, strlen(begin)) == 0;
}

static bool ends(struct type type, const char *end) {
    size_t length = strlen(end);
    return type.length > length && strncmp(type.name + type.length - length, end, length) == 0;
}

bool mime_is_json(const char *mime) {
    struct type type = type_of(mime);
    return is(type, "application/json") || ends(type, "+json");
}

bool mime_is_text(const char *mime) {
    struct type type = type_of(mime);
    return mime_is_json(mime) || begins(type, "text/") || ends(type, "+xml") ||
           is(type, "application/xml") || is(type, "application/javascript");
}

static json_t *clean_text(const void *bytes, size_t size) {
    struct buf clean = BUF_INIT;
    utf8_append_clean(&clean, bytes, size);
    json_t *text = buf_ok(&clean) ? json_stringn(buf_string(&clean), clean.size) : NULL;
    buf_finish(&clean);
    return text;
}

static json_t *base64(const void *bytes, size_t size) {
    size_t room = sodium_base64_encoded_len(size, sodium_base64_VARIANT_ORIGINAL);
    char *text = malloc(room);
    if (!text)
        return NULL;
    sodium_bin2base64(text, room, bytes, size, sodium_base64_VARIANT_ORIGINAL);
    json_t *value = json_stringn_nocheck(text, room - 1);
    free(text);
    return value;
}

json_t *mime_value(const char *mime, const void *bytes, size_t size) {
    if (mime_is_json(mime)) {
        json_t *parsed = json_loadb(bytes, size, JSON_DECODE_ANY, NULL);
        return parsed ? parsed : clean_text(bytes, size);
    }
    return mime_is_text(mime) ? clean_text(bytes, size) : base64(bytes, size);
}

void *mime_decode_base64(const char *text, size_t size, size_t *ret_size) {
    size_t room = size / 4 * 3 + 4, length = 0;
    unsigned char *bytes = malloc(room);
    if (bytes && sodium_base642bin(bytes, room, text, size, "\r\n", &length, NULL,
                     sodium_base64_VARIANT_ORIGINAL) == 0) {
        *ret_size = length;
        return bytes;
    }
    free(bytes);
    return NULL;
}
