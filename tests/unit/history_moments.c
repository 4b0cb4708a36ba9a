/* Which times of a notebook mean something: the rules on plain facts, then a store that is asked.
 */
#include "history_fixture.h"

#include "history/moment_rules.h"

enum { MS = 1000, SECOND = 1000000 };
static const int64_t T = 1700000000000000;

static struct history_move changed(
    int64_t cell_id, int64_t from, int64_t to, int64_t time_us, enum history_cause cause) {
    return (struct history_move){
        .cell_id = cell_id, .from = from, .to = to, .time_us = time_us, .cause = cause};
}

/* Of one kind, what the rules find; the caller frees. */
static size_t find(const struct moment_facts *facts, enum history_moment_kind kind,
    struct history_moment *ret_moments, size_t room) {
    struct memory_rows rows = {0};
    size_t count = 0;
    assert_int_equal(moment_rules_apply(facts, &rows), STATUS_OK);
    const struct history_moment *all = rows.items;
    for (size_t i = 0; i < rows.bytes / sizeof *all; i++)
        if (all[i].kind == kind && count < room)
            ret_moments[count++] = all[i];
    free(rows.items);
    return count;
}

static size_t find_changes(const struct history_move *changes, size_t count,
    enum history_moment_kind kind, struct history_moment *ret_moments) {
    struct moment_facts facts = {.changes = changes, .change_count = count};
    return find(&facts, kind, ret_moments, 4);
}

static void test_a_mass_change_is_a_moment(void **state) {
    (void)state;
    struct history_move replaced[] = {
        changed(9, 1, 2, T, HISTORY_CAUSE_TYPING),
        changed(1, 3, 4, T + 5 * SECOND, HISTORY_CAUSE_PROGRAM),
        changed(2, 5, 6, T + 5 * SECOND + 2 * MS, HISTORY_CAUSE_PROGRAM),
        changed(2, 6, 7, T + 5 * SECOND + 3 * MS, HISTORY_CAUSE_PROGRAM),
        changed(3, 8, 9, T + 5 * SECOND + 3 * MS, HISTORY_CAUSE_PROGRAM),
    };
    struct history_moment found[4];
    assert_int_equal(find_changes(replaced, 5, HISTORY_MOMENT_CHANGE, found), 1);
    assert_int_equal(found[0].about, 3);
    assert_int_equal(found[0].time_us, T + 5 * SECOND - 1); /* before its millisecond */
    /* two cells are none, however often they change */
    assert_int_equal(find_changes(replaced, 4, HISTORY_MOMENT_CHANGE, found), 0);
    for (int i = 1; i < 5; i++)
        replaced[i].cause = HISTORY_CAUSE_REPLACE;
    assert_int_equal(find_changes(replaced, 5, HISTORY_MOMENT_REPLACE, found), 1);
}

static void test_what_takes_nothing_away_is_none(void **state) {
    (void)state;
    struct history_moment found[4];
    struct history_move came[3], undone[3], met[3];
    for (int i = 0; i < 3; i++) {
        came[i] = changed(i + 1, 0, i + 1, T + i, HISTORY_CAUSE_PROGRAM);
        undone[i] = changed(i + 1, i + 5, i + 1, T + i, HISTORY_CAUSE_UNDO);
        met[i] = changed(i + 1, 0, i + 1, T + i, HISTORY_CAUSE_FILE);
    }
    assert_int_equal(find_changes(came, 3, HISTORY_MOMENT_CHANGE, found), 0);
    assert_int_equal(find_changes(undone, 3, HISTORY_MOMENT_CHANGE, found), 0);
    assert_int_equal(find_changes(met, 3, HISTORY_MOMENT_FILE, found), 0);
}

static void test_deletions_and_files(void **state) {
    (void)state;
    struct history_moment found[4];
    struct history_move deleted[3], pulled[3];
    for (int i = 0; i < 3; i++) {
        deleted[i] = changed(i + 1, i + 1, 0, T + i, HISTORY_CAUSE_DELETE);
        pulled[i] = changed(i + 1, i + 1, i + 5, T + i, HISTORY_CAUSE_FILE);
    }
    assert_int_equal(find_changes(deleted, 3, HISTORY_MOMENT_DELETE, found), 1);
    assert_int_equal(find_changes(pulled, 3, HISTORY_MOMENT_FILE, found), 1);
    deleted[1].time_us += 2 * SECOND; /* by hand, one after the other */
    deleted[2].time_us += 4 * SECOND;
    assert_int_equal(find_changes(deleted, 3, HISTORY_MOMENT_DELETE, found), 0);
}

