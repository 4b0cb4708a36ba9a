/*
 * The unit for the compiler.
 *
 * Symbols: fk_v12_x is the storage of variable x, fk_f3_f the entry of function f that every caller
 * uses: one jump through fk_p3_f, which points at its newest code, fk_i9_f. So names of cells never
 * meet names of libraries, and a function can be replaced under its callers.
 */
#include "kernel/engine/c/language/cell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SPECIAL_ALIGNMENT = 4096 };

struct coder {
    struct cell *cell;
    struct language *language;
    struct buf *out;
    struct buf calls;                    /* what the entry does, in order */
    struct buf updates;                  /* what it does before: functions that got new code */
    struct session made;                 /* definitions for the session, in order */
    const struct definition **replacing; /* pairs: old, new */
    size_t replacing_count;
};

static const struct definition *kept(const struct coder *coder, const char *name) {
    return session_find(&coder->cell->kept, name);
}

static const struct definition *made(const struct coder *coder, const char *name) {
    return session_find(&coder->made, name);
}

static void line_marker(struct coder *coder, int64_t cell, unsigned line) {
    buf_printf(coder->out, "\n#line %u \"cell [%lld]\"\n", line, (long long)cell);
}

static void cell_text(struct coder *coder, size_t start, size_t end) {
    buf_append(coder->out, coder->cell->text + start, end - start);
}

/* ---- variables ---- */

/* Symbols are quoted: names may have letters that assemblers take only so. */
static void storage(
    struct coder *coder, unsigned id, const char *name, long long size, long long align) {
    buf_printf(coder->out,
        "__asm__(\".pushsection .bss\\n.globl \\\"fk_v%u_%s\\\"\\n"
        ".type \\\"fk_v%u_%s\\\", @object\\n.balign %lld\\n"
        "\\\"fk_v%u_%s\\\": .zero %lld\\n.size \\\"fk_v%u_%s\\\", %lld\\n.popsection\");\n",
        id, name, id, name, align < 16 && size >= 16 ? 16 : align, id, name, size > 0 ? size : 1,
        id, name, size > 0 ? size : 1);
}

/* libclang tells the alignment of a type, not that of a declaration: where one asks for more, it
   gets what every common request is content with. */
static long long alignment(const struct cell *cell, const struct cell_entity *entity) {
    const struct split_item *item = &cell->split.items[entity->item];
    bool special = split_has_word(&cell->split, item, "_Alignas") ||
                   split_has_word(&cell->split, item, "alignas") ||
                   split_has_word(&cell->split, item, "__attribute__");
    return special && entity->align < SPECIAL_ALIGNMENT ? SPECIAL_ALIGNMENT : entity->align;
}

/* The tokens between a declarator's = and the , or ; after it. */
static bool initialiser(
    const struct cell *cell, const struct cell_entity *entity, size_t *ret_start, size_t *ret_end) {
    const struct split *split = &cell->split;
    const struct split_item *item = &split->items[entity->item];
    size_t end = item->first + item->count;
    size_t at = item->first;
    while (at < end && split->tokens[at].start != entity->offset)
        at++;
    for (; at < end; at++) {
        if (lex_is(split->text, split->tokens[at], "=") ||
            lex_is(split->text, split->tokens[at], ",") ||
            lex_is(split->text, split->tokens[at], ";"))
            break;
        if (lex_is(split->text, split->tokens[at], "[") ||
            lex_is(split->text, split->tokens[at], "("))
            at = split_skip_group(split, at) - 1;
    }
    if (at >= end || !lex_is(split->text, split->tokens[at], "="))
        return false;
    *ret_start = split->tokens[at].end;
    size_t stop = at + 1;
    while (stop < end && !lex_is(split->text, split->tokens[stop], ",") &&
           !lex_is(split->text, split->tokens[stop], ";")) {
        bool group = lex_is(split->text, split->tokens[stop], "(") ||
                     lex_is(split->text, split->tokens[stop], "[") ||
                     lex_is(split->text, split->tokens[stop], "{");
        stop = group ? split_skip_group(split, stop) : stop + 1;
    }
    *ret_end = split->tokens[stop - 1].end;
    return true;
}

