#include "kernel/dispatch.h"

#include "base/utf8.h"
#include "kernel/log.h"
#include "kernel/requests/requests.h"

#include <stdlib.h>
#include <string.h>

static const struct request_type *const request_types[] = {
    &request_execute,
    &request_complete,
    &request_inspect,
    &request_is_complete,
    &request_kernel_info,
    &request_history,
    &request_comm_info,
    &request_comm_open,
    &request_comm_msg,
    &request_comm_close,
    &request_connect,
    &request_input_reply,
    &request_interrupt,
    &request_shutdown,
    &request_usage,
    &request_debug,
};

static const struct request_type *find_type(const char *name, enum channel channel) {
    for (size_t i = 0; i < sizeof request_types / sizeof *request_types; i++)
        if (strcmp(request_types[i]->name, name) == 0 &&
            (request_types[i]->channels & (1u << channel)))
            return request_types[i];
    return NULL;
}

static void request_destroy(struct request **request) {
    if (!*request)
        return;
    message_destroy(&(*request)->message);
    free(*request);
    *request = NULL;
}

/* Who sent it waits for an answer. */
static void refuse_unreadable(struct kernel *kernel, struct request **request) {
    static const char reason[] = "the content of this message is no JSON object";
    const char *name = message_type((*request)->message), *end = strstr(name, "_request");
    log_line("a message of type '%s' cannot be read: its content is no JSON object", name);
    request_begin(kernel, *request);
    if (end) {
        struct buf reply_type = BUF_INIT;
        buf_printf(&reply_type, "%.*s_reply", (int)(end - name), name);
        request_reply(kernel, *request, buf_string(&reply_type),
            json_pack("{s:s, s:s, s:s, s:[s]}", "status", "error", "ename", "MessageError",
                "evalue", reason, "traceback", reason));
        buf_finish(&reply_type);
    }
    request_finish(kernel, request);
}

void dispatch_message(struct kernel *kernel, enum channel channel, struct message **message) {
    struct request *request = calloc(1, sizeof *request);
    if (!request) {
        message_destroy(message);
        return;
    }
    request->message = *message;
    request->channel = channel;
    *message = NULL;

    const char *name = message_type(request->message);
    const struct request_type *type = find_type(name, channel);
    if (channel == CHANNEL_STDIN) {
        /* answers, not requests: they have no busy, no reply and no idle */
        if (type)
            type->handle(kernel, request);
        request_destroy(&request);
        return;
    }
    if (!request->message->is_readable) {
        refuse_unreadable(kernel, &request);
        return;
    }
    if (!type)
        log_line("no such request on the %s channel: '%s'", channel_name(channel), name);
    if (!type || !type->queued)
        request_begin(kernel, request);
    if (!type || type->handle(kernel, request) == REQUEST_DONE)
        request_finish(kernel, &request);
}

void request_begin(struct kernel *kernel, struct request *request) {
    kernel->is_new = false;
    kernel_publish_status(kernel, request->message->header, "busy");
}

void request_reply(
    struct kernel *kernel, struct request *request, const char *type, json_t *content) {
    request_reply_with_metadata(kernel, request, type, NULL, content);
}

void request_reply_with_metadata(struct kernel *kernel, struct request *request, const char *type,
    json_t *metadata, json_t *content) {
    if (!content) /* no answer, or none that JSON can carry: the client must not wait for ever */
        content = json_pack("{s:s, s:s, s:s, s:[]}", "status", "error", "ename", "NoAnswer",
            "evalue", "the kernel has no answer to this request", "traceback");
    zmsg_t *message = wire_build(kernel->wire, request->message->identities, type,
        request->message->header, metadata, content, NULL);
    channels_send(&kernel->channels, request->channel, &message);
    json_decref(content);
}

void request_finish(struct kernel *kernel, struct request **request) {
    kernel_publish_status(kernel, (*request)->message->header, "idle");
    /* front ends show the newest status: what was answered beside a running cell must not make it
     * look done */
    struct request *running = execution_running(&kernel->execution);
    if (running && running != *request)
        kernel_publish_status(kernel, running->message->header, "busy");
    request_destroy(request);
}

uint64_t request_await_engine(
    struct kernel *kernel, struct request *request, const char *reply_type) {
    request->token = ++kernel->next_token;
    request->reply_type = reply_type;
    request->next = kernel->pending;
    kernel->pending = request;
    return request->token;
}

void dispatch_engine_reply(void *context, uint64_t token, json_t *content) {
    struct kernel *kernel = context;
    for (struct request **at = &kernel->pending; *at; at = &(*at)->next) {
        struct request *request = *at;
        if (request->token != token)
            continue;
        *at = request->next;
        request_reply(kernel, request, request->reply_type, json_incref(content));
        request_finish(kernel, &request);
        return;
    }
}

void dispatch_clear(struct kernel *kernel) {
    while (kernel->pending) {
        struct request *request = kernel->pending;
        kernel->pending = request->next;
        request_destroy(&request);
    }
}

const char *content_string(const struct request *request, const char *name, const char *fallback) {
    const char *value = json_string_value(json_object_get(request->message->content, name));
    return value ? value : fallback;
}

bool content_bool(const struct request *request, const char *name, bool fallback) {
    const json_t *value = json_object_get(request->message->content, name);
    return json_is_boolean(value) ? json_is_true(value) : fallback;
}

int64_t content_int(const struct request *request, const char *name, int64_t fallback) {
    const json_t *value = json_object_get(request->message->content, name);
    return json_is_integer(value) ? json_integer_value(value) : fallback;
}

const char *content_code(const struct request *request, struct buf *out) {
    const json_t *code = json_object_get(request->message->content, "code");
    buf_clear(out);
    if (json_is_string(code))
        utf8_append_clean(out, json_string_value(code), json_string_length(code));
    return buf_string(out);
}

size_t content_cursor(const struct request *request, const char *code) {
    size_t size = strlen(code);
    int64_t at = content_int(request, "cursor_pos", -1);
    return at < 0 ? size : utf8_offset(code, size, (size_t)at);
}
