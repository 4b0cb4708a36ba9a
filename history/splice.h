/*
 * A text as another one with one stretch replaced, which is what typing does: how many bytes stay
 * in front, how many at the end, and what is between them now. Internal to history/.
 */
#ifndef FORKERNEL_HISTORY_SPLICE_H
#define FORKERNEL_HISTORY_SPLICE_H

#include "base/buf.h"

#include <stddef.h>

struct splice {
    size_t front, back; /* bytes of the base that stay */
    const char *middle;
    size_t middle_bytes;
};

/* The smallest one; `middle` points into `text`. */
struct splice splice_between(const char *base, size_t base_size, const char *text, size_t size);

void splice_append(const struct splice *splice, struct buf *out);

/* False: these bytes are none. `middle` points into them. */
bool splice_parse(const void *stored, size_t size, struct splice *ret_splice);

/* Append the text to `out`; false: it was made from another base. */
bool splice_apply(const struct splice *splice, const char *base, size_t base_size, struct buf *out);

#endif
