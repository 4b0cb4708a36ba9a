/* history/: limits that are set in the store, for all notebooks and for one. */
#include "history_doctor.h"
#include "history_old_stores.h"

#include "base/clock.h"

static const struct history_setting *setting(const char *name) {
    const struct history_setting *found = history_setting_find(name);
    assert_non_null(found);
    return found;
}

static void set(struct fixture *f, int64_t document_id, const char *name, int64_t value) {
    assert_ok(history_set_setting(f->history, document_id, setting(name), value, error));
}

static int64_t in_force(struct fixture *f, int64_t document_id, const char *name) {
    struct history_setting_value value;
    assert_ok(history_read_setting(f->history, document_id, setting(name), &value, error));
    return value.in_force;
}

/* How much is kept of 5,000 bytes of text. */
static int64_t kept_text(struct fixture *f) {
    char text[5000];
    memset(text, 't', sizeof text);
    struct history_run *run = fixture_begin(f, "a", "print");
    int64_t id = history_run_place(run).run_id;
    assert_ok(history_run_write(run, HISTORY_STDOUT, text, sizeof text, error));
    fixture_end(f, &run);
    const struct history_part *part = fixture_outputs(f, id).items[0].parts;
    assert_int_equal(part->total_bytes, sizeof text);
    return part->head_bytes + part->tail_bytes;
}

static void test_the_notebook_comes_before_all(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    int64_t document = history_session_document(f->session), other = 0;
    assert_int_equal(in_force(f, document, "text_limit"), 1 << 20);
    assert_int_equal(in_force(f, document, "picture_limit"), 16 << 20);
    assert_int_equal(in_force(f, document, "outputs_limit"), 10000);
    assert_int_equal(kept_text(f), 5000);
    set(f, HISTORY_ALL_DOCUMENTS, "text_limit", 2048);
    assert_int_equal(in_force(f, document, "text_limit"), 2048);
    assert_int_equal(kept_text(f), 2048);
    set(f, document, "text_limit", 4096);
    assert_int_equal(in_force(f, document, "text_limit"), 4096);
    assert_int_equal(in_force(f, HISTORY_ALL_DOCUMENTS, "text_limit"), 2048);
    assert_int_equal(kept_text(f), 4096);
    assert_ok(history_session_end(&f->session, 0, error));
    struct history_session_start start = {.document_path = "/notes/b.ipynb"};
    assert_ok(history_session_begin(f->history, &start, &f->session, error));
    other = history_session_document(f->session);
    assert_int_not_equal(other, document);
    assert_int_equal(kept_text(f), 2048);
    set(f, HISTORY_ALL_DOCUMENTS, "text_limit", 0);
    assert_int_equal(kept_text(f), 5000);
    struct history_setting_value value;
    assert_ok(history_read_setting(f->history, document, setting("text_limit"), &value, error));
    assert_int_equal(value.of_document, 4096);
    assert_int_equal(value.of_all, 0);
    fixture_close(f);
    doctor_assert_well(f->folder);
}

/* Set by another process while a run lasts: that one goes on as it began, the next one obeys. */
static void test_from_the_next_run_on(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    int64_t document = history_session_document(f->session);
    struct history_run *run = fixture_begin(f, "a", "print");
    int64_t id = history_run_place(run).run_id;
    fixture_print(run, "before ");
    struct history *other = NULL;
    assert_ok(history_open(&f->options, &other, error));
    assert_ok(history_set_setting(other, document, setting("text_limit"), 1024, error));
    assert_ok(history_set_setting(other, document, setting("picture_limit"), 2000, error));
    assert_ok(history_set_setting(other, document, setting("outputs_limit"), 2, error));
    history_close(&other);
    char text[3000];
    memset(text, 't', sizeof text);
    assert_ok(history_run_write(run, HISTORY_STDOUT, text, sizeof text, error));
    fixture_end(f, &run);
    assert_int_equal(fixture_outputs(f, id).items[0].parts[0].head_bytes, 3007);
    assert_int_equal(kept_text(f), 1024);
    run = fixture_begin(f, "a", "display");
    id = history_run_place(run).run_id;
    struct history_item items[] = {{"image/png", text, 2001}, {"image/gif", text, 2000}};
    for (int i = 0; i < 3; i++)
        assert_ok(history_run_bundle(run, HISTORY_DISPLAY, NULL, items, 2, error));
    fixture_end(f, &run);
    struct history_outputs outputs = fixture_outputs(f, id);
    assert_int_equal(outputs.count, 2);
    assert_string_equal(outputs.items[0].parts[0].path, "");
    assert_int_equal(outputs.items[0].parts[0].total_bytes, 2001);
    assert_int_equal(outputs.items[0].parts[1].head_bytes, 2000);
    struct history_run_info info;
    assert_ok(history_read_run(f->history, id, &f->memory, &info, error));
    assert_int_equal(info.outputs_dropped, 1);
    fixture_close(f);
}

/* What is being written is read by the limit of its notebook, by a process that was not told. */
static void test_a_run_that_lasts_is_read_by_it(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    set(f, history_session_document(f->session), "text_limit", 1024);
    struct history_run *run = fixture_begin(f, "a", "print");
    int64_t id = history_run_place(run).run_id;
    char text[100];
    memset(text, 't', sizeof text);
    for (int i = 0; i < 30; i++)
        assert_ok(history_run_write(run, HISTORY_STDOUT, text, sizeof text, error));
    struct history_options look = {.folder = f->folder, .read_only = true};
    struct history *reader = NULL;
    struct buf before = BUF_INIT, after = BUF_INIT;
    struct history_outputs outputs;
    assert_ok(history_open(&look, &reader, error));
    assert_ok(history_list_outputs(reader, id, &f->memory, &outputs, error));
    assert_ok(history_read_part(reader, &outputs.items[0].parts[0], &before, error));
    fixture_end(f, &run);
    assert_ok(history_list_outputs(reader, id, &f->memory, &outputs, error));
    assert_ok(history_read_part(reader, &outputs.items[0].parts[0], &after, error));
    assert_non_null(strstr(buf_string(&after), "[... 1976 bytes left out ...]"));
    assert_string_equal(buf_string(&before), buf_string(&after));
    buf_finish(&before);
    buf_finish(&after);
    history_close(&reader);
    fixture_close(f);
}

