/* Code that shows a value by its type, field by field, so that nothing of the type has to be known
   at run time. */
#include "kernel/engine/c/language/cell.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_ELEMENTS = 100, DEEPEST = 12 };

static void show(struct buf *out, CXType type, const char *expression, unsigned depth);

static char *spelling(CXString string) {
    const char *text = clang_getCString(string);
    char *copy = must_copy(text ? text : "", text ? strlen(text) : 0);
    clang_disposeString(string);
    return copy;
}

static bool is_char(CXType type) {
    type = clang_getCanonicalType(type);
    return type.kind == CXType_Char_S || type.kind == CXType_Char_U;
}

struct fields {
    struct buf *out;
    const char *expression;
    unsigned depth;
    bool first;
};

static enum CXVisitorResult show_field(CXCursor cursor, CXClientData data) {
    struct fields *fields = data;
    char *name = spelling(clang_getCursorSpelling(cursor));
    CXType type = clang_getCursorType(cursor);
    struct buf path = BUF_INIT;
    bool nameless = !*name || strchr(name, '(');
    if (clang_getCanonicalType(type).kind == CXType_IncompleteArray) {
        free(name);
        return CXVisit_Continue;
    }
    if (nameless) { /* an anonymous member: its fields are the outer one's */
        struct fields inner = *fields;
        inner.depth++;
        if (fields->depth < DEEPEST)
            (void)clang_Type_visitFields(type, show_field, &inner);
        fields->first = inner.first;
    } else {
        char *shown = must_copy(name, strlen(name));
        cell_unshadow(shown);
        buf_printf(fields->out, "fk_show_text(\"%s.%s = \");\n", fields->first ? "" : ", ", shown);
        free(shown);
        buf_printf(&path, "%s.%s", fields->expression, name);
        show(fields->out, type, buf_string(&path), fields->depth + 1);
        fields->first = false;
    }
    buf_finish(&path);
    free(name);
    return CXVisit_Continue;
}

struct enumerators {
    struct buf *out;
    long long seen[512];
    size_t count;
};

static enum CXChildVisitResult add_case(CXCursor cursor, CXCursor parent, CXClientData data) {
    (void)parent;
    struct enumerators *cases = data;
    if (clang_getCursorKind(cursor) != CXCursor_EnumConstantDecl ||
        cases->count == sizeof cases->seen / sizeof *cases->seen)
        return CXChildVisit_Continue;
    long long value = clang_getEnumConstantDeclValue(cursor);
    for (size_t i = 0; i < cases->count; i++)
        if (cases->seen[i] == value)
            return CXChildVisit_Continue;
    cases->seen[cases->count++] = value;
    char *name = spelling(clang_getCursorSpelling(cursor));
    buf_printf(cases->out, "case %s: fk_show_text(\"%s\"); break;\n", name, name);
    free(name);
    return CXChildVisit_Continue;
}

/* "enum fk_tag_1234" was written without a name. */
static void user_spelling(char *text) {
    char *tag;
    while ((tag = strstr(text, " fk_tag_"))) {
        size_t size = 8 + strspn(tag + 8, "0123456789abcdef");
        memmove(tag, tag + size, strlen(tag + size) + 1);
    }
}

static void show_enum(struct buf *out, CXType type, const char *expression) {
    struct enumerators cases = {.out = out};
    char *name = spelling(clang_getTypeSpelling(type));
    user_spelling(name);
    buf_printf(out, "switch (%s) {\n", expression);
    clang_visitChildren(clang_getTypeDeclaration(clang_getCanonicalType(type)), add_case, &cases);
    buf_printf(out, "default: fk_show_text(\"(%s) \"); fk_show_int((long long)(%s)); }\n", name,
        expression);
    free(name);
}

static void show_elements(
    struct buf *out, CXType element, long long count, const char *expression, unsigned depth) {
    struct buf path = BUF_INIT;
    bool cut = count > MOST_ELEMENTS;
    buf_printf(&path, "%s[fk_i%u]", expression, depth);
    buf_printf(out,
        "fk_show_text(\"{\");\nfor (unsigned long fk_i%u = 0; fk_i%u < %lldul; fk_i%u++) {\n"
        "if (fk_i%u) fk_show_text(\", \");\n",
        depth, depth, cut ? (long long)MOST_ELEMENTS : count, depth, depth);
    show(out, element, buf_string(&path), depth + 1);
    buf_append_string(out, "}\n");
    if (cut)
        buf_printf(out, "fk_show_text(\", ... (%lld in all)}\");\n", count);
    else
        buf_append_string(out, "fk_show_text(\"}\");\n");
    buf_finish(&path);
}

static void show_pointer(struct buf *out, CXType type, const char *expression) {
    char *name = spelling(clang_getTypeSpelling(type));
    user_spelling(name);
    if (is_char(clang_getPointeeType(clang_getCanonicalType(type))))
        buf_printf(out, "fk_show_string(\"%s\", (const char *)(%s));\n", name, expression);
    else
        buf_printf(out, "fk_show_pointer(\"%s\", (const void *)(%s));\n", name, expression);
    free(name);
}

