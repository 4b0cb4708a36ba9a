/* kernel/fk: the drawing of trees and the one-line changes; kernel/fk_text.c, kernel/cell_place.c,
 * kernel/bundle.c, kernel/recorder.c: what passes between the kernel and the history. */
#include "kernel/bundle.h"
#include "kernel/cell_place.h"
#include "kernel/fk/change.h"
#include "kernel/fk/lanes.h"
#include "kernel/fk_text.h"
#include "kernel/mime.h"
#include "kernel/recorder.h"

#include <ftw.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct node {
    int64_t number, parent;
};

static void draw(const struct node *nodes, size_t count, struct buf *out) {
    struct lanes lanes = {0};
    for (size_t i = count; i > 0; i--) {
        lanes_append_joint(&lanes, nodes[i - 1].number, out);
        lanes_append_row(&lanes, nodes[i - 1].number, nodes[i - 1].parent, "o", out);
        buf_printf(out, "%d\n", (int)nodes[i - 1].number);
    }
}

static void test_lanes_draw_a_line_and_a_branch(void **state) {
    (void)state;
    struct buf out = BUF_INIT;
    static const struct node line[] = {{1, 0}, {2, 1}, {3, 2}};
    draw(line, 3, &out);
    assert_string_equal(buf_string(&out), "o 3\no 2\no 1\n");
    buf_clear(&out);
    static const struct node branch[] = {{1, 0}, {2, 1}, {3, 2}, {4, 1}, {5, 4}};
    draw(branch, 5, &out);
    assert_string_equal(buf_string(&out), "o 5\no 4\n│ o 3\n│ o 2\n├─╯ \no 1\n");
    buf_clear(&out);
    static const struct node three[] = {{1, 0}, {2, 1}, {3, 1}, {4, 1}};
    draw(three, 4, &out);
    assert_string_equal(buf_string(&out), "o 4\n│ o 3\n│ │ o 2\n├─┴─╯ \no 1\n");
    buf_clear(&out);
    static const struct node roots[] = {{1, 0}, {2, 0}, {3, 1}};
    draw(roots, 3, &out);
    assert_string_equal(buf_string(&out), "o 3\n│ o 2\no 1\n");
    buf_finish(&out);
}

static void test_lanes_survive_many_branches(void **state) {
    (void)state;
    struct node nodes[200] = {{1, 0}};
    for (int i = 1; i < 200; i++)
        nodes[i] = (struct node){i + 1, 1};
    struct buf out = BUF_INIT;
    draw(nodes, 200, &out);
    assert_non_null(strstr(buf_string(&out), "o 1\n"));
    buf_finish(&out);
}

static void assert_change(const char *before, const char *after, const char *expected) {
    struct buf out = BUF_INIT;
    change_append(before, after, 20, &out);
    assert_string_equal(buf_string(&out), expected);
    buf_finish(&out);
}

static void test_change_names_the_first_difference(void **state) {
    (void)state;
    assert_change(NULL, "\n  int x;\nint y;", "int x;");
    assert_change(NULL, "#include <a.h>\n// so\nf();\n", "f();");
    assert_change(NULL, "#include <a.h>\n", "#include <a.h>");
    assert_change("a\nb\n", "a\nc\n", "+ c");
    assert_change("a\nb\n", "a\n", "- b");
    assert_change("a\nb\n", "b\na\n", "(lines in another order or again)");
    assert_change("a\nb\n", "a\nb\na\n", "(lines in another order or again)");
    assert_change("a\nb\n", "\n  a\n\nb", "(white space only)");
    assert_change("\n", "#include <a.h>\nf();\n", "f();");
    assert_change("\n", " ", "(blank)");
    assert_change("a\n", "\n", "- a");
    assert_change(NULL,
        "\xC3\xBC"
        "bermorgen ist ein Tag",
        "\xC3\xBC"
        "bermorgen ist ein T…");
    assert_change(NULL, "", "(blank)");
}

/* Every line is looked for at the other end; with time lines x lines this does not end. */
static void test_change_in_long_texts(void **state) {
    (void)state;
    enum { LINES = 200000 };
    struct buf up = BUF_INIT, down = BUF_INIT;
    for (int i = 0; i < LINES; i++) {
        buf_printf(&up, "line %d\n", i);
        buf_printf(&down, "  line %d\n", LINES - 1 - i);
    }
    assert_change(buf_string(&up), buf_string(&down), "(lines in another order or again)");
    buf_append_string(&down, "new\n");
    assert_change(buf_string(&up), buf_string(&down), "+ new");
    assert_change(buf_string(&down), buf_string(&up), "- new");
    buf_finish(&up);
    buf_finish(&down);
}

