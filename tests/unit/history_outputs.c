/* history/: outputs as files, limits, exact counts, late output. */
#include "history_fixture.h"

#include "base/file.h"

#include <sys/stat.h>
#include <sys/wait.h>

/* Byte `at` of the endless text that the tests print: ASCII, so that no character is cut. */
static char text_at(size_t at) {
    return (char)('a' + at % 23);
}

static void print_range(
    struct history_run *run, enum history_output_kind kind, size_t from, size_t to, size_t step) {
    char chunk[256];
    while (from < to) {
        size_t size = to - from < step ? to - from : step;
        for (size_t i = 0; i < size; i++)
            chunk[i] = text_at(from + i);
        assert_ok(history_run_write(run, kind, chunk, size, error));
        from += size;
    }
}

/* What is kept of bytes [from, to) of `total` that a run printed altogether. */
static void expect_part(struct buf *want, const struct history_part *part, size_t from, size_t to,
    size_t total, size_t limit) {
    size_t head_end = limit / 2,
           tail_begin = total - head_end > limit - head_end && total > head_end
                            ? total - (limit - head_end)
                            : head_end;
    size_t head = from < head_end ? (to < head_end ? to : head_end) - from : 0;
    size_t begin = from + head > tail_begin ? from + head : tail_begin;
    size_t tail = begin < to ? to - begin : 0;
    buf_clear(want);
    for (size_t i = 0; i < head; i++)
        buf_append_char(want, text_at(from + i));
    if (head + tail < to - from)
        buf_printf(want, "\n[... %zu bytes left out ...]\n", to - from - head - tail);
    for (size_t i = to - tail; i < to; i++)
        buf_append_char(want, text_at(i));
    assert_int_equal(part->total_bytes, to - from);
    assert_int_equal(part->head_bytes, head);
    assert_int_equal(part->tail_bytes, tail);
}

static void test_every_boundary_of_the_limit(void **state) {
    struct fixture *f = *state;
    static const size_t limits[] = {1, 2, 7, 16};
    struct buf want = BUF_INIT;
    for (size_t l = 0; l < sizeof limits / sizeof *limits; l++) {
        f->options.text_limit_bytes = limits[l];
        fixture_open(f);
        for (size_t total = 1; total <= 44; total++) {
            for (size_t step = 1; step <= 48; step = step * 3 + 2) {
                struct history_run *run = fixture_begin(f, "a", "print");
                int64_t id = history_run_place(run).run_id;
                print_range(run, HISTORY_STDOUT, 0, total, step);
                fixture_end(f, &run);
                struct history_outputs outputs = fixture_outputs(f, id);
                assert_int_equal(outputs.count, 1);
                assert_true(outputs.items[0].sealed && outputs.items[0].complete);
                expect_part(&want, outputs.items[0].parts, 0, total, total, limits[l]);
                fixture_assert_part(f, outputs.items[0].parts, buf_string(&want));
            }
        }
        fixture_close(f);
    }
    buf_finish(&want);
}

/* Outputs of a run share the limit: the first bytes of all and the last bytes of all are kept. */
static void test_streams_share_the_limit(void **state) {
    struct fixture *f = *state;
    unsigned seed = (unsigned)getpid();
    print_message("seed %u\n", seed);
    srand(seed);
    struct buf want = BUF_INIT;
    for (size_t limit = 1; limit <= 40; limit += 13) {
        f->options.text_limit_bytes = limit;
        fixture_open(f);
        for (int round = 0; round < 20; round++) {
            size_t ends[12], count = 1 + (size_t)rand() % 12, total = 0;
            struct history_run *run = fixture_begin(f, "a", "print");
            int64_t id = history_run_place(run).run_id;
            for (size_t i = 0; i < count; i++) {
                size_t size = 1 + (size_t)rand() % 30;
                print_range(run, i % 2 ? HISTORY_STDERR : HISTORY_STDOUT, total, total + size,
                    1 + (size_t)rand() % 40);
                ends[i] = total += size;
            }
            fixture_end(f, &run);
            struct history_outputs outputs = fixture_outputs(f, id);
            assert_int_equal(outputs.count, count);
            for (size_t i = 0; i < count; i++) {
                const struct history_part *part = outputs.items[i].parts;
                expect_part(&want, part, i ? ends[i - 1] : 0, ends[i], total, limit);
                fixture_assert_part(f, part, buf_string(&want));
            }
        }
        fixture_close(f);
    }
    buf_finish(&want);
}

