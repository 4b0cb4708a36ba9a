/* history/: rows and files that are not as they should be are found, mended where nothing is lost,
 * and nothing else changes. */
#include "history_doctor.h"

#include "base/file.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const char *below(const struct fixture *f, const char *name) {
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    return path;
}

static void sql(const struct fixture *f, const char *script) {
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(below(f, "history.sqlite3"), &db), SQLITE_OK);
    char *said = NULL;
    if (sqlite3_exec(db, script, NULL, NULL, &said) != SQLITE_OK)
        fail_msg("%s", said);
    sqlite3_close(db);
}

/* Three cells with a few versions, a picture and a stream that is cut. `ret_paths`: files of the
 * last run. */
static void make_store(struct fixture *f, char ret_paths[2][512]) {
    f->options.text_limit_bytes = 64;
    fixture_open(f);
    for (int i = 0; i < 12; i++) {
        char key[8], text[64];
        snprintf(key, sizeof key, "c%d", i % 3);
        snprintf(text, sizeof text, "int x%d = %d; // a line that stays", i % 3, i);
        struct history_run *run = fixture_begin(f, key, text);
        for (int line = 0; line < 20; line++)
            fixture_print(run, "line of output\n");
        struct history_item item = {"image/png", "not really", 10};
        assert_ok(history_run_bundle(run, HISTORY_DISPLAY, NULL, &item, 1, error));
        fixture_end(f, &run);
    }
    struct history_outputs outputs = fixture_outputs(f, 12);
    assert_int_equal(outputs.count, 2);
    for (int i = 0; i < 2; i++)
        snprintf(ret_paths[i], 512, "%s", outputs.items[i].parts[0].path);
    fixture_close(f);
}

static void test_all_is_well(void **state) {
    struct fixture *f = *state;
    char paths[2][512];
    make_store(f, paths);
    doctor_assert_well(f->folder);
    struct findings findings = doctor_run(f->folder, true);
    assert_int_equal(findings.text.size, 0);
    assert_int_equal(findings.health.versions, 12);
    assert_int_equal(findings.health.runs, 12);
    assert_int_equal(findings.health.files, 24);
    buf_finish(&findings.text);
}

static void test_no_store(void **state) {
    struct fixture *f = *state;
    struct history_check_options options = {.folder = f->folder, .repair = true};
    struct history_health health;
    assert_int_equal(history_doctor(&options, &health, NULL), STATUS_NOT_FOUND);
    assert_int_equal(access(below(f, "history.sqlite3"), F_OK), -1);
}

/* Found twice as damage, marked by the repair, known from then on. */
static void assert_marked(struct fixture *f, const char *path, const char *says) {
    doctor_expect(f->folder, false, 1, path);
    doctor_expect(f->folder, false, 1, says);
    doctor_expect(f->folder, true, 1, says);
    struct history_health health = doctor_expect(f->folder, false, 0, path);
    assert_int_equal(health.notes, 1);
    fixture_open(f);
    struct history_outputs outputs = fixture_outputs(f, 12);
    for (size_t i = 0; i < outputs.count; i++)
        assert_int_equal(
            outputs.items[i].complete, strcmp(outputs.items[i].parts[0].path, path) != 0);
    assert_true(fixture_outputs(f, 11).items[0].complete);
    fixture_close(f);
}

static void test_deleted_file(void **state) {
    struct fixture *f = *state;
    char paths[2][512];
    make_store(f, paths);
    assert_int_equal(unlink(paths[1]), 0);
    assert_marked(f, paths[1], "the file is gone");
}

static void test_altered_file(void **state) {
    struct fixture *f = *state;
    char paths[2][512];
    make_store(f, paths);
    int fd = open(paths[0], O_WRONLY);
    assert_int_equal(pwrite(fd, "X", 1, 3), 1);
    close(fd);
    assert_marked(f, paths[0], "not the one that was recorded");
}

static void test_longer_file(void **state) {
    struct fixture *f = *state;
    char paths[2][512];
    make_store(f, paths);
    int fd = open(paths[0], O_WRONLY | O_APPEND);
    assert_int_equal(write(fd, "more", 4), 4);
    close(fd);
    assert_marked(f, paths[0], "does not have the size");
}

static void test_wrong_head(void **state) {
    struct fixture *f = *state;
    char paths[2][512];
    make_store(f, paths);
    sql(f,
        "UPDATE cells SET head = 77 WHERE key = 'c1'; UPDATE cells SET head = 1 WHERE key = 'c2'");
    doctor_expect(f->folder, false, 2, "version 77");
    struct history_health health = doctor_expect(f->folder, true, 0, "its newest now");
    assert_int_equal(health.repaired, 2);
    doctor_assert_well(f->folder);
    fixture_open(f);
    struct history_cells cells;
    assert_ok(history_list_cells(
        f->history, history_session_document(f->session), &f->memory, &cells, error));
    assert_int_equal(cells.items[0].head, 10);
    assert_int_equal(cells.items[1].head, 11);
    assert_int_equal(cells.items[2].head, 12);
    fixture_close(f);
}

