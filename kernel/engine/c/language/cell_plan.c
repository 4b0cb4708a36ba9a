/* What a cell changes, and what that moves. */
#include "kernel/engine/c/language/cell.h"

#include <stdlib.h>
#include <string.h>

/* ---- what changes ---- */

struct gather {
    struct names *names;
};

static void gather_name(void *context, enum split_name_kind kind, const char *name, size_t size) {
    names_add_type_name(((struct gather *)context)->names, kind, name, size);
}

static void directive_name(const struct cell *cell, size_t i, struct names *names) {
    if (!cell_directive_is(cell, i, "define"))
        return;
    const struct split_item *item = &cell->split.items[i];
    size_t at = item->start + 1 + strspn(cell->code + item->start + 1, " \t") + 6;
    struct lexer lexer;
    lexer_init(&lexer, cell->code + at, item->end - at);
    struct lex_token name = lexer_next(&lexer);
    if (name.kind == LEX_IDENTIFIER)
        names_add(names, cell->code + at + name.start, name.end - name.start);
}

void cell_item_names(const struct cell *cell, size_t i, struct names *names) {
    const struct split_item *item = &cell->split.items[i];
    struct gather gather = {names};
    if (item->kind == SPLIT_DIRECTIVE) {
        for (size_t k = i; k < cell->items[i].group_end; k++)
            directive_name(cell, k, names);
    } else if (item->kind == SPLIT_DECLARATION) {
        char tag[32];
        split_type_names(&cell->split, item, gather_name, &gather);
        if (cell_tag(cell, i, tag))
            names_add_type_name(names, SPLIT_TAG, tag, strlen(tag));
    } else if (item->kind == SPLIT_FUNCTION) {
        struct lex_token name = cell->split.tokens[item->name];
        names_add(names, cell->text + name.start, name.end - name.start);
        split_type_names(&cell->split, item, gather_name, &gather);
    }
}

static void blank(struct cell *cell, size_t start, size_t end) {
    for (size_t i = start; i < end; i++)
        if (cell->text[i] != '\n')
            cell->text[i] = ' ';
}

/* `static` means nothing between cells, and would contradict the session's declarations. */
static void blank_static(struct cell *cell) {
    for (size_t i = 0; i < cell->split.count; i++) {
        const struct split_item *item = &cell->split.items[i];
        if (item->kind != SPLIT_DECLARATION && item->kind != SPLIT_FUNCTION)
            continue;
        size_t end = item->kind == SPLIT_FUNCTION ? item->name : item->first + item->count;
        for (size_t at = item->first; at < end; at++) {
            struct lex_token token = cell->split.tokens[at];
            if (lex_is(cell->text, token, "=") || lex_is(cell->text, token, "{"))
                break;
            if (lex_is(cell->text, token, "static"))
                blank(cell, token.start, token.end);
        }
    }
}

/* `struct s { int x; } f(void) {...}` */
static void find_unchanged_tag(
    struct cell *cell, const struct language *language, size_t i, const struct names *names) {
    const struct split *split = &cell->split;
    size_t keyword;
    size_t open;
    size_t close;
    if (names->count < 2 || !split_tag_body(split, &split->items[i], &keyword, &open, &close) ||
        close >= split->token_count)
        return;
    const struct definition *live = session_find(&language->session, names->items[1]);
    size_t start = split->tokens[keyword].start;
    size_t end = split->tokens[close].end;
    if (live && lex_same(live->source, strlen(live->source), cell->code + start, end - start))
        blank(cell, split->tokens[open].start, end);
    else
        for (size_t k = 1; k < names->count; k++)
            if (session_find(&language->session, names->items[k]))
                names_add(&cell->changed, names->items[k], strlen(names->items[k]));
}

