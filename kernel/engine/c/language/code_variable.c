/* Variables: their storage, what later cells see of them, and their initialisers. */
#include "kernel/engine/c/language/coder.h"

#include <string.h>

enum { SPECIAL_ALIGNMENT = 4096 };

void code_storage(
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
        coder_mark_line(coder, cell->number, cell_line(cell, start));
        coder_add_text(coder, start, end);
        buf_append_string(coder->out, "\n;\n");
    }
    buf_printf(coder->out, "static __attribute__((noinline)) void fk_n%zu(void) {\n", serial);
    if (has && !constant) {
        buf_printf(coder->out, "__typeof__(%s) fk_image =", entity->type);
        coder_mark_line(coder, cell->number, cell_line(cell, start));
        coder_add_text(coder, start, end);
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

struct definition *code_new_variable(struct coder *coder, const char *name, const char *type,
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

void code_variable(struct coder *coder, const struct cell_entity *entity, size_t serial) {
    const struct definition *live = coder_kept(coder, entity->name);
    const struct definition *again = coder_made(coder, entity->name);
    if (!live && !again) {
        unsigned id;
        struct definition *definition =
            code_new_variable(coder, entity->name, entity->type, entity->is_thread_local, &id);
        definition->line =
            entity->offset == (size_t)-1 ? 1 : cell_line(coder->cell, entity->offset);
        if (!entity->is_thread_local)
            code_storage(coder, id, entity->name, entity->size, alignment(coder->cell, entity));
        buf_printf(coder->out, "%s\n", definition->prelude);
        if (entity->is_thread_local)
            buf_printf(
                coder->out, "_Thread_local __typeof__(%s) %s;\n", entity->type, entity->name);
        session_append(&coder->made, definition);
    }
    initialise(coder, entity, serial);
}
