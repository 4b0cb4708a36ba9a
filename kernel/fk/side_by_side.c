#include "kernel/fk/side_by_side.h"

#include "base/utf8.h"
#include "kernel/fk/align.h"

#include <string.h>

enum {
    MARK_WIDTH = 2,
    TEXT_WIDTH = SIDE_BY_SIDE_WIDTH - MARK_WIDTH,
    TAB_WIDTH = 4,
    LEAD_WIDTH = 16,   /* shown before a difference that stands far to the right */
    EQUAL_SHOWN = 30,  /* a longer stretch of equal lines is cut in the middle */
    EQUAL_CONTEXT = 3, /* then so many stay at each end */
    UNALIGNED_SHOWN = 200,
};

/* ---- what is seen of a line ---- */

/* The length of the escape sequence at `at` (ECMA-48, section 5.4; strings as terminals end them).
 */
static size_t escape_length(const char *at, size_t size) {
    size_t i = 1;
    if (i < size && at[i] == '[') {
        for (i++; i < size && (unsigned char)at[i] >= 0x20 && (unsigned char)at[i] < 0x40;)
            i++;
        return i < size ? i + 1 : size;
    }
    if (i < size && at[i] == ']') {
        while (i < size && at[i] != '\a' && at[i] != 0x1b)
            i++;
        if (i < size && at[i] == 0x1b)
            i++;
        return i < size ? i + 1 : size;
    }
    return i < size ? 2 : size;
}

static void append_seen(const char *at, size_t size, struct buf *out) {
    while (size && at[size - 1] == '\r')
        size--;
    for (size_t i = size; i > 0; i--)
        if (at[i - 1] == '\r') {
            at += i;
            size -= i;
            break;
        }
    struct buf text = BUF_INIT;
    size_t column = 0;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)at[i];
        if (c == 0x1b) {
            i += escape_length(at + i, size - i) - 1;
        } else if (c == '\t') {
            size_t stop = column - column % TAB_WIDTH + TAB_WIDTH;
            for (; column < stop; column++)
                buf_append_char(&text, ' ');
        } else if (c >= 0x20 && c != 0x7f) {
            buf_append_char(&text, at[i]);
            column += (c & 0xc0) != 0x80; /* but for the later bytes of a character */
        }
    }
    utf8_append_clean(out, buf_string(&text), text.size);
    out->failed = out->failed || text.failed;
    buf_finish(&text);
}

/* ---- columns ---- */

/* Append from character `skip` on, at most `width` characters, ellipses for what is not shown
 * included; returns how many characters. */
static size_t append_cut(const struct buf *seen, size_t skip, size_t width, struct buf *out) {
    const char *text = buf_string(seen);
    size_t count = utf8_count(text, seen->size);
    if (skip >= count)
        skip = 0;
    size_t lead = skip ? 1 : 0;
    size_t left = count - skip;
    size_t shown = left + lead <= width ? left : width - lead - 1;
    size_t from = utf8_offset(text, seen->size, skip);
    size_t to = utf8_offset(text, seen->size, skip + shown);
    buf_append_string(out, lead ? "…" : "");
    buf_append(out, text + from, to - from);
    buf_append_string(out, shown < left ? "…" : "");
    return lead + shown + (shown < left ? 1 : 0);
}

static void pad(size_t width, size_t to, struct buf *out) {
    for (; width < to; width++)
        buf_append_char(out, ' ');
}

/* Where two lines that look alike for long are to be shown from. */
static size_t find_skip(const struct buf *left, const struct buf *right) {
    const char *a = buf_string(left), *b = buf_string(right);
    size_t same = 0;
    while (same < left->size && same < right->size && a[same] == b[same])
        same++;
    size_t column = utf8_count(a, utf8_floor(a, left->size, same));
    size_t a_width = utf8_count(a, left->size), b_width = utf8_count(b, right->size);
    bool hidden = column >= TEXT_WIDTH - 1 && (a_width > TEXT_WIDTH || b_width > TEXT_WIDTH);
    return hidden ? column - LEAD_WIDTH : 0;
}

