/* %fk log: what happened to the cells of the notebook, in the order of recording. */
#include "base/clock.h"
#include "history/changes.h"
#include "kernel/fk/change.h"
#include "kernel/fk/fk.h"

#include <stdlib.h>
#include <string.h>

enum { EVENTS_DEFAULT = 50, EVENTS_MAX = 100000, PAGE = 200, SUMMARY_WIDTH = 60 };

/* Several when they are steps of typing in one cell. */
struct line {
    const struct history_event *oldest, *newest;
};

struct lines {
    struct line *items; /* newest first */
    size_t count, wanted;
};

static bool is_typing(const struct history_event *event) {
    return event->kind == HISTORY_EVENT_VERSION && event->cause == HISTORY_CAUSE_TYPING;
}

/* False: there are as many as are wanted. */
static bool add_event(struct lines *lines, const struct history_event *event) {
    struct line *last = lines->count ? &lines->items[lines->count - 1] : NULL;
    if (last && is_typing(event) && is_typing(last->oldest) && last->oldest->from == event->to) {
        last->oldest = event;
        return true;
    }
    if (lines->count == lines->wanted)
        return false;
    lines->items[lines->count++] = (struct line){event, event};
    return true;
}

static enum status collect(struct fk_context *context, struct history_memory *memory,
    struct lines *lines, struct error *error) {
    struct history_event_place place = {0};
    struct history_events events;
    do {
        enum status status = history_read_events(
            context->history, context->document_id, &place, PAGE, memory, &events, error);
        if (status != STATUS_OK)
            return status;
        for (size_t i = 0; i < events.count; i++)
            if (!add_event(lines, &events.items[i]))
                return STATUS_OK;
    } while (events.count == PAGE);
    return STATUS_OK;
}

static void append_move(struct fk_context *context, const struct line *line, struct buf *out) {
    const struct history_event *oldest = line->oldest, *newest = line->newest;
    buf_printf(out, "version %-4lld %s%s%s", (long long)(newest->to ? newest->to : newest->from),
        fk_colour(context, FK_BLUE), newest->to ? history_cause_name(newest->cause) : "deleted",
        fk_colour(context, FK_PLAIN));
    if (oldest != newest)
        buf_printf(out, ", from version %lld on", (long long)oldest->to);
    else if (newest->from && newest->to)
        buf_printf(out, ", from version %lld", (long long)newest->from);
}

static void print_line(struct fk_context *context, const struct line *line, int64_t now_us) {
    struct buf text = BUF_INIT;
    char age[CLOCK_AGO_BYTES];
    const struct history_event *event = line->newest;
    clock_format_ago(event->time_us, now_us, age);
    buf_printf(
        &text, "%s%-18s%s ", fk_colour(context, FK_FAINT), age, fk_colour(context, FK_PLAIN));
    if (event->kind == HISTORY_EVENT_RUN) {
        buf_printf(&text, "version %-4lld ", (long long)event->to);
        fk_append_status(context, event->run_status, event->execution_count, &text);
        buf_append_string(&text, "  ");
        change_append(NULL, event->summary, SUMMARY_WIDTH, &text);
    } else {
        append_move(context, line, &text);
    }
    buf_append_char(&text, '\n');
    fk_print_bytes(context, buf_string(&text), text.size);
    buf_finish(&text);
}

static enum status run(
    struct fk_context *context, size_t count, const char *const *arguments, struct error *error) {
    int64_t shown = EVENTS_DEFAULT;
    if (count > 1)
        return error_set(error, STATUS_INVALID, "too many words; this is how: log [COUNT]");
    if (count == 1 &&
        (fk_parse_number(arguments[0], &shown, error) != STATUS_OK || shown > EVENTS_MAX))
        return error_set(error, STATUS_INVALID, "'%s' is no count up to %d: log [COUNT]",
            arguments[0], EVENTS_MAX);
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct lines lines = {.wanted = (size_t)shown};
    lines.items = calloc(lines.wanted, sizeof *lines.items);
    enum status status =
        lines.items ? collect(context, &memory, &lines, error)
                    : error_set(error, STATUS_NO_MEMORY, "cannot list the log: out of memory");
    if (status == STATUS_OK && !lines.count)
        fk_printf(context, "No history yet: it begins with the first cell that is run.\n");
    int64_t now_us = clock_wall_us();
    for (size_t i = lines.count; status == STATUS_OK && i > 0; i--)
        print_line(context, &lines.items[i - 1], now_us);
    free(lines.items);
    history_memory_finish(&memory);
    return status;
}

const struct fk_verb fk_log = {
    .name = "log",
    .arguments = "[COUNT]",
    .summary = "what was run, typed and restored in this notebook, newest last",
    .run = run,
};
