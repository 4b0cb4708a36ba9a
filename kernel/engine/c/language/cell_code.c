/* The unit for the compiler as a whole: statements, the result, what is compiled again. */
#include "kernel/engine/c/language/coder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct definition *coder_kept(const struct coder *coder, const char *name) {
    return session_find(&coder->cell->kept, name);
}

const struct definition *coder_made(const struct coder *coder, const char *name) {
    return session_find(&coder->made, name);
}

void coder_mark_line(struct coder *coder, int64_t cell, unsigned line) {
    buf_printf(coder->out, "\n#line %u \"cell [%lld]\"\n", line, (long long)cell);
}

void coder_add_text(struct coder *coder, size_t start, size_t end) {
    buf_append(coder->out, coder->cell->text + start, end - start);
}

/* ---- items ---- */

static void code_statement(struct coder *coder, size_t i) {
    const struct cell *cell = coder->cell;
    const struct split_item *item = &cell->split.items[i];
    if (cell->items[i].run_start) {
        cell_name_function(coder->out, "cell");
        buf_printf(coder->out, "static __attribute__((noinline)) void fk_s%zu(void) {", i);
        if (cell->items[i].reached)
            buf_printf(&coder->calls, "fk_s%zu();\n", i);
    }
    coder_mark_line(coder, cell->number, cell_line(cell, item->start));
    coder_add_text(coder, item->start, item->end);
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
    if (shown && cell->shows_number) {
        buf_append_string(out, "__extension__ __auto_type fk_value = (");
    } else if (shown) {
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
    coder_mark_line(coder, cell->number, cell_line(cell, item->start));
    coder_add_text(coder, item->start, item->end);
    if (shown && copied)
        buf_printf(out, "\n), %lld);\n", size);
    else
        buf_append_string(out, shown ? "\n);\n" : "\n;\n");
    if (shown) {
        if (cell->shows_number)
            show_number(out, "fk_value");
        else
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
                code_new_variable(coder, definition->names[0], definition->type, false, &id);
            code_storage(coder, id, entity->name, entity->size, entity->align);
            buf_printf(coder->out, "%s\n", fresh->prelude);
            session_append(&coder->made, fresh);
            warn_renewed(coder, definition);
            break;
        }
    } else if (definition->kind == DEFINITION_FUNCTION) {
        buf_printf(coder->out, "%s\n", definition->prelude);
        code_body(coder, definition, ++coder->language->next_id, false);
        session_append(&coder->made, definition);
    } else {
        coder_mark_line(coder, definition->cell, definition->line);
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
        code_function(coder, i);
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
        coder_mark_line(coder, cell->number, cell_line(cell, cell->split.items[i].start));
        coder_add_text(coder, cell->split.items[i].start, cell->split.items[i].end);
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
