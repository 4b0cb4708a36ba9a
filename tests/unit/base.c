/* base/: buffers, UTF-8, frames, times, files. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/frame.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void test_buf_grows_and_drops(void **state) {
    (void)state;
    struct buf buf = BUF_INIT;
    assert_string_equal(buf_string(&buf), "");
    for (int i = 0; i < 1000; i++)
        buf_printf(&buf, "%d,", i);
    assert_true(buf_ok(&buf));
    assert_int_equal(strlen(buf.data), buf.size);
    buf_drop_front(&buf, 4);
    assert_memory_equal(buf.data, "2,3,", 4);
    buf_drop_front(&buf, buf.size + 1);
    assert_int_equal(buf.size, 0);
    buf_append_string(&buf, "end");
    char *taken = buf_take(&buf);
    assert_string_equal(taken, "end");
    free(taken);
    assert_null(buf.data);
    buf_finish(&buf);
}

static void test_buf_take_of_nothing_is_a_string(void **state) {
    (void)state;
    struct buf buf = BUF_INIT;
    char *taken = buf_take(&buf);
    assert_string_equal(taken, "");
    free(taken);
}

struct utf8_case {
    const char *bytes;
    size_t size;
    const char *clean;
};

#define CASE(bytes, clean) {bytes, sizeof bytes - 1, clean}
#define R "\xEF\xBF\xBD"

/* the malformed ones are the Unicode Standard's tables 3-8 to 3-11 */
static const struct utf8_case utf8_cases[] = {
    CASE("plain", "plain"),
    CASE("", ""),
    CASE("a\0b", "a" R "b"),
    CASE("gr\xC3\xBC\xC3\x9F", "gr\xC3\xBC\xC3\x9F"),
    CASE("\xF0\x9F\x98\x80!", "\xF0\x9F\x98\x80!"),
    CASE("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41", R R R R R R R R "A"),
    CASE("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41", R R R R R R R R "A"),
    CASE("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42", R R R R R "A" R R "B"),
    CASE("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", R R R R "A"),
    CASE("cut \xE2\x82", "cut " R),
};

static void test_utf8_cleans_whole_and_in_any_pieces(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof utf8_cases / sizeof *utf8_cases; i++) {
        const struct utf8_case *c = &utf8_cases[i];
        for (size_t first = 0; first <= c->size; first++)
            for (size_t second = first; second <= c->size; second++) {
                struct buf out = BUF_INIT;
                struct utf8_stream stream = {0};
                utf8_stream_push(&stream, c->bytes, first, &out);
                utf8_stream_push(&stream, c->bytes + first, second - first, &out);
                utf8_stream_push(&stream, c->bytes + second, c->size - second, &out);
                utf8_stream_end(&stream, &out);
                assert_string_equal(buf_string(&out), c->clean);
                assert_true(utf8_is_valid(buf_string(&out), out.size));
                buf_finish(&out);
            }
    }
}

static void test_utf8_counts_code_points(void **state) {
    (void)state;
    const char *text = "a\xC3\xBC\xF0\x9F\x98\x80z";
    assert_int_equal(utf8_count(text, strlen(text)), 4);
    assert_int_equal(utf8_offset(text, strlen(text), 2), 3);
    assert_int_equal(utf8_offset(text, strlen(text), 3), 7);
    assert_int_equal(utf8_offset(text, strlen(text), 99), strlen(text));
    assert_int_equal(utf8_floor(text, strlen(text), 5), 3);
    assert_int_equal(utf8_floor(text, strlen(text), 3), 3);
    assert_int_equal(utf8_floor(text, strlen(text), 99), strlen(text));
}

static void test_frame_survives_any_pieces(void **state) {
    (void)state;
    struct buf wire = BUF_INIT;
    frame_begin(&wire, 7);
    frame_add_string(&wire, "hello");
    frame_add(&wire, "a\0b", 3);
    frame_add_int(&wire, -42);
    frame_end(&wire);
    assert_true(buf_ok(&wire));
    for (size_t cut = 0; cut < wire.size; cut++) {
        struct frame_reader reader = {0};
        struct frame frame;
        frame_reader_feed(&reader, wire.data, cut);
        assert_int_equal(frame_reader_next(&reader, &frame), STATUS_NOT_FOUND);
        frame_reader_feed(&reader, wire.data + cut, wire.size - cut);
        assert_int_equal(frame_reader_next(&reader, &frame), STATUS_OK);
        assert_int_equal(frame.type, 7);
        assert_int_equal(frame.count, 3);
        assert_string_equal(frame_string(&frame, 0), "hello");
        assert_int_equal(frame.fields[1].size, 3);
        assert_memory_equal(frame.fields[1].data, "a\0b", 4);
        assert_int_equal(frame_int(&frame, 2, 0), -42);
        assert_int_equal(frame_int(&frame, 0, 5), 5);
        assert_string_equal(frame_string(&frame, 9), "");
        assert_int_equal(frame_reader_next(&reader, &frame), STATUS_NOT_FOUND);
        frame_reader_finish(&reader);
    }
    buf_finish(&wire);
}

