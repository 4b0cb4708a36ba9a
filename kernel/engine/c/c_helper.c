#include "kernel/engine/c/c_helper.h"

#include "kernel/engine/c/messages.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void close_fd(int *fd) {
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

/* Between fork and exec: only calls that are safe there. */
static _Noreturn void become(
    const struct helper_setup *setup, char **environment, pid_t parent, int channel) {
    static const int plain[] = {SIGINT, SIGTERM, SIGPIPE, SIGCHLD, SIGHUP, SIGQUIT};
    sigset_t none;
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        (void)signal(plain[i], SIG_DFL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    /* out of the way of the numbers that they are about to get */
    channel = fcntl(channel, F_DUPFD, 16);
    int out = setup->out >= 0 ? fcntl(setup->out, F_DUPFD, 16) : -1;
    int err = setup->err >= 0 ? fcntl(setup->err, F_DUPFD, 16) : -1;
    int null = open("/dev/null", O_RDWR);
    (void)dup2(null, STDIN_FILENO);
    if (out >= 0)
        (void)dup2(out, STDOUT_FILENO);
    if (err >= 0)
        (void)dup2(err, STDERR_FILENO);
    (void)dup2(channel, MESSAGES_FD);
    (void)syscall(SYS_close_range, MESSAGES_FD + 1, ~0U, 0);
    (void)execve(setup->argv[0], setup->argv, environment);
    _exit(127);
}

static void stop_writing(struct helper *helper) {
    zmq_pollitem_t item = {.fd = helper->writer, .events = ZMQ_POLLOUT};
    if (helper->writer >= 0 && helper->loop)
        zloop_poller_end(helper->loop, &item);
}

int helper_stop(struct helper *helper) {
    int status = 0;
    if (helper->pid > 0) {
        (void)kill(-helper->pid, SIGKILL);
        (void)kill(helper->pid, SIGKILL);
        while (waitpid(helper->pid, &status, 0) < 0 && errno == EINTR)
            ;
    }
    stop_writing(helper);
    buf_finish(&helper->queue);
    close_fd(&helper->writer);
    close_fd(&helper->pidfd);
    close_fd(&helper->socket);
    frame_reader_finish(&helper->reader);
    helper->pid = 0;
    return status;
}

/* This process's environment and one variable more; NULL without memory. */
static char **extend_environment(const char *variable) {
    size_t count = 0;
    while (environ[count])
        count++;
    char **list = malloc((count + 2) * sizeof *list);
    if (!list)
        return NULL;
    memcpy(list, environ, count * sizeof *list);
    size_t name = variable ? strcspn(variable, "=") + 1 : 0;
    for (size_t i = 0; variable && i < count; i++)
        if (strncmp(list[i], variable, name) == 0)
            variable = NULL;
    if (variable)
        list[count++] = (char *)variable;
    list[count] = NULL;
    return list;
}

enum status helper_adopt(
    struct helper *helper, zloop_t *loop, pid_t pid, int socket, struct error *error) {
    *helper = HELPER_INIT;
    helper->loop = loop;
    helper->pid = pid;
    helper->socket = socket;
    helper->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    helper->writer = fcntl(socket, F_DUPFD_CLOEXEC, 0);
    if (helper->pidfd >= 0 && helper->writer >= 0)
        return STATUS_OK;
    enum status status = error_set_errno(error, errno, "cannot watch process %lld", (long long)pid);
    (void)helper_stop(helper); /* its end would never be noticed */
    return status;
}

enum status helper_start(
    struct helper *helper, zloop_t *loop, const struct helper_setup *setup, struct error *error) {
    int sockets[2] = {-1, -1};
    *helper = HELPER_INIT;
    if (access(setup->argv[0], X_OK) != 0)
        return error_set_errno(error, errno, "cannot run '%s'", setup->argv[0]);
    char **environment = extend_environment(setup->environment);
    if (!environment || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) {
        free(environment);
        return error_set_errno(error, errno, "cannot start '%s'", setup->argv[0]);
    }
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0)
        become(setup, environment, parent, sockets[1]);
    enum status status = STATUS_OK;
    if (pid < 0) {
        status = error_set_errno(error, errno, "cannot start '%s'", setup->argv[0]);
        close_fd(&sockets[0]);
    } else {
        (void)setpgid(pid, pid);
        status = helper_adopt(helper, loop, pid, sockets[0], error);
    }
    close_fd(&sockets[1]);
    free(environment);
    return status;
}

/* Write what the socket takes. What is for a helper that is gone is dropped. */
static void write_queue(struct helper *helper) {
    size_t done = 0;
    while (done < helper->queue.size) {
        ssize_t n = send(helper->socket, helper->queue.data + done, helper->queue.size - done,
            MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0)
            done += (size_t)n;
        else if (errno == EAGAIN || errno == EWOULDBLOCK)
            break;
        else if (errno != EINTR)
            done = helper->queue.size;
    }
    buf_drop_front(&helper->queue, done);
}

static int on_writable(zloop_t *loop, zmq_pollitem_t *item, void *data) {
    (void)loop;
    (void)item;
    struct helper *helper = data;
    write_queue(helper);
    if (!helper->queue.size)
        stop_writing(helper);
    return 0;
}

static void write_when_possible(struct helper *helper) {
    zmq_pollitem_t item = {.fd = helper->writer, .events = ZMQ_POLLOUT};
    (void)zloop_poller(helper->loop, &item, on_writable, helper);
}

void helper_move(struct helper *to, struct helper *from) {
    stop_writing(from);
    *to = *from;
    *from = HELPER_INIT;
    if (to->queue.size)
        write_when_possible(to);
}

void helper_send(struct helper *helper, struct buf *out) {
    frame_end(out);
    if (helper->pid <= 0 || !buf_ok(out))
        return;
    bool waiting = helper->queue.size > 0;
    buf_append(&helper->queue, out->data, out->size);
    if (!waiting)
        write_queue(helper);
    if (!waiting && helper->queue.size)
        write_when_possible(helper);
    if (helper->queue.size > HELPER_QUEUE_BYTES || !buf_ok(&helper->queue)) {
        helper->overrun = true;
        (void)kill(-helper->pid, SIGKILL);
    }
}
