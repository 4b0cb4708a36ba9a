/* history/: the state tree of runs, and where the last session left it. */
#include "history_fixture.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* A run on the state of `parent` (as in history_run_start) that ends so and leaves that; its id. */
static int64_t run_on(struct fixture *f, int64_t parent, enum history_run_status ends,
    enum history_state leaves, const char *text) {
    struct history_run *run = NULL;
    struct history_run_start start = {.cell_key = "a",
        .text = text,
        .text_bytes = strlen(text),
        .execution_count = 1,
        .parent_run_id = parent,
        .time_us = ++f->now_us};
    assert_ok(history_run_begin(f->session, &start, &run, error));
    int64_t id = history_run_place(run).run_id;
    if (leaves != HISTORY_STATE_UNKNOWN)
        history_run_leaves(run, leaves, NULL, NULL);
    assert_ok(history_run_end(&run, ends, ++f->now_us, error));
    return id;
}

static int64_t ok(struct fixture *f, enum history_state leaves) {
    return run_on(f, 0, HISTORY_OK, leaves, "x");
}

static struct history_states list(struct fixture *f) {
    struct history_states states;
    int64_t document = history_session_document(f->session);
    assert_ok(history_list_states(f->history, document, &f->memory, &states, error));
    return states;
}

/* Where the session of the fixture left it, as the next one is told. */
static int64_t left(struct fixture *f) {
    int64_t run_id = -1;
    int64_t document = history_session_document(f->session);
    assert_ok(history_last_state(f->history, document, 0, &run_id, error));
    return run_id;
}

static void test_what_a_run_leaves(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    struct history_run *run = fixture_begin(f, "a", "\n  int x;\nint y;");
    char defines[] = "x, y, f()";
    history_run_leaves(run, HISTORY_STATE_SAME, "w", "1 thread");
    history_run_leaves(run, HISTORY_STATE_NEW, defines, "wrote 120 bytes to 'Öl.txt'");
    defines[0] = '?';
    int64_t began_us = f->now_us;
    fixture_end(f, &run);
    run = fixture_begin(f, "b", "f();");
    history_run_leaves(run, HISTORY_STATE_PARTIAL, NULL, NULL);
    assert_ok(history_run_end(&run, HISTORY_INTERRUPTED, 0, error));
    run = fixture_begin(f, "a", "\n  int x;\nint y;");
    struct history_states states = list(f);
    assert_int_equal(states.count, 3);
    const struct history_state_info *first = &states.items[0], *last = &states.items[2];
    assert_int_equal(first->run_id, 1);
    assert_int_equal(first->session_id, history_session_id(f->session));
    assert_int_equal(first->cell_id, last->cell_id);
    assert_int_not_equal(first->cell_id, states.items[1].cell_id);
    assert_int_equal(first->version, 1);
    assert_int_equal(states.items[1].version, 2);
    assert_int_equal(first->execution_count, 1);
    assert_int_equal(first->parent_run_id, 0);
    assert_int_equal(first->status, HISTORY_OK);
    assert_int_equal(first->state, HISTORY_STATE_NEW);
    assert_int_equal(first->started_us, began_us);
    assert_int_equal(first->ended_us, began_us + 1);
    assert_string_equal(first->defines, "x, y, f()");
    assert_string_equal(first->effects, "wrote 120 bytes to 'Öl.txt'");
    assert_string_equal(first->summary, "int x;");
    assert_int_equal(states.items[1].state, HISTORY_STATE_PARTIAL);
    assert_string_equal(states.items[1].defines, "");
    assert_string_equal(states.items[1].effects, "");
    assert_int_equal(last->state, HISTORY_STATE_UNKNOWN);
    assert_int_equal(last->status, HISTORY_RUNNING);
    assert_int_equal(last->parent_run_id, 2);
    assert_string_equal(last->summary, "int x;");
    fixture_end(f, &run);
    assert_int_equal(list(f).items[2].state, HISTORY_STATE_UNKNOWN);
    fixture_close(f);
}

