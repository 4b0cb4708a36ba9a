/* kernel/notebook_skim.c: a notebook's JSON without its outputs, however it is cut into pieces. */
#include "kernel/notebook_skim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void skim_in_pieces(const char *text, size_t piece, const char *expected) {
    struct notebook_skim skim = {0};
    struct buf out = BUF_INIT;
    size_t size = strlen(text);
    for (size_t at = 0; at < size; at += piece)
        notebook_skim(&skim, text + at, size - at < piece ? size - at : piece, &out);
    assert_string_equal(buf_string(&out), expected);
    buf_finish(&out);
}

static void skims_to(const char *text, const char *expected) {
    for (size_t piece = 1; piece <= strlen(text); piece++)
        skim_in_pieces(text, piece, expected);
}

static void test_outputs_are_passed_over(void **state) {
    (void)state;
    skims_to(
        "{\"cells\": [{\"id\": \"a\", \"outputs\": [{\"text\": [\"]}, \\\"\"]}, []], \"source\": "
        "\"x\"}], \"nbformat\": 4}",
        "{\"cells\": [{\"id\": \"a\", \"outputs\":null, \"source\": \"x\"}], \"nbformat\": 4}");
    skims_to("{\"cells\":[{\"outputs\":[{}]},{\"outputs\" : [ ] }]}",
        "{\"cells\":[{\"outputs\":null},{\"outputs\" :null}]}");
}

static void test_everything_else_is_kept(void **state) {
    static const char *const texts[] = {
        "{\"cells\": [{\"source\": \"\\\"outputs\\\": [1]\"}]}",
        "{\"cells\": [{\"source\": [\"outputs\", \": \\\\\"], \"metadata\": {\"outputs\": [1]}}]}",
        "{\"outputs\": [1], \"cells\": [{\"my outputs\": [1], \"outputs2\": [2], \"output\": 3}]}",
        "{\"cells\": [{\"x\": \"outputs\"}]}",
        "no JSON } ] \" at all",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        skims_to(texts[i], texts[i]);
}

static void test_a_cut_file_stays_cut(void **state) {
    (void)state;
    skims_to("{\"cells\": [{\"outputs\": [{\"text\": \"half", "{\"cells\": [{\"outputs\":null");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outputs_are_passed_over),
        cmocka_unit_test(test_everything_else_is_kept),
        cmocka_unit_test(test_a_cut_file_stays_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