/* The same of a process that stops without a word: the files alone say all of it. */
static void test_a_dead_process_shares_the_limit_too(void **state) {
    struct fixture *f = *state;
    unsigned seed = (unsigned)getpid();
    print_message("seed %u\n", seed);
    srand(seed);
    struct buf want = BUF_INIT;
    f->options.text_limit_bytes = 20;
    for (int64_t id = 1; id <= 12; id++) {
        size_t sizes[8], steps[8], count = 1 + (size_t)rand() % 8, total = 0;
        for (size_t i = 0; i < count; i++) {
            sizes[i] = 1 + (size_t)rand() % 30;
            steps[i] = 1 + (size_t)rand() % 40;
            total += sizes[i];
        }
        pid_t child = fork();
        if (child == 0) {
            fixture_open(f);
            struct history_run *run = fixture_begin(f, "a", "print");
            for (size_t i = 0, at = 0; i < count; at += sizes[i++])
                print_range(
                    run, i % 2 ? HISTORY_STDERR : HISTORY_STDOUT, at, at + sizes[i], steps[i]);
            _exit(0);
        }
        int how = 0;
        waitpid(child, &how, 0);
        assert_int_equal(how, 0);
        assert_ok(history_open(&f->options, &f->history, error));
        struct history_outputs outputs = fixture_outputs(f, id);
        assert_int_equal(outputs.count, count);
        for (size_t i = 0, at = 0; i < count; at += sizes[i++]) {
            assert_true(outputs.items[i].sealed && outputs.items[i].complete);
            expect_part(&want, outputs.items[i].parts, at, at + sizes[i], total, 20);
            fixture_assert_part(f, outputs.items[i].parts, buf_string(&want));
        }
        history_close(&f->history);
    }
    buf_finish(&want);
}

static void test_characters_are_not_cut(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        /* limit 10: 5 bytes each side */
        {"aé€€€€éb", "aé\n[... 12 bytes left out ...]\néb"},
        {"ab€€€€ab", "ab€\n[... 6 bytes left out ...]\n€ab"},
        {"😀😀😀😀", "😀\n[... 8 bytes left out ...]\n😀"},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            "\xff\xff\xff\xff\xff\n[... 2 bytes left out ...]\n\xff\xff\xff\xff\xff"},
        {"€€€1", "€€€1"},
    };
    f->options.text_limit_bytes = 10;
    fixture_open(f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct history_run *run = fixture_begin(f, "a", "print");
        int64_t id = history_run_place(run).run_id;
        for (const char *at = cases[i].text; *at; at++)
            assert_ok(history_run_write(run, HISTORY_STDOUT, at, 1, error));
        fixture_end(f, &run);
        struct history_outputs outputs = fixture_outputs(f, id);
        const struct history_part *part = outputs.items[0].parts;
        assert_int_equal(part->total_bytes, strlen(cases[i].text));
        fixture_assert_part(f, part, cases[i].want);
    }
    fixture_close(f);
}

