/* Types, declarations and preprocessor lines. */
#include "kernel/engine/c/language/coder.h"

#include <string.h>

static void add_type_name(void *context, enum split_name_kind kind, const char *name, size_t size) {
    definition_add_type_name(context, kind, name, size);
}

static void code_type(struct coder *coder, size_t i, const char *text, size_t size,
    const char *source, size_t source_size, size_t offset) {
    struct definition *type = definition_create(DEFINITION_TYPE, text, size, source, source_size);
    type->cell = coder->cell->number;
    type->line = cell_line(coder->cell, offset);
    split_type_names(&coder->cell->split, &coder->cell->split.items[i], add_type_name, type);
    coder_mark_line(coder, type->cell, type->line);
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

void code_function_tag(struct coder *coder, size_t i) {
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

void code_declaration(struct coder *coder, size_t i) {
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

void code_directive(struct coder *coder, size_t i) {
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
    coder_mark_line(coder, cell->number, cell_line(cell, first->start));
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

void code_hoisted(struct coder *coder, size_t i) {
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
