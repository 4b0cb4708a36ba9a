/* history/: damage of stores of small edits, whose texts stand on long chains and whose lists have
 * several rows, and of stores of format 2. */
#include "history_doctor.h"
#include "history_old_stores.h"

#include "history/edits.h"

#include "base/file.h"

enum { PAGE = 4096, VERSIONS = 900, CELLS = 2 };

static const char *place(const struct fixture *f, const char *end) {
    static char paths[2][128];
    static int turn;
    turn = !turn;
    snprintf(paths[turn], sizeof paths[turn], "%s/history.sqlite3%s", f->folder, end);
    return paths[turn];
}

static void make_text(int i, char text[64]) {
    snprintf(text, 64, "int cell_%d = 0;\nint x = %d;\nreturn x;\n", i % CELLS, i);
}

static void make_store(struct fixture *f) {
    static const char *const order[] = {"c1", "c0"};
    fixture_open(f);
    for (int i = 1; i <= VERSIONS; i++) {
        char key[8], text[64];
        snprintf(key, sizeof key, "c%d", i % CELLS);
        make_text(i, text);
        struct history_edit edit = {.kind = HISTORY_EDIT_TEXT,
            .cell_key = key,
            .cause = HISTORY_CAUSE_TYPING,
            .text = text,
            .text_bytes = strlen(text)};
        struct history_edits edits = {.client = "front", .sequence = i, .items = &edit, .count = 1};
        assert_ok(history_record_edits(f->session, &edits, NULL, NULL, error));
    }
    struct history_edit layout = {.kind = HISTORY_EDIT_LAYOUT, .keys = order, .key_count = 2};
    struct history_edits edits = {
        .client = "front", .sequence = VERSIONS + 1, .items = &layout, .count = 1};
    assert_ok(history_record_edits(f->session, &edits, NULL, NULL, error));
    assert_ok(history_set_label(f->history, 1, HISTORY_VERSION, 7, "good fit", error));
    const struct history_setting *limit = history_setting_find("text_limit");
    assert_ok(history_set_setting(f->history, HISTORY_ALL_DOCUMENTS, limit, 2000, error));
    assert_ok(history_set_setting(f->history, 1, limit, 3000, error));
    fixture_close(f);
}

/* All versions are there; how many of the texts are lost. */
static int count_lost(struct fixture *f, int count) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    int lost = 0;
    assert_ok(history_open(&f->options, &f->history, error));
    for (int i = 1; i <= count; i++) {
        char text[64];
        struct history_version version;
        make_text(i, text);
        assert_ok(history_read_version(f->history, 1, i, &memory, &version, error));
        if (strcmp(version.text, text) == 0)
            continue;
        assert_non_null(strstr(version.text, "was lost"));
        lost++;
    }
    history_close(&f->history);
    history_memory_finish(&memory);
    return lost;
}

/* What no page of the versions holds. */
static void assert_rest(struct fixture *f) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_notebook notebook;
    struct history_version version;
    int64_t sequence = 0;
    assert_ok(history_open(&f->options, &f->history, error));
    assert_ok(history_read_notebook(f->history, 1, 0, &memory, &notebook, error));
    assert_int_equal(notebook.count, CELLS);
    assert_string_equal(notebook.items[0].key, "c1");
    assert_ok(history_client_sequence(f->history, "front", &sequence, error));
    assert_int_equal(sequence, VERSIONS + 1);
    assert_ok(history_read_version(f->history, 1, 7, &memory, &version, error));
    assert_string_equal(version.label, "good fit");
    struct history_setting_value value;
    assert_ok(
        history_read_setting(f->history, 1, history_setting_find("text_limit"), &value, error));
    assert_int_equal(value.of_document, 3000);
    assert_int_equal(value.of_all, 2000);
    history_close(&f->history);
    history_memory_finish(&memory);
}

static void test_any_page(void **state) {
    struct fixture *f = *state;
    make_store(f);
    struct buf whole = BUF_INIT;
    assert_ok(file_read(place(f, ""), 1 << 26, &whole, error));
    size_t pages = whole.size / PAGE, with_losses = 0;
    assert_true(pages > 15);
    for (size_t page = 0; page < pages; page++) {
        struct buf bytes = BUF_INIT;
        buf_append(&bytes, whole.data, whole.size);
        for (size_t at = 0; at < PAGE; at++)
            bytes.data[page * PAGE + at] = (char)(at * 7 + 0xa5);
        unlink(place(f, "-wal"));
        unlink(place(f, "-shm"));
        assert_ok(file_write(place(f, ""), bytes.data, bytes.size, 0600, error));
        struct findings repair = doctor_run(f->folder, true);
        struct findings after = doctor_run(f->folder, false);
        if (after.health.damage)
            fail_msg("page %zu: %s\nthen %s", page + 1, buf_string(&repair.text),
                buf_string(&after.text));
        int lost = count_lost(f, VERSIONS);
        with_losses += lost > 0;
        if (repair.health.damage < lost || lost > 600)
            fail_msg("page %zu: lost %d\n%s", page + 1, lost, buf_string(&repair.text));
        if (page == 0)
            assert_rest(f);
        buf_finish(&repair.text);
        buf_finish(&after.text);
        buf_finish(&bytes);
    }
    assert_in_range(with_losses, 1, pages / 2);
    buf_finish(&whole);
}

