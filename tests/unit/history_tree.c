/* history/: the version tree as executions build it, and finding cells without an id. */
#include "history_fixture.h"

static void assert_node(const struct history_versions *tree, size_t index, int64_t number,
    int64_t parent, bool is_head) {
    assert_true(index < tree->count);
    assert_int_equal(tree->items[index].number, number);
    assert_int_equal(tree->items[index].parent, parent);
    assert_int_equal(tree->items[index].is_head, is_head);
}

static void test_equal_text_adds_nothing(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    struct history_run_place first = fixture_run(f, "a", "int x = 1;");
    struct history_run_place again = fixture_run(f, "a", "int x = 1;");
    assert_true(first.new_cell && first.new_version);
    assert_false(again.new_cell || again.new_version);
    assert_int_equal(again.version, 1);
    struct history_versions tree = fixture_tree(f, first.cell_id);
    assert_int_equal(tree.count, 1);
    assert_int_equal(tree.items[0].runs.count, 2);
    assert_int_equal(tree.items[0].runs.items[1].parent_run_id, first.run_id);
    assert_string_equal(tree.items[0].summary, "int x = 1;");
    fixture_close(f);
}

static void test_going_back_and_on_branches(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    int64_t cell = fixture_run(f, "a", "one").cell_id;
    fixture_run(f, "a", "two");
    fixture_run(f, "a", "three");
    struct history_run_place back = fixture_run(f, "a", "one");
    assert_int_equal(back.version, 1);
    assert_false(back.new_version);
    assert_int_equal(fixture_run(f, "a", "other").version, 4);
    struct history_versions tree = fixture_tree(f, cell);
    assert_int_equal(tree.count, 4);
    assert_node(&tree, 0, 1, 0, false);
    assert_node(&tree, 1, 2, 1, false);
    assert_node(&tree, 2, 3, 2, false);
    assert_node(&tree, 3, 4, 1, true);

    struct history_moves log;
    assert_ok(history_read_log(
        f->history, history_session_document(f->session), 0, &f->memory, &log, error));
    static const int64_t want[][3] = {{0, 1, 1}, {1, 2, 1}, {2, 3, 1}, {3, 1, 0}, {1, 4, 1}};
    assert_int_equal(log.count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(log.items[i].from, want[i][0]);
        assert_int_equal(log.items[i].to, want[i][1]);
        assert_int_equal(log.items[i].new_version, want[i][2]);
    }
    assert_ok(history_read_log(
        f->history, history_session_document(f->session), 2, &f->memory, &log, error));
    assert_int_equal(log.count, 2);
    assert_int_equal(log.items[0].from, 3);
    fixture_close(f);
}

static void test_restore_is_a_move_that_can_be_undone(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    int64_t document = history_session_document(f->session);
    int64_t cell = fixture_run(f, "a", "one").cell_id;
    fixture_run(f, "a", "two");
    assert_ok(history_move_head(f->history, document, 1, HISTORY_CAUSE_RESTORE, 0, error));
    struct history_versions tree = fixture_tree(f, cell);
    assert_node(&tree, 0, 1, 0, true);
    assert_ok(history_move_head(f->history, document, 2, HISTORY_CAUSE_UNDO, 0, error));
    tree = fixture_tree(f, cell);
    assert_node(&tree, 1, 2, 1, true);
    struct history_moves log;
    assert_ok(history_read_log(f->history, document, 0, &f->memory, &log, error));
    assert_int_equal(log.count, 4);
    assert_int_equal(log.items[2].cause, HISTORY_CAUSE_RESTORE);
    assert_int_equal(log.items[3].cause, HISTORY_CAUSE_UNDO);
    struct error why;
    assert_int_equal(history_move_head(f->history, document, 9, HISTORY_CAUSE_RESTORE, 0, &why),
        STATUS_NOT_FOUND);
    assert_string_equal(why.message, "there is no version 9 in this document");
    fixture_close(f);
}

