/*
 * Two texts beside each other, line by line: equal lines plain, others marked with - on the left
 * and + on the right. Pure. Any thread.
 *
 * Colour codes and control characters in the texts are left out, tabs become spaces, a line that
 * was written over after a carriage return is shown as it was in the end. Width is counted in code
 * points. Lines are compared as they came, so that two may differ and look the same.
 */
#ifndef FORKERNEL_KERNEL_SIDE_BY_SIDE_H
#define FORKERNEL_KERNEL_SIDE_BY_SIDE_H

#include "base/buf.h"

enum {
    SIDE_BY_SIDE_WIDTH = 51,       /* of a column, its mark included */
    SIDE_BY_SIDE_MAX_LINES = 2000, /* between equal ends; past it lines are not aligned */
};

/* ANSI sequences, or "" each. */
struct side_by_side_style {
    const char *heading, *removed, *added, *faint, *plain;
};

/* One line above the columns. */
void side_by_side_append_heading(
    const char *left, const char *right, const struct side_by_side_style *style, struct buf *out);

/* The columns. False, and nothing appended, when no line differs. Long stretches of equal lines are
 * cut in the middle, and so are lines that could not be aligned; the text says so. */
bool side_by_side_append(const char *left, size_t left_size, const char *right, size_t right_size,
    const struct side_by_side_style *style, struct buf *out);

#endif
