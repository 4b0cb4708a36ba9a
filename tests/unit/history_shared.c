/* history/: what is displayed again is not kept again. */
#include "history_doctor.h"
#include "history_old_stores.h"

#include "history/schema.h"

#include "base/file.h"

#include <sys/stat.h>

enum { SIZE = 70000 };

static void fill(char picture[SIZE], char with) {
    memset(picture, with, SIZE);
    memcpy(picture, "\x89PNG", 4);
}

/* The id of a run of its own that shows `size` bytes of it. */
static int64_t show(struct fixture *f, const char *picture, size_t size) {
    struct history_run *run = fixture_begin(f, "a", "plot");
    int64_t id = history_run_place(run).run_id;
    struct history_item item = {"image/png", picture, size};
    assert_ok(history_run_bundle(run, HISTORY_DISPLAY, NULL, &item, 1, error));
    fixture_end(f, &run);
    return id;
}

static const char *path_of(struct fixture *f, int64_t run_id) {
    return fixture_outputs(f, run_id).items[0].parts[0].path;
}

static struct stat look(const char *path) {
    struct stat info;
    if (stat(path, &info) < 0)
        fail_msg("%s is not there", path);
    return info;
}

static bool share(const char *a, const char *b) {
    return look(a).st_ino == look(b).st_ino;
}

static void assert_shows(struct fixture *f, int64_t run_id, const char *picture) {
    struct buf bytes = BUF_INIT;
    struct history_outputs outputs = fixture_outputs(f, run_id);
    assert_true(outputs.items[0].complete);
    assert_ok(history_read_part(f->history, &outputs.items[0].parts[0], &bytes, error));
    assert_int_equal(bytes.size, SIZE);
    assert_memory_equal(bytes.data, picture, SIZE);
    buf_finish(&bytes);
}

static void test_the_same_picture_is_there_once(void **state) {
    struct fixture *f = *state;
    char picture[SIZE], other[SIZE];
    fill(picture, 'p');
    fill(other, 'q');
    fixture_open(f);
    int64_t first = show(f, picture, SIZE);
    assert_int_equal(look(path_of(f, first)).st_mode & 0777, 0600);
    int64_t second = show(f, picture, SIZE), third = show(f, picture, SIZE);
    int64_t different = show(f, other, SIZE);
    assert_true(share(path_of(f, first), path_of(f, second)));
    assert_true(share(path_of(f, first), path_of(f, third)));
    assert_false(share(path_of(f, first), path_of(f, different)));
    assert_int_equal(look(path_of(f, first)).st_nlink, 3);
    assert_int_equal(look(path_of(f, first)).st_mode & 0777, 0400);
    assert_shows(f, first, picture);
    assert_shows(f, third, picture);
    assert_shows(f, different, other);
    /* one that goes takes none with it */
    assert_int_equal(unlink(path_of(f, first)), 0);
    assert_shows(f, second, picture);
    assert_true(share(path_of(f, second), path_of(f, show(f, picture, SIZE))));
    fixture_close(f);
}

/* States of a display that is updated and comes back to what it was; the run still lasts. */
static void test_within_a_run(void **state) {
    struct fixture *f = *state;
    char pictures[2][SIZE];
    fill(pictures[0], '0');
    fill(pictures[1], '1');
    fixture_open(f);
    struct history_run *run = fixture_begin(f, "a", "animate");
    int64_t id = history_run_place(run).run_id;
    for (int i = 0; i < 6; i++) {
        struct history_item item = {"image/png", pictures[i % 2], SIZE};
        assert_ok(
            history_run_bundle(run, i ? HISTORY_UPDATE : HISTORY_DISPLAY, "d", &item, 1, error));
    }
    struct history_outputs outputs = fixture_outputs(f, id);
    assert_int_equal(look(outputs.items[0].parts[0].path).st_nlink, 3);
    fixture_end(f, &run);
    outputs = fixture_outputs(f, id);
    assert_int_equal(outputs.count, 6);
    for (size_t i = 0; i < 6; i++) {
        struct buf bytes = BUF_INIT;
        assert_int_equal(look(outputs.items[i].parts[0].path).st_nlink, 3);
        assert_ok(history_read_part(f->history, &outputs.items[i].parts[0], &bytes, error));
        assert_memory_equal(bytes.data, pictures[i % 2], SIZE);
        buf_finish(&bytes);
    }
    fixture_close(f);
}

static void test_small_ones_are_written(void **state) {
    struct fixture *f = *state;
    char picture[SIZE];
    fill(picture, 's');
    fixture_open(f);
    assert_false(share(path_of(f, show(f, picture, 4095)), path_of(f, show(f, picture, 4095))));
    assert_true(share(path_of(f, show(f, picture, 4096)), path_of(f, show(f, picture, 4096))));
    fixture_close(f);
}

/* The file was edited, keeping its size and its times; cut; taken away; made a link or a folder. */
static void test_a_file_that_is_not_the_same_any_more(void **state) {
    struct fixture *f = *state;
    char picture[SIZE];
    fill(picture, 'e');
    fixture_open(f);
    for (int kind = 0; kind < 5; kind++) {
        int64_t before = show(f, picture, SIZE);
        const char *path = path_of(f, before);
        struct stat was = look(path);
        assert_int_equal(unlink(path), 0);
        char edited[SIZE];
        memcpy(edited, picture, SIZE);
        edited[SIZE - 1] = '!';
        if (kind == 0) {
            struct timespec times[2] = {was.st_atim, was.st_mtim};
            assert_ok(file_write(path, edited, SIZE, 0600, error));
            assert_int_equal(utimensat(0, path, times, 0), 0);
        } else if (kind == 1) {
            assert_ok(file_write(path, picture, SIZE / 2, 0600, error));
        } else if (kind == 3) {
            assert_int_equal(symlink("/dev/zero", path), 0);
        } else if (kind == 4) {
            assert_int_equal(mkdir(path, 0700), 0);
        }
        int64_t after = show(f, picture, SIZE);
        assert_shows(f, after, picture);
        assert_int_equal(look(path_of(f, after)).st_nlink, 1);
        assert_int_equal(unlink(path_of(f, after)), 0); /* not to be found by the next one */
    }
    fixture_close(f);
}

