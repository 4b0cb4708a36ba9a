#include "base/columns.h"

#include "base/utf8.h"

#include <string.h>

static void go_to(struct buf *out, size_t from, size_t to) {
    for (; from < to; from++)
        buf_append_char(out, ' ');
}

void columns_append(struct buf *out, const char *left, const char *right, size_t at, size_t width) {
    size_t used = utf8_count(left, strlen(left));
    bool fresh = true; /* no word of `right` stands in this line */
    buf_append_string(out, left);
    if (used && used + 2 > at) {
        buf_append_char(out, '\n');
        used = 0;
    }
    while (*right) {
        size_t size = strcspn(right, " ");
        size_t word = utf8_count(right, size);
        if (!fresh && used + 1 + word > width) {
            buf_append_char(out, '\n');
            used = 0;
            fresh = true;
        }
        if (fresh) {
            go_to(out, used, at);
            used = at;
        } else {
            buf_append_char(out, ' ');
            used++;
        }
        buf_append(out, right, size);
        used += word;
        fresh = false;
        right += size;
        right += strspn(right, " ");
    }
    buf_append_char(out, '\n');
}