/* clang folds const variables that it sees the value of; the unit only declares them. */
static bool mentions_const(const struct coder *coder, const char *text, size_t size) {
    for (size_t i = 0; i < coder->cell->entity_count; i++)
        if (strncmp(coder->cell->entities[i].type, "const ", 6) == 0 &&
            lex_mentions(text, size, coder->cell->entities[i].name))
            return true;
    return false;
}

/* Initialisers run in their place among the statements. The target's address is hidden from the
   optimiser, for the sake of const. */
static void initialise(struct coder *coder, const struct cell_entity *entity, size_t serial) {
    static const char hide[] =
        "void *fk_to = (void *)&%s;\n__asm__ volatile(\"\" : \"+r\"(fk_to) : : "
        "\"memory\");\n";
    const struct cell *cell = coder->cell;
    size_t start;
    size_t end;
    bool has = initialiser(cell, entity, &start, &end);
    bool constant = has && !cell->items[entity->item].not_constant &&
                    !mentions_const(coder, cell->code + start, end - start);
    if (entity->size <= 0)
        return;
    if (constant) {
        buf_printf(coder->out, "static __typeof__(%s) fk_image%zu =", entity->type, serial);
        line_marker(coder, cell->number, cell_line(cell, start));
        cell_text(coder, start, end);
        buf_append_string(coder->out, "\n;\n");
    }
    buf_printf(coder->out, "static __attribute__((noinline)) void fk_n%zu(void) {\n", serial);
    if (has && !constant) {
        buf_printf(coder->out, "__typeof__(%s) fk_image =", entity->type);
        line_marker(coder, cell->number, cell_line(cell, start));
        cell_text(coder, start, end);
        buf_append_string(coder->out, "\n;\n");
    }
    buf_printf(coder->out, hide, entity->name);
    if (!has)
        buf_printf(coder->out, "__builtin_memset(fk_to, 0, %lld);\n}\n", entity->size);
    else if (constant)
        buf_printf(
            coder->out, "__builtin_memcpy(fk_to, &fk_image%zu, %lld);\n}\n", serial, entity->size);
    else
        buf_printf(coder->out, "__builtin_memcpy(fk_to, &fk_image, %lld);\n}\n", entity->size);
    buf_printf(&coder->calls, "fk_n%zu();\n", serial);
}

static struct definition *variable(struct coder *coder, const char *name, const char *type,
    bool thread_local_storage, unsigned *ret_id) {
    struct buf prelude = BUF_INIT;
    unsigned id = ++coder->language->next_id;
    if (names_have(&coder->cell->shadowed, name))
        buf_printf(&prelude, "#undef %s\n#define %s fk_u_%s\n", name, name, name);
    buf_printf(&prelude, "extern %s__typeof__(%s) %s __asm__(\"fk_v%u_%s\");",
        thread_local_storage ? "_Thread_local " : "", type, name, id, name);
    struct definition *definition =
        definition_create(DEFINITION_VARIABLE, buf_string(&prelude), prelude.size, "", 0);
    definition_add_name(definition, name, strlen(name));
    definition->type = must_copy(type, strlen(type));
    definition->id = id;
    definition->cell = coder->cell->number;
    buf_finish(&prelude);
    *ret_id = id;
    return definition;
}

static void code_variable(struct coder *coder, const struct cell_entity *entity, size_t serial) {
    const struct definition *live = kept(coder, entity->name);
    const struct definition *again = made(coder, entity->name);
    if (!live && !again) {
        unsigned id;
        struct definition *definition =
            variable(coder, entity->name, entity->type, entity->is_thread_local, &id);
        definition->line =
            entity->offset == (size_t)-1 ? 1 : cell_line(coder->cell, entity->offset);
        if (!entity->is_thread_local)
            storage(coder, id, entity->name, entity->size, alignment(coder->cell, entity));
        buf_printf(coder->out, "%s\n", definition->prelude);
        if (entity->is_thread_local)
            buf_printf(
                coder->out, "_Thread_local __typeof__(%s) %s;\n", entity->type, entity->name);
        session_append(&coder->made, definition);
    }
    initialise(coder, entity, serial);
}

/* ---- functions ---- */