static void test_what_cannot_be_set(void **state) {
    struct fixture *f = *state;
    struct error why = {.message = ""};
    fixture_open(f);
    int64_t document = history_session_document(f->session);
    for (size_t i = 0; history_setting_at(i); i++) {
        const struct history_setting *one = history_setting_at(i);
        assert_ptr_equal(history_setting_find(one->name), one);
        assert_true(one->least <= one->standard && one->standard <= one->most);
        const int64_t wrong[] = {-1, one->least - 1, one->most + 1, INT64_MAX, INT64_MIN};
        for (size_t w = 0; w < sizeof wrong / sizeof *wrong; w++) {
            if (!wrong[w])
                continue;
            assert_int_equal(
                history_set_setting(f->history, document, one, wrong[w], &why), STATUS_INVALID);
            assert_non_null(strstr(why.message, one->name));
        }
        assert_ok(history_set_setting(f->history, document, one, one->least, error));
        assert_ok(history_set_setting(f->history, document, one, one->most, error));
        assert_int_equal(in_force(f, document, one->name), one->most);
    }
    assert_null(history_setting_find("colour"));
    assert_int_equal(
        history_set_setting(f->history, 99, setting("text_limit"), 2048, &why), STATUS_NOT_FOUND);
    fixture_close(f);
}

/* What history_open() was told wins: tests and programs that know better. */
static void test_told_at_opening(void **state) {
    struct fixture *f = *state;
    f->options.text_limit_bytes = 100;
    fixture_open(f);
    set(f, HISTORY_ALL_DOCUMENTS, "text_limit", 4096);
    assert_int_equal(kept_text(f), 100);
    fixture_close(f);
}

/* By a later forkernel, by hand, for a notebook that is gone: no run is lost for it. */
static void test_nonsense_in_the_table(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    int64_t document = history_session_document(f->session);
    execute(history_database_path(f->history),
        "INSERT INTO settings VALUES ('text_limit', 0, 'much'), ('text_limit', 1, '-5'), "
        "('picture_limit', 0, '12M'), ('outputs_limit', 1, '99999999999999999999'), "
        "('colour', 0, 'blue'), ('outputs_limit', 77, '20')");
    assert_int_equal(in_force(f, document, "text_limit"), 1 << 20);
    assert_int_equal(in_force(f, document, "picture_limit"), 16 << 20);
    assert_int_equal(in_force(f, document, "outputs_limit"), 10000);
    assert_int_equal(kept_text(f), 5000);
    fixture_close(f);
    struct history_health health = doctor_expect(f->folder, false, 0, "text_limit is 'much'");
    assert_int_equal(health.notes, 6);
}

static int64_t send(struct fixture *f, const char *client, int64_t sequence) {
    struct history_edit one = {.kind = HISTORY_EDIT_TEXT,
        .cell_key = "a",
        .cause = HISTORY_CAUSE_TYPING,
        .text = client,
        .text_bytes = strlen(client)};
    struct history_edits edits = {
        .client = client, .sequence = sequence, .items = &one, .count = 1};
    assert_ok(history_record_edits(f->session, &edits, NULL, NULL, error));
    int64_t highest = 0;
    assert_ok(history_client_sequence(f->history, client, &highest, error));
    return highest;
}

static void test_pages_are_forgotten_after_90_days(void **state) {
    struct fixture *f = *state;
    static const int64_t day_us = (int64_t)24 * 3600 * 1000000;
    fixture_open(f);
    int64_t begin_us = clock_wall_us();
    assert_int_equal(send(f, "old", 7), 7);
    assert_int_equal(send(f, "new", 8), 8);
    assert_int_equal(send(f, "unknown", 9), 9);
    assert_int_equal(send(f, "old", 3), 7);
    assert_true(
        ask(history_database_path(f->history), "SELECT min(heard_us) FROM clients") >= begin_us);
    char text[256];
    snprintf(text, sizeof text,
        "UPDATE clients SET heard_us = CASE name WHEN 'old' THEN %lld WHEN 'new' THEN %lld END "
        "WHERE name != 'unknown';"
        "UPDATE clients SET heard_us = 0 WHERE name = 'unknown'",
        (long long)(begin_us - 91 * day_us), (long long)(begin_us - 89 * day_us));
    execute(history_database_path(f->history), text);
    fixture_close(f);
    fixture_open(f);
    int64_t highest = 0;
    static const struct {
        const char *client;
        int64_t want;
    } rows[] = {{"old", 0}, {"new", 8}, {"unknown", 9}};
    for (size_t i = 0; i < 3; i++) {
        highest = 0;
        assert_ok(history_client_sequence(f->history, rows[i].client, &highest, error));
        assert_int_equal(highest, rows[i].want);
    }
    assert_int_equal(send(f, "old", 8), 8);
    fixture_close(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_the_notebook_comes_before_all),
        TEST(test_from_the_next_run_on),
        TEST(test_a_run_that_lasts_is_read_by_it),
        TEST(test_what_cannot_be_set),
        TEST(test_told_at_opening),
        TEST(test_nonsense_in_the_table),
        TEST(test_pages_are_forgotten_after_90_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
