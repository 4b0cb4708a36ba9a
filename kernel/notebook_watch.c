#include "kernel/notebook_watch.h"

#include "history/moments.h"
#include "kernel/cell_place.h"
#include "kernel/comm/history_comm.h"
#include "kernel/kernel.h"
#include "kernel/log.h"
#include "kernel/notebook_file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    QUIET_MS = 300,     /* a save may write more than once */
    SAVE_US = 10000000, /* from the moment that a page says what is to be written, to the file */
};

/* A page that tells its edits has told of newer ones, perhaps, than the file has that it saved. */
static int64_t told_since(struct kernel *kernel) {
    struct stat info;
    if (comms_count(&kernel->comms, &history_comm_target) == 0 ||
        stat(kernel->notebook_watch.path, &info) != 0)
        return 0;
    return (int64_t)info.st_mtim.tv_sec * 1000000 + info.st_mtim.tv_nsec / 1000 - SAVE_US;
}

static enum status record(struct kernel *kernel, const struct notebook_file *file, int64_t since_us,
    struct error *error) {
    struct history_session *session =
        recorder_session(kernel->recorder, kernel->notebook_watch.path, error);
    if (!session)
        return error->status;
    enum status status = notebook_file_record(session, file, since_us, error);
    if (status == STATUS_OK) /* a save that changed nothing means something, too */
        status = history_record_moment(history_session_history(session),
            history_session_document(session), HISTORY_MOMENT_SAVED, 0, 0, error);
    return status;
}

static int on_quiet(zloop_t *loop, int timer, void *context) {
    (void)loop;
    (void)timer;
    struct kernel *kernel = context;
    struct notebook_file file;
    struct error error;
    kernel->notebook_watch.timer = -1;
    int64_t since_us = told_since(kernel); /* of a file that is written meanwhile, too early */
    enum status status =
        notebook_file_read(kernel->notebook_watch.path, NOTEBOOK_FILE_MAX_BYTES, &file, &error);
    if (status == STATUS_OK) {
        status = record(kernel, &file, since_us, &error);
        notebook_file_finish(&file);
        if (status == STATUS_OK)
            history_comm_changed(kernel, json_pack("{s:b}", "file", 1));
    }
    if (status != STATUS_OK)
        log_line("the saved notebook is not in the history: %s", error.message);
    return 0;
}

static void read_later(struct kernel *kernel) {
    struct notebook_watch *watch = &kernel->notebook_watch;
    if (watch->timer >= 0)
        zloop_timer_end(kernel->loop, watch->timer);
    watch->timer = zloop_timer(kernel->loop, QUIET_MS, 1, on_quiet, kernel);
}

static int on_change(zloop_t *loop, zmq_pollitem_t *item, void *context) {
    (void)loop;
    struct kernel *kernel = context;
    const char *name = strrchr(kernel->notebook_watch.path, '/') + 1;
    union {
        struct inotify_event first; /* for its alignment */
        char bytes[16 * 1024];
    } events;
    ssize_t size;
    while ((size = read(item->fd, &events, sizeof events)) > 0)
        for (ssize_t at = 0; at < size;) {
            const struct inotify_event *event = (const void *)(events.bytes + at);
            if (event->len && strcmp(event->name, name) == 0)
                read_later(kernel);
            at += (ssize_t)(sizeof *event + event->len);
        }
    return 0;
}

void notebook_watch_start(struct kernel *kernel) {
    struct notebook_watch *watch = &kernel->notebook_watch;
    struct cell_place place = cell_place_find(NULL);
    *watch = (struct notebook_watch){.fd = -1, .timer = -1};
    char *slash = place.document ? strrchr(place.document, '/') : NULL;
    if (slash && slash[1]) {
        watch->path = place.document;
        place.document = NULL;
        watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        *slash = '\0';
        bool watched =
            watch->fd >= 0 && inotify_add_watch(watch->fd, *watch->path ? watch->path : "/",
                                  IN_CLOSE_WRITE | IN_MOVED_TO) >= 0;
        *slash = '/';
        zmq_pollitem_t item = {.fd = watch->fd, .events = ZMQ_POLLIN};
        if (watched)
            zloop_poller(kernel->loop, &item, on_change, kernel);
    }
    cell_place_finish(&place);
}

void notebook_watch_stop(struct kernel *kernel) {
    struct notebook_watch *watch = &kernel->notebook_watch;
    if (watch->fd >= 0)
        close(watch->fd);
    free(watch->path);
    *watch = (struct notebook_watch){.fd = -1, .timer = -1};
}
