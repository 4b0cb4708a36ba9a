/* history/: a damaged page of the database costs what is on that page and nothing else, whichever
 * page it is. */
#include "history_doctor.h"

#include "base/file.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { PAGE = 4096, VERSIONS = 60, CELLS = 5, ON_A_PAGE = 6 };

static const char *database(const struct fixture *f) {
    static char path[128];
    snprintf(path, sizeof path, "%s/history.sqlite3", f->folder);
    return path;
}

/* About 800 bytes that do not compress, and their number. */
static void make_text(int i, char text[1024]) {
    unsigned seed = (unsigned)i * 2654435761U + 1;
    int at = snprintf(text, 1024, "int x = %d; // ", i);
    for (int n = 0; n < 800; n++) {
        seed = seed * 1664525U + 1013904223U;
        text[at++] = (char)('!' + (seed >> 16) % 90);
    }
    text[at] = '\0';
}

static void make_store(struct fixture *f) {
    fixture_open(f);
    for (int i = 1; i <= VERSIONS; i++) {
        char key[8], text[1024];
        snprintf(key, sizeof key, "c%d", i % CELLS);
        make_text(i, text);
        struct history_run *run = fixture_begin(f, key, text);
        fixture_print(run, "output");
        fixture_end(f, &run);
    }
    fixture_close(f);
}

static void write_pages(const struct fixture *f, const struct buf *bytes) {
    assert_ok(file_write(database(f), bytes->data, bytes->size, 0600, error));
}

struct losses {
    int texts, runs, outputs;
};

/* All versions are there, each with its own text or with the line that says that it is lost. */
static struct losses count_losses(struct fixture *f) {
    struct losses losses = {0};
    struct history_memory memory = HISTORY_MEMORY_INIT;
    assert_ok(history_open(&f->options, &f->history, error));
    for (int i = 1; i <= VERSIONS; i++) {
        char text[1024];
        struct history_version version;
        make_text(i, text);
        assert_ok(history_read_version(f->history, 1, i, &memory, &version, error));
        if (strcmp(version.text, text) != 0) {
            assert_non_null(strstr(version.text, "was lost"));
            losses.texts++;
        }
        struct history_run_info run;
        if (history_read_run(f->history, i, &memory, &run, NULL) != STATUS_OK) {
            losses.runs++;
            continue;
        }
        assert_int_equal(run.version, i);
        struct history_outputs outputs;
        assert_ok(history_list_outputs(f->history, i, &memory, &outputs, error));
        if (outputs.count != 1 || outputs.items[0].part_count != 1)
            losses.outputs++;
        else
            fixture_assert_part(f, &outputs.items[0].parts[0], "output");
    }
    history_close(&f->history);
    history_memory_finish(&memory);
    return losses;
}

/* The store takes new runs, with ids and numbers that nobody has seen. */
static void record_more(struct fixture *f) {
    fixture_open(f);
    for (int i = 0; i < CELLS; i++) {
        char key[8], text[16];
        snprintf(key, sizeof key, "c%d", i);
        snprintf(text, sizeof text, "more %d", i);
        struct history_run_place place = fixture_run(f, key, text);
        assert_true(place.run_id > VERSIONS);
        assert_true(place.version > VERSIONS);
    }
    fixture_close(f);
    doctor_assert_well(f->folder);
}

