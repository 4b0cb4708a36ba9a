/* Cells: any text. Tokens and items must lie inside it, in order, and splitting must end. */
#include "kernel/engine/c/is_complete.h"
#include "kernel/engine/c/split.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool upper_case_is_type(void *context, const char *name, size_t size) {
    (void)context;
    return size > 0 && name[0] >= 'A' && name[0] <= 'Z';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = malloc(size + 1);
    assert(text);
    memcpy(text, data, size);
    text[size] = '\0';

    struct split split;
    split_init(&split, text, size, upper_case_is_type, NULL);
    size_t end = 0;
    for (size_t i = 0; i < split.count; i++) {
        const struct split_item *item = &split.items[i];
        assert(item->start >= end && item->end >= item->start && item->end <= size);
        assert(item->first + item->count <= split.token_count);
        end = item->end;
        size_t keyword, open, close;
        split_tag_body(&split, item, &keyword, &open, &close);
        split_has_word(&split, item, "static");
        split_starts_with(&split, item, "struct");
    }
    split_finish(&split);

    size_t indent = 0;
    is_complete_check(text, size, &indent);
    assert(indent <= 8 * (size + 1));
    assert(lex_same(text, size, text, size));
    free(text);
    return 0;
}
