/* %fk log: what happened to the cells of the notebook, in time. */
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

static int by_time(const void *a, const void *b) {
    int64_t x = ((const struct event *)a)->time_us, y = ((const struct event *)b)->time_us;
    return (x > y) - (x < y);
}

static enum status collect(struct fk_context *context, struct history_memory *memory,
    struct events *events, struct error *error) {
    struct history_cells cells;
    struct history_moves moves;
    enum status status =
        history_list_cells(context->history, context->document_id, memory, &cells, error);
    bool added = true;
    for (size_t i = 0; status == STATUS_OK && i < cells.count; i++) {
        struct history_versions versions;
        status = history_read_tree(context->history, cells.items[i].id, memory, &versions, error);
        for (size_t v = 0; status == STATUS_OK && v < versions.count; v++)
            for (size_t r = 0; r < versions.items[v].runs.count; r++) {
                const struct history_run_info *run = &versions.items[v].runs.items[r];
                added = added && add_event(events, (struct event){.time_us = run->started_us,
                                                       .run = run,
                                                       .version = &versions.items[v]});
            }
    }
    if (status == STATUS_OK)
        status = history_read_log(context->history, context->document_id, 0, memory, &moves, error);
    for (size_t i = 0; status == STATUS_OK && i < moves.count; i++)
        if (moves.items[i].cause != HISTORY_CAUSE_RUN)
            added = added && add_event(events, (struct event){.time_us = moves.items[i].time_us,
                                                   .move = &moves.items[i]});
    if (status == STATUS_OK && !added)
        status = error_set(error, STATUS_NO_MEMORY, "cannot list the log: out of memory");
    return status;
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
        qsort(events.items, events.count, sizeof *events.items, by_time);
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
