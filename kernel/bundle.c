#include "kernel/bundle.h"

#include "base/utf8.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static bool ends_with(const char *string, const char *end) {
    size_t length = strlen(string), end_length = strlen(end);
    return length >= end_length && strcmp(string + length - end_length, end) == 0;
}

static bool mime_is_json(const char *mime) {
    return strcmp(mime, "application/json") == 0 || ends_with(mime, "+json");
}

/* The protocol carries these as base64. */
static bool mime_is_binary(const char *mime) {
    static const char *const text[] = {
        "text/", "application/javascript", "application/xml", "application/x-", "application/vnd."};
    if (mime_is_json(mime) || ends_with(mime, "+xml"))
        return false;
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        if (strncmp(mime, text[i], strlen(text[i])) == 0)
            return false;
    return true;
}

static char *decode_base64(const char *text, size_t size, size_t *ret_size) {
    unsigned char *bytes = malloc(size / 4 * 3 + 4);
    size_t length;
    if (bytes && sodium_base642bin(bytes, size / 4 * 3 + 4, text, size, " \r\n\t", &length, NULL,
                     sodium_base64_VARIANT_ORIGINAL) == 0) {
        *ret_size = length;
        return (char *)bytes;
    }
    free(bytes);
    return NULL;
}

/* The value in new memory. What claims to be a picture and is no base64 is kept as the text that it
 * is. */
static char *decode_value(const char *mime, const json_t *value, size_t *ret_size) {
    if (!json_is_string(value)) {
        char *text = json_dumps(value, JSON_INDENT(1) | JSON_ENCODE_ANY);
        if (text)
            *ret_size = strlen(text);
        return text;
    }
    const char *string = json_string_value(value);
    size_t length = json_string_length(value);
    char *bytes = mime_is_binary(mime) ? decode_base64(string, length, ret_size) : NULL;
    if (bytes)
        return bytes;
    bytes = malloc(length + 1);
    if (bytes) {
        memcpy(bytes, string, length + 1);
        *ret_size = length;
    }
    return bytes;
}

enum status bundle_from_json(const json_t *data, struct bundle *ret_bundle) {
    size_t count = json_object_size(data);
    struct bundle bundle = {
        .items = calloc(count + 1, sizeof *bundle.items),
        .owned = calloc(count + 1, sizeof *bundle.owned),
    };
    if (!bundle.items || !bundle.owned) {
        bundle_finish(&bundle);
        return STATUS_NO_MEMORY;
    }
    const char *mime;
    json_t *value;
    json_object_foreach((json_t *)data, mime, value) {
        size_t size = 0;
        char *bytes = decode_value(mime, value, &size);
        if (!bytes) {
            bundle_finish(&bundle);
            return STATUS_NO_MEMORY;
        }
        bundle.owned[bundle.count] = bytes;
        bundle.items[bundle.count++] =
            (struct history_item){.mime = mime, .data = bytes, .size = size};
    }
    *ret_bundle = bundle;
    return STATUS_OK;
}

void bundle_finish(struct bundle *bundle) {
    for (size_t i = 0; i < bundle->count; i++)
        free(bundle->owned[i]);
    free(bundle->owned);
    free(bundle->items);
    *bundle = (struct bundle){0};
}

void bundle_add_to_json(json_t *data, const char *mime, const void *bytes, size_t size) {
    if (mime_is_json(mime)) {
        json_t *value = json_loadb(bytes, size, JSON_DECODE_ANY, NULL);
        if (value) {
            json_object_set_new(data, mime, value);
            return;
        }
    }
    if (mime_is_binary(mime)) {
        size_t length = sodium_base64_encoded_len(size, sodium_base64_VARIANT_ORIGINAL);
        char *text = malloc(length);
        if (text)
            json_object_set_new(data, mime,
                json_string(
                    sodium_bin2base64(text, length, bytes, size, sodium_base64_VARIANT_ORIGINAL)));
        free(text);
        return;
    }
    struct buf clean = BUF_INIT;
    utf8_append_clean(&clean, bytes, size);
    json_object_set_new(data, mime, json_stringn(buf_string(&clean), clean.size));
    buf_finish(&clean);
}
