#include "kernel/comm/comm_watch.h"

#include "kernel/comm/history_comm.h"
#include "kernel/kernel.h"
#include "kernel/log.h"

#include <errno.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { LOOK_AFTER_MS = 200, RUNS_TOLD = 100 };

/* One event for all that is written until the next look. SQLite's log is there as long as a
   connection is. */
static bool arm(struct comm_watch *watch, struct history *history) {
    struct buf path = BUF_INIT;
    buf_printf(&path, "%s-wal", history_database_path(history));
    bool armed = inotify_add_watch(watch->fd, buf_string(&path), IN_MODIFY | IN_ONESHOT) >= 0;
    if (!armed)
        log_line("what other processes record is not told to the front end: cannot watch '%s': %s",
            buf_string(&path), strerror(errno));
    buf_finish(&path);
    return armed;
}

/* The kernel's own runs are told as they begin and end. */
static json_t *runs_json(struct kernel *kernel, const struct history_changes *changes) {
    json_t *list = json_array();
    size_t first = changes->run_count > RUNS_TOLD ? changes->run_count - RUNS_TOLD : 0;
    for (size_t i = first; i < changes->run_count; i++) {
        const struct history_changed_run *run = &changes->runs[i];
        if (!recorder_is_own_session(kernel->recorder, run->session_id))
            json_array_append_new(
                list, json_pack("{s:I, s:s, s:I, s:s}", "run", (json_int_t)run->run_id, "cell",
                          run->key, "version", (json_int_t)run->version, "status",
                          history_run_status_name(run->status)));
    }
    return list;
}

static void tell(
    struct kernel *kernel, int64_t document_id, const struct history_changes *changes) {
    json_t *runs = runs_json(kernel, changes);
    json_t *heads = json_object();
    for (size_t i = 0; i < changes->cell_count; i++)
        json_object_set_new(heads, changes->cells[i].key, json_integer(changes->cells[i].head));
    bool any = changes->cell_count || json_array_size(runs) || changes->layout || changes->marks;
    if (any) /* else it was another notebook */
        history_comm_changed(kernel, document_id,
            json_pack("{s:b, s:O, s:O, s:b, s:b}", "elsewhere", 1, "heads", heads, "runs", runs,
                "layout", changes->layout, "marks", changes->marks));
    json_decref(heads);
    json_decref(runs);
}

/* What is new in a document since the last look is told where others have written; nothing is at
 * the first look. */
static void look_at(struct kernel *kernel, struct history *history, struct comm_look *look) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_changes changes = {0};
    struct error error;
    bool is_first = look->look.data_version == 0;
    enum status status = history_look(
        history, look->document_id, &look->look, &memory, is_first ? NULL : &changes, &error);
    if (status == STATUS_OK && changes.elsewhere)
        tell(kernel, look->document_id, &changes);
    else if (status != STATUS_OK)
        log_line("what other processes have recorded cannot be read: %s", error.message);
    history_memory_finish(&memory);
}

static struct history_look seen_of(const struct comm_watch *watch, int64_t document_id) {
    for (size_t i = 0; i < RECORDER_SESSIONS; i++)
        if (watch->looks[i].document_id == document_id)
            return watch->looks[i].look;
    return (struct history_look){0};
}

/* Look at all that is recorded here. */
static void look(struct kernel *kernel, struct history *history) {
    struct comm_watch *watch = &kernel->comm_watch;
    struct comm_look looks[RECORDER_SESSIONS] = {0};
    int64_t document_ids[RECORDER_SESSIONS];
    size_t count = recorder_documents(kernel->recorder, document_ids);
    for (size_t i = 0; i < count; i++)
        looks[i] = (struct comm_look){document_ids[i], seen_of(watch, document_ids[i])};
    memcpy(watch->looks, looks, sizeof looks);
    for (size_t i = 0; i < count; i++)
        look_at(kernel, history, &watch->looks[i]);
}

static int on_quiet(zloop_t *loop, int timer, void *context) {
    (void)loop;
    (void)timer;
    struct kernel *kernel = context;
    struct error error;
    kernel->comm_watch.timer = -1;
    struct history *history = recorder_history(kernel->recorder, &error);
    if (!history || !arm(&kernel->comm_watch, history)) /* first, so that nothing is missed */
        comm_watch_stop(kernel);
    if (history)
        look(kernel, history);
    return 0;
}

static int on_change(zloop_t *loop, zmq_pollitem_t *item, void *context) {
    struct kernel *kernel = context;
    struct comm_watch *watch = &kernel->comm_watch;
    union {
        struct inotify_event first; /* for its alignment */
        char bytes[4 * 1024];
    } events;
    while (read(item->fd, &events, sizeof events) > 0)
        ; /* that there was one is all it says */
    if (watch->timer < 0)
        watch->timer = zloop_timer(loop, LOOK_AFTER_MS, 1, on_quiet, kernel);
    return 0;
}

void comm_watch_start(struct kernel *kernel) {
    struct comm_watch *watch = &kernel->comm_watch;
    struct error error;
    struct history *history = recorder_history(kernel->recorder, &error);
    if (watch->fd >= 0 || !history)
        return;
    watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (watch->fd < 0 || !arm(watch, history)) {
        comm_watch_stop(kernel);
        return;
    }
    memset(watch->looks, 0, sizeof watch->looks);
    look(kernel, history);
    zmq_pollitem_t item = {.fd = watch->fd, .events = ZMQ_POLLIN};
    zloop_poller(kernel->loop, &item, on_change, kernel);
}

void comm_watch_stop(struct kernel *kernel) {
    struct comm_watch *watch = &kernel->comm_watch;
    zmq_pollitem_t item = {.fd = watch->fd, .events = ZMQ_POLLIN};
    if (watch->timer >= 0)
        zloop_timer_end(kernel->loop, watch->timer);
    if (watch->fd >= 0) {
        zloop_poller_end(kernel->loop, &item);
        close(watch->fd);
    }
    watch->fd = watch->timer = -1;
}
