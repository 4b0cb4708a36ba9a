#include "base/clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t clock_read_us(clockid_t id) {
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_wall_us(void) {
    return clock_read_us(CLOCK_REALTIME);
}

int64_t clock_monotonic_us(void) {
    return clock_read_us(CLOCK_MONOTONIC);
}

/* Seconds rounded down, so that times before 1970 come out right too. */
static time_t clock_seconds(int64_t wall_us) {
    return (time_t)((wall_us - (wall_us % 1000000 + 1000000) % 1000000) / 1000000);
}

void clock_format_iso(int64_t wall_us, char ret_text[CLOCK_ISO_BYTES]) {
    time_t seconds = clock_seconds(wall_us);
    struct tm parts = {0};
    gmtime_r(&seconds, &parts);
    size_t used = strftime(ret_text, CLOCK_ISO_BYTES, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(ret_text + used, CLOCK_ISO_BYTES - used, ".%06dZ",
        (int)((wall_us % 1000000 + 1000000) % 1000000));
}

/* Local days from then to now: 0 today, 1 yesterday; -1: of another kind, or in the future. */
static int days_back(const struct tm *then, time_t now) {
    for (int back = 0; back < 2; back++) {
        struct tm day = {0};
        (void)localtime_r(&now, &day);
        day.tm_mday -= back;
        day.tm_hour = 12; /* no day of any time zone lacks it, and a day may have 23 hours */
        day.tm_isdst = -1;
        if (mktime(&day) != (time_t)-1 && day.tm_year == then->tm_year &&
            day.tm_yday == then->tm_yday)
            return back;
    }
    return -1;
}

/* The day is left out of what is near, the year of what is of this one. */
static void format_moment(
    int64_t wall_us, int64_t now_us, const char *clock, char *ret_text, size_t size) {
    static const char *const near[] = {"today", "yesterday"};
    time_t then = clock_seconds(wall_us), now = clock_seconds(now_us);
    struct tm parts = {0}, now_parts = {0};
    char time_of_day[16] = "";
    (void)localtime_r(&then, &parts);
    (void)localtime_r(&now, &now_parts);
    (void)strftime(time_of_day, sizeof time_of_day, clock, &parts);
    int back = days_back(&parts, now);
    char day[20] = "long ago"; /* past the year 99999 */
    if (back < 0)
        (void)strftime(
            day, sizeof day, parts.tm_year == now_parts.tm_year ? "%b %e" : "%b %e %Y", &parts);
    if (back < 0 && day[4] == ' ') /* strftime pads "May  3" */
        memmove(day + 4, day + 5, strlen(day + 5) + 1);
    (void)snprintf(ret_text, size, "%s %s", back < 0 ? day : near[back], time_of_day);
}

void clock_format_ago(int64_t wall_us, int64_t now_us, char ret_text[CLOCK_AGO_BYTES]) {
    int64_t seconds = (now_us - wall_us) / 1000000;
    bool minutes = seconds >= 60;
    int count = (int)(minutes ? seconds / 60 : seconds);
    if (now_us < wall_us || seconds >= 3600)
        format_moment(wall_us, now_us, "%H:%M", ret_text, CLOCK_AGO_BYTES);
    else if (seconds < 5)
        (void)snprintf(ret_text, CLOCK_AGO_BYTES, "just now");
    else
        (void)snprintf(ret_text, CLOCK_AGO_BYTES, "%d %s%s ago", count,
            minutes ? "minute" : "second", count == 1 ? "" : "s");
}

void clock_format_moment(int64_t wall_us, int64_t now_us, char ret_text[CLOCK_AGO_BYTES]) {
    format_moment(wall_us, now_us, "%H:%M:%S", ret_text, CLOCK_AGO_BYTES);
}

void clock_format_duration(int64_t duration_us, char ret_text[CLOCK_DURATION_BYTES]) {
    double seconds = (double)duration_us / 1e6;
    if (seconds < 0.001)
        snprintf(ret_text, CLOCK_DURATION_BYTES, "%d us", (int)duration_us);
    else if (seconds < 1)
        snprintf(ret_text, CLOCK_DURATION_BYTES, "%.0f ms", seconds * 1e3);
    else if (seconds < 120)
        snprintf(ret_text, CLOCK_DURATION_BYTES, "%.1f s", seconds);
    else
        snprintf(ret_text, CLOCK_DURATION_BYTES, "%.0f min", seconds / 60);
}

void clock_format_stamp(int64_t wall_us, char ret_text[CLOCK_STAMP_BYTES]) {
    time_t seconds = (time_t)(wall_us / 1000000);
    struct tm parts = {0};
    (void)localtime_r(&seconds, &parts);
    if (!strftime(ret_text, CLOCK_STAMP_BYTES, "%Y-%m-%d-%H%M", &parts))
        snprintf(ret_text, CLOCK_STAMP_BYTES, "then");
}

void clock_format_date(int64_t wall_us, char ret_text[CLOCK_DATE_BYTES]) {
    time_t seconds = (time_t)(wall_us / 1000000);
    struct tm parts = {0};
    (void)localtime_r(&seconds, &parts);
    if (!strftime(ret_text, CLOCK_DATE_BYTES, "%Y-%m-%d %H:%M:%S", &parts))
        snprintf(ret_text, CLOCK_DATE_BYTES, "then");
}
