/* Completion and inspection: what libclang knows at one place of a cell, as the protocol's replies.
 */
#include "kernel/engine/c/language/service.h"
#include "kernel/engine/c/lex.h"
#include "kernel/engine/c/messages.h"

#include "base/utf8.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static void reply(struct service *service, int64_t token, json_t *content) {
    char *text = json_dumps(content, JSON_COMPACT);
    frame_begin(&service->out, LANGUAGE_REPLY);
    frame_add_int(&service->out, token);
    frame_add_string(&service->out, text ? text : "{}");
    service_send(service);
    free(text);
    json_decref(content);
}

/* The cell as a unit that libclang can be asked about, and where the cursor stands in it. */
static bool ask_unit(struct service *service, struct cell *cell, size_t cursor, size_t *ret_at) {
    cell_split(cell, &service->language);
    cell->hoists = false;
    buf_clear(&cell->front);
    cell_plan(cell, &service->language);
    for (size_t i = 0; i < cell->split.count; i++)
        if (cell->items[i].role == ITEM_UNCHANGED)
            cell->items[i].role = ITEM_PLAIN;
    cell_build_unit(cell);
    *ret_at = unit_locate(&cell->unit, cursor);
    return *ret_at != (size_t)-1;
}

static void line_column(
    const struct buf *text, size_t at, unsigned *ret_line, unsigned *ret_column) {
    *ret_line = 1;
    *ret_column = 1;
    for (size_t i = 0; i < at && i < text->size; i++) {
        (*ret_column)++;
        if (text->data[i] == '\n') {
            (*ret_line)++;
            *ret_column = 1;
        }
    }
}

static bool is_word(unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c >= 0x80;
}

/* ---- completion ---- */

struct candidate {
    char *text;
    const char *kind;
    char *signature;
    unsigned rank;
};

static int by_rank(const void *a, const void *b) {
    const struct candidate *x = a;
    const struct candidate *y = b;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return strcmp(x->text, y->text);
}

static const char *kind_name(enum CXCursorKind kind) {
    switch (kind) {
    case CXCursor_FunctionDecl:
        return "function";
    case CXCursor_VarDecl:
    case CXCursor_ParmDecl:
        return "variable";
    case CXCursor_FieldDecl:
        return "property";
    case CXCursor_EnumConstantDecl:
        return "constant";
    case CXCursor_TypedefDecl:
        return "type";
    case CXCursor_StructDecl:
    case CXCursor_UnionDecl:
        return "struct";
    case CXCursor_EnumDecl:
        return "enum";
    case CXCursor_MacroDefinition:
        return "macro";
    case CXCursor_NotImplemented:
        return "keyword";
    default:
        return "text";
    }
}

/* The engine's own names are not the user's; those of forkernel.h are. */
static bool is_internal(const char *name) {
    static const char *const shown[] = {"fk_display", "fk_html", "fk_markdown", "fk_svg",
        "fk_latex", "fk_png", "fk_bundle", "fk_update_display", "fk_clear_output"};
    if (strncmp(name, "fk_", 3) != 0)
        return strcmp(name, "FORKERNEL_H") == 0;
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        if (strncmp(name, shown[i], strlen(shown[i])) == 0)
            return false;
    return true;
}

static void read_chunks(CXCompletionString string, struct buf *typed, struct buf *signature) {
    for (unsigned i = 0; i < clang_getNumCompletionChunks(string); i++) {
        enum CXCompletionChunkKind kind = clang_getCompletionChunkKind(string, i);
        if (kind == CXCompletionChunk_Optional || kind == CXCompletionChunk_Informative)
            continue;
        CXString text = clang_getCompletionChunkText(string, i);
        const char *word = clang_getCString(text);
        if (kind == CXCompletionChunk_TypedText)
            buf_append_string(typed, word ? word : "");
        buf_append_string(signature, word ? word : "");
        if (kind == CXCompletionChunk_ResultType)
            buf_append_char(signature, ' ');
        clang_disposeString(text);
    }
}