static void stub(struct coder *coder, const struct definition *f, unsigned code) {
    const char *name = f->names[0];
    buf_printf(coder->out,
        "__asm__(\".pushsection .text\\n.globl \\\"fk_f%u_%s\\\"\\n"
        ".type \\\"fk_f%u_%s\\\", %%function\\n.balign 16\\n\\\"fk_f%u_%s\\\":\\n",
        f->id, name, f->id, name, f->id, name);
#if defined __aarch64__
    buf_printf(
        coder->out, "adrp x16, .Lfk_p%u\\nldr x16, [x16, :lo12:.Lfk_p%u]\\nbr x16", f->id, f->id);
#else
    buf_printf(coder->out, "jmp *.Lfk_p%u(%%rip)", f->id);
#endif
    buf_printf(coder->out,
        "\\n.size \\\"fk_f%u_%s\\\", . - \\\"fk_f%u_%s\\\"\\n.popsection\\n.pushsection .data\\n"
        ".balign 8\\n.globl \\\"fk_p%u_%s\\\"\\n.type \\\"fk_p%u_%s\\\", %%object\\n"
        ".size \\\"fk_p%u_%s\\\", 8\\n\\\"fk_p%u_%s\\\":\\n"
        ".Lfk_p%u: .quad \\\"fk_i%u_%s\\\"\\n.popsection\");\n",
        f->id, name, f->id, name, f->id, name, f->id, name, f->id, name, f->id, name, f->id, code,
        name);
}

/* The function's code under a symbol of its own; __func__ and assert() go on naming it as written.
 */
static void body(struct coder *coder, const struct definition *f, unsigned code, bool is_new) {
    const char *name = f->names[0];
    cell_name_function(coder->out, name);
    buf_append_string(coder->out, "__attribute__((visibility(\"hidden\"), used))");
    line_marker(coder, f->cell, f->line);
    buf_append(coder->out, f->source, f->name_offset);
    buf_printf(coder->out, "fk_i%u_%s", code, name);
    buf_append_string(coder->out, f->source + f->name_offset + strlen(name));
    buf_append_char(coder->out, '\n');
    cell_name_function(coder->out, NULL);
    if (is_new) {
        stub(coder, f, code);
    } else {
        buf_printf(coder->out, "extern void *fk_p%u __asm__(\"fk_p%u_%s\");\n", f->id, f->id, name);
        buf_printf(&coder->updates, "fk_p%u = (void *)fk_i%u_%s;\n", f->id, code, name);
    }
}

/* How callers see it: the text up to the body, or by its type where there is no such text. */
static char *prototype(const struct coder *coder, const struct definition *f, const char *text,
    size_t to_body, bool old_style) {
    struct buf out = BUF_INIT;
    const char *name = f->names[0];
    if (names_have(&coder->cell->shadowed, name))
        buf_printf(&out, "#undef %s\n#define %s fk_u_%s\n", name, name, name);
    if (old_style)
        buf_printf(&out, "__typeof__(%s) %s", f->type, f->names[0]);
    else
        buf_append(&out, text, to_body);
    buf_printf(&out, "\n__asm__(\"fk_f%u_%s\");", f->id, f->names[0]);
    return buf_take(&out);
}

static struct definition *function(struct coder *coder, const struct cell_entity *entity) {
    const struct cell *cell = coder->cell;
    const struct split_item *item = &cell->split.items[entity->item];
    struct definition *f = definition_create(
        DEFINITION_FUNCTION, "", 0, cell->text + item->start, item->end - item->start);
    definition_add_name(f, entity->name, strlen(entity->name));
    f->type = must_copy(entity->type, strlen(entity->type));
    f->cell = cell->number;
    f->line = cell_line(cell, item->start);
    f->name_offset = cell->split.tokens[item->name].start - item->start;
    f->body_offset = cell->split.tokens[item->body].start - item->start;
    return f;
}

static struct definition *find_function(struct coder *coder, const char *name) {
    for (size_t i = 0; i < coder->made.count; i++)
        if (coder->made.items[i]->kind == DEFINITION_FUNCTION &&
            definition_has_name(coder->made.items[i], name))
            return (struct definition *)coder->made.items[i];
    return NULL;
}

static void declare_new(struct coder *coder, struct definition *f) {
    f->id = ++coder->language->next_id;
    free(f->prelude);
    f->prelude = prototype(coder, f, f->source, f->body_offset, false);
}

