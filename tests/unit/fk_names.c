/* kernel/fk/cell_names.c and find.c: what somebody means by what he types, and how commands are
 * typed; base/columns.c: how they are listed. */
#include "base/columns.h"
#include "kernel/fk/cell_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CELLS = 6 };

static const struct history_cell cells[CELLS] = {
    {.id = 11, .key = "8f2e-aa", .type = HISTORY_CELL_MARKDOWN},
    {.id = 12, .key = "8f2e-bb", .type = HISTORY_CELL_CODE},
    {.id = 13, .key = "growth", .type = HISTORY_CELL_CODE},
    {.id = 14, .key = "c2", .type = HISTORY_CELL_CODE},
    {.id = 15, .key = "0001-ee", .type = HISTORY_CELL_CODE, .deleted_us = 1},
    {.id = 16, .key = "0001-ff", .type = HISTORY_CELL_CODE, .deleted_us = 2},
};

static struct cell_name items[CELLS] = {
    {.cell = &cells[0], .number = 1, .heading = "", .line = "Population"},
    {.cell = &cells[1], .number = 2, .heading = "Population", .line = "double rate(double t) {"},
    {.cell = &cells[2], .number = 3, .heading = "Population", .line = "c2 = rate(3);"},
    {.cell = &cells[3], .number = 4, .heading = "Plots", .line = "plot(rate);"},
    {.cell = &cells[4], .number = 5, .heading = "", .line = "plot(rate);"},
    {.cell = &cells[5], .number = 6, .heading = "", .line = "old(1);"},
};

static const struct cell_names names = {.items = items, .count = CELLS};

static void assert_found(const char *typed, size_t number) {
    const struct cell_name *found = NULL;
    struct error error = {0};
    enum status status = cell_names_find(&names, typed, &found, &error);
    if (status != STATUS_OK || found->number != number)
        fail_msg("'%s' is %zu: %s", typed, found ? found->number : 0, error.message);
}

static void assert_not_found(const char *typed, enum status expected, const char *words) {
    const struct cell_name *found = NULL;
    struct error error = {0};
    assert_int_equal(cell_names_find(&names, typed, &found, &error), expected);
    assert_null(found);
    assert_non_null(strstr(error.message, words));
}

static void test_cells_are_found(void **state) {
    (void)state;
    for (size_t i = 0; i < CELLS; i++)
        items[i].name = items[i].line;
    items[3].name = items[3].heading;
    assert_found("c1", 1);
    assert_found("C2", 2);                         /* a number comes before a key */
    assert_found("c2 double rate(double t) {", 2); /* as it is listed */
    assert_found("c2 double ra…", 2);
    assert_found("c4 Plots", 4);
    assert_found("c2 = rate(3);", 3); /* no number, but a line */
    assert_found("growth", 3);
    assert_found("8f2e-b", 2);
    assert_found("plots", 4);
    assert_found("DOUBLE RATE", 2);
    assert_found("plot(", 4); /* one that is there comes before a deleted one */
    assert_found("old", 6);
    assert_found("c5", 5);
}

static void test_several_cells_are_listed(void **state) {
    (void)state;
    assert_not_found("population", STATUS_INVALID, "\n  c1 Population\n  c2 double");
    assert_not_found("rate", STATUS_INVALID, "type the number of one");
    assert_not_found("8f2e", STATUS_INVALID, "c2 double");
    assert_not_found("0001", STATUS_INVALID, "c6 old(1);");
    assert_not_found("8f2", STATUS_NOT_FOUND, ""); /* too little of a key */
    assert_not_found("c9", STATUS_NOT_FOUND, "");
    assert_not_found("", STATUS_NOT_FOUND, "");
    assert_not_found("…", STATUS_NOT_FOUND, "");
    assert_not_found("nothing like it", STATUS_NOT_FOUND, "");
}

static void test_names_are_cut(void **state) {
    (void)state;
    struct buf out = BUF_INIT;
    cell_name_append(&items[1], 10, &out);
    assert_string_equal(buf_string(&out), "c2 double ra…");
    buf_clear(&out);
    cell_name_append(&items[0], 10, &out);
    assert_string_equal(buf_string(&out), "c1 Population");
    buf_finish(&out);
}

static void test_commands_are_typed_where_one_is(void **state) {
    (void)state;
    struct fk_context cell = {0}, terminal = {.notebook = "a/b-1.ipynb"};
    assert_string_equal(fk_command(&cell, "tree").text, "%fk tree");
    assert_string_equal(fk_command(&cell, "restore %d", 7).text, "%fk restore 7");
    assert_string_equal(
        fk_command(&terminal, "restore %d", 7).text, "forkernel restore a/b-1.ipynb 7");
    terminal.notebook = "my work's.ipynb";
    assert_string_equal(
        fk_command(&terminal, "tree all").text, "forkernel tree 'my work'\\''s.ipynb' all");
    terminal.notebook = "@42";
    assert_string_equal(fk_command(&terminal, "log").text, "forkernel log @42");
    terminal.notebook = "";
    assert_string_equal(fk_command(&terminal, "log").text, "forkernel log NOTEBOOK");
    char *longest = calloc(1, 5001);
    assert_non_null(longest);
    memset(longest, '\'', 5000);
    terminal.notebook = longest;
    assert_string_equal(fk_command(&terminal, "show 7").text, "forkernel show NOTEBOOK 7");
    free(longest);
}

static void test_words_of_a_name(void **state) {
    (void)state;
    static const char *const words[] = {"run", "12", "--print", "good", "fit"};
    struct buf out = BUF_INIT;
    assert_int_equal(fk_words_of_name(5, words), 2);
    assert_int_equal(fk_words_of_name(1, words), 1);
    assert_int_equal(fk_words_of_name(4, words + 1), 1);
    assert_true(fk_join(5, words, "--print", &out));
    assert_string_equal(buf_string(&out), "run 12 good fit");
    buf_clear(&out);
    assert_false(fk_join(2, words, "--print", &out));
    assert_false(fk_join(0, words, NULL, &out));
    assert_string_equal(buf_string(&out), "run 12");
    buf_finish(&out);
}

static void assert_columns(const char *left, const char *right, const char *expected) {
    struct buf out = BUF_INIT;
    columns_append(&out, left, right, 8, 20);
    assert_string_equal(buf_string(&out), expected);
    buf_finish(&out);
}

static void test_columns_break_between_words(void **state) {
    (void)state;
    assert_columns("ab", "one two", "ab      one two\n");
    assert_columns("ab", "one two three four", "ab      one two\n        three four\n");
    assert_columns("abcdef", "one", "abcdef  one\n");
    assert_columns("abcdefg", "one", "abcdefg\n        one\n");
    assert_columns("", "one", "        one\n");
    assert_columns("ab", "", "ab\n");
    assert_columns(
        "ab", "a-word-that-is-too-long b", "ab      a-word-that-is-too-long\n        b\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells_are_found),
        cmocka_unit_test(test_several_cells_are_listed),
        cmocka_unit_test(test_names_are_cut),
        cmocka_unit_test(test_commands_are_typed_where_one_is),
        cmocka_unit_test(test_words_of_a_name),
        cmocka_unit_test(test_columns_break_between_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
