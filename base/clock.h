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

/* How long before `now_us` that was, for people: "just now", "3 min ago", "yesterday 17:02", "12
   Mar 2026 09:15" (local time zone). */
void clock_format_ago(int64_t wall_us, int64_t now_us, char ret_text[CLOCK_AGO_BYTES]);

/* "1.3 s", "12 ms" */
void clock_format_duration(int64_t duration_us, char ret_text[CLOCK_DURATION_BYTES]);

/* "2026-03-01-0930", for names of files (local time zone). */
void clock_format_stamp(int64_t wall_us, char ret_text[CLOCK_STAMP_BYTES]);

/* "2026-03-01 09:30:15" (local time zone). */
void clock_format_date(int64_t wall_us, char ret_text[CLOCK_DATE_BYTES]);

/* What a person types: "17:00", "yesterday 17:00", "2026-03-01", "2026-03-01 09:30", "20 min ago",
   "3 h ago", "2 days ago", "now" (local time zone). False when it is none of these. */
bool clock_parse(const char *text, int64_t now_us, int64_t *ret_us);

#endif
