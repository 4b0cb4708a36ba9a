/*
 * Times. Wall clock times are microseconds since 1970-01-01 UTC; durations come from the monotonic
 * clock. Any thread.
 */
#ifndef FORKERNEL_BASE_CLOCK_H
#define FORKERNEL_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int64_t clock_wall_us(void);
int64_t clock_monotonic_us(void);

enum {
    CLOCK_ISO_BYTES = 32,
    CLOCK_AGO_BYTES = 32,
    CLOCK_DURATION_BYTES = 32,
    CLOCK_STAMP_BYTES = 32,
    CLOCK_DATE_BYTES = 32
};

/* "2026-03-01T12:34:56.789012Z", as message headers carry it (ISO 8601). */
void clock_format_iso(int64_t wall_us, char ret_text[CLOCK_ISO_BYTES]);

/* When that was, for people: "just now", "5 minutes ago" within the hour, then "today 14:03",
   "yesterday 17:00", "May 3 14:00", "May 3 2025 14:00" (local time zone). */
void clock_format_ago(int64_t wall_us, int64_t now_us, char ret_text[CLOCK_AGO_BYTES]);

/* The same with the time of day to the second, however near: "today 14:03:25". */
void clock_format_moment(int64_t wall_us, int64_t now_us, char ret_text[CLOCK_AGO_BYTES]);

/* "1.3 s", "12 ms" */
void clock_format_duration(int64_t duration_us, char ret_text[CLOCK_DURATION_BYTES]);

/* "2026-03-01-0930", for names of files (local time zone). */
void clock_format_stamp(int64_t wall_us, char ret_text[CLOCK_STAMP_BYTES]);

/* "2026-03-01 09:30:15" (local time zone). */
void clock_format_date(int64_t wall_us, char ret_text[CLOCK_DATE_BYTES]);

/* For messages about what clock_parse() does not take. */
#define CLOCK_EXAMPLES                                                                             \
    "17:00, 03:46:25, 5 minutes ago, yesterday, yesterday 17:00, monday, May 3 14:00, "            \
    "3.5. 14:00, 2026-05-03 14:00"

/*
 * A time as people type it, and as the functions above write it: the last microsecond of what is
 * named, so that "14:03" has all that happened in that minute, and "yesterday" the whole day; but
 * nothing after `now_us` where that is a part of it. Where the day or the year is left out, it is
 * the last such time before now. Local time zone, unless ISO 8601 names another. False when it is
 * no time; bytes of any kind may come.
 */
bool clock_parse(const char *text, int64_t now_us, int64_t *ret_us);

#endif
