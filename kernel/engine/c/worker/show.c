#include "kernel/engine/c/worker/show.h"
#include "kernel/engine/c/worker/worker.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { LONGEST_STRING = 4096, LARGEST_RESULT_BYTES = 256 * 1024 };

static struct buf shown; /* the result, piece by piece */

void fk_show_text(const char *text) {
    if (shown.size < LARGEST_RESULT_BYTES)
        buf_append_string(&shown, text);
}

static void show_number(const char *digits) {
    fk_show_text(digits);
}

void fk_show_int(long long value) {
    char digits[32];
    (void)snprintf(digits, sizeof digits, "%lld", value);
    show_number(digits);
}

void fk_show_unsigned(unsigned long long value) {
    char digits[32];
    (void)snprintf(digits, sizeof digits, "%llu", value);
    show_number(digits);
}

void fk_show_int128(unsigned long long high, unsigned long long low, int is_signed) {
    unsigned __int128 value = ((unsigned __int128)high << 64) | low;
    bool negative = is_signed && (high >> 63);
    char digits[48];
    size_t at = sizeof digits - 1;
    digits[at] = '\0';
    if (negative)
        value = -value;
    do {
        digits[--at] = (char)('0' + (int)(value % 10));
        value /= 10;
    } while (value);
    if (negative)
        digits[--at] = '-';
    show_number(digits + at);
}

void fk_show_bool(int value) {
    fk_show_text(value ? "true" : "false");
}

static void append_escaped(unsigned char c, char quote) {
    char piece[8];
    static const char plain[] = "\n\t\r\a\b\f\v\033";
    static const char letters[] = "ntrabfve";
    const char *known = c ? strchr(plain, c) : NULL;
    if (known)
        (void)snprintf(piece, sizeof piece, "\\%c", letters[known - plain]);
    else if (c == '\\' || c == (unsigned char)quote)
        (void)snprintf(piece, sizeof piece, "\\%c", c);
    else if (c == 0)
        (void)snprintf(piece, sizeof piece, "\\0");
    else if (c < 0x20 || c == 0x7f)
        (void)snprintf(piece, sizeof piece, "\\x%02x", c);
    else
        (void)snprintf(piece, sizeof piece, "%c", c);
    fk_show_text(piece);
}

void fk_show_char(int value) {
    char number[16];
    if (value >= 0 && value < 128) {
        fk_show_text("'");
        append_escaped((unsigned char)value, '\'');
        fk_show_text("' ");
    }
    (void)snprintf(number, sizeof number, value >= 0 && value < 128 ? "(%d)" : "%d", value);
    fk_show_text(number);
}

/* A number that would read as an integer gets its point: 2.0 */
static void show_real(char *digits, size_t size) {
    if (digits[strspn(digits, "-0123456789")] == '\0' && strlen(digits) + 3 <= size)
        memcpy(digits + strlen(digits), ".0", 3);
    fk_show_text(digits);
}

/* The shortest form that reads back as the same value. */
void fk_show_float(double value, int is_float) {
    char digits[64];
    for (int precision = is_float ? 6 : 15; precision <= (is_float ? 9 : 17); precision++) {
        (void)snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (is_float ? strtof(digits, NULL) == (float)value : strtod(digits, NULL) == value)
            break;
    }
    show_real(digits, sizeof digits);
}

void fk_show_long_double(long double value) {
    char digits[64];
    for (int precision = 18; precision <= 21; precision++) {
        (void)snprintf(digits, sizeof digits, "%.*Lg", precision, value);
        if (strtold(digits, NULL) == value)
            break;
    }
    show_real(digits, sizeof digits);
}

/* A function of a cell goes by fk_f12_name, or fk_i12_name for its code. */
static const char *user_name(const char *symbol) {
    if (strncmp(symbol, "fk_f", 4) != 0 && strncmp(symbol, "fk_i", 4) != 0 &&
        strncmp(symbol, "fk_v", 4) != 0)
        return symbol;
    const char *name = symbol + 4 + strspn(symbol + 4, "0123456789");
    return *name == '_' && name > symbol + 4 ? name + 1 : symbol;
}

void fk_show_pointer(const char *type, const void *value) {
    char address[32];
    Dl_info info;
    if (!value) {
        fk_show_text("NULL");
        return;
    }
    fk_show_text("(");
    fk_show_text(type);
    fk_show_text(") ");
    if (strchr(type, '(') && dladdr(value, &info) && info.dli_saddr == value && info.dli_sname) {
        fk_show_text(user_name(info.dli_sname));
        return;
    }
    (void)snprintf(address, sizeof address, "%p", value);
    fk_show_text(address);
}

/* Any pointer may come here: the bytes are copied by the operating system, which checks. */
static bool copy_string(const char *value, struct buf *out, bool *ret_cut) {
    char block[256];
    *ret_cut = false;
    while (out->size < LONGEST_STRING) {
        size_t size = sizeof block - ((uintptr_t)value % sizeof block);
        struct iovec to = {.iov_base = block, .iov_len = size};
        struct iovec from = {.iov_base = (void *)(uintptr_t)value, .iov_len = size};
        if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) != (ssize_t)size)
            return false;
        const char *end = memchr(block, '\0', size);
        buf_append(out, block, end ? (size_t)(end - block) : size);
        if (end)
            return true;
        value += size;
    }
    *ret_cut = true;
    return true;
}

void fk_show_string(const char *type, const char *value) {
    struct buf copy = BUF_INIT;
    bool cut;
    if (!value) {
        fk_show_text("NULL");
    } else if (copy_string(value, &copy, &cut)) {
        fk_show_text("\"");
        for (size_t i = 0; i < copy.size; i++)
            append_escaped((unsigned char)copy.data[i], '"');
        fk_show_text(cut ? "\"..." : "\"");
    } else {
        fk_show_pointer(type, value);
    }
    buf_finish(&copy);
}

void fk_show_characters(const char *value, unsigned long size) {
    unsigned long used = size;
    while (used && value[used - 1] == '\0') /* the padding of a string */
        used--;
    bool cut = used > LONGEST_STRING;
    fk_show_text("\"");
    for (unsigned long i = 0; i < (cut ? LONGEST_STRING : used); i++)
        append_escaped((unsigned char)value[i], '"');
    fk_show_text(cut ? "\"..." : "\"");
}

void fk_show_end(void) {
    if (!worker.silent && buf_ok(&shown)) {
        channel_flush();
        frame_begin(&worker.out, WORKER_RESULT);
        frame_add_string(&worker.out, "text/plain");
        frame_add_string(&worker.out, buf_string(&shown));
        channel_send(); /* nothing is printed behind a result: no need to wait for its arrival */
    }
    buf_finish(&shown);
}
