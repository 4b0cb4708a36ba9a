/*
 * Runs the cases beside this file through the C engine, with a host that writes down what it is
 * told.
 *
 *     run_cases FOLDER [CASE...]
 *
 * A case is a text file: cells, each followed by the events that it must cause, in order.
 *
 *     %% cell [no-stdin] [interrupt] [silent] [any]     interrupt: as soon as it prints
 *     int x = 3;
 *     x
 *     %% input one line                           answers to input requests, in order
 *     %% out                                      printed on stdout: exactly this
 *     %% err                                      printed on stderr: contains this
 *     %% result                                   the result's text/plain: exactly this
 *     %% display text/html                        a display of this type: exactly this
 *     %% update text/plain
 *     %% clear
 *     %% error SIGSEGV                            the cell's error; its evalue contains this
 *     %% traceback                                the error's traceback contains this
 *     %% effects                                  what it did outside its memory contains this
 *     %% defines                                  the names that it brought: exactly this
 *
 * `%% environment NAME=VALUE` sets a variable for the whole case.
 * Between cells, `%% kill` kills the worker as the system would, `%% kill language` the other one,
 * `%% kill twins` all checkpoints. As the kernel does, this takes a checkpoint after each cell and
 * goes back to the one before after a crash; `%% no-checkpoints` at the beginning of a case: it
 * does not. `%% wake N` goes to the state that the Nth cell left, 0 to a fresh program, and `%%
 * lose N` expects that it is not there. `%% prepare` is a quiet moment, and `%% processes N`
 * expects so many of the engine's. With CASE_TIMES in the environment, each cell's times are
 * printed.
 * `%% complete` and `%% inspect` hold code with the cursor at a | and are followed by `%% reply`:
 * text that the reply's JSON contains, or with a leading ! does not.
 */
#include "kernel/engine/c/c_engine.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_STEPS = 2048, MOST_EVENTS = 256, MOST_CASES = 512, CASE_LIMIT_MS = 30000 };

struct step {
    char *head; /* after "%% " */
    char *body; /* without the last newline */
};

struct event {
    char kind[80]; /* as the head of a step */
    struct buf text;
    bool seen_traceback;
};

struct run {
    zloop_t *loop;
    struct engine *engine;
    struct engine_host host;
    struct step steps[MOST_STEPS];
    size_t step_count;
    size_t at; /* the step of the running cell */
    size_t next_input;
    struct event events[MOST_EVENTS];
    size_t event_count;
    struct buf traceback;
    bool running;
    bool interrupt_wanted;
    bool timed_out;
    char *reply;
    bool times;         /* print how long each cell took */
    struct buf effects; /* of the last cell, "" for none */
    struct buf defines;
    bool no_checkpoints;
    bool checkpointing; /* the last one has been asked for and is not there yet */
    int64_t state;      /* the one that the live program is in: number of the cell that left it */
    int64_t next_state;
    int64_t start_us;
};

static struct event *add_event(struct run *run, const char *kind, const char *detail) {
    if (run->event_count == MOST_EVENTS)
        abort();
    struct event *event = &run->events[run->event_count++];
    *event = (struct event){0};
    (void)snprintf(event->kind, sizeof event->kind, "%s%s%s", kind, *detail ? " " : "", detail);
    return event;
}

/* ---- the host ---- */

static void on_stream(void *context, enum engine_stream stream, const void *data, size_t size) {
    struct run *run = context;
    const char *kind = stream == ENGINE_STDOUT ? "out" : "err";
    struct event *last = run->event_count ? &run->events[run->event_count - 1] : NULL;
    if (!last || strcmp(last->kind, kind) != 0)
        last = add_event(run, kind, "");
    buf_append(&last->text, data, size);
    if (run->interrupt_wanted && stream == ENGINE_STDOUT && run->running) {
        run->interrupt_wanted = false;
        run->engine->ops->interrupt(run->engine);
    }
}