static void code_function(struct coder *coder, const struct cell_entity *entity) {
    const struct definition *live = kept(coder, entity->name);
    unsigned code = ++coder->language->next_id;
    struct definition *f = find_function(coder, entity->name);
    if (live && live->kind == DEFINITION_FUNCTION) {
        f = function(coder, entity);
        f->id = live->id;
        free(f->prelude);
        f->prelude = must_copy(live->prelude, strlen(live->prelude));
        coder->replacing = must_allocate(
            coder->replacing, (coder->replacing_count + 2) * sizeof *coder->replacing);
        coder->replacing[coder->replacing_count++] = live;
        coder->replacing[coder->replacing_count++] = f;
        body(coder, f, code, false);
        return;
    }
    if (!f) {
        f = function(coder, entity);
        declare_new(coder, f);
        session_append(&coder->made, f);
        buf_printf(coder->out, "%s\n", f->prelude);
    }
    body(coder, f, code, true);
}

static void code_inline(struct coder *coder, size_t i, const struct cell_entity *entity) {
    const struct cell *cell = coder->cell;
    const struct split_item *item = &cell->split.items[i];
    struct buf text = BUF_INIT;
    buf_append_string(&text, "static ");
    buf_append(&text, cell->text + item->start, item->end - item->start);
    struct definition *f = definition_create(DEFINITION_INLINE, buf_string(&text), text.size,
        cell->code + item->start, item->end - item->start);
    definition_add_name(f, entity->name, strlen(entity->name));
    f->cell = cell->number;
    f->line = cell_line(cell, item->start);
    line_marker(coder, cell->number, f->line);
    buf_printf(coder->out, "%s\n", f->prelude);
    session_append(&coder->made, f);
    buf_finish(&text);
}

/* Header text for later cells, unless it keeps state of its own. */
static bool is_inline(const struct cell *cell, size_t i) {
    const struct split_item *item = &cell->split.items[i];
    bool inline_word = false;
    for (size_t at = item->first; at < item->name; at++)
        inline_word = inline_word || lex_is(cell->text, cell->split.tokens[at], "inline") ||
                      lex_is(cell->text, cell->split.tokens[at], "__inline__");
    for (size_t at = item->body; at < item->first + item->count; at++)
        if (lex_is(cell->text, cell->split.tokens[at], "static"))
            return false;
    return inline_word;
}

/* ---- items ---- */

static void add_type_name(void *context, enum split_name_kind kind, const char *name, size_t size) {
    definition_add_type_name(context, kind, name, size);
}

static void code_type(struct coder *coder, size_t i, const char *text, size_t size,
    const char *source, size_t source_size, size_t offset) {
    struct definition *type = definition_create(DEFINITION_TYPE, text, size, source, source_size);
    type->cell = coder->cell->number;
    type->line = cell_line(coder->cell, offset);
    split_type_names(&coder->cell->split, &coder->cell->split.items[i], add_type_name, type);
    line_marker(coder, type->cell, type->line);
    buf_printf(coder->out, "%s\n", type->prelude);
    session_append(&coder->made, type);
}

/* The type definition inside a declaration of variables: `struct p { int x; } a, b;` */
static void code_tag(struct coder *coder, size_t i) {
    const struct cell *cell = coder->cell;
    const struct split_item *item = &cell->split.items[i];
    size_t keyword;
    size_t open;
    size_t close;
    if (!split_tag_body(&cell->split, item, &keyword, &open, &close) ||
        close >= cell->split.token_count)
        return;
    size_t body_start = cell->split.tokens[open].start;
    if (cell->text[body_start] != '{')
        return; /* blanked out: it is live already */
    struct unit unit = {0};
    struct buf text = BUF_INIT;
    cell_add_item(coder->cell, &unit, i);
    /* from the keyword to the } in the text with the tag, if one was put in */
    size_t start = unit_locate(&unit, cell->split.tokens[keyword].start);
    size_t end = unit_locate(&unit, cell->split.tokens[close].end);
    buf_append(&text, buf_string(&unit.text) + start, end - start);
    buf_append_char(&text, ';');
    size_t from = cell->split.tokens[keyword].start;
    size_t to = cell->split.tokens[close].end;
    code_type(coder, i, buf_string(&text), text.size, cell->code + from, to - from, from);
    /* a nameless tag has a name by now */
    struct definition *type = (struct definition *)coder->made.items[coder->made.count - 1];
    char *tag = strstr(type->prelude, " fk_tag_");
    if (tag)
        definition_add_type_name(type, SPLIT_TAG, tag + 1, strcspn(tag + 1, " "));
    buf_finish(&text);
    unit_finish(&unit);
}

