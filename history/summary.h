/*
 * A text in one line, for lists. Pure. Any thread.
 */
#ifndef FORKERNEL_HISTORY_SUMMARY_H
#define FORKERNEL_HISTORY_SUMMARY_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

struct summary_line {
    const char *at; /* in the text, without white space on either side */
    size_t size;
};

/* The line that stands for a cell's whole text: the first that is code, or the heading of a
 * markdown cell without its signs. Not a directive such as #include, a comment, or blank; where
 * there is nothing else, the first that is not blank. False: all is blank. */
bool summary_telling_line(const char *text, size_t size, struct summary_line *ret_line);

/* Is one line alone of that kind: no directive, no comment, not blank? */
bool summary_line_tells(const char *line, size_t size);

/* The telling line of a text, as valid UTF-8 of at most about 100 bytes, appended to `out`. */
void summary_append_telling(struct buf *out, const char *text, size_t size);

/* The first line that is not blank, in the same way: what a run printed has no code in it. */
void summary_append_first(struct buf *out, const char *text, size_t size);

#endif
