/* kernel/fk/fold.c: which versions get a row of their own. */
#include "kernel/fk/fold.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT_MAX = 32 };

struct tree {
    struct history_version items[COUNT_MAX];
    size_t count;
};

/* A second later than the one before, typed. */
static struct history_version *add(struct tree *tree, int64_t parent) {
    struct history_version *version = &tree->items[tree->count++];
    *version = (struct history_version){.number = (int64_t)tree->count,
        .parent = parent,
        .created_us = (int64_t)tree->count * 1000000,
        .cause = HISTORY_CAUSE_TYPING,
        .label = "",
        .summary = ""};
    return version;
}

static void add_line(struct tree *tree, size_t count) {
    for (size_t i = 0; i < count; i++)
        add(tree, (int64_t)tree->count);
}

/* "1 5<1+3 …": each row's number, its parent's row and how many versions are between them. */
static void assert_rows(const struct tree *tree, bool every, const char *expected) {
    struct history_versions versions = {tree->items, tree->count};
    struct fold_rows rows;
    struct error error;
    struct buf out = BUF_INIT;
    assert_int_equal(fold_typing(&versions, every, &rows, &error), STATUS_OK);
    for (size_t i = 0; i < rows.count; i++) {
        const struct fold_row *row = &rows.items[i];
        buf_printf(&out, "%s%lld", i ? " " : "", (long long)row->version->number);
        if (row->parent)
            buf_printf(&out, "<%lld", (long long)row->parent);
        if (row->folded)
            buf_printf(&out, "+%zu", row->folded);
    }
    assert_string_equal(buf_string(&out), expected);
    buf_finish(&out);
    free(rows.items);
}

static void test_typing_is_one_row(void **state) {
    (void)state;
    struct tree tree = {0};
    assert_rows(&tree, false, "");
    add_line(&tree, 6);
    tree.items[5].is_head = true;
    assert_rows(&tree, false, "1 6<1+4");
    assert_rows(&tree, true, "1 2<1 3<2 4<3 5<4 6<5");
}

static void test_what_somebody_would_look_for_has_a_row(void **state) {
    (void)state;
    struct history_run_info run = {.id = 1};
    struct tree tree = {0};
    add_line(&tree, 12);
    tree.items[2].runs = (struct history_runs){&run, 1};
    tree.items[4].label = "works";
    tree.items[6].pinned = true;
    tree.items[8].is_head = true;
    assert_rows(&tree, false, "1 3<1+1 5<3+1 7<5+1 9<7+1 12<9+2");
}

static void test_branches_and_other_causes_have_rows(void **state) {
    (void)state;
    struct tree tree = {0};
    add_line(&tree, 5);
    add(&tree, 3); /* 6, a branch off 3 */
    add(&tree, 6);
    add(&tree, 7)->cause = HISTORY_CAUSE_PASTE; /* 8: what was typed ends at 7 */
    add(&tree, 8);
    add(&tree, 9);
    assert_rows(&tree, false, "1 3<1+1 5<3+1 7<3+1 8<7 10<8+1");
}

static void test_a_pause_has_a_row(void **state) {
    (void)state;
    struct tree tree = {0};
    add_line(&tree, 6);
    for (size_t i = 3; i < 6; i++)
        tree.items[i].created_us += INT64_C(600) * 1000000;
    assert_rows(&tree, false, "1 3<1+1 6<3+2");
}

static void test_a_page_of_a_tree_has_its_roots(void **state) {
    (void)state;
    struct tree tree = {0};
    add_line(&tree, 8);
    memmove(tree.items, tree.items + 4, 4 * sizeof *tree.items); /* the parents are not in it */
    tree.count = 4;
    assert_rows(&tree, false, "5 8<5+2");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_typing_is_one_row),
        cmocka_unit_test(test_what_somebody_would_look_for_has_a_row),
        cmocka_unit_test(test_branches_and_other_causes_have_rows),
        cmocka_unit_test(test_a_pause_has_a_row),
        cmocka_unit_test(test_a_page_of_a_tree_has_its_roots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
