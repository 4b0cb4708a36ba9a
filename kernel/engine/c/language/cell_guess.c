/*
 * What the parser will say of a cell, guessed, so that the compiler can begin while it still
 * parses.
 *
 * Statements go to the compiler as they are written. Of a cell without definitions only the display
 * of its result depends on the parser, and numbers of all types can be shown by the same code. A
 * guess needs no proof: once the parser has spoken, the code is made again, and what is compiling
 * already counts only where the two are the same to the byte.
 */
#include "kernel/engine/c/language/cell.h"

#include <stdlib.h>
#include <string.h>

/* A type by its spelling, up to the parameters of a function: nothing but words of numbers. */
static bool is_number(const char *type) {
    static const char *const words[] = {"const", "volatile", "signed", "unsigned", "char", "short",
        "int", "long", "float", "double", "_Bool", NULL};
    const char *at = type;
    while (*at && *at != '(') {
        size_t size = strcspn(at, " (");
        size_t k = 0;
        while (words[k] && (strlen(words[k]) != size || strncmp(at, words[k], size) != 0))
            k++;
        if (!words[k])
            return false;
        at += size;
        at += strspn(at, " ");
    }
    return at != type && strncmp(at, "(*", 2) != 0;
}

/* Numbers, and variables and functions of numbers, as far as tokens tell. */
static bool shows_number(
    const struct cell *cell, const struct language *language, const struct split_item *item) {
    const struct split *split = &cell->split;
    for (size_t at = item->first; at < item->first + item->count; at++) {
        struct lex_token token = split->tokens[at];
        if (token.kind == LEX_STRING || lex_is(split->text, token, "&"))
            return false;
        if (token.kind != LEX_IDENTIFIER)
            continue;
        char *name = must_copy(split->text + token.start, token.end - token.start);
        const struct definition *live = session_find(&language->session, name);
        bool number = live && live->type && is_number(live->type);
        free(name);
        if (!number)
            return false;
    }
    return true;
}

bool cell_guess(struct cell *cell, struct language *language, struct buf *out, char ret_entry[32]) {
    for (size_t i = 0; i < cell->split.count; i++) {
        const struct split_item *item = &cell->split.items[i];
        bool expression = item->kind == SPLIT_EXPRESSION;
        if (!expression && item->kind != SPLIT_STATEMENT)
            return false;
        if (expression && cell->wants_result && !shows_number(cell, language, item))
            return false;
    }
    cell_plan(cell, language);
    for (size_t i = 0; i < cell->split.count; i++)
        cell->items[i].reached = true;
    cell->has_result = cell->shows_number = true;
    unsigned next_id = language->next_id;
    cell_code(cell, language, out, ret_entry);
    language->next_id = next_id;
    return true;
}
