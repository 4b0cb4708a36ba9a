#include "kernel/engine/c/is_complete.h"

#include "kernel/engine/c/split.h"

#include <string.h>

enum { INDENT = 4 };

/* #if without its #endif: more has to come. */
static long open_conditionals(const struct split *split) {
    long depth = 0;
    for (size_t i = 0; i < split->token_count; i++) {
        if (split->tokens[i].kind != LEX_DIRECTIVE)
            continue;
        const char *line = split->text + split->tokens[i].start + 1;
        size_t size = split->tokens[i].end - split->tokens[i].start - 1;
        while (size && (*line == ' ' || *line == '\t')) {
            line++;
            size--;
        }
        if (size >= 2 && strncmp(line, "if", 2) == 0)
            depth++;
        else if (size >= 5 && strncmp(line, "endif", 5) == 0)
            depth--;
    }
    return depth;
}

static bool ends_with_operator(const struct split *split) {
    static const char *const operators[] = {"+", "-", "*", "/", "%", "=", "==", "!=", "<", ">",
        "<=", ">=", "&&", "||", "&", "|", "^", "!", "~", "?", ":", ",", ".", "->", "<<", ">>",
        "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^="};
    if (split->token_count == 0)
        return false;
    struct lex_token last = split->tokens[split->token_count - 1];
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (lex_is(split->text, last, operators[i]))
            return true;
    return false;
}

enum is_complete_status is_complete_check(const char *text, size_t size, size_t *ret_indent) {
    struct split split;
    split_init(&split, text, size, NULL, NULL);
    enum is_complete_status status = IS_COMPLETE;
    size_t indent = 0;
    const struct split_item *last = split.count ? &split.items[split.count - 1] : NULL;
    if (split.stray || split.fault == LEX_OPEN_STRING) {
        status = IS_INVALID;
    } else if (split.depth > 0) {
        status = IS_INCOMPLETE;
        indent = INDENT * split.depth;
    } else if (split.fault != LEX_FINE || open_conditionals(&split) > 0) {
        status = IS_INCOMPLETE;
    } else if (last && (last->unfinished ||
                           (last->kind == SPLIT_EXPRESSION && ends_with_operator(&split)))) {
        status = IS_INCOMPLETE;
        indent = last->kind == SPLIT_STATEMENT ? INDENT : 0;
    }
    split_finish(&split);
    if (status == IS_INCOMPLETE)
        *ret_indent = indent;
    return status;
}