/* A type that a function's definition brings is one of its own from here on. */
static void code_function_tag(struct coder *coder, size_t i) {
    struct cell *cell = coder->cell;
    size_t keyword;
    size_t open;
    size_t close;
    if (!split_tag_body(&cell->split, &cell->split.items[i], &keyword, &open, &close))
        return;
    code_tag(coder, i);
    for (size_t at = cell->split.tokens[open].start; at < cell->split.tokens[close].end; at++)
        if (cell->text[at] != '\n')
            cell->text[at] = ' ';
}

static bool later_defined(const struct cell *cell, const char *name) {
    for (size_t i = 0; i < cell->entity_count; i++)
        if (cell->entities[i].is_function && cell->entities[i].is_definition &&
            strcmp(cell->entities[i].name, name) == 0)
            return !is_inline(cell, cell->entities[i].item);
    return false;
}

static const struct cell_entity *definition_of(const struct cell *cell, const char *name) {
    for (size_t i = 0; i < cell->entity_count; i++)
        if (cell->entities[i].is_definition && strcmp(cell->entities[i].name, name) == 0)
            return &cell->entities[i];
    return NULL;
}

static void code_prototype(struct coder *coder, const struct cell_entity *entity) {
    const struct definition *live = kept(coder, entity->name);
    if (live && live->kind != DEFINITION_PROTOTYPE)
        return;
    if (entity->is_function && later_defined(coder->cell, entity->name)) {
        if (find_function(coder, entity->name))
            return;
        struct definition *f = function(coder, definition_of(coder->cell, entity->name));
        f->id = ++coder->language->next_id;
        free(f->prelude);
        f->prelude = prototype(coder, f, "", 0, true);
        buf_printf(coder->out, "%s\n", f->prelude);
        session_append(&coder->made, f);
        return;
    }
    struct buf text = BUF_INIT;
    buf_printf(&text, "extern %s__typeof__(%s) %s;",
        entity->is_thread_local ? "_Thread_local " : "", entity->type, entity->name);
    buf_printf(coder->out, "%s\n", buf_string(&text));
    if (!live && !made(coder, entity->name)) {
        struct definition *p = definition_create(
            DEFINITION_PROTOTYPE, buf_string(&text), text.size, buf_string(&text), text.size);
        definition_add_name(p, entity->name, strlen(entity->name));
        p->type = must_copy(entity->type, strlen(entity->type));
        p->cell = coder->cell->number;
        session_append(&coder->made, p);
    }
    buf_finish(&text);
}

static void code_declaration(struct coder *coder, size_t i) {
    const struct cell *cell = coder->cell;
    const struct split_item *item = &cell->split.items[i];
    bool any = false;
    if (split_starts_with(&cell->split, item, "typedef")) {
        code_type(coder, i, cell->text + item->start, item->end - item->start,
            cell->code + item->start, item->end - item->start, item->start);
        return;
    }
    code_tag(coder, i);
    for (size_t k = 0; k < cell->entity_count; k++) {
        const struct cell_entity *entity = &cell->entities[k];
        if (entity->item != i)
            continue;
        any = true;
        if (entity->is_function || entity->is_extern)
            code_prototype(coder, entity);
        else
            code_variable(coder, entity, k);
    }
    if (any)
        return;
    size_t keyword;
    size_t open;
    size_t close;
    if (split_tag_body(&cell->split, item, &keyword, &open, &close))
        return;
    /* a forward declaration of a tag, or an assertion */
    code_type(coder, i, cell->text + item->start, item->end - item->start, cell->code + item->start,
        item->end - item->start, item->start);
}

/* Is an include or #undef there word for word, and nothing behind it that it would take away? */
static bool is_live(const struct cell *cell, const struct definition *directive) {
    bool live = false;
    for (size_t k = 0; k < cell->kept.count; k++) {
        const struct definition *kept = cell->kept.items[k];
        if (strcmp(kept->source, directive->source) == 0)
            live = true;
        for (size_t n = 0; n < kept->name_count && kept->kind == DEFINITION_DIRECTIVE; n++)
            live =
                live && !lex_mentions(directive->source, strlen(directive->source), kept->names[n]);
    }
    return live;
}

