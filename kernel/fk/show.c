/* %fk show: one version with the outputs of its runs. */
#include "base/clock.h"
#include "kernel/fk/fk.h"

#include <string.h>

enum { RUNS_SHOWN = 5 }; /* the newest ones */

static void print_heading(struct fk_context *context, const struct history_version *version) {
    char age[CLOCK_AGO_BYTES];
    clock_format_ago(version->created_us, clock_wall_us(), age);
    fk_printf(context, "%sversion %lld%s, %s, by %s", fk_colour(context, FK_BOLD),
        (long long)version->number, fk_colour(context, FK_PLAIN), age,
        history_cause_name(version->cause));
    if (version->parent)
        fk_printf(context, ", after version %lld", (long long)version->parent);
    if (*version->label)
        fk_printf(context, ", \"%s\"", version->label);
    fk_printf(context, version->is_head ? ", head of its cell\n\n" : "\n\n");
}

static void print_text(struct fk_context *context, const struct history_version *version) {
    fk_print_bytes(context, version->text, version->text_bytes);
    fk_printf(context, "\n\n");
}

static enum status print_run(struct fk_context *context, const struct history_run_info *run,
    bool every_state, struct error *error) {
    struct buf line = BUF_INIT;
    char age[CLOCK_AGO_BYTES], duration[CLOCK_DURATION_BYTES];
    clock_format_ago(run->started_us, clock_wall_us(), age);
    fk_append_run(context, run, &line);
    fk_printf(context, "%s-- run %lld:%s %s, %s", fk_colour(context, FK_FAINT), (long long)run->id,
        fk_colour(context, FK_PLAIN), buf_string(&line), age);
    if (run->ended_us > run->started_us) {
        clock_format_duration(run->ended_us - run->started_us, duration);
        fk_printf(context, ", took %s", duration);
    }
    if (*run->label || run->pinned)
        fk_printf(context, ", %s\"%s\"", run->pinned ? "pinned " : "", run->label);
    fk_printf(context, run->outputs ? "\n" : ", no output\n");
    buf_finish(&line);
    return every_state ? fk_show_every_state(context, run->id, error)
                       : fk_show_outputs(context, run->id, error);
}

static enum status run(
    struct fk_context *context, size_t count, const char *const *arguments, struct error *error) {
    int64_t number = 0;
    struct buf typed = BUF_INIT;
    bool every_state = fk_join(count, arguments, "--states", &typed);
    enum status status = typed.size
                             ? fk_find_version(context, buf_string(&typed), &number, error)
                             : error_set(error, STATUS_INVALID,
                                   "which version? this is how: %s, or [3] for what cell [3] ran, "
                                   "or a cell's name; --states adds every state of its displays",
                                   fk_command(context, "show 7").text);
    buf_finish(&typed);
    if (status != STATUS_OK)
        return status;
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_version version;
    status = history_read_version(
        context->history, context->document_id, number, &memory, &version, error);
    if (status == STATUS_OK) {
        print_heading(context, &version);
        print_text(context, &version);
        size_t first = version.runs.count > RUNS_SHOWN ? version.runs.count - RUNS_SHOWN : 0;
        if (first)
            fk_printf(context, "(%zu earlier runs are not shown)\n", first);
        for (size_t i = first; i < version.runs.count && status == STATUS_OK; i++)
            status = print_run(context, &version.runs.items[i], every_state, error);
    }
    history_memory_finish(&memory);
    return status;
}

const struct fk_verb fk_show = {
    .name = "show",
    .arguments = "VERSION [--states]",
    .summary = "the text of a version, with the outputs of its runs",
    .run = run,
};
