/* history/: a front end's texts beside the history's, and what a file that is read says. */
#include "history_fixture.h"

static void change(struct fixture *f, const char *key, enum history_cause cause, const char *text) {
    f->now_us += 1000000;
    struct history_edit edit = {.kind = HISTORY_EDIT_TEXT,
        .cell_key = key,
        .cause = cause,
        .text = text,
        .text_bytes = strlen(text),
        .time_us = f->now_us};
    struct history_edits edits = {.items = &edit, .count = 1};
    assert_ok(history_record_edits(f->session, &edits, NULL, NULL, error));
}

static void lay_out(struct fixture *f, const char *const *keys, size_t count) {
    f->now_us += 1000000;
    struct history_edit edit = {
        .kind = HISTORY_EDIT_LAYOUT, .keys = keys, .key_count = count, .time_us = f->now_us};
    struct history_edits edits = {.items = &edit, .count = 1};
    assert_ok(history_record_edits(f->session, &edits, NULL, NULL, error));
}

static int64_t find(struct fixture *f, const char *text) {
    int64_t number = -1;
    assert_ok(history_find_text(
        f->history, history_session_document(f->session), "a", text, strlen(text), &number, error));
    return number;
}

static int64_t before_file(struct fixture *f) {
    int64_t number = -1;
    assert_ok(
        history_before_file(f->history, history_session_document(f->session), "a", &number, error));
    return number;
}

static bool showed(struct fixture *f, const char *text, int64_t since_us) {
    bool is = false;
    assert_ok(history_showed(f->history, history_session_document(f->session), "a", text,
        strlen(text), since_us, &is, error));
    return is;
}

static void test_a_text_is_found_and_moves_nothing(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    change(f, "a", HISTORY_CAUSE_TYPING, "1");
    change(f, "a", HISTORY_CAUSE_TYPING, "2");
    change(f, "a", HISTORY_CAUSE_UNDO, "1");
    change(f, "a", HISTORY_CAUSE_TYPING, "2");
    assert_int_equal(find(f, "2"), 3); /* the head */
    assert_int_equal(find(f, "1"), 1);
    assert_int_equal(find(f, "9"), 0);
    assert_int_equal(find(f, "2"), 3);
    int64_t number = -1;
    assert_int_equal(history_find_text(f->history, history_session_document(f->session), "z", "1",
                         1, &number, NULL),
        STATUS_NOT_FOUND);
    assert_int_equal(number, -1);
    fixture_close(f);
}

static void test_what_a_file_took_the_place_of(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    change(f, "a", HISTORY_CAUSE_FILE, "1");
    assert_int_equal(before_file(f), 0);
    change(f, "a", HISTORY_CAUSE_TYPING, "2");
    assert_int_equal(before_file(f), 0);
    change(f, "a", HISTORY_CAUSE_FILE, "1"); /* an old text: a move */
    assert_int_equal(before_file(f), 2);
    change(f, "a", HISTORY_CAUSE_FILE, "3"); /* a new one */
    assert_int_equal(before_file(f), 1);
    change(f, "a", HISTORY_CAUSE_TYPING, "4");
    assert_int_equal(before_file(f), 0);
    change(f, "a", HISTORY_CAUSE_UNDO, "3");
    assert_int_equal(before_file(f), 0);
    fixture_close(f);
}

static void test_what_was_shown_since(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    assert_false(showed(f, "1", 1));
    change(f, "a", HISTORY_CAUSE_TYPING, "1");
    change(f, "a", HISTORY_CAUSE_TYPING, "2");
    int64_t two_us = f->now_us;
    change(f, "a", HISTORY_CAUSE_UNDO, "1");
    change(f, "a", HISTORY_CAUSE_TYPING, "3");
    int64_t three_us = f->now_us;
    assert_true(showed(f, "3", INT64_MAX)); /* now */
    assert_false(showed(f, "1", INT64_MAX));
    assert_true(showed(f, "1", three_us)); /* until then */
    assert_false(showed(f, "2", three_us));
    assert_true(showed(f, "2", two_us));
    assert_true(showed(f, "2", two_us + 1000)); /* the first move since leads away from it */
    assert_false(showed(f, "", 1));
    fixture_close(f);
}

static void test_orders_of_cells_since(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    const char *const two[] = {"a", "b"}, *const three[] = {"a", "c", "b"};
    int64_t document = history_session_document(f->session);
    bool had = true;
    assert_ok(history_had_layout(f->history, document, two, 2, 1, &had, error));
    assert_false(had);
    lay_out(f, two, 2);
    lay_out(f, three, 3);
    assert_ok(history_had_layout(f->history, document, two, 2, f->now_us - 1, &had, error));
    assert_true(had); /* the one before was there at that time */
    lay_out(f, two, 2);
    assert_ok(history_had_layout(f->history, document, three, 3, f->now_us + 1, &had, error));
    assert_false(had);
    assert_ok(history_had_layout(f->history, document, two, 2, f->now_us + 1, &had, error));
    assert_true(had);
    fixture_close(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_a_text_is_found_and_moves_nothing),
        TEST(test_what_a_file_took_the_place_of),
        TEST(test_what_was_shown_since),
        TEST(test_orders_of_cells_since),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
