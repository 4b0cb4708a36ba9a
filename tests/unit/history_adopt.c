/* history/: cells of notebooks that have no ids for them, under keys that pass. */
#include "history_doctor.h"

static struct history_page_cell cell(const char *key, const char *text) {
    return (struct history_page_cell){key, text, strlen(text)};
}

static void type(struct fixture *f, const char *key, const char *text) {
    struct history_edit edit = {.kind = HISTORY_EDIT_TEXT,
        .cell_key = key,
        .cause = HISTORY_CAUSE_TYPING,
        .text = text,
        .text_bytes = strlen(text)};
    struct history_edits edits = {.items = &edit, .count = 1};
    assert_ok(history_record_edits(f->session, &edits, NULL, NULL, error));
}

static void lay(struct fixture *f, const char *const *keys, size_t count) {
    struct history_edit edit = {.kind = HISTORY_EDIT_LAYOUT, .keys = keys, .key_count = count};
    struct history_edits edits = {.items = &edit, .count = 1};
    assert_ok(history_record_edits(f->session, &edits, NULL, NULL, error));
}

/* "text" of the head of a cell by its key; NULL: no such cell. */
static const char *head(struct fixture *f, const char *key) {
    struct history_version version;
    struct error error;
    return history_read_head(f->history, 1, key, &f->memory, &version, &error) == STATUS_OK
               ? version.text
               : NULL;
}

static size_t count_cells(struct fixture *f) {
    struct history_cells cells;
    assert_ok(history_list_cells(f->history, 1, &f->memory, &cells, error));
    return cells.count;
}

/* Three cells, the first and the last of equal text. */
static void set_up_three(struct fixture *f) {
    static const char *const keys[] = {"a", "b", "c"};
    fixture_open(f);
    type(f, "a", "same");
    type(f, "b", "int x = 1; int y = 2;");
    type(f, "c", "same");
    lay(f, keys, 3);
    type(f, "c", "same, later");
    type(f, "c", "same");
}

static void test_a_reload(void **state) {
    struct fixture *f = *state;
    set_up_three(f);
    const struct history_page_cell page[] = {
        cell("k1", "same"), cell("k2", "int x = 1; int y = 3;"), cell("k3", "same")};
    assert_ok(history_adopt_cells(f->session, page, 3, false, NULL, NULL, error));
    assert_int_equal(count_cells(f), 3);
    assert_null(head(f, "a"));
    assert_string_equal(head(f, "k2"), "int x = 1; int y = 2;"); /* what the cell had */
    struct history_cells cells;
    assert_ok(history_list_cells(f->history, 1, &f->memory, &cells, error));
    assert_string_equal(cells.items[0].key, "k1");
    assert_int_equal(cells.items[0].versions, 1);
    assert_string_equal(cells.items[2].key, "k3");
    assert_int_equal(cells.items[2].versions, 3);
    /* the same page again, and a new cell in between */
    const struct history_page_cell more[] = {cell("k1", "same"), cell("new", "while (z) f();"),
        cell("k2", "int x = 1; int y = 3;"), cell("k3", "same")};
    assert_ok(history_adopt_cells(f->session, more, 4, false, NULL, NULL, error));
    assert_int_equal(count_cells(f), 3);
    assert_null(head(f, "new"));
    fixture_close(f);
    doctor_assert_well(f->folder);
}

static void test_the_file_has_no_keys(void **state) {
    struct fixture *f = *state;
    set_up_three(f);
    const struct history_page_cell file[] = {
        cell(NULL, "same"), cell(NULL, "new text"), cell(NULL, "same")};
    const char *keys[3];
    assert_ok(history_adopt_cells(f->session, file, 3, false, &f->memory, keys, error));
    assert_string_equal(keys[0], "a");
    assert_string_equal(keys[2], "c");
    assert_int_equal(strncmp(keys[1], "fk-", 3), 0);
    fixture_close(f);
}

static void test_a_deleted_cell_is_back(void **state) {
    static const char *const keys[] = {"a", "c"};
    struct fixture *f = *state;
    set_up_three(f);
    lay(f, keys, 2); /* never saved */
    const struct history_page_cell page[] = {
        cell("k1", "same"), cell("k2", "int x = 1; int y = 2;"), cell("k3", "same")};
    assert_ok(history_adopt_cells(f->session, page, 3, false, NULL, NULL, error));
    assert_string_equal(head(f, "k2"), "int x = 1; int y = 2;");
    assert_int_equal(count_cells(f), 3);
    fixture_close(f);
}

