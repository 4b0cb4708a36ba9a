/*
 * The twin: a frozen copy of this process.
 *
 * It must be a child of the kernel process and not of the worker: user code that waits for its
 * children would meet it, and it has to outlive the worker. So a child between the two forks it and
 * ends, which hands it to the kernel process (a subreaper). That child shares this memory, as that
 * of a vfork() does: the page tables, which are what a fork of a large process costs, are copied
 * once.
 *
 * What the twin must not hold open, or user code would notice it: a pipe or a socket whose other
 * end waits for its last writer to go. In the twin their numbers stay taken, by descriptors that
 * are good for nothing.
 */
#include "kernel/engine/c/worker/worker.h"

#include "base/clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Written by the child between, which shares this memory. */
static struct {
    volatile pid_t between;
    volatile pid_t twin;
    volatile int error;
    volatile int64_t fork_us; /* of processor time: what grows with the memory */
    sigjmp_buf back;          /* for the twin, which begins on another stack */
} made;

static int64_t processor_us(void) {
    enum { US_PER_S = 1000000, NS_PER_US = 1000 };
    struct timespec time = {0};
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (int64_t)time.tv_sec * US_PER_S + time.tv_nsec / NS_PER_US;
}

static bool is_output(const struct stat *info) {
    struct stat ours;
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
        if (fstat(fd, &ours) == 0 && ours.st_dev == info->st_dev && ours.st_ino == info->st_ino)
            return true;
    return false;
}

static void let_go_of_peers(void) {
    DIR *folder = opendir("/proc/self/fd");
    int dead = open("/", O_PATH | O_CLOEXEC);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        struct stat info;
        int fd = (int)strtol(entry->d_name, NULL, 10);
        if (fd <= MESSAGES_FD || fd == dead || fd == dirfd(folder) || fstat(fd, &info) != 0)
            continue;
        if (!S_ISSOCK(info.st_mode) && !S_ISFIFO(info.st_mode))
            continue;
        if (!is_output(&info))
            (void)dup3(dead, fd, O_CLOEXEC);
    }
    if (folder)
        (void)closedir(folder);
    if (dead >= 0)
        (void)close(dead);
}

static void become_twin(const int ends[2]) {
    enum { LOOK_AGAIN_US = 50 };
    (void)close(ends[0]);
    (void)dup3(ends[1], MESSAGES_FD, O_CLOEXEC);
    (void)close(ends[1]);
    frame_reader_finish(&worker.reader); /* those messages were for the other one */
    worker.pid = getpid();
    (void)setpgid(0, 0);
    while (getppid() == made.between)
        (void)usleep(LOOK_AGAIN_US);
    if (getppid() == worker.kernel) /* else the end of the channel tells */
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    let_go_of_peers();
    observe_begin();
}

/* The child between: runs in this memory, below fork_twin(), while that waits for its end. */
static int fork_between(void *data) {
    (void)data;
    made.between = (pid_t)syscall(SYS_getpid);
    int64_t start_us = processor_us();
    pid_t twin = fork();
    if (twin == 0) /* in a memory of its own: back to where its copy of fork_twin() is */
        siglongjmp(made.back, 1);
    made.error = errno;
    made.fork_us = processor_us() - start_us;
    made.twin = twin;
    return 0;
}

/* The process between is nobody's business: as a clone without a signal it tells nobody of its end,
   and no wait() of the user's meets it. */
__attribute__((noinline)) static void clone_between(void) { /* a stack below fork_twin()'s */
    enum { STACK_BYTES = 64 * 1024 };
    _Alignas(16) char stack[STACK_BYTES];
    pid_t between = clone(fork_between, stack + sizeof stack, CLONE_VM | CLONE_VFORK, NULL);
    if (between < 0)
        made.error = errno;
    while (between > 0 && waitpid(between, NULL, __WCLONE) < 0 && errno == EINTR)
        ;
}

/* True in the twin. */
static bool fork_twin(const int ends[2]) {
    sigset_t all;
    sigset_t before;
    int takes_orphans = 0; /* it would take the twin */
    (void)prctl(PR_GET_CHILD_SUBREAPER, &takes_orphans);
    if (takes_orphans)
        (void)prctl(PR_SET_CHILD_SUBREAPER, 0);
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, &before);
    bool twin = false;
    if (sigsetjmp(made.back, 0) == 0) {
        clone_between();
    } else {
        become_twin(ends);
        twin = true;
    }
    if (takes_orphans)
        (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return twin;
}

void twin_make(int64_t state) {
    int ends[2] = {-1, -1};
    int64_t start_us = clock_monotonic_us();
    if (observe_has_threads()) /* one of them may hold the lock of a stream for ever */
        channel_flush();
    else
        (void)fflush(NULL); /* what both had in a buffer would be written twice */
    made.twin = -1;
    made.error = 0;
    made.fork_us = 0;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        made.error = errno;
    else if (fork_twin(ends))
        return;
    frame_begin(&worker.out, WORKER_CHECKPOINTED);
    frame_add_int(&worker.out, state);
    frame_add_int(&worker.out, made.twin > 0 ? made.twin : 0);
    frame_add_int(&worker.out, made.twin > 0 ? 0 : made.error);
    frame_add_int(&worker.out, made.fork_us);
    frame_add_int(&worker.out, clock_monotonic_us() - start_us);
    if (made.twin > 0) {
        frame_end(&worker.out);
        if (frame_send_descriptor(MESSAGES_FD, &worker.out, ends[0], NULL) != STATUS_OK)
            _exit(1);
    } else {
        channel_send();
    }
    for (size_t i = 0; i < 2; i++)
        if (ends[i] >= 0)
            (void)close(ends[i]);
}

/* A line "Name:   123 kB" of a file in /proc, in bytes. */
static int64_t read_size(const char *path, const char *name) {
    char line[256];
    int64_t bytes = 0;
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0)
            bytes = (int64_t)strtoll(line + strlen(name), NULL, 10) * 1024;
    if (file)
        (void)fclose(file);
    return bytes;
}

void twin_measure(void) {
    frame_begin(&worker.out, WORKER_MEASURED);
    frame_add_int(&worker.out,
        read_size("/proc/self/smaps_rollup", "Pss:") + read_size("/proc/self/status", "VmPTE:"));
    channel_send();
}