/* A row of lines that differ, or are equal; NULL: there is none on that side. */
static void append_row(const struct align_line *left, const struct align_line *right,
    const struct side_by_side_style *style, struct buf *out) {
    bool equal = left && right && align_same(left, right);
    struct buf a = BUF_INIT, b = BUF_INIT;
    if (left)
        append_seen(left->at, left->size, &a);
    if (right)
        append_seen(right->at, right->size, &b);
    size_t skip = left && right && !equal ? find_skip(&a, &b) : 0;
    size_t width = 0;
    if (left) {
        buf_append_string(out, equal ? "" : style->removed);
        buf_append_string(out, equal ? "  " : "- ");
        width = MARK_WIDTH + append_cut(&a, skip, TEXT_WIDTH, out);
        buf_append_string(out, equal ? "" : style->plain);
    }
    pad(width, SIDE_BY_SIDE_WIDTH, out);
    buf_append_string(out, " │");
    if (right) {
        buf_append_string(out, equal ? "" : style->added);
        buf_append_string(out, equal ? "   " : " + ");
        append_cut(&b, skip, TEXT_WIDTH, out);
        buf_append_string(out, equal ? "" : style->plain);
    }
    while (out->size && out->data[out->size - 1] == ' ') /* an equal line that is blank */
        out->data[--out->size] = '\0';
    buf_append_char(out, '\n');
    out->failed = out->failed || a.failed || b.failed;
    buf_finish(&a);
    buf_finish(&b);
}

void side_by_side_append_heading(
    const char *left, const char *right, const struct side_by_side_style *style, struct buf *out) {
    struct buf a = BUF_INIT, b = BUF_INIT;
    append_seen(left, strlen(left), &a);
    append_seen(right, strlen(right), &b);
    buf_append_string(out, style->heading);
    pad(append_cut(&a, 0, SIDE_BY_SIDE_WIDTH, out), SIDE_BY_SIDE_WIDTH, out);
    buf_printf(out, "%s │ %s", style->plain, style->heading);
    append_cut(&b, 0, SIDE_BY_SIDE_WIDTH, out);
    buf_printf(out, "%s\n", style->plain);
    out->failed = out->failed || a.failed || b.failed;
    buf_finish(&a);
    buf_finish(&b);
}

/* ---- blocks ---- */

static void append_rows(const struct align_text *left, const struct align_text *right,
    const struct align_block *block, size_t from, size_t to, const struct side_by_side_style *style,
    struct buf *out) {
    for (size_t i = from; i < to; i++)
        append_row(i < block->left_count ? &left->lines[block->left + i] : NULL,
            i < block->right_count ? &right->lines[block->right + i] : NULL, style, out);
}

static size_t rows_of(const struct align_block *block) {
    return block->left_count > block->right_count ? block->left_count : block->right_count;
}

static void append_block(const struct align_text *left, const struct align_text *right,
    const struct align_block *block, const struct side_by_side_style *style, struct buf *out) {
    size_t rows = rows_of(block);
    if (block->kind == ALIGN_EQUAL && rows > EQUAL_SHOWN) {
        append_rows(left, right, block, 0, EQUAL_CONTEXT, style, out);
        buf_printf(out, "%s  (%zu equal lines)%s\n", style->faint, rows - (size_t)2 * EQUAL_CONTEXT,
            style->plain);
        append_rows(left, right, block, rows - EQUAL_CONTEXT, rows, style, out);
    } else if (block->kind == ALIGN_UNALIGNED) {
        size_t shown = rows < UNALIGNED_SHOWN ? rows : UNALIGNED_SHOWN;
        buf_printf(out, "%s  (from here on %zu lines and %zu lines: too many to be aligned)%s\n",
            style->faint, block->left_count, block->right_count, style->plain);
        append_rows(left, right, block, 0, shown, style, out);
        if (shown < rows)
            buf_printf(out, "%s  (%zu lines and %zu lines more are not shown)%s\n", style->faint,
                block->left_count > shown ? block->left_count - shown : 0,
                block->right_count > shown ? block->right_count - shown : 0, style->plain);
    } else {
        append_rows(left, right, block, 0, rows, style, out);
    }
}

bool side_by_side_append(const char *left, size_t left_size, const char *right, size_t right_size,
    const struct side_by_side_style *style, struct buf *out) {
    struct align_text a = {0}, b = {0};
    struct align align = {0};
    bool made = align_text_init(&a, left, left_size) && align_text_init(&b, right, right_size) &&
                align_init(&align, &a, &b, SIDE_BY_SIDE_MAX_LINES);
    bool differ = !made || align.count > 1 || (align.count && align.blocks[0].kind != ALIGN_EQUAL);
    for (size_t i = 0; differ && i < align.count; i++)
        append_block(&a, &b, &align.blocks[i], style, out);
    out->failed = out->failed || !made;
    align_finish(&align);
    align_text_finish(&a);
    align_text_finish(&b);
    return differ;
}