static void code_directive(struct coder *coder, size_t i) {
    const struct cell *cell = coder->cell;
    const struct split_item *first = &cell->split.items[i];
    const struct cell_item *role = &cell->items[i];
    struct names names = {0};
    size_t end = cell->split.items[role->group_end - 1].end;
    cell_item_names(cell, i, &names);
    struct buf text = BUF_INIT;
    bool grouped = role->group_end > i + 1;
    for (size_t k = 0; k < names.count && !grouped; k++)
        buf_printf(&text, "#undef %s\n", names.items[k]);
    buf_append(&text, cell->text + first->start, end - first->start);
    line_marker(coder, cell->number, cell_line(cell, first->start));
    buf_printf(coder->out, "%s\n", buf_string(&text));
    const char *word = cell->code + first->start + 1;
    word += strspn(word, " \t");
    bool lasting = names.count || strncmp(word, "undef", 5) == 0 ||
                   strncmp(word, "include", 7) == 0 || strncmp(word, "pragma pack", 11) == 0 ||
                   grouped;
    if (lasting && (!role->conditional || grouped)) {
        struct definition *directive = definition_create(DEFINITION_DIRECTIVE, buf_string(&text),
            text.size, cell->code + first->start, end - first->start);
        for (size_t k = 0; k < names.count; k++)
            definition_add_name(directive, names.items[k], strlen(names.items[k]));
        directive->cell = cell->number;
        directive->line = cell_line(cell, first->start);
        if (names.count || !is_live(cell, directive))
            session_append(&coder->made, directive);
    }
    buf_finish(&text);
    names_finish(&names);
}

static void code_hoisted(struct coder *coder, size_t i) {
    const struct cell *cell = coder->cell;
    const struct split_item *item = &cell->split.items[i];
    const char *text = cell->code + item->start;
    size_t size = item->end - item->start;
    for (size_t k = 0; k < cell->kept.count; k++)
        if (cell->kept.items[k]->kind == DEFINITION_FRONT &&
            lex_same(cell->kept.items[k]->source, strlen(cell->kept.items[k]->source), text, size))
            return;
    struct buf line = BUF_INIT;
    buf_append(&line, text, size);
    buf_append_char(&line, '\n');
    struct definition *front =
        definition_create(DEFINITION_FRONT, buf_string(&line), line.size, text, size);
    front->cell = cell->number;
    front->line = cell_line(cell, item->start);
    session_append(&coder->made, front);
    buf_finish(&line);
}

static void code_statement(struct coder *coder, size_t i) {
    const struct cell *cell = coder->cell;
    const struct split_item *item = &cell->split.items[i];
    if (cell->items[i].run_start) {
        cell_name_function(coder->out, "cell");
        buf_printf(coder->out, "static __attribute__((noinline)) void fk_s%zu(void) {", i);
        if (cell->items[i].reached)
            buf_printf(&coder->calls, "fk_s%zu();\n", i);
    }
    line_marker(coder, cell->number, cell_line(cell, item->start));
    cell_text(coder, item->start, item->end);
    if (cell->items[i].run_end) {
        buf_append_string(coder->out, "\n}\n");
        cell_name_function(coder->out, NULL);
    }
}

