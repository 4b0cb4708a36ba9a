#include "kernel/engine/c/language/cell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool cell_is_type(void *context, const char *name, size_t size) {
    const struct language *language = context;
    char *copy = must_copy(name, size);
    const struct definition *live = session_find(&language->session, copy);
    bool is_type = live ? definition_is_typedef(live, copy)
                        : (language->front.types && names_have(language->front.types, copy));
    free(copy);
    return is_type;
}

/* ---- names that libraries have already ---- */

void cell_unshadow(char *text) {
    for (char *at; (at = strstr(text, "fk_u_"));)
        memmove(at, at + 5, strlen(at + 5) + 1);
}

void cell_add_shadows(struct buf *out, const struct cell *cell) {
    for (size_t i = 0; i < cell->shadowed.count; i++)
        buf_printf(out, "#undef %s\n#define %s fk_u_%s\n", cell->shadowed.items[i],
            cell->shadowed.items[i], cell->shadowed.items[i]);
}

/* ---- the unit ---- */

void cell_name_function(struct buf *out, const char *name) {
    static const char *const macros[] = {"__func__", "__FUNCTION__", "__PRETTY_FUNCTION__"};
    for (size_t i = 0; i < sizeof macros / sizeof *macros; i++) {
        if (name)
            buf_printf(out, "#define %s \"%s\"\n", macros[i], name);
        else
            buf_printf(out, "#undef %s\n", macros[i]);
    }
}

void cell_add_prelude(struct buf *out, const struct session *session) {
    for (size_t i = 0; i < session->count; i++) {
        const struct definition *definition = session->items[i];
        if (definition->kind == DEFINITION_FRONT)
            continue;
        if (definition->kind == DEFINITION_INLINE)
            buf_printf(
                out, "#line %u \"cell [%lld]\"\n", definition->line, (long long)definition->cell);
        buf_append_string(out, definition->prelude);
        buf_append_char(out, '\n');
    }
}

/* `struct {` of a variable gets a name, since later cells have to spell its type. The name stands
   for its text, so that running the cell again makes the same type. */
static unsigned long tag_number(const char *text, size_t size) {
    unsigned long hash = 5381;
    for (size_t i = 0; i < size; i++)
        hash = (hash * 33 + (unsigned char)text[i]) & 0xffffffff;
    return hash;
}

/* The text of item `i`'s nameless type from its keyword on; false where there is none. */
static bool nameless(const struct cell *cell, size_t i, size_t *ret_start, size_t *ret_size) {
    const struct split_item *item = &cell->split.items[i];
    size_t keyword;
    size_t open;
    size_t close;
    if (item->kind != SPLIT_DECLARATION || split_starts_with(&cell->split, item, "typedef") ||
        !split_tag_body(&cell->split, item, &keyword, &open, &close) || open != keyword + 1 ||
        close >= cell->split.token_count)
        return false;
    *ret_start = cell->split.tokens[keyword].start;
    *ret_size = cell->split.tokens[close].end - *ret_start;
    return true;
}

bool cell_tag(const struct cell *cell, size_t i, char ret_tag[32]) {
    size_t start;
    size_t size;
    unsigned before = 0; /* how many of this cell have the same text */
    if (!nameless(cell, i, &start, &size))
        return false;
    unsigned long number = tag_number(cell->code + start, size);
    for (size_t k = 0; k < i; k++) {
        size_t other;
        size_t other_size;
        before += nameless(cell, k, &other, &other_size) &&
                  tag_number(cell->code + other, other_size) == number;
    }
    if (before)
        (void)snprintf(ret_tag, 32, "fk_tag_%08lx%x", number, before);
    else
        (void)snprintf(ret_tag, 32, "fk_tag_%08lx", number);
    return true;
}

void cell_add_item(struct cell *cell, struct unit *unit, size_t i) {
    const struct split_item *item = &cell->split.items[i];
    char tag[32];
    size_t keyword;
    size_t open;
    size_t close;
    if (cell_tag(cell, i, tag) && split_tag_body(&cell->split, item, &keyword, &open, &close)) {
        size_t at = cell->split.tokens[keyword].end;
        unit_cell(unit, cell->text, item->start, at);
        unit_printf(unit, " %s ", tag);
        unit_cell(unit, cell->text, at, item->end);
    } else {
        unit_cell(unit, cell->text, item->start, item->end);
    }
}

