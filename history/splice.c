#include "history/splice.h"

#include "history/varint.h"

struct splice splice_between(const char *base, size_t base_size, const char *text, size_t size) {
    size_t most = base_size < size ? base_size : size, front = 0, back = 0;
    while (front < most && base[front] == text[front])
        front++;
    while (back < most - front && base[base_size - 1 - back] == text[size - 1 - back])
        back++;
    return (struct splice){front, back, text + front, size - front - back};
}

void splice_append(const struct splice *splice, struct buf *out) {
    varint_append(out, splice->front);
    varint_append(out, splice->back);
    buf_append(out, splice->middle, splice->middle_bytes);
}

bool splice_parse(const void *stored, size_t size, struct splice *ret_splice) {
    const unsigned char *at = stored, *end = at + size;
    uint64_t front, back;
    if (!varint_read(&at, end, &front) || !varint_read(&at, end, &back) || front > UINT32_MAX ||
        back > UINT32_MAX)
        return false;
    *ret_splice =
        (struct splice){(size_t)front, (size_t)back, (const char *)at, (size_t)(end - at)};
    return true;
}

bool splice_apply(
    const struct splice *splice, const char *base, size_t base_size, struct buf *out) {
    if (splice->front > base_size || splice->back > base_size - splice->front)
        return false;
    if (splice->front)
        buf_append(out, base, splice->front);
    if (splice->middle_bytes)
        buf_append(out, splice->middle, splice->middle_bytes);
    if (splice->back)
        buf_append(out, base + base_size - splice->back, splice->back);
    return true;
}
