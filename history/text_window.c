#include "history/text_window.h"

#include <stdlib.h>

struct entry {
    int64_t number;
    size_t offset, size;
};

enum { WINDOW_MAX_BYTES = 64 * 1024 * 1024 };

void text_window_finish(struct text_window *window) {
    buf_finish(&window->texts);
    free(window->entries.items);
    *window = (struct text_window){0};
}

static const struct entry *find(const struct text_window *window, int64_t number) {
    const struct entry *entries = window->entries.items;
    size_t low = 0, high = window->entries.bytes / sizeof *entries;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (entries[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < window->entries.bytes / sizeof *entries && entries[low].number == number;
    return found ? &entries[low] : NULL;
}

static bool keep(struct text_window *window, int64_t number, const char *text, size_t size) {
    if (window->texts.size + size > WINDOW_MAX_BYTES)
        return true;
    struct entry *entry = memory_rows_add(&window->entries, sizeof *entry);
    if (entry)
        *entry = (struct entry){number, window->texts.size, size};
    buf_append(&window->texts, text, size);
    return entry && buf_ok(&window->texts);
}

enum status text_window_read(struct history *history, struct text_window *window,
    const struct version_row *version, struct buf *out, struct error *error) {
    bool alone = text_depth(version->stored, version->stored_bytes) == 0;
    const struct entry *base = alone ? NULL : find(window, version->parent);
    size_t before = out->size;
    enum status status;
    if (!alone && !base)
        status = version_read_text(history, version->id, out, error);
    else
        status = text_decode(&history->codec, base ? window->texts.data + base->offset : NULL,
            base ? base->size : 0, version->stored, version->stored_bytes, out, error);
    if (status == STATUS_CORRUPT || status == STATUS_NOT_FOUND)
        return sql_fail(&history->sql, SQLITE_CORRUPT, error);
    if (status == STATUS_OK &&
        !keep(window, version_number(version->id), buf_string(out) + before, out->size - before))
        status = fail_memory(history, error);
    return status;
}
