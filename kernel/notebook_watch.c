#include "kernel/notebook_watch.h"

#include "history/moments.h"
#include "kernel/cell_place.h"
#include "kernel/comm/comm_question.h"
#include "kernel/comm/history_comm.h"
#include "kernel/kernel.h"
#include "kernel/log.h"
#include "kernel/notebook_meet.h"
#include "kernel/notebook_record.h"
#include "kernel/notebook_root.h"

#include "base/file.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    QUIET_MS = 300,     /* a save may write more than once, and by way of another name */
    SAVE_US = 10000000, /* from the moment that a page says what is to be written, to the file */
    LOOK_MS = 2000,     /* where the system does not tell: its users share 128 inotify instances */
};

/* ---- the file ---- */

static void open_file(struct notebook_watch *watch) {
    if (watch->file_fd >= 0)
        close(watch->file_fd);
    watch->file_fd = open(watch->path, O_PATH | O_CLOEXEC);
}

/* Where the file is that was opened; false: it has no name any more, or never was. */
static bool find_file(const struct notebook_watch *watch, char ret_path[PATH_MAX]) {
    static const char gone[] = " (deleted)";
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", watch->file_fd);
    ssize_t size = watch->file_fd >= 0 ? readlink(link, ret_path, PATH_MAX - 1) : -1;
    if (size <= 0 || *ret_path != '/')
        return false;
    ret_path[size] = '\0';
    size_t end = sizeof gone - 1;
    bool looks_gone = (size_t)size > end && strcmp(ret_path + size - end, gone) == 0;
    return !looks_gone || access(ret_path, F_OK) == 0;
}

/* For when another file has come to where that is before one could look there. */
static void note_where(struct notebook_watch *watch) {
    char path[PATH_MAX];
    if (!find_file(watch, path))
        return;
    free(watch->lately);
    watch->lately = strcmp(path, watch->path) == 0 ? NULL : strdup(path);
}

static bool is_here(const struct notebook_watch *watch) {
    char path[PATH_MAX];
    return find_file(watch, path) && strcmp(path, watch->path) == 0;
}

/* Does a page show it where it lies? One that told a place before a move counts once it
 * tells again. */
static bool is_shown(const struct notebook_watch *watch) {
    json_t *pages = watch->pages;
    for (void *at = json_object_iter(pages); at; at = json_object_iter_next(pages, at))
        if (strcmp(json_string_value(json_object_iter_value(at)), watch->path) == 0)
            return true;
    return false;
}

/* As https://specifications.freedesktop.org/trash-spec has it. */
static bool is_trash(const char *path) {
    return strstr(path, "/Trash/files/") || strstr(path, "/.Trash-");
}

/* An editor may have moved it aside, as a backup, when it wrote the new one. */
static bool is_notebook(const char *path) {
    const char *end = strrchr(path, '.');
    return end && strcmp(end, ".ipynb") == 0 && !strstr(path, "/.ipynb_checkpoints/");
}

/* ---- what is watched ---- */

static int on_change(zloop_t *loop, zmq_pollitem_t *item, void *context);
static void read_later(struct kernel *kernel);

/* What would be different after a save or a move. */
static struct notebook_look look(const struct notebook_watch *watch) {
    struct notebook_look seen = {0};
    struct stat info;
    if (stat(watch->path, &info) == 0) {
        seen.inode = info.st_ino;
        seen.changed_s = info.st_mtim.tv_sec;
        seen.changed_ns = info.st_mtim.tv_nsec;
    }
    seen.is_here = is_here(watch);
    return seen;
}

static bool is_written(const struct notebook_look *now, const struct notebook_look *before) {
    return now->inode != before->inode || now->changed_s != before->changed_s ||
           now->changed_ns != before->changed_ns;
}

static int on_look(zloop_t *loop, int timer, void *context) {
    (void)loop;
    (void)timer;
    struct kernel *kernel = context;
    struct notebook_watch *watch = &kernel->notebook_watch;
    struct notebook_look now = look(watch), before = watch->seen;
    watch->seen = now;
    note_where(watch);
    if (is_written(&now, &before) || now.is_here != before.is_here)
        read_later(kernel);
    return 0;
}

static void stop_watching(struct kernel *kernel) {
    struct notebook_watch *watch = &kernel->notebook_watch;
    if (watch->look_timer >= 0)
        zloop_timer_end(kernel->loop, watch->look_timer);
    watch->look_timer = -1;
    zmq_pollitem_t item = {.fd = watch->fd, .events = ZMQ_POLLIN};
    if (watch->fd >= 0) {
        zloop_poller_end(kernel->loop, &item);
        close(watch->fd);
    }
    watch->fd = -1;
}

