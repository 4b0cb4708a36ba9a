#include "kernel/fk/align.h"

#include <stdlib.h>
#include <string.h>

static uint64_t hash_bytes(const char *at, size_t size) {
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)at[i]) * 1099511628211u;
    return hash;
}

static const char *end_of_line(const char *at, const char *end) {
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    return newline ? newline : end;
}

bool align_text_init(struct align_text *text, const char *bytes, size_t size) {
    const char *end = bytes + size;
    size_t count = 0;
    for (const char *at = bytes; at < end; at = end_of_line(at, end) + 1)
        count++;
    struct align_line *lines = malloc((count + 1) * sizeof *lines);
    if (!lines)
        return false;
    count = 0;
    for (const char *at = bytes; at < end;) {
        const char *stop = end_of_line(at, end);
        size_t length = (size_t)(stop - at);
        lines[count++] = (struct align_line){at, length, hash_bytes(at, length)};
        at = stop + 1;
    }
    *text = (struct align_text){lines, count};
    return true;
}

void align_text_finish(struct align_text *text) {
    free(text->lines);
    *text = (struct align_text){0};
}

bool align_same(const struct align_line *a, const struct align_line *b) {
    return a->hash == b->hash && a->size == b->size && memcmp(a->at, b->at, a->size) == 0;
}

/* Add to the last block where the kind is the same. */
static bool add(struct align *align, enum align_kind kind, size_t left_count, size_t right_count) {
    struct align_block *last = align->count ? &align->blocks[align->count - 1] : NULL;
    if (left_count + right_count == 0)
        return true;
    if (last && last->kind == kind) {
        last->left_count += left_count;
        last->right_count += right_count;
        return true;
    }
    size_t left = last ? last->left + last->left_count : 0;
    size_t right = last ? last->right + last->right_count : 0;
    if (align->count == align->capacity) {
        size_t capacity = align->capacity ? 2 * align->capacity : 16;
        struct align_block *blocks = realloc(align->blocks, capacity * sizeof *blocks);
        if (!blocks)
            return false;
        align->blocks = blocks;
        align->capacity = capacity;
    }
    align->blocks[align->count++] =
        (struct align_block){kind, left, left_count, right, right_count};
    return true;
}

/* `rest[i][j]`: how many lines the longest common subsequence of left from i on and right from j on
 * has. */
static bool add_aligned(struct align *align, const struct align_line *left, size_t left_count,
    const struct align_line *right, size_t right_count) {
    size_t width = right_count + 1;
    uint16_t *rest = calloc((left_count + 1) * width, sizeof *rest);
    if (!rest)
        return false;
    for (size_t i = left_count; i-- > 0;)
        for (size_t j = right_count; j-- > 0;) {
            uint16_t below = rest[(i + 1) * width + j], beside = rest[i * width + j + 1];
            if (align_same(&left[i], &right[j]))
                rest[i * width + j] = (uint16_t)(rest[(i + 1) * width + j + 1] + 1);
            else
                rest[i * width + j] = below > beside ? below : beside;
        }
    bool added = true;
    size_t i = 0, j = 0;
    while (added && i < left_count && j < right_count) {
        if (align_same(&left[i], &right[j])) {
            added = add(align, ALIGN_EQUAL, 1, 1);
            i++;
            j++;
        } else if (rest[(i + 1) * width + j] >= rest[i * width + j + 1]) {
            added = add(align, ALIGN_CHANGED, 1, 0);
            i++;
        } else {
            added = add(align, ALIGN_CHANGED, 0, 1);
            j++;
        }
    }
    free(rest);
    return added && add(align, ALIGN_CHANGED, left_count - i, right_count - j);
}

bool align_init(struct align *align, const struct align_text *left, const struct align_text *right,
    size_t max_lines) {
    size_t shorter = left->count < right->count ? left->count : right->count;
    size_t begin = 0, end = 0;
    while (begin < shorter && align_same(&left->lines[begin], &right->lines[begin]))
        begin++;
    while (end < shorter - begin &&
           align_same(&left->lines[left->count - 1 - end], &right->lines[right->count - 1 - end]))
        end++;
    size_t left_count = left->count - begin - end, right_count = right->count - begin - end;
    struct align made = {0};
    bool added = add(&made, ALIGN_EQUAL, begin, begin);
    if (added && left_count && right_count && (left_count > max_lines || right_count > max_lines))
        added = add(&made, ALIGN_UNALIGNED, left_count, right_count);
    else if (added)
        added =
            add_aligned(&made, left->lines + begin, left_count, right->lines + begin, right_count);
    if (added && add(&made, ALIGN_EQUAL, end, end)) {
        *align = made;
        return true;
    }
    align_finish(&made);
    return false;
}

void align_finish(struct align *align) {
    free(align->blocks);
    *align = (struct align){0};
}
