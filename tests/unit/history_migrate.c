/* history/: stores of format 1, as forkernel 0.1.0 first made them. */
#include "history_old_stores.h"

#include "base/file.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const char *database(const struct fixture *f) {
    static char path[128];
    snprintf(path, sizeof path, "%s/history.sqlite3", f->folder);
    return path;
}

static const char *kept_copy(const struct fixture *f) {
    static char path[128];
    snprintf(path, sizeof path, "%s/history.sqlite3.v1", f->folder);
    return path;
}

static void make_store_1(const struct fixture *f) {
    struct buf both = BUF_INIT;
    buf_printf(&both, "%s%s", schema_1, rows_1);
    execute(database(f), buf_string(&both));
    buf_finish(&both);
}

static void assert_old_runs(struct fixture *f) {
    struct history_states states;
    assert_ok(history_list_states(f->history, 1, &f->memory, &states, error));
    assert_true(states.count >= 3);
    static const struct {
        int64_t parent;
        enum history_run_status status;
        const char *summary;
    } want[] = {{0, HISTORY_OK, "one"}, {1, HISTORY_INTERRUPTED, "two"}, {2, HISTORY_ERROR, "two"}};
    for (size_t i = 0; i < 3; i++) {
        const struct history_state_info *state = &states.items[i];
        assert_int_equal(state->run_id, i + 1);
        assert_int_equal(state->parent_run_id, want[i].parent);
        assert_int_equal(state->status, want[i].status);
        assert_int_equal(state->state, HISTORY_STATE_UNKNOWN);
        assert_string_equal(state->summary, want[i].summary);
        assert_string_equal(state->defines, "");
        assert_string_equal(state->effects, "");
    }
    int64_t last = -1; /* the error has left nothing of its own */
    assert_ok(history_last_state(f->history, 1, 0, &last, error));
    assert_int_equal(last, 2);
}

static void test_a_store_is_brought_up_to_date(void **state) {
    struct fixture *f = *state;
    make_store_1(f);
    fixture_open(f);
    assert_old_runs(f);
    struct history_run *run = fixture_begin(f, "a", "three");
    history_run_leaves(run, HISTORY_STATE_NEW, "x", "2 threads");
    fixture_end(f, &run);
    assert_ok(history_session_move_state(f->session, 1, error));
    struct history_states states;
    assert_ok(history_list_states(f->history, 1, &f->memory, &states, error));
    assert_int_equal(states.count, 4);
    assert_int_equal(states.items[3].state, HISTORY_STATE_NEW);
    assert_string_equal(states.items[3].defines, "x");
    fixture_close(f);
    assert_int_equal(ask(database(f), "PRAGMA user_version"), 5);

    /* the copy is a store of format 1 with what there was, and private */
    struct stat info;
    assert_int_equal(stat(kept_copy(f), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(ask(kept_copy(f), "PRAGMA user_version"), 1);
    assert_int_equal(ask(kept_copy(f), "PRAGMA application_id"), 1718579819);
    assert_int_equal(ask(kept_copy(f), "SELECT count(*) FROM runs"), 3);
    assert_int_equal(ask(kept_copy(f), "SELECT count(*) FROM pragma_table_info('runs')"), 11);
}

static void test_new_and_migrated_are_the_same(void **state) {
    struct fixture *f = *state;
    make_store_1(f);
    fixture_open(f);
    fixture_close(f);
    struct buf migrated = BUF_INIT, made = BUF_INIT;
    append_columns(database(f), &migrated);
    char other[128];
    snprintf(other, sizeof other, "%s/other", f->folder);
    f->options.folder = other;
    assert_ok(history_open(&f->options, &f->history, error));
    append_columns(history_database_path(f->history), &made);
    history_close(&f->history);
    assert_non_null(strstr(buf_string(&made), "runs state INTEGER"));
    assert_string_equal(buf_string(&made), buf_string(&migrated));
    buf_finish(&migrated);
    buf_finish(&made);
}

static void test_a_copy_is_never_written_over(void **state) {
    struct fixture *f = *state;
    make_store_1(f);
    assert_ok(file_write(kept_copy(f), "precious", 8, 0600, error));
    fixture_open(f);
    fixture_close(f);
    struct buf bytes = BUF_INIT;
    assert_ok(file_read(kept_copy(f), 64, &bytes, error));
    assert_string_equal(buf_string(&bytes), "precious");
    buf_finish(&bytes);
    assert_int_equal(ask(database(f), "PRAGMA user_version"), 5);
}

static void test_looking_changes_nothing(void **state) {
    struct fixture *f = *state;
    make_store_1(f);
    f->options.read_only = true;
    assert_ok(history_open(&f->options, &f->history, error));
    assert_old_runs(f);
    assert_int_equal(ask(database(f), "PRAGMA user_version"), 1);
    assert_int_not_equal(access(kept_copy(f), F_OK), 0);
    /* it goes on when somebody migrates meanwhile */
    struct history *other = NULL;
    f->options.read_only = false;
    assert_ok(history_open(&f->options, &other, error));
    assert_old_runs(f);
    history_close(&other);
    history_close(&f->history);
}

static void test_many_open_at_once(void **state) {
    struct fixture *f = *state;
    enum { PROCESSES = 6 };
    make_store_1(f);
    f->options.busy_timeout_ms = 20000;
    int gate[2];
    assert_int_equal(pipe(gate), 0);
    pid_t children[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i] != 0)
            continue;
        char byte;
        close(gate[1]);
        if (read(gate[0], &byte, 1) != 0) /* until the gate is closed */
            _exit(1);
        struct history *history = NULL;
        struct error why = {.message = ""};
        if (history_open(&f->options, &history, &why) != STATUS_OK)
            fprintf(stderr, "%s\n", why.message);
        _exit(!history);
    }
    close(gate[0]);
    close(gate[1]);
    for (int i = 0; i < PROCESSES; i++) {
        int how = 0;
        waitpid(children[i], &how, 0);
        assert_int_equal(how, 0);
    }
    assert_int_equal(ask(database(f), "PRAGMA user_version"), 5);
    assert_int_equal(ask(kept_copy(f), "PRAGMA user_version"), 1);
}

