/* A cell as items: what conditionals leave out, what goes into the front, runs of statements. */
#include "kernel/engine/c/language/cell.h"

#include <stdlib.h>
#include <string.h>

/* ---- directives ---- */

bool cell_directive_is(const struct cell *cell, size_t i, const char *word) {
    const struct split_item *item = &cell->split.items[i];
    if (item->kind != SPLIT_DIRECTIVE)
        return false;
    const char *at = cell->code + item->start + 1;
    at += strspn(at, " \t");
    size_t size = strlen(word);
    return strncmp(at, word, size) == 0 && !strchr("abcdefghijklmnopqrstuvwxyz_", at[size]);
}

static bool opens_conditional(const struct cell *cell, size_t i) {
    return cell_directive_is(cell, i, "if") || cell_directive_is(cell, i, "ifdef") ||
           cell_directive_is(cell, i, "ifndef");
}

static void mark_conditionals(struct cell *cell) {
    int depth = 0;
    for (size_t i = 0; i < cell->split.count; i++) {
        cell->items[i].group_end = i + 1;
        if (opens_conditional(cell, i)) {
            depth++;
            /* nothing but directives up to the #endif: they stay together */
            int inner = 0;
            size_t end = i;
            for (; end < cell->split.count && cell->split.items[end].kind == SPLIT_DIRECTIVE;
                end++) {
                inner += opens_conditional(cell, end);
                inner -= cell_directive_is(cell, end, "endif");
                if (inner == 0)
                    break;
            }
            if (end < cell->split.count && inner == 0)
                cell->items[i].group_end = end + 1;
        }
        cell->items[i].conditional = depth > 0;
        if (cell_directive_is(cell, i, "endif"))
            depth--;
    }
}

static bool is_hoistable(const struct cell *cell, size_t i) {
    if (cell->items[i].conditional || !cell_directive_is(cell, i, "include"))
        return false;
    return memchr(cell->code + cell->split.items[i].start, '<',
               cell->split.items[i].end - cell->split.items[i].start) != NULL;
}

static bool front_has(const struct session *session, const char *text, size_t size) {
    for (size_t i = 0; i < session->count; i++)
        if (session->items[i]->kind == DEFINITION_FRONT &&
            lex_same(session->items[i]->source, strlen(session->items[i]->source), text, size))
            return true;
    return false;
}

void cell_base_front(struct buf *out, const struct language *language) {
    /* exit() ends the cell, not the worker */
    buf_append_string(out, "#include <forkernel.h>\n"
                           "void exit(int) __asm__(\"fk_exit\");\n"
                           "void _exit(int) __asm__(\"fk_exit\");\n"
                           "void _Exit(int) __asm__(\"fk_exit\");\n"
                           "void quick_exit(int) __asm__(\"fk_exit\");\n");
    for (size_t i = 0; i < language->session.count; i++)
        if (language->session.items[i]->kind == DEFINITION_FRONT)
            buf_append_string(out, language->session.items[i]->prelude);
}

/* The includes, and the defines before them that may decide what they declare. */
static void hoist(struct cell *cell, const struct language *language) {
    size_t last = 0;
    for (size_t i = 0; i < cell->split.count; i++)
        if (is_hoistable(cell, i))
            last = i + 1;
    buf_clear(&cell->front);
    cell_base_front(&cell->front, language);
    for (size_t i = 0; i < last; i++) {
        const struct split_item *item = &cell->split.items[i];
        bool define = cell_directive_is(cell, i, "define") && !cell->items[i].conditional;
        if (!is_hoistable(cell, i) && !define)
            continue;
        if (define) {
            /* a macro that is live already keeps its place */
            size_t at = item->start + 1 + strspn(cell->code + item->start + 1, " \t") + 6;
            at += strspn(cell->code + at, " \t");
            struct lexer lexer;
            lexer_init(&lexer, cell->code + at, item->end - at);
            struct lex_token name = lexer_next(&lexer);
            char *copy = must_copy(cell->code + at + name.start, name.end - name.start);
            bool live = session_find(&language->session, copy) != NULL;
            free(copy);
            if (live)
                continue;
        }
        cell->items[i].role = ITEM_HOISTED;
        if (front_has(&language->session, cell->code + item->start, item->end - item->start))
            continue;
        buf_append(&cell->front, cell->code + item->start, item->end - item->start);
        buf_append_char(&cell->front, '\n');
    }
}