static json_t *complete_content(
    struct candidate *candidates, size_t count, const char *code, size_t start, size_t cursor) {
    json_t *matches = json_array();
    json_t *types = json_array();
    json_int_t from = (json_int_t)utf8_count(code, start);
    json_int_t to = (json_int_t)utf8_count(code, cursor);
    for (size_t i = 0; i < count; i++) {
        if (i && strcmp(candidates[i].text, candidates[i - 1].text) == 0)
            continue;
        json_array_append_new(matches, json_string(candidates[i].text));
        json_array_append_new(
            types, json_pack("{s:s, s:s, s:s, s:I, s:I}", "text", candidates[i].text, "type",
                       candidates[i].kind, "signature", candidates[i].signature, "start", from,
                       "end", to));
    }
    return json_pack("{s:s, s:o, s:I, s:I, s:{s:o}}", "status", "ok", "matches", matches,
        "cursor_start", from, "cursor_end", to, "metadata", "_jupyter_types_experimental", types);
}

enum { MOST_CANDIDATES = 400 };

void query_complete(struct service *service, int64_t token, const char *code, size_t cursor) {
    size_t size = strlen(code);
    cursor = cursor > size ? size : utf8_floor(code, size, cursor);
    size_t start = cursor;
    size_t line = cursor;
    while (line && code[line - 1] != '\n')
        line--;
    bool directive = code[line + strspn(code + line, " \t")] == '#';
    while (start > line && (is_word((unsigned char)code[start - 1]) ||
                               (directive && strchr(".-+", code[start - 1]))))
        start--;
    char *prefix = must_copy(code + start, cursor - start);

    struct cell cell;
    char *cut = NULL;
    size_t at;
    cell_init(&cell, &service->language, 0, code, false, false);
    if (!ask_unit(service, &cell, start, &at)) { /* between items: as a new statement there */
        struct buf text = BUF_INIT;
        cell_finish(&cell);
        buf_append(&text, code, start);
        buf_append_string(&text, "\nx");
        cut = buf_take(&text);
        cell_init(&cell, &service->language, 0, cut, false, false);
        if (!ask_unit(service, &cell, start + 1, &at))
            at = cell.unit.text.size;
    }
    struct candidate *candidates = NULL;
    size_t count = 0;
    unsigned row;
    unsigned column;
    line_column(&cell.unit.text, at, &row, &column);
    struct CXUnsavedFile file = {front_unit_name, buf_string(&cell.unit.text), cell.unit.text.size};
    CXTranslationUnit tu = service->language.front.tu;
    if (!tu)
        tu = front_parse(&service->language.front, &cell.unit.text);
    CXCodeCompleteResults *results = tu ? clang_codeCompleteAt(tu, front_unit_name, row, column,
                                              &file, 1, CXCodeComplete_IncludeMacros)
                                        : NULL;
    for (unsigned i = 0; results && i < results->NumResults; i++) {
        CXCompletionString string = results->Results[i].CompletionString;
        struct buf typed = BUF_INIT;
        struct buf signature = BUF_INIT;
        read_chunks(string, &typed, &signature);
        const char *text = buf_string(&typed);
        if (strncmp(text, prefix, strlen(prefix)) == 0 && !is_internal(text) && *text &&
            (*text != '_' || *prefix == '_')) {
            candidates = must_allocate(candidates, (count + 1) * sizeof *candidates);
            bool live = session_find(&service->language.session, text) != NULL;
            unsigned rank = clang_getCompletionPriority(string);
            candidates[count++] = (struct candidate){must_copy(text, typed.size),
                kind_name(results->Results[i].CursorKind),
                must_copy(buf_string(&signature), signature.size), live ? rank / 2 : rank};
        }
        buf_finish(&typed);
        buf_finish(&signature);
    }
    if (results)
        clang_disposeCodeCompleteResults(results);
    if (count)
        qsort(candidates, count, sizeof *candidates, by_rank);
    reply(service, token,
        complete_content(
            candidates, count < MOST_CANDIDATES ? count : MOST_CANDIDATES, code, start, cursor));
    for (size_t i = 0; i < count; i++) {
        free(candidates[i].text);
        free(candidates[i].signature);
    }
    free(candidates);
    cell_finish(&cell);
    free(cut);
    free(prefix);
}