static void add_bundle(struct run *run, const char *kind, json_t *data) {
    const char *type;
    json_t *value;
    json_object_foreach(data, type, value) {
        struct event *event = add_event(run, kind, strcmp(kind, "result") == 0 ? "" : type);
        char *dumped = json_is_string(value) ? NULL : json_dumps(value, JSON_SORT_KEYS);
        buf_append_string(&event->text, dumped ? dumped : json_string_value(value));
        free(dumped);
    }
}

static void on_display(void *context, json_t *data, json_t *metadata, json_t *transient) {
    (void)metadata;
    (void)transient;
    add_bundle(context, "display", data);
}

static void on_update(void *context, json_t *data, json_t *metadata, json_t *transient) {
    (void)metadata;
    (void)transient;
    add_bundle(context, "update", data);
}

static void on_result(void *context, json_t *data, json_t *metadata) {
    (void)metadata;
    add_bundle(context, "result", data);
}

static void on_clear(void *context, bool wait) {
    (void)wait;
    (void)add_event(context, "clear", "");
}

static void on_input_request(void *context, const char *prompt, bool password) {
    struct run *run = context;
    (void)prompt;
    (void)password;
    if (run->interrupt_wanted) {
        run->interrupt_wanted = false;
        run->engine->ops->interrupt(run->engine);
        return;
    }
    for (size_t i = run->next_input; i < run->step_count; i++) {
        if (strncmp(run->steps[i].head, "cell", 4) == 0)
            break;
        if (strncmp(run->steps[i].head, "input", 5) != 0)
            continue;
        run->next_input = i + 1;
        run->engine->ops->input_reply(
            run->engine, run->steps[i].head[5] ? run->steps[i].head + 6 : "");
        return;
    }
    run->engine->ops->input_reply(run->engine, NULL);
}

static int on_wake(zloop_t *loop, int timer, void *data) {
    (void)loop;
    (void)timer;
    (void)data;
    return -1;
}

static void stop_loop(struct run *run) {
    run->running = false;
    (void)zloop_timer(run->loop, 0, 1, on_wake, run);
}

static void checkpoint(struct run *run) {
    run->checkpointing = !run->no_checkpoints;
    if (run->checkpointing)
        run->engine->ops->checkpoint(run->engine);
}

static void on_checkpointed(
    void *context, int64_t state, const struct engine_checkpoint *checkpoint) {
    struct run *run = context;
    if (state == run->state)
        run->checkpointing = false;
    if (checkpoint->trouble)
        (void)add_event(run, "trouble", checkpoint->trouble);
}

static void on_measured(void *context, int64_t state, int64_t bytes) {
    (void)context;
    (void)state;
    (void)bytes;
}

static void on_gone(void *context, int64_t state) {
    struct run *run = context;
    if (state == run->state)
        checkpoint(run);
}

static void go_back(struct run *run) {
    if (run->no_checkpoints || !run->engine->ops->wake(run->engine, run->state, false)) {
        run->state = 0;
        (void)run->engine->ops->wake(run->engine, 0, false);
    } else {
        checkpoint(run);
    }
}

static void on_lost(void *context) {
    struct run *run = context;
    (void)add_event(run, "lost", "");
    go_back(run);
}

static void follow_state(struct run *run, const struct engine_outcome *outcome) {
    switch (outcome->state) {
    case ENGINE_STATE_NEW:
    case ENGINE_STATE_PARTIAL:
        run->state = run->next_state;
        checkpoint(run);
        break;
    case ENGINE_STATE_SPOILED:
    case ENGINE_STATE_LOST:
        go_back(run);
        break;
    case ENGINE_STATE_SAME:
        break;
    }
}

