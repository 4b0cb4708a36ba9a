/* Small numbers in few bytes: seven bits each, the lowest first. Internal to history/. */
#ifndef FORKERNEL_HISTORY_VARINT_H
#define FORKERNEL_HISTORY_VARINT_H

#include "base/buf.h"

#include <stdint.h>

static inline void varint_append(struct buf *out, uint64_t value) {
    for (; value >= 0x80; value >>= 7)
        buf_append_char(out, (char)(unsigned char)(value | 0x80));
    buf_append_char(out, (char)(unsigned char)value);
}

/* Moves `at` on; false, and nothing moved, when there is no whole number before `end`. */
static inline bool varint_read(
    const unsigned char **at, const unsigned char *end, uint64_t *ret_value) {
    uint64_t value = 0;
    const unsigned char *next = *at;
    for (unsigned shift = 0; next < end && shift < 64; shift += 7) {
        value |= (uint64_t)(*next & 0x7f) << shift;
        if (!(*next++ & 0x80)) {
            *at = next;
            *ret_value = value;
            return true;
        }
    }
    return false;
}

#endif
