/* Lists of words and their explanations, for help texts. Pure. Any thread. */
#ifndef FORKERNEL_BASE_COLUMNS_H
#define FORKERNEL_BASE_COLUMNS_H

#include "base/buf.h"

/* Append `left`, and `right` beside it from column `at` on, in lines that break between words
   before column `width`; where `left` reaches into that column, `right` begins below it. */
void columns_append(struct buf *out, const char *left, const char *right, size_t at, size_t width);

#endif