static void test_all_cells_run(void **state) {
    (void)state;
    struct history_moment found[4];
    struct moment_session sessions[] = {{1, T}, {2, T + 100 * SECOND}};
    struct moment_run runs[4];
    for (int i = 0; i < 4; i++)
        runs[i] = (struct moment_run){.session_id = 2,
            .cell_id = i + 1,
            .place = (size_t)i,
            .started_us = T + 101 * SECOND + i * 50 * MS,
            .ended_us = T + 101 * SECOND + i * 50 * MS + 40 * MS,
            .is_first = i == 0};
    struct moment_facts facts = {
        .runs = runs, .run_count = 4, .sessions = sessions, .session_count = 2};
    assert_int_equal(find(&facts, HISTORY_MOMENT_RESTART_RUN_ALL, found, 4), 1);
    assert_int_equal(found[0].about, 4);
    assert_true(found[0].time_us < runs[0].started_us);
    facts.session_count = 1; /* nothing was restarted: the first kernel ran them */
    sessions[0].id = 2;
    assert_int_equal(find(&facts, HISTORY_MOMENT_RESTART_RUN_ALL, found, 4), 0);
    assert_int_equal(find(&facts, HISTORY_MOMENT_RUN_ALL, found, 4), 1);
    runs[2].started_us = runs[1].ended_us + 2 * SECOND; /* by hand */
    runs[2].ended_us = runs[2].started_us + MS;
    assert_int_equal(find(&facts, HISTORY_MOMENT_RUN_ALL, found, 4), 0);
}

static void test_what_happened_in_between(void **state) {
    (void)state;
    struct history_move changes[] = {
        changed(1, 0, 1, T + 1 * SECOND, HISTORY_CAUSE_TYPING),
        changed(1, 1, 2, T + 2 * SECOND, HISTORY_CAUSE_TYPING),
        changed(2, 0, 3, T + 3 * SECOND, HISTORY_CAUSE_TYPING),
        changed(2, 3, 4, T + 9 * SECOND, HISTORY_CAUSE_TYPING),
    };
    struct moment_run run = {.session_id = 1, .cell_id = 1, .started_us = T + 2 * SECOND};
    struct moment_facts facts = {
        .changes = changes, .change_count = 4, .runs = &run, .run_count = 1};
    struct history_moment moments[] = {
        {.kind = HISTORY_MOMENT_SESSION, .time_us = T},
        {.kind = HISTORY_MOMENT_SAVED, .time_us = T + 3 * SECOND},
        {.kind = HISTORY_MOMENT_SAVED, .time_us = T + 4 * SECOND},
    };
    assert_int_equal(moment_rules_count(&facts, moments, 3), STATUS_OK);
    assert_int_equal(moments[0].changed_cells, 0);
    assert_int_equal(moments[1].changed_cells, 2);
    assert_int_equal(moments[1].runs, 1);
    assert_int_equal(moments[2].changed_cells, 0);
}

/* ---- a store ---- */

static void edit(struct fixture *f, const char *key, const char *text, enum history_cause cause) {
    struct history_edit item = {.kind = HISTORY_EDIT_TEXT,
        .cell_key = key,
        .type = HISTORY_CELL_CODE,
        .cause = cause,
        .text = text,
        .text_bytes = strlen(text),
        .time_us = f->now_us};
    struct history_edits batch = {.items = &item, .count = 1};
    assert_ok(history_record_edits(f->session, &batch, NULL, NULL, error));
}

static void test_a_store_lists_them(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    int64_t document = history_session_document(f->session), begun_us = f->now_us;
    static const char *const keys[] = {"a", "b", "c"};
    for (int i = 0; i < 3; i++)
        edit(f, keys[i], "int before;", HISTORY_CAUSE_FILE);
    f->now_us += SECOND;
    int64_t saved_us = f->now_us;
    assert_ok(
        history_record_moment(f->history, document, HISTORY_MOMENT_SAVED, saved_us, 0, error));
    assert_ok(history_record_moment(/* told again */
        f->history, document, HISTORY_MOMENT_SAVED, saved_us, 0, error));
    f->now_us += SECOND;
    int64_t replaced_us = f->now_us;
    for (int i = 0; i < 3; i++)
        edit(f, keys[i], "int after;", HISTORY_CAUSE_PROGRAM);
    struct history_moments found;
    assert_ok(history_list_moments(f->history, document, &f->memory, &found, error));
    assert_int_equal(found.count, 3);
    assert_int_equal(found.items[0].kind, HISTORY_MOMENT_SESSION);
    assert_true(found.items[0].time_us >= begun_us);
    assert_int_equal(found.items[0].changed_cells, 3); /* the texts of the file are there by then */
    assert_int_equal(found.items[1].kind, HISTORY_MOMENT_SAVED);
    assert_int_equal(found.items[1].time_us, saved_us);
    assert_int_equal(found.items[2].kind, HISTORY_MOMENT_CHANGE);
    assert_int_equal(found.items[2].about, 3);
    struct history_notebook then;
    assert_true(found.items[2].time_us < replaced_us);
    assert_ok(history_read_notebook(
        f->history, document, found.items[2].time_us, &f->memory, &then, error));
    assert_int_equal(then.count, 3);
    assert_string_equal(then.items[1].text, "int before;");
    struct error error;
    assert_int_equal(
        history_record_moment(f->history, document, HISTORY_MOMENT_CHANGE, 0, 0, &error),
        STATUS_INVALID);
    fixture_close(f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_mass_change_is_a_moment),
        cmocka_unit_test(test_what_takes_nothing_away_is_none),
        cmocka_unit_test(test_deletions_and_files),
        cmocka_unit_test(test_all_cells_run),
        cmocka_unit_test(test_what_happened_in_between),
        cmocka_unit_test_setup_teardown(test_a_store_lists_them, fixture_set_up, fixture_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
