/* base/telling_line.c: which line stands for a text. */
#include "base/telling_line.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_line(const char *text, const char *expected) {
    struct buf out = BUF_INIT;
    telling_line_append(&out, text, strlen(text), 1000);
    assert_string_equal(buf_string(&out), expected);
    buf_finish(&out);
}

static void test_code_comes_before_everything(void **state) {
    (void)state;
    assert_line("int x;", "int x;");
    assert_line("\n\n   int x; \t\r\nint y;\n", "int x;");
    assert_line("#include <stdio.h>\n#include <math.h>\n\ndouble f(void)\n{\n", "double f(void)");
    assert_line("# include <a.h>\nf();", "f();");
    assert_line("#pragma once\n#ifdef A\n#endif\nf();", "f();");
    assert_line("// what it is\nf();", "f();");
    assert_line("/*\n * what it is\n */\nf();", "f();");
    assert_line("/* what it is */\nf();", "f();");
    assert_line("/*/ f();\n*/ g();\nh();", "h();");
    assert_line("{\n    f();\n}", "f();");
    assert_line("#!/usr/bin/env python\nimport os\nfrom os import path\nprint(1)", "print(1)");
    assert_line("#define N 10\nint x[N];", "int x[N];");
    assert_line("%%time\nf()", "f()");
    assert_line("\xC3\xBC", "\xC3\xBC");
}

static void test_what_there_is_where_no_code_is(void **state) {
    (void)state;
    assert_line("", "");
    assert_line(" \n\t\n\r\n", "");
    assert_line("#include <a.h>", "#include <a.h>");
    assert_line("#include <a.h>\n// for a\n#define N 10\n", "#define N 10");
    assert_line("{\n#include <a.h>\n// for a\n", "// for a");
    assert_line("/*\n * for a\n */\n#include <a.h>\n", "* for a");
    assert_line("import os\n", "import os");
    assert_line("//\n{\n}", "//");
    assert_line("#\n", "#");
    assert_line("%fk tree\n", "%fk tree");
}

static void test_markdown_is_told_by_its_heading(void **state) {
    (void)state;
    assert_line("# Growth\n\nWe look at it.", "Growth");
    assert_line("\n### Growth ##\nmore", "Growth");
    assert_line("We look.\n\n# Growth\n", "We look.");
    assert_line("####### seven", "####### seven");
    assert_line("# \nGrowth", "Growth");
    assert_line("---\ntitle: x\n---\n", "title: x");
    assert_line("# load the data\nx = 1", "load the data");
    assert_line("<!-- for later -->\nGrowth", "Growth");
}

static void test_headings_in_markdown(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int level; /* 0: none */
        const char *words;
    } cases[] = {
        {"# A", 1, "A"},
        {"text\n\n## B #\n### C", 2, "B"},
        {"```\n# code\n```\n###### D", 6, "D"},
        {"~~~\n# code\n", 0, ""},
        {"#A", 0, ""},
        {"text", 0, ""},
        {"", 0, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int level = 0;
        struct telling_line line = {"", 0};
        bool found = telling_line_heading(cases[i].text, strlen(cases[i].text), &level, &line);
        assert_int_equal(found, cases[i].level != 0);
        assert_int_equal(level, cases[i].level);
        assert_int_equal(line.size, strlen(cases[i].words));
        assert_memory_equal(line.at, cases[i].words, line.size);
    }
}

static void assert_cut(const char *text, size_t max_bytes, const char *expected) {
    struct buf out = BUF_INIT;
    telling_line_append(&out, text, strlen(text), max_bytes);
    assert_string_equal(buf_string(&out), expected);
    assert_true(utf8_is_valid(buf_string(&out), out.size));
    buf_finish(&out);
}

static void test_it_is_cut_between_characters(void **state) {
    (void)state;
    assert_cut("int x;", 6, "int x;");
    assert_cut("int x;", 5, "int x…");
    assert_cut("a\xC3\xBC"
               "b",
        2, "a…");
    assert_cut("\xFF\xFE words", 100, "\xEF\xBF\xBD\xEF\xBF\xBD words");
    assert_cut("x", 0, "…");
}

/* Bytes of any kind, with their size and nothing behind. */
static void test_any_bytes(void **state) {
    (void)state;
    static const char signs[] = "#/*!%{}\n\r \t`ainclude<-\xC3\xBC";
    unsigned random = 7;
    for (int round = 0; round < 20000; round++) {
        size_t size = (size_t)(round % 24);
        char *text = malloc(size + 1);
        assert_non_null(text);
        for (size_t i = 0; i < size; i++) {
            random = random * 1103515245u + 12345u;
            text[i] = signs[(random >> 16) % (sizeof signs - 1)];
        }
        char *exact = malloc(size ? size : 1);
        assert_non_null(exact);
        memcpy(exact, text, size);
        struct telling_line line = {"", 0};
        int level = 0;
        if (telling_line_find(exact, size, &line)) {
            assert_true(line.size > 0 && line.at >= exact && line.at + line.size <= exact + size);
            assert_null(memchr(line.at, '\n', line.size));
        }
        (void)telling_line_heading(exact, size, &level, &line);
        free(exact);
        free(text);
    }
}

static void test_a_line_by_itself(void **state) {
    (void)state;
    assert_true(telling_line_is_code("  f();", 6));
    assert_false(telling_line_is_code("  #include <a.h>", 16));
    assert_false(telling_line_is_code("// f();", 7));
    assert_false(telling_line_is_code(" }", 2));
    assert_false(telling_line_is_code("  ", 2));
    assert_false(telling_line_is_code("", 0));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_by_itself),
        cmocka_unit_test(test_code_comes_before_everything),
        cmocka_unit_test(test_what_there_is_where_no_code_is),
        cmocka_unit_test(test_markdown_is_told_by_its_heading),
        cmocka_unit_test(test_headings_in_markdown),
        cmocka_unit_test(test_it_is_cut_between_characters),
        cmocka_unit_test(test_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
