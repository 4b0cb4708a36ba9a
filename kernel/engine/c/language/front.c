#include "kernel/engine/c/language/front.h"
#include "kernel/engine/c/language/definition.h"

#include "base/file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char front_unit_name[] = "/forkernel/cell.c";

enum { MOST_ARGUMENTS = 256 };

void front_init(struct front *front, const char *folder, const char *include) {
    *front = (struct front){.folder = folder};
    front->include = must_copy(include, strlen(include));
    front->resources = must_copy(FORKERNEL_CLANG_RESOURCES, strlen(FORKERNEL_CLANG_RESOURCES));
    front->index = clang_createIndex(1, 0);
    front->text = front->flag_text = "";
}

static void drop_header(struct front_header *header) {
    (void)unlink(header->pch);
    free(header->text);
    free(header->flag_text);
    free(header->pch);
    names_finish(&header->types);
}

static void drop_flags(struct front *front) {
    for (size_t i = 0; i < front->flag_count; i++)
        free(front->flags[i]);
    free(front->flags);
    front->flags = NULL;
    front->flag_count = 0;
}

void front_finish(struct front *front) {
    if (front->tu)
        clang_disposeTranslationUnit(front->tu);
    clang_disposeIndex(front->index);
    drop_flags(front);
    free(front->include);
    free(front->resources);
    for (size_t i = 0; i < front->header_count; i++)
        drop_header(&front->headers[i]);
}

size_t front_arguments(const struct front *front, const char **args, size_t max) {
    static const char *const fixed[] = {"-std=gnu17", "-O2", "-fPIC"};
    size_t count = 0;
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        args[count++] = fixed[i];
    args[count++] = "-I";
    args[count++] = front->include;
    for (size_t i = 0; i < front->flag_count && count < max; i++)
        args[count++] = front->flags[i];
    return count;
}

static size_t parser_arguments(const struct front *front, const char **args, const char *language) {
    static const char *const fixed[] = {"-ferror-limit=0", "-Wall", "-Wno-unused-function",
        "-Wno-unused-variable", "-Wno-macro-redefined", "-Wno-missing-declarations", "-Wno-main",
        "-Wno-main-return-type", "-Wno-gnu-alignof-expression", "-fparse-all-comments",
        "-Wno-builtin-macro-redefined", "-Wno-incompatible-library-redeclaration"};
    size_t count = 0;
    args[count++] = "-x";
    args[count++] = language;
    args[count++] = "-resource-dir";
    args[count++] = front->resources;
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        args[count++] = fixed[i];
    return count + front_arguments(front, args + count, MOST_ARGUMENTS - count - 8);
}

static void set_flags(struct front *front, const char *cflags) {
    drop_flags(front);
    char *copy = must_copy(cflags, strlen(cflags));
    char *rest = NULL;
    for (char *word = strtok_r(copy, " \t\r\n", &rest); word;
        word = strtok_r(NULL, " \t\r\n", &rest)) {
        front->flags = must_allocate(front->flags, (front->flag_count + 1) * sizeof *front->flags);
        front->flags[front->flag_count++] = must_copy(word, strlen(word));
    }
    free(copy);
}

static bool has_errors(CXTranslationUnit tu) {
    bool found = false;
    for (unsigned i = 0; i < clang_getNumDiagnostics(tu) && !found; i++) {
        CXDiagnostic diagnostic = clang_getDiagnostic(tu, i);
        found = clang_getDiagnosticSeverity(diagnostic) >= CXDiagnostic_Error;
        clang_disposeDiagnostic(diagnostic);
    }
    return found;
}

static enum CXChildVisitResult add_type(CXCursor cursor, CXCursor parent, CXClientData data) {
    (void)parent;
    if (clang_getCursorKind(cursor) == CXCursor_TypedefDecl) {
        CXString name = clang_getCursorSpelling(cursor);
        const char *text = clang_getCString(name);
        names_add(data, text, strlen(text));
        clang_disposeString(name);
    }
    return CXChildVisit_Continue;
}

