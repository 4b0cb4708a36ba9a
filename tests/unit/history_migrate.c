/* history/: stores of format 1, as forkernel 0.1.0 first made them. */
#include "history_fixture.h"

#include "base/file.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* To the letter, comments aside. */
static const char schema_1[] =
    "PRAGMA journal_mode = WAL; BEGIN; PRAGMA application_id = 1718579819;"
    "PRAGMA user_version = 1;"
    "CREATE TABLE documents (id INTEGER PRIMARY KEY, path TEXT UNIQUE, uuid BLOB NOT NULL, "
    "  created_us INTEGER NOT NULL);"
    "CREATE TABLE sessions (id INTEGER PRIMARY KEY AUTOINCREMENT, uuid TEXT NOT NULL, "
    "  document_id INTEGER NOT NULL REFERENCES documents, engine TEXT, pid INTEGER NOT NULL, "
    "  pid_start INTEGER NOT NULL, host TEXT NOT NULL, started_us INTEGER NOT NULL, "
    "  ended_us INTEGER);"
    "CREATE INDEX sessions_open ON sessions (id) WHERE ended_us IS NULL;"
    "CREATE TABLE cells (id INTEGER PRIMARY KEY, "
    "  document_id INTEGER NOT NULL REFERENCES documents, key TEXT NOT NULL, language TEXT, "
    "  head INTEGER NOT NULL, created_us INTEGER NOT NULL, deleted_us INTEGER, "
    "  UNIQUE (document_id, key));"
    "CREATE TABLE versions (id INTEGER PRIMARY KEY, "
    "  cell_id INTEGER NOT NULL REFERENCES cells, parent INTEGER, origin INTEGER, "
    "  created_us INTEGER NOT NULL, cause INTEGER NOT NULL, hash INTEGER NOT NULL, "
    "  depth INTEGER NOT NULL, text BLOB NOT NULL);"
    "CREATE INDEX versions_of_cell ON versions (cell_id, hash);"
    "CREATE TABLE moves (id INTEGER PRIMARY KEY, cell_id INTEGER NOT NULL REFERENCES cells, "
    "  from_number INTEGER NOT NULL, to_number INTEGER NOT NULL, time_us INTEGER NOT NULL, "
    "  cause INTEGER NOT NULL);"
    "CREATE INDEX moves_of_cell ON moves (cell_id);"
    "CREATE TABLE runs (id INTEGER PRIMARY KEY AUTOINCREMENT, "
    "  version_id INTEGER NOT NULL REFERENCES versions, "
    "  session_id INTEGER NOT NULL REFERENCES sessions, execution_count INTEGER NOT NULL, "
    "  parent_run_id INTEGER, status INTEGER NOT NULL, started_us INTEGER NOT NULL, "
    "  ended_us INTEGER, day TEXT NOT NULL, dropped INTEGER NOT NULL DEFAULT 0, summary TEXT);"
    "CREATE INDEX runs_of_version ON runs (version_id);"
    "CREATE INDEX runs_of_session ON runs (session_id, execution_count);"
    "CREATE TABLE outputs (id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES runs, "
    "  sequence INTEGER NOT NULL, kind INTEGER NOT NULL, created_us INTEGER NOT NULL, "
    "  sealed INTEGER NOT NULL, complete INTEGER NOT NULL, late INTEGER NOT NULL, "
    "  display_id TEXT, ename TEXT, evalue TEXT, UNIQUE (run_id, sequence));"
    "CREATE TABLE output_parts (id INTEGER PRIMARY KEY, "
    "  output_id INTEGER NOT NULL REFERENCES outputs, position INTEGER NOT NULL, "
    "  mime TEXT NOT NULL, file TEXT, total_bytes INTEGER NOT NULL, "
    "  head_bytes INTEGER NOT NULL, tail_bytes INTEGER NOT NULL, hash BLOB, "
    "  UNIQUE (output_id, position));";

/* A session of three runs, ok, interrupted, error; texts "one" and "two" as zstd frames. */
static const char rows_1[] =
    "INSERT INTO documents VALUES (1, '/notes/a.ipynb', x'00', 1000);"
    "INSERT INTO sessions VALUES (1, 'u', 1, 'c', 1, 1, 'host', 1000, 9000);"
    "INSERT INTO cells VALUES (1, 1, 'a', 'c', 2, 1000, NULL);"
    "INSERT INTO versions VALUES (4294967297, 1, NULL, NULL, 1000, 1, 1, 0, x'20031900006f6e65');"
    "INSERT INTO versions VALUES (4294967298, 1, 1, NULL, 2000, 1, 2, 0, x'200319000074776f');"
    "INSERT INTO runs VALUES (1, 4294967297, 1, 1, NULL, 1, 1000, 1500, '1970/01/01', 0, '');"
    "INSERT INTO runs VALUES (2, 4294967298, 1, 2, 1, 3, 2000, 2500, '1970/01/01', 0, '');"
    "INSERT INTO runs VALUES (3, 4294967298, 1, 3, 2, 2, 3000, 3500, '1970/01/01', 0, '');"
    "COMMIT;";

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

static void execute(const char *path, const char *text) {
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    char *why = NULL;
    if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("%s: %s", text, why);
    sqlite3_close(db);
}

/* The first column of the first row. */
static int64_t ask(const char *path, const char *text) {
    sqlite3 *db = NULL;
    sqlite3_stmt *rows = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &rows, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(rows), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(rows, 0);
    sqlite3_finalize(rows);
    sqlite3_close(db);
    return value;
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
    assert_int_equal(ask(database(f), "PRAGMA user_version"), 3);

    /* the copy is a store of format 1 with what there was, and private */
    struct stat info;
    assert_int_equal(stat(kept_copy(f), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(ask(kept_copy(f), "PRAGMA user_version"), 1);
    assert_int_equal(ask(kept_copy(f), "PRAGMA application_id"), 1718579819);
    assert_int_equal(ask(kept_copy(f), "SELECT count(*) FROM runs"), 3);
    assert_int_equal(ask(kept_copy(f), "SELECT count(*) FROM pragma_table_info('runs')"), 11);
}

static void append_columns(const char *path, struct buf *out) {
    static const char text[] = "SELECT m.name, i.name, i.type, i.\"notnull\" FROM sqlite_schema m, "
                               "pragma_table_info(m.name) i ORDER BY m.name, i.cid";
    sqlite3 *db = NULL;
    sqlite3_stmt *rows = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &rows, NULL), SQLITE_OK);
    while (sqlite3_step(rows) == SQLITE_ROW) {
        for (int i = 0; i < 4; i++)
            buf_printf(out, "%s ", (const char *)sqlite3_column_text(rows, i));
        buf_append_char(out, '\n');
    }
    sqlite3_finalize(rows);
    sqlite3_close(db);
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
    assert_int_equal(ask(database(f), "PRAGMA user_version"), 3);
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
    assert_int_equal(ask(database(f), "PRAGMA user_version"), 3);
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
