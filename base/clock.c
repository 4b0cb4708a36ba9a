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

static bool same_day(const struct tm *a, const struct tm *b) {
    return a->tm_year == b->tm_year && a->tm_yday == b->tm_yday;
}

void clock_format_ago(int64_t wall_us, int64_t now_us, char ret_text[CLOCK_AGO_BYTES]) {
    int64_t seconds = (now_us - wall_us) / 1000000;
    if (seconds >= 0 && seconds < 5) {
        snprintf(ret_text, CLOCK_AGO_BYTES, "just now");
        return;
    }
    if (seconds >= 0 && seconds < 60) {
        snprintf(ret_text, CLOCK_AGO_BYTES, "%d s ago", (int)seconds);
        return;
    }
    if (seconds >= 0 && seconds < 3600) {
        snprintf(ret_text, CLOCK_AGO_BYTES, "%d min ago", (int)(seconds / 60));
        return;
    }
    time_t then = clock_seconds(wall_us), now = clock_seconds(now_us);
    time_t a_day_ago = now - 86400;
    struct tm then_parts = {0}, now_parts = {0}, yesterday_parts = {0};
    localtime_r(&then, &then_parts);
    localtime_r(&now, &now_parts);
    localtime_r(&a_day_ago, &yesterday_parts);
    const char *format = "%d %b %Y %H:%M";
    if (same_day(&then_parts, &now_parts))
        format = "today %H:%M";
    else if (same_day(&then_parts, &yesterday_parts))
        format = "yesterday %H:%M";
    if (!strftime(ret_text, CLOCK_AGO_BYTES, format, &then_parts))
        snprintf(ret_text, CLOCK_AGO_BYTES, "long ago");
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

/* "20 min ago" */
static bool parse_ago(const char *text, int64_t now_us, int64_t *ret_us) {
    static const struct {
        const char *name;
        int64_t seconds;
    } units[] = {{"s", 1}, {"sec", 1}, {"min", 60}, {"h", 3600}, {"hour", 3600}, {"hours", 3600},
        {"day", 86400}, {"days", 86400}, {"week", 604800}, {"weeks", 604800}};
    char unit[16];
    long long count;
    int end = 0;
    if (sscanf(text, "%lld %15[a-z] ago%n", &count, unit, &end) != 2 || !end || text[end] ||
        count < 0 || count > 1000000)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(unit, units[i].name) == 0) {
            *ret_us = now_us - count * units[i].seconds * 1000000;
            return true;
        }
    return false;
}

bool clock_parse(const char *text, int64_t now_us, int64_t *ret_us) {
    time_t seconds = (time_t)(now_us / 1000000);
    struct tm parts = {0};
    int year, month, day, hour = 0, minute = 0, end = -1;
    (void)localtime_r(&seconds, &parts);
    if (strcmp(text, "now") == 0) {
        *ret_us = now_us;
        return true;
    }
    if (parse_ago(text, now_us, ret_us))
        return true;
    bool yesterday = strncmp(text, "yesterday", 9) == 0;
    if (yesterday) {
        parts.tm_mday--;
        text += 9;
        end = *text ? -1 : 0;
    }
    if (!yesterday && sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &end) == 3 && end > 0) {
        parts.tm_year = year - 1900;
        parts.tm_mon = month - 1;
        parts.tm_mday = day;
        text += end;
        end = *text ? -1 : 0;
    }
    if (*text) {
        end = -1;
        if (sscanf(text, " %2d:%2d%n", &hour, &minute, &end) != 2 || end < 0 || text[end])
            return false;
    }
    if (end < 0 || hour > 23 || hour < 0 || minute > 59 || minute < 0)
        return false;
    parts.tm_hour = hour;
    parts.tm_min = minute;
    parts.tm_sec = 0;
    parts.tm_isdst = -1;
    time_t then = mktime(&parts);
    *ret_us = (int64_t)then * 1000000;
    return then != (time_t)-1;
}
