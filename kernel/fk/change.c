#include "kernel/fk/change.h"

#include "base/telling_line.h"
#include "base/utf8.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct line {
    const char *at; /* without the white space in front */
    size_t size;    /* without the white space behind */
};

/* The next line that is not blank; false at the end. */
static bool next_line(const char **at, struct line *ret_line) {
    while (**at) {
        const char *from = *at;
        size_t length = strcspn(from, "\n");
        *at = from + length + (from[length] == '\n');
        size_t front = strspn(from, " \t\r");
        if (front >= length)
            continue;
        while (length > front && strchr(" \t\r", from[length - 1]))
            length--;
        *ret_line = (struct line){.at = from + front, .size = length - front};
        return true;
    }
    return false;
}

/* The lines of a text, to look them up: cells may have ten thousand, and a tree many versions. */
struct line_set {
    struct line *slots; /* `at` NULL: free */
    size_t mask;        /* a power of two, less one */
};

/* Where the line is, or would be. */
static struct line *find_slot(const struct line_set *set, const struct line *line) {
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < line->size; i++)
        hash = (hash ^ (unsigned char)line->at[i]) * 1099511628211u;
    size_t at = (size_t)(hash ^ hash >> 32) & set->mask;
    while (set->slots[at].at && (set->slots[at].size != line->size ||
                                    memcmp(set->slots[at].at, line->at, line->size) != 0))
        at = (at + 1) & set->mask;
    return &set->slots[at];
}

/* False without memory. */
static bool line_set_init(struct line_set *set, const char *text) {
    struct line line;
    size_t count = 0, room = 16;
    for (const char *at = text; next_line(&at, &line);)
        count++;
    while (room < 2 * count)
        room *= 2;
    *set = (struct line_set){.slots = calloc(room, sizeof *set->slots), .mask = room - 1};
    while (set->slots && next_line(&text, &line))
        *find_slot(set, &line) = line;
    return set->slots != NULL;
}

enum found { FOUND, NOT_FOUND, NO_MEMORY };

/* The first line of `text` that `in` has not. */
static enum found first_missing(const char *text, const char *in, struct line *ret_line) {
    struct line_set set;
    if (!line_set_init(&set, in))
        return NO_MEMORY;
    enum found found = NOT_FOUND;
    while (found == NOT_FOUND && next_line(&text, ret_line))
        if (!find_slot(&set, ret_line)->at)
            found = FOUND;
    free(set.slots);
    return found;
}

static void append_cut(const char *sign, const struct line *line, size_t width, struct buf *out) {
    struct buf clean = BUF_INIT;
    utf8_append_clean(&clean, line->at, line->size);
    size_t shown = utf8_offset(buf_string(&clean), clean.size, width);
    buf_append_string(out, sign);
    buf_append(out, buf_string(&clean), shown);
    if (shown < clean.size)
        buf_append_string(out, "…");
    buf_finish(&clean);
}

/* No line is missing on either side. */
static void append_same_lines(const char *old_text, const char *new_text, struct buf *out) {
    struct line old_line, new_line;
    bool same = true, more = true;
    while (same && more) {
        more = next_line(&old_text, &old_line);
        same = next_line(&new_text, &new_line) == more &&
               (!more || (old_line.size == new_line.size &&
                             memcmp(old_line.at, new_line.at, old_line.size) == 0));
    }
    buf_append_string(out, same ? "(white space only)" : "(lines in another order or again)");
}

static void append_difference(
    const char *old_text, const char *new_text, size_t width, struct buf *out) {
    struct line line;
    const char *sign = "+ ";
    enum found found = first_missing(new_text, old_text, &line);
    if (found == NOT_FOUND) {
        sign = "- ";
        found = first_missing(old_text, new_text, &line);
    }
    if (found == FOUND)
        append_cut(sign, &line, width, out);
    else if (found == NOT_FOUND)
        append_same_lines(old_text, new_text, out);
    else
        out->failed = true;
}

static bool is_blank(const char *text) {
    struct line line;
    return !next_line(&text, &line);
}

void change_append(const char *old_text, const char *new_text, size_t width, struct buf *out) {
    struct telling_line telling;
    if (old_text && !is_blank(old_text))
        append_difference(old_text, new_text, width, out);
    else if (telling_line_find(new_text, strlen(new_text), &telling))
        append_cut("", &(struct line){telling.at, telling.size}, width, out);
    else
        buf_append_string(out, "(blank)");
}
