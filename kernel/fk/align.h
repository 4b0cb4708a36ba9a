/*
 * Two texts as lines, and which lines of one stand for which of the other: a longest common
 * subsequence between what they begin and end with alike. Pure. Any thread.
 */
#ifndef FORKERNEL_KERNEL_ALIGN_H
#define FORKERNEL_KERNEL_ALIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct align_line {
    const char *at; /* in the text, without its newline */
    size_t size;
    uint64_t hash;
};

struct align_text {
    struct align_line *lines;
    size_t count;
};

/* The lines of a text, which must outlive them. A newline ends a line, so that the last one may be
 * without. False without memory. */
bool align_text_init(struct align_text *text, const char *bytes, size_t size);
void align_text_finish(struct align_text *text);

bool align_same(const struct align_line *a, const struct align_line *b);

enum align_kind {
    ALIGN_EQUAL,
    ALIGN_CHANGED,   /* nothing of the left lines is among the right ones, in their order */
    ALIGN_UNALIGNED, /* too many lines to be looked at */
};

/* Adjacent lines of both texts; of ALIGN_EQUAL as many on both sides, of others either may be 0. */
struct align_block {
    enum align_kind kind;
    size_t left, left_count;
    size_t right, right_count;
};

struct align {
    struct align_block *blocks; /* cover both texts, in order; neighbours differ in kind */
    size_t count, capacity;
};

/* Where between the equal ends one side has more than `max_lines` (at most 65,535) nothing is
 * aligned: memory and time go with the product. False without memory. */
bool align_init(struct align *align, const struct align_text *left, const struct align_text *right,
    size_t max_lines);
void align_finish(struct align *align);

#endif
