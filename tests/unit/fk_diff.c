/* kernel/fk: two runs beside each other: lines aligned, columns drawn, outputs as text. */
#include "history_fixture.h"

#include "kernel/fk/align.h"
#include "kernel/fk/fk.h"
#include "kernel/fk/side_by_side.h"

#include <time.h>

/* ---- align ---- */

/* Blocks as "=ab" for equal lines, " a/b" for changed ones, "?a/b" for ones that are not aligned.
 */
static void assert_aligned(
    const char *left, const char *right, size_t max_lines, const char *expected) {
    struct align_text a, b;
    struct align align;
    assert_true(align_text_init(&a, left, strlen(left)));
    assert_true(align_text_init(&b, right, strlen(right)));
    assert_true(align_init(&align, &a, &b, max_lines));
    struct buf got = BUF_INIT;
    for (size_t i = 0; i < align.count; i++) {
        const struct align_block *block = &align.blocks[i];
        buf_append_char(&got, "= ?"[block->kind]);
        for (size_t j = 0; j < block->left_count; j++)
            buf_append(&got, a.lines[block->left + j].at, a.lines[block->left + j].size);
        if (block->kind != ALIGN_EQUAL)
            buf_append_char(&got, '/');
        for (size_t j = 0; block->kind != ALIGN_EQUAL && j < block->right_count; j++)
            buf_append(&got, b.lines[block->right + j].at, b.lines[block->right + j].size);
    }
    assert_string_equal(buf_string(&got), expected);
    buf_finish(&got);
    align_finish(&align);
    align_text_finish(&a);
    align_text_finish(&b);
}

static void test_align(void **state) {
    (void)state;
    assert_aligned("", "", 9, "");
    assert_aligned("a\nb\n", "a\nb", 9, "=ab");
    assert_aligned("", "a\n", 9, " /a");
    assert_aligned("a\n\n", "a\n", 9, "=a /");
    assert_aligned("a\nb\nc\n", "a\nx\nc\n", 9, "=a b/x=c");
    assert_aligned("a\nb\nc\nd\n", "b\nd\n", 9, " a/=b c/=d");
    assert_aligned("a\na\n", "a\n", 9, "=a a/");
    assert_aligned("a\nb\n", "c\nd\n", 9, " ab/cd");
    assert_aligned("p\na\nb\nc\nq\n", "p\nb\nc\nd\nq\n", 2, "=p?abc/bcd=q");
    assert_aligned("p\na\nb\nc\nq\n", "p\nq\n", 2, "=p abc/=q");
}

/* Against the definition: blocks cover both texts, and as many lines are equal as can be. */
static size_t longest(const char *a, const char *b) {
    if (!*a || !*b)
        return 0;
    if (*a == *b)
        return 1 + longest(a + 1, b + 1);
    size_t left = longest(a + 1, b), right = longest(a, b + 1);
    return left > right ? left : right;
}

static void make_lines(char *letters, struct buf *lines) {
    size_t size = (size_t)(rand() % 9);
    for (size_t i = 0; i < size; i++) {
        letters[i] = (char)('a' + rand() % 3);
        buf_printf(lines, "%c\n", letters[i]);
    }
    letters[size] = '\0';
}

static void test_align_at_random(void **state) {
    (void)state;
    unsigned seed = (unsigned)time(NULL);
    print_message("seed %u\n", seed);
    srand(seed);
    for (int round = 0; round < 2000; round++) {
        char left[16], right[16];
        struct buf left_lines = BUF_INIT, right_lines = BUF_INIT;
        make_lines(left, &left_lines);
        make_lines(right, &right_lines);
        struct align_text a, b;
        struct align align;
        assert_true(align_text_init(&a, buf_string(&left_lines), left_lines.size));
        assert_true(align_text_init(&b, buf_string(&right_lines), right_lines.size));
        assert_true(align_init(&align, &a, &b, 100));
        size_t i = 0, j = 0, equal = 0;
        for (size_t at = 0; at < align.count; at++) {
            const struct align_block *block = &align.blocks[at];
            assert_int_equal(block->left, i);
            assert_int_equal(block->right, j);
            assert_true(at == 0 || align.blocks[at - 1].kind != block->kind);
            i += block->left_count;
            j += block->right_count;
            if (block->kind != ALIGN_EQUAL)
                continue;
            equal += block->left_count;
            assert_int_equal(block->left_count, block->right_count);
            assert_memory_equal(left + block->left, right + block->right, block->left_count);
        }
        assert_int_equal(i, strlen(left));
        assert_int_equal(j, strlen(right));
        assert_int_equal(equal, longest(left, right));
        align_finish(&align);
        align_text_finish(&a);
        align_text_finish(&b);
        buf_finish(&left_lines);
        buf_finish(&right_lines);
    }
}