static void test_cell_place_reads_both_kinds_of_id(void **state) {
    (void)state;
    static const char notebook[] = "/nowhere/at all/a.ipynb";
    json_t *metadata = json_pack("{s:s}", "cellId", "abc-1");
    struct cell_place place = cell_place_find(metadata, notebook);
    assert_string_equal(place.document, "/nowhere/at all/a.ipynb");
    assert_string_equal(place.key, "abc-1");
    cell_place_finish(&place);
    json_decref(metadata);

    metadata =
        json_pack("{s:s}", "cellId", "vscode-notebook-cell:/nowhere/b%20c.ipynb#W2sZmlsZQ%3D%3D");
    place = cell_place_find(metadata, notebook);
    assert_string_equal(place.document, "/nowhere/b c.ipynb");
    assert_string_equal(place.handle, "W2sZmlsZQ%3D%3D");
    assert_null(place.key);
    cell_place_finish(&place);
    json_decref(metadata);

    static const char *const elsewhere[] = {
        "vscode-notebook-cell://ssh-remote%2Bhost/nowhere/b%20c.ipynb#W2sdnNjb2RlLXJlbW90ZQ%3D%3D",
        "vscode-notebook-cell:///nowhere/b%20c.ipynb#ch0000002",
        "vscode-notebook-cell:/nowhere/b%20c.ipynb?x%3D1#W2sZmlsZQ%3D%3D"};
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
        metadata = json_pack("{s:s}", "cellId", elsewhere[i]);
        place = cell_place_find(metadata, notebook);
        assert_string_equal(place.document, "/nowhere/b c.ipynb");
        assert_string_equal(place.handle, strchr(elsewhere[i], '#') + 1);
        cell_place_finish(&place);
        json_decref(metadata);
    }
    static const char *const odd[] = {"vscode-notebook-cell:", "vscode-notebook-cell:/a.ipynb",
        "vscode-notebook-cell://host#x", "vscode-notebook-cell:#x", "vscode-notebook-cell:/a#"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        metadata = json_pack("{s:s}", "cellId", odd[i]);
        place = cell_place_find(metadata, notebook);
        assert_null(place.key);
        assert_null(place.handle);
        cell_place_finish(&place);
        json_decref(metadata);
    }

    place = cell_place_find(NULL, NULL);
    assert_null(place.document);
    assert_null(place.key);
    cell_place_finish(&place);
}

static void test_bundle_goes_there_and_back(void **state) {
    (void)state;
    json_t *data = json_pack("{s:s, s:s, s:{s:i}, s:s}", "text/plain", "x", "image/png", "iVBORwD/",
        "application/json", "a", 1, "image/svg+xml", "<svg/>");
    struct bundle bundle;
    assert_int_equal(bundle_from_json(data, &bundle), STATUS_OK);
    assert_int_equal(bundle.count, 4);
    json_t *back = json_object();
    for (size_t i = 0; i < bundle.count; i++) {
        if (strcmp(bundle.items[i].mime, "image/png") == 0)
            assert_memory_equal(bundle.items[i].data, "\x89PNG\0\xFF", 6);
        bundle_add_to_json(back, bundle.items[i].mime, bundle.items[i].data, bundle.items[i].size);
    }
    assert_true(json_equal(data, back));
    bundle_finish(&bundle);
    json_decref(back);
    json_decref(data);
}

static void assert_kept_as(
    const char *shown, const char *value, const char *mime, const char *bytes, size_t size) {
    json_t *data = json_object();
    json_object_set_new(data, shown, json_loads(value, JSON_DECODE_ANY, NULL));
    assert_int_equal(json_object_size(data), 1);
    struct bundle bundle;
    assert_int_equal(bundle_from_json(data, &bundle), STATUS_OK);
    assert_string_equal(bundle.items[0].mime, mime);
    assert_int_equal(bundle.items[0].size, size);
    assert_memory_equal(bundle.items[0].data, bytes, size);
    json_t *back = json_object();
    bundle_add_to_json(back, bundle.items[0].mime, bundle.items[0].data, bundle.items[0].size);
    assert_true(json_equal(data, back));
    bundle_finish(&bundle);
    json_decref(back);
    json_decref(data);
}

