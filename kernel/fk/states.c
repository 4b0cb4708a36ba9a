/* %fk states: the state tree of the notebook, newest on top, and what keeping states costs. */
#include "kernel/states.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "kernel/fk/fk.h"
#include "kernel/fk/lanes.h"
#include "kernel/state_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS_MAX = 100, /* of the newest states; the rest is counted */
    SUMMARY_WIDTH = 44,
    EFFECTS_WIDTH = 100,
};

enum column { LANES, NUMBER, COUNT, AGE, HOW, COLUMNS };

struct row {
    const struct history_state_info *run;
    struct buf joint; /* a line before the row, or empty */
    struct buf cells[COLUMNS];
    enum fk_colour how;
};

static void append_size(struct buf *out, int64_t bytes) {
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB"};
    double size = (double)bytes;
    size_t unit = 0;
    for (; size >= 1000 && unit + 1 < sizeof units / sizeof *units; unit++)
        size /= 1024;
    buf_printf(out, unit && size < 10 ? "%.1f %s" : "%.0f %s", size, units[unit]);
}

/* ---- a row ---- */

static void append_cut(struct buf *out, const char *text, size_t width) {
    size_t size = strlen(text);
    size_t offset = utf8_offset(text, size, width);
    buf_append(out, text, offset);
    if (offset < size)
        buf_append_string(out, "…");
}

static void append_how(
    struct row *row, const struct history_states *runs, const struct states *states) {
    struct state_plan plan = state_plan_make(runs, states, row->run);
    const struct state *state = states ? states_of_run(states, row->run->run_id) : NULL;
    state_plan_describe(&plan, &row->cells[HOW]);
    if (plan.kind == PLAN_LIVE && state && state->bytes) {
        buf_append_string(&row->cells[HOW], ", ");
        append_size(&row->cells[HOW], state->bytes);
    }
    if (plan.kind == PLAN_LIVE && state && state->pinned)
        buf_append_string(&row->cells[HOW], ", pinned");
    row->how = plan.kind == PLAN_LIVE ? FK_GREEN : plan.kind == PLAN_IMPOSSIBLE ? FK_RED : FK_FAINT;
}

static void fill_row(struct fk_context *context, struct row *row, const struct history_states *runs,
    struct lanes *lanes, int64_t current, int64_t now_us) {
    const struct history_state_info *run = row->run;
    const struct history_state_info *parent = state_plan_parent(runs, run);
    char age[CLOCK_AGO_BYTES];
    lanes_append_joint(lanes, run->run_id, &row->joint);
    lanes_append_row(lanes, run->run_id, parent ? parent->run_id : 0,
        run->run_id == current ? "●" : "○", &row->cells[LANES]);
    buf_printf(&row->cells[NUMBER], "%lld", (long long)run->run_id);
    buf_printf(&row->cells[COUNT], "[%lld]", (long long)run->execution_count);
    clock_format_ago(run->started_us, now_us, age);
    buf_append_string(&row->cells[AGE], age);
    append_how(row, runs, context->states);
}

static void print_row(struct fk_context *context, const struct row *row, const size_t *widths) {
    static const enum fk_colour colours[COLUMNS] = {[NUMBER] = FK_BOLD, [AGE] = FK_FAINT};
    struct buf line = BUF_INIT;
    const char *plain = fk_colour(context, FK_PLAIN);
    buf_append(&line, buf_string(&row->joint), row->joint.size);
    for (size_t i = 0; i < COLUMNS; i++) {
        enum fk_colour colour = i == HOW ? row->how : colours[i];
        size_t used = utf8_count(buf_string(&row->cells[i]), row->cells[i].size);
        buf_printf(&line, "%s%s%s", colour ? fk_colour(context, colour) : "",
            buf_string(&row->cells[i]), colour ? plain : "");
        for (size_t gap = i == LANES ? 0 : 2; used < widths[i] + gap; used++)
            buf_append_char(&line, ' ');
    }
    append_cut(&line, row->run->summary, SUMMARY_WIDTH);
    if (*row->run->defines)
        buf_printf(&line, "  %s%s%s", fk_colour(context, FK_BLUE), row->run->defines, plain);
    if (*row->run->effects) {
        buf_printf(&line, "  %s(it ", fk_colour(context, FK_YELLOW));
        append_cut(&line, row->run->effects, EFFECTS_WIDTH);
        buf_printf(&line, ")%s", plain);
    }
    buf_append_char(&line, '\n');
    fk_print_bytes(context, buf_string(&line), line.size);
    buf_finish(&line);
}

/* ---- the tree ---- */

