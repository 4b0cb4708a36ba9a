#include "kernel/protocol/json_read.h"

#include "base/utf8.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct scan {
    const char *at; /* behind the text there is a NUL, and none within */
    struct buf out;
};

static void copy(struct scan *scan, size_t size) {
    buf_append(&scan->out, scan->at, size);
    scan->at += size;
}

/* The code unit of an escape "\uXXXX"; -1: it is none. */
static long read_unit(const char *text) {
    char digits[5] = "", *end;
    if (text[0] != '\\' || text[1] != 'u')
        return -1;
    for (size_t i = 0; i < 4 && isxdigit((unsigned char)text[2 + i]); i++)
        digits[i] = text[2 + i];
    long unit = strtol(digits, &end, 16);
    return end == digits + 4 ? unit : -1;
}

static bool is_high(long unit) {
    return unit >= 0xD800 && unit < 0xDC00;
}

static bool is_low(long unit) {
    return unit >= 0xDC00 && unit < 0xE000;
}

/* From a backslash on. */
static void copy_escape(struct scan *scan) {
    enum { UNIT_BYTES = 6 };
    long unit = read_unit(scan->at);
    if (unit < 0) {
        copy(scan, scan->at[1] ? 2 : 1);
    } else if (is_high(unit) && is_low(read_unit(scan->at + UNIT_BYTES))) {
        copy(scan, (size_t)2 * UNIT_BYTES);
    } else if (is_high(unit) || is_low(unit)) {
        buf_append_string(&scan->out, "\\ufffd");
        scan->at += UNIT_BYTES;
    } else {
        copy(scan, UNIT_BYTES);
    }
}

/* From its first quotation mark to its last. */
static void copy_string(struct scan *scan) {
    copy(scan, 1);
    while (*scan->at && *scan->at != '"') {
        if (*scan->at == '\\')
            copy_escape(scan);
        else
            copy(scan, strcspn(scan->at, "\"\\"));
    }
    if (*scan->at)
        copy(scan, 1);
}

/* The bytes of a number; not every row of them is one. */
static void copy_number(struct scan *scan) {
    size_t size = strspn(scan->at, "+-.0123456789Ee");
    char *text = strndup(scan->at, size);
    if (!text) {
        copy(scan, size);
        return;
    }
    bool whole = !strpbrk(text, ".eE");
    errno = 0;
    (void)strtoll(text, NULL, 10);
    bool fits = whole && errno != ERANGE;
    if (!fits && isinf(strtod(text, NULL))) {
        buf_append_string(&scan->out, *text == '-' ? "-" : "");
        buf_append_string(&scan->out, "1.7976931348623157e308");
    } else {
        buf_append(&scan->out, text, size);
        buf_append_string(&scan->out, whole && !fits ? ".0" : "");
    }
    scan->at += size;
    free(text);
}

/* Is it a number that JSON has no word for? */
static size_t nameless_number(const char *text) {
    static const char *const names[] = {"NaN", "Infinity", "-Infinity"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(text, names[i], strlen(names[i])) == 0)
            return strlen(names[i]);
    return 0;
}

static void copy_all(struct scan *scan) {
    while (*scan->at) {
        size_t nameless = nameless_number(scan->at);
        if (*scan->at == '"') {
            copy_string(scan);
        } else if (nameless) {
            buf_append_string(&scan->out, "null");
            scan->at += nameless;
        } else if (*scan->at == '-' || isdigit((unsigned char)*scan->at)) {
            copy_number(scan);
        } else {
            copy(scan, 1);
        }
    }
}

json_t *json_read(const char *bytes, size_t size) {
    json_t *value = json_loadb(bytes, size, JSON_ALLOW_NUL, NULL);
    if (value)
        return value;
    struct buf clean = BUF_INIT;
    utf8_append_clean(&clean, bytes, size);
    struct scan scan = {.at = buf_string(&clean)};
    copy_all(&scan);
    if (buf_ok(&clean) && buf_ok(&scan.out))
        value = json_loadb(buf_string(&scan.out), scan.out.size, JSON_ALLOW_NUL, NULL);
    buf_finish(&scan.out);
    buf_finish(&clean);
    return value;
}