static void code_expression(struct coder *coder, size_t i) {
    const struct cell *cell = coder->cell;
    const struct split_item *item = &cell->split.items[i];
    struct buf *out = coder->out;
    CXType type = clang_getCanonicalType(cell->result);
    bool shown = cell->wants_result && cell->has_result && type.kind != CXType_Void;
    enum { MOST_COPIED = 4096 };
    long long size = clang_Type_getSizeOf(type);
    bool array = type.kind == CXType_ConstantArray;
    /* it may be a member of what a function returned, which has no address */
    bool copied = array && size > 0 && size <= MOST_COPIED;
    bool in_place = type.kind == CXType_ConstantArray || type.kind == CXType_FunctionProto ||
                    type.kind == CXType_FunctionNoProto;
    cell_name_function(out, "cell");
    buf_printf(out, "static __attribute__((noinline)) void fk_s%zu(void) {\n", i);
    if (shown) {
        CXString spelled = clang_getTypeSpelling(cell->result);
        if (copied)
            buf_printf(out,
                "__typeof__(%s) *fk_value = __builtin_alloca_with_align(%lld, 512);\n"
                "__builtin_memcpy((void *)fk_value, (const void *)(",
                clang_getCString(spelled), size);
        else
            buf_printf(out, "__typeof__(%s) %sfk_value = %s(", clang_getCString(spelled),
                in_place ? "*" : "", in_place ? "&" : "");
        clang_disposeString(spelled);
    }
    line_marker(coder, cell->number, cell_line(cell, item->start));
    cell_text(coder, item->start, item->end);
    if (shown && copied)
        buf_printf(out, "\n), %lld);\n", size);
    else
        buf_append_string(out, shown ? "\n);\n" : "\n;\n");
    if (shown) {
        show_code(out, cell->result, in_place ? "(*fk_value)" : "fk_value");
        buf_append_string(out, "fk_show_end();\n");
    }
    buf_append_string(out, "}\n");
    cell_name_function(out, NULL);
    if (cell->items[i].reached)
        buf_printf(&coder->calls, "fk_s%zu();\n", i);
}

/* ---- what earlier cells defined and has to be compiled again ---- */

static void warn_renewed(struct coder *coder, const struct definition *definition) {
    buf_printf(&coder->cell->warnings,
        "%s: '%s' has a new type: its value is gone, its storage is zero\n", coder->cell->name,
        definition->names[0]);
}

static void code_moved(struct coder *coder, const struct definition *definition) {
    if (definition->kind == DEFINITION_VARIABLE) {
        unsigned id;
        for (size_t k = 0; k < coder->cell->entity_count; k++) {
            const struct cell_entity *entity = &coder->cell->entities[k];
            if (entity->item != (size_t)-1 || !definition_has_name(definition, entity->name))
                continue;
            struct definition *fresh =
                variable(coder, definition->names[0], definition->type, false, &id);
            storage(coder, id, entity->name, entity->size, entity->align);
            buf_printf(coder->out, "%s\n", fresh->prelude);
            session_append(&coder->made, fresh);
            warn_renewed(coder, definition);
            break;
        }
    } else if (definition->kind == DEFINITION_FUNCTION) {
        buf_printf(coder->out, "%s\n", definition->prelude);
        body(coder, definition, ++coder->language->next_id, false);
        session_append(&coder->made, definition);
    } else {
        line_marker(coder, definition->cell, definition->line);
        buf_printf(coder->out, "%s\n", definition->prelude);
        session_append(&coder->made, definition);
    }
}

static void warn_dropped(struct cell *cell) {
    for (size_t i = 0; i < cell->dropped.count; i++) {
        const struct definition *lost = cell->dropped.items[i];
        bool told = false;
        for (size_t k = 0; k < i; k++)
            told = told || cell->dropped.items[k] == lost;
        if (!told)
            buf_printf(&cell->warnings,
                "%s: '%s' from cell [%lld] no longer compiles and is gone\n", cell->name,
                definition_title(lost), (long long)lost->cell);
    }
}

static void code_item(struct coder *coder, size_t i) {
    const struct cell *cell = coder->cell;
    const struct split_item *item = &cell->split.items[i];
    if (cell->items[i].role == ITEM_UNCHANGED)
        return;
    if (cell->items[i].role == ITEM_HOISTED && cell->hoists) {
        code_hoisted(coder, i);
        return;
    }
    switch (item->kind) {
    case SPLIT_DIRECTIVE:
        code_directive(coder, i);
        break;
    case SPLIT_DECLARATION:
        code_declaration(coder, i);
        break;
    case SPLIT_FUNCTION:
        code_function_tag(coder, i);
        for (size_t k = 0; k < cell->entity_count; k++) {
            if (cell->entities[k].item != i || !cell->entities[k].is_function)
                continue;
            if (is_inline(cell, i))
                code_inline(coder, i, &cell->entities[k]);
            else
                code_function(coder, &cell->entities[k]);
            break;
        }
        break;
    case SPLIT_STATEMENT:
        code_statement(coder, i);
        break;
    case SPLIT_EXPRESSION:
        code_expression(coder, i);
        break;
    }
}

/* ---- the whole ---- */