static void print_summary(struct fk_context *context) {
    struct states_summary summary = states_summarize(context->states);
    struct buf text = BUF_INIT;
    char cost[CLOCK_DURATION_BYTES];
    clock_format_duration(summary.cost_us, cost);
    if (!summary.supported) {
        buf_append_string(&text, "This engine keeps no live states: cells are run again.\n");
    } else if (!summary.on) {
        buf_append_string(&text, "No live states are kept: %fk states --on changes that.\n");
    } else {
        buf_printf(&text, "%lld state%s kept live, ", (long long)summary.kept,
            summary.kept == 1 ? "" : "s");
        append_size(&text, summary.bytes);
        buf_append_string(&text, " of at most ");
        append_size(&text, summary.budget_bytes);
        if (summary.evicted)
            buf_printf(&text, "; %lld given up to stay within that", (long long)summary.evicted);
        if (summary.cost_us)
            buf_printf(&text, "; keeping one takes %s", cost);
        buf_append_string(&text, ".\n");
        if (summary.sparing)
            buf_append_string(&text,
                "That is more than 5% of the time of the cells: not every state "
                "is kept, and a crash may run a few cells again.\n");
        if (summary.trouble)
            buf_printf(&text, "The last one could not be kept: %s.\n", summary.trouble);
    }
    buf_append_char(&text, '\n');
    fk_print_bytes(context, buf_string(&text), text.size);
    buf_finish(&text);
}

static enum status print_rows(
    struct fk_context *context, const struct history_states *runs, struct error *error) {
    struct row *rows = calloc(ROWS_MAX, sizeof *rows);
    struct lanes lanes = {0};
    size_t widths[COLUMNS] = {0};
    size_t count = 0;
    size_t hidden = 0;
    int64_t now_us = clock_wall_us();
    int64_t current = context->states ? states_current_run(context->states) : 0;
    if (!rows)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    for (size_t i = runs->count; i-- > 0;) {
        if (!state_plan_is_state(&runs->items[i]))
            continue;
        if (count == ROWS_MAX) {
            hidden++;
            continue;
        }
        struct row *row = &rows[count++];
        row->run = &runs->items[i];
        fill_row(context, row, runs, &lanes, current, now_us);
        for (size_t k = 0; k < COLUMNS; k++) {
            size_t width = utf8_count(buf_string(&row->cells[k]), row->cells[k].size);
            widths[k] = width > widths[k] ? width : widths[k];
        }
    }
    for (size_t i = 0; i < count; i++) {
        print_row(context, &rows[i], widths);
        buf_finish(&rows[i].joint);
        for (size_t k = 0; k < COLUMNS; k++)
            buf_finish(&rows[i].cells[k]);
    }
    free(rows);
    if (hidden)
        fk_printf(context, "(%zu older states are not shown)\n", hidden);
    if (!count)
        fk_printf(context, "No states yet: the first comes with the first cell that is run.\n");
    return STATUS_OK;
}

static enum status print_tree(struct fk_context *context, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_states runs;
    if (context->states)
        print_summary(context);
    enum status status =
        history_list_states(context->history, context->document_id, &memory, &runs, error);
    if (status == STATUS_OK)
        status = print_rows(context, &runs, error);
    history_memory_finish(&memory);
    return status;
}

/* ---- options ---- */

static enum status pin(
    struct fk_context *context, const char *word, bool pinned, struct error *error) {
    int64_t run_id = 0;
    enum status status = fk_find_run(context, word, &run_id, error);
    if (status == STATUS_OK && !states_pin(context->states, run_id, pinned))
        status = error_set(error, STATUS_NOT_FOUND,
            "run %lld left no state in this kernel; %%fk states lists them", (long long)run_id);
    return status;
}

static enum status set_option(
    struct fk_context *context, size_t count, const char *const *arguments, struct error *error) {
    const char *value = count > 1 ? arguments[1] : "";
    int64_t bytes = 0;
    if (!context->states)
        return error_set(error, STATUS_INVALID,
            "live states are a running kernel's: use %%fk states %s in a cell", arguments[0]);
    if (count == 1 && strcmp(arguments[0], "--off") == 0)
        states_switch(context->states, false);
    else if (count == 1 && strcmp(arguments[0], "--on") == 0)
        states_switch(context->states, true);
    else if (count == 2 && strcmp(arguments[0], "--pin") == 0)
        return pin(context, value, true, error);
    else if (count == 2 && strcmp(arguments[0], "--unpin") == 0)
        return pin(context, value, false, error);
    else if (count == 2 && strcmp(arguments[0], "--budget") == 0 &&
             states_parse_bytes(value, &bytes))
        states_set_budget(context->states, bytes);
    else
        return error_set(error, STATUS_INVALID,
            "this is how: states [--on | --off | --budget 500M | --pin RUN | --unpin RUN]");
    return STATUS_OK;
}

static enum status run(
    struct fk_context *context, size_t count, const char *const *arguments, struct error *error) {
    enum status status = count ? set_option(context, count, arguments, error) : STATUS_OK;
    return status == STATUS_OK ? print_tree(context, error) : status;
}

const struct fk_verb fk_states = {
    .name = "states",
    .arguments = "[--on | --off | --budget SIZE | --pin RUN]",
    .summary = "the states of the program as a tree, and how each can be had",
    .run = run,
};