/* ---- inspection ---- */

/* Declarations as a person would write them: without the labels of the engine. */
static char *declaration(CXCursor cursor) {
    CXPrintingPolicy policy = clang_getCursorPrintingPolicy(cursor);
    clang_PrintingPolicy_setProperty(
        policy, CXPrintingPolicy_TerseOutput, clang_getCursorKind(cursor) == CXCursor_FunctionDecl);
    CXString printed = clang_getCursorPrettyPrinted(cursor, policy);
    const char *text = clang_getCString(printed);
    char *copy = must_copy(text, strlen(text));
    clang_disposeString(printed);
    clang_PrintingPolicy_dispose(policy);
    cell_unshadow(copy);
    char *label;
    while ((label = strstr(copy, " asm(\"")) || (label = strstr(copy, " __attribute__(("))) {
        char *end = label;
        int depth = 0;
        do {
            depth += *end == '(';
            depth -= *end == ')';
            end++;
        } while (*end && (depth > 0 || !strchr(" ;={", *end)));
        memmove(label, end, strlen(end) + 1);
    }
    if (strncmp(copy, "extern typeof", 13) == 0 || strncmp(copy, "extern __typeof__", 17) == 0) {
        /* as prelude declares it: spelled from its type instead */
        CXString type = clang_getTypeSpelling(clang_getCanonicalType(clang_getCursorType(cursor)));
        CXString name = clang_getCursorSpelling(cursor);
        struct buf out = BUF_INIT;
        const char *spelled = clang_getCString(type);
        const char *dims = strchr(spelled, '[');
        size_t head = dims ? (size_t)(dims - spelled) : strlen(spelled);
        buf_append(&out, spelled, head);
        buf_printf(&out, "%s%s%s", head && spelled[head - 1] == '*' ? "" : " ",
            clang_getCString(name), dims ? dims : "");
        clang_disposeString(type);
        clang_disposeString(name);
        free(copy);
        copy = buf_take(&out);
    }
    return copy;
}

/* The live definition of what the cursor declares: tags are names of their own. */
static const struct definition *find_live(
    struct service *service, CXCursor cursor, const char *name) {
    enum CXCursorKind kind = clang_getCursorKind(cursor);
    bool tag =
        kind == CXCursor_StructDecl || kind == CXCursor_UnionDecl || kind == CXCursor_EnumDecl;
    struct buf full = BUF_INIT;
    buf_printf(&full, "%s%s", tag ? "#" : "", name);
    const struct definition *live = session_find(&service->language.session, buf_string(&full));
    buf_finish(&full);
    return live;
}

static void add_place(struct service *service, CXCursor cursor, const char *name, struct buf *out) {
    const struct definition *live = find_live(service, cursor, name);
    CXFile file;
    unsigned line;
    clang_getFileLocation(clang_getCursorLocation(cursor), &file, &line, NULL, NULL);
    CXString path = clang_getFileName(file);
    const char *text = file ? clang_getCString(path) : NULL;
    if (text && strcmp(text, front_unit_name) != 0)
        buf_printf(out, "%s, line %u", text, line);
    else if (live && live->line)
        buf_printf(out, "cell [%lld], line %u", (long long)live->cell, live->line);
    else
        buf_append_string(out, "this cell");
    clang_disposeString(path);
}

