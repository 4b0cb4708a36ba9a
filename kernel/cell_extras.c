#include "kernel/cell_extras.h"

#include <sodium.h>
#include <string.h>

enum { TELLINGS_MAX = 32 }; /* of a version, that are searched for an attachment */

/* ---- to the history ---- */

/* nbformat writes texts as lists of lines, also those of attachments. */
static json_t *join_lines(const json_t *value) {
    struct buf text = BUF_INIT;
    size_t index;
    json_t *line;
    bool lines = json_is_array(value);
    json_array_foreach((json_t *)value, index, line) {
        lines = lines && json_is_string(line);
        buf_append(&text, json_string_value(line), json_string_length(line));
    }
    json_t *joined = lines && buf_ok(&text) ? json_stringn(buf_string(&text), text.size)
                                            : json_incref((json_t *)value);
    buf_finish(&text);
    return joined;
}

static json_t *copy_attachments(const json_t *attachments) {
    json_t *copy = json_object();
    const char *name, *mime;
    json_t *bundle, *value;
    json_object_foreach((json_t *)attachments, name, bundle) {
        json_t *items = json_is_object(bundle) ? json_object() : json_incref(bundle);
        if (json_is_object(bundle))
            json_object_foreach(bundle, mime, value) {
                bool is_json = strstr(mime, "json") != NULL;
                json_object_set_new(items, mime, is_json ? json_incref(value) : join_lines(value));
            }
        json_object_set_new(copy, name, items);
    }
    return copy;
}

static int append(const char *bytes, size_t size, void *context) {
    buf_append(context, bytes, size);
    return 0;
}

enum status cell_extras_append(
    const json_t *metadata, const json_t *attachments, struct buf *out, struct error *error) {
    json_t *extras = json_object();
    json_t *kept = json_is_object(metadata) ? json_copy((json_t *)metadata) : NULL;
    json_object_del(kept, "trusted");
    if (json_object_size(kept))
        json_object_set(extras, "metadata", kept);
    if (json_object_size(attachments))
        json_object_set_new(extras, "attachments", copy_attachments(attachments));
    int failed = 0;
    if (json_object_size(extras))
        failed = json_dump_callback(extras, append, out, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(kept);
    json_decref(extras);
    return failed || !buf_ok(out) ? error_set(error, STATUS_NO_MEMORY, "out of memory") : STATUS_OK;
}

/* ---- from the history ---- */

static json_t *parse(const struct history_extras *extras) {
    json_t *json =
        extras->bytes && extras->size ? json_loadb(extras->bytes, extras->size, 0, NULL) : NULL;
    return json ? json : json_object();
}

/* Does the text refer to the attachment: "attachment:NAME"? */
static bool refers_to(const char *text, const char *name) {
    static const char scheme[] = "attachment:";
    size_t size = strlen(name);
    for (const char *at = text; (at = strstr(at, scheme));) {
        at += sizeof scheme - 1;
        if (strncmp(at, name, size) == 0)
            return true;
    }
    return false;
}

/* Those of an earlier telling that the text refers to and that are not there. */
static void add_missing(const json_t *from, const char *text, json_t *attachments) {
    const char *name;
    json_t *bundle;
    json_object_foreach(json_object_get(from, "attachments"), name, bundle) {
        if (!json_object_get(attachments, name) && refers_to(text, name))
            json_object_set(attachments, name, bundle);
    }
}

static void say_left_out(const struct history_extras *extras, json_t *cell) {
    char hash[2 * HISTORY_EXTRAS_HASH_BYTES + 1];
    sodium_bin2hex(hash, sizeof hash, extras->hash, sizeof extras->hash);
    json_object_set_new(cell, "extras_left_out",
        json_pack("{s:I, s:s}", "bytes", (json_int_t)extras->size, "hash", hash));
}

enum status cell_extras_read(struct history *history, int64_t document_id,
    const struct history_version *version, int64_t time_us, json_t *cell, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_extras_list list = {0};
    const char *text = version->text ? version->text : "";
    size_t limit = strstr(text, "attachment:") ? TELLINGS_MAX : 1;
    enum status status = history_list_extras(
        history, document_id, version->number, time_us, limit, &memory, &list, error);
    if (status == STATUS_OK && list.count) {
        json_t *newest = parse(&list.items[0]);
        json_t *metadata = json_object_get(newest, "metadata");
        json_t *kept = json_object_get(newest, "attachments");
        json_t *attachments = kept ? json_copy(kept) : json_object();
        for (size_t i = 1; i < list.count; i++) {
            json_t *earlier = parse(&list.items[i]);
            add_missing(earlier, text, attachments);
            json_decref(earlier);
        }
        if (!list.items[0].bytes)
            say_left_out(&list.items[0], cell);
        json_object_set_new(cell, "metadata", metadata ? json_copy(metadata) : json_object());
        json_object_set_new(cell, "attachments", attachments);
        json_decref(newest);
    }
    history_memory_finish(&memory);
    return status;
}