/* The folder, for saves, and every one above it, since each of them may be moved. */
static void start_watching(struct kernel *kernel) {
    struct notebook_watch *watch = &kernel->notebook_watch;
    char *folder = strdup(watch->path);
    watch->fd = folder ? inotify_init1(IN_NONBLOCK | IN_CLOEXEC) : -1;
    uint32_t wanted = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_MOVE_SELF;
    bool watched = false;
    for (char *slash; watch->fd >= 0 && (slash = strrchr(folder, '/')); wanted = IN_MOVE_SELF) {
        *slash = '\0';
        if (inotify_add_watch(watch->fd, *folder ? folder : "/", wanted) >= 0)
            watched = true;
    }
    free(folder);
    zmq_pollitem_t item = {.fd = watch->fd, .events = ZMQ_POLLIN};
    if (watched) {
        zloop_poller(kernel->loop, &item, on_change, kernel);
        return;
    }
    watch->seen = look(watch);
    watch->look_timer = zloop_timer(kernel->loop, LOOK_MS, 0, on_look, kernel);
}

static void set_path(struct kernel *kernel, const char *path) {
    struct notebook_watch *watch = &kernel->notebook_watch;
    char *copy = strdup(path);
    if (!copy)
        return;
    free(watch->path);
    watch->path = copy;
    free(watch->lately);
    watch->lately = NULL;
    stop_watching(kernel);
    open_file(watch);
    start_watching(kernel);
}

/* ---- following ---- */

static void go_to(struct kernel *kernel, const char *path) {
    set_path(kernel, path);
    history_comm_changed(kernel, 0, json_pack("{s:o}", "path", comm_text_json(path, strlen(path))));
}

static void turn_to(struct kernel *kernel, const char *path) {
    recorder_turn(kernel->recorder, kernel->notebook_watch.path);
    go_to(kernel, path);
    kernel->notebook_watch.recorded = look(&kernel->notebook_watch);
}

/* The notebook lies at `path` now, or another one does that the kernel is for from now on;
 * `is_said`: it is the same one, said a page that shows it. Where that makes another document of
 * it, a cell that runs is recorded to its end in the one that it began in. */
static void follow(struct kernel *kernel, const char *path, bool is_said) {
    struct notebook_watch *watch = &kernel->notebook_watch;
    struct error error = {.message = ""};
    bool recorded = recorder_document_at(kernel->recorder, watch->path) != 0;
    bool same = !recorded || recorder_follow(kernel->recorder, watch->path, path, is_said, &error);
    if (*error.message) {
        log_line("the history goes on under '%s': %s", watch->path, error.message);
        return;
    }
    if (same) {
        go_to(kernel, path);
    } else if (recorder_run(kernel->recorder)) {
        free(watch->next);
        watch->next = strdup(path);
    } else {
        turn_to(kernel, path);
    }
}

const char *notebook_watch_path(struct kernel *kernel) {
    struct notebook_watch *watch = &kernel->notebook_watch;
    if (watch->next && !recorder_run(kernel->recorder)) {
        char *next = watch->next;
        watch->next = NULL;
        turn_to(kernel, next);
        free(next);
    }
    return watch->path;
}

/* ---- what is saved ---- */

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
    struct notebook_watch *watch = &kernel->notebook_watch;
    struct history_session *session = recorder_session(kernel->recorder, watch->path, error);
    if (!session)
        return error->status;
    enum status status = notebook_record(session, file, since_us, error);
    struct notebook_look now = look(watch), before = watch->recorded;
    watch->recorded = now;
    if (status == STATUS_OK && is_written(&now, &before)) /* one that changed nothing, too */
        status = history_record_moment(history_session_history(session),
            history_session_document(session), HISTORY_MOMENT_SAVED, 0, 0, error);
    return status;
}

static bool is_known(const struct history_met *met, int64_t document_id) {
    return met->document_id == document_id &&
           (met->how == HISTORY_MET_KNOWN || met->how == HISTORY_MET_MOVED);
}

/* Is what lies at the path the kernel's notebook still? `ret_meeting` is the caller's to finish, if
 * it could be read. */
