/* %fk notebook: the whole notebook as it was at a time, or the path to a state, as a new file. */
#include "base/clock.h"
#include "history/activity.h"
#include "kernel/fk/fk.h"
#include "kernel/notebook_export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct wish {
    int64_t time_us; /* 0: now */
    int64_t before;  /* a run: the notebook just before it */
    int64_t path;    /* a run: the cells that led to its state */
    const char *output;
};

static enum status read_words(struct fk_context *context, size_t count,
    const char *const *arguments, struct wish *wish, struct error *error) {
    struct buf when = BUF_INIT, run = BUF_INIT;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        bool more = i + 1 < count;
        if (strcmp(arguments[i], "--output") == 0 && more)
            wish->output = arguments[++i];
        else if (more &&
                 (strcmp(arguments[i], "--before") == 0 || strcmp(arguments[i], "--path") == 0)) {
            bool before = strcmp(arguments[i], "--before") == 0;
            size_t words = fk_words_of_name(count - i - 1, arguments + i + 1);
            fk_join(words, arguments + i + 1, NULL, &run);
            status =
                fk_find_run(context, buf_string(&run), before ? &wish->before : &wish->path, error);
            i += words;
        } else {
            buf_printf(&when, "%s%s", when.size ? " " : "", arguments[i]);
        }
        buf_clear(&run);
    }
    if (status == STATUS_OK && when.size &&
        !clock_parse(buf_string(&when), clock_wall_us(), &wish->time_us))
        status = error_set(error, STATUS_INVALID, "'%.80s' is no time; these are: " CLOCK_EXAMPLES,
            buf_string(&when));
    buf_finish(&when);
    buf_finish(&run);
    return status;
}

static enum status make(
    struct fk_context *context, struct wish *wish, json_t **ret_notebook, struct error *error) {
    if (wish->path) {
        enum status status = notebook_export_path(
            context->history, context->document_id, wish->path, ret_notebook, error);
        if (status == STATUS_NOT_FOUND)
            error_set(error, status, "this notebook has no run %lld; %s lists them",
                (long long)wish->path, fk_command(context, "states").text);
        return status;
    }
    if (wish->before) {
        struct history_memory memory = HISTORY_MEMORY_INIT;
        struct history_run_info run;
        enum status status = history_read_run(context->history, wish->before, &memory, &run, error);
        if (status == STATUS_OK)
            status = notebook_export_time_before(
                context->history, context->document_id, &run, &wish->time_us, error);
        history_memory_finish(&memory);
        if (status != STATUS_OK)
            return status;
    }
    return notebook_export_at(
        context->history, context->document_id, wish->time_us, ret_notebook, error);
}

/* Beside the notebook: "name-2026-03-01-0930.ipynb", "name-run-12.ipynb"; of a session without one,
   here: "session-42-2026-03-01-0930.ipynb". */
static char *name_file(struct fk_context *context, const struct wish *wish, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_documents documents = {0};
    struct history_activity activity = {0};
    struct buf path = BUF_INIT;
    const char *notebook = "";
    if (history_list_documents(context->history, &memory, &documents, error) == STATUS_OK)
        for (size_t i = 0; i < documents.count; i++)
            if (documents.items[i].id == context->document_id)
                notebook = documents.items[i].path;
    size_t size = strlen(notebook);
    if (size > 6 && strcmp(notebook + size - 6, ".ipynb") == 0)
        size -= 6;
    if (size)
        buf_append(&path, notebook, size);
    else if (history_read_activity(context->history, context->document_id, &activity, error) ==
             STATUS_OK)
        buf_printf(&path, "session-%lld", (long long)activity.first_session_id);
    else
        buf_append_string(&path, "notebook");
    if (wish->path) {
        buf_printf(&path, "-run-%lld.ipynb", (long long)wish->path);
    } else {
        char stamp[CLOCK_STAMP_BYTES];
        clock_format_stamp(wish->time_us ? wish->time_us : clock_wall_us(), stamp);
        buf_printf(&path, "-%s.ipynb", stamp);
    }
    history_memory_finish(&memory);
    return buf_take(&path);
}

static enum status run(
    struct fk_context *context, size_t count, const char *const *arguments, struct error *error) {
    struct wish wish = {0};
    json_t *notebook = NULL;
    enum status status = read_words(context, count, arguments, &wish, error);
    if (status == STATUS_OK)
        status = make(context, &wish, &notebook, error);
    if (status != STATUS_OK)
        return status;
    char *path = wish.output ? strdup(wish.output) : name_file(context, &wish, error);
    if (!path)
        status = error_set(error, STATUS_NO_MEMORY, "out of memory");
    if (status == STATUS_OK)
        status = notebook_export_write(notebook, path, error);
    if (status == STATUS_OK)
        fk_printf(context, "%zu cells are in %s\n",
            json_array_size(json_object_get(notebook, "cells")), path);
    free(path);
    json_decref(notebook);
    return status;
}

const struct fk_verb fk_notebook = {
    .name = "notebook",
    .arguments = "[TIME | --before RUN | --path RUN] [--output FILE]",
    .summary = "the whole notebook as it was then, or the cells that led to a state, as a new file",
    .run = run,
};
