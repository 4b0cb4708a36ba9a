/* Differences as a front end could send them: any text, any place in it. What comes out is made of
 * what went in, cut between characters, and nothing else is looked at. */
#include "kernel/comm/comm_edits.h"
#include "tests/fuzz/fuzz.h"

#include "base/utf8.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_BYTES = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < HEAD_BYTES)
        return 0;
    int64_t at = (int8_t)data[0];
    int64_t deleted = (int8_t)data[1];
    size_t insert_size = data[2] % (size - HEAD_BYTES + 1);
    const char *insert = (const char *)data + HEAD_BYTES;
    size_t text_size = size - HEAD_BYTES - insert_size;
    char *text = malloc(text_size + 1); /* of its own, so that a byte past it is noticed */
    struct buf out = BUF_INIT;
    if (!text)
        return 0;
    memcpy(text, insert + insert_size, text_size);
    text[text_size] = '\0';
    uint32_t hash = comm_edits_hash(text, text_size);
    if (comm_edits_apply(text, text_size, at, deleted, insert, insert_size, &out)) {
        assert(at >= 0 && deleted >= 0);
        assert(out.size >= insert_size && out.size <= text_size + insert_size);
        bool valid = utf8_is_valid(text, text_size) && utf8_is_valid(insert, insert_size);
        assert(!valid || utf8_is_valid(buf_string(&out), out.size));
        if (deleted == 0 && insert_size == 0)
            assert(comm_edits_hash(buf_string(&out), out.size) == hash);
    }
    buf_finish(&out);
    free(text);
    return 0;
}