static void test_deleted_cells_keep_their_tree(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    fixture_run(f, "a", "one");
    const char *gone[] = {"a", "never seen"};
    struct history_run_start start = {.cell_key = "b",
        .text = "b",
        .text_bytes = 1,
        .deleted_cell_keys = gone,
        .deleted_cell_count = 2,
        .time_us = 1700000000000777};
    struct history_run *run = NULL;
    assert_ok(history_run_begin(f->session, &start, &run, error));
    fixture_end(f, &run);
    struct history_cells cells;
    int64_t document = history_session_document(f->session);
    assert_ok(history_list_cells(f->history, document, &f->memory, &cells, error));
    assert_int_equal(cells.count, 2);
    assert_string_equal(cells.items[0].key, "a");
    assert_int_equal(cells.items[0].deleted_us, 1700000000000777);
    assert_int_equal(cells.items[0].versions, 1);
    fixture_run(f, "a", "one");
    assert_ok(history_list_cells(f->history, document, &f->memory, &cells, error));
    assert_int_equal(cells.items[0].deleted_us, 0);
    fixture_close(f);
}

static void test_any_bytes_are_a_text(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    static const char odd[] = "a\0b\xff\n\xe2\x82";
    struct history_run_start start = {.cell_key = "a", .text = odd, .text_bytes = sizeof odd - 1};
    struct history_run *run = NULL;
    assert_ok(history_run_begin(f->session, &start, &run, error));
    fixture_end(f, &run);
    int64_t number = fixture_run(f, "a", "").version;
    assert_int_equal(number, 2);
    struct history_version version;
    int64_t document = history_session_document(f->session);
    assert_ok(history_read_version(f->history, document, 1, &f->memory, &version, error));
    assert_int_equal(version.text_bytes, sizeof odd - 1);
    assert_memory_equal(version.text, odd, sizeof odd);
    assert_string_equal(version.summary, "a\xEF\xBF\xBD"
                                         "b\xEF\xBF\xBD");
    assert_ok(history_read_version(f->history, document, 2, &f->memory, &version, error));
    assert_int_equal(version.text_bytes, 0);
    assert_string_equal(version.text, "");
    fixture_close(f);
}

static void test_long_keys_are_told_apart(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    char key[400];
    memset(key, 'k', sizeof key);
    key[399] = '\0';
    int64_t first = fixture_run(f, key, "one").cell_id;
    key[398] = 'l';
    assert_int_not_equal(fixture_run(f, key, "one").cell_id, first);
    key[398] = 'k';
    assert_int_equal(fixture_run(f, key, "two").cell_id, first);
    fixture_close(f);
}

/* A front end that says nothing about cells runs a notebook from top to bottom, twice. */
static void test_cells_without_key_are_found_by_text(void **state) {
    struct fixture *f = *state;
    static const char *const first[] = {
        "int a = 1;", "a++;", "a++;", "for (int i = 0; i < 10; i++)\n    printf(\"%d\\n\", i);"};
    static const char *const second[] = {
        "int a = 2;", "a++;", "a++;", "for (int i = 0; i < 20; i++)\n    printf(\"%d\\n\", i);"};
    int64_t cells[4];
    fixture_open(f);
    for (size_t i = 0; i < 4; i++)
        cells[i] = fixture_run(f, NULL, first[i]).cell_id;
    /* nothing tells the two alike ones apart inside one session */
    assert_int_equal(cells[1], cells[2]);
    assert_int_not_equal(cells[0], cells[1]);
    fixture_close(f);
    fixture_open(f);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(fixture_run(f, "", second[i]).cell_id, cells[i]);
    /* an edit in the same session */
    assert_int_equal(
        fixture_run(f, NULL, "for (int i = 0; i < 30; i++)\n    printf(\"%d\\n\", i);").cell_id,
        cells[3]);
    assert_true(fixture_run(f, NULL, "puts(\"something else\");").new_cell);
    fixture_close(f);
}

static void test_inputs_for_the_protocol(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    int64_t session = history_session_id(f->session);
    for (int i = 1; i <= 5; i++) {
        struct history_run *run = fixture_begin(f, i % 2 ? "a" : "b", i % 2 ? "odd" : "even");
        char result[16];
        int size = snprintf(result, sizeof result, "=%d", i);
        struct history_item item = {"text/plain", result, (size_t)size};
        assert_ok(history_run_bundle(run, HISTORY_RESULT, NULL, &item, 1, error));
        fixture_end(f, &run);
    }
    struct history_inputs inputs;
    assert_ok(history_list_tail(f->history, 0, 2, true, &f->memory, &inputs, error));
    assert_int_equal(inputs.count, 2);
    assert_string_equal(inputs.items[0].text, "even");
    assert_string_equal(inputs.items[1].text, "odd");
    assert_string_equal(inputs.items[1].output, "=5");
    assert_ok(history_list_range(f->history, session, 1, 2, false, &f->memory, &inputs, error));
    assert_int_equal(inputs.count, 5); /* the fixture counts every run as 1 */
    assert_null(inputs.items[0].output);
    assert_ok(history_list_range(f->history, 99, 0, 0, false, &f->memory, &inputs, error));
    assert_int_equal(inputs.count, 0);
    assert_ok(history_search(f->history, 0, "*d*", 0, false, false, &f->memory, &inputs, error));
    assert_int_equal(inputs.count, 3);
    assert_ok(history_search(f->history, 0, "*", 0, true, true, &f->memory, &inputs, error));
    assert_int_equal(inputs.count, 2);
    assert_string_equal(inputs.items[0].output, "=4");
    assert_ok(history_search(f->history, 0, "e*", 1, true, false, &f->memory, &inputs, error));
    assert_int_equal(inputs.count, 1);
    fixture_close(f);
}

