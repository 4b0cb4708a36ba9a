#include "kernel/recorder.h"

#include "base/clock.h"
#include "history/join.h"
#include "kernel/bundle.h"
#include "kernel/log.h"
#include "kernel/notebook_meet.h"
#include "kernel/notebook_record.h"

#include <stdlib.h>
#include <string.h>

/* A notebook that is recorded. */
struct recorded {
    struct recorded *next;
    struct history_session *session;
    char *document;           /* where it lies; NULL: a console */
    struct history_file file; /* what lay there last; without its path */
    bool is_left;             /* the kernel has turned to another one */
};

struct recorder {
    struct recorder_options options;
    struct history *history;   /* NULL until the first run, and while it cannot be opened */
    struct history *reading;   /* then, for questions, where it can be read at least */
    struct recorded *recorded; /* a list, the one used last first */
    struct recorded *own;      /* of the last run, or the first one; NULL: there is none */
    struct history_run *run;   /* the one that lasts, or NULL; of `own` */
    int64_t last_run_id;       /* late output goes there; 0: nowhere; of `own` */
    bool warned;               /* the user knows that recording fails */
    bool outputs_failed;       /* and that it was an output that could not be kept */
    bool failed;               /* something has failed since this run began */
    bool kept_output;          /* of this run */
    bool paused;               /* nothing of what comes now is recorded */
    int64_t spent_us;
};

struct recorder *recorder_create(const struct recorder_options *options) {
    struct recorder *recorder = calloc(1, sizeof *recorder);
    if (recorder)
        recorder->options = *options;
    return recorder;
}

bool recorder_is_enabled(const struct recorder *recorder) {
    return recorder->options.enabled;
}

static void warn(struct recorder *recorder, const struct error *error) {
    recorder->failed = true;
    if (recorder->warned)
        return;
    recorder->warned = true;
    struct buf text = BUF_INIT;
    buf_printf(&text, "[forkernel: this is not being recorded: %s. Cells go on running.]\n",
        error->message);
    log_line("%s", error->message);
    recorder->options.warn(recorder->options.context, buf_string(&text));
    buf_finish(&text);
}

/* Every call into the store ends here: a failure is told once, and its end in resume(). */
static bool check(struct recorder *recorder, enum status status, const struct error *error) {
    if (status != STATUS_OK)
        warn(recorder, error);
    return status == STATUS_OK;
}

/* The same for a call that keeps an output. */
static void check_output(struct recorder *recorder, enum status status, const struct error *error) {
    if (check(recorder, status, error))
        recorder->kept_output = true;
    else
        recorder->outputs_failed = true;
}

/* A run has ended. One that was recorded without any failure shows that recording works again;
 * where outputs could not be kept, only one with an output shows it. */
static void resume(struct recorder *recorder) {
    if (!recorder->warned || recorder->failed ||
        (recorder->outputs_failed && !recorder->kept_output))
        return;
    recorder->warned = recorder->outputs_failed = false;
    recorder->options.warn(recorder->options.context, "[forkernel: recording has resumed.]\n");
}

static struct history *open_history(struct recorder *recorder, struct error *error) {
    if (!recorder->options.enabled) {
        error_set(error, STATUS_UNSUPPORTED,
            "the history is switched off; start the kernel without --no-history to have one");
        return NULL;
    }
    if (recorder->history)
        return recorder->history;
    history_close(&recorder->reading); /* a store is open once at a time in a process */
    return history_open(NULL, &recorder->history, error) == STATUS_OK ? recorder->history : NULL;
}

struct history *recorder_history(struct recorder *recorder, struct error *error) {
    static const struct history_options look = {.read_only = true};
    struct history *history = open_history(recorder, error);
    if (history || !recorder->options.enabled)
        return history;
    /* the reason why it cannot be written says more than the one why it cannot be read */
    return history_open(&look, &recorder->reading, NULL) == STATUS_OK ? recorder->reading : NULL;
}