static void test_strays_are_moved(void **state) {
    struct fixture *f = *state;
    char paths[2][512], stray[600], piece[600];
    make_store(f, paths);
    snprintf(
        stray, sizeof stray, "%.*s/mine.txt", (int)(strrchr(paths[0], '/') - paths[0]), paths[0]);
    snprintf(piece, sizeof piece, "%s.part", paths[0]);
    assert_ok(file_write(stray, "mine", 4, 0600, error));
    assert_ok(file_write(piece, "left", 4, 0600, error));
    assert_ok(file_write(below(f, "outputs/note"), "note", 4, 0600, error));
    struct history_health health = doctor_expect(f->folder, false, 0, "no run names this file");
    assert_int_equal(health.notes, 3);
    health = doctor_expect(f->folder, true, 0, "outputs/strays/");
    assert_int_equal(health.repaired, 3);
    doctor_assert_well(f->folder);
    struct buf bytes = BUF_INIT;
    assert_ok(file_read(below(f, "outputs/strays/note"), 100, &bytes, error));
    assert_string_equal(buf_string(&bytes), "note");
    buf_finish(&bytes);
    /* a second one of that name does not replace the first */
    assert_ok(file_write(below(f, "outputs/note"), "again", 5, 0600, error));
    doctor_expect(f->folder, true, 0, "note.1");
    assert_ok(file_read(below(f, "outputs/strays/note"), 100, &bytes, error));
    assert_string_equal(buf_string(&bytes), "note");
    buf_finish(&bytes);
}

/* A file whose row was lost is an output of its run again. */
static void test_lost_output_rows(void **state) {
    struct fixture *f = *state;
    char paths[2][512];
    make_store(f, paths);
    sql(f, "DELETE FROM output_parts WHERE output_id IN (SELECT id FROM outputs WHERE run_id = 12 "
           "AND sequence = 2); DELETE FROM outputs WHERE run_id = 12 AND sequence = 2");
    doctor_expect(f->folder, true, 0, "an output of its run again");
    doctor_assert_well(f->folder);
    fixture_open(f);
    struct history_outputs outputs = fixture_outputs(f, 12);
    assert_int_equal(outputs.count, 2);
    assert_string_equal(outputs.items[1].parts[0].path, paths[1]);
    fixture_assert_part(f, &outputs.items[1].parts[0], "not really");
    fixture_close(f);
}

static void test_broken_index(void **state) {
    struct fixture *f = *state;
    char paths[2][512];
    make_store(f, paths);
    sql(f, "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = "
           "'CREATE INDEX runs_of_version ON runs (id)' WHERE name = 'runs_of_version'");
    struct findings findings = doctor_run(f->folder, false);
    assert_true(findings.health.damage > 0);
    assert_non_null(strstr(buf_string(&findings.text), "runs_of_version"));
    buf_finish(&findings.text);
    sql(f, "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = "
           "'CREATE INDEX runs_of_version ON runs (version_id)' WHERE name = 'runs_of_version'");
    doctor_assert_well(f->folder);
    sql(f, "PRAGMA writable_schema = ON; CREATE INDEX runs_of_day ON runs (day); UPDATE "
           "sqlite_master SET sql = 'CREATE INDEX runs_of_day ON runs (started_us)' "
           "WHERE name = 'runs_of_day'");
    doctor_expect(f->folder, true, 0, "made again");
    doctor_assert_well(f->folder);
}

static void test_killed_run(void **state) {
    struct fixture *f = *state;
    char paths[2][512];
    make_store(f, paths);
    pid_t child = fork();
    if (child == 0) {
        fixture_open(f);
        fixture_print(fixture_begin(f, "k", "killed"), "so far");
        kill(getpid(), SIGKILL);
    }
    waitpid(child, NULL, 0);
    struct history_health health = doctor_expect(f->folder, false, 0, "its kernel was gone");
    assert_int_equal(health.notes, 1);
    health = doctor_expect(f->folder, true, 0, "counts as killed");
    assert_int_equal(health.repaired, 1);
    doctor_assert_well(f->folder);
    fixture_open(f);
    struct history_outputs outputs = fixture_outputs(f, 13);
    fixture_assert_part(f, &outputs.items[0].parts[0], "so far");
    fixture_close(f);
}

/* What a living kernel is at is neither stray nor dead, nor touched. */
static void test_living_runs_are_left_alone(void **state) {
    struct fixture *f = *state;
    char paths[2][512];
    make_store(f, paths);
    fixture_open(f);
    struct history_run *run = fixture_begin(f, "k", "lives");
    int64_t id = history_run_place(run).run_id;
    fixture_print(run, "so far");
    pid_t child = fork();
    if (child == 0) {
        struct findings findings = {.text = BUF_INIT};
        struct history_check_options options = {
            .folder = f->folder, .repair = true, .found = findings_add, .context = &findings};
        enum status status = history_doctor(&options, &findings.health, NULL);
        _exit(status != STATUS_OK || findings.text.size);
    }
    int how = 0;
    waitpid(child, &how, 0);
    assert_int_equal(how, 0);
    fixture_print(run, " and on");
    fixture_end(f, &run);
    fixture_assert_part(f, &fixture_outputs(f, id).items[0].parts[0], "so far and on");
    fixture_close(f);
    doctor_assert_well(f->folder);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_all_is_well),
        TEST(test_no_store),
        TEST(test_deleted_file),
        TEST(test_altered_file),
        TEST(test_longer_file),
        TEST(test_wrong_head),
        TEST(test_strays_are_moved),
        TEST(test_lost_output_rows),
        TEST(test_broken_index),
        TEST(test_killed_run),
        TEST(test_living_runs_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
