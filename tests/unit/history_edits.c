/* history/: edits of cells, layouts, clients that send again, the notebook at a time, marks. */
#include "history_fixture.h"

#include "base/clock.h"

#include <sqlite3.h>

static struct history_edit text_edit(
    struct fixture *f, const char *key, enum history_cause cause, const char *text) {
    f->now_us += 1000;
    return (struct history_edit){.kind = HISTORY_EDIT_TEXT,
        .cell_key = key,
        .cause = cause,
        .text = text,
        .text_bytes = strlen(text),
        .time_us = f->now_us};
}

static struct history_edited record(struct fixture *f, struct history_edit edit) {
    struct history_edits edits = {.items = &edit, .count = 1};
    struct history_edited edited;
    assert_ok(history_record_edits(f->session, &edits, &edited, NULL, error));
    return edited;
}

static struct history_edited change(
    struct fixture *f, const char *key, enum history_cause cause, const char *text) {
    return record(f, text_edit(f, key, cause, text));
}

static bool lay_out(struct fixture *f, const char *const *keys, size_t count) {
    f->now_us += 1000;
    struct history_edit edit = {
        .kind = HISTORY_EDIT_LAYOUT, .keys = keys, .key_count = count, .time_us = f->now_us};
    return record(f, edit).moved;
}

static bool delete_cell(struct fixture *f, const char *key) {
    f->now_us += 1000;
    struct history_edit edit = {.kind = HISTORY_EDIT_DELETE,
        .cell_key = key,
        .cause = HISTORY_CAUSE_DELETE,
        .time_us = f->now_us};
    return record(f, edit).moved;
}

static void assert_notebook(struct fixture *f, int64_t time_us, const char *want) {
    struct history_notebook notebook;
    int64_t document = history_session_document(f->session);
    struct buf got = BUF_INIT;
    assert_ok(history_read_notebook(f->history, document, time_us, &f->memory, &notebook, error));
    for (size_t i = 0; i < notebook.count; i++)
        buf_printf(&got, "%s%s=%s", i ? " " : "", notebook.items[i].key, notebook.items[i].text);
    assert_string_equal(buf_string(&got), want);
    buf_finish(&got);
}

static struct history_cells list_cells(struct fixture *f) {
    struct history_cells cells;
    assert_ok(history_list_cells(
        f->history, history_session_document(f->session), &f->memory, &cells, error));
    return cells;
}

