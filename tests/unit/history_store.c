/* history/: stores that are not as they should be. Nothing is ever written over. */
#include "history_fixture.h"

#include "base/file.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const char *database(const struct fixture *f) {
    static char path[128];
    snprintf(path, sizeof path, "%s/history.sqlite3", f->folder);
    return path;
}

static void read_all(const char *path, struct buf *ret_bytes) {
    buf_clear(ret_bytes);
    assert_ok(file_read(path, 1 << 26, ret_bytes, error));
}

/* Opening fails so, says so, and leaves the database byte for byte. */
static void assert_refused(struct fixture *f, enum status want, const char *says) {
    struct buf before = BUF_INIT, after = BUF_INIT;
    read_all(database(f), &before);
    for (int read_only = 0; read_only < 2; read_only++) {
        struct history *history = NULL;
        struct error why = {.message = ""};
        f->options.read_only = read_only;
        assert_int_equal(history_open(&f->options, &history, &why), want);
        assert_null(history);
        assert_non_null(strstr(why.message, database(f)));
        assert_non_null(strstr(why.message, says));
        read_all(database(f), &after);
        assert_int_equal(before.size, after.size);
        assert_memory_equal(
            before.data ? before.data : "", after.data ? after.data : "", before.size);
    }
    f->options.read_only = false;
    buf_finish(&before);
    buf_finish(&after);
}

static void patch(const char *path, off_t at, const void *data, size_t size) {
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, data, size, at), size);
    close(fd);
}

static void make_store(struct fixture *f) {
    fixture_open(f);
    struct history_run *run = fixture_begin(f, "a", "text");
    fixture_print(run, "output");
    fixture_end(f, &run);
    fixture_close(f);
}