static void on_done(void *context, const struct engine_outcome *outcome) {
    struct run *run = context;
    buf_clear(&run->traceback);
    if (run->times && outcome->timing) {
        char *text = json_dumps(outcome->timing, JSON_COMPACT);
        (void)printf("%6lld us %s\n", (long long)(clock_monotonic_us() - run->start_us), text);
        free(text);
    }
    if (outcome->result == ENGINE_ERROR) {
        struct event *event = add_event(run, "error", outcome->ename);
        buf_append_string(&event->text, outcome->evalue);
        size_t i;
        json_t *line;
        json_array_foreach(outcome->traceback, i, line) {
            buf_append_string(&run->traceback, json_string_value(line));
            buf_append_char(&run->traceback, '\n');
        }
    }
    if (json_object_size(outcome->user_expressions)) {
        struct event *event = add_event(run, "expressions", "");
        char *text = json_dumps(outcome->user_expressions, JSON_SORT_KEYS);
        buf_append_string(&event->text, text);
        free(text);
    }
    buf_clear(&run->effects);
    buf_append_string(&run->effects, outcome->effects ? outcome->effects : "");
    buf_clear(&run->defines);
    buf_append_string(&run->defines, outcome->defines ? outcome->defines : "");
    follow_state(run, outcome);
    stop_loop(run);
}

static void on_reply(void *context, uint64_t token, json_t *content) {
    struct run *run = context;
    (void)token;
    free(run->reply);
    run->reply = json_dumps(content, JSON_SORT_KEYS);
    stop_loop(run);
}

static int on_limit(zloop_t *loop, int timer, void *data) {
    (void)loop;
    (void)timer;
    struct run *run = data;
    run->timed_out = true;
    return -1;
}

/* ---- cases ---- */

static bool parse_case(struct run *run, char *text) {
    run->step_count = 0;
    while (*text) {
        if (strncmp(text, "%% ", 3) != 0)
            return false;
        if (run->step_count == MOST_STEPS)
            return false;
        struct step *step = &run->steps[run->step_count++];
        step->head = text + 3;
        char *end = strchr(text, '\n');
        if (!end)
            return false;
        *end = '\0';
        step->body = end + 1;
        char *next = step->body;
        while (*next && strncmp(next, "%% ", 3) != 0) {
            char *line = strchr(next, '\n');
            next = line ? line + 1 : next + strlen(next);
        }
        text = *next ? next : next + strlen(next);
        if (next > step->body && next[-1] == '\n')
            next[-1] = '\0';
        else if (next == step->body)
            step->body = end; /* the NUL */
    }
    return true;
}

static void wait_for_end(struct run *run) {
    run->timed_out = false;
    int timer = zloop_timer(run->loop, CASE_LIMIT_MS, 1, on_limit, run);
    while (run->running && !run->timed_out)
        if (zloop_start(run->loop) == 0)
            break;
    (void)zloop_timer_end(run->loop, timer);
}

/* What the helpers report by themselves, for a moment. */
static void let_it_be_noticed(struct run *run) {
    enum { MOMENT_MS = 50 };
    (void)zloop_timer(run->loop, MOMENT_MS, 1, on_wake, run);
    (void)zloop_start(run->loop);
}

enum { MOST_LOOKS = 100 };

static void let_the_checkpoint_come(struct run *run) {
    let_it_be_noticed(run);
    for (int i = 0; i < MOST_LOOKS && run->checkpointing; i++)
        let_it_be_noticed(run);
}

static bool same(const struct event *event, const struct step *step) {
    if (strcmp(event->kind, step->head) != 0)
        return false;
    const char *text = buf_string(&event->text);
    size_t size = strlen(text);
    if (strcmp(step->head, "err") == 0 || strncmp(step->head, "error", 5) == 0 ||
        strcmp(step->head, "expressions") == 0)
        return strstr(text, step->body) != NULL;
    if (size && text[size - 1] == '\n')
        size--;
    return strlen(step->body) == size && memcmp(text, step->body, size) == 0;
}

