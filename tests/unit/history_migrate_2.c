/* history/: stores of format 2, whose versions are stored in another way. */
#include "history_old_stores.h"

static const char *const texts[] = {"int x = 1;\nint y = 2;\n", "puts(\"b\");\n",
    "int x = 1;\nint y = 3;\n", "int x = 1;\nint y = 3;\nint z = 4;\n", "int x = 7;\nint y = 2;\n",
    "c();\n"};

enum { VERSIONS = sizeof texts / sizeof *texts };

static const char *place(const struct fixture *f, const char *end) {
    static char paths[2][128];
    static int turn;
    turn = !turn;
    snprintf(paths[turn], sizeof paths[turn], "%s/history.sqlite3%s", f->folder, end);
    return paths[turn];
}

static void make_store_2(const struct fixture *f) {
    struct buf all = BUF_INIT;
    buf_printf(&all, "%s%s%s", schema_1, schema_2, rows_2);
    execute(place(f, ""), buf_string(&all));
    buf_finish(&all);
}

static void assert_notebook(struct fixture *f, int64_t time_us, const char *want) {
    struct history_notebook notebook;
    struct buf got = BUF_INIT;
    assert_ok(history_read_notebook(f->history, 1, time_us, &f->memory, &notebook, error));
    for (size_t i = 0; i < notebook.count; i++)
        buf_printf(&got, "%s%lld(%lld) ", notebook.items[i].key,
            (long long)notebook.items[i].version, (long long)notebook.items[i].run_id);
    assert_string_equal(buf_string(&got), want);
    buf_finish(&got);
}

/* All that was in it is there. */
static void assert_store_2(struct fixture *f) {
    static const int64_t parents[] = {0, 0, 1, 3, 1, 0};
    for (int64_t i = 0; i < VERSIONS; i++) {
        struct history_version version;
        assert_ok(history_read_version(f->history, 1, i + 1, &f->memory, &version, error));
        assert_string_equal(version.text, texts[i]);
        assert_int_equal(version.parent, parents[i]);
        assert_int_equal(version.runs.count, i == 2 ? 2 : 1);
        assert_string_equal(version.label, "");
    }
    static const struct {
        int64_t from, to;
    } moves[] = {{0, 1}, {0, 2}, {1, 3}, {3, 4}, {4, 1}, {1, 5}, {0, 6}, {2, 0}, {5, 3}};
    struct history_moves log;
    assert_ok(history_read_log(f->history, 1, 0, &f->memory, &log, error));
    assert_int_equal(log.count, 9);
    for (size_t i = 0, at = 0; i < log.count; i++, at++) {
        /* the deletion is in the log by its time, the order inside one second is not known */
        if (i == 7 && log.items[i].to == 3)
            at = 8;
        if (i == 8 && log.items[i].to == 0)
            at = 7;
        assert_int_equal(log.items[i].from, moves[at].from);
        assert_int_equal(log.items[i].to, moves[at].to);
    }
    struct history_cells cells;
    assert_ok(history_list_cells(f->history, 1, &f->memory, &cells, error));
    assert_int_equal(cells.count, 3);
    assert_int_equal(cells.items[0].versions, 4);
    assert_int_equal(cells.items[0].runs, 5);
    assert_int_equal(cells.items[0].type, HISTORY_CELL_CODE);
    assert_int_equal(cells.items[1].deleted_us, 1700000007000000);
    assert_notebook(f, 0, "a3(7) c6(6) ");
    assert_notebook(f, 1700000007500000, "a5(5) c6(6) ");
    assert_notebook(f, 1700000005500000, "a1(1) b2(2) ");
    assert_notebook(f, 1700000001500000, "a1(1) ");
}

static struct history_edited edit(
    struct fixture *f, const char *key, enum history_cause cause, const char *text) {
    struct history_edit one = {.kind = HISTORY_EDIT_TEXT,
        .cell_key = key,
        .cause = cause,
        .text = text,
        .text_bytes = strlen(text)};
    struct history_edits edits = {.items = &one, .count = 1};
    struct history_edited edited;
    assert_ok(history_record_edits(f->session, &edits, &edited, NULL, error));
    return edited;
}