int64_t recorder_session_id(const struct recorder *recorder) {
    return recorder->own ? history_session_id(recorder->own->session) : 0;
}

int64_t recorder_document_id(const struct recorder *recorder) {
    return recorder->own ? history_session_document(recorder->own->session) : 0;
}

size_t recorder_documents(
    const struct recorder *recorder, int64_t ret_document_ids[RECORDER_SESSIONS]) {
    size_t count = 0;
    for (const struct recorded *one = recorder->recorded; one; one = one->next)
        ret_document_ids[count++] = history_session_document(one->session);
    return count;
}

bool recorder_is_own_session(const struct recorder *recorder, int64_t session_id) {
    const struct recorded *one = recorder->recorded;
    while (one && history_session_id(one->session) != session_id)
        one = one->next;
    return one != NULL;
}

int64_t recorder_session_of(const struct recorder *recorder, int64_t document_id) {
    const struct recorded *one = recorder->recorded;
    while (one && history_session_document(one->session) != document_id)
        one = one->next;
    return one ? history_session_id(one->session) : 0;
}

static bool same_document(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Where in the list what lies there is recorded, or the end. */
static struct recorded **find(struct recorded **at, const char *document) {
    while (*at && ((*at)->is_left || !same_document((*at)->document, document)))
        at = &(*at)->next;
    return at;
}

static struct recorded *recorded_at(const struct recorder *recorder, const char *document) {
    struct recorded *first = recorder->recorded;
    return *find(&first, document);
}

const char *recorder_cell_key(
    struct recorder *recorder, const struct cell_place *place, struct history_memory *memory) {
    const struct recorded *recorded = recorded_at(recorder, place->document);
    const char *key = NULL;
    struct error error;
    if (!place->handle || !recorded ||
        history_session_cell_key(recorded->session, place->handle, memory, &key, &error) !=
            STATUS_OK)
        return NULL;
    return key;
}

/* The texts that a new notebook had before its first edit. Of one that is known a page may have
 * newer ones than its file. */
static void record_first(const struct recorded *recorded, const struct notebook_meeting *meeting) {
    struct error error;
    bool is_new = meeting->met.how == HISTORY_MET_NEW || meeting->met.how == HISTORY_MET_COPY;
    enum status status = is_new ? notebook_record(recorded->session, &meeting->file, 0, &error)
                                : notebook_record_adopt(recorded->session, &meeting->file, &error);
    if (status != STATUS_OK)
        log_line("the texts of '%s' before its first edit are not in the history: %s",
            recorded->document, error.message);
}

static void identify(struct recorded *recorded) {
    if (recorded->document)
        recorded->file = notebook_file_identify(recorded->document);
    recorded->file.path = NULL;
}

/* A session on the notebook that lies there, whichever that is. */
static enum status begin_session(
    struct recorder *recorder, struct recorded *recorded, struct error *error) {
    const char *document = recorded->document;
    struct history *history = recorder->history;
    struct notebook_meeting meeting = {0};
    int64_t document_id = 0;
    bool met = document && notebook_meet(history, document, 0, &meeting, NULL) == STATUS_OK;
    bool is_known = met && meeting.met.how == HISTORY_MET_KNOWN;
    enum status status = STATUS_OK;
    if (met)
        status = notebook_take(history, document, &meeting, &document_id, error);
    if (is_known) /* all that could not be written then is which file it lies in */
        status = STATUS_OK;
    struct history_session_start start = {
        .document_path = document, .engine = recorder->options.engine_name};
    if (status == STATUS_OK)
        status = history_session_begin(history, &start, &recorded->session, error);
    identify(recorded);
    if (met && status == STATUS_OK)
        record_first(recorded, &meeting);
    notebook_file_finish(&meeting.file);
    return status;
}

static struct recorded *recorded_create(const char *document) {
    struct recorded *recorded = calloc(1, sizeof *recorded);
    if (recorded && document && !(recorded->document = strdup(document))) {
        free(recorded);
        recorded = NULL;
    }
    return recorded;
}

/* Its late output is sealed. */
static void end_session(struct recorder *recorder, struct recorded **at) {
    struct recorded *ending = *at;
    struct error error;
    *at = ending->next;
    if (recorder->own == ending) {
        recorder->own = NULL;
        recorder->last_run_id = 0;
    }
    if (history_session_end(&ending->session, 0, &error) != STATUS_OK)
        log_line("%s", error.message); /* it is ended when the store is opened next */
    free(ending->document);
    free(ending);
}

/* Those that the kernel has turned away from, and the one that was not used longest of too many. */
static void end_unused(struct recorder *recorder) {
    struct recorded **last = NULL;
    size_t count = 0;
    for (struct recorded **at = &recorder->recorded; *at;) {
        bool runs = recorder->run && *at == recorder->own;
        if (!runs && (*at)->is_left) {
            end_session(recorder, at);
            continue;
        }
        last = runs ? last : at;
        count++;
        at = &(*at)->next;
    }
    if (last && count >= RECORDER_SESSIONS)
        end_session(recorder, last);
}

static bool is_same_file(const struct history_file *a, const struct history_file *b) {
    return a->inode == b->inode && a->device == b->device && a->born_us == b->born_us;
}

/* Another file lies there than when it was used last, and while another notebook was in use nobody
 * watched this one. Is it another notebook? */
static bool has_parted(struct recorder *recorder, struct recorded *recorded) {
    if (recorded == recorder->recorded || !recorded->document ||
        (recorder->run && recorder->own == recorded))
        return false;
    struct history_file file = notebook_file_identify(recorded->document);
    struct notebook_meeting meeting;
    if (!file.inode || is_same_file(&file, &recorded->file) ||
        notebook_meet(recorder->history, recorded->document, 0, &meeting, NULL) != STATUS_OK)
        return false;
    int64_t document_id = history_session_document(recorded->session), taken = 0;
    bool is_it = meeting.met.document_id == document_id && meeting.met.how != HISTORY_MET_COPY;
    if (is_it)
        (void)!notebook_take(recorder->history, recorded->document, &meeting, &taken, NULL);
    notebook_file_finish(&meeting.file);
    identify(recorded);
    return !is_it;
}

struct history_session *recorder_session(
    struct recorder *recorder, const char *document, struct error *error) {
    if (!open_history(recorder, error))
        return NULL;
    struct recorded **at = find(&recorder->recorded, document);
    if (*at && has_parted(recorder, *at)) {
        (*at)->is_left = true;
        at = find(&recorder->recorded, document);
    }
    struct recorded *recorded = *at;
    if (recorded) {
        *at = recorded->next;
    } else {
        end_unused(recorder);
        recorded = recorded_create(document);
        if (!recorded) {
            error_set(error, STATUS_NO_MEMORY, "out of memory");
            return NULL;
        }
        if (begin_session(recorder, recorded, error) != STATUS_OK) {
            free(recorded->document);
            free(recorded);
            /* what is in the way may be gone when the store is opened again: it may be another one
             * then */
            if (!recorder->recorded)
                history_close(&recorder->history);
            return NULL;
        }
    }
    recorded->next = recorder->recorded;
    recorder->recorded = recorded;
    if (!recorder->own)
        recorder->own = recorded;
    return recorded->session;
}

int64_t recorder_document_at(const struct recorder *recorder, const char *document) {
    const struct recorded *recorded = recorded_at(recorder, document);
    return recorded ? history_session_document(recorded->session) : 0;
}

/* Nothing that could be read: it is what it was, where nothing else is at its old path. */
static struct notebook_meeting meet_unread(int64_t document_id) {
    return (struct notebook_meeting){.met = {HISTORY_MET_MOVED, document_id}};
}

bool recorder_follow(struct recorder *recorder, const char *document, const char *path,
    bool is_said, struct error *error) {
    struct recorded *recorded = recorded_at(recorder, document);
    struct notebook_meeting meeting;
    int64_t before = history_session_document(recorded->session), document_id = 0;
    if (notebook_meet(recorder->history, path, is_said ? before : 0, &meeting, NULL) != STATUS_OK)
        meeting = meet_unread(before);
    enum status status = notebook_take(recorder->history, path, &meeting, &document_id, error);
    bool same = status == STATUS_OK && document_id == before;
    if (meeting.met.how == HISTORY_MET_COPY && status == STATUS_OK)
        log_line("'%s' is a copy: it has a history of its own from here on", path);
    notebook_file_finish(&meeting.file);
    char *copy = same ? strdup(path) : NULL;
    if (copy) {
        free(recorded->document);
        recorded->document = copy;
        identify(recorded);
    }
    return same;
}

void recorder_turn(struct recorder *recorder, const char *document) {
    struct recorded *recorded = recorded_at(recorder, document);
    if (recorded)
        recorded->is_left = true;
}

enum status recorder_join(
    struct recorder *recorder, const char *document, int64_t origin_id, struct error *error) {
    struct recorded **at = find(&recorder->recorded, document);
    if (recorder->run && recorder->own == *at)
        return error_set(error, STATUS_LOCKED,
            "a cell is running, and is recorded where it began; try again when it has ended");
    struct history_file file = notebook_file_identify(document);
    int64_t document_id = history_session_document((*at)->session);
    enum status status = history_join(recorder->history, document_id, origin_id, &file, error);
    if (status == STATUS_OK)
        end_session(recorder, at);
    return status;
}

void recorder_leave(struct recorder *recorder, const char *document) {
    int64_t document_id = recorder_document_at(recorder, document);
    struct error error;
    if (document_id && history_leave_place(recorder->history, document_id, &error) != STATUS_OK)
        log_line("%s", error.message);
}

static const char **string_array(const json_t *array, size_t *ret_count) {
    const char **strings = calloc(json_array_size(array) + 1, sizeof *strings);
    size_t count = 0, index;
    json_t *item;
    if (strings)
        json_array_foreach((json_t *)array, index, item) if (json_is_string(item))
            strings[count++] = json_string_value(item);
    *ret_count = count;
    return strings;
}

static void begin_run(struct recorder *recorder, const struct cell_place *place, const char *text,
    int64_t execution_count, int64_t parent_run_id, const json_t *deleted) {
    struct error error;
    recorder->last_run_id = 0;
    recorder->failed = recorder->kept_output = false;
    struct history_session *session = recorder_session(recorder, place->document, &error);
    if (!session) {
        warn(recorder, &error);
        return;
    }
    recorder->own = recorder->recorded;
    struct history_run_start start = {
        .cell_key = place->key,
        .cell_handle = place->handle,
        .language = recorder->options.language,
        .text = text,
        .text_bytes = strlen(text),
        .execution_count = execution_count,
        .parent_run_id = parent_run_id ? parent_run_id : HISTORY_PARENT_NONE,
    };
    const char **deleted_keys = string_array(deleted, &start.deleted_cell_count);
    start.deleted_cell_keys = deleted_keys;
    if (check(recorder, history_run_begin(session, &start, &recorder->run, &error), &error))
        recorder->last_run_id = history_run_place(recorder->run).run_id;
    free(deleted_keys);
}

void recorder_begin(struct recorder *recorder, const struct cell_place *place, const char *text,
    int64_t execution_count, int64_t parent_run_id, const json_t *deleted) {
    if (!recorder->options.enabled)
        return;
    int64_t from = clock_monotonic_us();
    begin_run(recorder, place, text, execution_count, parent_run_id, deleted);
    recorder->spent_us += clock_monotonic_us() - from;
}

void recorder_leaves(
    struct recorder *recorder, enum history_state state, const char *defines, const char *effects) {
    if (recorder->run)
        history_run_leaves(recorder->run, state, defines, effects);
}

const struct history_run *recorder_run(const struct recorder *recorder) {
    return recorder->run;
}

int64_t recorder_run_id(const struct recorder *recorder) {
    return recorder->run ? recorder->last_run_id : 0;
}

void recorder_move_state(struct recorder *recorder, int64_t run_id) {
    struct error error;
    if (recorder->own)
        (void)check(
            recorder, history_session_move_state(recorder->own->session, run_id, &error), &error);
}

void recorder_end(struct recorder *recorder, enum history_run_status status) {
    if (!recorder->run)
        return;
    int64_t from = clock_monotonic_us();
    struct error error;
    if (check(recorder, history_run_end(&recorder->run, status, 0, &error), &error))
        resume(recorder);
    recorder->spent_us += clock_monotonic_us() - from;
}

void recorder_pause(struct recorder *recorder, bool paused) {
    recorder->paused = paused;
}

void recorder_stream(
    struct recorder *recorder, enum engine_stream stream, const void *data, size_t size) {
    if (!recorder->last_run_id || recorder->paused)
        return;
    int64_t from = clock_monotonic_us();
    enum history_output_kind kind = stream == ENGINE_STDOUT ? HISTORY_STDOUT : HISTORY_STDERR;
    struct error error;
    enum status status = recorder->run ? history_run_write(recorder->run, kind, data, size, &error)
                                       : history_late_write(recorder->own->session,
                                             recorder->last_run_id, kind, data, size, &error);
    check_output(recorder, status, &error);
    recorder->spent_us += clock_monotonic_us() - from;
}

void recorder_bundle(struct recorder *recorder, enum history_output_kind kind, const json_t *data,
    const json_t *transient) {
    if (!recorder->run)
        return;
    int64_t from = clock_monotonic_us();
    struct bundle bundle;
    if (bundle_from_json(data, &bundle) == STATUS_OK) {
        const char *display_id = json_string_value(json_object_get(transient, "display_id"));
        struct error error;
        check_output(recorder,
            history_run_bundle(recorder->run, kind, display_id, bundle.items, bundle.count, &error),
            &error);
        bundle_finish(&bundle);
    }
    recorder->spent_us += clock_monotonic_us() - from;
}

void recorder_error(
    struct recorder *recorder, const char *ename, const char *evalue, const json_t *traceback) {
    if (!recorder->run)
        return;
    int64_t from = clock_monotonic_us();
    struct buf text = BUF_INIT;
    size_t index;
    json_t *line;
    json_array_foreach((json_t *)traceback, index, line) {
        if (index)
            buf_append_char(&text, '\n');
        buf_append(&text, json_string_value(line), json_string_length(line));
    }
    struct error error;
    check_output(recorder,
        history_run_error(recorder->run, ename, evalue, buf_string(&text), text.size, &error),
        &error);
    buf_finish(&text);
    recorder->spent_us += clock_monotonic_us() - from;
}

void recorder_clear(struct recorder *recorder, bool wait) {
    if (!recorder->run)
        return;
    int64_t from = clock_monotonic_us();
    struct error error;
    (void)check(recorder, history_run_clear(recorder->run, wait, &error), &error);
    recorder->spent_us += clock_monotonic_us() - from;
}

void recorder_tidy(struct recorder *recorder) {
    if (recorder->history)
        history_tidy(recorder->history);
}

int64_t recorder_take_time_us(struct recorder *recorder) {
    int64_t spent = recorder->spent_us;
    recorder->spent_us = 0;
    return spent;
}

void recorder_destroy(struct recorder **recorder) {
    struct recorder *r = *recorder;
    if (!r)
        return;
    recorder_end(r, HISTORY_ABORTED);
    while (r->recorded)
        end_session(r, &r->recorded);
    history_close(&r->history);
    history_close(&r->reading);
    free(r);
    *recorder = NULL;
}
