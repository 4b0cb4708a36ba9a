/*
 * The line that stands for a whole text where there is room for one: in names of cells, logs and
 * lists. It is the first one that tells something; includes, comments and lone braces stand in for
 * it only where there is nothing better. Texts are C, other languages or markdown, and nobody says
 * which. Pure. Any thread.
 */
#ifndef FORKERNEL_BASE_TELLING_LINE_H
#define FORKERNEL_BASE_TELLING_LINE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* Borrowed from the text, without white space around it; of a heading the words alone. */
struct telling_line {
    const char *at;
    size_t size;
};

/* False: the text is blank. */
bool telling_line_find(const char *text, size_t size, struct telling_line *ret_line);

/* One line by itself: not blank, and none of those that only stand in. */
bool telling_line_is_code(const char *line, size_t size);

/* Append it to `out` as valid UTF-8. What is longer than `max_bytes` is cut at the end of a
   character, with "…" behind. Nothing is appended for a blank text. */
void telling_line_append(struct buf *out, const char *text, size_t size, size_t max_bytes);

/* The first heading ("## Words") of a markdown text, those in fenced code not counted, and its
   level from 1 to 6. False: it has none. */
bool telling_line_heading(
    const char *text, size_t size, int *ret_level, struct telling_line *ret_line);

#endif
