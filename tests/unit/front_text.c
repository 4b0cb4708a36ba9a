/* kernel/front_text.c: what of a run's text the front end sees. */
#include "kernel/front_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct shown {
    struct buf text; /* "o:" or "e:" and the text of each message, "|" between them */
    size_t messages;
};

static void emit(void *context, enum engine_stream stream, const char *text, size_t size) {
    struct shown *shown = context;
    assert_true(utf8_is_valid(text, size));
    buf_printf(&shown->text, "%s%c:", shown->messages++ ? "|" : "", stream ? 'e' : 'o');
    buf_append(&shown->text, text, size);
}

static void push(struct front_text *front, enum engine_stream stream, const char *text) {
    front_text_push(front, stream, text, strlen(text));
}

static void test_order_between_streams_is_kept(void **state) {
    (void)state;
    struct front_text front;
    struct shown shown = {0};
    front_text_init(&front, 100, 10);
    push(&front, ENGINE_STDOUT, "a");
    push(&front, ENGINE_STDOUT, "b");
    push(&front, ENGINE_STDERR, "c");
    push(&front, ENGINE_STDOUT, "d");
    front_text_take(&front, emit, &shown);
    assert_string_equal(buf_string(&shown.text), "o:ab|e:c|o:d");
    front_text_take(&front, emit, &shown);
    assert_int_equal(shown.messages, 3);
    buf_finish(&shown.text);
    front_text_finish(&front);
}

static void test_alternating_streams_stay_few_messages(void **state) {
    (void)state;
    struct front_text front;
    struct shown shown = {0};
    front_text_init(&front, 100000, 10);
    for (int i = 0; i < 1000; i++)
        push(&front, i % 2 ? ENGINE_STDERR : ENGINE_STDOUT, "x");
    front_text_take(&front, emit, &shown);
    assert_int_equal(shown.messages, FRONT_TEXT_SEGMENTS);
    assert_int_equal(shown.text.size, 1000 + 3 * FRONT_TEXT_SEGMENTS - 1);
    buf_finish(&shown.text);
    front_text_finish(&front);
}

static void test_a_character_cut_between_chunks_is_whole(void **state) {
    (void)state;
    struct front_text front;
    struct shown shown = {0};
    front_text_init(&front, 100, 10);
    push(&front, ENGINE_STDOUT, "\xE2\x82");
    front_text_take(&front, emit, &shown);
    assert_int_equal(shown.messages, 0);
    push(&front, ENGINE_STDERR, "e");
    push(&front, ENGINE_STDOUT, "\xAC");
    front_text_end(&front);
    front_text_take(&front, emit, &shown);
    assert_string_equal(buf_string(&shown.text), "e:e|o:\xE2\x82\xAC");
    buf_finish(&shown.text);
    front_text_finish(&front);
}

/* Past the limit: a notice at once, the exact count and the last lines at the end, whatever the
 * pieces. */
static void test_much_text_is_cut_in_the_middle(void **state) {
    (void)state;
    for (size_t piece = 1; piece < 40; piece++) {
        struct front_text front;
        struct shown live = {0}, end = {0};
        struct buf all = BUF_INIT;
        for (int i = 0; i < 100; i++)
            buf_printf(&all, "line %02d\n", i);
        front_text_init(&front, 80, 20);
        for (size_t at = 0; at < all.size; at += piece)
            front_text_push(&front, ENGINE_STDOUT, all.data + at,
                piece < all.size - at ? piece : all.size - at);
        front_text_take(&front, emit, &live);
        assert_memory_equal(live.text.data + 2, all.data, 80);
        assert_non_null(strstr(live.text.data, "the rest is shown when the cell ends"));
        assert_null(strstr(live.text.data, "line 11"));
        front_text_end(&front);
        front_text_take(&front, emit, &end);
        /* 800 bytes: 80 shown, the 16 of the two last lines shown, 704 not */
        assert_non_null(strstr(end.text.data, " 704 bytes are left out"));
        assert_string_equal(strchr(end.text.data, ']') + 1, "\nline 98\nline 99\n");
        buf_finish(&live.text);
        buf_finish(&end.text);
        buf_finish(&all);
        front_text_finish(&front);
    }
}

static void test_a_clear_starts_the_limit_anew(void **state) {
    (void)state;
    struct front_text front;
    struct shown shown = {0};
    front_text_init(&front, 4, 4);
    push(&front, ENGINE_STDOUT, "12345678");
    front_text_take(&front, emit, &shown);
    front_text_restart(&front);
    buf_clear(&shown.text);
    shown.messages = 0;
    push(&front, ENGINE_STDOUT, "new");
    front_text_end(&front);
    front_text_take(&front, emit, &shown);
    assert_string_equal(buf_string(&shown.text), "o:new");
    buf_finish(&shown.text);
    front_text_finish(&front);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_between_streams_is_kept),
        cmocka_unit_test(test_alternating_streams_stay_few_messages),
        cmocka_unit_test(test_a_character_cut_between_chunks_is_whole),
        cmocka_unit_test(test_much_text_is_cut_in_the_middle),
        cmocka_unit_test(test_a_clear_starts_the_limit_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
