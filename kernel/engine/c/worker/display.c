/* The functions of forkernel.h, and those that show a cell's result. */
#include "base/file.h"
#include "kernel/engine/c/include/forkernel.h"
#include "kernel/engine/c/worker/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fk_bundle {
    struct buf pairs; /* lengths and bytes, as they go into the message */
    unsigned count;
};

enum { MOST_FORMS = 24, LARGEST_PICTURE_BYTES = 128 * 1024 * 1024 };

fk_bundle *fk_bundle_new(void) {
    return calloc(1, sizeof(fk_bundle));
}

static void add_field(struct buf *pairs, const void *data, size_t size) {
    buf_append(pairs, &size, sizeof size);
    buf_append(pairs, data, size);
}

void fk_bundle_add_bytes(
    fk_bundle *bundle, const char *mime_type, const void *data, unsigned long size) {
    if (!bundle || !mime_type || !data || bundle->count == MOST_FORMS)
        return;
    add_field(&bundle->pairs, mime_type, strlen(mime_type));
    add_field(&bundle->pairs, data, size);
    bundle->count++;
}

void fk_bundle_add(fk_bundle *bundle, const char *mime_type, const char *text) {
    if (text)
        fk_bundle_add_bytes(bundle, mime_type, text, strlen(text));
}

/* The kernel process answers once it has the output, so that nothing printed later overtakes it. */
static void wait_for_ack(void) {
    struct frame frame;
    do
        channel_receive(&frame);
    while (frame.type != WORKER_ACK);
}

/* Children and threads that a cell has made print, which needs no conversation, but show nothing.
 */
static bool may_show(void) {
    bool ours = channel_is_ours();
    if (!ours)
        (void)fputs(
            "forkernel.h: only the cell's own process and thread can show something\n", stderr);
    return ours && !worker.silent;
}

static void send_bundle(fk_bundle *bundle, const char *display_id, bool update) {
    if (!bundle)
        return;
    if (may_show() && bundle->count && buf_ok(&bundle->pairs)) {
        channel_flush();
        frame_begin(&worker.out, WORKER_DISPLAY);
        frame_add_string(&worker.out, display_id ? display_id : "");
        frame_add_int(&worker.out, update);
        for (size_t at = 0; at < bundle->pairs.size;) {
            size_t size;
            memcpy(&size, bundle->pairs.data + at, sizeof size);
            frame_add(&worker.out, bundle->pairs.data + at + sizeof size, size);
            at += sizeof size + size;
        }
        channel_send();
        wait_for_ack();
    }
    buf_finish(&bundle->pairs);
    free(bundle);
}

void fk_bundle_show(fk_bundle *bundle) {
    send_bundle(bundle, NULL, false);
}

void fk_bundle_show_id(fk_bundle *bundle, const char *display_id) {
    send_bundle(bundle, display_id, false);
}

void fk_bundle_update(fk_bundle *bundle, const char *display_id) {
    send_bundle(bundle, display_id, true);
}

void fk_display_bytes(const char *mime_type, const void *data, unsigned long size) {
    fk_bundle *bundle = fk_bundle_new();
    fk_bundle_add_bytes(bundle, mime_type, data, size);
    fk_bundle_show(bundle);
}

void fk_display(const char *mime_type, const char *text) {
    if (text)
        fk_display_bytes(mime_type, text, strlen(text));
}

void fk_display_id(const char *display_id, const char *mime_type, const char *text) {
    fk_bundle *bundle = fk_bundle_new();
    fk_bundle_add(bundle, mime_type, text);
    fk_bundle_show_id(bundle, display_id);
}

void fk_update_display(const char *display_id, const char *mime_type, const char *text) {
    fk_bundle *bundle = fk_bundle_new();
    fk_bundle_add(bundle, mime_type, text);
    fk_bundle_update(bundle, display_id);
}

void fk_html(const char *html) {
    fk_display("text/html", html);
}

void fk_markdown(const char *markdown) {
    fk_display("text/markdown", markdown);
}

void fk_svg(const char *svg) {
    fk_display("image/svg+xml", svg);
}

void fk_latex(const char *latex) {
    fk_display("text/latex", latex);
}

void fk_png(const void *data, unsigned long size) {
    fk_display_bytes("image/png", data, size);
}

void fk_png_file(const char *path) {
    struct buf bytes = BUF_INIT;
    struct error error;
    if (!path)
        return;
    if (file_read(path, LARGEST_PICTURE_BYTES, &bytes, &error) == STATUS_OK)
        fk_png(bytes.data, bytes.size);
    else
        (void)fprintf(stderr, "%s\n", error.message);
    buf_finish(&bytes);
}

void fk_clear_output(_Bool wait) {
    if (!may_show())
        return;
    channel_flush();
    frame_begin(&worker.out, WORKER_CLEAR);
    frame_add_int(&worker.out, wait);
    channel_send();
    wait_for_ack();
}
