/*
 * history/: a process that records batches of edits is killed at random moments. What had been
 * acknowledged is found, of the batch on the way all or nothing, and the front end that sends again
 * what it has no answer for ends up with everything once.
 */
#include "history_fixture.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { CELLS = 3, ROUNDS = 40 };

struct progress {
    _Atomic int64_t acknowledged; /* the last batch */
};

struct batch {
    char texts[CELLS][64];
    struct history_edit items[CELLS + 1];
    size_t count;
};

static const char *const orders[2][CELLS] = {{"a", "b", "c"}, {"c", "a", "b"}};

/* Batch `n`, always the same: one or all cells get a text, the order is one or the other. */
static void make_batch(int64_t n, struct batch *batch) {
    batch->count = 0;
    for (int64_t cell = 0; cell < CELLS; cell++) {
        if (n % 4 != 0 && cell != n % CELLS)
            continue;
        char *text = batch->texts[cell];
        snprintf(text, sizeof batch->texts[cell], "cell %d\nstep %lld\nthe end\n", (int)cell,
            (long long)n);
        batch->items[batch->count++] = (struct history_edit){.kind = HISTORY_EDIT_TEXT,
            .cell_key = orders[0][cell],
            .cause = HISTORY_CAUSE_TYPING,
            .text = text,
            .text_bytes = strlen(text)};
    }
    if (n % 4 == 0)
        batch->items[batch->count++] = (struct history_edit){
            .kind = HISTORY_EDIT_LAYOUT, .keys = orders[n / 4 % 2], .key_count = CELLS};
}

static enum status send(struct history_session *session, int64_t n, bool *ret_repeated) {
    struct batch batch;
    make_batch(n, &batch);
    struct history_edits edits = {
        .client = "page", .sequence = n, .items = batch.items, .count = batch.count};
    return history_record_edits(session, &edits, NULL, ret_repeated, NULL);
}

/* Never returns: records until it is killed. */
static void record(const struct history_options *options, int64_t from, struct progress *progress) {
    struct history *history = NULL;
    struct history_session *session = NULL;
    struct history_session_start start = {.document_path = "/notes/a.ipynb"};
    if (history_open(options, &history, NULL) != STATUS_OK ||
        history_session_begin(history, &start, &session, NULL) != STATUS_OK)
        _exit(1);
    for (int64_t n = from;; n++) {
        if (send(session, n, NULL) != STATUS_OK)
            _exit(1);
        progress->acknowledged = n;
    }
}

/* The store is what batches 1 to `last` make of it. */
static void assert_batches(struct fixture *f, int64_t last) {
    char want[CELLS][64] = {{0}};
    int64_t counts[CELLS] = {0};
    int order = -1;
    struct batch batch;
    for (int64_t n = 1; n <= last; n++) {
        make_batch(n, &batch);
        for (int cell = 0; cell < CELLS; cell++) {
            if (n % 4 && cell != n % CELLS)
                continue;
            counts[cell]++;
            memcpy(want[cell], batch.texts[cell], sizeof want[cell]);
        }
        order = n % 4 ? order : (int)(n / 4 % 2);
    }
    struct history_notebook notebook;
    int64_t document = history_session_document(f->session);
    assert_ok(history_read_notebook(f->history, document, 0, &f->memory, &notebook, error));
    for (size_t i = 0; i < notebook.count; i++) {
        const struct history_notebook_cell *cell = &notebook.items[i];
        int number = cell->key[0] - 'a';
        assert_string_equal(cell->text, want[number]);
        if (order >= 0)
            assert_string_equal(cell->key, orders[order][i]);
        struct history_versions tree = fixture_tree(f, cell->cell_id);
        assert_int_equal(tree.count, counts[number]);
        assert_int_equal(tree.items[tree.count - 1].number, cell->version);
    }
    history_memory_finish(&f->memory);
}

static void test_kill_between_and_in_batches(void **state) {
    struct fixture *f = *state;
    unsigned seed = (unsigned)getpid();
    print_message("seed %u\n", seed);
    srand(seed);
    struct progress *progress =
        mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(progress != MAP_FAILED);
    int64_t next = 1;
    for (int round = 0; round < ROUNDS; round++) {
        progress->acknowledged = next - 1;
        int64_t until = next + rand() % 60;
        pid_t child = fork();
        if (child == 0)
            record(&f->options, next, progress);
        while (progress->acknowledged < until && waitpid(child, NULL, WNOHANG) == 0)
            ;
        for (volatile int spin = rand() % 20000; spin > 0;)
            spin = spin - 1;
        kill(child, SIGKILL);
        int how = 0;
        waitpid(child, &how, 0);
        assert_true(WIFSIGNALED(how));
        fixture_open(f);
        int64_t sequence = 0, acknowledged = progress->acknowledged;
        assert_ok(history_client_sequence(f->history, "page", &sequence, error));
        assert_true(sequence == acknowledged || sequence == acknowledged + 1);
        assert_batches(f, sequence);
        bool repeated = false; /* the front end has heard of `acknowledged` only */
        assert_int_equal(send(f->session, acknowledged + 1, &repeated), STATUS_OK);
        assert_int_equal(repeated, sequence == acknowledged + 1);
        assert_batches(f, acknowledged + 1);
        fixture_close(f);
        next = acknowledged + 2;
    }
    munmap(progress, sizeof *progress);
}

/* Several kernels record into one document at once, each for its own page. */
static void test_kernels_race(void **state) {
    struct fixture *f = *state;
    enum { KERNELS = 4, BATCHES = 30 };
    f->options.busy_timeout_ms = 20000;
    fixture_open(f); /* makes the store */
    pid_t children[KERNELS];
    for (int k = 0; k < KERNELS; k++) {
        children[k] = fork();
        if (children[k] != 0)
            continue;
        struct history *history = NULL;
        struct history_session *session = NULL;
        struct history_session_start start = {.document_path = "/notes/a.ipynb"};
        if (history_open(&f->options, &history, NULL) != STATUS_OK ||
            history_session_begin(history, &start, &session, NULL) != STATUS_OK)
            _exit(1);
        for (int i = 0; i < BATCHES; i++) {
            char text[64];
            snprintf(text, sizeof text, "kernel %d says %d", k, i);
            struct history_edit edit = {.kind = HISTORY_EDIT_TEXT,
                .cell_key = "shared",
                .cause = HISTORY_CAUSE_TYPING,
                .text = text,
                .text_bytes = strlen(text)};
            struct history_edits edits = {.items = &edit, .count = 1};
            struct history_edited edited;
            if (history_record_edits(session, &edits, &edited, NULL, NULL) != STATUS_OK ||
                !edited.new_version)
                _exit(2);
        }
        _exit(history_session_end(&session, 0, NULL) != STATUS_OK);
    }
    for (int k = 0; k < KERNELS; k++) {
        int how = 0;
        waitpid(children[k], &how, 0);
        assert_int_equal(how, 0);
    }
    struct history_cells cells;
    int64_t document = history_session_document(f->session);
    assert_ok(history_list_cells(f->history, document, &f->memory, &cells, error));
    assert_int_equal(cells.count, 1);
    assert_int_equal(cells.items[0].versions, KERNELS * BATCHES);
    struct history_versions tree = fixture_tree(f, cells.items[0].id);
    for (size_t i = 0; i < tree.count; i++) {
        assert_int_equal(tree.items[i].number, i + 1);
        assert_int_equal(tree.items[i].parent, i);
        assert_int_equal(memcmp(tree.items[i].summary, "kernel ", 7), 0);
    }
    fixture_close(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_kill_between_and_in_batches),
        TEST(test_kernels_race),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
