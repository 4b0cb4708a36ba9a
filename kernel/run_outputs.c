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

/* ---- what is missing ---- */

static int64_t part_left_out(const struct history_part *part) {
    int64_t kept = part->head_bytes + part->tail_bytes;
    return part->total_bytes > kept ? part->total_bytes - kept : 0;
}

enum status run_outputs_left_out(
    struct history *history, int64_t run_id, int64_t *ret_bytes, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_outputs outputs = {0};
    int64_t bytes = 0;
    enum status status = history_list_outputs(history, run_id, &memory, &outputs, error);
    for (size_t i = run_outputs_first_visible(&outputs); i < outputs.count; i++) {
        const struct history_output *output = run_outputs_newest(&outputs, &outputs.items[i]);
        for (size_t p = 0; p < output->part_count && outputs.items[i].kind != HISTORY_UPDATE; p++)
            bytes += part_left_out(&output->parts[p]);
    }
    history_memory_finish(&memory);
    if (status == STATUS_OK)
        *ret_bytes = bytes;
    return status;
}

/* ---- nbformat ---- */

/* On the way into an array of outputs. */
struct making {
    struct history *history;
    const struct history_run_info *run;
    const struct history_outputs *outputs;
    const struct run_outputs_wish *wish;
    json_t *list;
    json_t *left_out; /* bytes of each */
};

static bool is_wanted(const struct making *making, const char *mime) {
    const json_t *mimes = making->wish->mimes;
    size_t count = json_array_size(mimes);
    for (size_t i = 0; i < count; i++) {
        const char *wanted = json_string_value(json_array_get(mimes, i));
        if (wanted && strcmp(wanted, mime) == 0)
            return true;
    }
    return count == 0;
}

static void add(struct making *making, json_t *item, int64_t left_out) {
    json_array_append_new(making->list, item);
    json_array_append_new(making->left_out, json_integer(left_out));
}

/* Where something was left out, the text itself says so. */
static enum status read_text(const struct making *making, const struct history_output *output,
    struct buf *out, int64_t *ret_left_out, struct error *error) {
    struct buf bytes = BUF_INIT;
    enum status status = STATUS_NOT_FOUND;
    *ret_left_out = 0;
    if (output->part_count) {
        *ret_left_out = part_left_out(&output->parts[0]);
        status = history_read_part(making->history, &output->parts[0], &bytes, error);
    }
    size_t limit = making->wish->limit_bytes;
    size_t shown = bytes.size;
    if (limit && shown > limit) {
        shown = utf8_floor(buf_string(&bytes), shown, limit);
        *ret_left_out += (int64_t)(bytes.size - shown);
    }
    if (status == STATUS_OK)
        utf8_append_clean(out, buf_string(&bytes), shown);
    buf_finish(&bytes);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status add_stream(
    struct making *making, const struct history_output *output, struct error *error) {
    struct buf text = BUF_INIT;
    int64_t left_out = 0;
    enum status status = read_text(making, output, &text, &left_out, error);
    add(making,
        json_pack("{s:s, s:s, s:s%}", "output_type", "stream", "name",
            output->kind == HISTORY_STDERR ? "stderr" : "stdout", "text", buf_string(&text),
            text.size),
        left_out);
    buf_finish(&text);
    return status;
}

static enum status add_error(
    struct making *making, const struct history_output *output, struct error *error) {
    struct buf text = BUF_INIT;
    int64_t left_out = 0;
    enum status status = read_text(making, output, &text, &left_out, error);
    json_t *lines = json_array();
    const char *line = buf_string(&text);
    while (*line) {
        size_t size = strcspn(line, "\n");
        json_array_append_new(lines, json_stringn(line, size));
        line += size + (line[size] == '\n');
    }
    add(making,
        json_pack("{s:s, s:s, s:s, s:o}", "output_type", "error", "ename", output->ename, "evalue",
            output->evalue, "traceback", lines),
        left_out);
    buf_finish(&text);
    return status;
}

/* One MIME type of a bundle; what it does not go in for adds to `left_out`. */
static enum status add_part(struct making *making, const struct history_part *part, json_t *data,
    int64_t *left_out, struct error *error) {
    struct buf bytes = BUF_INIT;
    size_t limit = making->wish->limit_bytes;
    enum status status = STATUS_NOT_FOUND;
    if (!limit || part->total_bytes <= (int64_t)limit)
        status = history_read_part(making->history, part, &bytes, error);
    if (status == STATUS_OK)
        bundle_add_to_json(data, part->mime, buf_string(&bytes), bytes.size);
    else if (status == STATUS_NOT_FOUND)
        *left_out += part->total_bytes;
    buf_finish(&bytes);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status add_bundle(
    struct making *making, const struct history_output *output, struct error *error) {
    json_t *data = json_object();
    json_t *metadata = json_object();
    int64_t left_out = 0;
    enum status status = STATUS_OK;
    bool any = output->part_count == 0;
    for (size_t i = 0; i < output->part_count && status == STATUS_OK; i++)
        if (is_wanted(making, output->parts[i].mime)) {
            any = true;
            status = add_part(making, &output->parts[i], data, &left_out, error);
        }
    if (left_out)
        json_object_set_new(
            metadata, "forkernel", json_pack("{s:I}", "left_out", (json_int_t)left_out));
    json_t *item = json_pack("{s:o, s:o}", "data", data, "metadata", metadata);
    if (output->kind == HISTORY_RESULT) {
        json_object_set_new(item, "output_type", json_string("execute_result"));
        json_object_set_new(item, "execution_count", json_integer(making->run->execution_count));
    } else {
        json_object_set_new(item, "output_type", json_string("display_data"));
    }
    if (any)
        add(making, item, left_out);
    else
        json_decref(item);
    return status;
}

static enum status add_output(
    struct making *making, const struct history_output *output, struct error *error) {
    switch (output->kind) {
    case HISTORY_STDOUT:
    case HISTORY_STDERR:
        return is_wanted(making, "text/plain") ? add_stream(making, output, error) : STATUS_OK;
    case HISTORY_ERROR_OUTPUT:
        return is_wanted(making, "text/plain") ? add_error(making, output, error) : STATUS_OK;
    case HISTORY_DISPLAY:
    case HISTORY_RESULT: {
        struct history_output newest = *run_outputs_newest(making->outputs, output);
        newest.kind = output->kind;
        return add_bundle(making, &newest, error);
    }
    case HISTORY_UPDATE:
    case HISTORY_CLEAR:
    case HISTORY_CLEAR_ON_NEXT:
        break;
    }
    return STATUS_OK;
}

enum status run_outputs_as_nbformat(struct history *history, const struct history_run_info *run,
    const struct run_outputs_wish *wish, json_t **ret_outputs, json_t **ret_left_out,
    struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_outputs outputs;
    struct making making = {
        .history = history,
        .run = run,
        .outputs = &outputs,
        .wish = wish,
        .list = json_array(),
        .left_out = json_array(),
    };
    enum status status = history_list_outputs(history, run->id, &memory, &outputs, error);
    if (status == STATUS_OK)
        for (size_t i = run_outputs_first_visible(&outputs);
            i < outputs.count && status == STATUS_OK; i++)
            status = add_output(&making, &outputs.items[i], error);
    history_memory_finish(&memory);
    if (status == STATUS_OK) {
        *ret_outputs = json_incref(making.list);
        if (ret_left_out)
            *ret_left_out = json_incref(making.left_out);
    }
    json_decref(making.list);
    json_decref(making.left_out);
    return status;
}