static void test_bundle_keeps_what_is_not_what_it_says(void **state) {
    (void)state;
    /* the types that were text to one side and bytes to the other */
    assert_kept_as("application/x-tar", "\"AP8=\"", "application/x-tar", "\0\xFF", 2);
    assert_kept_as("application/vnd.a", "\"AP8=\"", "application/vnd.a", "\0\xFF", 2);
    assert_kept_as("application/vnd.a+xml", "\"<a/>\"", "application/vnd.a+xml", "<a/>", 4);
    assert_kept_as("image/png", "\"\"", "image/png", "", 0);
    /* no base64: a sign too few, bits too many, other signs */
    assert_kept_as("image/png", "\"AP8\"", "text/plain; original=image/png", "AP8", 3);
    assert_kept_as("image/png", "\"AP9=\"", "text/plain; original=image/png", "AP9=", 4);
    assert_kept_as("a/b; c=d", "\"h e\"", "text/plain; original=a/b; c=d", "h e", 3);
    /* JSON that is a string, be it one that reads like JSON */
    assert_kept_as("application/json", "\"{}\"", "application/json", "\"{}\"", 4);
    assert_kept_as("a/b+json", "\"x\"", "a/b+json", "\"x\"", 3);
    /* other than strings, and a type with our own mark */
    assert_kept_as("text/html", "[\n 1\n]", "application/json; original=text/html", "[\n 1\n]", 6);
    assert_kept_as("image/png", "7", "application/json; original=image/png", "7", 1);
    assert_kept_as("text/plain; original=image/png", "\"x\"",
        "application/json; original=text/plain; original=image/png", "\"x\"", 3);
}

/* The decoder and libsodium's agree on what is base64, and on what it says. */
static void test_base64_is_what_libsodium_takes_it_for(void **state) {
    (void)state;
    static const char signs[] = "ABCDwxyz0189+/==\r\n-_ ";
    unsigned random = 1;
    for (int round = 0; round < 20000; round++) {
        char text[12];
        unsigned char expected[16];
        size_t size = (random = random * 1103515245u + 12345u) >> 16, length = 0, got = 0;
        size %= sizeof text;
        for (size_t i = 0; i < size; i++) {
            random = random * 1103515245u + 12345u;
            text[i] = signs[(random >> 16) % (sizeof signs - 1)];
        }
        bool valid = sodium_base642bin(expected, sizeof expected, text, size, "\r\n", &length, NULL,
                         sodium_base64_VARIANT_ORIGINAL) == 0;
        unsigned char *bytes = mime_decode_base64(text, size, &got);
        assert_int_equal(bytes != NULL, valid);
        if (bytes)
            assert_true(got == length && memcmp(bytes, expected, length) == 0);
        free(bytes);
    }
}