/* ---- conditionals ---- */

struct excluded {
    struct cell *cell;
    struct language *language;
    bool asked;
    size_t base; /* of the cell in the unit that was asked about */
    size_t *offsets;
    size_t count;
};

static const char *defined_name(const char *text, struct lex_token token, size_t *ret_size) {
    size_t size;
    const char *word = lex_directive_word(text, token, &size);
    if (!word || size != 6 || memcmp(word, "define", 6) != 0)
        return NULL;
    struct lexer lexer;
    lexer_init(&lexer, word + size, token.end - (size_t)(word + size - text));
    struct lex_token name = lexer_next(&lexer);
    *ret_size = name.end - name.start;
    return name.kind == LEX_IDENTIFIER ? word + size + name.start : NULL;
}

/* The preprocessor itself says what it leaves out. What the cell defines counts as not defined
   before it, so that a guard does not keep a cell from running twice. */
static void ask_preprocessor(struct excluded *excluded) {
    const struct cell *cell = excluded->cell;
    struct buf unit = BUF_INIT;
    size_t count;
    cell_add_prelude(&unit, &excluded->language->session);
    struct lex_token *tokens = lex_all(cell->code, cell->size, &count, NULL);
    for (size_t i = 0; tokens && i < count; i++) {
        size_t size;
        const char *name = defined_name(cell->code, tokens[i], &size);
        if (name)
            buf_printf(&unit, "#undef %.*s\n", (int)size, name);
    }
    free(tokens);
    excluded->base = unit.size;
    buf_append(&unit, cell->code, cell->size);
    excluded->offsets = front_excluded(&excluded->language->front, &unit, &excluded->count);
    excluded->asked = true;
    buf_finish(&unit);
}

static bool is_excluded(void *context, size_t start, size_t end) {
    struct excluded *excluded = context;
    if (!excluded->asked)
        ask_preprocessor(excluded);
    size_t at = excluded->base + (end > start ? end - 1 : start);
    for (size_t i = 0; i < excluded->count; i += 2)
        if (at >= excluded->offsets[i] && at < excluded->offsets[i + 1])
            return true;
    return false;
}

/* ---- the whole ---- */

static void mark_runs(struct cell *cell) {
    for (size_t i = 0; i < cell->split.count; i++) {
        if (cell->split.items[i].kind != SPLIT_STATEMENT)
            continue;
        cell->items[i].run_start = i == 0 || cell->split.items[i - 1].kind != SPLIT_STATEMENT;
        cell->items[i].run_end =
            i + 1 == cell->split.count || cell->split.items[i + 1].kind != SPLIT_STATEMENT;
    }
}

void cell_split(struct cell *cell, struct language *language) {
    struct excluded excluded = {.cell = cell, .language = language};
    cell_take_options(cell, language);
    split_finish(&cell->split);
    free(cell->items);
    memcpy(cell->text, cell->code, cell->size);
    lex_exclude(cell->text, cell->size, is_excluded, &excluded);
    free(excluded.offsets);
    split_init(&cell->split, cell->text, cell->size, cell_is_type, language);
    cell->items = must_allocate(NULL, (cell->split.count + 1) * sizeof *cell->items);
    memset(cell->items, 0, (cell->split.count + 1) * sizeof *cell->items);
    mark_conditionals(cell);
    mark_runs(cell);
    for (size_t i = 0; i < cell->split.count; i++) {
        const struct split_item *item = &cell->split.items[i];
        if (item->kind == SPLIT_FUNCTION &&
            lex_is(cell->text, cell->split.tokens[item->name], "main"))
            cell->is_program = true;
    }
    hoist(cell, language);
}
