/*
 * Loaded into clang before its main() by LD_PRELOAD: turns it into a process that has all of clang
 * loaded and linked, and forks itself for each request, so that a compilation does not begin with
 * 25 ms of loading libraries.
 *
 * A request is one packet on ZYGOTE_FD: the arguments, a NUL after each, with two descriptors, the
 * child's standard input and its standard error. The answer is the child's process id. The child is
 * a child of whoever made the request (CLONE_PARENT), who can wait for it.
 */
#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ZYGOTE_FD = 3, MOST_BYTES = 64 * 1024, MOST_ARGUMENTS = 512 };

typedef int main_function(int, char **, char **);
typedef int start_function(main_function *main, int argc, char **argv, void (*init)(void),
    void (*fini)(void), void (*rtld_fini)(void), void *stack_end);

static char request[MOST_BYTES];
static char *arguments[MOST_ARGUMENTS + 1];

/* The next request; its size, or 0 when nobody will send any more. */
static size_t receive(int ret_fds[2]) {
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(2 * sizeof(int))];
    } control;
    struct iovec data = {.iov_base = request, .iov_len = sizeof request - 1};
    struct msghdr message = {.msg_iov = &data,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof control.bytes};
    ssize_t n;
    do
        n = recvmsg(ZYGOTE_FD, &message, 0);
    while (n < 0 && errno == EINTR);
    const struct cmsghdr *rights = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (!rights || rights->cmsg_type != SCM_RIGHTS || rights->cmsg_len != CMSG_LEN(2 * sizeof(int)))
        return 0;
    memcpy(ret_fds, CMSG_DATA(rights), 2 * sizeof(int));
    request[n] = '\0';
    return (size_t)n;
}

static int take_arguments(size_t size) {
    int count = 0;
    for (size_t at = 0; at < size && count < MOST_ARGUMENTS; at += strlen(request + at) + 1)
        arguments[count++] = request + at;
    arguments[count] = NULL;
    return count;
}

/* Returns in the children, with their arguments. */
static int serve(void) {
    for (;;) {
        int fds[2];
        size_t size = receive(fds);
        if (!size)
            _exit(0);
        pid_t child = (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
        if (child == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
            (void)dup2(fds[0], STDIN_FILENO);
            (void)dup2(fds[1], STDOUT_FILENO);
            (void)dup2(fds[1], STDERR_FILENO);
            (void)close(fds[0]);
            (void)close(fds[1]);
            (void)close(ZYGOTE_FD);
            return take_arguments(size);
        }
        (void)close(fds[0]);
        (void)close(fds[1]);
        if (send(ZYGOTE_FD, &child, sizeof child, MSG_NOSIGNAL) < 0)
            _exit(0);
    }
}

start_function __libc_start_main;

int __libc_start_main(main_function *main, int argc, char **argv, void (*init)(void),
    void (*fini)(void), void (*rtld_fini)(void), void *stack_end) {
    union {
        void *object;
        start_function *function;
    } real = {.object = dlsym(RTLD_NEXT, "__libc_start_main")};
    (void)unsetenv("LD_PRELOAD"); /* NOLINT(concurrency-mt-unsafe): before main */
    argc = serve();
    (void)argv;
    return real.function(main, argc, arguments, init, fini, rtld_fini, stack_end);
}
