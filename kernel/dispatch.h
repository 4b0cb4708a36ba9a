/*
 * From a message to the function that answers it.
 *
 * Every request is bracketed here and nowhere else: busy, handler, reply, idle. A handler that
 * answers at once returns REQUEST_DONE; one that has to wait for the engine keeps the request and
 * calls request_finish() later. Event loop thread only.
 */
#ifndef FORKERNEL_KERNEL_DISPATCH_H
#define FORKERNEL_KERNEL_DISPATCH_H

#include "kernel/kernel.h"

/* One request that is being answered. */
struct request {
    struct message *message;
    enum channel channel;
    uint64_t token;         /* of the engine's query, while the request is in kernel->pending */
    const char *reply_type; /* of the answer to that query */
    struct request *next;   /* in a list of waiting requests */
};

enum request_state {
    REQUEST_DONE,    /* answered: dispatch sends idle and destroys the request */
    REQUEST_PENDING, /* kept by the handler, who will call request_finish() */
};

/* One row a message type; each lives in the file of its request. */
struct request_type {
    const char *name;  /* msg_type */
    unsigned channels; /* bits 1u << CHANNEL_...: where it may come from */
    bool queued;       /* waits for its turn behind running cells: no busy yet */
    enum request_state (*handle)(struct kernel *kernel, struct request *request);
};

/* A message has arrived on `channel`; takes it. */
void dispatch_message(struct kernel *kernel, enum channel channel, struct message **message);

/* Publish busy for a request that had to wait, when its turn has come. */
void request_begin(struct kernel *kernel, struct request *request);

/* Send the reply on the channel and to the client that the request came from. Takes the reference
 * of `content`. */
void request_reply(
    struct kernel *kernel, struct request *request, const char *type, json_t *content);
void request_reply_with_metadata(struct kernel *kernel, struct request *request, const char *type,
    json_t *metadata, json_t *content);

/* Publish idle and destroy. */
void request_finish(struct kernel *kernel, struct request **request);

/* Ask the engine: puts the request among the pending ones and returns the token to hand to the
 * engine. */
uint64_t request_await_engine(
    struct kernel *kernel, struct request *request, const char *reply_type);

/* The engine has answered (a host function). */
void dispatch_engine_reply(void *context, uint64_t token, json_t *content);

/* Destroy what is pending, at the end. */
void dispatch_clear(struct kernel *kernel);

/* ---- reading contents: a missing or odd member is the fallback ---- */
const char *content_string(const struct request *request, const char *name, const char *fallback);
bool content_bool(const struct request *request, const char *name, bool fallback);
int64_t content_int(const struct request *request, const char *name, int64_t fallback);
/* The member `code` without NUL characters (they become U+FFFD), in `out`. */
const char *content_code(const struct request *request, struct buf *out);
/* The member `cursor_pos`, code points, as a byte offset into `code`; the end when it is missing.
 */
size_t content_cursor(const struct request *request, const char *code);

#endif