static bool is_event(const struct step *step) {
    static const char *const heads[] = {
        "out", "err", "result", "display", "update", "clear", "error", "expressions"};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        if (strncmp(step->head, heads[i], strlen(heads[i])) == 0)
            return true;
    return false;
}

/* `%% cell any`: whatever happens, as long as no helper breaks. */
static bool none_broke(const struct run *run) {
    for (size_t i = 0; i < run->event_count; i++)
        if (strcmp(run->events[i].kind, "error LanguageServiceDied") == 0)
            return false;
    return !run->timed_out;
}

static bool compare(struct run *run, const char *name) {
    if (strcmp(run->steps[run->at].head, "cell any") == 0 && none_broke(run))
        return true;
    size_t event = 0;
    bool fine = !run->timed_out;
    for (size_t i = run->at + 1; fine && i < run->step_count; i++) {
        const struct step *step = &run->steps[i];
        if (strncmp(step->head, "traceback", 9) == 0)
            fine = strstr(buf_string(&run->traceback), step->body) != NULL;
        else if (strcmp(step->head, "effects") == 0)
            fine = *step->body ? strstr(buf_string(&run->effects), step->body) != NULL
                               : run->effects.size == 0;
        else if (strcmp(step->head, "defines") == 0)
            fine = strcmp(buf_string(&run->defines), step->body) == 0;
        else if (strncmp(step->head, "input", 5) == 0)
            continue;
        else if (is_event(step)) {
            fine = event < run->event_count && same(&run->events[event], step);
            event++;
        } else
            break;
    }
    if (fine && event == run->event_count)
        return true;
    (void)printf("FAIL %s%s, cell:\n%s\nit caused:\n", name, run->timed_out ? " (no end)" : "",
        run->steps[run->at].body);
    for (size_t i = 0; i < run->event_count; i++)
        (void)printf("%%%% %s\n%s\n", run->events[i].kind, buf_string(&run->events[i].text));
    (void)printf("traceback:\n%s\neffects: %s\ndefines: %s\n", buf_string(&run->traceback),
        buf_string(&run->effects), buf_string(&run->defines));
    return false;
}

static void forget_events(struct run *run) {
    for (size_t i = 0; i < run->event_count; i++)
        buf_finish(&run->events[i].text);
    run->event_count = 0;
    buf_clear(&run->traceback);
}

static bool run_cell(struct run *run, const char *name, int64_t count) {
    const struct step *step = &run->steps[run->at];
    json_auto_t *expressions = NULL;
    if (strstr(step->head, "expressions="))
        expressions = json_pack("{s:s}", "e", strstr(step->head, "expressions=") + 12);
    struct engine_cell cell = {.code = step->body,
        .execution_count = count,
        .silent = strstr(step->head, "silent") != NULL,
        .allow_stdin = strstr(step->head, "no-stdin") == NULL,
        .user_expressions = expressions,
        .state = count};
    run->next_state = count;
    forget_events(run);
    run->interrupt_wanted = strstr(step->head, "interrupt") != NULL;
    run->next_input = run->at + 1;
    run->running = true;
    run->start_us = clock_monotonic_us();
    run->engine->ops->execute(run->engine, &cell);
    wait_for_end(run);
    return compare(run, name);
}

static bool run_query(struct run *run, const char *name) {
    struct step *step = &run->steps[run->at];
    char *bar = strchr(step->body, '|');
    if (!bar)
        return false;
    size_t cursor = (size_t)(bar - step->body);
    memmove(bar, bar + 1, strlen(bar));
    run->running = true;
    if (strncmp(step->head, "complete", 8) == 0)
        run->engine->ops->complete(run->engine, 1, step->body, cursor);
    else
        run->engine->ops->inspect(run->engine, 1, step->body, cursor, 0);
    wait_for_end(run);
    bool fine = !run->timed_out && run->reply;
    for (size_t i = run->at + 1; fine && i < run->step_count; i++) {
        const char *wanted = run->steps[i].body;
        if (strncmp(run->steps[i].head, "reply", 5) != 0)
            break;
        fine =
            *wanted == '!' ? !strstr(run->reply, wanted + 1) : strstr(run->reply, wanted) != NULL;
    }
    if (!fine)
        (void)printf("FAIL %s, %s:\n%s\nreplied:\n%.2000s\n", name, step->head, step->body,
            run->reply ? run->reply : "nothing");
    return fine;
}

