#include "base/utf8.h"

#include <string.h>

static const char replacement[] = "\xEF\xBF\xBD";

enum utf8_result { UTF8_COMPLETE, UTF8_MALFORMED, UTF8_UNFINISHED };

/* How many bytes at `p` form a character, a maximal malformed part, or the beginning of a
   character. Table 3-7 of the Unicode Standard: only the second byte's range depends on the first.
 */
static enum utf8_result utf8_next(const unsigned char *p, size_t size, size_t *ret_length) {
    unsigned char first = p[0], low = 0x80, high = 0xBF;
    size_t length;
    *ret_length = 1;
    if (first < 0x80)
        return UTF8_COMPLETE;
    if (first >= 0xC2 && first <= 0xDF) {
        length = 2;
    } else if (first >= 0xE0 && first <= 0xEF) {
        length = 3;
        if (first == 0xE0)
            low = 0xA0;
        if (first == 0xED)
            high = 0x9F;
    } else if (first >= 0xF0 && first <= 0xF4) {
        length = 4;
        if (first == 0xF0)
            low = 0x90;
        if (first == 0xF4)
            high = 0x8F;
    } else {
        return UTF8_MALFORMED;
    }
    for (size_t i = 1; i < length; i++) {
        *ret_length = i;
        if (i == size)
            return UTF8_UNFINISHED;
        if (p[i] < low || p[i] > high)
            return UTF8_MALFORMED;
        low = 0x80;
        high = 0xBF;
    }
    *ret_length = length;
    return UTF8_COMPLETE;
}

/* Append what is whole or wrong; return how many bytes at the end are the beginning of a character.
 */
static size_t utf8_append(const unsigned char *p, size_t size, struct buf *out) {
    size_t at = 0, from = 0;
    while (at < size) {
        if (p[at] && p[at] < 0x80) {
            at++;
            continue;
        }
        size_t length;
        enum utf8_result result = utf8_next(p + at, size - at, &length);
        if (result == UTF8_COMPLETE && p[at]) {
            at += length;
            continue;
        }
        buf_append(out, p + from, at - from);
        if (result == UTF8_UNFINISHED)
            return size - at;
        buf_append(out, replacement, 3);
        at += length;
        from = at;
    }
    buf_append(out, p + from, size - from);
    return 0;
}

void utf8_stream_push(struct utf8_stream *stream, const void *data, size_t size, struct buf *out) {
    const unsigned char *p = data;
    while (stream->pending_size && size) {
        stream->pending[stream->pending_size++] = *p;
        size_t length;
        enum utf8_result result = utf8_next(stream->pending, stream->pending_size, &length);
        if (result == UTF8_UNFINISHED) {
            p++, size--;
            continue;
        }
        if (result == UTF8_COMPLETE) {
            buf_append(out, stream->pending, length);
            p++, size--;
        } else {
            /* the new byte did not belong to it and is looked at again by itself */
            buf_append(out, replacement, 3);
        }
        stream->pending_size = 0;
    }
    if (!size)
        return;
    size_t left = utf8_append(p, size, out);
    memcpy(stream->pending, p + size - left, left);
    stream->pending_size = left;
}

void utf8_stream_end(struct utf8_stream *stream, struct buf *out) {
    if (stream->pending_size)
        buf_append(out, replacement, 3);
    stream->pending_size = 0;
}

void utf8_append_clean(struct buf *out, const void *data, size_t size) {
    struct utf8_stream stream = {0};
    utf8_stream_push(&stream, data, size, out);
    utf8_stream_end(&stream, out);
}

bool utf8_is_valid(const void *data, size_t size) {
    const unsigned char *p = data;
    for (size_t at = 0, length; at < size; at += length)
        if (utf8_next(p + at, size - at, &length) != UTF8_COMPLETE)
            return false;
    return true;
}

size_t utf8_count(const char *text, size_t size) {
    size_t count = 0;
    for (size_t at = 0, length; at < size; at += length, count++)
        (void)utf8_next((const unsigned char *)text + at, size - at, &length);
    return count;
}

size_t utf8_offset(const char *text, size_t size, size_t index) {
    size_t at = 0;
    for (size_t length; at < size && index; at += length, index--)
        (void)utf8_next((const unsigned char *)text + at, size - at, &length);
    return at;
}

size_t utf8_floor(const char *text, size_t size, size_t at) {
    if (at >= size)
        return size;
    size_t back = 0;
    while (back < 3 && at - back > 0 && ((unsigned char)text[at - back] & 0xC0) == 0x80)
        back++;
    return ((unsigned char)text[at - back] & 0xC0) == 0x80 ? at : at - back;
}
