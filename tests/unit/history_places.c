/* history/: where documents lie and lay, those without a file, and those that never had one. */
#include "history_doctor.h"
#include "history_old_stores.h"

#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>

/* A file in the store's folder. */
static const char *notebook(const struct fixture *f, const char *name) {
    static char paths[4][160];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(paths[turn], sizeof paths[turn], "%s/notes/%s", f->folder, name);
    return paths[turn];
}

static void write_notebook(const struct fixture *f, const char *name) {
    assert_ok(file_make_folders(notebook(f, ""), 0700, error));
    assert_ok(file_write(notebook(f, name), "{}", 2, 0600, error));
}

/* A session with one run; the id of its document. */
static int64_t record(struct fixture *f, const char *path, const char *text) {
    struct history_session_start start = {.document_path = path, .time_us = ++f->now_us};
    assert_ok(history_session_begin(f->history, &start, &f->session, error));
    int64_t id = history_session_document(f->session);
    fixture_run(f, path ? "a" : NULL, text);
    assert_ok(history_session_end(&f->session, ++f->now_us, error));
    return id;
}

static struct history_gone_list gone(struct fixture *f, const char *folder) {
    struct history_gone_list list;
    assert_ok(history_list_gone(f->history, folder, &f->memory, &list, error));
    return list;
}

static void test_gone(void **state) {
    struct fixture *f = *state;
    assert_ok(history_open(&f->options, &f->history, error));
    write_notebook(f, "here.ipynb");
    write_notebook(f, "gone.ipynb");
    record(f, notebook(f, "here.ipynb"), "1");
    int64_t id = record(f, notebook(f, "gone.ipynb"), "2");
    record(f, "/nowhere/at/all.ipynb", "3");
    record(f, NULL, "a console");
    assert_int_equal(gone(f, notebook(f, "..")).count, 0);
    assert_int_equal(gone(f, NULL).count, 1);
    assert_string_equal(gone(f, "/nowhere/at").items[0].path, "/nowhere/at/all.ipynb");
    assert_int_equal(gone(f, "/nowhere/").count, 0);
    unlink(notebook(f, "gone.ipynb"));
    char folder[160];
    snprintf(folder, sizeof folder, "%s/notes", f->folder);
    struct history_gone_list list = gone(f, folder);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.items[0].document_id, id);
    assert_string_equal(list.items[0].path, notebook(f, "gone.ipynb"));
    assert_int_equal(list.items[0].cells, 1);
    assert_int_equal(list.items[0].versions, 1);
    assert_int_equal(list.items[0].runs, 1);
    assert_true(list.items[0].last_seen_us > 1700000000000000);
    assert_true(list.items[0].last_seen_us <= f->now_us);
    list = gone(f, NULL); /* seen last comes first */
    assert_int_equal(list.count, 2);
    assert_string_equal(list.items[0].path, "/nowhere/at/all.ipynb");
    /* thrown away it is found where it lay, until another one lies there */
    int64_t found = 0;
    assert_ok(history_leave_place(f->history, id, error));
    assert_ok(history_find_document(f->history, notebook(f, "gone.ipynb"), &found, error));
    assert_int_equal(found, id);
    int64_t other = record(f, notebook(f, "gone.ipynb"), "4");
    assert_ok(history_find_document(f->history, notebook(f, "gone.ipynb"), &found, error));
    assert_int_equal(found, other);
    assert_int_not_equal(found, id);
    history_close(&f->history);
}

