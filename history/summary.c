#include "history/summary.h"

#include "base/utf8.h"

#include <string.h>

enum { SUMMARY_BYTES = 100 };

struct lines {
    const char *text;
    size_t size, at;
};

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void trim(struct summary_line *line) {
    while (line->size && is_blank(*line->at)) {
        line->at++;
        line->size--;
    }
    while (line->size && is_blank(line->at[line->size - 1]))
        line->size--;
}

/* The next line that is not blank. */
static bool next_line(struct lines *lines, struct summary_line *ret_line) {
    while (lines->at < lines->size) {
        const char *from = lines->text + lines->at;
        const char *newline = memchr(from, '\n', lines->size - lines->at);
        size_t length = newline ? (size_t)(newline - from) : lines->size - lines->at;
        struct summary_line line = {from, length};
        lines->at += length + 1;
        trim(&line);
        if (line.size) {
            *ret_line = line;
            return true;
        }
    }
    return false;
}

static bool starts_with(const struct summary_line *line, const char *sign) {
    size_t size = strlen(sign);
    return line->size >= size && memcmp(line->at, sign, size) == 0;
}

static void skip(struct summary_line *line, size_t size) {
    line->at += size;
    line->size -= size;
    trim(line);
}

/* "#include", "# define": as opposed to a heading of markdown. */
static bool is_directive(struct summary_line line) {
    static const char *const words[] = {"include", "define", "undef", "if", "ifdef", "ifndef",
        "else", "elif", "endif", "pragma", "error", "warning", "line", "embed"};
    if (line.size < 2 || line.at[0] != '#' || line.at[1] == '#')
        return false;
    if (!is_blank(line.at[1]))
        return true;
    skip(&line, 1);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (starts_with(&line, words[i]) &&
            (line.size == strlen(words[i]) || strchr(" \t<\"(", line.at[strlen(words[i])])))
            return true;
    return false;
}

/* What a line has behind comments; `open` says whether one of them goes on in the next line. */
static void skip_comments(struct summary_line *line, bool *open) {
    while (*open || starts_with(line, "/*")) {
        size_t at = *open ? 0 : 2;
        while (at + 1 < line->size && (line->at[at] != '*' || line->at[at + 1] != '/'))
            at++;
        *open = at + 1 >= line->size;
        skip(line, *open ? line->size : at + 2);
        if (*open)
            return;
    }
    if (starts_with(line, "//"))
        skip(line, line->size);
}

bool summary_telling_line(const char *text, size_t size, struct summary_line *ret_line) {
    struct lines lines = {.text = text, .size = size};
    struct summary_line line, first = {0};
    bool open = false;
    while (next_line(&lines, &line)) {
        if (!first.size)
            first = line;
        skip_comments(&line, &open);
        if (!line.size || is_directive(line))
            continue;
        struct summary_line heading = line;
        while (heading.size && *heading.at == '#')
            skip(&heading, 1);
        *ret_line = heading.size ? heading : line;
        return true;
    }
    *ret_line = first;
    return first.size != 0;
}

bool summary_line_tells(const char *line, size_t size) {
    struct summary_line own = {line, size};
    bool open = false;
    trim(&own);
    skip_comments(&own, &open);
    return own.size && !is_directive(own);
}

static void append_cut(struct buf *out, const struct summary_line *line) {
    bool cut = line->size > SUMMARY_BYTES;
    size_t size = cut ? utf8_floor(line->at, line->size, SUMMARY_BYTES) : line->size;
    utf8_append_clean(out, line->at, size);
    if (cut)
        buf_append_string(out, "…");
}

void summary_append_telling(struct buf *out, const char *text, size_t size) {
    struct summary_line line;
    if (summary_telling_line(text, size, &line))
        append_cut(out, &line);
}

void summary_append_first(struct buf *out, const char *text, size_t size) {
    struct lines lines = {.text = text, .size = size};
    struct summary_line line;
    if (next_line(&lines, &line))
        append_cut(out, &line);
}
