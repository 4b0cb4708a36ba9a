/* history/: what versions have besides their texts, whole and damaged. */
#include "history_doctor.h"
#include "history_old_stores.h"

static struct history_edited tell(struct fixture *f, const char *key, const char *text,
    enum history_cause cause, const char *extras) {
    struct history_edited edited;
    struct history_edit edit = {.kind = HISTORY_EDIT_TEXT,
        .cell_key = key,
        .cause = cause,
        .text = text,
        .text_bytes = strlen(text),
        .extras = extras,
        .extras_bytes = extras ? strlen(extras) : 0,
        .time_us = ++f->now_us};
    struct history_edits edits = {.items = &edit, .count = 1};
    assert_ok(history_record_edits(f->session, &edits, &edited, NULL, error));
    return edited;
}

/* NULL: none were ever told. */
static const char *extras_of(struct fixture *f, int64_t number) {
    struct history_extras extras;
    struct error error;
    enum status status = history_read_extras(f->history, 1, number, &f->memory, &extras, &error);
    if (status == STATUS_NOT_FOUND)
        return NULL;
    assert_int_equal(status, STATUS_OK);
    assert_non_null(extras.bytes);
    assert_int_equal(extras.size, strlen(extras.bytes));
    return extras.bytes;
}

static int64_t count(const struct fixture *f, const char *text) {
    return ask(history_database_path(f->history), text);
}

static void test_told_and_inherited(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    struct history_edited one = tell(f, "a", "one", HISTORY_CAUSE_TYPING, "picture");
    struct history_edited two = tell(f, "a", "one two", HISTORY_CAUSE_TYPING, NULL);
    struct history_edited none = tell(f, "a", "three", HISTORY_CAUSE_TYPING, "");
    struct history_run_place run = fixture_run(f, "b", "of another cell");
    assert_string_equal(extras_of(f, one.version), "picture");
    assert_string_equal(extras_of(f, two.version), "picture");
    assert_string_equal(extras_of(f, none.version), "");
    assert_null(extras_of(f, run.version));
    assert_null(extras_of(f, 0));
    assert_null(extras_of(f, 1000));
    assert_null(extras_of(f, (int64_t)1 << 40));
    /* nothing to say about a cell that never had any */
    struct history_edited plain = tell(f, "c", "plain", HISTORY_CAUSE_TYPING, "");
    assert_null(extras_of(f, plain.version));
    fixture_close(f);
    doctor_assert_well(f->folder);
}

static void test_the_newest_of_a_version_counts(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    struct history_edited first = tell(f, "a", "text", HISTORY_CAUSE_TYPING, "open");
    struct history_edited child = tell(f, "a", "text 2", HISTORY_CAUSE_TYPING, NULL);
    struct history_edited same = tell(f, "a", "text", HISTORY_CAUSE_UNDO, "folded");
    assert_false(same.new_version);
    assert_int_equal(same.version, first.version);
    assert_string_equal(extras_of(f, first.version), "folded");
    assert_string_equal(extras_of(f, child.version), "open"); /* as it was then */
    tell(f, "a", "text", HISTORY_CAUSE_FILE, "open");
    assert_string_equal(extras_of(f, first.version), "open");
    tell(f, "a", "text", HISTORY_CAUSE_FILE, "open");
    /* each is there once, and what was told before is, too */
    assert_int_equal(count(f, "SELECT count(*) FROM extras"), 2);
    assert_int_equal(count(f, "SELECT count(*) FROM version_extras"), 4);
    fixture_close(f);
}

static void test_from_its_origin(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    tell(f, "a", "text", HISTORY_CAUSE_TYPING, "picture");
    struct history_edited edited;
    struct history_edit edit = {.kind = HISTORY_EDIT_TEXT,
        .cell_key = "b",
        .cause = HISTORY_CAUSE_SPLIT,
        .text = "xt",
        .text_bytes = 2,
        .origin_key = "a"};
    struct history_edits edits = {.items = &edit, .count = 1};
    assert_ok(history_record_edits(f->session, &edits, &edited, NULL, error));
    assert_string_equal(extras_of(f, edited.version), "picture");
    fixture_close(f);
}

static void test_over_the_limit(void **state) {
    struct fixture *f = *state;
    f->options.binary_limit_bytes = 10;
    fixture_open(f);
    struct history_edited edited = tell(f, "a", "text", HISTORY_CAUSE_TYPING, "eleven byte");
    struct history_extras extras, kept;
    assert_ok(history_read_extras(f->history, 1, edited.version, &f->memory, &extras, error));
    assert_null(extras.bytes);
    assert_int_equal(extras.size, 11);
    fixture_close(f);
    doctor_assert_well(f->folder);
    /* told again under a larger limit they are kept */
    f->options.binary_limit_bytes = 11;
    fixture_open(f);
    edited = tell(f, "b", "other", HISTORY_CAUSE_TYPING, "eleven byte");
    assert_ok(history_read_extras(f->history, 1, edited.version, &f->memory, &kept, error));
    assert_string_equal(kept.bytes, "eleven byte");
    assert_memory_equal(kept.hash, extras.hash, sizeof kept.hash);
    assert_int_equal(count(f, "SELECT count(*) FROM extras"), 1);
    fixture_close(f);
    doctor_assert_well(f->folder);
}

static void test_damaged(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    struct history_edited good = tell(f, "a", "text", HISTORY_CAUSE_TYPING, "good");
    struct history_edited bad = tell(f, "b", "text", HISTORY_CAUSE_TYPING, "bad");
    char path[128];
    snprintf(path, sizeof path, "%s", history_database_path(f->history));
    fixture_close(f);
    execute(path, "UPDATE extras SET bytes = x'00ff' WHERE size = 3");
    doctor_expect(f->folder, false, 2, "1 of them cannot be read");
    doctor_expect(f->folder, true, 1, "attachments or metadata of 1 cells are lost");
    doctor_assert_well(f->folder);
    fixture_open(f);
    assert_string_equal(extras_of(f, good.version), "good");
    assert_null(extras_of(f, bad.version));
    fixture_close(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_told_and_inherited),
        TEST(test_the_newest_of_a_version_counts),
        TEST(test_from_its_origin),
        TEST(test_over_the_limit),
        TEST(test_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