/* The header of `text`; its flags are the front's. */
static bool build(struct front *front, const char *text, struct front_header *ret_header) {
    const char *args[MOST_ARGUMENTS];
    size_t count = parser_arguments(front, args, "c-header");
    struct buf source = BUF_INIT;
    struct buf pch = BUF_INIT;
    unsigned number = ++front->made;
    buf_printf(&source, "%s/front%u.h", front->folder, number);
    buf_printf(&pch, "%s/front%u.pch", front->folder, number);
    CXTranslationUnit tu = NULL;
    bool fine = file_write(buf_string(&source), text, strlen(text), 0600, NULL) == STATUS_OK &&
                clang_parseTranslationUnit2(front->index, buf_string(&source), args, (int)count,
                    NULL, 0, CXTranslationUnit_ForSerialization | CXTranslationUnit_Incomplete,
                    &tu) == CXError_Success &&
                !has_errors(tu) &&
                clang_saveTranslationUnit(tu, buf_string(&pch), CXSaveTranslationUnit_None) ==
                    CXSaveError_None;
    if (fine) {
        *ret_header = (struct front_header){
            .text = must_copy(text, strlen(text)), .pch = must_copy(buf_string(&pch), pch.size)};
        clang_visitChildren(clang_getTranslationUnitCursor(tu), add_type, &ret_header->types);
    }
    if (tu)
        clang_disposeTranslationUnit(tu);
    buf_finish(&source);
    buf_finish(&pch);
    return fine;
}

/* The header at `index` comes to the front. */
static void use(struct front *front, size_t index) {
    struct front_header header = front->headers[index];
    memmove(&front->headers[1], &front->headers[0], index * sizeof header);
    front->headers[0] = header;
    front->text = header.text;
    front->flag_text = header.flag_text;
    front->pch = header.pch;
    front->types = &front->headers[0].types;
    if (front->tu)
        clang_disposeTranslationUnit(front->tu);
    front->tu = NULL;
    front->serial++;
}

static size_t find_header(const struct front *front, const char *text, const char *cflags) {
    size_t i = 0;
    while (i < front->header_count && (strcmp(text, front->headers[i].text) != 0 ||
                                          strcmp(cflags, front->headers[i].flag_text) != 0))
        i++;
    return i;
}

bool front_prepare(struct front *front, const char *text, const char *cflags) {
    size_t index = find_header(front, text, cflags);
    struct front_header header;
    if (index == 0 && front->header_count)
        return true;
    set_flags(front, cflags);
    if (index < front->header_count) {
        use(front, index);
        return true;
    }
    if (!build(front, text, &header)) {
        set_flags(front, front->flag_text);
        return false;
    }
    header.flag_text = must_copy(cflags, strlen(cflags));
    if (front->header_count == FRONT_HEADERS)
        drop_header(&front->headers[--front->header_count]);
    front->headers[front->header_count] = header;
    use(front, front->header_count++);
    return true;
}

static CXTranslationUnit parse_afresh(
    struct front *front, struct CXUnsavedFile *file, unsigned options) {
    CXTranslationUnit tu = NULL;
    const char *args[MOST_ARGUMENTS];
    size_t count = parser_arguments(front, args, "c");
    if (front->pch) {
        args[count++] = "-include-pch";
        args[count++] = front->pch;
    }
    if (clang_parseTranslationUnit2(front->index, front_unit_name, args, (int)count, file, 1,
            options, &tu) != CXError_Success)
        return NULL;
    return tu;
}

size_t *front_excluded(struct front *front, const struct buf *unit, size_t *ret_count) {
    struct CXUnsavedFile file = {front_unit_name, buf_string(unit), unit->size};
    size_t *offsets = NULL;
    *ret_count = 0;
    CXTranslationUnit tu = parse_afresh(
        front, &file, CXTranslationUnit_DetailedPreprocessingRecord | CXTranslationUnit_KeepGoing);
    if (!tu)
        return NULL;
    CXSourceRangeList *ranges = clang_getSkippedRanges(tu, clang_getFile(tu, front_unit_name));
    for (unsigned i = 0; ranges && i < ranges->count; i++) {
        unsigned start;
        unsigned end;
        clang_getFileLocation(clang_getRangeStart(ranges->ranges[i]), NULL, NULL, NULL, &start);
        clang_getFileLocation(clang_getRangeEnd(ranges->ranges[i]), NULL, NULL, NULL, &end);
        offsets = must_allocate(offsets, (*ret_count + 2) * sizeof *offsets);
        offsets[(*ret_count)++] = start;
        offsets[(*ret_count)++] = end;
    }
    if (ranges)
        clang_disposeSourceRangeList(ranges);
    clang_disposeTranslationUnit(tu);
    return offsets;
}

CXTranslationUnit front_parse(struct front *front, const struct buf *unit) {
    struct CXUnsavedFile file = {front_unit_name, buf_string(unit), unit->size};
    if (front->tu && clang_reparseTranslationUnit(
                         front->tu, 1, &file, clang_defaultReparseOptions(front->tu)) == 0)
        return front->tu;
    if (front->tu)
        clang_disposeTranslationUnit(front->tu);
    front->tu = parse_afresh(front, &file, CXTranslationUnit_None);
    return front->tu;
}
