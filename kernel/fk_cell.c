#include "kernel/fk_cell.h"

#include "base/utf8.h"
#include "kernel/comm/history_comm.h"
#include "kernel/fk/fk.h"
#include "kernel/fk_text.h"
#include "kernel/kernel.h"
#include "kernel/notebook_meet.h"
#include "kernel/output.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 64 };

static const char *skip_space(const char *text) {
    while (isspace((unsigned char)*text))
        text++;
    return text;
}

bool fk_cell_is_command(const char *code) {
    code = skip_space(code);
    return strncmp(code, "%fk", 3) == 0 && (!code[3] || isspace((unsigned char)code[3]));
}

/* ---- the sink: what verbs show goes out as output of the running cell, past the recorder ---- */

struct cell_sink {
    struct kernel *kernel;
    const char *document; /* where the notebook lies, or NULL */
    json_t *payload;
};

static void sink_text(void *context, const char *text, size_t size) {
    struct cell_sink *sink = context;
    if (sink->kernel->execution.silent)
        return;
    front_text_push(&sink->kernel->execution.text, ENGINE_STDOUT, text, size);
}

static void sink_bundle(void *context, json_t *data, const struct history_output *output) {
    (void)output;
    struct cell_sink *sink = context;
    if (sink->kernel->execution.silent)
        return;
    output_flush(sink->kernel);
    kernel_publish_new(sink->kernel, sink->kernel->execution.last_parent, "display_data",
        json_pack("{s:O, s:{}, s:{}}", "data", data, "metadata", "transient"));
}

static void sink_next_input(void *context, const char *text, size_t size) {
    struct cell_sink *sink = context;
    struct buf clean = BUF_INIT;
    utf8_append_clean(&clean, text, size);
    json_array_append_new(sink->payload, json_pack("{s:s, s:s%, s:b}", "source", "set_next_input",
                                             "text", buf_string(&clean), clean.size, "replace", 1));
    buf_finish(&clean);
}

static void sink_changed(
    void *context, enum fk_changed changed, int64_t number, const char *cell_key) {
    static const char *const members[] = {
        [FK_CHANGED_HEAD] = "head", [FK_CHANGED_VERSION] = "version", [FK_CHANGED_RUN] = "run"};
    struct cell_sink *sink = context;
    json_t *change = json_pack("{s:I}", members[changed], (json_int_t)number);
    if (cell_key)
        json_object_set_new(change, "cell", json_string(cell_key));
    history_comm_changed(
        sink->kernel, recorder_document_at(sink->kernel->recorder, sink->document), change);
}

/* ---- the lines ---- */

static const char no_history_text[] =
    "No history of this notebook yet: it begins with the first cell that is run";

/* Front ends that do not say which notebook this is (consoles, plain nbclient) have a document
   without a name, which lives as long as this kernel. */
static enum status find_document(struct fk_context *context, const struct recorder *recorder,
    const struct cell_place *place, struct error *error) {
    enum status status = STATUS_OK;
    context->document_id = recorder_document_at(recorder, place->document);
    if (place->document && !context->document_id)
        status =
            notebook_find_document(context->history, place->document, &context->document_id, error);
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && !context->document_id))
        return error_set(error, STATUS_NOT_FOUND, "%s", no_history_text);
    return status;
}

/* Nothing is recorded of it yet: where there is something to be said about it it begins now, else
 * what holds for all notebooks holds for it. */
static enum status begin_document(struct fk_context *context, struct recorder *recorder,
    const struct cell_place *place, bool is_said, struct error *error) {
    context->document_id = 0;
    if (!is_said)
        return STATUS_OK;
    if (!recorder_session(recorder, place->document, error))
        return error->status;
    context->document_id = recorder_document_at(recorder, place->document);
    return STATUS_OK;
}

