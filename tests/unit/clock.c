/* base/clock.c and clock_parse.c: times as people read and type them, at a fixed now in a fixed
 * time zone with summer time. */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* Sunday 2026-05-10 16:00:00.123456 in summer time. */
static const int64_t now_us = 1778421600123456;

static int64_t seconds(int64_t count) {
    return count * 1000000;
}

/* "2026-05-10 16:00:00.123456", local; "-" where it is no time. */
static void assert_read_at(int64_t at_us, const char *text, const char *expected) {
    char date[CLOCK_DATE_BYTES], whole[CLOCK_DATE_BYTES + 16] = "-";
    int64_t time_us = 0;
    if (clock_parse(text, at_us, &time_us)) {
        clock_format_date(time_us, date);
        snprintf(whole, sizeof whole, "%s.%06d", date, (int)(time_us % 1000000));
    }
    if (strcmp(whole, expected) != 0)
        fail_msg("'%s' is '%s', not '%s'", text, whole, expected);
}

static void test_times_are_read(void **state) {
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"now", "2026-05-10 16:00:00.123456"},
        {"just now", "2026-05-10 16:00:00.123456"},
        {"5 minutes ago", "2026-05-10 15:55:00.123456"},
        {"1 minute ago", "2026-05-10 15:59:00.123456"},
        {"20 min ago", "2026-05-10 15:40:00.123456"},
        {"2 hours ago", "2026-05-10 14:00:00.123456"},
        {"2h ago", "2026-05-10 14:00:00.123456"},
        {"an Hour ago", "2026-05-10 15:00:00.123456"},
        {"a week ago", "2026-05-03 16:00:00.123456"},
        {"2 days ago", "2026-05-08 16:00:00.123456"},
        {"1 month ago", "2026-04-10 16:00:00.123456"},
        {"1 year ago", "2025-05-10 16:00:00.123456"},
        {"today", "2026-05-10 16:00:00.123456"},
        {"yesterday", "2026-05-09 23:59:59.999999"},
        {"yesterday 17:00", "2026-05-09 17:00:59.999999"},
        {" Yesterday,  17:00 ", "2026-05-09 17:00:59.999999"},
        {"17:00 yesterday", "2026-05-09 17:00:59.999999"},
        {"today 14:03", "2026-05-10 14:03:59.999999"},
        {"today 23:00", "2026-05-10 23:00:59.999999"},
        {"03:46:25", "2026-05-10 03:46:25.999999"},
        {"3:46", "2026-05-10 03:46:59.999999"},
        {"16:00", "2026-05-10 16:00:00.123456"},
        {"16:01", "2026-05-10 16:01:59.999999"}, /* the clock of another machine */
        {"17:00", "2026-05-09 17:00:59.999999"}, /* yesterday's: it is not there today */
        {"5pm", "2026-05-09 17:00:59.999999"},
        {"12 am", "2026-05-10 00:00:59.999999"},
        {"12:30 pm", "2026-05-10 12:30:59.999999"},
        {"3.5. 14:00", "2026-05-03 14:00:59.999999"},
        {"3.5.", "2026-05-03 23:59:59.999999"},
        {"3.5.2026", "2026-05-03 23:59:59.999999"},
        {"3. 5. 2026 9:15", "2026-05-03 09:15:59.999999"},
        {"24.12.", "2025-12-24 23:59:59.999999"},
        {"May 3 14:00", "2026-05-03 14:00:59.999999"},
        {"May 3 2025 14:00", "2025-05-03 14:00:59.999999"},
        {"3 may", "2026-05-03 23:59:59.999999"},
        {"3. May 2025, 9:15", "2025-05-03 09:15:59.999999"},
        {"Sept. 3", "2025-09-03 23:59:59.999999"},
        {"monday", "2026-05-04 23:59:59.999999"},
        {"mon 10:00", "2026-05-04 10:00:59.999999"},
        {"sunday 10:00", "2026-05-10 10:00:59.999999"},
        {"sunday 23:00", "2026-05-03 23:00:59.999999"},
        {"last sunday 10:00", "2026-05-03 10:00:59.999999"},
        {"2026-03-01", "2026-03-01 23:59:59.999999"},
        {"2026-03-01 09:30", "2026-03-01 09:30:59.999999"},
        {"2026-03-01T09:30:15", "2026-03-01 09:30:15.999999"},
        {"2026-03-01T12:34:56.789Z", "2026-03-01 13:34:56.789000"},
        {"2026-03-01T12:34:56.789012Z", "2026-03-01 13:34:56.789012"},
        {"2026-07-01T12:34:56+02:00", "2026-07-01 12:34:56.999999"},
        {"2026-03-01 12:34 UTC", "2026-03-01 13:34:59.999999"},
        {"2026-03-01T12:34:56-0530", "2026-03-01 19:04:56.999999"},
        {"29.2.", "2024-02-29 23:59:59.999999"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_read_at(now_us, cases[i].text, cases[i].expected);
}

