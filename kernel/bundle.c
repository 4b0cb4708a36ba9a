#include "kernel/bundle.h"

#include "kernel/mime.h"

#include <stdlib.h>
#include <string.h>

/* Between the type of what is in the file and the type that was shown, where they differ. */
static const char original[] = "; original=";

struct value {
    char *bytes; /* new memory; NULL without */
    size_t size;
    const char *instead_of; /* the type that goes before `original`; NULL: the bundle's own */
};

static struct value dump_json(const json_t *json, const char *instead_of) {
    char *text = json_dumps(json, JSON_INDENT(1) | JSON_ENCODE_ANY);
    return (struct value){text, text ? strlen(text) : 0, instead_of};
}

static struct value copy_text(const json_t *string, const char *instead_of) {
    size_t size = json_string_length(string);
    char *bytes = malloc(size + 1);
    if (bytes)
        memcpy(bytes, json_string_value(string), size + 1);
    return (struct value){bytes, size, instead_of};
}

static struct value value_from_json(const char *mime, const json_t *json) {
    if (strstr(mime, original))
        return dump_json(json, "application/json");
    if (mime_is_json(mime))
        return dump_json(json, NULL);
    if (!json_is_string(json))
        return dump_json(json, "application/json");
    if (mime_is_text(mime))
        return copy_text(json, NULL);
    struct value value = {0};
    value.bytes =
        mime_decode_base64(json_string_value(json), json_string_length(json), &value.size);
    return value.bytes ? value : copy_text(json, "text/plain");
}

static bool add_item(struct bundle *bundle, const char *mime, const json_t *json) {
    struct value value = value_from_json(mime, json);
    char *named = NULL;
    if (value.bytes && value.instead_of) {
        struct buf name = BUF_INIT;
        buf_printf(&name, "%s%s%s", value.instead_of, original, mime);
        named = buf_take(&name);
    }
    if (!value.bytes || (value.instead_of && !named)) {
        free(value.bytes);
        return false;
    }
    bundle->owned[bundle->owned_count++] = value.bytes;
    if (named)
        bundle->owned[bundle->owned_count++] = named;
    bundle->items[bundle->count++] = (struct history_item){
        .mime = named ? named : mime, .data = value.bytes, .size = value.size};
    return true;
}

enum status bundle_from_json(const json_t *data, struct bundle *ret_bundle) {
    size_t count = json_object_size(data);
    struct bundle bundle = {
        .items = calloc(count + 1, sizeof *bundle.items),
        .owned = calloc(2 * count + 1, sizeof *bundle.owned),
    };
    if (!bundle.items || !bundle.owned) {
        bundle_finish(&bundle);
        return STATUS_NO_MEMORY;
    }
    const char *mime;
    json_t *value;
    json_object_foreach((json_t *)data, mime, value) {
        if (!add_item(&bundle, mime, value)) {
            bundle_finish(&bundle);
            return STATUS_NO_MEMORY;
        }
    }
    *ret_bundle = bundle;
    return STATUS_OK;
}

void bundle_finish(struct bundle *bundle) {
    for (size_t i = 0; i < bundle->owned_count; i++)
        free(bundle->owned[i]);
    free(bundle->owned);
    free(bundle->items);
    *bundle = (struct bundle){0};
}

void bundle_add_to_json(json_t *data, const char *mime, const void *bytes, size_t size) {
    const char *at = strstr(mime, original);
    json_object_set_new(data, at ? at + strlen(original) : mime, mime_value(mime, bytes, size));
}
