/* Looking for any bytes in any others: what is found is there, what is not found is not. */
#include "kernel/comm/comm_search.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1)
        return 0;
    size_t wanted_size = data[0] % size;
    const char *wanted = (const char *)data + 1;
    size_t text_size = size - 1 - wanted_size;
    char *text = malloc(text_size + 1); /* of its own, so that a byte past it is noticed */
    struct search_match match;
    if (!text)
        return 0;
    memcpy(text, wanted + wanted_size, text_size);
    bool found = search_find(text, text_size, wanted, wanted_size, &match);
    if (found) {
        assert(wanted_size && match.count && match.at + wanted_size <= text_size);
        assert(match.line_begin <= match.at && match.line_begin + match.line_size <= text_size);
        assert(!memchr(text + match.line_begin, '\n', match.line_size));
        size_t lines = 1;
        for (size_t i = 0; i < match.line_begin; i++)
            lines += text[i] == '\n';
        assert(lines == match.line);
    } else if (wanted_size) {
        assert(!memmem(text, text_size, wanted, wanted_size));
    }
    free(text);
    return 0;
}
