/* Output of programs: any bytes, cut anywhere. What a front end gets is UTF-8, and the same however
 * the bytes were cut. */
#include "base/utf8.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1)
        return 0;
    size_t step = data[0] % 7 + 1u;
    const char *text = (const char *)data + 1;
    size--;

    struct buf whole = BUF_INIT;
    struct buf pieces = BUF_INIT;
    struct utf8_stream stream = {0};
    for (size_t at = 0; at < size; at += step)
        utf8_stream_push(&stream, text + at, size - at < step ? size - at : step, &pieces);
    utf8_stream_end(&stream, &pieces);
    utf8_append_clean(&whole, text, size);
    assert(whole.size == pieces.size);
    assert(whole.size == 0 || memcmp(whole.data, pieces.data, whole.size) == 0);
    assert(utf8_is_valid(whole.data, whole.size));
    assert(whole.size == 0 || !memchr(whole.data, 0, whole.size));

    size_t count = utf8_count(text, size);
    assert(count <= size);
    size_t last = 0;
    for (size_t i = 0; i <= count && i < 64; i++) {
        size_t offset = utf8_offset(text, size, i);
        assert(offset <= size && (i == 0 || offset > last || offset == size));
        last = offset;
    }
    assert(utf8_offset(text, size, count) == size);
    for (size_t at = 0; at <= size && at < 64; at++)
        assert(utf8_floor(text, size, at) <= at);
    buf_finish(&whole);
    buf_finish(&pieces);
    return 0;
}
