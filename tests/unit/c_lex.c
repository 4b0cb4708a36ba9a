#include "base/buf.h"
#include "kernel/engine/c/is_complete.h"
#include "kernel/engine/c/lex.h"
#include "kernel/engine/c/split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_mentions(void **state) {
    (void)state;
    assert_true(lex_mentions("a + b", 5, "b"));
    assert_false(lex_mentions("a.b + a->c", 10, "b"));
    assert_false(lex_mentions("a.b + a->c", 10, "c"));
    assert_false(lex_mentions("/* x */ \"x\" // x", 16, "x"));
    assert_true(lex_mentions("#define A(r) (PI * r)", 21, "PI"));
    assert_true(lex_mentions("struct p p", 10, "#p"));
    assert_false(lex_mentions("struct p q", 10, "p"));
    assert_false(lex_mentions("p q", 3, "#p"));
}

static void test_same(void **state) {
    (void)state;
    assert_true(lex_same("int  x;", 7, "int x /* c */;", 14));
    assert_false(lex_same("int x;", 6, "int y;", 6));
    assert_false(lex_same("int x;", 6, "int x", 5));
}

static void check_kinds(const char *text, const char *kinds) {
    static const char letters[] = {'#', 'd', 'f', 's', 'e'};
    char found[64];
    size_t count = 0;
    struct split split;
    split_init(&split, text, strlen(text), NULL, NULL);
    for (size_t i = 0; i < split.count && count < sizeof found - 1; i++)
        found[count++] = letters[split.items[i].kind];
    found[count] = '\0';
    assert_string_equal(found, kinds);
    split_finish(&split);
}

static void test_split(void **state) {
    (void)state;
    check_kinds("#include <a.h>\nint x = 3; x", "#de");
    check_kinds("int f(void) { return 1; }\nf();", "fs");
    check_kinds("struct p { int x; } a = {1};\nstruct p b;", "dd");
    check_kinds("if (x) y(); else { z(); } do a(); while (b); w", "sse");
    check_kinds("for (;;) if (a) b(); else c();\nFILE *f;", "ss");
    check_kinds("uint8_t k; (struct p){1}", "de");
    check_kinds("int (*g(int a))(int) { return 0; } int (*h)(int);", "fd");
    check_kinds("enum e { A, B } v = A; typedef int T;", "dd");
    check_kinds("a * b;", "s");
    check_kinds("typedef int a; a * b; a *f(a x) { return 0; }", "ddf");
    check_kinds("int (g)(int a) { return a; } struct s { int a; } f(void) { } int x;", "ffd");
    check_kinds("#if 1\nint x;\n#else\nwon't do (\n#endif\n#define A", "d#");
    check_kinds("}", "s");
    check_kinds("", "");
}

/* With time statements x typedefs this does not end. */
static void test_split_many_types(void **state) {
    (void)state;
    enum { TYPES = 20000 };
    struct buf text = BUF_INIT;
    for (int i = 0; i < TYPES; i++)
        buf_printf(&text, "typedef int t%d;\n", i);
    for (int i = 0; i < 2 * TYPES; i++) /* half of them types, half of them products */
        buf_printf(&text, "t%d * x;\n", i);
    struct split split;
    split_init(&split, buf_string(&text), text.size, NULL, NULL);
    assert_int_equal(split.count, 3 * TYPES);
    for (size_t i = 0; i < split.count; i++)
        assert_int_equal(
            split.items[i].kind, i < (size_t)2 * TYPES ? SPLIT_DECLARATION : SPLIT_STATEMENT);
    split_finish(&split);
    buf_finish(&text);
}

static void check_complete(const char *text, enum is_complete_status wanted, size_t wanted_indent) {
    size_t indent = 0;
    assert_int_equal(is_complete_check(text, strlen(text), &indent), wanted);
    assert_int_equal(indent, wanted_indent);
}

static void test_is_complete(void **state) {
    (void)state;
    check_complete("", IS_COMPLETE, 0);
    check_complete("int x = 3;", IS_COMPLETE, 0);
    check_complete("x + 1", IS_COMPLETE, 0);
    check_complete("#if 0\nit isn't (\n#endif\nint x;", IS_COMPLETE, 0);
    check_complete("#ifdef A\nint f(void) {\n#else\nint f(int a) {\n#endif\n}", IS_COMPLETE, 0);
    check_complete("#if 0\nint x;", IS_INCOMPLETE, 0);
    check_complete("x +", IS_INCOMPLETE, 0);
    check_complete("int f(void) {", IS_INCOMPLETE, 4);
    check_complete("for (;;) { if (x) {", IS_INCOMPLETE, 8);
    check_complete("if (x)", IS_INCOMPLETE, 4);
    check_complete("if (x) y();", IS_COMPLETE, 0);
    check_complete("int x", IS_INCOMPLETE, 0);
    check_complete("/* open", IS_INCOMPLETE, 0);
    check_complete("#define A \\", IS_INCOMPLETE, 0);
    check_complete("#if 1\nint x;", IS_INCOMPLETE, 0);
    check_complete("\"open", IS_INVALID, 0);
    check_complete("f(]", IS_INVALID, 0);
    check_complete("}", IS_INVALID, 0);
    check_complete("puts(\"a\\\"b\");", IS_COMPLETE, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mentions),
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_split_many_types),
        cmocka_unit_test(test_is_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