/* The two helpers and the twins. */
static size_t count_children(void) {
    FILE *children = fopen("/proc/thread-self/children", "re");
    long long pid;
    size_t count = 0;
    while (children && fscanf(children, "%lld", &pid) == 1)
        count++;
    if (children)
        (void)fclose(children);
    return count;
}

/* Twins are children of this process that are neither of the two helpers. */
static void kill_twins(int64_t language, int64_t worker) {
    FILE *children = fopen("/proc/thread-self/children", "re");
    long long pid;
    while (children && fscanf(children, "%lld", &pid) == 1)
        if (pid != language && pid != worker)
            (void)kill((pid_t)pid, SIGKILL);
    if (children)
        (void)fclose(children);
}

static void kill_helper(struct run *run, const char *head) {
    enum { LANGUAGE, WORKER, BOTH };
    int64_t pids[BOTH] = {0};
    let_the_checkpoint_come(run);
    (void)run->engine->ops->processes(run->engine, pids, BOTH);
    pid_t pid = (pid_t)pids[strstr(head, "language") ? LANGUAGE : WORKER];
    if (strstr(head, "twins"))
        kill_twins(pids[LANGUAGE], pids[WORKER]);
    else
        (void)kill(pid, SIGKILL);
    let_it_be_noticed(run);
    for (int i = 0; i < MOST_LOOKS && !strstr(head, "twins") && kill(pid, 0) == 0; i++)
        let_it_be_noticed(run); /* a large process takes its time to end */
}

/* "wake 3", "lose 3" */
static bool go_to(struct run *run, const char *name, const char *head) {
    int64_t state = strtoll(head + 5, NULL, 10);
    bool there = run->engine->ops->wake(run->engine, state, true);
    bool fine = there == (*head == 'w');
    if (there) {
        run->state = state;
        checkpoint(run);
    }
    if (!fine)
        (void)printf("FAIL %s, %s: it is %s\n", name, head, there ? "there" : "not there");
    return fine;
}

/* As many for a while: the engine hears of a new process after it is there. */
static bool check_processes(struct run *run, const char *name, const char *head) {
    enum { A_WHILE = 5 };
    size_t wanted = (size_t)strtoll(head + 10, NULL, 10);
    size_t count = 0;
    for (int i = 0, same = 0; i < MOST_LOOKS && same < A_WHILE; i++) {
        let_it_be_noticed(run);
        count = count_children();
        same = count == wanted ? same + 1 : 0;
    }
    if (count != wanted)
        (void)printf("FAIL %s, %s: there are %zu\n", name, head, count);
    return count == wanted;
}

static bool run_steps(struct run *run, const char *name) {
    int64_t count = 0;
    bool fine = true;
    run->no_checkpoints = run->step_count && strcmp(run->steps[0].head, "no-checkpoints") == 0;
    for (run->at = 0; fine && run->at < run->step_count; run->at++) {
        const char *head = run->steps[run->at].head;
        if (strncmp(head, "cell", 4) == 0) {
            fine = run_cell(run, name, ++count);
        } else if (strncmp(head, "complete", 8) == 0 || strncmp(head, "inspect", 7) == 0) {
            fine = run_query(run, name);
        } else if (strncmp(head, "kill", 4) == 0) {
            kill_helper(run, head);
        } else if (strncmp(head, "wake ", 5) == 0 || strncmp(head, "lose ", 5) == 0) {
            fine = go_to(run, name, head);
        } else if (strcmp(head, "prepare") == 0) {
            let_the_checkpoint_come(run);
            run->engine->ops->prepare(run->engine);
        } else if (strncmp(head, "processes ", 10) == 0) {
            fine = check_processes(run, name, head);
        }
    }
    return fine;
}

