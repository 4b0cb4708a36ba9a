/* %fk log: what happened to the cells of the notebook, in the order of recording. */
#include "base/clock.h"
#include "base/utf8.h"
#include "history/activity.h"
#include "history/changes.h"
#include "history/places.h"
#include "kernel/fk/cell_names.h"
#include "kernel/fk/change.h"
#include "kernel/fk/fk.h"

#include <stdlib.h>
#include <string.h>

enum {
    EVENTS_DEFAULT = 50,
    EVENTS_MAX = 100000,
    PAGE = 200,
    NAME_WIDTH = 20,
    CHANGE_WIDTH = 60,
    SIGN_WIDTH = 3, /* "+ " and "…" */
    NAMELESS_SHOWN = 10
};

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

/* ---- a row ---- */

enum column { TIME, CELL, VERSION, WHAT, COLUMNS };

struct row {
    struct buf cells[COLUMNS];
    enum fk_colour what;
};

static int64_t version_of(const struct line *line) {
    return line->newest->to ? line->newest->to : line->newest->from;
}

static void append_what(const struct line *line, struct row *row) {
    const struct history_event *oldest = line->oldest, *newest = line->newest;
    struct buf *out = &row->cells[WHAT];
    row->what = FK_BLUE;
    if (newest->kind == HISTORY_EVENT_RUN) {
        row->what = fk_status_colour(newest->run_status);
        buf_printf(out, "%s [%lld]", history_run_status_name(newest->run_status),
            (long long)newest->execution_count);
        return;
    }
    buf_append_string(out, newest->to ? history_cause_name(newest->cause) : "deleted");
    if (oldest != newest)
        buf_printf(out, " since v%lld", (long long)oldest->to);
    else if (newest->from && newest->to)
        buf_printf(out, " from v%lld", (long long)newest->from);
}

static void fill_row(
    const struct cell_names *names, const struct line *line, int64_t now_us, struct row *row) {
    char when[CLOCK_AGO_BYTES];
    const struct cell_name *name = cell_names_of_key(names, line->newest->cell_key);
    clock_format_moment(line->newest->time_us, now_us, when);
    buf_append_string(&row->cells[TIME], when);
    if (name)
        cell_name_append(name, NAME_WIDTH, &row->cells[CELL]);
    buf_printf(&row->cells[VERSION], "v%lld", (long long)version_of(line));
    append_what(line, row);
}

/* What the text has that the one before had not; of a run what made its version. */
static enum status append_change(struct fk_context *context, const struct line *line, size_t room,
    struct buf *out, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_version now, before = {0};
    enum status status = history_read_version(
        context->history, context->document_id, version_of(line), &memory, &now, error);
    int64_t from = line->newest->kind == HISTORY_EVENT_RUN ? now.parent : line->oldest->from;
    if (status == STATUS_OK && from && from != now.number)
        status = history_read_version(
            context->history, context->document_id, from, &memory, &before, error);
    if (status == STATUS_OK)
        change_append(before.text, now.text, room, out);
    history_memory_finish(&memory);
    return status;
}

static enum status print_row(struct fk_context *context, const struct row *row,
    const size_t *widths, const struct line *line, struct error *error) {
    static const enum fk_colour colours[COLUMNS] = {[TIME] = FK_FAINT};
    struct buf text = BUF_INIT;
    size_t before = 0;
    for (size_t i = 0; i < COLUMNS; i++) {
        before += widths[i] + 2;
        enum fk_colour colour = i == WHAT ? row->what : colours[i];
        buf_printf(&text, "%s%s%s", colour ? fk_colour(context, colour) : "",
            buf_string(&row->cells[i]), colour ? fk_colour(context, FK_PLAIN) : "");
        for (size_t used = utf8_count(buf_string(&row->cells[i]), row->cells[i].size);
            used < widths[i] + 2; used++)
            buf_append_char(&text, ' ');
    }
    enum status status = append_change(
        context, line, fk_room(context, before + SIGN_WIDTH, CHANGE_WIDTH), &text, error);
    buf_append_char(&text, '\n');
    if (status == STATUS_OK)
        fk_print_bytes(context, buf_string(&text), text.size);
    buf_finish(&text);
    return status;
}

