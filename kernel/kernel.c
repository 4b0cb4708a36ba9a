#include "kernel/kernel.h"

#include "kernel/comm/history_comm.h"
#include "kernel/dispatch.h"
#include "kernel/log.h"
#include "kernel/output.h"
#include "kernel/recovery.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    MESSAGES_A_TURN = 64,     /* of one channel, before the others have theirs */
    MESSAGES_AT_MOST = 10000, /* where all that is there is wanted */
};

void kernel_publish(
    struct kernel *kernel, json_t *parent, const char *type, json_t *metadata, json_t *content) {
    char topic[128];
    snprintf(topic, sizeof topic, "kernel.%s.%s", wire_session(kernel->wire), type);
    zmsg_t *identities = zmsg_new();
    zmsg_addstr(identities, topic);
    zmsg_t *message = wire_build(kernel->wire, identities, type, parent, metadata, content, NULL);
    zmsg_destroy(&identities);
    channels_send(&kernel->channels, CHANNEL_IOPUB, &message);
}

void kernel_publish_new(struct kernel *kernel, json_t *parent, const char *type, json_t *content) {
    if (!content) {
        log_line("cannot publish a '%s': out of memory", type);
        return;
    }
    kernel_publish(kernel, parent, type, NULL, content);
    json_decref(content);
}

void kernel_publish_status(struct kernel *kernel, json_t *parent, const char *state) {
    kernel_publish_new(kernel, parent, "status", json_pack("{s:s}", "execution_state", state));
}

static int on_stop(zloop_t *loop, int timer, void *context) {
    (void)loop;
    (void)timer;
    (void)context;
    return -1; /* ends the loop */
}

void kernel_stop(struct kernel *kernel) {
    kernel->stopping = true;
    zloop_timer(kernel->loop, 1, 1, on_stop, kernel);
}

/* ---- the event loop's callbacks ---- */

static bool read_message(struct kernel *kernel, enum channel channel) {
    zmsg_t *frames = channels_receive(&kernel->channels, channel);
    if (!frames)
        return false;
    struct message *message;
    struct error error;
    if (wire_parse(kernel->wire, &frames, &message, &error) == STATUS_OK)
        dispatch_message(kernel, channel, &message);
    else
        log_line("dropped a message on the %s channel: %s", channel_name(channel), error.message);
    return true;
}

static void read_channel(struct kernel *kernel, enum channel channel, int most) {
    for (int i = 0; i < most && !kernel->stopping; i++)
        if (!read_message(kernel, channel))
            break;
}

void kernel_read_channels(struct kernel *kernel) {
    read_channel(kernel, CHANNEL_CONTROL, MESSAGES_AT_MOST);
    read_channel(kernel, CHANNEL_SHELL, MESSAGES_AT_MOST);
}

/* JEP 65: who subscribes is told that from now on nothing is missed. */
static void welcome_subscriber(struct kernel *kernel, zmsg_t *frames) {
    const char *topic;
    size_t size;
    if (!channels_subscribe(&kernel->channels, frames, &topic, &size))
        return;
    json_t *content = json_pack("{s:s%}", "subscription", topic, size);
    if (!content) /* a topic that is no UTF-8 cannot be named in JSON */
        return;
    zmsg_t *identities = zmsg_new();
    zmsg_addmem(identities, topic, size);
    zmsg_t *message =
        wire_build(kernel->wire, identities, "iopub_welcome", NULL, NULL, content, NULL);
    channels_send(&kernel->channels, CHANNEL_IOPUB, &message);
    zmsg_destroy(&identities);
    json_decref(content);
    if (kernel->is_new) /* said earlier, nobody would have heard it */
        kernel_publish_status(kernel, NULL, "starting");
    kernel->is_new = false;
}