static void test_a_store_of_format_2(void **state) {
    struct fixture *f = *state;
    make_store_2(f);
    fixture_open(f);
    assert_store_2(f);
    /* its texts are found, and go on as trees do */
    assert_int_equal(edit(f, "a", HISTORY_CAUSE_UNDO, texts[0]).version, 1);
    assert_int_equal(edit(f, "a", HISTORY_CAUSE_REDO, texts[3]).version, 4);
    assert_int_equal(edit(f, "a", HISTORY_CAUSE_TYPING, "int x = 1;\nint y = 3;\n!").version, 7);
    assert_int_equal(edit(f, "b", HISTORY_CAUSE_FILE, texts[1]).version, 2);
    assert_notebook(f, 0, "a7(0) b2(2) c6(6) ");
    fixture_close(f);
    assert_int_equal(ask(place(f, ""), "PRAGMA user_version"), 5);
    assert_int_equal(ask(place(f, ".v2"), "PRAGMA user_version"), 2);
    assert_int_equal(ask(place(f, ".v2"), "SELECT sum(depth) FROM versions"), 4);
    assert_int_not_equal(access(place(f, ".v1"), F_OK), 0);
}

static void test_looking_at_format_2(void **state) {
    struct fixture *f = *state;
    make_store_2(f);
    f->options.read_only = true;
    assert_ok(history_open(&f->options, &f->history, error));
    assert_store_2(f);
    history_close(&f->history);
    assert_int_equal(ask(place(f, ""), "PRAGMA user_version"), 2);
    assert_int_not_equal(access(place(f, ".v2"), F_OK), 0);
}

static void test_new_and_migrated_are_the_same(void **state) {
    struct fixture *f = *state;
    make_store_2(f);
    fixture_open(f);
    fixture_close(f);
    struct buf migrated = BUF_INIT, made = BUF_INIT;
    append_columns(place(f, ""), &migrated);
    char other[128];
    snprintf(other, sizeof other, "%s/other", f->folder);
    f->options.folder = other;
    assert_ok(history_open(&f->options, &f->history, error));
    append_columns(history_database_path(f->history), &made);
    history_close(&f->history);
    assert_string_equal(buf_string(&made), buf_string(&migrated));
    buf_finish(&migrated);
    buf_finish(&made);
}

/* A row that cannot be read: nothing changes. */
static void test_a_damaged_store_of_format_2(void **state) {
    struct fixture *f = *state;
    make_store_2(f);
    execute(place(f, ""), "UPDATE versions SET depth = 200 WHERE id = 4294967300");
    struct error why = {.message = ""};
    assert_int_equal(history_open(&f->options, &f->history, &why), STATUS_CORRUPT);
    assert_non_null(strstr(why.message, "stays as it was"));
    assert_int_equal(ask(place(f, ""), "PRAGMA user_version"), 2);
    assert_int_equal(ask(place(f, ""), "SELECT count(*) FROM versions"), VERSIONS);
    assert_int_not_equal(access(place(f, ".v2"), F_OK), 0);
}

/* Parents that are not there or come later, bytes that are no text: said, and no more. */
static void test_damaged_versions(void **state) {
    static const char *const damages[] = {"UPDATE versions SET back = 99 WHERE back IS NOT NULL",
        "UPDATE versions SET back = -1 WHERE back IS NOT NULL",
        "UPDATE versions SET text = x'' WHERE back IS NOT NULL",
        "UPDATE versions SET text = x'03ffffffffff7f' WHERE back IS NOT NULL",
        "UPDATE versions SET text = x'037f7f41' WHERE back IS NOT NULL",
        "UPDATE version_lists SET entries = x'00000105'", "DELETE FROM versions WHERE back IS NULL",
        "UPDATE layouts SET cells = x'05'"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        make_store_2(f);
        fixture_open(f);
        execute(place(f, ""), damages[i]);
        struct history_versions tree;
        struct history_notebook notebook;
        struct history_cells cells;
        enum status statuses[] = {
            history_read_tree(f->history, 1, &f->memory, &tree, NULL),
            history_read_notebook(f->history, 1, 0, &f->memory, &notebook, NULL),
            history_list_cells(f->history, 1, &f->memory, &cells, NULL),
        };
        for (size_t s = 0; s < 3; s++)
            assert_true(statuses[s] == STATUS_OK || statuses[s] == STATUS_CORRUPT);
        struct history_edit one = {.kind = HISTORY_EDIT_TEXT,
            .cell_key = "a",
            .cause = HISTORY_CAUSE_UNDO,
            .text = texts[0],
            .text_bytes = strlen(texts[0])};
        struct history_edits edits = {.items = &one, .count = 1};
        enum status status = history_record_edits(f->session, &edits, NULL, NULL, NULL);
        assert_true(status == STATUS_OK || status == STATUS_CORRUPT || status == STATUS_IO);
        fixture_close(f);
        static const char *const ends[] = {"", ".v2", "-wal", "-shm"};
        for (size_t end = 0; end < 4; end++)
            unlink(place(f, ends[end]));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_a_store_of_format_2),
        TEST(test_looking_at_format_2),
        TEST(test_new_and_migrated_are_the_same),
        TEST(test_a_damaged_store_of_format_2),
        TEST(test_damaged_versions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
