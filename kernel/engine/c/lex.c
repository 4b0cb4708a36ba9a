#include "kernel/engine/c/lex.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void lexer_init(struct lexer *lexer, const char *text, size_t size) {
    *lexer = (struct lexer){.text = text, .size = size, .line_start = true};
}

static int peek(const struct lexer *lexer, size_t ahead) {
    return lexer->at + ahead < lexer->size ? (unsigned char)lexer->text[lexer->at + ahead] : -1;
}

static bool is_digit(int c) {
    return c >= '0' && c <= '9';
}

static bool is_word(int c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
           is_digit(c) || c >= 0x80;
}

/* A backslash and the newline that it hides; 0 where there is none. */
static size_t splice_size(const struct lexer *lexer, size_t ahead) {
    if (peek(lexer, ahead) != '\\')
        return 0;
    if (peek(lexer, ahead + 1) == '\n')
        return 2;
    return peek(lexer, ahead + 1) == '\r' && peek(lexer, ahead + 2) == '\n' ? 3 : 0;
}

static void skip_block_comment(struct lexer *lexer) {
    lexer->at += 2;
    while (lexer->at < lexer->size && !(peek(lexer, 0) == '*' && peek(lexer, 1) == '/'))
        lexer->at++;
    if (lexer->at >= lexer->size)
        lexer->fault = LEX_OPEN_COMMENT;
    else
        lexer->at += 2;
}

static void skip_line_comment(struct lexer *lexer) {
    while (lexer->at < lexer->size && peek(lexer, 0) != '\n') {
        size_t splice = splice_size(lexer, 0);
        lexer->at += splice ? splice : 1;
    }
}

static void skip_blanks(struct lexer *lexer) {
    while (lexer->at < lexer->size) {
        int c = peek(lexer, 0);
        size_t splice = splice_size(lexer, 0);
        if (c == '\n') {
            lexer->line_start = true;
            lexer->at++;
        } else if (c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f') {
            lexer->at++;
        } else if (splice) {
            lexer->at += splice;
            if (lexer->at >= lexer->size)
                lexer->fault = LEX_OPEN_LINE;
        } else if (c == '\\' && lexer->at + 1 == lexer->size) {
            lexer->at++;
            lexer->fault = LEX_OPEN_LINE;
        } else if (c == '/' && peek(lexer, 1) == '*') {
            skip_block_comment(lexer);
        } else if (c == '/' && peek(lexer, 1) == '/') {
            skip_line_comment(lexer);
        } else {
            return;
        }
    }
}

static void skip_quoted(struct lexer *lexer, char quote) {
    lexer->at++;
    while (lexer->at < lexer->size) {
        int c = peek(lexer, 0);
        if (c == '\n')
            break;
        if (c == '\\') {
            size_t splice = splice_size(lexer, 0);
            lexer->at += splice ? splice : 2;
            continue;
        }
        lexer->at++;
        if (c == quote)
            return;
    }
    if (lexer->at > lexer->size)
        lexer->at = lexer->size;
    lexer->fault = LEX_OPEN_STRING;
}

static void skip_directive(struct lexer *lexer) {
    while (lexer->at < lexer->size && peek(lexer, 0) != '\n') {
        size_t splice = splice_size(lexer, 0);
        if (splice) {
            lexer->at += splice;
            if (lexer->at >= lexer->size)
                lexer->fault = LEX_OPEN_LINE;
        } else if (peek(lexer, 0) == '\\' && lexer->at + 1 == lexer->size) {
            lexer->at++;
            lexer->fault = LEX_OPEN_LINE;
        } else if (peek(lexer, 0) == '/' && peek(lexer, 1) == '*') {
            skip_block_comment(lexer);
        } else if (peek(lexer, 0) == '/' && peek(lexer, 1) == '/') {
            skip_line_comment(lexer);
        } else if (peek(lexer, 0) == '"') {
            enum lex_fault before = lexer->fault;
            skip_quoted(lexer, '"');
            lexer->fault = before; /* #error and the like may hold a lone quote */
        } else {
            lexer->at++;
        }
    }
}

static bool is_string_prefix(const char *word, size_t size) {
    return (size == 1 && (*word == 'L' || *word == 'u' || *word == 'U')) ||
           (size == 2 && word[0] == 'u' && word[1] == '8');
}

static size_t punctuation_size(int a, int b) {
    static const char pairs[][3] = {"->", "++", "--", "<<", ">>", "<=", ">=", "==", "!=", "&&",
        "||", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "##"};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (pairs[i][0] == a && pairs[i][1] == b)
            return 2;
    return 1;
}