/* The comment right above line `line` of the cell that ran as `number`. */
static void add_comment(
    const struct service *service, int64_t number, unsigned line, struct buf *out) {
    for (size_t i = service->sources.count; i-- > 0;) {
        const char *entry = service->sources.items[i];
        if (strtoll(entry, NULL, 10) != number)
            continue;
        const char *code = strchr(entry, '\t') + 1;
        size_t end = 0; /* start of the definition's line */
        for (unsigned at = 1; at < line && code[end]; at++)
            end += strcspn(code + end, "\n") + (code[end + strcspn(code + end, "\n")] == '\n');
        size_t start = end;
        bool in_block = false;
        while (start) {
            size_t from = start - 1;
            while (from && code[from - 1] != '\n')
                from--;
            const char *text = code + from + strspn(code + from, " \t");
            size_t size = (size_t)(code + start - text);
            while (size && strchr(" \t\r\n", text[size - 1]))
                size--;
            if (!in_block && size >= 2 && strncmp(text + size - 2, "*/", 2) == 0)
                in_block = true;
            else if (!in_block && strncmp(text, "//", 2) != 0)
                break;
            start = from;
            if (in_block && strncmp(text, "/*", 2) == 0)
                in_block = false;
        }
        if (start < end && !in_block)
            buf_append(out, code + start, end - start - 1);
        return;
    }
}

/* What is said of a name, as plain text and as markdown. */
struct answer {
    struct buf plain;
    struct buf markdown;
};

static void add_code(struct answer *answer, const char *text) {
    const char *gap = answer->plain.size ? "\n\n" : "";
    buf_printf(&answer->plain, "%s%s", gap, text);
    buf_printf(&answer->markdown, "%s```c\n%s\n```", gap, text);
}

static void add_words(struct answer *answer, const char *words, const char *place) {
    buf_printf(&answer->plain, "\n\n%s %s", words, place);
    buf_printf(&answer->markdown, "\n\n%s %s", words, place);
}

static void describe(struct service *service, CXCursor found, const char *name,
    const struct definition *live, int detail, struct answer *answer) {
    char *text = declaration(found);
    struct buf place = BUF_INIT;
    CXString comment = clang_Cursor_getRawCommentText(found);
    const char *words = clang_getCString(comment);
    struct buf above = BUF_INIT;
    if (live && live->line) {
        add_comment(service, live->cell, live->line, &above);
        words = buf_string(&above);
    }
    add_place(service, found, name, &place);
    add_code(answer, text);
    add_words(answer, "Defined in", buf_string(&place));
    if (words && *words)
        add_code(answer, words);
    if (detail > 0 && live && *live->source)
        add_code(answer, live->source);
    clang_disposeString(comment);
    buf_finish(&place);
    buf_finish(&above);
    free(text);
}

static void describe_macro(const struct definition *live, struct answer *answer) {
    struct buf place = BUF_INIT;
    buf_printf(&place, "cell [%lld], line %u", (long long)live->cell, live->line);
    add_code(answer, live->source);
    add_words(answer, "Defined in", buf_string(&place));
    buf_finish(&place);
}

struct span {
    size_t start, end; /* byte offsets into the cell */
};

/* Say what is known of the name there. Returns whether anything is. */
static bool look_up(struct service *service, const char *code, struct span span, int detail,
    struct answer *answer) {
    size_t before = answer->plain.size;
    struct cell cell;
    size_t at = 0;
    CXTranslationUnit tu = NULL;
    char *name = must_copy(code + span.start, span.end - span.start);
    cell_init(&cell, &service->language, 0, code, false, false);
    if (span.end > span.start && ask_unit(service, &cell, span.start, &at))
        tu = front_parse(&service->language.front, &cell.unit.text);
    CXCursor found = clang_getNullCursor();
    if (tu) {
        CXFile file = clang_getFile(tu, front_unit_name);
        CXCursor here = clang_getCursor(tu, clang_getLocationForOffset(tu, file, (unsigned)at));
        found = clang_getCursorReferenced(here);
        if (clang_Cursor_isNull(found) && clang_isDeclaration(clang_getCursorKind(here)))
            found = here;
    }
    const struct definition *live = find_live(service, found, name);
    if (!clang_Cursor_isNull(found) && clang_isDeclaration(clang_getCursorKind(found)))
        describe(service, found, name, live, detail, answer);
    else if (live && live->kind == DEFINITION_DIRECTIVE)
        describe_macro(live, answer);
    free(name);
    cell_finish(&cell);
    return answer->plain.size > before;
}