static void empty_store(const struct fixture *f) {
    char path[128];
    nftw(f->folder, fixture_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    snprintf(path, sizeof path, "%s", f->folder);
    assert_int_equal(mkdir(path, 0700), 0);
}

static void spoil_page(const struct buf *bytes, size_t page) {
    for (size_t at = 0; at < PAGE; at++)
        bytes->data[page * PAGE + at] = (char)(at * 7 + 0xa5);
}

static void test_any_page(void **state) {
    struct fixture *f = *state;
    f->options.keyframe_every = 1;
    size_t pages = 2;
    for (size_t page = 0; page < pages; page++) {
        struct buf bytes = BUF_INIT;
        empty_store(f);
        make_store(f);
        assert_ok(file_read(database(f), 1 << 26, &bytes, error));
        pages = bytes.size / PAGE;
        spoil_page(&bytes, page);
        write_pages(f, &bytes);
        struct findings before = doctor_run(f->folder, false);
        if (before.health.damage == 0)
            fail_msg("page %zu: nothing found", page + 1);
        struct findings repair = doctor_run(f->folder, true);
        struct findings after = doctor_run(f->folder, false);
        if (after.health.damage)
            fail_msg("page %zu: %s\nthen %s", page + 1, buf_string(&repair.text),
                buf_string(&after.text));
        struct losses losses = count_losses(f);
        if (losses.texts > ON_A_PAGE || (losses.texts > 0) + (losses.runs > 0) > 1 ||
            losses.outputs > losses.runs)
            fail_msg("page %zu of %zu: lost %d texts, %d runs, %d outputs\n%s", page + 1, pages,
                losses.texts, losses.runs, losses.outputs, buf_string(&repair.text));
        if ((losses.texts || losses.runs) && !repair.health.damage)
            fail_msg("page %zu: the loss is not told", page + 1);
        record_more(f);
        buf_finish(&before.text);
        buf_finish(&repair.text);
        buf_finish(&after.text);
        buf_finish(&bytes);
    }
    assert_true(pages > 20);
}

/* In the stored form of a version; the page stays as SQLite wants it. */
static void flip_a_byte(const struct fixture *f, int64_t id) {
    sqlite3 *db = NULL;
    sqlite3_blob *text = NULL;
    char byte;
    assert_int_equal(sqlite3_open(database(f), &db), SQLITE_OK);
    assert_int_equal(sqlite3_blob_open(db, "main", "versions", "text", id, 1, &text), SQLITE_OK);
    int at = sqlite3_blob_bytes(text) / 2;
    assert_int_equal(sqlite3_blob_read(text, &byte, 1, at), SQLITE_OK);
    byte ^= 1;
    assert_int_equal(sqlite3_blob_write(text, &byte, 1, at), SQLITE_OK);
    sqlite3_blob_close(text);
    sqlite3_close(db);
}

/* Texts that stand on lost ones are lost, others are not. */
static void test_dependent_versions(void **state) {
    struct fixture *f = *state;
    f->options.keyframe_every = 4;
    make_store(f);
    flip_a_byte(f, (int64_t)1 << 32 | (CELLS * 4 + 1)); /* the second full copy in its cell */
    struct findings found = doctor_run(f->folder, false);
    assert_non_null(strstr(buf_string(&found.text), "version 21 of /notes/a.ipynb: its text"));
    buf_finish(&found.text);
    struct findings repair = doctor_run(f->folder, true);
    buf_finish(&repair.text);
    struct losses losses = count_losses(f);
    /* those after it may do without the byte */
    assert_int_equal(losses.texts, repair.health.damage);
    assert_in_range(losses.texts, 1, 4);
    assert_int_equal(losses.runs, 0);
    assert_int_equal(losses.outputs, 0);
    record_more(f);
}

static void test_cut_short(void **state) {
    struct fixture *f = *state;
    f->options.keyframe_every = 1;
    make_store(f);
    struct stat info;
    assert_int_equal(stat(database(f), &info), 0);
    assert_int_equal(truncate(database(f), info.st_size - (off_t)2 * PAGE - 100), 0);
    struct findings repair = doctor_run(f->folder, true);
    assert_non_null(strstr(buf_string(&repair.text), "history.sqlite3.damaged-"));
    buf_finish(&repair.text);
    struct losses losses = count_losses(f);
    assert_true(losses.texts <= 3 * ON_A_PAGE);
    record_more(f);
}

/* Is the page of this byte one of those that hold the words that make the tables? */
static bool is_schema(const struct buf *bytes, size_t at) {
    return memmem(bytes->data + at / PAGE * PAGE, PAGE, "CREATE ", 7) != NULL;
}

/* Any letter of the words that make the tables: it costs nothing that was recorded. SQLite sees
 * nothing wrong with most of them. */
static void test_words_of_the_schema(void **state) {
    struct fixture *f = *state;
    struct buf whole = BUF_INIT;
    make_store(f);
    assert_ok(file_read(database(f), 1 << 26, &whole, error));
    const char *step = getenv("STEP");
    for (size_t at = 100; at < whole.size; at += step ? (size_t)atoi(step) : 97) {
        if (!is_schema(&whole, at))
            continue;
        whole.data[at] ^= 1;
        write_pages(f, &whole);
        whole.data[at] ^= 1;
        struct findings repair = doctor_run(f->folder, true);
        struct findings after = doctor_run(f->folder, false);
        if (after.health.damage)
            fail_msg(
                "byte %zu: %s\nthen %s", at, buf_string(&repair.text), buf_string(&after.text));
        struct losses losses = count_losses(f);
        if (losses.texts + losses.runs + losses.outputs)
            fail_msg("byte %zu: lost %d texts, %d runs, %d outputs\n%s", at, losses.texts,
                losses.runs, losses.outputs, buf_string(&repair.text));
        buf_finish(&repair.text);
        buf_finish(&after.text);
    }
    record_more(f);
    buf_finish(&whole);
}

/* Without --repair the database stays as it is. */
static void test_looking_changes_nothing(void **state) {
    struct fixture *f = *state;
    make_store(f);
    struct buf before = BUF_INIT, after = BUF_INIT;
    assert_ok(file_read(database(f), 1 << 26, &before, error));
    spoil_page(&before, 0);
    write_pages(f, &before);
    struct findings findings = doctor_run(f->folder, false);
    assert_true(findings.health.damage > 0);
    assert_int_equal(findings.health.versions, VERSIONS);
    buf_finish(&findings.text);
    assert_ok(file_read(database(f), 1 << 26, &after, error));
    assert_int_equal(before.size, after.size);
    assert_memory_equal(before.data, after.data, before.size);
    buf_finish(&before);
    buf_finish(&after);
}

/* What a killed kernel left in SQLite's log is rescued like the rest. */
static void test_the_log_counts(void **state) {
    struct fixture *f = *state;
    pid_t child = fork();
    if (child == 0) {
        make_store(f);
        fixture_open(f);
        fixture_run(f, "c0", "only in the log");
        kill(getpid(), SIGKILL);
    }
    waitpid(child, NULL, 0);
    struct buf bytes = BUF_INIT;
    assert_ok(file_read(database(f), 1 << 26, &bytes, error));
    spoil_page(&bytes, 0);
    write_pages(f, &bytes);
    buf_finish(&bytes);
    struct findings repair = doctor_run(f->folder, true);
    assert_int_equal(repair.health.damage, 0);
    assert_int_equal(repair.health.versions, VERSIONS + 1);
    buf_finish(&repair.text);
    assert_int_equal(count_losses(f).texts, 0);
    record_more(f);
}

static void test_not_while_kernels_run(void **state) {
    struct fixture *f = *state;
    make_store(f);
    fixture_open(f);
    struct history_check_options options = {.folder = f->folder, .repair = true};
    struct history_health health;
    struct error why;
    assert_int_equal(history_salvage(f->folder, &options, &health, &why), STATUS_LOCKED);
    assert_non_null(strstr(why.message, "while kernels run"));
    fixture_close(f);
    assert_ok(history_salvage(f->folder, &options, &health, error));
    assert_int_equal(health.damage, 0); /* of a whole database nothing is lost */
    assert_int_equal(count_losses(f).texts, 0);
    record_more(f);
}

/* Who has it open for writing would take the log of the new database away when it closes the old.
 */
static void test_not_while_it_is_open_for_writing(void **state) {
    struct fixture *f = *state;
    make_store(f);
    assert_ok(history_open(&f->options, &f->history, error)); /* and no session has begun */
    struct history_check_options options = {.folder = f->folder, .repair = true};
    struct history_health health;
    assert_int_equal(history_salvage(f->folder, &options, &health, NULL), STATUS_LOCKED);
    history_close(&f->history);
    assert_ok(history_salvage(f->folder, &options, &health, error));
    char *sessions = file_join(f->folder, "sessions");
    assert_int_equal(nftw(sessions, fixture_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
    free(sessions);
    assert_ok(history_open(&f->options, &f->history, error)); /* as in a new store */
    assert_int_equal(history_salvage(f->folder, &options, &health, NULL), STATUS_LOCKED);
    history_close(&f->history);
}

static void test_no_history_at_all(void **state) {
    struct fixture *f = *state;
    assert_ok(file_write(database(f), "no database", 11, 0600, error));
    struct history_check_options options = {.folder = f->folder, .repair = true};
    struct history_health health;
    assert_int_equal(history_doctor(&options, &health, NULL), STATUS_CORRUPT);
    struct buf bytes = BUF_INIT;
    assert_ok(file_read(database(f), 100, &bytes, error));
    assert_string_equal(buf_string(&bytes), "no database");
    buf_finish(&bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_any_page),
        TEST(test_dependent_versions),
        TEST(test_cut_short),
        TEST(test_words_of_the_schema),
        TEST(test_looking_changes_nothing),
        TEST(test_the_log_counts),
        TEST(test_not_while_kernels_run),
        TEST(test_not_while_it_is_open_for_writing),
        TEST(test_no_history_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
