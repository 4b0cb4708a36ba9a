/*
 * The tokens of C, as far as splitting a cell needs them: no preprocessing, no keywords, and never
 * a failure, since what people type is mostly unfinished. A preprocessor line is one token. Pure
 * functions over the caller's text: any thread.
 */
#ifndef FORKERNEL_ENGINE_C_LEX_H
#define FORKERNEL_ENGINE_C_LEX_H

#include <stdbool.h>
#include <stddef.h>

enum lex_kind {
    LEX_END,
    LEX_IDENTIFIER, /* keywords too */
    LEX_NUMBER,
    LEX_STRING,
    LEX_CHARACTER,
    LEX_PUNCTUATION, /* one or two characters */
    LEX_DIRECTIVE,   /* from the # to the end of its logical line */
};

enum lex_fault {
    LEX_FINE,
    LEX_OPEN_COMMENT, /* the text ended inside a comment */
    LEX_OPEN_STRING,  /* a quote without its partner on the line */
    LEX_OPEN_LINE,    /* the text ended with a backslash */
};

struct lex_token {
    enum lex_kind kind;
    size_t start; /* byte offsets into the text */
    size_t end;
};

struct lexer {
    const char *text;
    size_t size;
    size_t at;
    bool line_start;      /* nothing but blanks since the last newline */
    enum lex_fault fault; /* the last one met */
};

void lexer_init(struct lexer *lexer, const char *text, size_t size);

/* The next token; LEX_END at the end, again and again. */
struct lex_token lexer_next(struct lexer *lexer);

/* Is the token this identifier or punctuation? */
bool lex_is(const char *text, struct lex_token token, const char *what);

/* All tokens at once, ended by LEX_END; the caller frees them. NULL without memory. */
struct lex_token *lex_all(
    const char *text, size_t size, size_t *ret_count, enum lex_fault *ret_fault);

/* The word of a directive: "if" of "#  if X". NULL and 0 where there is none. */
const char *lex_directive_word(const char *text, struct lex_token token, size_t *ret_size);

/* Is the text between these offsets, one branch of a conditional, left out? */
typedef bool lex_is_excluded(void *context, size_t start, size_t end);

/* Blank out what #if and its like leave out, with these directives themselves; newlines stay.
   `is_excluded` is asked about conditions that take more than a look at them; without it, the first
   such branch stays. Groups of nothing but directives under such a condition are left alone. */
void lex_exclude(char *text, size_t size, lex_is_excluded *is_excluded, void *context);

/* Does the text mention the identifier `name`, members after . and -> and comments aside? Tags are
   names of their own: "#point" is `point` after struct, union or enum, "point" one elsewhere. */
bool lex_mentions(const char *text, size_t size, const char *name);

/* Are the texts the same apart from blanks and comments? */
bool lex_same(const char *a, size_t a_size, const char *b, size_t b_size);

#endif