/* `%% environment NAME=VALUE` for the length of the case. */
static void set_environment(struct run *run, bool on) {
    static char path[8192];
    const char *now = getenv("PATH"); /* NOLINT(concurrency-mt-unsafe) */
    if (on)
        (void)snprintf(path, sizeof path, "%s", now ? now : "");
    for (size_t i = 0; i < run->step_count; i++) {
        if (strncmp(run->steps[i].head, "environment ", 12) != 0)
            continue;
        char *name = run->steps[i].head + 12;
        size_t size = strcspn(name, "=");
        char copy[64];
        (void)snprintf(copy, sizeof copy, "%.*s", (int)size, name);
        if (on)
            (void)setenv(copy, name + size + 1, 1); /* NOLINT(concurrency-mt-unsafe) */
        else if (strcmp(copy, "PATH") == 0)
            (void)setenv(copy, path, 1); /* NOLINT(concurrency-mt-unsafe) */
        else
            (void)unsetenv(copy); /* NOLINT(concurrency-mt-unsafe) */
    }
}

static bool run_case(const char *folder, const char *name) {
    static struct run run;
    struct buf text = BUF_INIT;
    struct error error;
    char *path = file_join(folder, name);
    bool fine = false;
    run = (struct run){.loop = zloop_new(),
        .times = getenv("CASE_TIMES") != NULL}; /* NOLINT(concurrency-mt-unsafe) */
    run.host = (struct engine_host){.context = &run,
        .loop = run.loop,
        .stream = on_stream,
        .display = on_display,
        .update_display = on_update,
        .execute_result = on_result,
        .clear_output = on_clear,
        .input_request = on_input_request,
        .done = on_done,
        .reply = on_reply,
        .checkpointed = on_checkpointed,
        .measured = on_measured,
        .gone = on_gone,
        .lost = on_lost};
    if (!path || file_read(path, 1 << 20, &text, &error) != STATUS_OK || !text.data)
        (void)printf("FAIL %s: cannot be read\n", name);
    else if (!parse_case(&run, text.data))
        (void)printf("FAIL %s: not a case\n", name);
    else if (set_environment(&run, true),
        c_engine_ops.create(&run.host, &run.engine, &error) != STATUS_OK)
        (void)printf("FAIL %s: %s\n", name, error.message);
    else
        fine = run_steps(&run, name);
    set_environment(&run, false);
    if (run.engine)
        c_engine_ops.destroy(&run.engine);
    forget_events(&run);
    buf_finish(&run.traceback);
    buf_finish(&run.effects);
    buf_finish(&run.defines);
    free(run.reply);
    zloop_destroy(&run.loop);
    buf_finish(&text);
    free(path);
    return fine;
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int main(int argc, char **argv) {
    char *names[MOST_CASES];
    size_t count = 0;
    size_t failures = 0;
    if (argc < 2)
        return 2;
    zsys_handler_set(NULL);
    for (int i = 2; i < argc && count < MOST_CASES; i++)
        names[count++] = strdup(argv[i]);
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    for (struct dirent *entry; folder && (entry = readdir(folder)) && count < MOST_CASES;) {
        const char *dot = strrchr(entry->d_name, '.');
        if (dot && strcmp(dot, ".case") == 0)
            names[count++] = strdup(entry->d_name);
    }
    if (folder)
        (void)closedir(folder);
    qsort(names, count, sizeof *names, by_name);
    for (size_t i = 0; i < count; i++) {
        failures += !run_case(argv[1], names[i]);
        free(names[i]);
    }
    (void)printf("%zu of %zu cases pass\n", count - failures, count);
    return failures || !count ? 1 : 0;
}