static int on_channel(zloop_t *loop, zsock_t *socket, void *context) {
    (void)loop;
    struct kernel *kernel = context;
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        if (kernel->channels.sockets[i] != socket)
            continue;
        enum channel channel = (enum channel)i;
        zmsg_t *frames;
        if (channel == CHANNEL_HEARTBEAT) {
            for (int n = 0;
                n < MESSAGES_A_TURN && (frames = channels_receive(&kernel->channels, channel)); n++)
                channels_send(&kernel->channels, channel, &frames);
        } else if (channel == CHANNEL_IOPUB) {
            for (int n = 0;
                n < MESSAGES_A_TURN && (frames = channels_receive(&kernel->channels, channel));
                n++) {
                welcome_subscriber(kernel, frames);
                zmsg_destroy(&frames);
            }
        } else {
            read_channel(kernel, channel, MESSAGES_A_TURN);
        }
    }
    return 0;
}

static int on_signal(zloop_t *loop, zmq_pollitem_t *item, void *context) {
    (void)loop;
    struct kernel *kernel = context;
    struct signalfd_siginfo info;
    while (read(item->fd, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGINT)
            execution_interrupt(kernel);
        else
            kernel_stop(kernel);
    }
    return 0;
}

static int on_parent_gone(zloop_t *loop, zmq_pollitem_t *item, void *context) {
    zloop_poller_end(loop, item); /* it stays readable */
    log_line("the process that started this kernel has ended, and so it ends too");
    kernel_stop(context);
    return 0;
}

/* ---- start and end ---- */

/* Signals come through the event loop, so that no handler ever runs. Blocked before libzmq makes
 * its threads; SIGCHLD is for the engine. */
static int open_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    sigdelset(&set, SIGCHLD);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* A kernel whose server was killed must not stay behind. `ret_fd` is -1 where there is nothing to
   watch; false when the server is gone already. */
static bool open_parent(int *ret_fd) {
    const char *text = getenv("JPY_PARENT_PID");
    char *end;
    long pid = text ? strtol(text, &end, 10) : 0;
    *ret_fd = -1;
    if (!text || *end || pid <= 0)
        return true;
    *ret_fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0u);
    return *ret_fd >= 0 || errno != ESRCH;
}

static void on_checkpointed(
    void *context, int64_t state, const struct engine_checkpoint *checkpoint) {
    struct kernel *kernel = context;
    states_checkpointed(kernel->states, state, checkpoint);
}

static void on_measured(void *context, int64_t state, int64_t bytes) {
    struct kernel *kernel = context;
    states_measured(kernel->states, state, bytes);
}

static void on_gone(void *context, int64_t state) {
    struct kernel *kernel = context;
    states_gone(kernel->states, state);
}

/* A fresh program from an engine that knows no other way. */
static void restart_engine(void *context) {
    struct kernel *kernel = context;
    const struct engine_ops *ops = kernel->engine->ops;
    struct error error;
    ops->destroy(&kernel->engine);
    if (ops->create(&kernel->host, &kernel->engine, &error) != STATUS_OK) {
        log_line("%s", error.message);
        exit(1); /* NOLINT(concurrency-mt-unsafe): what is recorded is, and cells cannot be run */
    }
}

static enum status open_engine(struct kernel *kernel, const char *name, struct error *error) {
    const struct engine_ops *ops = engine_find(name);
    if (!ops) {
        struct buf names = BUF_INIT;
        for (size_t i = 0; engine_at(i); i++)
            buf_printf(&names, "%s%s", i ? ", " : "", engine_at(i)->name);
        enum status status = error_set(error, STATUS_NOT_FOUND,
            "no such engine: '%s' (there are: %s)", name, buf_string(&names));
        buf_finish(&names);
        return status;
    }
    kernel->host.context = kernel;
    kernel->host.loop = kernel->loop;
    kernel->host.done = execution_done;
    kernel->host.reply = dispatch_engine_reply;
    kernel->host.checkpointed = on_checkpointed;
    kernel->host.measured = on_measured;
    kernel->host.gone = on_gone;
    kernel->host.lost = recovery_lost;
    output_connect_host(&kernel->host);
    return ops->create(&kernel->host, &kernel->engine, error);
}

static const struct comm_target *const comm_targets[] = {&history_comm_target, NULL};