static enum status meet(struct kernel *kernel, bool moved, struct notebook_meeting *ret_meeting,
    bool *ret_is_it, struct error *error) {
    const char *path = kernel->notebook_watch.path;
    struct history *history = recorder_history(kernel->recorder, error);
    int64_t document_id = recorder_document_at(kernel->recorder, path);
    enum status status =
        history ? notebook_meet(history, path, 0, ret_meeting, error) : error->status;
    if (status != STATUS_OK)
        return status;
    const struct history_met *met = &ret_meeting->met;
    *ret_is_it = document_id ? is_known(met, document_id) : met->how == HISTORY_MET_KNOWN || !moved;
    return STATUS_OK;
}

/* Has a program put a new file in the place of the opened one, where that was seen last? */
static bool is_lately(struct kernel *kernel, char ret_path[PATH_MAX]) {
    const char *path = kernel->notebook_watch.lately;
    int64_t document_id = recorder_document_at(kernel->recorder, kernel->notebook_watch.path);
    struct notebook_meeting meeting;
    struct error error;
    struct history *history = recorder_history(kernel->recorder, &error);
    if (!path || !document_id || !history || !is_notebook(path) ||
        notebook_meet(history, path, 0, &meeting, NULL) != STATUS_OK)
        return false;
    notebook_file_finish(&meeting.file);
    (void)snprintf(ret_path, PATH_MAX, "%s", path);
    return is_known(&meeting.met, document_id);
}

static void read_saved(struct kernel *kernel) {
    struct notebook_watch *watch = &kernel->notebook_watch;
    struct notebook_meeting meeting = {0};
    struct error error = {.message = ""};
    char file_path[PATH_MAX] = "";
    int64_t document_id = 0;
    bool is_it = false;
    bool lives = find_file(watch, file_path);
    bool moved = lives && strcmp(file_path, watch->path) != 0;
    if (moved && is_trash(file_path)) {
        recorder_leave(kernel->recorder, watch->path);
        if (access(watch->path, F_OK) != 0)
            return;
        lives = moved = false; /* the page has saved it again, in a new file */
    }
    int64_t since_us = told_since(kernel); /* of a file that is written meanwhile, too early */
    enum status status = meet(kernel, moved, &meeting, &is_it, &error);
    bool stays = status == STATUS_OK && is_it && (is_shown(watch) || !is_notebook(file_path));
    if (!lives && !is_it && is_lately(kernel, file_path))
        moved = true;
    if (moved && !stays) { /* another notebook has its name now, or a copy of it, or none */
        notebook_file_finish(&meeting.file);
        follow(kernel, file_path, true);
        if (strcmp(watch->path, file_path) == 0)
            read_later(kernel); /* it may have been written since */
        return;
    }
    if (status == STATUS_OK && is_it) {
        /* a program has put a new file in the place of the old one, or it came back */
        if (!lives || moved || meeting.met.how == HISTORY_MET_MOVED) {
            open_file(watch);
            struct history *history = recorder_history(kernel->recorder, &error);
            if (history)
                (void)!notebook_take(history, watch->path, &meeting, &document_id, NULL);
        }
        status = record(kernel, &meeting.file, since_us, &error);
        if (status == STATUS_OK)
            history_comm_changed(kernel, recorder_document_at(kernel->recorder, watch->path),
                json_pack("{s:b}", "file", 1));
    }
    notebook_file_finish(&meeting.file);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        log_line("the saved notebook is not in the history: %s", error.message);
}

/* ---- what pages tell ---- */

/* Another notebook, a copy too, whose page has this kernel as well: this one still lies where a
 * page shows it. */
static bool is_guest(struct kernel *kernel, const char *path) {
    struct notebook_watch *watch = &kernel->notebook_watch;
    struct notebook_meeting meeting;
    struct error error;
    int64_t document_id = recorder_document_at(kernel->recorder, watch->path);
    if (!is_shown(watch) || !document_id || !is_here(watch))
        return false;
    struct history *history = recorder_history(kernel->recorder, &error);
    if (!history || notebook_meet(history, path, 0, &meeting, NULL) != STATUS_OK)
        return true;
    notebook_file_finish(&meeting.file);
    return !is_known(&meeting.met, document_id);
}

/* A page that shows another one now is none of its pages any more. */
void notebook_watch_closed(struct kernel *kernel, const char *comm_id) {
    (void)json_object_del(kernel->notebook_watch.pages, comm_id);
    (void)json_object_del(kernel->notebook_watch.guests, comm_id);
}