static void test_whole_store(void **state) {
    struct fixture *f = *state;
    make_store(f);
    doctor_assert_well(f->folder);
    struct history_check_options options = {.folder = f->folder, .repair = true};
    struct history_health health;
    assert_ok(history_salvage(f->folder, &options, &health, error));
    assert_int_equal(health.damage, 0);
    assert_int_equal(health.versions, VERSIONS);
    doctor_assert_well(f->folder);
    assert_int_equal(count_lost(f, VERSIONS), 0);
    assert_rest(f);
}

/* Found, and after the repair no text is lost. */
static void spoil_and_repair(struct fixture *f, const char *script, const char *says, int lost) {
    execute(place(f, ""), script);
    struct findings found = doctor_run(f->folder, false);
    if (!found.health.damage || !strstr(buf_string(&found.text), says))
        fail_msg("not '%s': %s", says, buf_string(&found.text));
    buf_finish(&found.text);
    struct findings repair = doctor_run(f->folder, true);
    assert_int_equal(repair.health.damage, lost);
    buf_finish(&repair.text);
    doctor_assert_well(f->folder);
    assert_int_equal(count_lost(f, VERSIONS), lost);
    assert_rest(f);
}

static void test_damaged_lists(void **state) {
    struct fixture *f = *state;
    make_store(f);
    spoil_and_repair(f,
        "DELETE FROM version_lists WHERE (cell_id, first_number) IN (SELECT cell_id, first_number "
        "FROM version_lists LIMIT 1)",
        "the list of its cell does not have it", 0);
    spoil_and_repair(f,
        "UPDATE version_lists SET entries = CAST(substr(entries, 1, length(entries) - 1) AS BLOB)",
        "it is damaged", 0);
    /* a number that is larger by one, and with it all that follow */
    spoil_and_repair(f,
        "UPDATE version_lists SET entries = CAST(substr(entries, 1, 3) || x'03' || "
        "substr(entries, 5) AS BLOB)",
        "the list of its cell does not have it", 0);
}

static void test_damaged_versions(void **state) {
    struct fixture *f = *state;
    make_store(f);
    spoil_and_repair(f, "UPDATE versions SET back = NULL WHERE id = (1 << 32) + 900",
        "its text cannot be read", 1);
}

static void test_missing_version(void **state) {
    struct fixture *f = *state;
    make_store(f);
    /* the newest of its cell: only the list and the head know of it */
    spoil_and_repair(f, "DELETE FROM versions WHERE id = (1 << 32) + 900", "it is not there", 1);
}

static void test_format_2(void **state) {
    static const char *const texts[] = {"int x = 1;\nint y = 2;\n", "puts(\"b\");\n",
        "int x = 1;\nint y = 3;\n", "int x = 1;\nint y = 3;\nint z = 4;\n",
        "int x = 7;\nint y = 2;\n", "c();\n"};
    static const int64_t parents[] = {0, 0, 1, 3, 1, 0};
    struct fixture *f = *state;
    struct buf all = BUF_INIT, bytes = BUF_INIT;
    buf_printf(&all, "%s%s%s", schema_1, schema_2, rows_2);
    execute(place(f, ""), buf_string(&all));
    assert_ok(file_read(place(f, ""), 1 << 26, &bytes, error));
    memset(bytes.data, 0xa5, PAGE);
    assert_ok(file_write(place(f, ""), bytes.data, bytes.size, 0600, error));
    struct history_check_options options = {
        .folder = f->folder, .repair = true, .skip_files = true};
    struct history_health health;
    assert_ok(history_doctor(&options, &health, error));
    assert_int_equal(health.damage, 0);
    assert_int_equal(health.versions, 6);
    assert_ok(history_open(&f->options, &f->history, error));
    for (int i = 0; i < 6; i++) {
        struct history_version version;
        assert_ok(history_read_version(f->history, 1, i + 1, &f->memory, &version, error));
        assert_string_equal(version.text, texts[i]);
        assert_int_equal(version.parent, parents[i]);
    }
    history_close(&f->history);
    buf_finish(&all);
    buf_finish(&bytes);
}

/* Without its schema and the roots of its tables. */
static void test_format_3(void **state) {
    struct fixture *f = *state;
    struct buf all = BUF_INIT, bytes = BUF_INIT;
    buf_printf(&all, "%s%s", schema_3, rows_3);
    execute(place(f, ""), buf_string(&all));
    assert_ok(file_read(place(f, ""), 1 << 26, &bytes, error));
    memset(bytes.data, 0xa5, PAGE);
    assert_ok(file_write(place(f, ""), bytes.data, bytes.size, 0600, error));
    struct history_check_options options = {
        .folder = f->folder, .repair = true, .skip_files = true};
    struct history_health health;
    assert_ok(history_doctor(&options, &health, error));
    assert_int_equal(health.damage, 0);
    assert_int_equal(health.versions, 2);
    int64_t sequence = 0;
    struct history_version version;
    assert_ok(history_open(&f->options, &f->history, error));
    assert_ok(history_client_sequence(f->history, "page", &sequence, error));
    assert_int_equal(sequence, 8);
    assert_ok(history_read_version(f->history, 1, 2, &f->memory, &version, error));
    assert_string_equal(version.text, "two");
    history_close(&f->history);
    assert_int_equal(ask(place(f, ""), "SELECT count(*) FROM clients WHERE heard_us > 0"), 1);
    buf_finish(&all);
    buf_finish(&bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_any_page),
        TEST(test_whole_store),
        TEST(test_damaged_lists),
        TEST(test_damaged_versions),
        TEST(test_missing_version),
        TEST(test_format_2),
        TEST(test_format_3),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
