/* history/: stores of format 4, which knew no places of notebooks and nothing of cells but texts.
 */
#include "history_old_stores.h"

static const char database[] = "history.sqlite3";

static const char *place(const struct fixture *f, const char *end) {
    static char paths[2][160];
    static int turn;
    turn = !turn;
    snprintf(paths[turn], sizeof paths[turn], "%s/%s", f->folder, end);
    return paths[turn];
}

static void make_store_4(const struct fixture *f) {
    struct buf all = BUF_INIT;
    buf_printf(&all, "%s%s%s", schema_3, rows_3, to_format_4);
    execute(place(f, database), buf_string(&all));
    buf_finish(&all);
}

static void test_a_store_of_format_4(void **state) {
    struct fixture *f = *state;
    make_store_4(f);
    execute(
        place(f, database), "UPDATE versions SET origin = (1 << 32) + 1 WHERE id = (1 << 32) + 2");
    fixture_open(f);
    struct history_version version;
    assert_ok(history_read_version(f->history, 1, 2, &f->memory, &version, error));
    assert_string_equal(version.text, "two");
    fixture_close(f);
    assert_int_equal(ask(place(f, database), "PRAGMA user_version"), 5);
    assert_int_equal(ask(place(f, "history.sqlite3.v4"), "PRAGMA user_version"), 4);
    assert_int_equal(ask(place(f, database), "SELECT count(*) FROM version_origins "
                                             "WHERE origin = (1 << 32) + 1"),
        1);
    /* each notebook lies where it lay, consoles nowhere */
    assert_int_equal(ask(place(f, database), "SELECT count(*) FROM places"), 1);
    assert_int_equal(ask(place(f, database), "SELECT since_us FROM places WHERE document_id = 1 "
                                             "AND path = '/notes/a.ipynb' AND until_us IS NULL"),
        1000);
}

static void test_new_and_migrated_are_the_same(void **state) {
    struct fixture *f = *state;
    make_store_4(f);
    fixture_open(f);
    fixture_close(f);
    struct buf migrated = BUF_INIT, made = BUF_INIT;
    append_columns(place(f, database), &migrated);
    f->options.folder = place(f, "other");
    assert_ok(history_open(&f->options, &f->history, error));
    append_columns(history_database_path(f->history), &made);
    history_close(&f->history);
    assert_non_null(strstr(buf_string(&made), "places path TEXT"));
    assert_string_equal(buf_string(&made), buf_string(&migrated));
    buf_finish(&migrated);
    buf_finish(&made);
}

/* Somebody of format 4 has it open: it records on, and the next session gives its notebook a place.
 */
static void test_an_old_forkernel_records_on(void **state) {
    struct fixture *f = *state;
    make_store_4(f);
    fixture_open(f);
    execute(place(f, database),
        "INSERT INTO documents (path, uuid, created_us) VALUES ('/notes/b.ipynb', x'01', 3000)");
    struct history_session *session = NULL;
    struct history_session_start start = {.document_path = "/notes/b.ipynb"};
    assert_ok(history_session_begin(f->history, &start, &session, error));
    assert_int_equal(ask(place(f, database), "SELECT count(*) FROM places WHERE document_id = 3"
                                             " AND path = '/notes/b.ipynb'"),
        1);
    assert_ok(history_session_end(&session, 0, error));
    fixture_close(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_a_store_of_format_4),
        TEST(test_new_and_migrated_are_the_same),
        TEST(test_an_old_forkernel_records_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
