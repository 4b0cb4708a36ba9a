/*
 * The five sockets of a kernel. Source: "Introduction" and "Heartbeat" in the Jupyter messaging
 * documentation, JEP 65 for the iopub welcome. Event loop thread only.
 */
#ifndef FORKERNEL_KERNEL_CHANNELS_H
#define FORKERNEL_KERNEL_CHANNELS_H

#include "kernel/protocol/connection.h"

#include <czmq.h>

struct channels {
    zsock_t *sockets[CHANNEL_COUNT]; /* ROUTER, iopub XPUB; NULL when closed */
};

/* Bind all of them. On failure nothing is left open. */
enum status channels_open(
    struct channels *channels, const struct connection *connection, struct error *error) MUST_CHECK;

/* Close them, giving what was sent up to a second to leave. */
void channels_close(struct channels *channels);

/* Take one whole message without waiting; NULL when there is none. The caller owns it. */
zmsg_t *channels_receive(struct channels *channels, enum channel channel);

/* Take what a client of iopub asked for: a subscription takes effect here, not before, so that what
   is sent next is the first that the client sees. True with its topic, which points into `frames`,
   when it was a subscription. */
bool channels_subscribe(
    struct channels *channels, zmsg_t *frames, const char **ret_topic, size_t *ret_size);

/* Send without waiting; destroys `message`. A client that is gone, or so slow that its queue is
 * full, loses it. */
void channels_send(struct channels *channels, enum channel channel, zmsg_t **message);

#endif