static void add_moved(struct cell *cell, size_t item) {
    for (size_t k = 0; k < cell->moved.count; k++) {
        const struct definition *definition = cell->moved.items[k];
        if (cell->moved_after[k] != item)
            continue;
        if (definition->kind == DEFINITION_VARIABLE) {
            struct buf text = BUF_INIT;
            buf_printf(&text, "extern __typeof__(%s) %s;", definition->type, definition->names[0]);
            unit_definition(&cell->unit, definition, buf_string(&text), text.size);
            buf_finish(&text);
        } else if (definition->kind == DEFINITION_FUNCTION) {
            unit_definition(
                &cell->unit, definition, definition->source, strlen(definition->source));
        } else {
            unit_definition(
                &cell->unit, definition, definition->prelude, strlen(definition->prelude));
        }
        unit_string(&cell->unit, "\n");
    }
}

void cell_build_unit(struct cell *cell) {
    struct unit *unit = &cell->unit;
    unit_clear(unit);
    if (!cell->hoists)
        unit_string(unit, buf_string(&cell->front)); /* only when the front itself is at fault */
    cell_add_prelude(&unit->text, &cell->kept);
    cell_add_shadows(&unit->text, cell);
    unit_printf(unit, "#line 1 \"%s\"\n", cell->name);
    for (size_t i = 0; i < cell->split.count; i++) {
        const struct split_item *item = &cell->split.items[i];
        const struct cell_item *role = &cell->items[i];
        if (role->role == ITEM_PLAIN || (role->role == ITEM_HOISTED && !cell->hoists)) {
            bool in_run = item->kind == SPLIT_STATEMENT && !role->run_start;
            bool begins = item->kind == SPLIT_EXPRESSION ||
                          (item->kind == SPLIT_STATEMENT && role->run_start);
            if (begins) {
                cell_name_function(&unit->text, "cell");
                unit_printf(unit, "static void fk_s%zu(void) {\n", i);
            }
            if (item->kind == SPLIT_DIRECTIVE && !in_run)
                unit_string(unit, "\n");
            cell_add_item(cell, unit, i);
            unit_string(unit, "\n");
            if (item->kind == SPLIT_STATEMENT && role->run_end)
                unit_string(unit, "}\n");
            if (item->kind == SPLIT_EXPRESSION) {
                unit_string(unit, ";\n__typeof__((");
                buf_append(&unit->text, cell->text + item->start, item->end - item->start);
                unit_string(unit, "\n)) *fk_probe;\n__typeof__(0, (");
                buf_append(&unit->text, cell->text + item->start, item->end - item->start);
                unit_string(unit, "\n)) *fk_probe_value;\n}\n");
            }
            if (item->kind == SPLIT_EXPRESSION || (item->kind == SPLIT_STATEMENT && role->run_end))
                cell_name_function(&unit->text, NULL);
        }
        add_moved(cell, i);
    }
}

/* ---- reading the parser's cursors ---- */

static size_t unit_offset(CXSourceLocation location, bool *ret_in_unit) {
    CXFile file;
    unsigned offset;
    clang_getFileLocation(location, &file, NULL, NULL, &offset);
    *ret_in_unit = false;
    if (!file)
        return 0;
    CXString name = clang_getFileName(file);
    *ret_in_unit = strcmp(clang_getCString(name), front_unit_name) == 0;
    clang_disposeString(name);
    return offset;
}

static size_t item_at(const struct cell *cell, size_t offset) {
    for (size_t i = 0; i < cell->split.count; i++)
        if (offset >= cell->split.items[i].start && offset < cell->split.items[i].end)
            return i;
    return (size_t)-1;
}

static char *take_string(CXString string) {
    const char *text = clang_getCString(string);
    char *copy = must_copy(text ? text : "", text ? strlen(text) : 0);
    clang_disposeString(string);
    return copy;
}

/* `typeof(x)` and __auto_type are spelled by what they stand for. */
static char *spell(CXType type) {
    char *text = take_string(clang_getTypeSpelling(type));
    if (strstr(text, "typeof") || strstr(text, "__auto_type") || strstr(text, "auto")) {
        free(text);
        text = take_string(clang_getTypeSpelling(clang_getCanonicalType(type)));
    }
    return text;
}