static enum status open_loop(struct kernel *kernel, struct error *error) {
    kernel->loop = zloop_new();
    if (!kernel->loop)
        return error_set(error, STATUS_NO_MEMORY, "cannot make an event loop");
    zloop_set_nonstop(kernel->loop, true);
    for (int i = 0; i < CHANNEL_COUNT; i++)
        zloop_reader(kernel->loop, kernel->channels.sockets[i], on_channel, kernel);
    zmq_pollitem_t signals = {.fd = kernel->signal_fd, .events = ZMQ_POLLIN};
    zloop_poller(kernel->loop, &signals, on_signal, kernel);
    zmq_pollitem_t parent = {.fd = kernel->parent_fd, .events = ZMQ_POLLIN};
    if (kernel->parent_fd >= 0)
        zloop_poller(kernel->loop, &parent, on_parent_gone, kernel);
    return STATUS_OK;
}

static enum status open_kernel(
    struct kernel *kernel, const struct kernel_options *options, struct error *error) {
    enum status status = connection_read(options->connection_file, &kernel->connection, error);
    if (status != STATUS_OK)
        return status;
    kernel->wire = wire_create(kernel->connection.key);
    if (!kernel->wire)
        return error_set(error, STATUS_NO_MEMORY, "cannot start: out of memory");
    status = channels_open(&kernel->channels, &kernel->connection, error);
    if (status == STATUS_OK)
        status = open_loop(kernel, error);
    if (status == STATUS_OK)
        status = open_engine(kernel, options->engine, error);
    if (status != STATUS_OK)
        return status;
    struct recorder_options recorder = {
        .enabled = options->history,
        .engine_name = options->engine,
        .language = options->engine,
        .warn = output_warning,
        .context = kernel,
    };
    kernel->recorder = recorder_create(&recorder);
    kernel->states = states_create(&kernel->engine, restart_engine, kernel, options->states_bytes);
    if (!kernel->recorder || !kernel->states)
        return error_set(error, STATUS_NO_MEMORY, "cannot start: out of memory");
    if (!options->states)
        states_switch(kernel->states, false);
    kernel->comms.targets = comm_targets;
    if (options->history)
        notebook_watch_start(kernel);
    return STATUS_OK;
}

static void close_kernel(struct kernel *kernel) {
    if (kernel->engine)
        kernel->engine->ops->destroy(&kernel->engine);
    replay_finish(&kernel->replay);
    states_destroy(&kernel->states);
    recorder_destroy(&kernel->recorder);
    if (kernel->wire && kernel->channels.sockets[CHANNEL_IOPUB]) {
        execution_finish(kernel);
        dispatch_clear(kernel);
    }
    comms_finish(&kernel->comms);
    comm_watch_stop(kernel);
    comm_held_finish(&kernel->comm_held);
    notebook_watch_stop(kernel);
    zloop_destroy(&kernel->loop);
    channels_close(&kernel->channels);
    wire_destroy(&kernel->wire);
    if (kernel->parent_fd >= 0)
        close(kernel->parent_fd);
    if (kernel->signal_fd >= 0)
        close(kernel->signal_fd);
}

int kernel_run(const struct kernel_options *options) {
    struct kernel kernel = {.parent_fd = -1,
        .comm_watch = {.fd = -1, .timer = -1},
        .notebook_watch = {.file_fd = -1, .fd = -1, .timer = -1, .look_timer = -1}};
    kernel.signal_fd = open_signals();
    if (!open_parent(&kernel.parent_fd)) {
        log_line("the process that wanted this kernel has ended already, and so it does not start");
        close(kernel.signal_fd);
        return 1;
    }
    zsys_handler_set(NULL);
    execution_init(&kernel.execution);

    struct error error;
    enum status status = open_kernel(&kernel, options, &error);
    if (status == STATUS_OK) {
        kernel.is_new = true;
        zloop_start(kernel.loop);
    } else {
        log_line("%s", error.message);
    }
    close_kernel(&kernel);
    zsys_shutdown();
    return status == STATUS_OK ? 0 : 1;
}