static enum status print_lines(
    struct fk_context *context, const struct lines *lines, struct error *error) {
    struct row *rows = calloc(lines->count + 1, sizeof *rows);
    size_t widths[COLUMNS] = {0};
    struct cell_names names;
    int64_t now_us = clock_wall_us();
    if (!rows)
        return error_set(error, STATUS_NO_MEMORY, "cannot list the log: out of memory");
    enum status status = cell_names_read(context, &names, error);
    for (size_t i = 0; status == STATUS_OK && i < lines->count; i++) {
        fill_row(&names, &lines->items[i], now_us, &rows[i]);
        for (size_t k = 0; k < COLUMNS; k++) {
            size_t width = utf8_count(buf_string(&rows[i].cells[k]), rows[i].cells[k].size);
            widths[k] = width > widths[k] ? width : widths[k];
        }
    }
    if (status == STATUS_OK)
        cell_names_finish(&names);
    for (size_t i = lines->count; i > 0 && status == STATUS_OK; i--)
        status = print_row(context, &rows[i - 1], widths, &lines->items[i - 1], error);
    for (size_t i = 0; i < lines->count; i++)
        for (size_t k = 0; k < COLUMNS; k++)
            buf_finish(&rows[i].cells[k]);
    free(rows);
    return status;
}

/* Sessions without a notebook that ran the cells of this one. */
static enum status print_nameless(struct fk_context *context, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_nameless_list sessions = {0};
    enum status status = history_list_nameless(
        context->history, context->document_id, NAMELESS_SHOWN, &memory, &sessions, error);
    for (size_t i = sessions.count; i > 0 && status == STATUS_OK; i--) {
        const struct history_nameless *session = &sessions.items[i - 1];
        struct history_activity activity;
        char when[CLOCK_AGO_BYTES];
        status = history_read_activity(context->history, session->document_id, &activity, error);
        clock_format_ago(session->started_us, clock_wall_us(), when);
        if (status == STATUS_OK)
            fk_printf(context, "%sIts cells were also run without it: @%lld, %s, %lld run%s%s\n",
                i == sessions.count ? "\n" : "", (long long)activity.first_session_id, when,
                (long long)session->runs, session->runs == 1 ? "" : "s",
                activity.errors ? ", with errors" : "");
    }
    if (status == STATUS_OK && sessions.count)
        fk_printf(context, "(in a terminal 'forkernel log @SESSION' shows such a session)\n");
    history_memory_finish(&memory);
    return status;
}

/* A count as people type it. */
static bool read_count(const char *word, int64_t *ret_count) {
    char *end;
    long long count = strtoll(word, &end, 10);
    if (*word < '0' || *word > '9' || *end || count < 1 || count > EVENTS_MAX)
        return false;
    *ret_count = count;
    return true;
}

static enum status run(
    struct fk_context *context, size_t count, const char *const *arguments, struct error *error) {
    int64_t shown = EVENTS_DEFAULT;
    if (count > 1)
        return error_set(error, STATUS_INVALID, "too many words; this is how: %s",
            fk_command(context, "log 100").text);
    if (count == 1 && !read_count(arguments[0], &shown))
        return error_set(error, STATUS_INVALID, "'%.80s' is no count up to %d; this is how: %s",
            arguments[0], EVENTS_MAX, fk_command(context, "log 100").text);
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct lines lines = {.wanted = (size_t)shown};
    lines.items = calloc(lines.wanted, sizeof *lines.items);
    enum status status =
        lines.items ? collect(context, &memory, &lines, error)
                    : error_set(error, STATUS_NO_MEMORY, "cannot list the log: out of memory");
    if (status == STATUS_OK && !lines.count)
        fk_printf(context, "No history yet: it begins with the first cell that is run.\n");
    if (status == STATUS_OK)
        status = print_lines(context, &lines, error);
    if (status == STATUS_OK)
        status = print_nameless(context, error);
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
