#include "base/buf.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_finish(struct buf *buf) {
    free(buf->data);
    *buf = BUF_INIT;
}

void buf_clear(struct buf *buf) {
    buf->size = 0;
    buf->failed = false;
    if (buf->data)
        buf->data[0] = '\0';
}

/* Room for `more` bytes and the NUL behind them. */
static bool buf_reserve(struct buf *buf, size_t more) {
    if (buf->failed || more >= SIZE_MAX / 4 - buf->size) {
        buf->failed = true;
        return false;
    }
    size_t need = buf->size + more + 1;
    if (need <= buf->capacity)
        return true;
    size_t capacity = buf->capacity ? buf->capacity : 64;
    while (capacity < need)
        capacity *= 2;
    char *data = realloc(buf->data, capacity);
    if (!data) {
        buf->failed = true;
        return false;
    }
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

void buf_append(struct buf *buf, const void *data, size_t size) {
    if (!buf_reserve(buf, size))
        return;
    assert(buf->data); /* room was made */
    if (size)
        memcpy(buf->data + buf->size, data, size);
    buf->size += size;
    buf->data[buf->size] = '\0';
}

void buf_append_string(struct buf *buf, const char *string) {
    buf_append(buf, string, strlen(string));
}

void buf_append_char(struct buf *buf, char c) {
    buf_append(buf, &c, 1);
}

void buf_vprintf(struct buf *buf, const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    int need = vsnprintf(NULL, 0, format, args);
    if (need < 0)
        buf->failed = true;
    else if (buf_reserve(buf, (size_t)need)) {
        vsnprintf(buf->data + buf->size, (size_t)need + 1, format, again);
        buf->size += (size_t)need;
    }
    va_end(again);
}

void buf_printf(struct buf *buf, const char *format, ...) {
    va_list args;
    va_start(args, format);
    buf_vprintf(buf, format, args);
    va_end(args);
}

void buf_drop_front(struct buf *buf, size_t size) {
    if (size >= buf->size) {
        buf->size = 0;
    } else {
        memmove(buf->data, buf->data + size, buf->size - size);
        buf->size -= size;
    }
    if (buf->data)
        buf->data[buf->size] = '\0';
}

bool buf_ok(const struct buf *buf) {
    return !buf->failed;
}

const char *buf_string(const struct buf *buf) {
    return buf->data ? buf->data : "";
}

char *buf_take(struct buf *buf) {
    if (!buf->failed && !buf->data)
        buf_append(buf, "", 0);
    char *data = buf->failed ? NULL : buf->data;
    if (!data)
        free(buf->data);
    *buf = BUF_INIT;
    return data;
}
