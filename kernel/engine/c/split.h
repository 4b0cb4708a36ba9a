/*
 * A cell as a list of items: preprocessor lines, declarations, function definitions, statements,
 * and at the end perhaps an expression without a semicolon. By tokens alone, before any parser has
 * seen it. C cannot be split without knowing which names are types (`a * b;`), so the caller is
 * asked. Pure: any thread.
 */
#ifndef FORKERNEL_ENGINE_C_SPLIT_H
#define FORKERNEL_ENGINE_C_SPLIT_H

#include "kernel/engine/c/lex.h"

enum split_kind {
    SPLIT_DIRECTIVE,
    SPLIT_DECLARATION, /* variables, types, prototypes: up to the semicolon */
    SPLIT_FUNCTION,    /* a definition with its body */
    SPLIT_STATEMENT,
    SPLIT_EXPRESSION, /* the last item, without a semicolon: the cell's result */
};

struct split_item {
    enum split_kind kind;
    size_t first; /* index of its first token */
    size_t count; /* how many tokens */
    size_t start; /* bytes */
    size_t end;
    size_t name;     /* SPLIT_FUNCTION: token index of the name */
    size_t body;     /* SPLIT_FUNCTION: token index of the { */
    bool unfinished; /* the text ended before the item did */
};

struct split {
    const char *text; /* a copy without what conditionals leave out, of the same size */
    size_t size;
    struct lex_token *tokens;
    size_t token_count;
    struct split_item *items;
    size_t count;
    enum lex_fault fault;
    size_t depth; /* brackets still open at the end */
    bool stray;   /* a closing bracket that nothing opened, or of the wrong kind */
    bool failed;  /* no memory: the lists are empty */
};

typedef bool split_is_type(void *context, const char *name, size_t size);

/* Split `text`. `is_type` may be NULL. */
void split_init(
    struct split *split, const char *text, size_t size, split_is_type *is_type, void *context);
void split_finish(struct split *split);

enum split_name_kind { SPLIT_TAG, SPLIT_ENUMERATOR, SPLIT_TYPEDEF };

/* Called with each name that a type declaration brings: tags with a body, enumerators, and after
   them typedefs. */
typedef void split_name(void *context, enum split_name_kind kind, const char *name, size_t size);
void split_type_names(
    const struct split *split, const struct split_item *item, split_name *found, void *context);

/* The first `struct`, `union` or `enum` with a body among the item's specifiers: token indexes of
 * the keyword, the { and the }. False when there is none. */
bool split_tag_body(const struct split *split, const struct split_item *item, size_t *ret_keyword,
    size_t *ret_open, size_t *ret_close);

bool split_starts_with(const struct split *split, const struct split_item *item, const char *word);

/* Do the item's tokens, outside brackets, include this word? */
bool split_has_word(const struct split *split, const struct split_item *item, const char *word);

/* Past the bracket that closes the one at token `at`; token_count where it is not closed. */
size_t split_skip_group(const struct split *split, size_t at);

#endif
