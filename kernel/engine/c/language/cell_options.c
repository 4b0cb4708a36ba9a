/* The options in the comments of a cell: //%cflags:, //%ldflags:, //%args:. */
#include "kernel/engine/c/language/cell.h"

#include <stdlib.h>
#include <string.h>

/* How many bytes of two options say that the later one takes the earlier one's place: the macro of
   -D and -U, -std, -O; all of them for the others. */
static size_t option_key(const char *word) {
    if (strncmp(word, "-D", 2) == 0 || strncmp(word, "-U", 2) == 0)
        return 2 + strcspn(word + 2, "=");
    if (strncmp(word, "-O", 2) == 0)
        return 2;
    if (strncmp(word, "-std=", 5) == 0)
        return 5;
    return strlen(word) + 1;
}

static bool same_option(const char *a, const char *b) {
    size_t size = option_key(a);
    if (size != option_key(b))
        return false;
    bool macros = size > 2 && strchr("DU", a[1]) && strchr("DU", b[1]);
    return macros ? strncmp(a + 2, b + 2, size - 2) == 0 : strncmp(a, b, size) == 0;
}

static void append_word(struct buf *out, const char *word) {
    buf_printf(out, "%s%s", out->size ? " " : "", word);
}

static void add_word(char **options, const char *word) {
    struct buf out = BUF_INIT;
    char *rest = NULL;
    bool there = false;
    for (char *old = strtok_r(*options, " \t\r", &rest); old;
        old = strtok_r(NULL, " \t\r", &rest)) {
        bool same = *word == '-' && same_option(old, word);
        if (!same || !there)
            append_word(&out, same ? word : old);
        there = there || same;
    }
    if (!there)
        append_word(&out, word);
    free(*options);
    *options = buf_take(&out);
}

static void set_options(char **options, const char *text) {
    free(*options);
    *options = must_copy(text, strlen(text));
}

/* Options that go with the word behind them. */
static bool takes_word(const char *word) {
    static const char *const options[] = {"-I", "-D", "-U", "-L", "-l", "-include", "-imacros",
        "-isystem", "-iquote", "-idirafter", "-Xclang", "-Xlinker", "-Xpreprocessor", "-mllvm",
        "--param", NULL};
    for (size_t i = 0; options[i]; i++)
        if (strcmp(word, options[i]) == 0)
            return true;
    return false;
}

static bool has_words(const char *options, const char *words) {
    size_t size = strlen(words);
    for (const char *at = options; (at = strstr(at, words)); at++)
        if ((at == options || at[-1] == ' ') && (at[size] == ' ' || !at[size]))
            return true;
    return false;
}

/* The words of one line; none at all clear what there was. What is for the linker goes there. */
static void add_options(struct cell *cell, char **options, const char *text, size_t size) {
    char *copy = must_copy(text, size);
    char *rest = NULL;
    bool any = false;
    for (char *word = strtok_r(copy, " \t\r", &rest); word; word = strtok_r(NULL, " \t\r", &rest)) {
        bool links = strncmp(word, "-l", 2) == 0 || strncmp(word, "-L", 2) == 0;
        char **to = links ? &cell->ldflags : options;
        char *next = takes_word(word) ? strtok_r(NULL, " \t\r", &rest) : NULL;
        any = true;
        if (!next) {
            add_word(to, word);
            continue;
        }
        struct buf pair = BUF_INIT;
        buf_printf(&pair, "%s %s", word, next);
        if (!has_words(*to, buf_string(&pair))) {
            struct buf all = BUF_INIT;
            buf_append_string(&all, *to);
            append_word(&all, buf_string(&pair));
            set_options(to, buf_string(&all));
            buf_finish(&all);
        }
        buf_finish(&pair);
    }
    if (!any)
        set_options(options, "");
    free(copy);
}

void cell_take_options(struct cell *cell, const struct language *language) {
    const char *line = cell->code;
    set_options(&cell->cflags, language->cflags);
    set_options(&cell->ldflags, language->ldflags);
    set_options(&cell->arguments, "");
    while (*line) {
        size_t size = strcspn(line, "\n");
        const char *at = line + strspn(line, " \t");
        size_t left = at < line + size ? (size_t)(line + size - at) : 0;
        if (left > 9 && strncmp(at, "//%cflags:", 10) == 0) {
            add_options(cell, &cell->cflags, at + 10, left - 10);
        } else if (left > 10 && strncmp(at, "//%ldflags:", 11) == 0) {
            add_options(cell, &cell->ldflags, at + 11, left - 11);
        } else if (left > 6 && strncmp(at, "//%args:", 8) == 0) {
            char *words = must_copy(at + 8, left - 8);
            struct buf all = BUF_INIT;
            buf_append_string(&all, cell->arguments);
            append_word(&all, words + strspn(words, " \t"));
            set_options(&cell->arguments, buf_string(&all));
            buf_finish(&all);
            free(words);
        }
        line += size + (line[size] == '\n');
    }
}
