/* %fk log: what happened to the cells of the notebook, in order. */
#include "base/clock.h"
#include "kernel/fk/change.h"
#include "kernel/fk/fk.h"

#include <stdlib.h>
#include <string.h>

enum { EVENTS_DEFAULT = 50, SUMMARY_WIDTH = 60 };

/* A run, or the move of a head that was no run. */
struct event {
    int64_t time_us;
    const struct history_run_info *run;
    const struct history_move *move;
    const struct history_version *version; /* of the run */
};

struct events {
    struct event *items;
    size_t count;
    size_t capacity;
};

static bool add_event(struct events *events, struct event event) {
    if (events->count == events->capacity) {
        size_t capacity = events->capacity ? 2 * events->capacity : 64;
        struct event *items = realloc(events->items, capacity * sizeof *items);
        if (!items)
            return false;
        events->items = items;
        events->capacity = capacity;
    }
    events->items[events->count++] = event;
    return true;
}

static int by_id(const void *a, const void *b) {
    int64_t x = ((const struct event *)a)->run->id, y = ((const struct event *)b)->run->id;
    return (x > y) - (x < y);
}

static enum status fail_memory(struct error *error) {
    return error_set(error, STATUS_NO_MEMORY, "cannot list the log: out of memory");
}

/* In the order in which they began. */
static enum status collect_runs(struct fk_context *context, struct history_memory *memory,
    struct events *runs, struct error *error) {
    struct history_cells cells;
    enum status status =
        history_list_cells(context->history, context->document_id, memory, &cells, error);
    bool added = true;
    for (size_t i = 0; status == STATUS_OK && i < cells.count; i++) {
        struct history_versions versions;
        status = history_read_tree(context->history, cells.items[i].id, memory, &versions, error);
        for (size_t v = 0; status == STATUS_OK && v < versions.count; v++)
            for (size_t r = 0; r < versions.items[v].runs.count; r++) {
                const struct history_run_info *run = &versions.items[v].runs.items[r];
                added = added && add_event(runs, (struct event){.time_us = run->started_us,
                                                     .run = run,
                                                     .version = &versions.items[v]});
            }
    }
    if (status == STATUS_OK && !added)
        status = fail_memory(error);
    if (status == STATUS_OK && runs->count)
        qsort(runs->items, runs->count, sizeof *runs->items, by_id);
    return status;
}

/* How many of the runs from `next` on came before the move, or made it. Runs and moves each have an
 * order, and a run that moves a head ties the two; the clock only decides in between. */
static size_t runs_before(const struct events *runs, size_t next, const struct history_move *move,
    int64_t highest_version) {
    size_t at = next;
    if (move->cause == HISTORY_CAUSE_RUN) {
        while (at < runs->count && runs->items[at].run->version != move->to)
            at++;
        return at < runs->count ? at + 1 : next;
    }
    while (at < runs->count && runs->items[at].time_us <= move->time_us &&
           runs->items[at].run->version <= highest_version)
        at++;
    return at;
}

static enum status collect(struct fk_context *context, struct history_memory *memory,
    struct events *events, struct error *error) {
    struct history_moves moves;
    struct events runs = {0};
    enum status status = collect_runs(context, memory, &runs, error);
    if (status == STATUS_OK)
        status = history_read_log(context->history, context->document_id, 0, memory, &moves, error);
    bool added = status == STATUS_OK;
    size_t next = 0;
    int64_t highest_version = 0;
    for (size_t i = 0; added && i < moves.count; i++) {
        const struct history_move *move = &moves.items[i];
        size_t until = runs_before(&runs, next, move, highest_version);
        for (; runs.items && added && next < until; next++)
            added = add_event(events, runs.items[next]);
        if (move->cause != HISTORY_CAUSE_RUN)
            added =
                added && add_event(events, (struct event){.time_us = move->time_us, .move = move});
        highest_version = move->to > highest_version ? move->to : highest_version;
    }
    for (; runs.items && added && next < runs.count; next++)
        added = add_event(events, runs.items[next]);
    free(runs.items);
    return status == STATUS_OK && !added ? fail_memory(error) : status;
}

static void print_event(struct fk_context *context, const struct event *event, int64_t now_us) {
    struct buf line = BUF_INIT;
    char age[CLOCK_AGO_BYTES];
    clock_format_ago(event->time_us, now_us, age);
    buf_printf(
        &line, "%s%-18s%s ", fk_colour(context, FK_FAINT), age, fk_colour(context, FK_PLAIN));
    if (event->run) {
        buf_printf(&line, "version %-4lld ", (long long)event->run->version);
        fk_append_run(context, event->run, &line);
        buf_append_string(&line, "  ");
        change_append(NULL, event->version->summary, SUMMARY_WIDTH, &line);
    } else {
        const struct history_move *move = event->move;
        buf_printf(&line, "version %-4lld %s%s%s", (long long)(move->to ? move->to : move->from),
            fk_colour(context, FK_BLUE), move->to ? history_cause_name(move->cause) : "deleted",
            fk_colour(context, FK_PLAIN));
        if (move->from && move->to)
            buf_printf(&line, ", from version %lld", (long long)move->from);
    }
    buf_append_char(&line, '\n');
    fk_print_bytes(context, buf_string(&line), line.size);
    buf_finish(&line);
}

static enum status run(
    struct fk_context *context, size_t count, const char *const *arguments, struct error *error) {
    int64_t shown = EVENTS_DEFAULT;
    if (count > 1)
        return error_set(error, STATUS_INVALID, "too many words; this is how: log [COUNT]");
    if (count == 1 && fk_parse_number(arguments[0], &shown, error) != STATUS_OK)
        return error_set(error, STATUS_INVALID, "'%s' is no count: log [COUNT]", arguments[0]);
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct events events = {0};
    enum status status = collect(context, &memory, &events, error);
    if (status == STATUS_OK && !events.count)
        fk_printf(context, "No history yet: it begins with the first cell that is run.\n");
    if (status == STATUS_OK && events.count) {
        size_t first = events.count > (size_t)shown ? events.count - (size_t)shown : 0;
        int64_t now_us = clock_wall_us();
        for (size_t i = first; i < events.count; i++)
            print_event(context, &events.items[i], now_us);
    }
    free(events.items);
    history_memory_finish(&memory);
    return status;
}

const struct fk_verb fk_log = {
    .name = "log",
    .arguments = "[COUNT]",
    .summary = "what was run and restored in this notebook, newest last",
    .run = run,
};
