/* %fk log: what happened to the cells of the notebook, in time. */
#include "base/clock.h"
#include "kernel/fk/change.h"
#include "kernel/fk/fk.h"

#include <stdlib.h>
#include <string.h>

enum { EVENTS_DEFAULT = 50, SUMMARY_WIDTH = 60 };

/* A run, or moves of a head that were no run: one, or steps of typing in one cell. */
struct event {
    const struct history_state_info *run;
    const struct history_move *first, *last;
};

struct events {
    struct event *items;
    size_t count;
};

static bool is_typing(const struct history_move *move) {
    return move->cause == HISTORY_CAUSE_TYPING && move->new_version;
}

static void add_move(struct events *events, const struct history_move *move) {
    struct event *before = events->count ? &events->items[events->count - 1] : NULL;
    if (before && before->last && is_typing(before->last) && is_typing(move) &&
        before->last->cell_id == move->cell_id && before->last->to == move->from)
        before->last = move;
    else
        events->items[events->count++] = (struct event){.first = move, .last = move};
}

/* Both lists are in the order of recording and stay so, whatever the clock did. */
static void merge(
    const struct history_states *runs, const struct history_moves *moves, struct events *events) {
    size_t r = 0;
    for (size_t m = 0; m < moves->count; m++) {
        if (moves->items[m].cause == HISTORY_CAUSE_RUN)
            continue;
        for (; r < runs->count && runs->items[r].started_us < moves->items[m].time_us; r++)
            events->items[events->count++] = (struct event){.run = &runs->items[r]};
        add_move(events, &moves->items[m]);
    }
    for (; r < runs->count; r++)
        events->items[events->count++] = (struct event){.run = &runs->items[r]};
}

static enum status collect(struct fk_context *context, struct history_memory *memory,
    struct events *events, struct error *error) {
    struct history_states runs;
    struct history_moves moves;
    enum status status =
        history_list_states(context->history, context->document_id, memory, &runs, error);
    if (status == STATUS_OK)
        status = history_read_log(context->history, context->document_id, 0, memory, &moves, error);
    if (status != STATUS_OK)
        return status;
    events->items = calloc(runs.count + moves.count + 1, sizeof *events->items);
    if (!events->items)
        return error_set(error, STATUS_NO_MEMORY, "cannot list the log: out of memory");
    merge(&runs, &moves, events);
    return STATUS_OK;
}

static void append_move(struct fk_context *context, const struct event *event, struct buf *line) {
    const struct history_move *first = event->first, *last = event->last;
    buf_printf(line, "version %-4lld %s%s%s", (long long)(last->to ? last->to : last->from),
        fk_colour(context, FK_BLUE), last->to ? history_cause_name(last->cause) : "deleted",
        fk_colour(context, FK_PLAIN));
    if (first != last)
        buf_printf(line, ", from version %lld on", (long long)first->to);
    else if (last->from && last->to)
        buf_printf(line, ", from version %lld", (long long)last->from);
}

static void print_event(struct fk_context *context, const struct event *event, int64_t now_us) {
    struct buf line = BUF_INIT;
    char age[CLOCK_AGO_BYTES];
    clock_format_ago(event->run ? event->run->started_us : event->last->time_us, now_us, age);
    buf_printf(
        &line, "%s%-18s%s ", fk_colour(context, FK_FAINT), age, fk_colour(context, FK_PLAIN));
    if (event->run) {
        buf_printf(&line, "version %-4lld ", (long long)event->run->version);
        fk_append_status(context, event->run->status, event->run->execution_count, &line);
        buf_append_string(&line, "  ");
        change_append(NULL, event->run->summary, SUMMARY_WIDTH, &line);
    } else
        append_move(context, event, &line);
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
    .summary = "what was run, typed and restored in this notebook, newest last",
    .run = run,
};
