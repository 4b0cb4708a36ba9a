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

enum { PIPE_BYTES = 1024 * 1024 };

static void close_fd(int *fd) {
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

/* Between fork and exec: only calls that are safe there. */
static _Noreturn void become(char *const argv[], pid_t parent, int channel, int out, int err) {
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
    if (out >= 0)
        out = fcntl(out, F_DUPFD, 16);
    if (err >= 0)
        err = fcntl(err, F_DUPFD, 16);
    int null = open("/dev/null", O_RDWR);
    (void)dup2(null, STDIN_FILENO);
    if (out >= 0)
        (void)dup2(out, STDOUT_FILENO);
    if (err >= 0)
        (void)dup2(err, STDERR_FILENO);
    (void)dup2(channel, MESSAGES_FD);
    (void)syscall(SYS_close_range, MESSAGES_FD + 1, ~0U, 0);
    (void)execv(argv[0], argv);
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
    close_fd(&helper->out);
    close_fd(&helper->err);
    frame_reader_finish(&helper->reader);
    helper->pid = 0;
    return status;
}

static bool make_pipe(int ends[2]) {
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    (void)fcntl(ends[0], F_SETPIPE_SZ, PIPE_BYTES);
    return true;
}

enum status helper_start(
    struct helper *helper, zloop_t *loop, char *const argv[], bool piped, struct error *error) {
    int sockets[2] = {-1, -1};
    int out[2] = {-1, -1};
    int err[2] = {-1, -1};
    *helper = (struct helper){
        .pidfd = -1, .socket = -1, .out = -1, .err = -1, .writer = -1, .loop = loop};
    enum status status = STATUS_OK;
    if (access(argv[0], X_OK) != 0)
        return error_set_errno(error, errno, "cannot run '%s'", argv[0]);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0 ||
        (piped && (!make_pipe(out) || !make_pipe(err)))) {
        status = error_set_errno(error, errno, "cannot start '%s'", argv[0]);
    } else {
        pid_t parent = getpid();
        pid_t pid = fork();
        if (pid == 0)
            become(argv, parent, sockets[1], out[1], err[1]);
        if (pid < 0) {
            status = error_set_errno(error, errno, "cannot start '%s'", argv[0]);
        } else {
            (void)setpgid(pid, pid);
            helper->pid = pid;
            helper->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
            helper->socket = sockets[0];
            helper->writer = fcntl(sockets[0], F_DUPFD_CLOEXEC, 0);
            helper->out = out[0];
            helper->err = err[0];
            sockets[0] = out[0] = err[0] = -1;
            if (helper->pidfd < 0 || helper->writer < 0) { /* its end would never be noticed */
                status = error_set_errno(error, errno, "cannot watch '%s'", argv[0]);
                (void)helper_stop(helper);
            }
        }
    }
    close_fd(&sockets[0]);
    close_fd(&sockets[1]);
    close_fd(&out[0]);
    close_fd(&out[1]);
    close_fd(&err[0]);
    close_fd(&err[1]);
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

void helper_send(struct helper *helper, struct buf *out) {
    frame_end(out);
    if (helper->pid <= 0 || !buf_ok(out))
        return;
    bool waiting = helper->queue.size > 0;
    buf_append(&helper->queue, out->data, out->size);
    if (!waiting)
        write_queue(helper);
    if (!waiting && helper->queue.size) {
        zmq_pollitem_t item = {.fd = helper->writer, .events = ZMQ_POLLOUT};
        (void)zloop_poller(helper->loop, &item, on_writable, helper);
    }
    if (helper->queue.size > HELPER_QUEUE_BYTES || !buf_ok(&helper->queue)) {
        helper->overrun = true;
        (void)kill(-helper->pid, SIGKILL);
    }
}
