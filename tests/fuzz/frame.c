/* What a worker could write into the kernel's socket: any bytes, in pieces of any size. Whatever
 * comes out must lie inside what went in, and the pieces must not change what comes out. */
#include "base/frame.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The frames of the bytes when they arrive `step` at a time, written out again; stops at the first
 * that is none. */
static void read_frames(const uint8_t *data, size_t size, size_t step, struct buf *out) {
    struct frame_reader reader = {0};
    struct buf again = BUF_INIT;
    bool good = true;
    for (size_t at = 0; at < size && good; at += step) {
        frame_reader_feed(&reader, data + at, size - at < step ? size - at : step);
        struct frame frame;
        enum status status;
        while ((status = frame_reader_next(&reader, &frame)) == STATUS_OK) {
            assert(frame.count <= FRAME_MAX_FIELDS);
            frame_begin(&again, frame.type);
            for (size_t i = 0; i < frame.count; i++) {
                assert(frame.fields[i].size <= size);
                assert(frame.fields[i].data[frame.fields[i].size] == '\0');
                frame_add(&again, frame.fields[i].data, frame.fields[i].size);
                frame_int(&frame, i, 0);
            }
            assert(strlen(frame_string(&frame, frame.count)) == 0);
            frame_end(&again);
            buf_append(out, again.data, again.size);
        }
        good = status == STATUS_NOT_FOUND;
    }
    buf_finish(&again);
    frame_reader_finish(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1)
        return 0;
    size_t step = data[0] + 1u;
    data++;
    size--;
    struct buf whole = BUF_INIT;
    struct buf pieces = BUF_INIT;
    read_frames(data, size, size ? size : 1, &whole);
    read_frames(data, size, step, &pieces);
    assert(whole.size == pieces.size);
    assert(whole.size == 0 || memcmp(whole.data, pieces.data, whole.size) == 0);
    /* What was read and written again is what came: there is one way to say a thing. */
    assert(whole.size <= size);
    assert(whole.size == 0 || memcmp(whole.data, data, whole.size) == 0);
    buf_finish(&whole);
    buf_finish(&pieces);
    return 0;
}