static void test_a_revert_in_the_page(void **state) {
    static const char *const keys[] = {"k1", "k2", "k3"};
    struct fixture *f = *state;
    set_up_three(f);
    assert_ok(history_adopt_cells(f->session, NULL, 0, false, NULL, NULL, error));
    struct history_edit edits[] = {
        {.kind = HISTORY_EDIT_TEXT, .cell_key = "k1", .text = "same", .text_bytes = 4},
        {.kind = HISTORY_EDIT_TEXT, .cell_key = "k2", .text = "int x = 1;", .text_bytes = 10},
        {.kind = HISTORY_EDIT_TEXT, .cell_key = "k3", .text = "same", .text_bytes = 4},
        {.kind = HISTORY_EDIT_DELETE, .cell_key = "a", .cause = HISTORY_CAUSE_DELETE},
        {.kind = HISTORY_EDIT_LAYOUT, .keys = keys, .key_count = 3}};
    for (int i = 0; i < 3; i++)
        edits[i].cause = HISTORY_CAUSE_FILE;
    struct history_edits batch = {.items = edits, .count = 5};
    assert_ok(history_record_edits(f->session, &batch, NULL, NULL, error));
    assert_int_equal(count_cells(f), 3);
    assert_string_equal(head(f, "k2"), "int x = 1;");
    /* a cell that is added is a new one, whatever it says */
    static const char *const more[] = {"k1", "k2", "k3", "k4"};
    struct history_edit added[] = {{.kind = HISTORY_EDIT_TEXT,
                                       .cell_key = "k4",
                                       .cause = HISTORY_CAUSE_PASTE,
                                       .text = "same",
                                       .text_bytes = 4},
        {.kind = HISTORY_EDIT_LAYOUT, .keys = more, .key_count = 4}};
    batch = (struct history_edits){.items = added, .count = 2};
    assert_ok(history_record_edits(f->session, &batch, NULL, NULL, error));
    assert_int_equal(count_cells(f), 4);
    fixture_close(f);
}

static void test_a_run_under_a_new_key(void **state) {
    struct fixture *f = *state;
    set_up_three(f);
    assert_ok(history_adopt_cells(f->session, NULL, 0, false, NULL, NULL, error));
    struct history_run_place place = fixture_run(f, "k2", "int x = 1; int y = 2;");
    assert_false(place.new_cell);
    assert_non_null(head(f, "k2"));
    /* ids that hold are ids */
    assert_ok(history_adopt_cells(f->session, NULL, 0, true, NULL, NULL, error));
    assert_true(fixture_run(f, "other", "int x = 1; int y = 2;").new_cell);
    fixture_close(f);
}

/* Two pages, each with keys of its own, type in turn. */
static void test_an_earlier_page_types_on(void **state) {
    struct fixture *f = *state;
    set_up_three(f);
    const struct history_page_cell page[] = {
        cell("k1", "same"), cell("k2", "int x = 1; int y = 2;"), cell("k3", "same")};
    assert_ok(history_adopt_cells(f->session, page, 3, false, NULL, NULL, error));
    type(f, "b", "int x = 1; int y = 2; x;");
    assert_int_equal(count_cells(f), 3);
    type(f, "k2", "int x = 1; int y = 2; y;");
    assert_int_equal(count_cells(f), 3);
    assert_string_equal(head(f, "k2"), "int x = 1; int y = 2; y;");
    fixture_close(f);
}

/* A batch has several texts of one cell, as somebody types on. */
static void test_a_new_key_twice_in_a_batch(void **state) {
    struct fixture *f = *state;
    set_up_three(f);
    assert_ok(history_adopt_cells(f->session, NULL, 0, false, NULL, NULL, error));
    struct history_edit edits[] = {
        {.kind = HISTORY_EDIT_TEXT, .cell_key = "k1", .text = "same", .text_bytes = 4},
        {.kind = HISTORY_EDIT_TEXT, .cell_key = "k1", .text = "same", .text_bytes = 4},
        {.kind = HISTORY_EDIT_TEXT, .cell_key = "k1", .text = "same, longer", .text_bytes = 12}};
    for (int i = 0; i < 3; i++)
        edits[i].cause = HISTORY_CAUSE_TYPING;
    struct history_edits batch = {.items = edits, .count = 3};
    assert_ok(history_record_edits(f->session, &batch, NULL, NULL, error));
    assert_string_equal(head(f, "k1"), "same, longer");
    assert_string_equal(head(f, "c"), "same");
    assert_int_equal(count_cells(f), 3);
    /* and a file that has one id twice */
    const struct history_page_cell page[] = {cell("n1", "same"), cell("n1", "same")};
    assert_ok(history_adopt_cells(f->session, page, 2, true, NULL, NULL, error));
    assert_non_null(head(f, "n1"));
    fixture_close(f);
    doctor_assert_well(f->folder);
}

/* The notebook was brought to a format with ids. */
static void test_the_file_has_ids_now(void **state) {
    struct fixture *f = *state;
    set_up_three(f);
    const struct history_page_cell file[] = {
        cell("i1", "same"), cell("i2", "int x = 1; int y = 2;"), cell("i3", "same")};
    assert_ok(history_adopt_cells(f->session, file, 3, true, NULL, NULL, error));
    assert_non_null(head(f, "i2"));
    assert_int_equal(count_cells(f), 3);
    /* from then on another id is another cell */
    const struct history_page_cell more[] = {
        cell("i1", "same"), cell("i4", "int x = 1; int y = 2;")};
    assert_ok(history_adopt_cells(f->session, more, 2, true, NULL, NULL, error));
    assert_null(head(f, "i4"));
    fixture_close(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_a_reload),
        TEST(test_the_file_has_no_keys),
        TEST(test_a_deleted_cell_is_back),
        TEST(test_a_revert_in_the_page),
        TEST(test_a_run_under_a_new_key),
        TEST(test_an_earlier_page_types_on),
        TEST(test_a_new_key_twice_in_a_batch),
        TEST(test_the_file_has_ids_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