struct lex_token lexer_next(struct lexer *lexer) {
    skip_blanks(lexer);
    struct lex_token token = {.start = lexer->at};
    int c = peek(lexer, 0);
    bool line_start = lexer->line_start;
    lexer->line_start = false;
    if (c < 0) {
        token.kind = LEX_END;
    } else if (c == '#' && line_start) {
        token.kind = LEX_DIRECTIVE;
        skip_directive(lexer);
    } else if (is_digit(c) || (c == '.' && is_digit(peek(lexer, 1)))) {
        token.kind = LEX_NUMBER;
        int last = 0;
        while (is_word(peek(lexer, 0)) || peek(lexer, 0) == '.' ||
               ((peek(lexer, 0) == '+' || peek(lexer, 0) == '-') && last && strchr("eEpP", last))) {
            last = peek(lexer, 0);
            lexer->at++;
        }
    } else if (is_word(c)) {
        token.kind = LEX_IDENTIFIER;
        while (is_word(peek(lexer, 0)))
            lexer->at++;
        int quote = peek(lexer, 0);
        if ((quote == '"' || quote == '\'') &&
            is_string_prefix(lexer->text + token.start, lexer->at - token.start)) {
            token.kind = quote == '"' ? LEX_STRING : LEX_CHARACTER;
            skip_quoted(lexer, (char)quote);
        }
    } else if (c == '"' || c == '\'') {
        token.kind = c == '"' ? LEX_STRING : LEX_CHARACTER;
        skip_quoted(lexer, (char)c);
    } else {
        token.kind = LEX_PUNCTUATION;
        lexer->at += punctuation_size(c, peek(lexer, 1));
    }
    token.end = lexer->at;
    return token;
}

bool lex_is(const char *text, struct lex_token token, const char *what) {
    size_t size = token.end - token.start;
    return (token.kind == LEX_IDENTIFIER || token.kind == LEX_PUNCTUATION) &&
           strlen(what) == size && memcmp(text + token.start, what, size) == 0;
}

struct lex_token *lex_all(
    const char *text, size_t size, size_t *ret_count, enum lex_fault *ret_fault) {
    struct lexer lexer;
    struct lex_token *tokens = NULL;
    size_t count = 0;
    size_t capacity = 0;
    lexer_init(&lexer, text, size);
    for (;;) {
        if (count == capacity) {
            capacity = capacity ? capacity * 2 : 64;
            struct lex_token *grown = realloc(tokens, capacity * sizeof *tokens);
            if (!grown) {
                free(tokens);
                return NULL;
            }
            tokens = grown;
        }
        tokens[count] = lexer_next(&lexer);
        if (tokens[count++].kind == LEX_END)
            break;
    }
    *ret_count = count - 1;
    if (ret_fault)
        *ret_fault = lexer.fault;
    return tokens;
}

/* A directive is one token to the splitter; what it mentions is looked for behind its #. */
static bool directive_mentions(const char *text, struct lex_token token, const char *name) {
    return lex_mentions(text + token.start + 1, token.end - token.start - 1, name);
}

bool lex_mentions(const char *text, size_t size, const char *name) {
    struct lexer lexer;
    lexer_init(&lexer, text, size);
    bool member = false;
    bool tag = false;
    bool wants_tag = *name == '#';
    for (;;) {
        struct lex_token token = lexer_next(&lexer);
        if (token.kind == LEX_END)
            return false;
        if (token.kind == LEX_DIRECTIVE && directive_mentions(text, token, name))
            return true;
        if (!member && tag == wants_tag && token.kind == LEX_IDENTIFIER &&
            lex_is(text, token, name + wants_tag))
            return true;
        member = lex_is(text, token, ".") || lex_is(text, token, "->");
        tag = lex_is(text, token, "struct") || lex_is(text, token, "union") ||
              lex_is(text, token, "enum");
    }
}

bool lex_same(const char *a, size_t a_size, const char *b, size_t b_size) {
    struct lexer left;
    struct lexer right;
    lexer_init(&left, a, a_size);
    lexer_init(&right, b, b_size);
    for (;;) {
        struct lex_token x = lexer_next(&left);
        struct lex_token y = lexer_next(&right);
        if (x.kind != y.kind || x.end - x.start != y.end - y.start ||
            memcmp(a + x.start, b + y.start, x.end - x.start) != 0)
            return false;
        if (x.kind == LEX_END)
            return true;
    }
}

/* ---- conditionals ---- */

const char *lex_directive_word(const char *text, struct lex_token token, size_t *ret_size) {
    size_t at = token.start + 1;
    *ret_size = 0;
    if (token.kind != LEX_DIRECTIVE)
        return NULL;
    struct lexer lexer;
    lexer_init(&lexer, text + at, token.end - at);
    struct lex_token word = lexer_next(&lexer);
    if (word.kind != LEX_IDENTIFIER)
        return NULL;
    *ret_size = word.end - word.start;
    return text + at + word.start;
}

static bool directive_is(const char *text, struct lex_token token, const char *what) {
    size_t size;
    const char *word = lex_directive_word(text, token, &size);
    return word && strlen(what) == size && memcmp(word, what, size) == 0;
}

static bool opens_group(const char *text, struct lex_token token) {
    return directive_is(text, token, "if") || directive_is(text, token, "ifdef") ||
           directive_is(text, token, "ifndef");
}