/* The page shows a guest there: the one that it showed before, where it was renamed. */
static void told_guest(struct kernel *kernel, const char *comm_id, const char *path,
    const char *before, const char *session) {
    struct error error;
    if (before && strcmp(before, path) != 0 && recorder_document_at(kernel->recorder, before) &&
        !recorder_follow(kernel->recorder, before, path, true, &error))
        recorder_turn(kernel->recorder, before);
    (void)json_object_set_new(kernel->notebook_watch.guests, comm_id,
        json_pack("{s:s, s:s*}", "path", path, "session", session));
}

void notebook_watch_told(
    struct kernel *kernel, const char *comm_id, const char *told, const char *session) {
    struct notebook_watch *watch = &kernel->notebook_watch;
    if (!watch->path || !notebook_root_accepts(told))
        return;
    if (!watch->root)
        watch->root = notebook_root_find(watch->path, told);
    char *joined = watch->root ? file_join(watch->root, told) : NULL;
    char *path = joined ? document_path_normalise(joined) : NULL;
    bool is_said = json_object_get(watch->pages, comm_id);
    json_t *guest = json_incref(json_object_get(watch->guests, comm_id));
    notebook_watch_closed(kernel, comm_id);
    if (!is_here(watch)) /* the news of it may be on its way */
        read_saved(kernel);
    const char *now = watch->next ? watch->next : watch->path;
    bool same = path && strcmp(path, now) == 0;
    bool is_other = same && !is_shown(watch) && !is_here(watch);
    bool comes = path && (!same || is_other) && access(path, F_OK) == 0;
    bool stays_guest = comes && is_guest(kernel, path);
    if (!watch->pages)
        watch->pages = json_object();
    if (!watch->guests)
        watch->guests = json_object();
    if (stays_guest) {
        told_guest(
            kernel, comm_id, path, json_string_value(json_object_get(guest, "path")), session);
    } else if (comes) {
        (void)json_object_clear(watch->pages); /* each tells where it goes */
        follow(kernel, path, is_said);
    }
    if (same || (comes && !stays_guest))
        (void)json_object_set_new(watch->pages, comm_id, json_string(path));
    json_decref(guest);
    free(path);
    free(joined);
}

const char *notebook_watch_page(struct kernel *kernel, const char *comm_id) {
    json_t *guest = json_object_get(kernel->notebook_watch.guests, comm_id);
    return guest ? json_string_value(json_object_get(guest, "path")) : notebook_watch_path(kernel);
}

const char *notebook_watch_sender(struct kernel *kernel, const char *session) {
    json_t *guests = kernel->notebook_watch.guests;
    for (void *at = json_object_iter(guests); session && at;
        at = json_object_iter_next(guests, at)) {
        json_t *guest = json_object_iter_value(at);
        const char *its = json_string_value(json_object_get(guest, "session"));
        if (its && strcmp(its, session) == 0)
            return json_string_value(json_object_get(guest, "path"));
    }
    return notebook_watch_path(kernel);
}

/* ---- what the system tells ---- */

static int on_quiet(zloop_t *loop, int timer, void *context) {
    (void)loop;
    (void)timer;
    struct kernel *kernel = context;
    kernel->notebook_watch.timer = -1;
    read_saved(kernel);
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
            if (event->mask & IN_MOVE_SELF || (event->len && strcmp(event->name, name) == 0))
                read_later(kernel);
            at += (ssize_t)(sizeof *event + event->len);
        }
    note_where(&kernel->notebook_watch);
    return 0;
}

void notebook_watch_start(struct kernel *kernel) {
    const char *name = getenv("JPY_SESSION_NAME");
    char *path = name && *name ? document_path_normalise(name) : NULL;
    const char *slash = path ? strrchr(path, '/') : NULL;
    if (slash && slash[1])
        set_path(kernel, path);
    if (kernel->notebook_watch.path)
        kernel->notebook_watch.recorded = look(&kernel->notebook_watch);
    free(path);
}

void notebook_watch_stop(struct kernel *kernel) {
    struct notebook_watch *watch = &kernel->notebook_watch;
    if (kernel->loop)
        stop_watching(kernel);
    if (watch->file_fd >= 0)
        close(watch->file_fd);
    free(watch->path);
    free(watch->next);
    free(watch->lately);
    free(watch->root);
    json_decref(watch->pages);
    json_decref(watch->guests);
    *watch = (struct notebook_watch){.file_fd = -1, .fd = -1, .timer = -1, .look_timer = -1};
}
