#include "history_system.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
    struct system_fault fault;
    int calls;
    bool armed, failed;
} the;

void system_fail(const struct system_fault *fault) {
    the.fault = *fault;
    the.calls = 0;
    the.failed = false;
    the.armed = true;
}

bool system_mend(void) {
    bool failed = the.failed;
    the.armed = the.failed = false;
    return failed;
}

bool system_has_failed(void) {
    return the.failed;
}

int system_error(void) {
    return the.fault.error;
}

/* Is it this call's turn, if it can fail with `error`? */
static bool fails(int error) {
    if (!the.armed || the.fault.error != error)
        return false;
    int past = the.calls++ - the.fault.after;
    if (past < 0 || (the.fault.times && past >= the.fault.times))
        return false;
    the.failed = true;
    errno = error;
    return true;
}

/* Of a call that takes space on the disk. */
static bool write_fails(void) {
    return fails(EIO) || fails(ENOSPC);
}

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name) {
    int saved = errno;
    void *found = dlsym(RTLD_NEXT, name);
    errno = saved;
    if (!found)
        abort();
    return found;
}

/* ---- files ---- */

static mode_t mode_of(int flags, va_list args) {
    return flags & O_CREAT ? va_arg(args, mode_t) : 0;
}

#define DEFINE_OPEN(name)                                                                          \
    int name(const char *path, int flags, ...) {                                                   \
        va_list args;                                                                              \
        va_start(args, flags);                                                                     \
        mode_t mode = mode_of(flags, args);                                                        \
        va_end(args);                                                                              \
        bool makes = flags & O_CREAT && access(path, F_OK) < 0;                                    \
        if (fails(EIO) || (makes && fails(ENOSPC)))                                                \
            return -1;                                                                             \
        return REAL(name)(path, flags, mode);                                                      \
    }

DEFINE_OPEN(open)
#undef open64
DEFINE_OPEN(open64)

/* The bytes that still find room are written: the half of them. */
static size_t room_for(size_t size) {
    return the.armed && the.fault.error == ENOSPC && the.calls == the.fault.after ? (size + 1) / 2
                                                                                  : size;
}

ssize_t write(int fd, const void *data, size_t size) {
    if (fd <= STDERR_FILENO)
        return REAL(write)(fd, data, size);
    size_t room = room_for(size);
    if (room < size) {
        the.calls++;
        the.failed = true;
        return REAL(write)(fd, data, room);
    }
    return write_fails() ? -1 : REAL(write)(fd, data, size);
}

#define DEFINE_PWRITE(name)                                                                        \
    ssize_t name(int fd, const void *data, size_t size, off_t at) {                                \
        return write_fails() ? -1 : REAL(name)(fd, data, size, at);                                \
    }

#define DEFINE_PREAD(name)                                                                         \
    ssize_t name(int fd, void *data, size_t size, off_t at) {                                      \
        return fails(EIO) ? -1 : REAL(name)(fd, data, size, at);                                   \
    }

DEFINE_PWRITE(pwrite)
DEFINE_PWRITE(pwrite64)
DEFINE_PREAD(pread)
DEFINE_PREAD(pread64)

ssize_t read(int fd, void *data, size_t size) {
    return fails(EIO) ? -1 : REAL(read)(fd, data, size);
}

int ftruncate(int fd, off_t size) {
    return write_fails() ? -1 : REAL(ftruncate)(fd, size);
}

int ftruncate64(int fd, off_t size) {
    return write_fails() ? -1 : REAL(ftruncate64)(fd, size);
}

int fsync(int fd) {
    return fails(EIO) ? -1 : REAL(fsync)(fd);
}

int fdatasync(int fd) {
    return fails(EIO) ? -1 : REAL(fdatasync)(fd);
}

int rename(const char *from, const char *to) {
    return write_fails() ? -1 : REAL(rename)(from, to);
}

int link(const char *from, const char *to) {
    return write_fails() ? -1 : REAL(link)(from, to);
}

int unlink(const char *path) {
    return fails(EIO) ? -1 : REAL(unlink)(path);
}

int mkdir(const char *path, mode_t mode) {
    return write_fails() ? -1 : REAL(mkdir)(path, mode);
}

int mkostemp(char *path, int flags) {
    return write_fails() ? -1 : REAL(mkostemp)(path, flags);
}

void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset) {
    return fd >= 0 && fails(EIO) ? MAP_FAILED : REAL(mmap)(at, size, protection, flags, fd, offset);
}

void *mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset) {
    return fd >= 0 && fails(EIO) ? MAP_FAILED
                                 : REAL(mmap64)(at, size, protection, flags, fd, offset);
}

/* ---- memory ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t size) {
    return fails(ENOMEM) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
    return fails(ENOMEM) ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size) {
    return fails(ENOMEM) ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text) {
    return fails(ENOMEM) ? NULL : __real_strdup(text);
}

static sqlite3_mem_methods sqlite_memory;

static void *sqlite_malloc(int size) {
    return fails(ENOMEM) ? NULL : sqlite_memory.xMalloc(size);
}

static void *sqlite_realloc(void *old, int size) {
    return fails(ENOMEM) ? NULL : sqlite_memory.xRealloc(old, size);
}

void system_prepare(void) {
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_memory);
    sqlite3_mem_methods methods = sqlite_memory;
    methods.xMalloc = sqlite_malloc;
    methods.xRealloc = sqlite_realloc;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
    sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0); /* else few allocations would come by */
}
