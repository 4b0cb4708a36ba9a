/*
 * What a cell did to the world outside its memory, as far as it can be seen by looking before and
 * after: descriptors, threads, shared memory, and bytes written. A checkpoint does not hold any of
 * that, and says so.
 */
#include "kernel/engine/c/worker/worker.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_DESCRIPTORS = 256, TARGET_BYTES = 96, MOST_TEXT = 500 };

struct descriptor {
    int fd;
    bool writes;
    off_t offset;
    char target[TARGET_BYTES]; /* what /proc says it is, cut */
};

struct observation {
    struct descriptor descriptors[MOST_DESCRIPTORS];
    size_t count;
    int64_t threads;
    int64_t shared_kib;
    int64_t written;
};

static struct observation before;
static struct observation now;

/* The number after `name` in a file of lines "name: number". */
static int64_t read_number(const char *text, const char *name) {
    const char *at = strstr(text, name);
    return at ? (int64_t)strtoll(at + strlen(name), NULL, 10) : 0;
}

static bool read_text(const char *path, char *text, size_t size) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, size - 1) : -1;
    if (fd >= 0)
        (void)close(fd);
    text[n > 0 ? n : 0] = '\0';
    return n > 0;
}

/* By this process and the children that it has waited for. */
static int64_t count_written(void) {
    char text[1024];
    return read_text("/proc/self/io", text, sizeof text) ? read_number(text, "wchar:") : 0;
}

static int64_t count_threads(const char *status) {
    return read_number(status, "\nThreads:");
}

static void add_descriptor(struct observation *seen, int fd, const char *target) {
    if (seen->count == MOST_DESCRIPTORS)
        return;
    struct descriptor *descriptor = &seen->descriptors[seen->count++];
    int flags = fcntl(fd, F_GETFL);
    *descriptor = (struct descriptor){.fd = fd, .offset = -1};
    descriptor->writes = flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
    if (*target == '/' && strncmp(target, "/dev/", 5) != 0)
        descriptor->offset = lseek(fd, 0, SEEK_CUR);
    (void)snprintf(descriptor->target, sizeof descriptor->target, "%s", target);
}

/* Numbers are tried one by one, up to the size of the process's table of them: reading the folder
   of descriptors takes ten times as long. */
static void observe_descriptors(struct observation *seen, int64_t table_size) {
    seen->count = 0;
    for (int fd = MESSAGES_FD + 1; fd < table_size; fd++) {
        char target[TARGET_BYTES];
        char path[64];
        if (fcntl(fd, F_GETFD) < 0)
            continue;
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        ssize_t size = readlink(path, target, sizeof target - 1);
        target[size > 0 ? size : 0] = '\0';
        add_descriptor(seen, fd, target);
    }
}

static void observe(struct observation *seen) {
    char status[4096];
    (void)read_text("/proc/self/status", status, sizeof status);
    observe_descriptors(seen, read_number(status, "\nFDSize:"));
    seen->threads = count_threads(status);
    seen->shared_kib = read_number(status, "\nRssShmem:");
    seen->written = count_written();
}

int64_t observe_written_before(void) {
    return before.written;
}

bool observe_has_threads(void) {
    return before.threads > 1;
}

void observe_begin(void) {
    observe(&before);
}

static const struct descriptor *find(const struct observation *seen, int fd) {
    for (size_t i = 0; i < seen->count; i++)
        if (seen->descriptors[i].fd == fd)
            return &seen->descriptors[i];
    return NULL;
}

static void say(struct buf *text, const char *what, const char *about) {
    if (text->size < MOST_TEXT)
        buf_printf(text, *about ? "%s%s '%s'" : "%s%s", text->size ? "; " : "", what, about);
}

static void compare_descriptor(struct buf *text, const struct descriptor *descriptor) {
    const struct descriptor *old = find(&before, descriptor->fd);
    const char *target = descriptor->target;
    bool same = old && strcmp(old->target, target) == 0;
    bool moved = same && old->offset != descriptor->offset;
    bool is_file = *target == '/' && strncmp(target, "/dev/", 5) != 0;
    if (is_file && descriptor->writes && (!same || moved))
        say(text, same ? "wrote to" : "has a file open for writing:", target);
    else if (is_file && (!same || moved))
        say(text, same ? "read on in" : "has a file open:", target);
    else if (!same && strncmp(target, "socket:", 7) == 0)
        say(text, "opened a socket", "");
    else if (!same && strncmp(target, "pipe:", 5) == 0)
        say(text, "opened a pipe", "");
    else if (!same && *target == '/' && strcmp(target, "/dev/null") != 0)
        say(text, "opened a device:", target);
}

static void compare(struct buf *text) {
    for (size_t i = 0; i < now.count; i++)
        compare_descriptor(text, &now.descriptors[i]);
    if (now.threads > before.threads)
        say(text,
            now.threads - before.threads == 1 ? "left a thread running" : "left threads running",
            "");
    if (now.shared_kib > before.shared_kib)
        say(text, "uses memory that is shared with other processes", "");
}

void observe_report(void) {
    struct buf text = BUF_INIT;
    observe(&now);
    compare(&text);
    frame_add_int(&worker.out, now.written - before.written);
    frame_add_string(&worker.out, buf_string(&text));
    buf_finish(&text);
    before = now; /* 30 KB */
}