static void test_documents_are_apart(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    ok(f, HISTORY_STATE_NEW);
    struct history_session *other = NULL;
    struct history_session_start start = {.document_path = "/notes/b.ipynb"};
    assert_ok(history_session_begin(f->history, &start, &other, error));
    struct history_states states = {.count = 7};
    int64_t document = history_session_document(other), run_id = -1;
    assert_ok(history_list_states(f->history, document, &f->memory, &states, error));
    assert_int_equal(states.count, 0);
    assert_int_equal(history_last_state(f->history, document, 0, &run_id, NULL), STATUS_NOT_FOUND);
    struct error why = {.message = ""};
    assert_int_equal(history_session_move_state(other, 1, &why), STATUS_NOT_FOUND);
    assert_non_null(strstr(why.message, "run 1 "));
    assert_int_equal(history_session_move_state(other, 99, &why), STATUS_NOT_FOUND);
    assert_int_equal(run_id, -1);
    assert_ok(history_session_end(&other, 0, error));
    assert_int_equal(list(f).count, 1);
    fixture_close(f);
}

static void test_last_state_is_what_the_newest_run_left(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    int64_t none = -1;
    int64_t document = history_session_document(f->session);
    assert_int_equal(history_last_state(f->history, document, 0, &none, NULL), STATUS_NOT_FOUND);
    assert_int_equal(none, -1);
    run_on(f, 0, HISTORY_ERROR, HISTORY_STATE_SAME, "typo");
    assert_int_equal(left(f), 0);
    int64_t first = ok(f, HISTORY_STATE_NEW);
    assert_int_equal(left(f), first);
    ok(f, HISTORY_STATE_SAME);
    run_on(f, 0, HISTORY_ERROR, HISTORY_STATE_UNKNOWN, "typo");
    run_on(f, 0, HISTORY_KILLED, HISTORY_STATE_UNKNOWN, "x");
    run_on(f, 0, HISTORY_ABORTED, HISTORY_STATE_UNKNOWN, "x");
    assert_int_equal(left(f), first);
    int64_t fault = run_on(f, 0, HISTORY_ERROR, HISTORY_STATE_PARTIAL, "x");
    assert_int_equal(left(f), fault);
    int64_t unknown = ok(f, HISTORY_STATE_UNKNOWN);
    assert_int_equal(left(f), unknown);
    int64_t interrupted = run_on(f, 0, HISTORY_INTERRUPTED, HISTORY_STATE_UNKNOWN, "x");
    assert_int_equal(left(f), interrupted);
    run_on(f, HISTORY_PARENT_NONE, HISTORY_OK, HISTORY_STATE_SAME, "1");
    assert_int_equal(left(f), 0);
    run_on(f, first, HISTORY_OK, HISTORY_STATE_SAME, "1");
    assert_int_equal(left(f), first);
    run_on(f, 1000000, HISTORY_OK, HISTORY_STATE_SAME, "1"); /* nonsense ends in a fresh program */
    assert_int_equal(left(f), 0);
    fixture_close(f);
}

static void test_moved_and_run_again(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    assert_ok(history_session_move_state(f->session, 0, error)); /* before any run: no matter */
    int64_t one = ok(f, HISTORY_STATE_NEW);
    int64_t two = ok(f, HISTORY_STATE_NEW);
    assert_int_equal(left(f), two);
    assert_ok(history_session_move_state(f->session, one, error));
    assert_int_equal(left(f), one);
    assert_ok(history_session_move_state(f->session, 0, error));
    assert_int_equal(left(f), 0);
    int64_t three = ok(f, HISTORY_STATE_NEW); /* on a fresh program */
    assert_int_equal(left(f), three);
    assert_ok(history_session_move_state(f->session, one, error));
    ok(f, HISTORY_STATE_SAME); /* on `one`, which is where it leaves it */
    assert_int_equal(left(f), one);
    struct history_states states = list(f);
    assert_int_equal(states.items[0].parent_run_id, 0);
    assert_int_equal(states.items[1].parent_run_id, one);
    assert_int_equal(states.items[2].parent_run_id, 0);
    assert_int_equal(states.items[3].parent_run_id, one);
    assert_ok(history_session_move_state(f->session, two, error));
    fixture_close(f);

    /* the next session goes on in a state of the one before, and may not have run yet */
    fixture_open(f);
    int64_t from = -1, own = history_session_id(f->session);
    int64_t document = history_session_document(f->session);
    assert_ok(history_last_state(f->history, document, own, &from, error));
    assert_int_equal(from, two);
    assert_int_equal(left(f), two);
    assert_ok(history_session_move_state(f->session, from, error));
    int64_t four = ok(f, HISTORY_STATE_NEW);
    assert_int_equal(list(f).items[4].parent_run_id, two);
    assert_int_equal(left(f), four);
    assert_ok(history_last_state(f->history, document, own, &from, error));
    assert_int_equal(from, two);
    fixture_close(f);
}