static bool moved_cursor(struct cell *cell, CXCursor cursor, const struct definition *definition) {
    if (clang_getCursorKind(cursor) != CXCursor_VarDecl)
        return false;
    cell->entities =
        must_allocate(cell->entities, (cell->entity_count + 1) * sizeof *cell->entities);
    CXType type = clang_getCursorType(cursor);
    cell->entities[cell->entity_count++] = (struct cell_entity){.item = (size_t)-1,
        .name = must_copy(definition->names[0], strlen(definition->names[0])),
        .offset = (size_t)-1,
        .type = spell(type),
        .size = clang_Type_getSizeOf(type),
        .align = clang_Type_getAlignOf(type)};
    return true;
}

static enum CXChildVisitResult find_probe(CXCursor cursor, CXCursor parent, CXClientData data) {
    (void)parent;
    struct cell *cell = data;
    if (clang_getCursorKind(cursor) == CXCursor_VarDecl) {
        char *name = take_string(clang_getCursorSpelling(cursor));
        CXType type = clang_getCanonicalType(
            clang_getPointeeType(clang_getCanonicalType(clang_getCursorType(cursor))));
        bool fine = type.kind != CXType_Invalid && type.kind != CXType_Unexposed;
        if (strcmp(name, "fk_probe") == 0 || strcmp(name, "fk_probe_value") == 0) {
            if (fine && !cell->has_result) {
                cell->result = type;
                cell->has_result = true;
                cell->shows_number = cell->shows_number && show_is_number(type);
            }
        }
        free(name);
        return CXChildVisit_Continue;
    }
    return CXChildVisit_Recurse;
}

static enum CXChildVisitResult visit(CXCursor cursor, CXCursor parent, CXClientData data) {
    (void)parent;
    struct cell *cell = data;
    bool in_unit;
    size_t at = unit_offset(clang_getCursorLocation(cursor), &in_unit);
    enum CXCursorKind kind = clang_getCursorKind(cursor);
    if (!in_unit || (kind != CXCursor_VarDecl && kind != CXCursor_FunctionDecl))
        return CXChildVisit_Continue;
    char *name = take_string(clang_getCursorSpelling(cursor));
    cell_unshadow(name);
    const struct unit_piece *piece = unit_find(&cell->unit, at);
    if (kind == CXCursor_FunctionDecl && strncmp(name, "fk_s", 4) == 0 &&
        strspn(name + 4, "0123456789") == strlen(name + 4) &&
        (!piece || piece->at + piece->size == at)) {
        size_t item = strtoul(name + 4, NULL, 10);
        if (item < cell->split.count) {
            cell->items[item].reached = true;
            if (cell->split.items[item].kind == SPLIT_EXPRESSION)
                clang_visitChildren(cursor, find_probe, cell);
        }
        free(name);
        return CXChildVisit_Continue;
    }
    if (piece && piece->origin == UNIT_DEFINITION)
        (void)moved_cursor(cell, cursor, piece->definition);
    if (!piece || piece->origin != UNIT_CELL) {
        free(name);
        return CXChildVisit_Continue;
    }
    size_t offset = piece->from + (at - piece->at);
    size_t item = item_at(cell, offset);
    if (item == (size_t)-1 || !*name) {
        free(name);
        return CXChildVisit_Continue;
    }
    CXType type = clang_getCursorType(cursor);
    bool function = kind == CXCursor_FunctionDecl;
    bool defined = clang_isCursorDefinition(cursor) != 0;
    size_t length = strlen(name);
    bool spelled = offset + length <= cell->size && memcmp(cell->code + offset, name, length) == 0;
    cell->entities =
        must_allocate(cell->entities, (cell->entity_count + 1) * sizeof *cell->entities);
    cell->entities[cell->entity_count++] = (struct cell_entity){.item = item,
        .name = name,
        .offset = spelled ? offset : (size_t)-1,
        .type = spell(type),
        .size = function ? 0 : clang_Type_getSizeOf(type),
        .align = function ? 0 : clang_Type_getAlignOf(type),
        .is_function = function,
        .is_definition = defined,
        .is_extern = !function && clang_Cursor_getStorageClass(cursor) == CX_SC_Extern && !defined,
        .is_thread_local = !function && clang_getCursorTLSKind(cursor) != CXTLS_None};
    return CXChildVisit_Continue;
}