/* A type, macro or inline function that is live word for word needs nothing. */
static void find_unchanged(struct cell *cell, const struct language *language) {
    for (size_t i = 0; i < cell->split.count; i++) {
        const struct split_item *item = &cell->split.items[i];
        struct names names = {0};
        if (cell->items[i].role == ITEM_HOISTED || cell->items[i].conditional)
            continue;
        cell_item_names(cell, i, &names);
        if (names.count && (item->kind != SPLIT_FUNCTION)) {
            const struct definition *live = session_find(&language->session, names.items[0]);
            size_t start = item->start;
            size_t end = item->end;
            size_t keyword;
            size_t open;
            size_t close;
            bool body = item->kind == SPLIT_DECLARATION &&
                        !split_starts_with(&cell->split, item, "typedef") &&
                        split_tag_body(&cell->split, item, &keyword, &open, &close);
            if (body && close < cell->split.token_count) {
                start = cell->split.tokens[keyword].start;
                end = cell->split.tokens[close].end;
            }
            if (live &&
                lex_same(live->source, strlen(live->source), cell->code + start, end - start)) {
                if (body)
                    blank(cell, cell->split.tokens[open].start, end);
                else
                    cell->items[i].role = ITEM_UNCHANGED;
            } else {
                for (size_t k = 0; k < names.count; k++)
                    if (session_find(&language->session, names.items[k]))
                        names_add(&cell->changed, names.items[k], strlen(names.items[k]));
            }
        } else if (names.count) {
            const struct definition *live = session_find(&language->session, names.items[0]);
            bool inline_now = split_has_word(&cell->split, item, "inline");
            if (live && live->kind == DEFINITION_INLINE &&
                lex_same(live->source, strlen(live->source), cell->code + item->start,
                    item->end - item->start))
                cell->items[i].role = ITEM_UNCHANGED;
            else if (live && (live->kind == DEFINITION_INLINE || inline_now ||
                                 live->kind == DEFINITION_PROTOTYPE))
                names_add(&cell->changed, names.items[0], strlen(names.items[0]));
            find_unchanged_tag(cell, language, i, &names);
        }
        names_finish(&names);
    }
}

/* ---- what moves ---- */

static bool mentions_any(const char *text, const struct names *names) {
    for (size_t i = 0; i < names->count; i++)
        if (lex_mentions(text, strlen(text), names->items[i]))
            return true;
    return false;
}

static bool is_replaced(const struct definition *definition, const struct names *changed) {
    for (size_t i = 0; i < definition->name_count; i++)
        if (names_have(changed, definition->names[i]))
            return true;
    return false;
}

/* Names whose meaning the affected definitions pass on, to a fixed point. */
static void spread(struct cell *cell, const struct language *language, struct names *touched) {
    size_t before;
    do {
        before = touched->count;
        for (size_t i = 0; i < language->session.count; i++) {
            const struct definition *definition = language->session.items[i];
            if (definition->kind == DEFINITION_FRONT || is_replaced(definition, &cell->changed) ||
                !mentions_any(definition->prelude, touched))
                continue;
            for (size_t k = 0; k < definition->name_count; k++)
                names_add(touched, definition->names[k], strlen(definition->names[k]));
        }
    } while (touched->count != before);
}

/* After which item does each moved definition go? As early as all that it needs is there again. */
static void place_moved(struct cell *cell, const struct names *touched) {
    struct names missing = {0};
    for (size_t i = 0; i < touched->count; i++)
        names_add(&missing, touched->items[i], strlen(touched->items[i]));
    cell->moved_after =
        must_allocate(cell->moved_after, (cell->moved.count + 1) * sizeof *cell->moved_after);
    size_t last = 0;
    for (size_t k = 0; k < cell->moved.count; k++)
        cell->moved_after[k] = (size_t)-1;
    for (size_t i = 0; i < cell->split.count; i++) {
        struct names brought = {0};
        cell_item_names(cell, i, &brought);
        bool any = false;
        for (size_t k = 0; k < brought.count; k++)
            any = any || names_have(&missing, brought.items[k]);
        for (size_t k = 0; k < cell->entity_count; k++) {
            if (cell->entities[k].item != i || !names_have(&missing, cell->entities[k].name))
                continue;
            any = true;
            names_remove(&missing, cell->entities[k].name);
        }
        for (size_t k = 0; k < brought.count; k++)
            names_remove(&missing, brought.items[k]);
        names_finish(&brought);
        if (!any)
            continue;
        last = i;
        for (size_t k = 0; k < cell->moved.count; k++) {
            const struct definition *definition = cell->moved.items[k];
            if (cell->moved_after[k] != (size_t)-1)
                continue;
            for (size_t n = 0; n < definition->name_count; n++)
                names_remove(&missing, definition->names[n]);
            const char *needs =
                definition->kind == DEFINITION_FUNCTION ? definition->source : definition->prelude;
            if (mentions_any(needs, &missing)) {
                for (size_t n = 0; n < definition->name_count; n++)
                    names_add(&missing, definition->names[n], strlen(definition->names[n]));
                continue;
            }
            cell->moved_after[k] = i;
        }
    }
    for (size_t k = 0; k < cell->moved.count; k++)
        if (cell->moved_after[k] == (size_t)-1)
            cell->moved_after[k] = last;
    names_finish(&missing);
}