static void execute(struct fixture *f, const char *text) {
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(history_database_path(f->history), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void test_undo_branch_and_redo(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    struct history_edited one = change(f, "a", HISTORY_CAUSE_TYPING, "1");
    assert_true(one.new_cell && one.new_version && one.moved);
    assert_int_equal(change(f, "a", HISTORY_CAUSE_TYPING, "12").version, 2);
    assert_int_equal(change(f, "a", HISTORY_CAUSE_TYPING, "123").version, 3);
    assert_false(change(f, "a", HISTORY_CAUSE_TYPING, "123").moved);
    assert_int_equal(change(f, "a", HISTORY_CAUSE_UNDO, "12").version, 2);
    struct history_edited back = change(f, "a", HISTORY_CAUSE_UNDO, "1");
    assert_int_equal(back.version, 1);
    assert_true(back.moved && !back.new_version && !back.new_cell);
    assert_int_equal(change(f, "a", HISTORY_CAUSE_TYPING, "1x").version, 4);
    assert_int_equal(change(f, "a", HISTORY_CAUSE_TYPING, "12").version, 5); /* typed, not undone */
    assert_int_equal(change(f, "a", HISTORY_CAUSE_UNDO, "1x").version, 4);
    assert_int_equal(change(f, "a", HISTORY_CAUSE_UNDO, "1").version, 1);
    assert_int_equal(change(f, "a", HISTORY_CAUSE_REDO, "12").version, 5); /* of 2 and 5 */
    assert_int_equal(change(f, "a", HISTORY_CAUSE_RESTORE, "123").version, 3);
    assert_int_equal(change(f, "a", HISTORY_CAUSE_UNDO, "1").version, 1);
    assert_int_equal(change(f, "a", HISTORY_CAUSE_REDO, "12").version, 2); /* below it is 3 */
    assert_int_equal(fixture_run(f, "a", "1x").version, 4); /* a run shares the head */
    assert_int_equal(change(f, "a", HISTORY_CAUSE_UNDO, "never seen").version, 6);
    struct history_versions tree = fixture_tree(f, one.cell_id);
    static const int64_t parents[] = {0, 1, 2, 1, 4, 4};
    assert_int_equal(tree.count, 6);
    for (size_t i = 0; i < tree.count; i++)
        assert_int_equal(tree.items[i].parent, parents[i]);
    fixture_close(f);
}

static void test_a_command_repeated_makes_no_sibling(void **state) {
    struct fixture *f = *state;
    static const enum history_cause commands[] = {
        HISTORY_CAUSE_REPLACE, HISTORY_CAUSE_FORMAT, HISTORY_CAUSE_PROGRAM};
    fixture_open(f);
    assert_int_equal(change(f, "a", HISTORY_CAUSE_TYPING, "old").version, 1);
    assert_int_equal(change(f, "a", HISTORY_CAUSE_REPLACE, "new").version, 2);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        assert_int_equal(change(f, "a", HISTORY_CAUSE_UNDO, "old").version, 1);
        struct history_edited again = change(f, "a", commands[i], "new");
        assert_int_equal(again.version, 2);
        assert_true(again.moved && !again.new_version);
    }
    /* There and back is new: it is no child of the head. */
    assert_int_equal(change(f, "a", HISTORY_CAUSE_REPLACE, "old").version, 3);
    assert_int_equal(change(f, "a", HISTORY_CAUSE_REPLACE, "new").version, 4);
    fixture_close(f);
}

static void test_split_and_merge_have_origins(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    change(f, "a", HISTORY_CAUSE_TYPING, "one\ntwo\n");
    struct history_edit split[2] = {text_edit(f, "b", HISTORY_CAUSE_SPLIT, "one\n"),
        text_edit(f, "a", HISTORY_CAUSE_SPLIT, "two\n")};
    split[0].origin_key = "a";
    struct history_edits edits = {.items = split, .count = 2};
    struct history_edited edited[2];
    assert_ok(history_record_edits(f->session, &edits, edited, NULL, error));
    struct history_version version;
    int64_t document = history_session_document(f->session);
    assert_ok(
        history_read_version(f->history, document, edited[0].version, &f->memory, &version, error));
    assert_int_equal(version.origin, document << 32 | 1);
    assert_int_equal(version.cause, HISTORY_CAUSE_SPLIT);
    struct history_edit merge = text_edit(f, "c", HISTORY_CAUSE_MERGE, "one\n\ntwo\n");
    merge.origin_key = "b";
    struct history_edited merged = record(f, merge);
    assert_true(delete_cell(f, "a"));
    assert_true(delete_cell(f, "b"));
    assert_false(delete_cell(f, "b"));
    assert_false(delete_cell(f, "unknown"));
    assert_ok(
        history_read_version(f->history, document, merged.version, &f->memory, &version, error));
    assert_int_equal(version.origin, document << 32 | edited[0].version);
    assert_notebook(f, 0, "c=one\n\ntwo\n");
    fixture_close(f);
}

static void test_layouts(void **state) {
    struct fixture *f = *state;
    static const char *const three[] = {"c", "a", "b"}, *const two[] = {"b", "a", "b"},
                             *const all[] = {"b", "late", "a"};
    fixture_open(f);
    change(f, "a", HISTORY_CAUSE_TYPING, "A");
    change(f, "b", HISTORY_CAUSE_TYPING, "B");
    change(f, "c", HISTORY_CAUSE_TYPING, "C");
    assert_notebook(f, 0, "a=A b=B c=C");
    assert_true(lay_out(f, three, 3));
    assert_false(lay_out(f, three, 3));
    assert_notebook(f, 0, "c=C a=A b=B");
    int64_t before_us = f->now_us;
    assert_true(lay_out(f, two, 3)); /* c is gone, b counts once */
    assert_notebook(f, 0, "b=B a=A");
    assert_int_equal(list_cells(f).items[2].deleted_us, f->now_us);
    int64_t without_us = f->now_us;
    assert_true(lay_out(f, all, 3)); /* the text of a cell comes later */
    assert_int_equal(list_cells(f).count, 3);
    assert_notebook(f, 0, "b=B a=A");
    struct history_edited late = change(f, "late", HISTORY_CAUSE_PASTE, "L");
    assert_true(late.new_cell && late.new_version);
    assert_notebook(f, 0, "b=B late=L a=A");
    assert_int_equal(change(f, "c", HISTORY_CAUSE_TYPING, "C").version, 3); /* comes back */
    assert_notebook(f, 0, "b=B late=L a=A c=C");
    assert_true(lay_out(f, NULL, 0));
    assert_notebook(f, 0, "c=C"); /* the layout before did not have it */
    assert_true(lay_out(f, three, 3));
    assert_notebook(f, 0, "c=C a=A b=B");
    /* nothing of this has changed the past */
    assert_notebook(f, before_us, "c=C a=A b=B");
    assert_notebook(f, without_us, "b=B a=A");
    assert_notebook(f, 1000, "");
    fixture_close(f);
}

static void test_many_layouts(void **state) {
    struct fixture *f = *state;
    enum { CELLS = 300, LAYOUTS = 200 };
    static char names[CELLS][8];
    const char *keys[CELLS];
    struct buf want = BUF_INIT;
    fixture_open(f);
    for (int i = 0; i < CELLS; i++) {
        snprintf(names[i], sizeof names[i], "k%d", i);
        keys[i] = names[i];
        change(f, keys[i], HISTORY_CAUSE_TYPING, "");
    }
    for (int i = 0; i < LAYOUTS; i++) {
        const char *key = keys[i];
        memmove(keys + i, keys + i + 1, (size_t)(CELLS - 1 - i) * sizeof *keys);
        keys[CELLS - 1] = key;
        assert_true(lay_out(f, keys, CELLS));
    }
    for (int i = 0; i < CELLS; i++)
        buf_printf(&want, "%s%s=", i ? " " : "", keys[i]);
    assert_notebook(f, 0, buf_string(&want));
    buf_finish(&want);
    fixture_close(f);
}

static void test_a_batch_counts_once(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    struct history_edit edit = text_edit(f, "a", HISTORY_CAUSE_TYPING, "1");
    struct history_edits edits = {.client = "page", .sequence = 7, .items = &edit, .count = 1};
    struct history_edited edited;
    bool repeated = true;
    int64_t sequence = -1;
    assert_ok(history_client_sequence(f->history, "page", &sequence, error));
    assert_int_equal(sequence, 0);
    assert_ok(history_record_edits(f->session, &edits, &edited, &repeated, error));
    assert_false(repeated);
    fixture_close(f); /* the next kernel knows */
    fixture_open(f);
    edit.text = "2";
    assert_ok(history_record_edits(f->session, &edits, &edited, &repeated, error));
    assert_true(repeated);
    assert_int_equal(edited.version, 1);
    assert_false(edited.new_version || edited.moved);
    edits.client = "another page";
    assert_ok(history_record_edits(f->session, &edits, &edited, &repeated, error));
    assert_false(repeated);
    assert_int_equal(edited.version, 2);
    edits.client = "page";
    edits.sequence = 8;
    edits.count = 0;
    assert_ok(history_record_edits(f->session, &edits, NULL, NULL, error));
    assert_ok(history_client_sequence(f->history, "page", &sequence, error));
    assert_int_equal(sequence, 8);
    fixture_close(f);
}

static void test_nonsense_records_nothing(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    static const char *const empty[] = {"a", ""};
    struct history_edit good = text_edit(f, "a", HISTORY_CAUSE_TYPING, "1"), bad[6];
    for (size_t i = 0; i < 6; i++)
        bad[i] = good;
    bad[0].cell_key = "";
    bad[1].cause = (enum history_cause)99;
    bad[2].type = (enum history_cell_type)4;
    bad[3].kind = (enum history_edit_kind)9;
    bad[4] = (struct history_edit){.kind = HISTORY_EDIT_LAYOUT, .keys = empty, .key_count = 2};
    bad[5].text_bytes = (size_t)1 << 40; /* refused before it is looked at */
    for (size_t i = 0; i < 6; i++) {
        struct history_edit both[] = {good, bad[i]};
        struct history_edits edits = {.client = "page", .sequence = 1, .items = both, .count = 2};
        struct error why = {.message = ""};
        assert_int_equal(
            history_record_edits(f->session, &edits, NULL, NULL, &why), STATUS_INVALID);
        assert_non_null(strstr(why.message, "cannot record"));
        int64_t sequence = -1;
        assert_ok(history_client_sequence(f->history, "page", &sequence, error));
        assert_int_equal(sequence, 0);
        assert_int_equal(list_cells(f).count, 0);
    }
    assert_int_equal(record(f, good).version, 1);
    fixture_close(f);
}

/* A version whose transaction failed leaves nothing in the memory of texts. */
static void test_a_failed_batch_is_forgotten(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    change(f, "a", HISTORY_CAUSE_TYPING, "base text");
    execute(f, "CREATE TRIGGER t BEFORE INSERT ON cells BEGIN SELECT raise(ABORT, 'no'); END");
    struct history_edit both[] = {text_edit(f, "a", HISTORY_CAUSE_TYPING, "lost text"),
        text_edit(f, "b", HISTORY_CAUSE_TYPING, "x")};
    struct history_edits edits = {.items = both, .count = 2};
    assert_int_equal(history_record_edits(f->session, &edits, NULL, NULL, NULL), STATUS_IO);
    execute(f, "DROP TRIGGER t");
    change(f, "a", HISTORY_CAUSE_TYPING, "something else");
    change(f, "a", HISTORY_CAUSE_TYPING, "lost text too");
    assert_notebook(f, 0, "a=lost text too");
    fixture_close(f);
    fixture_open(f);
    assert_notebook(f, 0, "a=lost text too");
    fixture_close(f);
}

static void test_types_and_languages(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    struct history_edit edit = text_edit(f, "a", HISTORY_CAUSE_TYPING, "# title");
    change(f, "b", HISTORY_CAUSE_TYPING, "int x;");
    edit.type = HISTORY_CELL_MARKDOWN;
    record(f, edit);
    struct history_cells cells = list_cells(f);
    assert_int_equal(cells.items[0].type, HISTORY_CELL_CODE);
    assert_string_equal(cells.items[0].language, "");
    assert_int_equal(cells.items[1].type, HISTORY_CELL_MARKDOWN);
    change(f, "a", HISTORY_CAUSE_TYPING, "# title!"); /* 0: as it was */
    assert_int_equal(list_cells(f).items[1].type, HISTORY_CELL_MARKDOWN);
    edit.type = HISTORY_CELL_RAW;
    record(f, edit);
    assert_int_equal(list_cells(f).items[1].type, HISTORY_CELL_RAW);
    fixture_run(f, "b", "int x;");
    assert_string_equal(list_cells(f).items[0].language, "c");
    assert_string_equal(history_cell_type_name(HISTORY_CELL_RAW), "raw");
    fixture_close(f);
}

static void test_times_that_cannot_be(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    int64_t before_us = clock_wall_us() / 1000 * 1000;
    const int64_t odd[] = {0, -5, INT64_MIN, INT64_MAX, before_us + 3600LL * 1000000};
    char text[8];
    int64_t cell = 0;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        snprintf(text, sizeof text, "%zu", i);
        struct history_edit edit = text_edit(f, "a", HISTORY_CAUSE_TYPING, text);
        edit.time_us = odd[i];
        cell = record(f, edit).cell_id;
    }
    struct history_versions tree = fixture_tree(f, cell);
    assert_int_equal(tree.count, 5);
    for (size_t i = 0; i < tree.count; i++) {
        assert_true(tree.items[i].created_us >= before_us);
        assert_true(tree.items[i].created_us <= clock_wall_us());
    }
    fixture_close(f);
}