static void test_nameless(void **state) {
    struct fixture *f = *state;
    assert_ok(history_open(&f->options, &f->history, error));
    record(f, "/notes/a.ipynb", "1");
    int64_t first = record(f, NULL, "\n  import x\nmore");
    int64_t second = record(f, NULL, "y = 2");
    struct history_session_start start = {.time_us = ++f->now_us}; /* one without a text */
    assert_ok(history_session_begin(f->history, &start, &f->session, error));
    assert_ok(history_session_end(&f->session, 0, error));
    struct history_nameless_list list;
    assert_ok(history_list_nameless(f->history, 0, 0, &f->memory, &list, error));
    assert_int_equal(list.count, 2);
    assert_int_equal(list.items[0].document_id, second);
    assert_int_equal(list.items[1].document_id, first);
    assert_string_equal(list.items[1].summary, "more"); /* an import tells less */
    assert_string_equal(list.items[1].origin_path, "");
    assert_int_equal(list.items[1].runs, 1);
    assert_true(list.items[1].started_us < list.items[1].last_run_us);
    assert_ok(history_list_nameless(f->history, 0, 1, &f->memory, &list, error));
    assert_int_equal(list.count, 1);
    assert_ok(history_list_nameless(f->history, 1, 0, &f->memory, &list, error));
    assert_int_equal(list.count, 0);
    history_close(&f->history);
}

/* A session without a notebook is that of the notebook that most of its texts are from. */
static void test_nameless_of_a_notebook(void **state) {
    struct fixture *f = *state;
    assert_ok(history_open(&f->options, &f->history, error));
    record(f, "/notes/other.ipynb", "x = 1");
    struct history_session_start start = {.document_path = "/notes/a.ipynb"};
    assert_ok(history_session_begin(f->history, &start, &f->session, error));
    int64_t id = history_session_document(f->session);
    fixture_run(f, "a", "import x");
    fixture_run(f, "b", "x.y()");
    fixture_run(f, "b", "x.z()"); /* an earlier text counts, too */
    assert_ok(history_session_end(&f->session, 0, error));
    struct history_session_start nameless = {.time_us = ++f->now_us};
    assert_ok(history_session_begin(f->history, &nameless, &f->session, error));
    fixture_run(f, NULL, "import x");
    fixture_run(f, NULL, "# Parameters of a program\nalpha = 0.1");
    fixture_run(f, NULL, "x.y()");
    assert_ok(history_session_end(&f->session, 0, error));
    record(f, NULL, "x = 1"); /* one line tells nothing */
    struct history_nameless_list list;
    assert_ok(history_list_nameless(f->history, 0, 0, &f->memory, &list, error));
    assert_int_equal(list.count, 2);
    assert_int_equal(list.items[0].origin_id, 0);
    assert_int_equal(list.items[1].origin_id, id);
    assert_string_equal(list.items[1].origin_path, "/notes/a.ipynb");
    assert_ok(history_list_nameless(f->history, id, 0, &f->memory, &list, error));
    assert_int_equal(list.count, 1);
    history_close(&f->history);
    doctor_assert_well(f->folder);
}

/* Of a lost table of documents their places tell. */
static void test_doctor(void **state) {
    struct fixture *f = *state;
    assert_ok(history_open(&f->options, &f->history, error));
    int64_t id = record(f, "/notes/a.ipynb", "1"), found = 0;
    char path[128];
    snprintf(path, sizeof path, "%s", history_database_path(f->history));
    history_close(&f->history);
    doctor_assert_well(f->folder);
    execute(path, "PRAGMA foreign_keys = 0; DELETE FROM documents");
    struct findings findings = doctor_run(f->folder, true);
    buf_finish(&findings.text);
    doctor_assert_well(f->folder);
    assert_ok(history_open(&f->options, &f->history, error));
    assert_ok(history_find_document(f->history, "/notes/a.ipynb", &found, error));
    assert_int_equal(found, id);
    history_close(&f->history);
    execute(path, "INSERT INTO places (document_id, path, since_us) VALUES (1, '/b', 1)");
    findings = doctor_run(f->folder, false);
    assert_non_null(strstr(buf_string(&findings.text), "lie in several places"));
    buf_finish(&findings.text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_gone),
        TEST(test_nameless),
        TEST(test_nameless_of_a_notebook),
        TEST(test_doctor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