static void test_frame_refuses_what_is_no_frame(void **state) {
    (void)state;
    static const uint32_t sizes[] = {0, 3, FRAME_MAX_BYTES + 1u, UINT32_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct frame_reader reader = {0};
        struct frame frame;
        char bytes[16] = {0};
        memcpy(bytes, &sizes[i], 4);
        frame_reader_feed(&reader, bytes, sizeof bytes);
        assert_int_equal(frame_reader_next(&reader, &frame), STATUS_INVALID);
        frame_reader_finish(&reader);
    }
    /* a field longer than its frame, and bytes left over behind the last field */
    static const unsigned char lies[][16] = {
        {8, 0, 0, 0, 1, 0, 1, 0, 9, 0, 0, 0},
        {8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0},
        {4, 0, 0, 0, 1, 0, 0xFF, 0xFF},
    };
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct frame_reader reader = {0};
        struct frame frame;
        frame_reader_feed(&reader, lies[i], sizeof lies[i]);
        assert_int_equal(frame_reader_next(&reader, &frame), STATUS_INVALID);
        frame_reader_finish(&reader);
    }
}

static void test_frame_travels_and_ends(void **state) {
    (void)state;
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    struct buf wire = BUF_INIT;
    frame_begin(&wire, 1);
    frame_add_string(&wire, "x");
    frame_end(&wire);
    assert_int_equal(frame_send(pair[0], &wire, NULL), STATUS_OK);
    struct frame_reader reader = {0};
    struct frame frame;
    assert_int_equal(frame_receive(&reader, pair[1], &frame, NULL), STATUS_OK);
    assert_string_equal(frame_string(&frame, 0), "x");
    close(pair[0]);
    struct error error;
    assert_int_equal(frame_receive(&reader, pair[1], &frame, &error), STATUS_CLOSED);
    assert_int_equal(frame_send(pair[1], &wire, &error), STATUS_CLOSED);
    close(pair[1]);
    frame_reader_finish(&reader);
    buf_finish(&wire);
}

static void test_clock_formats(void **state) {
    (void)state;
    char text[CLOCK_ISO_BYTES];
    clock_format_iso(1772368496789012, text);
    assert_string_equal(text, "2026-03-01T12:34:56.789012Z");
    clock_format_iso(0, text);
    assert_string_equal(text, "1970-01-01T00:00:00.000000Z");
}

static void test_file_write_read_and_refuse(void **state) {
    (void)state;
    char folder[] = "/tmp/fk-base-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char *deep = file_join(folder, "a/b/c");
    assert_int_equal(file_make_folders(deep, 0700, NULL), STATUS_OK);
    assert_int_equal(file_make_folders(deep, 0700, NULL), STATUS_OK);
    char *path = file_join(deep, "file");
    assert_int_equal(file_write(path, "12345", 5, 0600, NULL), STATUS_OK);
    struct buf bytes = BUF_INIT;
    assert_int_equal(file_read(path, 5, &bytes, NULL), STATUS_OK);
    assert_string_equal(bytes.data, "12345");
    struct error error;
    assert_int_equal(file_read(path, 4, &bytes, &error), STATUS_INVALID);
    assert_int_equal(bytes.size, 5);
    assert_int_equal(file_read(folder, 4, &bytes, &error), STATUS_IO);
    assert_int_equal(file_make_folders(path, 0700, NULL), STATUS_IO);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    unlink(path);
    for (int depth = 0; depth < 4; depth++) {
        assert_int_equal(rmdir(deep), 0);
        *strrchr(deep, '/') = '\0';
    }
    free(path);
    free(deep);
    buf_finish(&bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buf_grows_and_drops),
        cmocka_unit_test(test_buf_take_of_nothing_is_a_string),
        cmocka_unit_test(test_utf8_cleans_whole_and_in_any_pieces),
        cmocka_unit_test(test_utf8_counts_code_points),
        cmocka_unit_test(test_frame_survives_any_pieces),
        cmocka_unit_test(test_frame_refuses_what_is_no_frame),
        cmocka_unit_test(test_frame_travels_and_ends),
        cmocka_unit_test(test_clock_formats),
        cmocka_unit_test(test_file_write_read_and_refuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
