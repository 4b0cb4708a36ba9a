/* Errors as people know them from clang: where, what, the line, a caret, what would fix it. */
#include "kernel/engine/c/language/cell.h"

#include "base/utf8.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BOLD "\033[1m"
#define RED "\033[1;31m"
#define MAGENTA "\033[1;35m"
#define CYAN "\033[1;36m"
#define GREEN "\033[32m"
#define PLAIN "\033[0m"

void report_finish(struct report *report) {
    buf_finish(&report->evalue);
    names_finish(&report->lines);
}

static void add_line(struct report *report, const struct buf *line) {
    /* as a list, not a set: lines may repeat */
    report->lines.items =
        must_allocate(report->lines.items, (report->lines.count + 1) * sizeof *report->lines.items);
    report->lines.items[report->lines.count] = must_copy(buf_string(line), line->size);
    report->lines.count++;
}

struct place {
    bool in_cell;
    size_t offset;
    unsigned line;
    unsigned column; /* in code points, from 1 */
    size_t line_start;
    size_t line_end;
    char name[256]; /* of the file, where it is not the cell */
};

static size_t to_cell(const struct cell *cell, size_t at) {
    const struct unit_piece *piece = unit_find(&cell->unit, at);
    if (piece && piece->origin == UNIT_CELL)
        return piece->from + (at - piece->at);
    /* past a piece: what is missing is missing at its end */
    size_t best = (size_t)-1;
    for (size_t i = 0; i < cell->unit.count; i++)
        if (cell->unit.pieces[i].origin == UNIT_CELL && cell->unit.pieces[i].at <= at)
            best = cell->unit.pieces[i].from + cell->unit.pieces[i].size;
    return best;
}

static void find_place(const struct cell *cell, CXSourceLocation location, struct place *place) {
    CXFile file;
    unsigned at;
    *place = (struct place){0};
    clang_getFileLocation(location, &file, &place->line, &place->column, &at);
    CXString name = clang_getFileName(file);
    const char *text = file ? clang_getCString(name) : "";
    if (strcmp(text, front_unit_name) != 0) {
        (void)snprintf(place->name, sizeof place->name, "%s", text);
        clang_disposeString(name);
        return;
    }
    clang_disposeString(name);
    place->offset = to_cell(cell, at);
    if (place->offset == (size_t)-1)
        return;
    place->in_cell = true;
    place->line = cell_line(cell, place->offset);
    place->line_start = place->offset;
    while (place->line_start && cell->code[place->line_start - 1] != '\n')
        place->line_start--;
    place->line_end = place->line_start + strcspn(cell->code + place->line_start, "\n");
    place->column =
        1 + (unsigned)utf8_count(cell->code + place->line_start, place->offset - place->line_start);
}

static void mark_ranges(
    const struct cell *cell, CXDiagnostic diagnostic, const struct place *place, char *marks) {
    size_t width = place->line_end - place->line_start;
    for (unsigned i = 0; i < clang_getDiagnosticNumRanges(diagnostic); i++) {
        CXSourceRange range = clang_getDiagnosticRange(diagnostic, i);
        struct place from;
        struct place to;
        find_place(cell, clang_getRangeStart(range), &from);
        find_place(cell, clang_getRangeEnd(range), &to);
        if (!from.in_cell || !to.in_cell)
            continue;
        for (size_t at = from.offset; at < to.offset; at++)
            if (at >= place->line_start && at < place->line_start + width)
                marks[at - place->line_start] = '~';
    }
}

static void excerpt(const struct cell *cell, CXDiagnostic diagnostic, const struct place *place,
    struct report *report) {
    struct buf line = BUF_INIT;
    const char *text = cell->code + place->line_start;
    size_t width = place->line_end - place->line_start;
    char *marks = must_allocate(NULL, width + 2);
    memset(marks, ' ', width + 1);
    marks[width + 1] = '\0';
    mark_ranges(cell, diagnostic, place, marks);
    marks[place->offset - place->line_start] = '^';
    buf_printf(&line, "%5u | ", place->line);
    buf_append(&line, text, width);
    add_line(report, &line);
    buf_clear(&line);
    buf_append_string(&line, "      | " GREEN);
    for (size_t i = 0; i <= width; i++) {
        if (i < width && ((unsigned char)text[i] & 0xc0) == 0x80)
            continue; /* inside a character */
        buf_append_char(&line, i < width && text[i] == '\t' && marks[i] == ' ' ? '\t' : marks[i]);
    }
    while (line.size && line.data[line.size - 1] == ' ')
        line.data[--line.size] = '\0';
    buf_append_string(&line, PLAIN);
    add_line(report, &line);
    for (unsigned i = 0; i < clang_getDiagnosticNumFixIts(diagnostic); i++) {
        CXSourceRange range;
        CXString with = clang_getDiagnosticFixIt(diagnostic, i, &range);
        struct place at;
        find_place(cell, clang_getRangeStart(range), &at);
        if (at.in_cell && at.line == place->line) {
            buf_clear(&line);
            buf_append_string(&line, "      | " GREEN);
            for (unsigned k = 1; k < at.column; k++)
                buf_append_char(&line, ' ');
            buf_printf(&line, "%s" PLAIN, clang_getCString(with));
            add_line(report, &line);
        }
        clang_disposeString(with);
    }
    free(marks);
    buf_finish(&line);
}