/* ---- columns ---- */

static const struct side_by_side_style plain_style = {"", "", "", "", ""};

/* The rows with the spaces of the left column squeezed: "- a | + b". */
static void draw(const char *left, const char *right, struct buf *out) {
    struct buf rows = BUF_INIT;
    side_by_side_append(left, strlen(left), right, strlen(right), &plain_style, &rows);
    for (const char *at = buf_string(&rows); *at;) {
        const char *bar = strstr(at, " │"), *end = strchr(at, '\n');
        assert_non_null(end);
        if (bar && bar < end) {
            size_t width = (size_t)(bar - at);
            while (width && at[width - 1] == ' ')
                width--;
            buf_append(out, at, width);
            buf_append_string(out, " |");
            at = bar + strlen(" │");
        }
        buf_append(out, at, (size_t)(end + 1 - at));
        at = end + 1;
    }
    buf_finish(&rows);
}

static void assert_drawn(const char *left, const char *right, const char *expected) {
    struct buf out = BUF_INIT;
    draw(left, right, &out);
    assert_string_equal(buf_string(&out), expected);
    buf_finish(&out);
}

static void test_columns(void **state) {
    (void)state;
    assert_drawn("a\nb\n", "a\nb", "");
    assert_drawn("a\nb\nc\n", "a\nx\ny\nc\n",
        "  a |   a\n"
        "- b | + x\n"
        " | + y\n"
        "  c |   c\n");
    assert_drawn("a\nb\n", "b\n", "- a |\n  b |   b\n");
    /* what is seen of a line */
    assert_drawn("\ta\x1b[1;31mb\x1b[0m\x1b]8;;x\x1b\\c\a\r\n1%\r99%", "ab\n",
        "-     abc | + ab\n"
        "- 99% |\n");
    assert_drawn("\xff\x1b", "\x1b[", "- \xEF\xBF\xBD | +\n");
    struct buf out = BUF_INIT;
    struct side_by_side_style style = {"<", "(", "{", "~", "."};
    assert_true(side_by_side_append("a", 1, "b", 1, &style, &out));
    assert_non_null(strstr(buf_string(&out), "(- a."));
    assert_non_null(strstr(buf_string(&out), " │{ + b.\n"));
    buf_finish(&out);
}

/* Every row's bar stands in one place, counted in characters. */
static void test_columns_keep_their_width(void **state) {
    (void)state;
    struct buf out = BUF_INIT, left = BUF_INIT, right = BUF_INIT;
    for (int i = 0; i < 100; i++) {
        buf_append_string(&left, i % 2 ? "ä" : "€");
        buf_append_string(&right, i < 90 ? (i % 2 ? "ä" : "€") : "x");
    }
    assert_true(side_by_side_append(
        buf_string(&left), left.size, buf_string(&right), right.size, &plain_style, &out));
    const char *bar = strstr(buf_string(&out), " │");
    assert_non_null(bar);
    size_t characters = 0;
    for (const char *at = buf_string(&out); at < bar; at++)
        characters += ((unsigned char)*at & 0xc0) != 0x80;
    assert_int_equal(characters, SIDE_BY_SIDE_WIDTH);
    /* the difference is far to the right and is in the window */
    assert_non_null(strstr(bar, "x"));
    assert_non_null(strstr(buf_string(&out), "- …"));
    buf_clear(&out);
    assert_true(side_by_side_append("b\n", 2, buf_string(&left), left.size, &plain_style, &out));
    assert_non_null(strstr(buf_string(&out), "…\n"));
    buf_clear(&out);
    side_by_side_append_heading(buf_string(&left), "r", &plain_style, &out);
    bar = strstr(buf_string(&out), "… │ r\n");
    assert_non_null(bar);
    buf_finish(&out);
    buf_finish(&left);
    buf_finish(&right);
}

