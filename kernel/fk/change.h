/*
 * What changed between two texts, in one line: the first line that the new one has and the old one
 * has not, "+ ...", else the first that is gone, "- ...". Pure. Any thread.
 */
#ifndef FORKERNEL_KERNEL_CHANGE_H
#define FORKERNEL_KERNEL_CHANGE_H

#include "base/buf.h"

/* Append the line, cut at `width` characters, valid UTF-8, without a newline. `old_text` NULL or
   blank: there was nothing, and the telling line stands for the whole. */
void change_append(const char *old_text, const char *new_text, size_t width, struct buf *out);

#endif
