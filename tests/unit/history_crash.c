/*
 * history/: a recording process is killed at random moments; all that had been acknowledged is
 * found, and the store goes on. The child tells by shared memory how far it has come.
 */
#include "history_fixture.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

struct progress {
    _Atomic int64_t runs;  /* ended, acknowledged */
    _Atomic int64_t bytes; /* of the run that lasts, acknowledged */
    _Atomic int64_t bundles;
    _Atomic int64_t steps; /* all calls so far */
};

enum { LINES = 40, PICTURE_BYTES = 5000 /* shared by the runs */ };

static char byte_at(size_t at) {
    return (char)('!' + at % 89);
}

static void fill(char *chunk, size_t from, size_t size) {
    for (size_t i = 0; i < size; i++)
        chunk[i] = byte_at(from + i);
}

#define MUST(call)                                                                                 \
    do {                                                                                           \
        if ((call) != STATUS_OK)                                                                   \
            _exit(1);                                                                              \
        progress->steps++;                                                                         \
    } while (0)

/* Never returns: records until it is killed. */
static void record(const struct history_options *options, struct progress *progress) {
    struct history *history = NULL;
    struct history_session *session = NULL;
    MUST(history_open(options, &history, NULL));
    struct history_session_start session_start = {.document_path = "/notes/a.ipynb"};
    MUST(history_session_begin(history, &session_start, &session, NULL));
    char picture[PICTURE_BYTES];
    fill(picture, 0, sizeof picture);
    for (int i = 0;; i++) {
        char text[32];
        int size = snprintf(text, sizeof text, "cell text %d", i % 7);
        struct history_run_start start = {
            .cell_key = "a", .text = text, .text_bytes = (size_t)size, .execution_count = i};
        struct history_run *run = NULL;
        MUST(history_run_begin(session, &start, &run, NULL));
        size_t printed = 0;
        for (int line = 0; line < LINES; line++) {
            char chunk[64];
            size_t length = 1 + (size_t)(i * 31 + line * 17) % sizeof chunk;
            fill(chunk, printed, length);
            MUST(history_run_write(run, HISTORY_STDOUT, chunk, length, NULL));
            printed += length;
            progress->bytes = (int64_t)printed;
        }
        struct history_item item = {"image/png", picture, sizeof picture};
        MUST(history_run_bundle(run, HISTORY_DISPLAY, NULL, &item, 1, NULL));
        progress->bundles = 1;
        MUST(history_run_end(&run, HISTORY_OK, 0, NULL));
        progress->bundles = 0;
        progress->bytes = 0;
        progress->runs++;
    }
}

static void assert_picture(struct fixture *f, const struct history_part *part) {
    char picture[PICTURE_BYTES];
    struct buf bytes = BUF_INIT;
    fill(picture, 0, sizeof picture);
    assert_ok(history_read_part(f->history, part, &bytes, error));
    assert_int_equal(bytes.size, PICTURE_BYTES);
    assert_memory_equal(bytes.data, picture, PICTURE_BYTES);
    buf_finish(&bytes);
}

static size_t printed_by(int64_t run) {
    size_t printed = 0;
    for (int64_t line = 0; line < LINES; line++)
        printed += 1 + (size_t)(run * 31 + line * 17) % 64;
    return printed;
}

/* The head, and after the notice the tail, are the bytes that belong there. */
static void assert_stream(struct fixture *f, const struct history_part *part, int64_t at_least,
    int64_t at_most, size_t limit) {
    if (part->total_bytes < at_least || part->total_bytes > at_most)
        fail_msg("%lld bytes, not %lld to %lld", (long long)part->total_bytes, (long long)at_least,
            (long long)at_most);
    size_t total = (size_t)part->total_bytes;
    size_t head = total < limit / 2 ? total : limit / 2;
    size_t tail = total - head < limit - limit / 2 ? total - head : limit - limit / 2;
    assert_int_equal(part->head_bytes, head);
    assert_int_equal(part->tail_bytes, total > limit / 2 ? tail : 0);
    struct buf got = BUF_INIT, want = BUF_INIT;
    for (size_t i = 0; i < head; i++)
        buf_append_char(&want, byte_at(i));
    if (head + tail < total)
        buf_printf(&want, "\n[... %zu bytes left out ...]\n", total - head - tail);
    for (size_t i = total - tail; i < total; i++)
        buf_append_char(&want, byte_at(i));
    assert_ok(history_read_part(f->history, part, &got, error));
    assert_string_equal(buf_string(&got), buf_string(&want));
    buf_finish(&got);
    buf_finish(&want);
}

static int refuse_pieces(const char *path, const struct stat *info, int type, struct FTW *ftw) {
    (void)info;
    (void)type;
    (void)ftw;
    return strstr(path, ".part") != NULL;
}

