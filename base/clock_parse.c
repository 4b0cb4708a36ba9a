/* Times as people type them. A table has the ways to write a day and a time of day, letter by
 * letter; what they leave out is filled in from now. */
#include "base/clock.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

enum {
    TEXT_BYTES = 64,    /* longer is no time */
    NEAR_FUTURE_S = 60, /* a time of day that is later than this was yesterday's */
    UNSET = -1,
};

/*
 * Fields are capitals. W: today or yesterday; A: name of a day of the week; L: "last" before it; Y,
 * M, D: numbers of year, month and day; B: name of a month; H, I, S: numbers of hour, minute and
 * second; F: digits of a fraction; P: am or pm; Z: a time zone. ' ' is any blanks, '_' the same or
 * none; everything else stands for itself.
 */
static const char *const day_formats[] = {
    "W", "L A", "A", "Y-M-D", "D._M._Y", "D._M.", "B D Y", "B D", "D._B Y", "D._B", "D B Y", "D B"};
static const char *const clock_formats[] = {
    "H:I:S.F_Z", "H:I:S.F", "H:I:S_Z", "H:I:S_P", "H:I:S", "H:I_Z", "H:I_P", "H:I", "H_P"};

static const char *const month_names[] = {"january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december"};
static const char *const day_names[] = {
    "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};

static const char *const near_names[] = {"today", "yesterday"};

static const struct unit {
    const char *names; /* each behind a blank */
    int seconds, days, months;
} units[] = {
    {" s sec secs second seconds", 1, 0, 0},
    {" m min mins minute minutes", 60, 0, 0},
    {" h hr hrs hour hours", 3600, 0, 0},
    {" d day days", 0, 1, 0},
    {" w week weeks", 0, 7, 0},
    {" month months", 0, 0, 1},
    {" y year years", 0, 0, 12},
};

struct fields {
    int near, weekday, year, month, day, hour, minute, second, fraction_us; /* UNSET: not said */
    bool last;                                                              /* not this one */
    bool has_zone;
    int zone_s; /* east of UTC */
};

/* ---- reading ---- */

static bool read_number(const char **at, int max_digits, int *ret_number) {
    int number = 0, digits = 0;
    for (; digits < max_digits && isdigit((unsigned char)**at); digits++)
        number = number * 10 + *(*at)++ - '0';
    if (!digits || isdigit((unsigned char)**at))
        return false;
    *ret_number = number;
    return true;
}

static size_t word_size(const char *at) {
    size_t size = 0;
    while (isalpha((unsigned char)at[size]))
        size++;
    return size;
}

/* A whole name, or its first three letters or more. */
static bool read_name(const char **at, const char *const *names, int count, int *ret_index) {
    size_t size = word_size(*at);
    for (int i = 0; size >= 3 && i < count; i++)
        if (size <= strlen(names[i]) && memcmp(*at, names[i], size) == 0) {
            *at += size + ((*at)[size] == '.'); /* "Sep." */
            *ret_index = i;
            return true;
        }
    return false;
}

static bool read_fraction(const char **at, int *ret_us) {
    int us = 0, digits = 0;
    for (; isdigit((unsigned char)**at); (*at)++, digits++)
        if (digits < 6)
            us = us * 10 + **at - '0';
    for (int i = digits; i < 6; i++)
        us *= 10;
    *ret_us = us;
    return digits > 0;
}

/* "z", "utc", "+02:00", "+0200", "+02" */
static bool read_zone(const char **at, struct fields *fields) {
    int hours = 0, minutes = 0;
    char sign = **at;
    fields->has_zone = true;
    fields->zone_s = 0;
    if (sign == 'z' || strncmp(*at, "utc", 3) == 0) {
        *at += sign == 'z' ? 1 : 3;
        return true;
    }
    if (sign != '+' && sign != '-')
        return false;
    for (int i = 1; i <= 2; i++)
        if (!isdigit((unsigned char)(*at)[i]))
            return false;
    hours = ((*at)[1] - '0') * 10 + (*at)[2] - '0';
    *at += 3;
    const char *rest = *at + (**at == ':');
    if (isdigit((unsigned char)rest[0]) && isdigit((unsigned char)rest[1])) {
        minutes = (rest[0] - '0') * 10 + rest[1] - '0';
        *at = rest + 2;
    }
    fields->zone_s = (hours * 60 + minutes) * (sign == '-' ? -60 : 60);
    return hours < 24 && minutes < 60;
}

static bool read_half(const char **at, struct fields *fields) {
    bool pm = strncmp(*at, "pm", 2) == 0;
    if ((!pm && strncmp(*at, "am", 2) != 0) || fields->hour < 1 || fields->hour > 12)
        return false;
    fields->hour = fields->hour % 12 + (pm ? 12 : 0);
    *at += 2;
    return true;
}

static bool read_field(char letter, const char **at, struct fields *fields) {
    switch (letter) {
    case 'W':
        return read_name(at, near_names, 2, &fields->near);
    case 'L':
        fields->last = strncmp(*at, "last", 4) == 0;
        *at += fields->last ? 4 : 0;
        return fields->last;
    case 'Y':
        return read_number(at, 4, &fields->year) && fields->year >= 1970;
    case 'M':
        return read_number(at, 2, &fields->month) && fields->month-- >= 1 && fields->month < 12;
    case 'D':
        return read_number(at, 2, &fields->day);
    case 'B':
        return read_name(at, month_names, 12, &fields->month);
    case 'A':
        return read_name(at, day_names, 7, &fields->weekday);
    case 'H':
        return read_number(at, 2, &fields->hour) && fields->hour < 24;
    case 'I':
        return read_number(at, 2, &fields->minute) && fields->minute < 60;
    case 'S':
        return read_number(at, 2, &fields->second) && fields->second < 60;
    case 'F':
        return read_fraction(at, &fields->fraction_us);
    case 'P':
        return read_half(at, fields);
    case 'Z':
        return read_zone(at, fields);
    default:
        return false;
    }
}

static bool read_format(const char *format, const char **at, struct fields *fields) {
    for (; *format; format++) {
        if (*format == ' ' || *format == '_') {
            size_t blanks = strspn(*at, " ");
            if (!blanks && *format == ' ')
                return false;
            *at += blanks;
        } else if (isupper((unsigned char)*format)) {
            if (!read_field(*format, at, fields))
                return false;
        } else if (*(*at)++ != *format) {
            return false;
        }
    }
    return true;
}

static const struct fields nothing_said = {UNSET, UNSET, UNSET, UNSET, UNSET, UNSET, UNSET, UNSET,
    UNSET, .last = false, .has_zone = false, .zone_s = 0};

typedef bool rest_reader(const char *rest, struct fields *fields);

/* One of `formats` at the beginning, with a rest that `read_rest` takes. */
static bool read_first(const char *const *formats, size_t count, const char *text,
    rest_reader *read_rest, struct fields *fields) {
    for (size_t i = 0; i < count; i++) {
        struct fields tried = *fields;
        const char *at = text;
        if (read_format(formats[i], &at, &tried) && read_rest(at, &tried)) {
            *fields = tried;
            return true;
        }
    }
    return false;
}

enum {
    DAY_FORMATS = sizeof day_formats / sizeof *day_formats,
    CLOCK_FORMATS = sizeof clock_formats / sizeof *clock_formats,
};

static bool read_end(const char *rest, struct fields *fields) {
    (void)fields;
    return !*rest;
}

static bool read_clock_behind(const char *rest, struct fields *fields) {
    if (!*rest)
        return true;
    bool iso = *rest == 't' && fields->month != UNSET;
    return (*rest == ' ' || iso) &&
           read_first(clock_formats, CLOCK_FORMATS, rest + 1, read_end, fields);
}

static bool read_day_behind(const char *rest, struct fields *fields) {
    if (!*rest)
        return true;
    return *rest == ' ' && read_first(day_formats, DAY_FORMATS, rest + 1, read_end, fields);
}

/* ---- working out ---- */

/* The day that was said; the `earlier`-th before it of the same name. False: it has a name of its
   own. */
static bool place_day(const struct fields *fields, int earlier, struct tm *parts) {
    if (fields->month != UNSET) {
        parts->tm_year = (fields->year == UNSET ? parts->tm_year : fields->year - 1900) - earlier;
        parts->tm_mon = fields->month;
        parts->tm_mday = fields->day;
        return !earlier || fields->year == UNSET;
    }
    if (fields->weekday != UNSET) {
        int back = (parts->tm_wday - fields->weekday + 7) % 7;
        parts->tm_mday -= (!back && fields->last ? 7 : back) + 7 * earlier;
        return true;
    }
    parts->tm_mday -= (fields->near == UNSET ? 0 : fields->near) + earlier;
    return !earlier || fields->near == UNSET;
}

/* The time of day into `parts`; returns how long what was said lasts, 0 for the rest of the day. */
static int64_t place_clock(const struct fields *fields, struct tm *parts) {
    parts->tm_hour = fields->hour == UNSET ? 0 : fields->hour;
    parts->tm_min = fields->minute == UNSET ? 0 : fields->minute;
    parts->tm_sec = fields->second == UNSET ? 0 : fields->second;
    if (fields->fraction_us != UNSET)
        return 1;
    if (fields->second != UNSET)
        return 1000000;
    return fields->hour != UNSET ? 60 * INT64_C(1000000) : 0;
}

/* 0: there is no such day or time. */
static time_t seconds_of(struct tm *parts, const struct fields *fields) {
    int day = parts->tm_mday, month = parts->tm_mon;
    bool counted = fields->month == UNSET; /* back from today, perhaps into another month */
    parts->tm_isdst = -1;
    time_t then = fields->has_zone ? timegm(parts) - fields->zone_s : mktime(parts);
    return then > 0 && (counted || (parts->tm_mday == day && parts->tm_mon == month)) ? then : 0;
}

static bool work_out(const struct fields *fields, int64_t now_us, int64_t *ret_us) {
    enum { LEAP_DAYS_APART = 8 }; /* years, at most */
    time_t now = (time_t)(now_us / 1000000);
    time_t base = now + (fields->has_zone ? fields->zone_s : 0);
    for (int earlier = 0; earlier <= LEAP_DAYS_APART; earlier++) {
        struct tm parts = {0};
        if (!(fields->has_zone ? gmtime_r(&base, &parts) : localtime_r(&base, &parts)) ||
            !place_day(fields, earlier, &parts))
            return false;
        int64_t lasts_us = place_clock(fields, &parts);
        struct tm next_day = parts;
        time_t then = seconds_of(&parts, fields);
        bool last_try = !place_day(fields, earlier + 1, &(struct tm){0});
        if (!then || (then > now + NEAR_FUTURE_S && !last_try))
            continue;
        if (!lasts_us) {
            next_day.tm_mday++;
            next_day.tm_isdst = -1;
            time_t next = fields->has_zone ? timegm(&next_day) - fields->zone_s : mktime(&next_day);
            lasts_us = (int64_t)(next - then) * 1000000;
        }
        int64_t from_us = (int64_t)then * 1000000;
        from_us += fields->fraction_us == UNSET ? 0 : fields->fraction_us;
        int64_t last_us = from_us + lasts_us - 1;
        *ret_us = from_us <= now_us && now_us < last_us ? now_us : last_us;
        return true;
    }
    return false;
}

/* ---- how long ago ---- */

static const struct unit *find_unit(const char *word, size_t size) {
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        for (const char *name = units[i].names; *name; name += 1 + strcspn(name + 1, " "))
            if (strcspn(name + 1, " ") == size && memcmp(name + 1, word, size) == 0)
                return &units[i];
    return NULL;
}

/* "20 min ago", "2h ago", "an hour ago" */
static bool read_ago(const char *text, int64_t now_us, int64_t *ret_us) {
    int count = 1;
    if (!read_number(&text, 6, &count)) {
        size_t article = word_size(text);
        if (strncmp(text, "a ", 2) != 0 && strncmp(text, "an ", 3) != 0)
            return false;
        text += article;
    }
    text += strspn(text, " ");
    size_t size = word_size(text);
    const struct unit *unit = find_unit(text, size);
    if (!unit || strcmp(text + size, " ago") != 0)
        return false;
    time_t then = (time_t)(now_us / 1000000) - (time_t)count * unit->seconds;
    if (!unit->seconds) { /* the same time of another day, which may be an hour more or less */
        struct tm parts = {0};
        if (!localtime_r(&then, &parts))
            return false;
        parts.tm_mday -= count * unit->days;
        parts.tm_mon -= count * unit->months;
        parts.tm_isdst = -1;
        then = mktime(&parts);
    }
    if (then <= 0)
        return false;
    *ret_us = (int64_t)then * 1000000 + now_us % 1000000;
    return true;
}

/* ---- the whole ---- */

/* In small letters, with one blank between words and none around them. False: too long. */
static bool tidy(const char *text, char ret_text[TEXT_BYTES]) {
    size_t used = 0;
    for (; *text; text++) {
        bool blank = isspace((unsigned char)*text) || *text == ',';
        if (blank && (!used || ret_text[used - 1] == ' '))
            continue;
        if (used + 1 == TEXT_BYTES)
            return false;
        ret_text[used++] = blank ? ' ' : (char)tolower((unsigned char)*text);
    }
    while (used && ret_text[used - 1] == ' ')
        used--;
    ret_text[used] = '\0';
    return true;
}

bool clock_parse(const char *text, int64_t now_us, int64_t *ret_us) {
    char tidied[TEXT_BYTES];
    struct fields fields = nothing_said;
    if (!tidy(text, tidied))
        return false;
    if (strcmp(tidied, "now") == 0 || strcmp(tidied, "just now") == 0) {
        *ret_us = now_us;
        return true;
    }
    return read_ago(tidied, now_us, ret_us) ||
           ((read_first(day_formats, DAY_FORMATS, tidied, read_clock_behind, &fields) ||
                read_first(clock_formats, CLOCK_FORMATS, tidied, read_day_behind, &fields)) &&
               work_out(&fields, now_us, ret_us));
}