/* Does the cell itself define this, as a function or a variable? */
static bool defines(const struct cell *cell, const struct definition *definition) {
    for (size_t i = 0; i < cell->split.count; i++) {
        const struct split_item *item = &cell->split.items[i];
        if (item->kind != SPLIT_FUNCTION)
            continue;
        for (size_t k = 0; k < definition->name_count; k++)
            if (lex_is(cell->text, cell->split.tokens[item->name], definition->names[k]))
                return true;
    }
    for (size_t i = 0; i < cell->entity_count; i++)
        if (!cell->entities[i].is_extern && definition_has_name(definition, cell->entities[i].name))
            return true;
    return false;
}

/* `#undef`: behind a new definition of its macro it would take that away. */
static bool undefines(const struct definition *definition) {
    const char *word = definition->source + strspn(definition->source, "# \t");
    return definition->kind == DEFINITION_DIRECTIVE && strncmp(word, "undef", 5) == 0;
}

static void replace(struct cell *cell, const struct definition *definition) {
    for (size_t k = 0; k < definition->name_count; k++)
        names_add(&cell->changed, definition->names[k], strlen(definition->names[k]));
}

void cell_plan(struct cell *cell, const struct language *language) {
    struct names touched = {0};
    if (!cell->is_program)
        blank_static(cell);
    find_unchanged(cell, language);
    /* what a program defines is its own */
    for (size_t i = 0; cell->is_program && i < language->session.count; i++)
        if (language->session.items[i]->kind != DEFINITION_FRONT &&
            defines(cell, language->session.items[i]))
            replace(cell, language->session.items[i]);
    for (size_t i = 0; i < cell->changed.count; i++)
        names_add(&touched, cell->changed.items[i], strlen(cell->changed.items[i]));
    spread(cell, language, &touched);
    session_clear(&cell->kept);
    session_clear(&cell->moved);
    for (size_t i = 0; i < language->session.count; i++) {
        const struct definition *definition = language->session.items[i];
        if (definition->kind == DEFINITION_FRONT) {
            session_append(&cell->kept, definition);
            continue;
        }
        if (is_replaced(definition, &cell->changed) || session_has(&cell->dropped, definition))
            continue;
        bool affected = touched.count && (mentions_any(definition->prelude, &touched) ||
                                             (definition->kind == DEFINITION_FUNCTION &&
                                                 mentions_any(definition->source, &touched)));
        /* its own name is among the touched ones when it passes the change on */
        if (!affected || undefines(definition))
            session_append(&cell->kept, definition);
        else if (!cell->is_program)
            session_append(&cell->moved, definition);
    }
    /* one that moves and is written anew in this very cell is simply replaced */
    size_t before = cell->changed.count;
    for (size_t i = 0; i < cell->moved.count; i++)
        if (defines(cell, cell->moved.items[i]))
            replace(cell, cell->moved.items[i]);
    if (cell->changed.count != before)
        cell_plan(cell, language);
    else
        place_moved(cell, &touched);
    names_finish(&touched);
}