static void test_what_is_no_time(void **state) {
    (void)state;
    static const char *const texts[] = {"", " ", "foo", "5", "5 minutes", "-5 minutes ago",
        "5 parsecs ago", "1234567 s ago", "100 years ago", "24:00", "12:60", "12:30:60", "1:2:3:4",
        "13pm", "0am", "31.2.", "31.2.2026", "30 feb 2026", "0.5.", "3.13.", "5/3/2026", "may",
        "2026-13-01", "1960-01-01", "20260301", "mo", "mondayish", "yesterday yesterday",
        "yesterday 17:00 x", "today ago", "2026-03-01T", "17:00+2", "17:00+25:00", "\xFF\xFE",
        "2026-03-01                                                   x 17:00 and so on and on"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_read_at(now_us, texts[i], "-");
}

/* Clocks go from 2:00 to 3:00 on 2026-03-29 and from 3:00 to 2:00 on 2026-10-25. */
static void test_days_of_23_and_25_hours(void **state) {
    (void)state;
    int64_t spring = 1774778400000000; /* 2026-03-29 12:00 */
    assert_read_at(spring, "1 day ago", "2026-03-28 12:00:00.000000");
    assert_read_at(spring, "12 hours ago", "2026-03-28 23:00:00.000000");
    assert_read_at(spring, "yesterday 2:30", "2026-03-28 02:30:59.999999");
    assert_read_at(spring, "1:59", "2026-03-29 01:59:59.999999");
    int64_t monday = spring + seconds(86400);
    assert_read_at(monday, "yesterday", "2026-03-29 23:59:59.999999");
    assert_read_at(monday, "yesterday 00:30", "2026-03-29 00:30:59.999999");
    int64_t autumn = 1792922400000000; /* 2026-10-25 11:00, winter time */
    assert_read_at(autumn, "1 day ago", "2026-10-24 11:00:00.000000");
    assert_read_at(autumn, "12 hours ago", "2026-10-25 00:00:00.000000");
    assert_read_at(autumn + seconds(86400), "yesterday", "2026-10-25 23:59:59.999999");
    char text[CLOCK_AGO_BYTES];
    clock_format_ago(autumn - seconds(86400), autumn, text); /* 25 hours before midnight */
    assert_string_equal(text, "yesterday 12:00");
}

static void assert_shown(int64_t time_us, const char *ago, const char *moment) {
    char text[CLOCK_AGO_BYTES];
    clock_format_ago(time_us, now_us, text);
    assert_string_equal(text, ago);
    clock_format_moment(time_us, now_us, text);
    assert_string_equal(text, moment);
}

static void test_times_are_shown(void **state) {
    (void)state;
    assert_shown(now_us - seconds(1), "just now", "today 15:59:59");
    assert_shown(now_us - seconds(30), "30 seconds ago", "today 15:59:30");
    assert_shown(now_us - seconds(60), "1 minute ago", "today 15:59:00");
    assert_shown(now_us - seconds(3599), "59 minutes ago", "today 15:00:01");
    assert_shown(now_us - seconds(7200), "today 14:00", "today 14:00:00");
    assert_shown(now_us - seconds(86400), "yesterday 16:00", "yesterday 16:00:00");
    assert_shown(now_us - seconds(7 * 86400), "May 3 16:00", "May 3 16:00:00");
    assert_shown(now_us - seconds(200 * 86400), "Oct 22 2025 16:00", "Oct 22 2025 16:00:00");
    assert_shown(now_us + seconds(3600), "today 17:00", "today 17:00:00");
    assert_shown(0, "Jan 1 1970 01:00", "Jan 1 1970 01:00:00");
    char text[CLOCK_AGO_BYTES];
    clock_format_ago(INT64_MAX, now_us, text);
    assert_true(strlen(text) > 0);
}

/* What is shown with seconds, typed again, has what happened then. */
static void test_what_is_shown_is_read(void **state) {
    (void)state;
    for (int64_t back = 0; back < 400; back++) {
        int64_t then_us = now_us - seconds(back * 86400 + back * 977), read_us = 0;
        char text[CLOCK_AGO_BYTES];
        clock_format_moment(then_us, now_us, text);
        assert_true(clock_parse(text, now_us, &read_us));
        assert_true(read_us >= then_us && read_us < then_us + 1000000);
        clock_format_ago(then_us, now_us, text);
        assert_true(clock_parse(text, now_us, &read_us));
        assert_true(read_us >= then_us && read_us < then_us + seconds(60));
    }
}

int main(void) {
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times_are_read),
        cmocka_unit_test(test_what_is_no_time),
        cmocka_unit_test(test_days_of_23_and_25_hours),
        cmocka_unit_test(test_times_are_shown),
        cmocka_unit_test(test_what_is_shown_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