/* Split at white space, in place. */
static size_t split_words(char *line, const char *words[WORDS_MAX]) {
    size_t count = 0;
    char *save = NULL;
    for (char *word = strtok_r(line, " \t\r", &save); word && count < WORDS_MAX;
        word = strtok_r(NULL, " \t\r", &save))
        words[count++] = word;
    return count;
}

/* Before anything is done: no line is anything else than a command. */
static enum status check_lines(const char *code, struct error *error) {
    const char *other = fk_text_other_line(code);
    if (!other)
        return STATUS_OK;
    return error_set(error, STATUS_INVALID,
        "a cell with %%fk holds nothing else; this line belongs in a cell of its own: %.*s",
        (int)utf8_floor(other, strcspn(other, "\n"), 80), other);
}

static enum status run_line(struct fk_context *context, struct recorder *recorder,
    const struct cell_place *place, char *line, struct error *error) {
    const char *words[WORDS_MAX];
    size_t count = split_words(line, words);
    if (!count)
        return STATUS_OK;
    const char *name = count > 1 ? words[1] : "help";
    const struct fk_verb *verb = fk_verb_find(name);
    if (!verb)
        return error_set(
            error, STATUS_INVALID, "no such command: '%%fk %s'; %%fk help lists them", name);
    if (verb != &fk_help) {
        enum status status = find_document(context, recorder, place, error);
        if (status == STATUS_NOT_FOUND && verb->begins_document)
            status = begin_document(context, recorder, place, count > 2, error);
        if (status == STATUS_NOT_FOUND &&
            (verb == &fk_tree || verb == &fk_deleted || verb == &fk_log || verb == &fk_states)) {
            fk_printf(context, "%s\n", error->message); /* an empty list is no failure */
            return STATUS_OK;
        }
        if (status != STATUS_OK)
            return status;
        context->session_id = recorder_session_of(recorder, context->document_id);
    }
    return verb->run(context, count > 2 ? count - 2 : 0, words + 2, error);
}

struct fk_cell_outcome fk_cell_run(
    struct kernel *kernel, const char *code, const struct cell_place *place) {
    struct fk_cell_outcome outcome = {0};
    struct cell_sink cell_sink = {
        .kernel = kernel, .document = place->document, .payload = json_array()};
    struct fk_sink sink = {
        .context = &cell_sink,
        .text = sink_text,
        .bundle = sink_bundle,
        .next_input = sink_next_input,
        .changed = sink_changed,
        .colours = true,
    };
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct fk_context context = {.cell_key = place->key, .sink = &sink, .states = kernel->states};
    struct error error;
    enum status status = check_lines(code, &error);
    if (status == STATUS_OK) {
        context.history = recorder_history(kernel->recorder, &error);
        status = context.history ? STATUS_OK : error.status;
    }
    if (!place->key)
        context.cell_key = recorder_cell_key(kernel->recorder, place, &memory);
    char *lines = strdup(code);
    if (!lines)
        status = error_set(&error, STATUS_NO_MEMORY, "out of memory");
    char *save = NULL;
    for (char *line = lines ? strtok_r(lines, "\n", &save) : NULL; line && status == STATUS_OK;
        line = strtok_r(NULL, "\n", &save)) {
        if (context.moves && *skip_space(line))
            status = error_set(&error, STATUS_INVALID,
                "a command that goes to another state is the last one in its cell; nothing was "
                "moved");
        else
            status = run_line(&context, kernel->recorder, place, line, &error);
    }
    free(lines);
    history_memory_finish(&memory);
    front_text_end(&kernel->execution.text);
    outcome.payload = cell_sink.payload;
    outcome.moves = context.moves;
    outcome.move_to = context.move_to;
    outcome.document_id = context.document_id;
    if (status != STATUS_OK)
        outcome.error = strdup(error.message);
    return outcome;
}

void fk_cell_outcome_finish(struct fk_cell_outcome *outcome) {
    free(outcome->error);
    json_decref(outcome->payload);
    *outcome = (struct fk_cell_outcome){0};
}
