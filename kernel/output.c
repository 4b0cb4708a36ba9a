/* What a running cell produces: recorded, then shown. */
#include "kernel/output.h"

#include "base/clock.h"
#include "kernel/dispatch.h"
#include "kernel/kernel.h"

#include <string.h>

enum {
    FLUSH_INTERVAL_MS = 50,  /* twenty messages a second: far from where servers drop */
    FLUSH_BYTES = 64 * 1024, /* or as soon as so much waits */
};

static void emit_text(void *context, enum engine_stream stream, const char *text, size_t size) {
    struct kernel *kernel = context;
    kernel_publish_new(kernel, kernel->execution.last_parent, "stream",
        json_pack("{s:s, s:s%}", "name", stream == ENGINE_STDOUT ? "stdout" : "stderr", "text",
            text, size));
}

void output_flush(struct kernel *kernel) {
    struct execution *execution = &kernel->execution;
    if (execution->flush_timer >= 0) {
        zloop_timer_end(kernel->loop, execution->flush_timer);
        execution->flush_timer = -1;
    }
    if (!execution->text.segment_count)
        return;
    front_text_take(&execution->text, emit_text, kernel);
    execution->last_flush_us = clock_monotonic_us();
}

static int on_flush_timer(zloop_t *loop, int timer, void *context) {
    (void)loop;
    struct kernel *kernel = context;
    if (kernel->execution.flush_timer == timer)
        kernel->execution.flush_timer = -1;
    output_flush(kernel);
    return 0;
}

/* Text waits until it is worth a message: at once after a pause, else with what comes in the
 * meantime. */
static void schedule_flush(struct kernel *kernel) {
    struct execution *execution = &kernel->execution;
    int64_t since_ms = (clock_monotonic_us() - execution->last_flush_us) / 1000;
    if (execution->text.waiting_bytes >= FLUSH_BYTES || since_ms >= FLUSH_INTERVAL_MS)
        output_flush(kernel);
    else if (execution->text.waiting_bytes && execution->flush_timer < 0)
        execution->flush_timer = zloop_timer(
            kernel->loop, (size_t)(FLUSH_INTERVAL_MS - since_ms), 1, on_flush_timer, kernel);
}

static void on_stream(void *context, enum engine_stream stream, const void *data, size_t size) {
    struct kernel *kernel = context;
    struct execution *execution = &kernel->execution;
    if (!size || (execution->running && execution->silent))
        return;
    execution_begin(kernel);
    recorder_stream(kernel->recorder, stream, data, size);
    front_text_push(&execution->text, stream, data, size);
    schedule_flush(kernel);
}

/* display_data, update_display_data and execute_result differ in their names only. */
static void show_bundle(struct kernel *kernel, enum history_output_kind kind, const char *type,
    json_t *content, json_t *data, json_t *transient) {
    execution_begin(kernel);
    recorder_bundle(kernel->recorder, kind, data, transient);
    output_flush(kernel);
    kernel_publish_new(kernel, kernel->execution.last_parent, type, content);
}

static json_t *object_or_empty(json_t *object) {
    return object ? json_incref(object) : json_object();
}

static void on_display(void *context, json_t *data, json_t *metadata, json_t *transient) {
    struct kernel *kernel = context;
    if (kernel->execution.silent)
        return;
    show_bundle(kernel, HISTORY_DISPLAY, "display_data",
        json_pack("{s:O, s:o, s:o}", "data", data, "metadata", object_or_empty(metadata),
            "transient", object_or_empty(transient)),
        data, transient);
}

static void on_update_display(void *context, json_t *data, json_t *metadata, json_t *transient) {
    struct kernel *kernel = context;
    if (kernel->execution.silent)
        return;
    show_bundle(kernel, HISTORY_UPDATE, "update_display_data",
        json_pack("{s:O, s:o, s:o}", "data", data, "metadata", object_or_empty(metadata),
            "transient", object_or_empty(transient)),
        data, transient);
}

static void on_execute_result(void *context, json_t *data, json_t *metadata) {
    struct kernel *kernel = context;
    if (kernel->execution.silent)
        return;
    front_text_end(&kernel->execution.text); /* lines that were held back come before the result */
    show_bundle(kernel, HISTORY_RESULT, "execute_result",
        json_pack("{s:I, s:O, s:o}", "execution_count", (json_int_t)kernel->execution.count, "data",
            data, "metadata", object_or_empty(metadata)),
        data, NULL);
}

static void on_clear_output(void *context, bool wait) {
    struct kernel *kernel = context;
    if (kernel->execution.silent)
        return;
    execution_begin(kernel);
    recorder_clear(kernel->recorder, wait);
    output_flush(kernel);
    front_text_restart(&kernel->execution.text);
    kernel_publish_new(
        kernel, kernel->execution.last_parent, "clear_output", json_pack("{s:b}", "wait", wait));
}

static void on_input_request(void *context, const char *prompt, bool password) {
    struct kernel *kernel = context;
    struct request *request = kernel->execution.running;
    execution_begin(kernel);
    output_flush(kernel);
    kernel->execution.waiting_for_input = true;
    json_t *content = json_pack("{s:s, s:b}", "prompt", prompt, "password", password);
    zmsg_t *message = wire_build(kernel->wire, request->message->identities, "input_request",
        request->message->header, NULL, content, NULL);
    channels_send(&kernel->channels, CHANNEL_STDIN, &message);
    json_decref(content);
}

void output_error(struct kernel *kernel, const char *ename, const char *evalue, json_t *traceback) {
    recorder_error(kernel->recorder, ename, evalue, traceback);
    if (kernel->execution.silent)
        return;
    kernel_publish_new(kernel, kernel->execution.last_parent, "error",
        json_pack("{s:s, s:s, s:O}", "ename", ename, "evalue", evalue, "traceback", traceback));
}

void output_warning(void *context, const char *text) {
    struct kernel *kernel = context;
    front_text_push(&kernel->execution.text, ENGINE_STDERR, text, strlen(text));
    output_flush(kernel);
}

void output_connect_host(struct engine_host *host) {
    host->stream = on_stream;
    host->display = on_display;
    host->update_display = on_update_display;
    host->execute_result = on_execute_result;
    host->clear_output = on_clear_output;
    host->input_request = on_input_request;
}