static void read_cursors(struct cell *cell, CXTranslationUnit tu) {
    for (size_t i = 0; i < cell->entity_count; i++) {
        free(cell->entities[i].name);
        free(cell->entities[i].type);
    }
    cell->entity_count = 0;
    cell->has_result = false;
    for (size_t i = 0; i < cell->split.count; i++) {
        cell->items[i].reached = false;
        cell->items[i].not_constant = false;
    }
    clang_visitChildren(clang_getTranslationUnitCursor(tu), visit, cell);
}

/* ---- errors ---- */

/* Where in the cell the diagnostic points, or (size_t)-1; its piece in any case. */
static size_t diagnostic_offset(
    const struct cell *cell, CXDiagnostic diagnostic, const struct unit_piece **ret_piece) {
    bool in_unit;
    size_t at = unit_offset(clang_getDiagnosticLocation(diagnostic), &in_unit);
    const struct unit_piece *piece = in_unit ? unit_find(&cell->unit, at) : NULL;
    *ret_piece = piece;
    if (!piece || piece->origin != UNIT_CELL)
        return (size_t)-1;
    return piece->from + (at - piece->at);
}

static bool spelling_has(CXDiagnostic diagnostic, const char *what) {
    CXString text = clang_getDiagnosticSpelling(diagnostic);
    bool found = strstr(clang_getCString(text), what) != NULL;
    clang_disposeString(text);
    return found;
}

bool cell_forgives(const struct cell *cell, CXDiagnostic diagnostic) {
    const struct unit_piece *piece;
    size_t offset = diagnostic_offset(cell, diagnostic, &piece);
    if (offset == (size_t)-1) {
        bool in_unit;
        size_t at = unit_offset(clang_getDiagnosticLocation(diagnostic), &in_unit);
        /* warnings about earlier cells, and what the probe says again */
        if (in_unit && !(piece && piece->origin == UNIT_DEFINITION)) {
            for (size_t i = 0; i < cell->split.count; i++)
                if (cell->split.items[i].kind == SPLIT_EXPRESSION &&
                    at > unit_locate(&cell->unit, cell->split.items[i].start) +
                             (cell->split.items[i].end - cell->split.items[i].start) + 1)
                    return true; /* past the semicolon behind it */
        }
        return in_unit && clang_getDiagnosticSeverity(diagnostic) < CXDiagnostic_Error;
    }
    size_t i = item_at(cell, offset);
    if (i == (size_t)-1)
        return false;
    enum split_kind kind = cell->split.items[i].kind;
    if (kind == SPLIT_DECLARATION && !cell->is_program &&
        (spelling_has(diagnostic, "initializer element is not a compile-time constant") ||
            spelling_has(diagnostic, "initializer element is not constant")))
        return true;
    if (kind == SPLIT_DECLARATION &&
        spelling_has(diagnostic, "declaration does not declare anything"))
        return true;
    if (kind == SPLIT_STATEMENT && spelling_has(diagnostic, "unused label"))
        return true;
    return kind == SPLIT_EXPRESSION && (spelling_has(diagnostic, "result unused") ||
                                           spelling_has(diagnostic, "ignoring return value"));
}

/* Storage needs a size. An earlier variable whose type has none any more is gone. */
static size_t check_sizes(struct cell *cell, bool *ret_dropped) {
    size_t errors = 0;
    for (size_t i = 0; i < cell->entity_count; i++) {
        const struct cell_entity *entity = &cell->entities[i];
        if (entity->is_function || entity->is_extern || cell->is_program ||
            (entity->size >= 0 && entity->align > 0))
            continue;
        const struct definition *live = session_find(&cell->moved, entity->name);
        if (entity->item == (size_t)-1 && live) {
            session_append(&cell->dropped, live);
            *ret_dropped = true;
        } else {
            errors++;
            if (!cell->trouble.size)
                buf_printf(&cell->trouble, "the size of '%s' is not known: its type is '%s'",
                    entity->name, entity->type);
        }
    }
    return errors;
}

