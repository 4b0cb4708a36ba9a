/* history_request: earlier inputs, and with `output` their results, from the history store. */
#include "kernel/requests/requests.h"

#include "base/utf8.h"

#include <string.h>

static json_t *clean_string(const char *bytes, size_t size) {
    struct buf clean = BUF_INIT;
    utf8_append_clean(&clean, bytes, size);
    json_t *string = json_stringn(buf_string(&clean), clean.size);
    buf_finish(&clean);
    return string;
}

/* (session, line, input), or with outputs (session, line, (input, output)). */
static json_t *make_entry(const struct history_input *input, bool with_output) {
    json_t *text = clean_string(input->text, input->text_bytes);
    if (with_output)
        text = json_pack("[o, o]", text,
            input->output ? clean_string(input->output, input->output_bytes) : json_null());
    return json_pack(
        "[I, I, o]", (json_int_t)input->session_id, (json_int_t)input->execution_count, text);
}

static enum status look_up(struct kernel *kernel, struct request *request,
    struct history_memory *memory, struct history_inputs *ret_inputs, struct error *error) {
    struct history *history = recorder_history(kernel->recorder, error);
    if (!history)
        return error->status;
    const char *type = content_string(request, "hist_access_type", "");
    bool with_output = content_bool(request, "output", false);
    int64_t n = content_int(request, "n", 0);
    size_t count = n > 0 ? (size_t)n : 0;
    if (strcmp(type, "tail") == 0)
        return history_list_tail(history, 0, count, with_output, memory, ret_inputs, error);
    if (strcmp(type, "range") == 0) {
        /* IPython counts: 0 is this session, -1 the one before it */
        int64_t session = content_int(request, "session", 0);
        if (session <= 0)
            session += recorder_session_id(kernel->recorder);
        return history_list_range(history, session, content_int(request, "start", 0),
            content_int(request, "stop", 0), with_output, memory, ret_inputs, error);
    }
    if (strcmp(type, "search") == 0)
        return history_search(history, 0, content_string(request, "pattern", "*"), count,
            content_bool(request, "unique", false), with_output, memory, ret_inputs, error);
    return error_set(error, STATUS_INVALID,
        "no such hist_access_type: '%s' (there are: tail, range, search)", type);
}

static enum request_state handle(struct kernel *kernel, struct request *request) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_inputs inputs = {0};
    struct error error;
    if (look_up(kernel, request, &memory, &inputs, &error) == STATUS_OK) {
        json_t *entries = json_array();
        bool with_output = content_bool(request, "output", false);
        for (size_t i = 0; i < inputs.count; i++)
            json_array_append_new(entries, make_entry(&inputs.items[i], with_output));
        request_reply(kernel, request, "history_reply",
            json_pack("{s:s, s:o}", "status", "ok", "history", entries));
    } else {
        request_reply(kernel, request, "history_reply",
            json_pack("{s:s, s:s, s:s, s:[s], s:[]}", "status", "error", "ename", "HistoryError",
                "evalue", error.message, "traceback", error.message, "history"));
    }
    history_memory_finish(&memory);
    return REQUEST_DONE;
}

const struct request_type request_history = {
    .name = "history_request",
    .channels = 1u << CHANNEL_SHELL,
    .handle = handle,
};
