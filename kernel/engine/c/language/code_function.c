/* Functions: their code, the stubs that callers go through, and prototypes. */
#include "kernel/engine/c/language/coder.h"

#include <stdlib.h>
#include <string.h>

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

void code_body(struct coder *coder, const struct definition *f, unsigned code, bool is_new) {
    const char *name = f->names[0];
    cell_name_function(coder->out, name);
    buf_append_string(coder->out, "__attribute__((visibility(\"hidden\"), used))");
    coder_mark_line(coder, f->cell, f->line);
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

static void code_definition(struct coder *coder, const struct cell_entity *entity) {
    const struct definition *live = coder_kept(coder, entity->name);
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
        code_body(coder, f, code, false);
        return;
    }
    if (!f) {
        f = function(coder, entity);
        declare_new(coder, f);
        session_append(&coder->made, f);
        buf_printf(coder->out, "%s\n", f->prelude);
    }
    code_body(coder, f, code, true);
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
    coder_mark_line(coder, cell->number, f->line);
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

void code_function(struct coder *coder, size_t i) {
    const struct cell *cell = coder->cell;
    code_function_tag(coder, i);
    for (size_t k = 0; k < cell->entity_count; k++) {
        if (cell->entities[k].item != i || !cell->entities[k].is_function)
            continue;
        if (is_inline(cell, i))
            code_inline(coder, i, &cell->entities[k]);
        else
            code_definition(coder, &cell->entities[k]);
        break;
    }
}

/* ---- prototypes ---- */

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

void code_prototype(struct coder *coder, const struct cell_entity *entity) {
    const struct definition *live = coder_kept(coder, entity->name);
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
    if (!live && !coder_made(coder, entity->name)) {
        struct definition *p = definition_create(
            DEFINITION_PROTOTYPE, buf_string(&text), text.size, buf_string(&text), text.size);
        definition_add_name(p, entity->name, strlen(entity->name));
        p->type = must_copy(entity->type, strlen(entity->type));
        p->cell = coder->cell->number;
        session_append(&coder->made, p);
    }
    buf_finish(&text);
}