static void test_a_run_is_ordinary_files(void **state) {
    struct fixture *f = *state;
    f->options.binary_limit_bytes = 100;
    fixture_open(f);
    struct history_run *run = fixture_begin(f, "a", "everything");
    int64_t id = history_run_place(run).run_id;
    fixture_print(run, "hello ");
    fixture_print(run, "there\n");
    char large[101] = "large";
    struct history_item items[] = {
        {"text/plain", "a picture", 9},
        {"image/png", "\x89PNG", 4},
        {"image/svg+xml", large, sizeof large},
        {"application/vnd.plotly.v1+json", "{}", 2},
        {"application/json", "[]", 2},
    };
    assert_ok(history_run_bundle(run, HISTORY_DISPLAY, "plot-1", items, 5, error));
    assert_ok(history_run_clear(run, true, error));
    assert_ok(history_run_error(run, "Fault", "segmentation fault", "at line 3", 9, error));

    /* while it lasts: the names are temporary, the contents are there */
    struct history_outputs outputs = fixture_outputs(f, id);
    assert_int_equal(outputs.count, 4);
    assert_false(outputs.items[0].sealed);
    assert_non_null(strstr(outputs.items[0].parts[0].path, "/0001-stdout.txt.part"));
    assert_int_equal(outputs.items[0].parts[0].total_bytes, 12);
    fixture_assert_part(f, &outputs.items[0].parts[0], "hello there\n");

    fixture_end(f, &run);
    outputs = fixture_outputs(f, id);
    assert_true(outputs.items[0].sealed);
    struct stat info;
    const char *path = outputs.items[0].parts[0].path;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_non_null(strstr(path, "/outputs/2023/11/1"));
    const struct history_output *display = &outputs.items[1];
    assert_int_equal(display->kind, HISTORY_DISPLAY);
    assert_string_equal(display->display_id, "plot-1");
    assert_int_equal(display->part_count, 5);
    static const char *const names[] = {
        "/0002-display.txt", "/0002-display.png", "", "/0002-display.json", "/0002-display-2.json"};
    for (size_t i = 0; i < 5; i++)
        assert_non_null(strstr(display->parts[i].path, names[i]));
    assert_string_equal(display->parts[2].path, "");
    assert_int_equal(display->parts[2].total_bytes, 101);
    assert_int_equal(display->parts[2].head_bytes, 0);
    struct buf none = BUF_INIT;
    assert_int_equal(
        history_read_part(f->history, &display->parts[2], &none, NULL), STATUS_NOT_FOUND);
    fixture_assert_part(f, &display->parts[1], "\x89PNG");
    assert_int_equal(outputs.items[2].kind, HISTORY_CLEAR_ON_NEXT);
    assert_string_equal(outputs.items[3].ename, "Fault");
    assert_string_equal(outputs.items[3].evalue, "segmentation fault");
    fixture_assert_part(f, &outputs.items[3].parts[0], "at line 3");

    struct history_run_info info_row;
    assert_ok(history_read_run(f->history, id, &f->memory, &info_row, error));
    assert_string_equal(info_row.summary, "hello");
    assert_int_equal(info_row.outputs, 4);
    assert_int_equal(info_row.status, HISTORY_OK);
    fixture_close(f);
}

static void test_output_after_the_end(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    struct history_run *run = fixture_begin(f, "a", "thread");
    int64_t id = history_run_place(run).run_id;
    fixture_print(run, "now");
    fixture_end(f, &run);
    struct history_run *next = fixture_begin(f, "b", "next");
    assert_ok(history_late_write(f->session, id, HISTORY_STDOUT, "la", 2, error));
    fixture_print(next, "other");
    assert_ok(history_late_write(f->session, id, HISTORY_STDOUT, "ter", 3, error));
    fixture_end(f, &next);
    struct error why;
    assert_int_equal(
        history_late_write(f->session, 99, HISTORY_STDOUT, "x", 1, &why), STATUS_NOT_FOUND);
    fixture_close(f);
    fixture_open(f);
    struct history_outputs outputs = fixture_outputs(f, id);
    assert_int_equal(outputs.count, 2);
    assert_true(outputs.items[1].late && outputs.items[1].sealed);
    fixture_assert_part(f, &outputs.items[0].parts[0], "now");
    fixture_assert_part(f, &outputs.items[1].parts[0], "later");
    fixture_close(f);
}

