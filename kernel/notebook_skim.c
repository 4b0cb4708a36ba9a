#include "kernel/notebook_skim.h"

#include <string.h>

enum { CELL_DEPTH = 3 }; /* {"cells": [{ */

static void note_key(struct notebook_skim *skim, const char *bytes, size_t size) {
    for (size_t i = 0; i < size && skim->key_size + i < sizeof skim->key; i++)
        skim->key[skim->key_size + i] = bytes[i];
    skim->key_size += size;
}

static bool is_outputs(const struct notebook_skim *skim) {
    static const char name[] = "outputs\"";
    _Static_assert(sizeof name - 1 == sizeof skim->key, "key[] holds it and no more");
    return skim->key_size == sizeof skim->key && memcmp(skim->key, name, sizeof skim->key) == 0;
}

/* Where the string that is open at `at` ends, behind its quote; `size` when that is not here. */
static size_t string_end(struct notebook_skim *skim, const char *bytes, size_t at, size_t size) {
    const char *quote = NULL;
    while (at < size) {
        if (skim->escaped) {
            skim->escaped = false;
            at++;
            continue;
        }
        if (!quote || quote < bytes + at)
            quote = memchr(bytes + at, '"', size - at);
        size_t stop = quote ? (size_t)(quote - bytes) : size;
        const char *backslash = memchr(bytes + at, '\\', stop - at);
        if (backslash) {
            skim->escaped = true;
            at = (size_t)(backslash - bytes) + 1;
        } else if (quote) {
            skim->in_string = false;
            return stop + 1;
        } else {
            return size;
        }
    }
    return size;
}

static size_t through_string(
    struct notebook_skim *skim, const char *bytes, size_t at, size_t size) {
    size_t end = string_end(skim, bytes, at, size);
    if (skim->in_key)
        note_key(skim, bytes + at, end - at);
    return end;
}

static void open_string(struct notebook_skim *skim) {
    skim->in_string = true;
    skim->in_key = skim->depth == CELL_DEPTH && !skim->dropping;
    skim->key_size = 0;
}

void notebook_skim(struct notebook_skim *skim, const char *bytes, size_t size, struct buf *out) {
    size_t kept = 0; /* up to here all is in `out`, or dropped */
    for (size_t at = 0; at < size;) {
        if (skim->in_string) {
            at = through_string(skim, bytes, at, size);
            continue;
        }
        char c = bytes[at];
        bool ends = c == '}' || c == ']';
        if (skim->dropping && skim->depth == CELL_DEPTH && (ends || c == ',')) {
            skim->dropping = false;
            kept = at; /* the comma or the bracket behind it */
        }
        at++;
        if (ends && skim->depth)
            skim->depth--;
        else if (c == '{' || c == '[')
            skim->depth++;
        else if (c == '"')
            open_string(skim);
        else if (c == ':' && skim->depth == CELL_DEPTH && !skim->dropping && is_outputs(skim)) {
            buf_append(out, bytes + kept, at - kept);
            buf_append_string(out, "null");
            skim->dropping = true;
        }
    }
    if (!skim->dropping)
        buf_append(out, bytes + kept, size - kept);
}