static void show_complex(struct buf *out, CXType type, const char *expression) {
    CXType part = clang_getElementType(type);
    struct buf path = BUF_INIT;
    buf_printf(&path, "(__real__ (%s))", expression);
    show(out, part, buf_string(&path), 0);
    buf_clear(&path);
    buf_printf(&path, "(__imag__ (%s))", expression);
    buf_append_string(out, "fk_show_text(\" + \");\n");
    show(out, part, buf_string(&path), 0);
    buf_append_string(out, "fk_show_text(\"i\");\n");
    buf_finish(&path);
}

static void show(struct buf *out, CXType type, const char *expression, unsigned depth) {
    CXType plain = clang_getCanonicalType(type);
    if (depth > DEEPEST) {
        buf_append_string(out, "fk_show_text(\"...\");\n");
        return;
    }
    switch (plain.kind) {
    case CXType_Bool:
        buf_printf(out, "fk_show_bool(%s);\n", expression);
        break;
    case CXType_Char_S:
    case CXType_Char_U:
        buf_printf(out, "fk_show_char(%s);\n", expression);
        break;
    case CXType_SChar:
    case CXType_Short:
    case CXType_Int:
    case CXType_Long:
    case CXType_LongLong:
    case CXType_WChar:
        buf_printf(out, "fk_show_int(%s);\n", expression);
        break;
    case CXType_UChar:
    case CXType_UShort:
    case CXType_UInt:
    case CXType_ULong:
    case CXType_ULongLong:
    case CXType_Char16:
    case CXType_Char32:
        buf_printf(out, "fk_show_unsigned(%s);\n", expression);
        break;
    case CXType_Int128:
    case CXType_UInt128:
        buf_printf(out,
            "fk_show_int128((unsigned long long)((unsigned __int128)(%s) >> 64), (unsigned long "
            "long)(%s), %d);\n",
            expression, expression, plain.kind == CXType_Int128);
        break;
    case CXType_Float:
    case CXType_Half:
    case CXType_Float16:
        buf_printf(out, "fk_show_float(%s, 1);\n", expression);
        break;
    case CXType_Double:
        buf_printf(out, "fk_show_float(%s, 0);\n", expression);
        break;
    case CXType_LongDouble:
    case CXType_Float128:
        buf_printf(out, "fk_show_long_double((long double)(%s));\n", expression);
        break;
    case CXType_Complex:
        show_complex(out, plain, expression);
        break;
    case CXType_Enum:
        show_enum(out, type, expression);
        break;
    case CXType_Pointer:
        show_pointer(out, type, expression);
        break;
    case CXType_Record: {
        struct fields fields = {out, expression, depth, true};
        buf_append_string(out, "fk_show_text(\"{\");\n");
        (void)clang_Type_visitFields(plain, show_field, &fields);
        buf_append_string(out, "fk_show_text(\"}\");\n");
        break;
    }
    case CXType_ConstantArray:
        if (is_char(clang_getArrayElementType(plain)))
            buf_printf(
                out, "fk_show_characters((const char *)%s, sizeof %s);\n", expression, expression);
        else
            show_elements(out, clang_getArrayElementType(plain), clang_getArraySize(plain),
                expression, depth);
        break;
    case CXType_Vector:
    case CXType_ExtVector:
        show_elements(
            out, clang_getElementType(plain), clang_getNumElements(plain), expression, depth);
        break;
    case CXType_Atomic:
        show(out, clang_Type_getValueType(plain), expression, depth + 1);
        break;
    case CXType_FunctionProto:
    case CXType_FunctionNoProto: {
        char *name = spelling(clang_getTypeSpelling(type));
        buf_printf(out, "fk_show_pointer(\"%s\", (const void *)(%s));\n", name, expression);
        free(name);
        break;
    }
    default: {
        char *name = spelling(clang_getTypeSpelling(type));
        buf_printf(out, "fk_show_text(\"(%s)\");\n", name);
        free(name);
    }
    }
}

bool show_is_number(CXType type) {
    switch (clang_getCanonicalType(type).kind) {
    case CXType_Bool:
    case CXType_Char_S:
    case CXType_Char_U:
    case CXType_SChar:
    case CXType_Short:
    case CXType_Int:
    case CXType_Long:
    case CXType_LongLong:
    case CXType_UChar:
    case CXType_UShort:
    case CXType_UInt:
    case CXType_ULong:
    case CXType_ULongLong:
    case CXType_Float:
    case CXType_Double:
    case CXType_LongDouble:
        return true;
    default:
        return false;
    }
}

/* Types are named by constants, which no macro of the user's gives another meaning. */
void show_number(struct buf *out, const char *variable) {
    const char *x = variable;
    buf_printf(out,
        "__extension__ _Generic(%s, __typeof__((0, *\"\")): fk_show_char(%s), "
        "__typeof__(1.0f): fk_show_float(%s, 1), __typeof__(1.0): fk_show_float(%s, 0), "
        "__typeof__(1.0l): fk_show_long_double(%s), "
        "default: (__typeof__(%s))2 == (__typeof__(%s))1 ? fk_show_bool(%s) "
        ": (__typeof__(%s))-1 < (__typeof__(%s))1 ? fk_show_int(%s) : fk_show_unsigned(%s));\n",
        x, x, x, x, x, x, x, x, x, x, x, x);
}

void show_code(struct buf *out, CXType type, const char *expression) {
    show(out, type, expression, 0);
}