/* Two texts with one hash cannot be made; a row that lies about its file can. */
static void test_bytes_decide_and_not_the_hash(void **state) {
    struct fixture *f = *state;
    char picture[SIZE], other[SIZE];
    fill(picture, 'a');
    fill(other, 'b');
    fixture_open(f);
    int64_t first = show(f, picture, SIZE), second = show(f, other, SIZE);
    execute(history_database_path(f->history),
        "UPDATE output_parts SET hash = (SELECT hash FROM output_parts WHERE id = 1)");
    int64_t third = show(f, picture, SIZE);
    assert_shows(f, third, picture);
    assert_shows(f, second, other);
    assert_true(share(path_of(f, first), path_of(f, third)));
    fixture_close(f);
}

/* The file before is on another file system: no link, the bytes. */
static void test_where_there_can_be_no_link(void **state) {
    struct fixture *f = *state;
    char picture[SIZE], elsewhere[] = "/tmp/fk-elsewhere-XXXXXX", folder[256];
    fill(picture, 'l');
    fixture_open(f);
    int64_t first = show(f, picture, SIZE);
    snprintf(folder, sizeof folder, "%s", path_of(f, first));
    *strrchr(folder, '/') = '\0';
    nftw(folder, fixture_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    assert_non_null(mkdtemp(elsewhere));
    assert_int_equal(symlink(elsewhere, folder), 0);
    assert_ok(file_write(path_of(f, first), picture, SIZE, 0600, error));
    if (look(elsewhere).st_dev == look(f->folder).st_dev)
        print_message("/tmp and the store are on one file system: this shows nothing\n");
    else
        assert_false(share(path_of(f, first), path_of(f, show(f, picture, SIZE))));
    fixture_close(f);
    nftw(elsewhere, fixture_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Damage to a shared file is told for each run, and repair takes none of them away. */
static void test_the_doctor(void **state) {
    struct fixture *f = *state;
    char picture[SIZE];
    fill(picture, 'd');
    fixture_open(f);
    int64_t first = show(f, picture, SIZE), second = show(f, picture, SIZE);
    char path[256];
    snprintf(path, sizeof path, "%s", path_of(f, first));
    fixture_close(f);
    doctor_assert_well(f->folder);
    assert_int_equal(chmod(path, 0600), 0);
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    fputc('!', file);
    fclose(file);
    struct history_check_options options = {.folder = f->folder, .repair = true};
    struct history_health health;
    assert_ok(history_doctor(&options, &health, error));
    assert_int_equal(health.damage, 2);
    assert_int_equal(health.repaired, 0);
    fixture_open(f);
    assert_false(fixture_outputs(f, first).items[0].complete);
    assert_int_equal(look(path).st_nlink, 2);
    assert_true(share(path, path_of(f, second)));
    int64_t third = show(f, picture, SIZE); /* and nothing is shared with it any more */
    assert_shows(f, third, picture);
    fixture_close(f);
}

/* On a file system of its own a backup has it once, too. */
static void test_a_backup_elsewhere(void **state) {
    struct fixture *f = *state;
    char picture[SIZE], target[] = "/tmp/fk-backup-XXXXXX";
    fill(picture, 'b');
    fixture_open(f);
    int64_t first = show(f, picture, SIZE), second = show(f, picture, SIZE);
    assert_non_null(mkdtemp(target));
    struct history_backup_options options = {.target = target};
    struct history_backup_result result;
    assert_ok(history_backup(f->history, &options, &result, error));
    assert_int_equal(result.files, 2);
    fixture_close(f);
    f->options.folder = target;
    assert_ok(history_open(&f->options, &f->history, error));
    assert_shows(f, first, picture);
    assert_shows(f, second, picture);
    assert_true(share(path_of(f, first), path_of(f, second)));
    history_close(&f->history);
    doctor_assert_well(target);
    nftw(target, fixture_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* SQLite takes a partial index only where the query has its very words. */
static void test_a_large_store_is_not_searched(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    sqlite3 *db = NULL;
    sqlite3_stmt *rows = NULL;
    assert_int_equal(sqlite3_open(history_database_path(f->history), &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db,
                         "EXPLAIN QUERY PLAN SELECT p.id FROM output_parts p WHERE p.hash = ?1 "
                         "AND " SHARED_PARTS("p.") " AND p.head_bytes = ?2 ORDER BY p.id DESC",
                         -1, &rows, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(rows), SQLITE_ROW);
    assert_string_equal(
        sqlite3_column_text(rows, 3), "SEARCH p USING INDEX output_parts_shared (hash=?)");
    assert_int_equal(sqlite3_step(rows), SQLITE_DONE); /* no sorting either */
    sqlite3_finalize(rows);
    sqlite3_close(db);
    fixture_close(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_the_same_picture_is_there_once),
        TEST(test_within_a_run),
        TEST(test_small_ones_are_written),
        TEST(test_a_file_that_is_not_the_same_any_more),
        TEST(test_bytes_decide_and_not_the_hash),
        TEST(test_where_there_can_be_no_link),
        TEST(test_a_large_store_is_not_searched),
        TEST(test_the_doctor),
        TEST(test_a_backup_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
