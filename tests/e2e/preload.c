/*
 * A home without file locks, a clock that is wrong, a system that tells of no changed files: loaded
 * before the C library into programs under test (LD_PRELOAD). NO_LOCKS: no lock can be had or asked
 * for. CLOCK: a file whose number of seconds is added to the time of day. NO_INOTIFY: other
 * programs of the user have all instances.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <time.h>

static int without_locks(int command) {
    return getenv("NO_LOCKS") && (command == F_GETLK || command == F_SETLK || command == F_SETLKW ||
                                     command == F_OFD_GETLK || command == F_OFD_SETLK);
}

#define DEFINE_FCNTL(name)                                                                         \
    int name(int fd, int command, ...) {                                                           \
        static int (*real)(int, int, ...);                                                         \
        va_list args;                                                                              \
        va_start(args, command);                                                                   \
        void *argument = va_arg(args, void *);                                                     \
        va_end(args);                                                                              \
        if (!real)                                                                                 \
            real = (int (*)(int, int, ...))dlsym(RTLD_NEXT, #name);                                \
        if (!without_locks(command))                                                               \
            return real(fd, command, argument);                                                    \
        errno = ENOLCK;                                                                            \
        return -1;                                                                                 \
    }

DEFINE_FCNTL(fcntl)
#undef fcntl64
DEFINE_FCNTL(fcntl64)

int flock(int fd, int operation) {
    static int (*real)(int, int);
    if (!real)
        real = (int (*)(int, int))dlsym(RTLD_NEXT, "flock");
    if (!getenv("NO_LOCKS"))
        return real(fd, operation);
    errno = ENOLCK;
    return -1;
}

int inotify_init1(int flags) {
    static int (*real)(int);
    if (!real)
        real = (int (*)(int))dlsym(RTLD_NEXT, "inotify_init1");
    if (!getenv("NO_INOTIFY"))
        return real(flags);
    errno = EMFILE;
    return -1;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    long seconds = 0;
    if (!real)
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, now);
    const char *path = clock == CLOCK_REALTIME ? getenv("CLOCK") : NULL;
    FILE *file = path ? fopen(path, "re") : NULL;
    if (file) {
        if (fscanf(file, "%ld", &seconds) == 1)
            now->tv_sec += seconds;
        fclose(file);
    }
    return result;
}
