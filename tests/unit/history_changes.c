/* history/: what is new since one looked last, the log in pages, cells by handles and their places.
 */
#include "history/changes.h"
#include "history_fixture.h"

static int64_t document(const struct fixture *f) {
    return history_session_document(f->session);
}

static struct history_changes look(struct fixture *f, struct history_look *look) {
    struct history_changes changes = {0};
    assert_ok(history_look(f->history, document(f), look, &f->memory, &changes, error));
    return changes;
}

static void type_text(struct history_session *session, const char *key, const char *text) {
    struct history_edit edit = {.kind = HISTORY_EDIT_TEXT,
        .cell_key = key,
        .cause = HISTORY_CAUSE_TYPING,
        .text = text,
        .text_bytes = strlen(text)};
    struct history_edits edits = {.items = &edit, .count = 1};
    assert_ok(history_record_edits(session, &edits, NULL, NULL, error));
}

static void lay_out(struct fixture *f, const char *const *keys, size_t count) {
    struct history_edit edit = {.kind = HISTORY_EDIT_LAYOUT,
        .cause = HISTORY_CAUSE_FILE,
        .keys = keys,
        .key_count = count,
        .time_us = ++f->now_us};
    struct history_edits edits = {.items = &edit, .count = 1};
    assert_ok(history_record_edits(f->session, &edits, NULL, NULL, error));
}

static void test_a_look_tells_what_others_have_committed(void **state) {
    struct fixture *f = *state;
    struct history_look seen = {0};
    struct history *other = NULL;
    struct history_session *others = NULL;
    fixture_open(f);
    assert_ok(history_open(&f->options, &other, error));
    struct history_session_start start = {.document_path = "/notes/a.ipynb", .engine = "c"};
    assert_ok(history_session_begin(other, &start, &others, error));
    fixture_run(f, "a", "one");
    assert_ok(history_look(f->history, document(f), &seen, &f->memory, NULL, error));

    struct history_changes changes = look(f, &seen);
    assert_false(changes.elsewhere || changes.layout || changes.marks);
    assert_int_equal(changes.cell_count + changes.run_count, 0);

    type_text(f->session, "a", "two"); /* its own */
    changes = look(f, &seen);
    assert_false(changes.elsewhere);
    assert_int_equal(changes.cell_count, 1);

    type_text(others, "b", "three");
    assert_ok(history_move_head(other, document(f), 1, HISTORY_CAUSE_RESTORE, 0, error));
    changes = look(f, &seen);
    assert_true(changes.elsewhere && !changes.marks);
    assert_int_equal(changes.cell_count, 2);
    assert_string_equal(changes.cells[0].key, "a");
    assert_int_equal(changes.cells[0].head, 1);
    assert_string_equal(changes.cells[1].key, "b");
    assert_int_equal(changes.cells[1].head, 3);

    assert_ok(history_set_label(other, document(f), HISTORY_VERSION, 1, "x", error));
    changes = look(f, &seen);
    assert_true(changes.elsewhere && changes.marks);
    assert_int_equal(changes.cell_count, 0);
    assert_false(look(f, &seen).marks);

    assert_ok(history_session_end(&others, 0, error));
    history_close(&other);
    fixture_close(f);
}

static void test_a_run_is_told_until_it_has_ended(void **state) {
    struct fixture *f = *state;
    struct history_look seen = {0};
    fixture_open(f);
    struct history_run *run = fixture_begin(f, "a", "one");
    assert_ok(history_look(f->history, document(f), &seen, &f->memory, NULL, error));
    for (int i = 0; i < 2; i++) {
        struct history_changes changes = look(f, &seen);
        assert_int_equal(changes.run_count, 1);
        assert_int_equal(changes.runs[0].status, HISTORY_RUNNING);
    }
    fixture_end(f, &run);
    struct history_changes changes = look(f, &seen);
    assert_int_equal(changes.run_count, 1);
    assert_int_equal(changes.runs[0].status, HISTORY_OK);
    assert_string_equal(changes.runs[0].key, "a");
    assert_int_equal(look(f, &seen).run_count, 0);
    fixture_close(f);
}

