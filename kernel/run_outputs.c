#include "kernel/run_outputs.h"

#include "base/utf8.h"
#include "kernel/bundle.h"

#include <string.h>

size_t run_outputs_first_visible(const struct history_outputs *outputs) {
    size_t first = 0;
    for (size_t i = 0; i < outputs->count; i++) {
        enum history_output_kind kind = outputs->items[i].kind;
        if (kind == HISTORY_CLEAR || (kind == HISTORY_CLEAR_ON_NEXT && i + 1 < outputs->count))
            first = i + 1;
    }
    return first;
}

static bool updates(const struct history_output *update, const struct history_output *output) {
    return update->kind == HISTORY_UPDATE && *output->display_id &&
           strcmp(update->display_id, output->display_id) == 0;
}

const struct history_output *run_outputs_newest(
    const struct history_outputs *outputs, const struct history_output *output) {
    const struct history_output *newest = output;
    for (size_t i = 0; i < outputs->count; i++)
        if (updates(&outputs->items[i], output))
            newest = &outputs->items[i];
    return newest;
}

size_t run_outputs_states(
    const struct history_outputs *outputs, const struct history_output *output) {
    size_t states = 1;
    for (size_t i = 0; i < outputs->count; i++)
        states += updates(&outputs->items[i], output);
    return states;
}

/* ---- nbformat ---- */

/* Where something was left out, the text itself says so. */
static enum status read_text(struct history *history, const struct history_output *output,
    struct buf *out, struct error *error) {
    struct buf bytes = BUF_INIT;
    enum status status = STATUS_NOT_FOUND;
    if (output->part_count)
        status = history_read_part(history, &output->parts[0], &bytes, error);
    if (status == STATUS_OK)
        utf8_append_clean(out, buf_string(&bytes), bytes.size);
    buf_finish(&bytes);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status add_stream(struct history *history, const struct history_output *output,
    json_t *list, struct error *error) {
    struct buf text = BUF_INIT;
    enum status status = read_text(history, output, &text, error);
    json_array_append_new(list, json_pack("{s:s, s:s, s:s%}", "output_type", "stream", "name",
                                    output->kind == HISTORY_STDERR ? "stderr" : "stdout", "text",
                                    buf_string(&text), text.size));
    buf_finish(&text);
    return status;
}

static enum status add_error(struct history *history, const struct history_output *output,
    json_t *list, struct error *error) {
    struct buf text = BUF_INIT;
    enum status status = read_text(history, output, &text, error);
    json_t *lines = json_array();
    const char *line = buf_string(&text);
    while (*line) {
        size_t size = strcspn(line, "\n");
        json_array_append_new(lines, json_stringn(line, size));
        line += size + (line[size] == '\n');
    }
    json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:o}", "output_type", "error", "ename",
                                    output->ename, "evalue", output->evalue, "traceback", lines));
    buf_finish(&text);
    return status;
}

static enum status add_bundle(struct history *history, const struct history_run_info *run,
    const struct history_output *output, json_t *list, struct error *error) {
    json_t *data = json_object();
    json_t *metadata = json_object();
    int64_t missing = 0;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < output->part_count && status == STATUS_OK; i++) {
        struct buf bytes = BUF_INIT;
        status = history_read_part(history, &output->parts[i], &bytes, error);
        if (status == STATUS_OK) {
            bundle_add_to_json(data, output->parts[i].mime, buf_string(&bytes), bytes.size);
        } else if (status == STATUS_NOT_FOUND) {
            missing += output->parts[i].total_bytes;
            status = STATUS_OK;
        }
        buf_finish(&bytes);
    }
    if (missing)
        json_object_set_new(
            metadata, "forkernel", json_pack("{s:I}", "left_out", (json_int_t)missing));
    json_t *item = json_pack("{s:o, s:o}", "data", data, "metadata", metadata);
    if (output->kind == HISTORY_RESULT) {
        json_object_set_new(item, "output_type", json_string("execute_result"));
        json_object_set_new(item, "execution_count", json_integer(run->execution_count));
    } else {
        json_object_set_new(item, "output_type", json_string("display_data"));
    }
    json_array_append_new(list, item);
    return status;
}

static enum status add_output(struct history *history, const struct history_run_info *run,
    const struct history_outputs *outputs, const struct history_output *output, json_t *list,
    struct error *error) {
    switch (output->kind) {
    case HISTORY_STDOUT:
    case HISTORY_STDERR:
        return add_stream(history, output, list, error);
    case HISTORY_ERROR_OUTPUT:
        return add_error(history, output, list, error);
    case HISTORY_DISPLAY:
    case HISTORY_RESULT: {
        struct history_output newest = *run_outputs_newest(outputs, output);
        newest.kind = output->kind;
        return add_bundle(history, run, &newest, list, error);
    }
    case HISTORY_UPDATE:
    case HISTORY_CLEAR:
    case HISTORY_CLEAR_ON_NEXT:
        break;
    }
    return STATUS_OK;
}

enum status run_outputs_as_nbformat(struct history *history, const struct history_run_info *run,
    json_t **ret_outputs, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_outputs outputs;
    json_t *list = json_array();
    enum status status = history_list_outputs(history, run->id, &memory, &outputs, error);
    if (status == STATUS_OK)
        for (size_t i = run_outputs_first_visible(&outputs);
            i < outputs.count && status == STATUS_OK; i++)
            status = add_output(history, run, &outputs, &outputs.items[i], list, error);
    history_memory_finish(&memory);
    if (status == STATUS_OK)
        *ret_outputs = list;
    else
        json_decref(list);
    return status;
}