/* Look through the errors: how many stand, and which earlier definitions fail to compile again. */
static size_t judge(struct cell *cell, CXTranslationUnit tu, bool *ret_dropped) {
    size_t errors = 0;
    *ret_dropped = false;
    for (unsigned k = 0; k < clang_getNumDiagnostics(tu); k++) {
        CXDiagnostic diagnostic = clang_getDiagnostic(tu, k);
        if (clang_getDiagnosticSeverity(diagnostic) >= CXDiagnostic_Error) {
            const struct unit_piece *piece;
            size_t offset = diagnostic_offset(cell, diagnostic, &piece);
            if (piece && piece->origin == UNIT_DEFINITION) {
                session_append(&cell->dropped, piece->definition);
                *ret_dropped = true;
            } else if (cell_forgives(cell, diagnostic)) {
                size_t i = offset == (size_t)-1 ? offset : item_at(cell, offset);
                if (i != (size_t)-1)
                    cell->items[i].not_constant = true;
            } else {
                errors++;
            }
        }
        clang_disposeDiagnostic(diagnostic);
    }
    return errors;
}

/* Names that this cell gives another type, or another kind of thing. */
static bool find_retyped(struct cell *cell, const struct language *language) {
    size_t before = cell->changed.count;
    for (size_t i = 0; i < cell->entity_count; i++) {
        const struct cell_entity *entity = &cell->entities[i];
        if (entity->item == (size_t)-1 || entity->is_extern ||
            names_have(&cell->changed, entity->name))
            continue;
        const struct definition *live = session_find(&language->session, entity->name);
        bool moves = live && session_find(&cell->moved, entity->name) == live;
        if (moves && !entity->is_function) /* and is written anew here: cell_plan() replaces it */
            names_add(&cell->changed, entity->name, strlen(entity->name));
        if (!live || moves)
            continue;
        if (entity->is_function && !entity->is_definition && live->kind != DEFINITION_VARIABLE)
            continue;
        bool same =
            live->kind == (entity->is_function ? DEFINITION_FUNCTION : DEFINITION_VARIABLE) &&
            strcmp(live->type, entity->type) == 0 && !entity->is_thread_local;
        if (!same || cell->is_program)
            names_add(&cell->changed, entity->name, strlen(entity->name));
    }
    return cell->changed.count != before;
}

/* Definitions that clash with what a header or clang itself declares. */
static bool find_shadows(struct cell *cell, CXTranslationUnit tu) {
    static const char *const clashes[] = {"redefinition of '", "conflicting types for '",
        "static declaration of '", "incompatible redeclaration of library function '"};
    size_t before = cell->shadowed.count;
    for (unsigned k = 0; k < clang_getNumDiagnostics(tu); k++) {
        CXDiagnostic diagnostic = clang_getDiagnostic(tu, k);
        const struct unit_piece *piece;
        size_t offset = diagnostic_offset(cell, diagnostic, &piece);
        char *text = take_string(clang_getDiagnosticSpelling(diagnostic));
        size_t item = offset == (size_t)-1 ? offset : item_at(cell, offset);
        for (size_t i = 0; item != (size_t)-1 && i < sizeof clashes / sizeof *clashes; i++) {
            if (strncmp(text, clashes[i], strlen(clashes[i])) != 0)
                continue;
            char *name = text + strlen(clashes[i]);
            name[strcspn(name, "'")] = '\0';
            size_t own = 0; /* more than one: a clash within the cell, which is the user's */
            for (size_t e = 0; e < cell->entity_count; e++)
                own += strcmp(cell->entities[e].name, name) == 0;
            if (own == 1 && !session_find(&cell->kept, name))
                names_add(&cell->shadowed, name, strlen(name));
        }
        free(text);
        clang_disposeDiagnostic(diagnostic);
    }
    return cell->shadowed.count != before;
}

enum { MOST_ROUNDS = 12 };

enum cell_verdict cell_parse(struct cell *cell, struct language *language) {
    cell_plan(cell, language);
    for (int round = 0; round < MOST_ROUNDS; round++) {
        cell_build_unit(cell);
        CXTranslationUnit tu = front_parse(&language->front, &cell->unit.text);
        if (!tu)
            return CELL_BROKEN;
        read_cursors(cell, tu);
        if (find_retyped(cell, language)) {
            cell_plan(cell, language);
            continue;
        }
        if (find_shadows(cell, tu))
            continue;
        size_t moved = cell->moved.count;
        bool dropped;
        size_t errors = judge(cell, tu, &dropped);
        if (!errors)
            errors = check_sizes(cell, &dropped);
        if (dropped) {
            cell_plan(cell, language);
            if (cell->moved.count < moved)
                continue;
        }
        return errors ? CELL_ERRORS : CELL_FINE;
    }
    return CELL_ERRORS;
}
