/*
 * A growing byte buffer. Always followed by a NUL that is not counted, so that `data` can be read
 * as a string.
 *
 * An allocation that fails sets `failed` and drops the bytes: append freely, ask buf_ok() once at
 * the end. The struct is the caller's (init/finish do not allocate it); the bytes are the buffer's
 * until buf_take(). Not shared between threads.
 */
#ifndef FORKERNEL_BASE_BUF_H
#define FORKERNEL_BASE_BUF_H

#include "base/status.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *data;      /* NUL after `size` bytes; NULL while nothing was ever appended */
    size_t size;     /* bytes in use */
    size_t capacity; /* bytes allocated */
    bool failed;     /* an append was lost for want of memory */
};

#define BUF_INIT ((struct buf){0})

void buf_finish(struct buf *buf);

/* Forget the contents and the failure, keep the memory. */
void buf_clear(struct buf *buf);

void buf_append(struct buf *buf, const void *data, size_t size);
void buf_append_string(struct buf *buf, const char *string);
void buf_append_char(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
void buf_vprintf(struct buf *buf, const char *format, va_list args) PRINTF_LIKE(2, 0);

/* Drop the first `size` bytes (at most all of them). */
void buf_drop_front(struct buf *buf, size_t size);

bool buf_ok(const struct buf *buf);

/* The contents as a NUL-terminated string that is never NULL; borrowed until the next change. */
const char *buf_string(const struct buf *buf);

/* Hand the bytes to the caller, who frees them with free(); NULL if an append failed. Empties the
 * buffer. */
char *buf_take(struct buf *buf);

#endif