static void test_too_many_outputs_keep_the_text(void **state) {
    struct fixture *f = *state;
    f->options.max_outputs = 3;
    fixture_open(f);
    struct history_run *run = fixture_begin(f, "a", "many");
    int64_t id = history_run_place(run).run_id;
    struct history_item item = {"text/plain", "x", 1};
    for (int i = 0; i < 5; i++) {
        assert_ok(history_run_write(run, HISTORY_STDOUT, "out.", 4, error));
        assert_ok(history_run_write(run, HISTORY_STDERR, "err.", 4, error));
        assert_ok(history_run_bundle(run, HISTORY_DISPLAY, NULL, &item, 1, error));
    }
    fixture_end(f, &run);
    struct history_outputs outputs = fixture_outputs(f, id);
    assert_int_equal(outputs.count, 3);
    fixture_assert_part(f, &outputs.items[0].parts[0], "out.out.out.out.out.");
    fixture_assert_part(f, &outputs.items[1].parts[0], "err.err.err.err.err.");
    struct history_run_info info;
    assert_ok(history_read_run(f->history, id, &f->memory, &info, error));
    assert_int_equal(info.outputs_dropped, 4);
    fixture_close(f);
}

/* The folder is taken away in the middle: told once, the run goes on, the row is honest. */
static void test_a_failed_write_spoils_one_output(void **state) {
    struct fixture *f = *state;
    f->options.text_limit_bytes = 8;
    fixture_open(f);
    struct history_run *run = fixture_begin(f, "a", "print");
    int64_t id = history_run_place(run).run_id;
    fixture_print(run, "1234");
    struct history_outputs outputs = fixture_outputs(f, id);
    char folder[512];
    snprintf(folder, sizeof folder, "%s", outputs.items[0].parts[0].path);
    *strrchr(folder, '/') = '\0';
    nftw(folder, fixture_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    struct error why = {.message = ""};
    assert_int_equal(history_run_write(run, HISTORY_STDOUT, "56", 2, &why), STATUS_NOT_FOUND);
    assert_non_null(strstr(why.message, "0001-stdout.txt"));
    assert_ok(history_run_write(run, HISTORY_STDOUT, "78", 2, error));
    assert_int_not_equal(history_run_end(&run, HISTORY_OK, 0, &why), STATUS_OK);
    struct history_run_info info;
    assert_ok(history_read_run(f->history, id, &f->memory, &info, error));
    assert_int_equal(info.status, HISTORY_OK);
    outputs = fixture_outputs(f, id);
    assert_false(outputs.items[0].complete);
    fixture_run(f, "a", "next");
    fixture_close(f);
}

/* Nothing can be made where outputs go: the run is recorded, its output counted. */
static void test_no_place_for_outputs(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    char folder[128];
    snprintf(folder, sizeof folder, "%s/outputs", f->folder);
    assert_int_equal(rmdir(folder), 0);
    assert_ok(file_write(folder, "", 0, 0600, error));
    struct history_run *run = fixture_begin(f, "a", "print");
    int64_t id = history_run_place(run).run_id;
    struct error why = {.message = ""};
    assert_int_not_equal(history_run_write(run, HISTORY_STDOUT, "12", 2, &why), STATUS_OK);
    assert_non_null(strstr(why.message, folder));
    assert_ok(history_run_write(run, HISTORY_STDOUT, "345", 3, error));
    struct history_item item = {"text/html", "<b>", 3};
    assert_int_not_equal(history_run_bundle(run, HISTORY_DISPLAY, NULL, &item, 1, &why), STATUS_OK);
    fixture_end(f, &run);
    struct history_outputs outputs = fixture_outputs(f, id);
    assert_int_equal(outputs.count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_false(outputs.items[i].complete);
        assert_string_equal(outputs.items[i].parts[0].path, "");
    }
    assert_int_equal(outputs.items[0].parts[0].total_bytes, 5);
    fixture_close(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_every_boundary_of_the_limit),
        TEST(test_streams_share_the_limit),
        TEST(test_a_dead_process_shares_the_limit_too),
        TEST(test_characters_are_not_cut),
        TEST(test_a_run_is_ordinary_files),
        TEST(test_output_after_the_end),
        TEST(test_too_many_outputs_keep_the_text),
        TEST(test_a_failed_write_spoils_one_output),
        TEST(test_no_place_for_outputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