/* Bytes that an engine shows as a type, recorded and shown again. */
static void test_shown_bytes_are_the_same_again(void **state) {
    (void)state;
    static const char *const types[] = {"text/plain", "text/x", "image/png", "image/svg+xml",
        "application/json", "a/b+json", "application/javascript", "application/xml",
        "application/pdf", "application/x-a", "application/vnd.a", "application/vnd.a+xml",
        "audio/wav", "application/octet-stream", "model/gltf", "nonsense", "text/html; charset=x"};
    static const char *const pieces[] = {"", "plain", "\xFF\xFE", "{\"a\": [1, 2.5]}", "\"s\"",
        "AP8=", "{", "<svg/>", "\xC3", "line\nline"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        for (size_t j = 0; j < sizeof pieces / sizeof *pieces; j++) {
            json_t *shown = json_object();
            json_object_set_new(
                shown, types[i], mime_value(types[i], pieces[j], strlen(pieces[j])));
            assert_int_equal(json_object_size(shown), 1);
            struct bundle bundle;
            assert_int_equal(bundle_from_json(shown, &bundle), STATUS_OK);
            assert_string_equal(bundle.items[0].mime, types[i]);
            if (!mime_is_text(types[i])) {
                assert_int_equal(bundle.items[0].size, strlen(pieces[j]));
                assert_memory_equal(bundle.items[0].data, pieces[j], strlen(pieces[j]));
            }
            json_t *again = json_object();
            bundle_add_to_json(
                again, bundle.items[0].mime, bundle.items[0].data, bundle.items[0].size);
            assert_true(json_equal(shown, again));
            bundle_finish(&bundle);
            json_decref(again);
            json_decref(shown);
        }
}

/* ---- what the recorder tells the user ---- */

static void note_warning(void *context, const char *text) {
    buf_append_string(context, text);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw) {
    (void)info;
    (void)type;
    (void)ftw;
    return remove(path);
}

/* Run a cell that prints `output`; what the user was told meanwhile must hold `told`, or be "". */
static void assert_told(
    struct recorder *recorder, struct buf *warnings, const char *output, const char *told) {
    char key[] = "a";
    struct cell_place place = {.document = NULL, .key = key};
    buf_clear(warnings);
    recorder_begin(recorder, &place, "print", 1, 0, NULL);
    if (*output)
        recorder_stream(recorder, ENGINE_STDOUT, output, strlen(output));
    recorder_end(recorder, HISTORY_OK);
    if (*told)
        assert_non_null(strstr(buf_string(warnings), told));
    else
        assert_string_equal(buf_string(warnings), "");
}

static void test_recorder_tells_failure_and_resumption_once(void **state) {
    (void)state;
    char folder[] = "/tmp/fk-recorder-XXXXXX";
    assert_non_null(mkdtemp(folder));
    setenv("FORKERNEL_DATA_DIR", folder, 1);
    struct buf warnings = BUF_INIT;
    struct recorder_options options = {.enabled = true,
        .engine_name = "c",
        .language = "c",
        .warn = note_warning,
        .context = &warnings};
    struct recorder *recorder = recorder_create(&options);
    assert_told(recorder, &warnings, "", "");
    char outputs[64];
    snprintf(outputs, sizeof outputs, "%s/outputs", folder);
    assert_int_equal(rmdir(outputs), 0);
    FILE *in_the_way = fopen(outputs, "w");
    assert_non_null(in_the_way);
    fclose(in_the_way);
    assert_told(recorder, &warnings, "1", "this is not being recorded");
    assert_told(recorder, &warnings, "2", "");
    assert_told(recorder, &warnings, "", ""); /* shows nothing about outputs */
    assert_told(recorder, &warnings, "3", "");
    assert_int_equal(unlink(outputs), 0);
    assert_told(recorder, &warnings, "", "");
    assert_told(recorder, &warnings, "4", "recording has resumed");
    assert_told(recorder, &warnings, "5", "");
    recorder_destroy(&recorder);
    buf_finish(&warnings);
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void test_texts_of_commands(void **state) {
    (void)state;
    static const struct {
        const char *text;
        enum fk_text_kind kind;
    } cases[] = {
        {"", FK_TEXT_BEGUN},
        {" \n\t", FK_TEXT_BEGUN},
        {"%", FK_TEXT_BEGUN},
        {"\n  %f\n", FK_TEXT_BEGUN},
        {"%fk", FK_TEXT_COMMANDS},
        {" %fk tree\r\n\n%fk log", FK_TEXT_COMMANDS},
        {"%fk tree\n%", FK_TEXT_BEGUN},
        {"%f\n%fk tree", FK_TEXT_BEGUN},
        {"% ", FK_TEXT_OTHER},
        {"%fkx", FK_TEXT_OTHER},
        {"f", FK_TEXT_OTHER},
        {"%fk tree\nint x;", FK_TEXT_OTHER},
        {"int x;\n%fk tree", FK_TEXT_OTHER},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(fk_text_kind(cases[i].text), cases[i].kind);
    assert_null(fk_text_other_line("%fk tree\n"));
    assert_string_equal(fk_text_other_line("%fk tree\n int x;\n"), "int x;\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_of_commands),
        cmocka_unit_test(test_lanes_draw_a_line_and_a_branch),
        cmocka_unit_test(test_lanes_survive_many_branches),
        cmocka_unit_test(test_change_names_the_first_difference),
        cmocka_unit_test(test_change_in_long_texts),
        cmocka_unit_test(test_cell_place_reads_both_kinds_of_id),
        cmocka_unit_test(test_bundle_goes_there_and_back),
        cmocka_unit_test(test_bundle_keeps_what_is_not_what_it_says),
        cmocka_unit_test(test_base64_is_what_libsodium_takes_it_for),
        cmocka_unit_test(test_shown_bytes_are_the_same_again),
        cmocka_unit_test(test_recorder_tells_failure_and_resumption_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