/* The database is locked at the end of a run: what it left is written later with the rest. */
static void test_told_while_locked(void **state) {
    struct fixture *f = *state;
    f->options.busy_timeout_ms = 1;
    fixture_open(f);
    int64_t one = ok(f, HISTORY_STATE_NEW);
    ok(f, HISTORY_STATE_NEW);
    struct history_run *run = fixture_begin(f, "a", "text");
    history_run_leaves(run, HISTORY_STATE_NEW, "x", "y");
    sqlite3 *db = NULL;
    char path[128];
    snprintf(path, sizeof path, "%s/history.sqlite3", f->folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    struct error why;
    assert_int_equal(history_run_end(&run, HISTORY_OK, 0, &why), STATUS_LOCKED);
    assert_int_equal(history_session_move_state(f->session, one, &why), STATUS_LOCKED);
    assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    ok(f, HISTORY_STATE_SAME);
    struct history_states states = list(f);
    assert_int_equal(states.items[2].state, HISTORY_STATE_NEW);
    assert_string_equal(states.items[2].defines, "x");
    assert_string_equal(states.items[2].effects, "y");
    assert_int_equal(states.items[3].parent_run_id, one);
    assert_int_equal(left(f), one);
    fixture_close(f);
}

static void test_killed_runs_are_unknown(void **state) {
    struct fixture *f = *state;
    pid_t child = fork();
    if (child == 0) {
        fixture_open(f);
        ok(f, HISTORY_STATE_NEW);
        struct history_run *run = fixture_begin(f, "a", "y");
        history_run_leaves(run, HISTORY_STATE_NEW, "y", "1 thread");
        kill(getpid(), SIGKILL);
    }
    int how = 0;
    waitpid(child, &how, 0);
    assert_true(WIFSIGNALED(how));
    fixture_open(f);
    struct history_states states = list(f);
    assert_int_equal(states.count, 2);
    assert_int_equal(states.items[0].state, HISTORY_STATE_NEW);
    assert_int_equal(states.items[1].status, HISTORY_KILLED);
    assert_int_equal(states.items[1].state, HISTORY_STATE_UNKNOWN);
    assert_string_equal(states.items[1].defines, "");
    assert_int_equal(left(f), 1);
    fixture_close(f);
}

/* Texts of several cells that build on each other, past full copies and back. */
static void test_summaries_of_many(void **state) {
    struct fixture *f = *state;
    enum { RUNS = 300, CELLS = 3 };
    f->options.keyframe_every = 4;
    fixture_open(f);
    for (int i = 0; i < RUNS; i++) {
        char key[8], text[64];
        snprintf(key, sizeof key, "%d", i % CELLS);
        snprintf(text, sizeof text, "line %d\nint x = 1;\nint y = 2;\n", i % 200);
        fixture_run(f, key, text);
    }
    struct history_states states = list(f);
    assert_int_equal(states.count, RUNS);
    for (int i = 0; i < RUNS; i++) {
        char want[32];
        snprintf(want, sizeof want, "line %d", i % 200);
        assert_string_equal(states.items[i].summary, want);
        assert_int_equal(states.items[i].parent_run_id, i);
    }
    fixture_close(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_what_a_run_leaves),
        TEST(test_documents_are_apart),
        TEST(test_last_state_is_what_the_newest_run_left),
        TEST(test_moved_and_run_again),
        TEST(test_told_while_locked),
        TEST(test_killed_runs_are_unknown),
        TEST(test_summaries_of_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