/* More different texts than the table of texts that were seen begins with. */
static void test_unique_among_many_inputs(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    enum { TEXTS = 300 };
    for (int i = 0; i < 2 * TEXTS; i++) {
        char text[32];
        snprintf(text, sizeof text, "text %d", i % TEXTS);
        fixture_run(f, "a", text);
    }
    struct history_inputs inputs;
    assert_ok(history_search(f->history, 0, "*", 0, true, false, &f->memory, &inputs, error));
    assert_int_equal(inputs.count, TEXTS);
    for (int i = 0; i < TEXTS; i++) {
        char text[32];
        snprintf(text, sizeof text, "text %d", i);
        assert_string_equal(inputs.items[i].text, text);
        assert_int_equal(inputs.items[i].run_id, TEXTS + i + 1); /* the newest of each */
    }
    fixture_close(f);
}

static void test_documents_have_numbers_of_their_own(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    assert_int_equal(fixture_run(f, "a", "one").version, 1);
    struct history_session *other = NULL;
    struct history_session_start start = {.document_path = "/notes/b.ipynb", .engine = "c"};
    assert_ok(history_session_begin(f->history, &start, &other, error));
    assert_int_equal(history_session_id(other), 2);
    struct history_run_start run_start = {.cell_key = "a", .text = "two", .text_bytes = 3};
    struct history_run *run = NULL;
    assert_ok(history_run_begin(other, &run_start, &run, error));
    assert_int_equal(history_run_place(run).version, 1);
    assert_ok(history_run_end(&run, HISTORY_OK, 0, error));
    assert_ok(history_session_end(&other, 0, error));
    struct history_session_start nameless = {.engine = "c"};
    assert_ok(history_session_begin(f->history, &nameless, &other, error));
    assert_ok(history_session_end(&other, 0, error));

    /* number + (1 << 32) stands where the next document's versions are */
    int64_t first = history_session_document(f->session);
    const int64_t wild[] = {0, -1, ((int64_t)1 << 32) + 1, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof wild / sizeof *wild; i++) {
        struct history_version version;
        struct error why = {.message = ""};
        assert_int_equal(
            history_read_version(f->history, first, wild[i], &f->memory, &version, &why),
            STATUS_NOT_FOUND);
        assert_non_null(strstr(why.message, "there is no version"));
        assert_int_equal(
            history_move_head(f->history, first, wild[i], HISTORY_CAUSE_RESTORE, 0, &why),
            STATUS_NOT_FOUND);
    }

    struct history_documents documents;
    assert_ok(history_list_documents(f->history, &f->memory, &documents, error));
    assert_int_equal(documents.count, 3);
    assert_string_equal(documents.items[0].path, "");
    assert_string_equal(documents.items[2].path, "/notes/b.ipynb");
    assert_int_equal(documents.items[2].versions, 1);
    int64_t id = 0;
    assert_ok(history_find_document(f->history, "/notes/b.ipynb", &id, error));
    assert_int_equal(id, documents.items[2].id);
    assert_int_equal(
        history_find_document(f->history, "/notes/c.ipynb", &id, NULL), STATUS_NOT_FOUND);
    fixture_close(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_equal_text_adds_nothing),
        TEST(test_going_back_and_on_branches),
        TEST(test_restore_is_a_move_that_can_be_undone),
        TEST(test_deleted_cells_keep_their_tree),
        TEST(test_any_bytes_are_a_text),
        TEST(test_long_keys_are_told_apart),
        TEST(test_cells_without_key_are_found_by_text),
        TEST(test_inputs_for_the_protocol),
        TEST(test_unique_among_many_inputs),
        TEST(test_documents_have_numbers_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
