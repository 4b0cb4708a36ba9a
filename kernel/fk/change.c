#include "kernel/fk/change.h"

#include "base/utf8.h"

#include <stdbool.h>
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

static bool has_line(const char *text, const struct line *wanted) {
    struct line line;
    while (next_line(&text, &line))
        if (line.size == wanted->size && memcmp(line.at, wanted->at, line.size) == 0)
            return true;
    return false;
}

static bool first_missing(const char *text, const char *in, struct line *ret_line) {
    while (next_line(&text, ret_line))
        if (!has_line(in, ret_line))
            return true;
    return false;
}

static bool starts_with(const struct line *line, const char *sign) {
    size_t size = strlen(sign);
    return line->size >= size && memcmp(line->at, sign, size) == 0;
}

/* A line that stands for a whole text: the first that is neither comment nor directive, in most
 * languages. */
static bool first_telling(const char *text, struct line *ret_line) {
    const char *at = text;
    while (next_line(&at, ret_line))
        if (*ret_line->at != '#' && !starts_with(ret_line, "//") && !starts_with(ret_line, "/*"))
            return true;
    return next_line(&text, ret_line);
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

void change_append(const char *old_text, const char *new_text, size_t width, struct buf *out) {
    struct line line;
    if (!old_text && first_telling(new_text, &line))
        append_cut("", &line, width, out);
    else if (old_text && first_missing(new_text, old_text, &line))
        append_cut("+ ", &line, width, out);
    else if (old_text && first_missing(old_text, new_text, &line))
        append_cut("- ", &line, width, out);
    else
        buf_append_string(out, "(lines in another order or blank)");
}