static void test_long_texts_are_cut_and_say_so(void **state) {
    (void)state;
    struct buf left = BUF_INIT, right = BUF_INIT, out = BUF_INIT;
    for (int i = 0; i < 50; i++)
        buf_printf(&left, "%d\n", i);
    buf_printf(&right, "%sx\n", buf_string(&left));
    draw(buf_string(&left), buf_string(&right), &out);
    assert_string_equal(buf_string(&out), "  0 |   0\n  1 |   1\n  2 |   2\n  (44 equal lines)\n"
                                          "  47 |   47\n  48 |   48\n  49 |   49\n | + x\n");
    buf_clear(&out);
    buf_clear(&left);
    buf_clear(&right);
    for (int i = 0; i < 100000; i++) {
        buf_printf(&left, "%d\n", i);
        buf_printf(&right, "%d\n", i % 7 ? i : -1);
    }
    draw(buf_string(&left), buf_string(&right), &out);
    assert_non_null(strstr(buf_string(&out), "from here on 99996 lines and 99996 lines: too many"));
    assert_non_null(strstr(buf_string(&out), "\n  1 |   1\n"));
    assert_non_null(strstr(buf_string(&out), "\n- 7 | + -1\n"));
    assert_non_null(strstr(buf_string(&out), "(99796 lines and 99796 lines more are not shown)"));
    buf_finish(&left);
    buf_finish(&right);
    buf_finish(&out);
}

/* ---- the verb ---- */

struct heard {
    struct buf text;
    json_t *bundles;
    size_t parts; /* of the last bundle */
};

static void hear_text(void *context, const char *text, size_t size) {
    struct heard *heard = context;
    buf_append(&heard->text, text, size);
}

static void hear_bundle(void *context, json_t *data, const struct history_output *output) {
    struct heard *heard = context;
    json_array_append(heard->bundles, data);
    heard->parts = output->part_count;
}

/* What `%fk diff LEFT RIGHT` says, until the next call. */
static enum status diff(struct fixture *f, int64_t document_id, const char *left, const char *right,
    struct heard *heard, struct error *error) {
    const struct fk_sink sink = {.context = heard, .text = hear_text, .bundle = hear_bundle};
    struct fk_context context = {.history = f->history, .document_id = document_id, .sink = &sink};
    const char *const words[] = {left, right};
    buf_clear(&heard->text);
    json_decref(heard->bundles);
    heard->bundles = json_array();
    return fk_verb_find("diff")->run(&context, 2, words, error);
}

static void show(struct history_run *run, enum history_output_kind kind, const char *mime,
    const char *bytes, const char *plain) {
    struct history_item items[2] = {
        {mime, bytes, strlen(bytes)}, {"text/plain", plain, plain ? strlen(plain) : 0}};
    assert_ok(history_run_bundle(run, kind, NULL, items, plain ? 2 : 1, error));
}

static void test_runs_beside_each_other(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    int64_t document = history_session_document(f->session);
    struct history_run *run = fixture_begin(f, "a", "int n = 3;\nf(n)");
    fixture_print(run, "one\ntwo");
    show(run, HISTORY_RESULT, "text/plain", "3", NULL);
    fixture_end(f, &run);
    run = fixture_begin(f, "a", "int n = 4;\nf(n)");
    fixture_print(run, "cleared");
    assert_ok(history_run_clear(run, false, error));
    fixture_print(run, "one\n");
    assert_ok(history_run_write(run, HISTORY_STDERR, "bad\n", 4, error));
    assert_ok(history_run_error(run, "E", "e", "\x1b[31mtrace\x1b[0m", 14, error));
    assert_ok(history_run_end(&run, HISTORY_ERROR, 0, error));
    struct heard heard = {0};
    assert_ok(diff(f, document, "r1", "#2", &heard, error));
    const char *text = buf_string(&heard.text);
    assert_memory_equal(text, "run 1: ok [1], version 1, ", 26);
    assert_non_null(strstr(text, " │ run 2: error [1], version 2, "));
    assert_non_null(strstr(text, "\n- int n = 3; "));
    assert_non_null(strstr(text, " │ + int n = 4;\n"));
    assert_non_null(strstr(text, "\n  f(n) "));
    assert_non_null(strstr(text, "\n  one "));
    assert_non_null(strstr(text, "\n- two "));
    assert_non_null(strstr(text, "\n- 3 "));
    assert_non_null(strstr(text, " │ + [stderr]\n"));
    assert_non_null(strstr(text, " │ + trace\n"));
    assert_null(strstr(text, "cleared"));
    assert_null(strchr(text, '\x1b'));
    assert_ok(diff(f, document, "1", "1", &heard, error));
    assert_non_null(
        strstr(buf_string(&heard.text), "the texts are equal\nthe outputs are equal\n"));
    assert_int_equal(json_array_size(heard.bundles), 0);
    buf_finish(&heard.text);
    json_decref(heard.bundles);
    fixture_close(f);
}