/* Is `name` a label at the top level of the cell? */
static bool has_label(const struct cell *cell, const char *name, size_t size) {
    const struct split *split = &cell->split;
    for (size_t i = 0; i < split->count; i++) {
        const struct split_item *item = &split->items[i];
        struct lex_token token = split->tokens[item->first];
        if (item->kind == SPLIT_STATEMENT && item->count > 1 && token.end - token.start == size &&
            memcmp(cell->code + token.start, name, size) == 0 &&
            lex_is(cell->code, split->tokens[item->first + 1], ":"))
            return true;
    }
    return false;
}

/* What clang says about the functions that the rewriting made, as about the cell. */
static char *plain_words(const struct cell *cell, const char *text) {
    static const char label[] = "use of undeclared label '";
    struct buf out = BUF_INIT;
    if (strstr(text, "'fk_s") && strstr(text, "should not return a value")) {
        buf_append_string(&out, "return outside of a function");
    } else if (strncmp(text, label, sizeof label - 1) == 0) {
        const char *name = text + sizeof label - 1;
        size_t size = strcspn(name, "'");
        if (has_label(cell, name, size))
            buf_printf(&out,
                "goto cannot pass a declaration at the top level of a cell, as it would on its "
                "way to '%.*s': put these lines into a function or between { and }",
                (int)size, name);
    }
    if (!out.size)
        buf_append_string(&out, text);
    return buf_take(&out);
}

static void add_diagnostic(const struct cell *cell, CXDiagnostic diagnostic, struct report *report,
    struct buf *evalue, unsigned depth) {
    static const char *const kinds[] = {
        "", CYAN "note: ", MAGENTA "warning: ", RED "error: ", RED "error: "};
    struct place place;
    struct buf line = BUF_INIT;
    enum CXDiagnosticSeverity severity = clang_getDiagnosticSeverity(diagnostic);
    find_place(cell, clang_getDiagnosticLocation(diagnostic), &place);
    CXString message = clang_getDiagnosticSpelling(diagnostic);
    char *text = plain_words(cell, clang_getCString(message));
    cell_unshadow(text);
    if (strncmp(text, "unguarded header", 16) == 0) {
        clang_disposeString(message);
        free(text);
        return;
    }
    if (place.in_cell)
        buf_printf(&line, BOLD "%s, line %u, column %u: ", cell->name, place.line, place.column);
    else if (*place.name)
        buf_printf(&line, BOLD "%s:%u:%u: ", place.name, place.line, place.column);
    buf_printf(&line, "%s" PLAIN BOLD "%s" PLAIN, kinds[severity], text);
    if (severity != CXDiagnostic_Note || place.in_cell || *place.name) {
        add_line(report, &line);
        if (place.in_cell)
            excerpt(cell, diagnostic, &place, report);
    }
    if (evalue && place.in_cell)
        buf_printf(
            evalue, "%s, line %u, column %u: %s", cell->name, place.line, place.column, text);
    else if (evalue)
        buf_append_string(evalue, text);
    clang_disposeString(message);
    free(text);
    buf_finish(&line);
    CXDiagnosticSet notes = clang_getChildDiagnostics(diagnostic);
    for (unsigned i = 0; i < clang_getNumDiagnosticsInSet(notes) && depth == 0; i++) {
        CXDiagnostic note = clang_getDiagnosticInSet(notes, i);
        add_diagnostic(cell, note, report, NULL, depth + 1);
        clang_disposeDiagnostic(note);
    }
}

bool report_diagnostics(struct cell *cell, CXTranslationUnit tu, struct report *report) {
    assert(report);
    bool errors = false;
    struct report warnings = {0};
    for (unsigned i = 0; i < clang_getNumDiagnostics(tu); i++) {
        CXDiagnostic diagnostic = clang_getDiagnostic(tu, i);
        bool forgiven = cell_forgives(cell, diagnostic);
        if (!forgiven && clang_getDiagnosticSeverity(diagnostic) >= CXDiagnostic_Error) {
            add_diagnostic(cell, diagnostic, report, errors ? NULL : &report->evalue, 0);
            errors = true;
        } else if (!forgiven) {
            add_diagnostic(cell, diagnostic, &warnings, NULL, 0);
        }
        clang_disposeDiagnostic(diagnostic);
    }
    for (size_t i = 0; i < warnings.lines.count; i++)
        buf_printf(&cell->warnings, "%s\n", warnings.lines.items[i]);
    report_finish(&warnings);
    return errors;
}