static void check_after(struct fixture *f, const struct progress *progress, int64_t session) {
    size_t limit = f->options.text_limit_bytes;
    struct history_inputs inputs;
    assert_ok(history_open(&f->options, &f->history, error));
    assert_ok(history_list_range(f->history, session, 0, 0, false, &f->memory, &inputs, error));
    assert_true((int64_t)inputs.count >= progress->runs);
    assert_true((int64_t)inputs.count <= progress->runs + 1);
    for (size_t i = 0; i < inputs.count; i++) {
        bool ended = (int64_t)i < progress->runs;
        struct history_run_info run;
        assert_ok(history_read_run(f->history, inputs.items[i].run_id, &f->memory, &run, error));
        if (ended)
            assert_int_equal(run.status, HISTORY_OK);
        else
            assert_true(run.status == HISTORY_KILLED || run.status == HISTORY_OK);
        assert_true(run.ended_us >= run.started_us);
        struct history_outputs outputs = fixture_outputs(f, run.id);
        int64_t bytes = ended ? (int64_t)printed_by((int64_t)i) : progress->bytes;
        if (!outputs.count) {
            assert_int_equal(bytes, 0);
            continue;
        }
        assert_true(outputs.items[0].sealed);
        assert_stream(f, outputs.items[0].parts, bytes, (int64_t)printed_by((int64_t)i), limit);
        assert_true(outputs.count >= 1 + (size_t)(ended ? 1 : progress->bundles));
        if (outputs.count > 1)
            assert_picture(f, outputs.items[1].parts);
    }
    char folder[128];
    snprintf(folder, sizeof folder, "%s/outputs", f->folder);
    assert_int_equal(nftw(folder, refuse_pieces, 16, FTW_PHYS), 0);
    history_close(&f->history);
    history_memory_finish(&f->memory);
}

static void test_kill_at_random_moments(void **state) {
    struct fixture *f = *state;
    unsigned seed = (unsigned)getpid();
    print_message("seed %u\n", seed);
    srand(seed);
    f->options.text_limit_bytes = 256;
    struct progress *progress =
        mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(progress != MAP_FAILED);
    for (int64_t session = 1; session <= 30; session++) {
        *progress = (struct progress){0};
        int64_t until = 2 + rand() % 120;
        pid_t child = fork();
        if (child == 0)
            record(&f->options, progress);
        while (progress->steps < until && waitpid(child, NULL, WNOHANG) == 0)
            ;
        for (volatile int spin = rand() % 20000; spin > 0;)
            spin = spin - 1;
        kill(child, SIGKILL);
        int how = 0;
        waitpid(child, &how, 0);
        assert_true(WIFSIGNALED(how));
        check_after(f, progress, session);
    }
    munmap(progress, sizeof *progress);
}

/* A second process opens the store while the first one runs: hands off. */
static void test_living_runs_are_left_alone(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    struct history_run *run = fixture_begin(f, "a", "lasts");
    int64_t id = history_run_place(run).run_id;
    fixture_print(run, "so far");
    pid_t child = fork();
    if (child == 0) {
        struct history *other = NULL;
        enum status status = history_open(&f->options, &other, NULL);
        history_close(&other);
        _exit(status != STATUS_OK);
    }
    int how = 0;
    waitpid(child, &how, 0);
    assert_int_equal(how, 0);
    struct history_run_info info;
    assert_ok(history_read_run(f->history, id, &f->memory, &info, error));
    assert_int_equal(info.status, HISTORY_RUNNING);
    fixture_print(run, " and on");
    fixture_end(f, &run);
    struct history_outputs outputs = fixture_outputs(f, id);
    fixture_assert_part(f, &outputs.items[0].parts[0], "so far and on");
    fixture_close(f);
}

/* Several processes make the store and record into one document, all at once. */
static void test_processes_race(void **state) {
    struct fixture *f = *state;
    enum { PROCESSES = 4, RUNS = 25 };
    f->options.busy_timeout_ms = 20000;
    pid_t children[PROCESSES];
    for (int p = 0; p < PROCESSES; p++) {
        children[p] = fork();
        if (children[p] != 0)
            continue;
        struct history *history = NULL;
        struct history_session *session = NULL;
        struct history_session_start session_start = {.document_path = "/notes/a.ipynb"};
        if (history_open(&f->options, &history, NULL) != STATUS_OK ||
            history_session_begin(history, &session_start, &session, NULL) != STATUS_OK)
            _exit(1);
        for (int i = 0; i < RUNS; i++) {
            char text[32];
            int size = snprintf(text, sizeof text, "%d", i);
            struct history_run_start start = {
                .cell_key = "shared", .text = text, .text_bytes = (size_t)size};
            struct history_run *run = NULL;
            if (history_run_begin(session, &start, &run, NULL) != STATUS_OK ||
                history_run_write(run, HISTORY_STDOUT, text, (size_t)size, NULL) != STATUS_OK ||
                history_run_end(&run, HISTORY_OK, 0, NULL) != STATUS_OK)
                _exit(2);
        }
        _exit(history_session_end(&session, 0, NULL) != STATUS_OK);
    }
    for (int p = 0; p < PROCESSES; p++) {
        int how = 0;
        waitpid(children[p], &how, 0);
        assert_int_equal(how, 0);
    }
    fixture_open(f);
    struct history_cells cells;
    assert_ok(history_list_cells(
        f->history, history_session_document(f->session), &f->memory, &cells, error));
    assert_int_equal(cells.count, 1);
    assert_int_equal(cells.items[0].versions, RUNS); /* equal texts met */
    assert_int_equal(cells.items[0].runs, PROCESSES * RUNS);
    fixture_close(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_kill_at_random_moments),
        TEST(test_living_runs_are_left_alone),
        TEST(test_processes_race),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
