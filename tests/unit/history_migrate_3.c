/* history/: stores of format 3, which knew no settings and shared no files. */
#include "history_old_stores.h"

#include "base/clock.h"
#include "base/file.h"

#include <sys/stat.h>

static const char *place(const struct fixture *f, const char *end) {
    static char paths[2][160];
    static int turn;
    turn = !turn;
    snprintf(paths[turn], sizeof paths[turn], "%s/%s", f->folder, end);
    return paths[turn];
}

static const char database[] = "history.sqlite3";
static const char folder_of_run[] = "outputs/1970/01/01/run-1";
static const char file_of_run[] = "outputs/1970/01/01/run-1/0001-display.txt";

enum { SIZE = 5000 };

static void make_store_3(const struct fixture *f, char bytes[SIZE + 1]) {
    struct buf all = BUF_INIT;
    buf_printf(&all, "%s%s", schema_3, rows_3);
    execute(place(f, database), buf_string(&all));
    buf_finish(&all);
    memset(bytes, 'x', SIZE);
    bytes[SIZE] = '\0';
    assert_ok(file_make_folders(place(f, folder_of_run), 0700, error));
    assert_ok(file_write(place(f, file_of_run), bytes, SIZE, 0600, error));
}

static void test_a_store_of_format_3(void **state) {
    struct fixture *f = *state;
    char bytes[SIZE + 1];
    make_store_3(f, bytes);
    int64_t before_us = clock_wall_us() - 1000000, highest = 0;
    fixture_open(f);
    struct history_version version;
    assert_ok(history_read_version(f->history, 1, 2, &f->memory, &version, error));
    assert_string_equal(version.text, "two");
    assert_int_equal(version.parent, 1);
    assert_int_equal(version.runs.count, 1);
    assert_ok(history_read_version(f->history, 1, 1, &f->memory, &version, error));
    assert_string_equal(version.text, "one");
    assert_string_equal(version.label, "first");
    /* its pages count as heard of now */
    assert_ok(history_client_sequence(f->history, "page", &highest, error));
    assert_int_equal(highest, 8);
    assert_true(ask(place(f, database), "SELECT heard_us FROM clients") >= before_us);
    /* what it kept is shared from now on */
    struct history_run *run = fixture_begin(f, "a", "two");
    struct history_item item = {"text/plain", bytes, SIZE};
    assert_ok(history_run_bundle(run, HISTORY_DISPLAY, NULL, &item, 1, error));
    fixture_end(f, &run);
    struct stat info;
    assert_int_equal(stat(place(f, file_of_run), &info), 0);
    assert_int_equal(info.st_nlink, 2);
    fixture_close(f);
    assert_int_equal(ask(place(f, database), "PRAGMA user_version"), 5);
    assert_int_equal(ask(place(f, "history.sqlite3.v3"), "PRAGMA user_version"), 3);
    assert_int_equal(ask(place(f, "history.sqlite3.v3"), "SELECT sequence FROM clients"), 8);
}

static void test_looking_at_format_3(void **state) {
    struct fixture *f = *state;
    char bytes[SIZE + 1];
    make_store_3(f, bytes);
    f->options.read_only = true;
    assert_ok(history_open(&f->options, &f->history, error));
    struct history_setting_value value;
    assert_ok(
        history_read_setting(f->history, 1, history_setting_find("text_limit"), &value, error));
    assert_int_equal(value.in_force, 1 << 20);
    fixture_assert_part(f, &fixture_outputs(f, 1).items[0].parts[0], bytes);
    history_close(&f->history);
    assert_int_equal(ask(place(f, database), "PRAGMA user_version"), 3);
    assert_int_not_equal(access(place(f, "history.sqlite3.v3"), F_OK), 0);
}

static void test_new_and_migrated_are_the_same(void **state) {
    struct fixture *f = *state;
    char bytes[SIZE + 1];
    make_store_3(f, bytes);
    fixture_open(f);
    fixture_close(f);
    struct buf migrated = BUF_INIT, made = BUF_INIT;
    append_columns(place(f, database), &migrated);
    f->options.folder = place(f, "other");
    assert_ok(history_open(&f->options, &f->history, error));
    append_columns(history_database_path(f->history), &made);
    history_close(&f->history);
    assert_non_null(strstr(buf_string(&made), "settings value TEXT"));
    assert_string_equal(buf_string(&made), buf_string(&migrated));
    buf_finish(&migrated);
    buf_finish(&made);
}

/* Somebody of format 3 has it open: it records on. */
static void test_an_old_forkernel_records_on(void **state) {
    struct fixture *f = *state;
    char bytes[SIZE + 1];
    make_store_3(f, bytes);
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(place(f, database), &db), SQLITE_OK);
    static const char insert[] =
        "INSERT INTO clients (name, sequence) VALUES ('other', 3) ON CONFLICT (name) DO UPDATE "
        "SET sequence = excluded.sequence;"
        "INSERT INTO outputs (run_id, sequence, kind, created_us, sealed, complete, late) "
        "  VALUES (1, 2, 1, 1, 1, 1, 0);"
        "INSERT INTO output_parts (output_id, position, mime, total_bytes, head_bytes, tail_bytes) "
        "  VALUES (2, 0, 'text/plain', 9, 9, 0)";
    fixture_open(f);
    char *why = NULL;
    if (sqlite3_exec(db, insert, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("%s", why);
    sqlite3_close(db);
    fixture_close(f);
    /* when its page was heard of is not known: that is no reason to forget it */
    fixture_open(f);
    int64_t highest = 0;
    assert_ok(history_client_sequence(f->history, "other", &highest, error));
    assert_int_equal(highest, 3);
    fixture_close(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_a_store_of_format_3),
        TEST(test_looking_at_format_3),
        TEST(test_new_and_migrated_are_the_same),
        TEST(test_an_old_forkernel_records_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