/* Somebody of format 1 has it open: a writer is waited for, later on both record. */
static void test_an_old_forkernel_records_meanwhile(void **state) {
    struct fixture *f = *state;
    make_store_1(f);
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(database(f), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    f->options.busy_timeout_ms = 1;
    struct error why = {.message = ""};
    assert_int_equal(history_open(&f->options, &f->history, &why), STATUS_LOCKED);
    assert_non_null(strstr(why.message, database(f)));
    assert_int_not_equal(access(kept_copy(f), F_OK), 0);
    static const char insert[] = "INSERT INTO runs (version_id, session_id, execution_count, "
                                 "parent_run_id, status, started_us, ended_us, day) "
                                 "VALUES (4294967298, 1, 4, 2, 2, 4000, 4500, '1970/01/01')";
    assert_int_equal(sqlite3_exec(db, insert, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    fixture_open(f);
    assert_int_equal(sqlite3_exec(db, insert, NULL, NULL, NULL), SQLITE_OK);
    assert_old_runs(f);
    fixture_close(f);
    sqlite3_close(db);
    assert_int_equal(ask(kept_copy(f), "SELECT count(*) FROM runs"), 4);
    assert_int_equal(ask(database(f), "SELECT count(*) FROM runs"), 5);
}

/* No room for the copy: the store is what it was, and nothing of the attempt lies about. */
static void test_no_room(void **state) {
    struct fixture *f = *state;
    make_store_1(f);
    struct stat info;
    assert_int_equal(stat(database(f), &info), 0);
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit = {(rlim_t)info.st_size / 2, (rlim_t)info.st_size / 2};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        struct error why = {.message = ""};
        struct history *history = NULL;
        enum status status = history_open(&f->options, &history, &why);
        if (status == STATUS_OK || !strstr(why.message, database(f)) ||
            !strstr(why.message, "stays as it was") || !strstr(why.message, "have room")) {
            fprintf(stderr, "status %d: %s\n", (int)status, why.message);
            _exit(1);
        }
        _exit(0);
    }
    int how = 0;
    waitpid(child, &how, 0);
    assert_int_equal(how, 0);
    char part[192];
    snprintf(part, sizeof part, "%s.part", kept_copy(f));
    assert_int_not_equal(access(kept_copy(f), F_OK), 0);
    assert_int_not_equal(access(part, F_OK), 0);
    assert_int_equal(ask(database(f), "PRAGMA user_version"), 1);
    fixture_open(f);
    assert_old_runs(f);
    fixture_close(f);
    assert_int_equal(ask(kept_copy(f), "SELECT count(*) FROM runs"), 3);
}

/* The tables cannot be changed: the copy of this attempt goes too. */
static void test_no_way(void **state) {
    struct fixture *f = *state;
    make_store_1(f);
    execute(database(f), "ALTER TABLE runs ADD COLUMN defines TEXT");
    struct error why = {.message = ""};
    assert_int_not_equal(history_open(&f->options, &f->history, &why), STATUS_OK);
    assert_non_null(strstr(why.message, "stays as it was"));
    assert_int_not_equal(access(kept_copy(f), F_OK), 0);
    assert_int_equal(ask(database(f), "PRAGMA user_version"), 1);
    assert_int_equal(ask(database(f), "SELECT count(*) FROM pragma_table_info('runs')"), 12);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_a_store_is_brought_up_to_date),
        TEST(test_new_and_migrated_are_the_same),
        TEST(test_a_copy_is_never_written_over),
        TEST(test_looking_changes_nothing),
        TEST(test_many_open_at_once),
        TEST(test_an_old_forkernel_records_meanwhile),
        TEST(test_no_room),
        TEST(test_no_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
