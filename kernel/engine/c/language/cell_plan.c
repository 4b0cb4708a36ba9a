#include "kernel/engine/c/language/cell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cell_init(struct cell *cell, struct language *language, int64_t number, const char *code,
    bool is_expression, bool wants_result) {
    *cell = (struct cell){.number = number,
        .code = code,
        .size = strlen(code),
        .is_expression = is_expression,
        .wants_result = wants_result};
    (void)snprintf(cell->name, sizeof cell->name, "cell [%lld]", (long long)number);
    cell->text = must_copy(code, cell->size);
    cell->arguments = must_copy("", 0);
    cell->cflags = must_copy(language->cflags, strlen(language->cflags));
    cell->ldflags = must_copy(language->ldflags, strlen(language->ldflags));
}

static void drop_entities(struct cell *cell) {
    for (size_t i = 0; i < cell->entity_count; i++) {
        free(cell->entities[i].name);
        free(cell->entities[i].type);
    }
    cell->entity_count = 0;
}

void cell_finish(struct cell *cell) {
    drop_entities(cell);
    free(cell->entities);
    free(cell->text);
    free(cell->arguments);
    free(cell->cflags);
    free(cell->ldflags);
    split_finish(&cell->split);
    free(cell->items);
    buf_finish(&cell->front);
    names_finish(&cell->changed);
    names_finish(&cell->shadowed);
    session_finish(&cell->kept);
    session_finish(&cell->moved);
    session_finish(&cell->dropped);
    session_finish(&cell->after);
    free(cell->moved_after);
    unit_finish(&cell->unit);
    buf_finish(&cell->warnings);
    buf_finish(&cell->trouble);
}

unsigned cell_line(const struct cell *cell, size_t offset) {
    unsigned line = 1;
    for (size_t i = 0; i < offset && i < cell->size; i++)
        line += cell->code[i] == '\n';
    return line;
}

/* ---- options ---- */

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

static void take_options(struct cell *cell, const struct language *language) {
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

/* ---- directives ---- */

static bool directive_is(const struct cell *cell, size_t i, const char *word) {
    const struct split_item *item = &cell->split.items[i];
    if (item->kind != SPLIT_DIRECTIVE)
        return false;
    const char *at = cell->code + item->start + 1;
    at += strspn(at, " \t");
    size_t size = strlen(word);
    return strncmp(at, word, size) == 0 && !strchr("abcdefghijklmnopqrstuvwxyz_", at[size]);
}

static bool opens_conditional(const struct cell *cell, size_t i) {
    return directive_is(cell, i, "if") || directive_is(cell, i, "ifdef") ||
           directive_is(cell, i, "ifndef");
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
                inner -= directive_is(cell, end, "endif");
                if (inner == 0)
                    break;
            }
            if (end < cell->split.count && inner == 0)
                cell->items[i].group_end = end + 1;
        }
        cell->items[i].conditional = depth > 0;
        if (directive_is(cell, i, "endif"))
            depth--;
    }
}

static bool is_hoistable(const struct cell *cell, size_t i) {
    if (cell->items[i].conditional || !directive_is(cell, i, "include"))
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
        bool define = directive_is(cell, i, "define") && !cell->items[i].conditional;
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

/* ---- splitting ---- */

static void mark_runs(struct cell *cell) {
    for (size_t i = 0; i < cell->split.count; i++) {
        if (cell->split.items[i].kind != SPLIT_STATEMENT)
            continue;
        cell->items[i].run_start = i == 0 || cell->split.items[i - 1].kind != SPLIT_STATEMENT;
        cell->items[i].run_end =
            i + 1 == cell->split.count || cell->split.items[i + 1].kind != SPLIT_STATEMENT;
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

void cell_split(struct cell *cell, struct language *language) {
    struct excluded excluded = {.cell = cell, .language = language};
    take_options(cell, language);
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

/* ---- what changes ---- */

struct gather {
    struct names *names;
};

static void gather_name(void *context, enum split_name_kind kind, const char *name, size_t size) {
    names_add_type_name(((struct gather *)context)->names, kind, name, size);
}

static void directive_name(const struct cell *cell, size_t i, struct names *names) {
    if (!directive_is(cell, i, "define"))
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