static bool opens_branch(const char *text, struct lex_token token) {
    return directive_is(text, token, "else") || directive_is(text, token, "elif") ||
           directive_is(text, token, "elifdef") || directive_is(text, token, "elifndef");
}

enum verdict { NO, YES, UNKNOWN };

/* 0, 1 and __cplusplus */
static enum verdict condition(const char *text, struct lex_token token) {
    size_t size;
    const char *word = lex_directive_word(text, token, &size);
    assert(word && size); /* it opens a group or a branch, so it has a name */
    const char *rest = word + size;
    if (directive_is(text, token, "else"))
        return YES;
    struct lexer lexer;
    lexer_init(&lexer, rest, token.end - (size_t)(rest - text));
    struct lex_token at = lexer_next(&lexer);
    bool positive = true;
    enum verdict verdict = UNKNOWN;
    if (word[size - 1] == 'f' && size > 4) { /* the ...def forms */
        verdict = lex_is(rest, at, "__cplusplus") ? NO : UNKNOWN;
        positive = !memchr(word, 'n', size);
    } else {
        for (; lex_is(rest, at, "!"); at = lexer_next(&lexer))
            positive = !positive;
        if (at.kind == LEX_NUMBER && at.end - at.start == 1 &&
            (rest[at.start] == '0' || rest[at.start] == '1')) {
            verdict = rest[at.start] == '1' ? YES : NO;
        } else if (lex_is(rest, at, "defined")) {
            at = lexer_next(&lexer);
            bool open = lex_is(rest, at, "(");
            if (open)
                at = lexer_next(&lexer);
            if (lex_is(rest, at, "__cplusplus") && (!open || lex_is(rest, lexer_next(&lexer), ")")))
                verdict = NO;
        }
    }
    at = lexer_next(&lexer);
    if (at.kind != LEX_END || verdict == UNKNOWN)
        return UNKNOWN;
    return (verdict == YES) == positive ? YES : NO;
}

static void blank(char *text, size_t start, size_t end) {
    for (size_t i = start; i < end; i++)
        if (text[i] != '\n')
            text[i] = ' ';
}

struct groups {
    const struct lex_token *tokens;
    size_t count;
    size_t *next;  /* per #if, #elif and #else: the next directive of its group, `count` for none */
    size_t *texts; /* per token: how many before it are no directives */
};

/* `open` has room for a token each. */
static void find_groups(const char *text, struct groups *groups, size_t *open) {
    size_t depth = 0;
    size_t texts = 0;
    for (size_t i = 0; i < groups->count; i++) {
        struct lex_token token = groups->tokens[i];
        groups->next[i] = groups->count;
        groups->texts[i] = texts;
        texts += token.kind != LEX_DIRECTIVE;
        bool ends = directive_is(text, token, "endif");
        if (opens_group(text, token)) {
            open[depth++] = i;
        } else if (depth && (ends || opens_branch(text, token))) {
            groups->next[open[depth - 1]] = i;
            open[depth - 1] = i;
            depth -= ends;
        }
    }
}

/* The group that opens at token `first`. */
static void resolve(char *text, const struct groups *groups, size_t first,
    lex_is_excluded *is_excluded, void *context) {
    const struct lex_token *tokens = groups->tokens;
    bool known = true;
    size_t end = first;
    do {
        if (condition(text, tokens[end]) == UNKNOWN)
            known = false;
        end = groups->next[end];
        if (end >= groups->count)
            return;
    } while (!directive_is(text, tokens[end], "endif"));
    if (!known && groups->texts[end] == groups->texts[first])
        return;
    bool taken = false;
    for (size_t at = first; at < end;) {
        enum verdict verdict = condition(text, tokens[at]);
        size_t next = groups->next[at];
        size_t start = tokens[at].end;
        bool excluded = taken || verdict == NO;
        if (!known && is_excluded)
            excluded = is_excluded(context, start, tokens[next].start);
        taken = taken || !excluded;
        blank(text, tokens[at].start, excluded ? tokens[next].start : start);
        at = next;
    }
    blank(text, tokens[end].start, tokens[end].end);
}

void lex_exclude(char *text, size_t size, lex_is_excluded *is_excluded, void *context) {
    struct groups groups = {0};
    if (!memchr(text, '#', size))
        return;
    struct lex_token *tokens = lex_all(text, size, &groups.count, NULL);
    size_t *memory = tokens ? calloc(3 * groups.count + 1, sizeof *memory) : NULL;
    if (memory) {
        groups.tokens = tokens;
        groups.next = memory;
        groups.texts = memory + groups.count;
        find_groups(text, &groups, memory + 2 * groups.count);
    }
    for (size_t i = 0; memory && i < groups.count; i++)
        if (tokens[i].kind == LEX_DIRECTIVE && text[tokens[i].start] == '#' &&
            opens_group(text, tokens[i]))
            resolve(text, &groups, i, is_excluded, context);
    free(memory);
    free(tokens);
}