static void test_pictures_beside_each_other(void **state) {
    struct fixture *f = *state;
    f->options.binary_limit_bytes = 100;
    fixture_open(f);
    int64_t document = history_session_document(f->session);
    char large[200] = "";
    memset(large, 'x', sizeof large - 1);
    static const char *const second[] = {"PNG2", "PNG3"};
    for (int i = 0; i < 2; i++) {
        struct history_run *run = fixture_begin(f, "a", "plot()");
        show(run, HISTORY_DISPLAY, "image/png", "PNG1", "<Figure>");
        show(run, HISTORY_DISPLAY, "image/png", second[i], NULL);
        show(run, HISTORY_DISPLAY, "image/svg+xml\" onerror=\"x", "<svg/>", NULL);
        show(run, HISTORY_DISPLAY, "image/png", large, NULL);
        fixture_end(f, &run);
    }
    struct heard heard = {0};
    assert_ok(diff(f, document, "1", "2", &heard, error));
    const char *text = buf_string(&heard.text);
    assert_non_null(strstr(text, "the texts are equal\n"));
    assert_non_null(strstr(text, "\n  [image/png, 4 bytes, #"));
    assert_non_null(strstr(text, "\n- [image/png, 4 bytes, #"));
    assert_non_null(strstr(text, "\n  <Figure> "));
    assert_non_null(strstr(text, "[image/png, 199 bytes: not kept]"));
    assert_int_equal(json_array_size(heard.bundles), 1); /* the pair that differs */
    const json_t *bundle = json_array_get(heard.bundles, 0);
    assert_string_equal(json_string_value(json_object_get(bundle, "text/html")),
        "<table><tr><th>run 1</th><th>run 2</th></tr><tr>"
        "<td><img src=\"data:image/png;base64,UE5HMg==\"></td>"
        "<td><img src=\"data:image/png;base64,UE5HMw==\"></td></tr></table>");
    assert_string_equal(json_string_value(json_object_get(bundle, "text/plain")),
        "picture 2 of run 1 and of run 2");
    assert_int_equal(heard.parts, 2);
    assert_ok(diff(f, document, "1", "1", &heard, error));
    assert_non_null(strstr(buf_string(&heard.text), "\nwhat was kept of the outputs is equal\n"));
    buf_finish(&heard.text);
    json_decref(heard.bundles);
    fixture_close(f);
}

static void test_only_runs_of_the_notebook(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    fixture_run(f, "a", "mine");
    fixture_run(f, "a", "mine\n");
    int64_t document = history_session_document(f->session);
    struct history_session *own = f->session;
    struct history_session_start start = {.document_path = "/notes/b.ipynb"};
    assert_ok(history_session_begin(f->history, &start, &f->session, error));
    fixture_run(f, "a", "another's");
    assert_ok(history_session_end(&f->session, 0, error));
    f->session = own;
    struct heard heard = {0};
    struct error why;
    assert_int_equal(diff(f, document, "1", "3", &heard, &why), STATUS_NOT_FOUND);
    assert_non_null(strstr(why.message, "no run 3 in this notebook"));
    assert_int_equal(diff(f, document, "77", "1", &heard, &why), STATUS_NOT_FOUND);
    assert_int_equal(diff(f, document, "1", "v77", &heard, &why), STATUS_NOT_FOUND);
    assert_int_equal(diff(f, document, "1", "-1", &heard, &why), STATUS_NOT_FOUND);
    assert_non_null(strstr(why.message, "'-1' is no version, run, label or cell"));
    assert_string_equal(buf_string(&heard.text), "");
    assert_ok(diff(f, document, "1", "2", &heard, error));
    assert_non_null(strstr(buf_string(&heard.text),
        "\nthe texts are equal but for the line break at the end\nneither has any output\n"));
    buf_finish(&heard.text);
    json_decref(heard.bundles);
    fixture_close(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_align),
        cmocka_unit_test(test_align_at_random),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_columns_keep_their_width),
        cmocka_unit_test(test_long_texts_are_cut_and_say_so),
        TEST(test_runs_beside_each_other),
        TEST(test_pictures_beside_each_other),
        TEST(test_only_runs_of_the_notebook),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
