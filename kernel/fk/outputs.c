/* The outputs of a run, shown again. */
#include "kernel/bundle.h"
#include "kernel/fk/fk.h"
#include "kernel/run_outputs.h"

#include <string.h>

static void say_missing(struct fk_context *context, const struct history_part *part) {
    fk_printf(context, "%s[%s, %lld bytes: not kept]%s\n", fk_colour(context, FK_FAINT), part->mime,
        (long long)part->total_bytes, fk_colour(context, FK_PLAIN));
}

static enum status show_text(
    struct fk_context *context, const struct history_output *output, struct error *error) {
    for (size_t i = 0; i < output->part_count; i++) {
        struct buf bytes = BUF_INIT;
        enum status status = history_read_part(context->history, &output->parts[i], &bytes, error);
        if (status == STATUS_OK) {
            fk_print_bytes(context, buf_string(&bytes), bytes.size);
            if (bytes.size && bytes.data[bytes.size - 1] != '\n')
                fk_printf(context, "\n");
        } else if (status == STATUS_NOT_FOUND) {
            say_missing(context, &output->parts[i]);
        }
        buf_finish(&bytes);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND)
            return status;
    }
    return STATUS_OK;
}

static enum status show_bundle(
    struct fk_context *context, const struct history_output *output, struct error *error) {
    json_t *data = json_object();
    enum status status = STATUS_OK;
    for (size_t i = 0; i < output->part_count; i++) {
        struct buf bytes = BUF_INIT;
        status = history_read_part(context->history, &output->parts[i], &bytes, error);
        if (status == STATUS_OK)
            bundle_add_to_json(data, output->parts[i].mime, buf_string(&bytes), bytes.size);
        else if (status == STATUS_NOT_FOUND)
            say_missing(context, &output->parts[i]);
        buf_finish(&bytes);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND)
            break;
        status = STATUS_OK;
    }
    if (status == STATUS_OK && json_object_size(data))
        context->sink->bundle(context->sink->context, data, output);
    json_decref(data);
    return status;
}

/* An update leaves no trace where the newest state alone is shown. */
static void say_states(struct fk_context *context, const struct history_outputs *outputs,
    const struct history_output *output) {
    size_t states = run_outputs_states(outputs, output);
    if (states > 1)
        fk_printf(context,
            "%s[the last of %zu states of this display; show VERSION --states shows all]%s\n",
            fk_colour(context, FK_FAINT), states, fk_colour(context, FK_PLAIN));
}

static enum status show_output(struct fk_context *context, const struct history_outputs *outputs,
    const struct history_output *output, struct error *error) {
    switch (output->kind) {
    case HISTORY_STDOUT:
    case HISTORY_STDERR:
    case HISTORY_ERROR_OUTPUT:
        return show_text(context, output, error);
    case HISTORY_DISPLAY:
    case HISTORY_RESULT: {
        enum status status = show_bundle(context, run_outputs_newest(outputs, output), error);
        if (status == STATUS_OK)
            say_states(context, outputs, output);
        return status;
    }
    case HISTORY_UPDATE:
    case HISTORY_CLEAR:
    case HISTORY_CLEAR_ON_NEXT:
        break;
    }
    return STATUS_OK;
}

enum status fk_show_outputs(struct fk_context *context, int64_t run_id, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_outputs outputs;
    enum status status = history_list_outputs(context->history, run_id, &memory, &outputs, error);
    if (status == STATUS_OK)
        for (size_t i = run_outputs_first_visible(&outputs);
            i < outputs.count && status == STATUS_OK; i++)
            status = show_output(context, &outputs, &outputs.items[i], error);
    history_memory_finish(&memory);
    return status;
}

static enum status show_state(
    struct fk_context *context, const struct history_output *output, struct error *error) {
    const char *note = NULL;
    if (output->kind == HISTORY_UPDATE)
        note = "[updated to]";
    else if (output->kind == HISTORY_CLEAR || output->kind == HISTORY_CLEAR_ON_NEXT)
        note = "[cleared]";
    if (note)
        fk_printf(
            context, "%s%s%s\n", fk_colour(context, FK_FAINT), note, fk_colour(context, FK_PLAIN));
    bool is_text = output->kind == HISTORY_STDOUT || output->kind == HISTORY_STDERR ||
                   output->kind == HISTORY_ERROR_OUTPUT;
    return is_text ? show_text(context, output, error) : show_bundle(context, output, error);
}

enum status fk_show_every_state(struct fk_context *context, int64_t run_id, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_outputs outputs = {0};
    enum status status = history_list_outputs(context->history, run_id, &memory, &outputs, error);
    for (size_t i = 0; i < outputs.count && status == STATUS_OK; i++)
        status = show_state(context, &outputs.items[i], error);
    history_memory_finish(&memory);
    return status;
}