static void test_runs_of_the_notebook(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    int64_t document = history_session_document(f->session);
    change(f, "a", HISTORY_CAUSE_TYPING, "1");
    struct history_run_place first = fixture_run(f, "a", "1");
    int64_t then_us = f->now_us;
    f->now_us += 1000;
    int64_t second = fixture_run(f, "a", "1").run_id;
    struct history_notebook notebook;
    assert_ok(history_read_notebook(f->history, document, then_us, &f->memory, &notebook, error));
    assert_int_equal(notebook.items[0].run_id, first.run_id);
    assert_int_equal(notebook.items[0].version, 1);
    assert_ok(history_read_notebook(f->history, document, 0, &f->memory, &notebook, error));
    assert_int_equal(notebook.items[0].run_id, second);
    delete_cell(f, "a");
    assert_notebook(f, 0, "");
    assert_int_equal(fixture_run(f, "a", "2").version, 2); /* a run brings it back */
    assert_notebook(f, 0, "a=2");
    delete_cell(f, "a");
    assert_ok(history_move_head(f->history, document, 1, HISTORY_CAUSE_RESTORE, 0, error));
    assert_notebook(f, 0, "a=1");
    fixture_close(f);
}

static void test_labels_and_pins(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    struct history *h = f->history;
    int64_t document = history_session_document(f->session);
    struct history_run_place place = fixture_run(f, "a", "1");
    fixture_run(f, "a", "2");
    assert_ok(history_set_label(h, document, HISTORY_VERSION, 1, "works", error));
    assert_ok(history_set_pinned(h, document, HISTORY_RUN, place.run_id, true, error));
    assert_ok(history_set_label(h, document, HISTORY_RUN, place.run_id, "loss 0.1", error));
    struct history_versions tree = fixture_tree(f, place.cell_id);
    assert_string_equal(tree.items[0].label, "works");
    assert_false(tree.items[0].pinned);
    assert_string_equal(tree.items[0].runs.items[0].label, "loss 0.1");
    assert_true(tree.items[0].runs.items[0].pinned);
    assert_string_equal(tree.items[1].label, "");
    assert_string_equal(tree.items[1].runs.items[0].label, "");
    assert_ok(history_set_pinned(h, document, HISTORY_VERSION, 1, true, error));
    assert_ok(history_set_label(h, document, HISTORY_VERSION, 1, NULL, error));
    struct history_version version;
    assert_ok(history_read_version(h, document, 1, &f->memory, &version, error));
    assert_string_equal(version.label, "");
    assert_true(version.pinned);
    assert_ok(history_set_pinned(h, document, HISTORY_VERSION, 1, false, error));
    struct history_run_info run;
    assert_ok(history_read_run(h, place.run_id, &f->memory, &run, error));
    assert_string_equal(run.label, "loss 0.1");
    const int64_t wild[] = {0, -1, 3, INT64_MAX};
    for (size_t i = 0; i < 4; i++) {
        struct error why = {.message = ""};
        assert_int_equal(
            history_set_label(h, document, HISTORY_VERSION, wild[i], "x", &why), STATUS_NOT_FOUND);
        assert_int_equal(
            history_set_pinned(h, document, HISTORY_RUN, wild[i], true, &why), STATUS_NOT_FOUND);
        assert_non_null(strstr(why.message, "there is no run"));
    }
    assert_int_equal(/* of another document */
        history_set_label(h, document + 1, HISTORY_RUN, place.run_id, "x", NULL), STATUS_NOT_FOUND);
    fixture_close(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_undo_branch_and_redo),
        TEST(test_a_command_repeated_makes_no_sibling),
        TEST(test_split_and_merge_have_origins),
        TEST(test_layouts),
        TEST(test_many_layouts),
        TEST(test_a_batch_counts_once),
        TEST(test_nonsense_records_nothing),
        TEST(test_a_failed_batch_is_forgotten),
        TEST(test_types_and_languages),
        TEST(test_times_that_cannot_be),
        TEST(test_runs_of_the_notebook),
        TEST(test_labels_and_pins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