/* Pages of any size are the log in one piece. */
static void test_pages_are_the_whole_log(void **state) {
    struct fixture *f = *state;
    struct history_events all, page;
    struct history_event_place place = {0};
    fixture_open(f);
    for (int i = 0; i < 40; i++) {
        char text[32], key[8];
        snprintf(text, sizeof text, "text %d", i / 2);
        snprintf(key, sizeof key, "%c", 'a' + i % 3);
        if (i % 2)
            fixture_run(f, key, text);
        else
            type_text(f->session, key, text);
        if (i % 7 == 6)
            assert_ok(history_move_head(
                f->history, document(f), 1 + i / 4, HISTORY_CAUSE_RESTORE, 0, error));
    }
    assert_ok(history_read_events(f->history, document(f), &place, 1000, &f->memory, &all, error));
    assert_true(all.count > 40);
    for (size_t size = 1; size < 8; size++) {
        size_t at = 0;
        place = (struct history_event_place){0};
        do {
            assert_ok(history_read_events(
                f->history, document(f), &place, size, &f->memory, &page, error));
            for (size_t i = 0; i < page.count; i++, at++) {
                assert_true(at < all.count);
                assert_int_equal(page.items[i].kind, all.items[at].kind);
                assert_int_equal(page.items[i].id, all.items[at].id);
                assert_string_equal(page.items[i].summary, all.items[at].summary);
            }
        } while (page.count == size);
        assert_int_equal(at, all.count);
    }
    fixture_close(f);
}

static int64_t run_handle(struct fixture *f, const char *handle, const char *text) {
    struct history_run *run = NULL;
    struct history_run_start start = {.cell_handle = handle,
        .text = text,
        .text_bytes = strlen(text),
        .execution_count = 1,
        .time_us = ++f->now_us};
    assert_ok(history_run_begin(f->session, &start, &run, error));
    int64_t cell = history_run_place(run).cell_id;
    fixture_end(f, &run);
    return cell;
}

static void test_a_handle_names_a_cell_in_its_session(void **state) {
    struct fixture *f = *state;
    const char *key = NULL;
    struct error why;
    fixture_open(f);
    int64_t first = run_handle(f, "W0", "one");
    assert_int_equal(run_handle(f, "W0", "something else entirely"), first);
    int64_t second = run_handle(f, "W1", "one"); /* has been a text of the first */
    assert_int_not_equal(second, first);
    assert_ok(history_session_cell_key(f->session, "W1", &f->memory, &key, error));
    assert_non_null(key);
    assert_int_equal(
        history_session_cell_key(f->session, "W9", &f->memory, &key, &why), STATUS_NOT_FOUND);
    fixture_close(f);
    fixture_open(f); /* the handles have changed places */
    assert_int_equal(run_handle(f, "W1", "something else entirely"), first);
    assert_int_equal(run_handle(f, "W0", "one"), second);
    fixture_close(f);
}

static void test_the_place_of_a_deleted_cell(void **state) {
    struct fixture *f = *state;
    static const char *const before[] = {"a", "b", "c", "d"}, *const without[] = {"b", "d"};
    const char *after = NULL;
    size_t index = 99;
    struct error why;
    fixture_open(f);
    for (size_t i = 0; i < 4; i++)
        fixture_run(f, before[i], before[i]);
    lay_out(f, before, 4);
    lay_out(f, without, 2);
    assert_ok(history_cell_place(f->history, document(f), "c", &f->memory, &index, &after, error));
    assert_int_equal(index, 1);
    assert_string_equal(after, "b");
    assert_ok(history_cell_place(f->history, document(f), "a", &f->memory, &index, &after, error));
    assert_int_equal(index, 0);
    assert_string_equal(after, "");
    assert_int_equal(
        history_cell_place(f->history, document(f), "z", &f->memory, &index, &after, &why),
        STATUS_NOT_FOUND);
    fixture_close(f);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_a_look_tells_what_others_have_committed),
        TEST(test_a_run_is_told_until_it_has_ended),
        TEST(test_pages_are_the_whole_log),
        TEST(test_a_handle_names_a_cell_in_its_session),
        TEST(test_the_place_of_a_deleted_cell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