static void test_a_store_is_private(void **state) {
    struct fixture *f = *state;
    char inner[128];
    snprintf(inner, sizeof inner, "%s/x/y", f->folder);
    f->options.folder = inner;
    make_store(f);
    struct stat info;
    assert_int_equal(stat(inner, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    snprintf(inner, sizeof inner, "%s/x/y/history.sqlite3", f->folder);
    assert_int_equal(stat(inner, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void test_default_folder(void **state) {
    (void)state;
    setenv("HOME", "/home/ada", 1);
    unsetenv("FORKERNEL_DATA_DIR");
    unsetenv("XDG_DATA_HOME");
    char *folder = history_default_folder();
    assert_string_equal(folder, "/home/ada/.local/share/forkernel");
    free(folder);
    setenv("XDG_DATA_HOME", "/data", 1);
    folder = history_default_folder();
    assert_string_equal(folder, "/data/forkernel");
    free(folder);
    setenv("FORKERNEL_DATA_DIR", "/own", 1);
    folder = history_default_folder();
    assert_string_equal(folder, "/own");
    free(folder);
}

static void test_not_a_database(void **state) {
    struct fixture *f = *state;
    patch(database(f), 0, "Dear diary, this is no database\n", 32);
    assert_refused(f, STATUS_CORRUPT, "move it away");
}

static void test_an_empty_file(void **state) {
    struct fixture *f = *state;
    patch(database(f), 0, "", 0);
    assert_refused(f, STATUS_CORRUPT, "move it away");
}

static void test_database_of_another_program(void **state) {
    struct fixture *f = *state;
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(database(f), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE t (x)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    assert_refused(f, STATUS_CORRUPT, "another program");
}

static void test_made_by_a_newer_one(void **state) {
    struct fixture *f = *state;
    make_store(f);
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(database(f), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    assert_refused(f, STATUS_NEWER, "update forkernel");
}

static void test_damaged_inside(void **state) {
    struct fixture *f = *state;
    make_store(f);
    char junk[4096];
    memset(junk, 0xa5, sizeof junk);
    struct buf bytes = BUF_INIT;
    read_all(database(f), &bytes);
    for (off_t at = 4096; at < (off_t)bytes.size; at += 4096)
        patch(database(f), at, junk, sizeof junk);
    struct history *history = NULL;
    struct error why = {.message = ""};
    enum status status = history_open(&f->options, &history, &why);
    if (status == STATUS_OK) {
        struct history_session *session = NULL;
        struct history_session_start start = {.document_path = "/notes/a.ipynb"};
        status = history_session_begin(history, &start, &session, &why);
    }
    assert_int_equal(status, STATUS_CORRUPT);
    assert_non_null(strstr(why.message, "damaged"));
    history_close(&history);
    buf_finish(&bytes);
}

static void test_read_only_makes_nothing(void **state) {
    struct fixture *f = *state;
    struct history *history = NULL;
    struct error why;
    f->options.read_only = true;
    assert_int_equal(history_open(&f->options, &history, &why), STATUS_NOT_FOUND);
    assert_int_not_equal(access(database(f), F_OK), 0);
    f->options.read_only = false;
    make_store(f);
    f->options.read_only = true;
    assert_ok(history_open(&f->options, &history, error));
    struct history_session *session = NULL;
    struct history_session_start start = {.document_path = "/notes/a.ipynb"};
    assert_int_equal(history_session_begin(history, &start, &session, &why), STATUS_DENIED);
    history_close(&history);
}

static void test_not_writable(void **state) {
    struct fixture *f = *state;
    make_store(f);
    assert_int_equal(chmod(database(f), 0400), 0);
    pid_t child = fork();
    if (child == 0) {
        /* the superuser may write anything: be somebody else, who owns it */
        if (geteuid() == 0 && (chown(f->folder, 65534, 65534) < 0 ||
                                  chown(database(f), 65534, 65534) < 0 || setuid(65534) < 0))
            _exit(9);
        struct history *history = NULL;
        struct error why = {.message = ""};
        enum status status = history_open(&f->options, &history, &why);
        bool fine = status == STATUS_DENIED && strstr(why.message, "make its folder writable");
        if (!fine)
            fprintf(stderr, "status %d: %s\n", (int)status, why.message);
        _exit(!fine);
    }
    int how = 0;
    waitpid(child, &how, 0);
    assert_int_equal(how, 0);
}

/* Somebody writes for long: calls give up soon, nothing is lost, and it goes on by itself. */
static void test_locked_for_a_while(void **state) {
    struct fixture *f = *state;
    f->options.busy_timeout_ms = 1;
    fixture_open(f);
    struct history_run *run = fixture_begin(f, "a", "text");
    int64_t id = history_run_place(run).run_id;
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(database(f), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);

    fixture_print(run, "printed meanwhile");
    struct history_item item = {"text/html", "<b>", 3};
    assert_ok(history_run_bundle(run, HISTORY_DISPLAY, NULL, &item, 1, error));
    struct error why = {.message = ""};
    assert_int_equal(history_run_end(&run, HISTORY_OK, 0, &why), STATUS_LOCKED);
    assert_null(run);
    assert_non_null(strstr(why.message, database(f)));
    struct history_run_start start = {.cell_key = "a", .text = "next", .text_bytes = 4};
    assert_int_equal(history_run_begin(f->session, &start, &run, &why), STATUS_LOCKED);

    assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    fixture_run(f, "a", "next");
    struct history_run_info info;
    assert_ok(history_read_run(f->history, id, &f->memory, &info, error));
    assert_int_equal(info.status, HISTORY_OK);
    struct history_outputs outputs = fixture_outputs(f, id);
    assert_int_equal(outputs.count, 2);
    fixture_assert_part(f, &outputs.items[0].parts[0], "printed meanwhile");
    fixture_assert_part(f, &outputs.items[1].parts[0], "<b>");
    fixture_close(f);
}

/* The same, and somebody removes a file meanwhile: its run is written once, and not in the way. */
static void test_a_file_is_gone_while_locked(void **state) {
    struct fixture *f = *state;
    f->options.busy_timeout_ms = 1;
    fixture_open(f);
    struct history_run *run = fixture_begin(f, "a", "text");
    int64_t id = history_run_place(run).run_id;
    fixture_print(run, "seen");
    struct history_outputs outputs = fixture_outputs(f, id);
    char path[512];
    snprintf(path, sizeof path, "%s", outputs.items[0].parts[0].path);
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(database(f), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);

    struct history_item item = {"text/html", "<b>", 3};
    assert_ok(history_run_bundle(run, HISTORY_DISPLAY, NULL, &item, 1, error));
    assert_int_equal(unlink(path), 0);
    struct error why = {.message = ""};
    assert_int_not_equal(history_run_end(&run, HISTORY_OK, 0, &why), STATUS_OK);

    assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    for (int i = 0; i < 3; i++)
        fixture_run(f, "a", "next");
    struct history_run_info info;
    assert_ok(history_read_run(f->history, id, &f->memory, &info, error));
    assert_int_equal(info.status, HISTORY_OK);
    outputs = fixture_outputs(f, id);
    assert_int_equal(outputs.count, 2);
    assert_false(outputs.items[0].complete);
    fixture_assert_part(f, &outputs.items[1].parts[0], "<b>");
    fixture_close(f);
}

/* The same, and then the process dies: the files alone say what there was. */
static void test_killed_while_locked(void **state) {
    struct fixture *f = *state;
    make_store(f);
    f->options.busy_timeout_ms = 1;
    pid_t child = fork();
    if (child == 0) {
        fixture_open(f);
        struct history_run *run = fixture_begin(f, "a", "text");
        sqlite3 *db = NULL;
        sqlite3_open(database(f), &db);
        sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        fixture_print(run, "printed meanwhile");
        struct history_item item = {"image/png", "\x89PNG", 4};
        assert_ok(history_run_bundle(run, HISTORY_DISPLAY, NULL, &item, 1, error));
        _exit(0);
    }
    int how = 0;
    waitpid(child, &how, 0);
    assert_int_equal(how, 0);
    fixture_open(f);
    struct history_outputs outputs = fixture_outputs(f, 2);
    assert_int_equal(outputs.count, 2);
    for (size_t i = 0; i < 2; i++) {
        bool stream = outputs.items[i].kind == HISTORY_STDOUT;
        assert_string_equal(outputs.items[i].parts[0].mime, stream ? "text/plain" : "image/png");
        fixture_assert_part(
            f, &outputs.items[i].parts[0], stream ? "printed meanwhile" : "\x89PNG");
    }
    struct history_run_info info;
    assert_ok(history_read_run(f->history, 2, &f->memory, &info, error));
    assert_int_equal(info.status, HISTORY_KILLED);
    assert_string_equal(info.summary, "printed meanwhile");
    fixture_close(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_a_store_is_private),
        TEST(test_default_folder),
        TEST(test_not_a_database),
        TEST(test_an_empty_file),
        TEST(test_database_of_another_program),
        TEST(test_made_by_a_newer_one),
        TEST(test_damaged_inside),
        TEST(test_read_only_makes_nothing),
        TEST(test_not_writable),
        TEST(test_locked_for_a_while),
        TEST(test_a_file_is_gone_while_locked),
        TEST(test_killed_while_locked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