static void code_program(struct coder *coder, char ret_entry[32]) {
    const struct cell *cell = coder->cell;
    (void)snprintf(ret_entry, 32, "fk_program_%lld", (long long)cell->number);
    /* a label, not another name: only main() returns 0 at its end by itself */
    for (size_t i = 0; i < cell->entity_count; i++)
        if (strcmp(cell->entities[i].name, "main") == 0 && cell->entities[i].is_definition) {
            bool nothing = strncmp(cell->entities[i].type, "void (", 6) == 0;
            buf_printf(coder->out, "__typeof__(%s) main __asm__(\"%s%s\");\n",
                cell->entities[i].type, ret_entry, nothing ? "_void" : "");
            if (nothing) /* its exit status is 0 all the same */
                buf_printf(coder->out,
                    "void fk_void_main(int, char **, char **) __asm__(\"%s_void\");\n"
                    "int fk_int_main(int, char **, char **) __asm__(\"%s\");\n"
                    "int fk_int_main(int fk_c, char **fk_v, char **fk_e) {\n"
                    "fk_void_main(fk_c, fk_v, fk_e);\nreturn 0;\n}\n",
                    ret_entry, ret_entry);
        }
    for (size_t i = 0; i < cell->split.count; i++) {
        if (cell->items[i].role == ITEM_HOISTED && cell->hoists)
            continue;
        line_marker(coder, cell->number, cell_line(cell, cell->split.items[i].start));
        cell_text(coder, cell->split.items[i].start, cell->split.items[i].end);
    }
    buf_append_string(coder->out, "\n");
}

static void add_helpers(struct buf *out) {
    buf_append_string(out,
        "void fk_show_text(const char *);\nvoid fk_show_int(long long);\n"
        "void fk_show_unsigned(unsigned long long);\n"
        "void fk_show_int128(unsigned long long, unsigned long long, int);\n"
        "void fk_show_bool(int);\nvoid fk_show_char(int);\nvoid fk_show_float(double, int);\n"
        "void fk_show_long_double(long double);\n"
        "void fk_show_pointer(const char *, const void *);\n"
        "void fk_show_string(const char *, const char *);\n"
        "void fk_show_characters(const char *, unsigned long);\nvoid fk_show_end(void);\n");
}

static void settle_session(struct coder *coder) {
    struct cell *cell = coder->cell;
    session_clear(&cell->after);
    for (size_t i = 0; i < cell->kept.count; i++) {
        const struct definition *definition = cell->kept.items[i];
        for (size_t k = 0; k < coder->replacing_count; k += 2)
            if (coder->replacing[k] == definition)
                definition = coder->replacing[k + 1];
        session_append(&cell->after, definition);
    }
    for (size_t i = 0; i < coder->made.count; i++)
        session_append(&cell->after, coder->made.items[i]);
}

void cell_code(struct cell *cell, struct language *language, struct buf *out, char ret_entry[32]) {
    struct coder coder = {.cell = cell, .language = language, .out = out};
    if (!cell->hoists)
        buf_append_string(out, buf_string(&cell->front));
    cell_add_prelude(out, &cell->kept);
    add_helpers(out);
    cell_add_shadows(out, cell);
    if (cell->is_program) {
        code_program(&coder, ret_entry);
        session_copy(&cell->after, &language->session);
    } else {
        for (size_t i = 0; i < cell->split.count; i++) {
            bool grouped = cell->split.items[i].kind == SPLIT_DIRECTIVE &&
                           cell->items[i].role == ITEM_PLAIN && cell->items[i].group_end > i + 1;
            code_item(&coder, i);
            size_t last = grouped ? cell->items[i].group_end - 1 : i;
            for (; i <= last; i++)
                for (size_t k = 0; k < cell->moved.count; k++)
                    if (cell->moved_after[k] == i)
                        code_moved(&coder, cell->moved.items[k]);
            i = last;
        }
        (void)snprintf(ret_entry, 32, "fk_cell_%u", ++language->next_id);
        buf_printf(out, "\nvoid %s(void) {\n%s%s}\n", ret_entry, buf_string(&coder.updates),
            buf_string(&coder.calls));
        settle_session(&coder);
        warn_dropped(cell);
    }
    buf_finish(&coder.calls);
    buf_finish(&coder.updates);
    session_finish(&coder.made);
    free(coder.replacing);
}