/* What has just begun may be too little for the compiler: then the name stands for itself. */
static bool look_up_anyhow(struct service *service, const char *code, struct span span, int detail,
    struct answer *answer) {
    struct span alone = {0, span.end - span.start};
    char *name = must_copy(code + span.start, alone.end);
    bool found = look_up(service, code, span, detail, answer) ||
                 look_up(service, name, alone, detail, answer);
    free(name);
    return found;
}

static struct span word_at(const char *code, size_t size, size_t cursor) {
    while (cursor && (cursor == size || !is_word((unsigned char)code[cursor])) &&
           is_word((unsigned char)code[cursor - 1]))
        cursor--;
    while (cursor && is_word((unsigned char)code[cursor - 1]))
        cursor--;
    size_t end = cursor;
    while (end < size && is_word((unsigned char)code[end]))
        end++;
    return (struct span){cursor, end};
}

/* The function in whose parentheses `cursor` stands, the innermost; empty: it stands in none's. */
static struct span find_call(const char *code, size_t cursor) {
    size_t count = 0, depth = 0;
    struct span call = {0};
    struct lex_token *tokens = lex_all(code, cursor, &count, NULL);
    for (size_t i = tokens ? count : 0; i-- > 0;) {
        if (lex_is(code, tokens[i], ")")) {
            depth++;
        } else if (lex_is(code, tokens[i], "(") && depth) {
            depth--;
        } else if (lex_is(code, tokens[i], "(") && i && tokens[i - 1].kind == LEX_IDENTIFIER) {
            call = (struct span){tokens[i - 1].start, tokens[i - 1].end};
            break;
        } else if (!depth && (lex_is(code, tokens[i], ";") || lex_is(code, tokens[i], "{"))) {
            break;
        }
    }
    free(tokens);
    return call;
}

/* The signature of the function whose arguments are being typed. What is behind its name is not
 * finished, and left out. */
static void look_up_call(struct service *service, const char *code, size_t cursor, struct span word,
    int detail, struct answer *answer) {
    enum { OUTWARD = 4 }; /* calls around each other: each is parsed, and cells wait meanwhile */
    bool found = false;
    struct span call = find_call(code, cursor);
    for (int i = 0; i < OUTWARD && call.end && !found; i++, call = find_call(code, call.start)) {
        char *begun = must_copy(code, call.end);
        found = call.start == word.start || look_up_anyhow(service, begun, call, detail, answer);
        free(begun);
    }
}

void query_inspect(
    struct service *service, int64_t token, const char *code, size_t cursor, int detail) {
    size_t size = strlen(code);
    cursor = cursor > size ? size : utf8_floor(code, size, cursor);
    struct span word = word_at(code, size, cursor);
    struct answer answer = {0};
    bool found = look_up_anyhow(service, code, word, detail, &answer);
    look_up_call(service, code, cursor, word, found ? 0 : detail, &answer);
    json_t *data = json_object();
    if (answer.plain.size) {
        json_object_set_new(data, "text/plain", json_string(buf_string(&answer.plain)));
        json_object_set_new(data, "text/markdown", json_string(buf_string(&answer.markdown)));
    }
    reply(service, token,
        json_pack("{s:s, s:b, s:o, s:{}}", "status", "ok", "found", answer.plain.size > 0, "data",
            data, "metadata"));
    buf_finish(&answer.plain);
    buf_finish(&answer.markdown);
}
