#include "base/telling_line.h"

#include "base/utf8.h"

#include <ctype.h>
#include <string.h>

/* How much a line tells, the best first. */
enum worth { WORTH_CODE, WORTH_MACRO, WORTH_COMMENT, WORTH_PREAMBLE, WORTH_MARKS, WORTHS };

enum { HEADING_LEVELS = 6 };

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static struct telling_line trim(struct telling_line line) {
    for (; line.size && is_space(*line.at); line.at++)
        line.size--;
    while (line.size && is_space(line.at[line.size - 1]))
        line.size--;
    return line;
}

/* The next line that is not blank, trimmed; false at the end. */
static bool next_line(const char **at, const char *end, struct telling_line *ret_line) {
    while (*at < end) {
        const char *from = *at;
        const char *stop = memchr(from, '\n', (size_t)(end - from));
        *at = stop ? stop + 1 : end;
        *ret_line = trim((struct telling_line){from, (size_t)((stop ? stop : end) - from)});
        if (ret_line->size)
            return true;
    }
    return false;
}

static bool starts_with(const struct telling_line *line, const char *sign) {
    size_t size = strlen(sign);
    return line->size >= size && memcmp(line->at, sign, size) == 0;
}

/* `sign` somewhere from byte `from` on. */
static bool has_behind(const struct telling_line *line, size_t from, const char *sign) {
    size_t size = strlen(sign);
    for (size_t i = from; i + size <= line->size; i++)
        if (memcmp(line->at + i, sign, size) == 0)
            return true;
    return false;
}

/* A letter, a digit, or a character beyond ASCII. */
static bool has_words(const struct telling_line *line) {
    for (size_t i = 0; i < line->size; i++)
        if (isalnum((unsigned char)line->at[i]) || (unsigned char)line->at[i] >= 0x80)
            return true;
    return false;
}

/* "## Words ##" */
static bool read_heading(
    const struct telling_line *line, int *ret_level, struct telling_line *ret_words) {
    struct telling_line words = *line;
    int level = 0;
    for (; words.size && *words.at == '#'; words.at++, words.size--)
        level++;
    if (level < 1 || level > HEADING_LEVELS || !words.size || !is_space(*words.at))
        return false;
    while (words.size && words.at[words.size - 1] == '#')
        words.size--;
    words = trim(words);
    if (!has_words(&words))
        return false;
    *ret_level = level;
    *ret_words = words;
    return true;
}

/* The word behind '#' is one of the preprocessor's: 'd' for #define, 'o' for the others. */
static char read_directive(const struct telling_line *line) {
    static const char *const others[] = {
        "include", "if", "ifdef", "ifndef", "elif", "else", "endif", "pragma", "undef"};
    struct telling_line word = trim((struct telling_line){line->at + 1, line->size - 1});
    size_t size = 0;
    while (size < word.size && isalpha((unsigned char)word.at[size]))
        size++;
    if (size == 6 && memcmp(word.at, "define", 6) == 0)
        return 'd';
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (size == strlen(others[i]) && memcmp(word.at, others[i], size) == 0)
            return 'o';
    return 0;
}

static bool is_import(const struct telling_line *line) {
    return starts_with(line, "import ") || starts_with(line, "using ") ||
           (starts_with(line, "from ") && has_behind(line, 5, " import "));
}

/* `in_comment`: a block comment of C is open before the line, and after it. */
static enum worth judge(const struct telling_line *line, bool *in_comment) {
    if (*in_comment || starts_with(line, "/*")) {
        *in_comment = !has_behind(line, *in_comment ? 0 : 2, "*/");
        return has_words(line) ? WORTH_COMMENT : WORTH_MARKS;
    }
    if (!has_words(line) || starts_with(line, "#!"))
        return WORTH_MARKS;
    if (starts_with(line, "//") || starts_with(line, "<!--"))
        return WORTH_COMMENT;
    if (*line->at == '#') {
        char directive = read_directive(line);
        return directive == 'd' ? WORTH_MACRO : directive ? WORTH_PREAMBLE : WORTH_COMMENT;
    }
    return *line->at == '%' || is_import(line) ? WORTH_PREAMBLE : WORTH_CODE;
}

bool telling_line_find(const char *text, size_t size, struct telling_line *ret_line) {
    const char *at = text, *end = text + size;
    struct telling_line line;
    enum worth best = WORTHS;
    bool in_comment = false;
    int level;
    while (best != WORTH_CODE && next_line(&at, end, &line)) {
        /* what begins with a heading is markdown, or a comment that was written as its title */
        bool first = best == WORTHS;
        if (first && read_heading(&line, &level, ret_line) && !read_directive(&line))
            return true;
        enum worth worth = judge(&line, &in_comment);
        if (worth >= best)
            continue;
        best = worth;
        *ret_line = line;
    }
    return best != WORTHS;
}

bool telling_line_is_code(const char *line, size_t size) {
    struct telling_line trimmed = trim((struct telling_line){line, size});
    bool in_comment = false;
    return trimmed.size && judge(&trimmed, &in_comment) == WORTH_CODE;
}

void telling_line_append(struct buf *out, const char *text, size_t size, size_t max_bytes) {
    struct telling_line line;
    if (!telling_line_find(text, size, &line))
        return;
    bool cut = line.size > max_bytes;
    utf8_append_clean(out, line.at, cut ? utf8_floor(line.at, line.size, max_bytes) : line.size);
    if (cut)
        buf_append_string(out, "…");
}

bool telling_line_heading(
    const char *text, size_t size, int *ret_level, struct telling_line *ret_line) {
    const char *at = text, *end = text + size;
    struct telling_line line;
    bool fenced = false;
    while (next_line(&at, end, &line)) {
        if (starts_with(&line, "```") || starts_with(&line, "~~~"))
            fenced = !fenced;
        else if (!fenced && read_heading(&line, ret_level, ret_line))
            return true;
    }
    return false;
}
