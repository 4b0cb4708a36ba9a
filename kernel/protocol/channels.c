#include "kernel/protocol/channels.h"

#include <errno.h>
#include <string.h>
#include <zmq.h>

enum {
    LINGER_MS = 1000,
    /* libzmq's 1000 would drop the output of a busy cell (measured in messages a client) */
    IOPUB_QUEUE = 20000,
    /* a cell with pasted pictures fits; more is refused by closing that connection */
    MAX_MESSAGE_BYTES = 512 * 1024 * 1024,
};

static zsock_t *make_socket(const struct connection *connection, enum channel channel) {
    zsock_t *socket = zsock_new(channel == CHANNEL_IOPUB ? ZMQ_XPUB : ZMQ_ROUTER);
    if (!socket)
        return NULL;
    zsock_set_linger(socket, LINGER_MS);
    zsock_set_maxmsgsize(socket, MAX_MESSAGE_BYTES);
    if (strchr(connection->ip, ':') && strcmp(connection->transport, "tcp") == 0)
        zsock_set_ipv6(socket, 1);
    if (channel == CHANNEL_IOPUB) {
        zsock_set_sndhwm(socket, IOPUB_QUEUE);
        zsock_set_xpub_verbose(socket, 1);
        int manual = 1;
        (void)zmq_setsockopt(zsock_resolve(socket), ZMQ_XPUB_MANUAL, &manual, sizeof manual);
    } else {
        zsock_set_router_handover(socket, 1);
    }
    if (*connection->curve_secret_key) {
        zsock_set_curve_server(socket, 1);
        zsock_set_curve_publickey(socket, connection->curve_public_key);
        zsock_set_curve_secretkey(socket, connection->curve_secret_key);
    }
    return socket;
}

enum status channels_open(
    struct channels *channels, const struct connection *connection, struct error *error) {
    if (*connection->curve_secret_key && !zmq_has("curve"))
        return error_set(error, STATUS_UNSUPPORTED,
            "cannot encrypt: this libzmq was built without CURVE; install libzmq with libsodium");
    struct channels opened = {0};
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        char endpoint[CONNECTION_ENDPOINT_BYTES];
        connection_endpoint(connection, (enum channel)i, endpoint);
        opened.sockets[i] = make_socket(connection, (enum channel)i);
        if (opened.sockets[i] && zmq_bind(zsock_resolve(opened.sockets[i]), endpoint) == 0)
            continue;
        enum status status = error_set(error, STATUS_IO, "cannot bind the %s channel to '%s': %s",
            channel_name((enum channel)i), endpoint, zmq_strerror(errno));
        channels_close(&opened);
        return status;
    }
    *channels = opened;
    return STATUS_OK;
}

void channels_close(struct channels *channels) {
    for (int i = 0; i < CHANNEL_COUNT; i++)
        zsock_destroy(&channels->sockets[i]);
}

zmsg_t *channels_receive(struct channels *channels, enum channel channel) {
    zsock_t *socket = channels->sockets[channel];
    if (!(zsock_events(socket) & ZMQ_POLLIN))
        return NULL;
    return zmsg_recv(socket);
}

bool channels_subscribe(
    struct channels *channels, zmsg_t *frames, const char **ret_topic, size_t *ret_size) {
    void *socket = zsock_resolve(channels->sockets[CHANNEL_IOPUB]);
    zframe_t *frame = zmsg_first(frames);
    if (!frame || !zframe_size(frame) || zframe_data(frame)[0] > 1)
        return false;
    bool subscribes = zframe_data(frame)[0] == 1;
    const char *topic = (const char *)zframe_data(frame) + 1;
    size_t size = zframe_size(frame) - 1;
    (void)zmq_setsockopt(socket, subscribes ? ZMQ_SUBSCRIBE : ZMQ_UNSUBSCRIBE, topic, size);
    *ret_topic = topic;
    *ret_size = size;
    return subscribes;
}

void channels_send(struct channels *channels, enum channel channel, zmsg_t **message) {
    if (!*message)
        return;
    void *socket = zsock_resolve(channels->sockets[channel]);
    zframe_t *frame = zmsg_pop(*message);
    while (frame) {
        zframe_t *next = zmsg_pop(*message);
        int flags = ZFRAME_DONTWAIT | (next ? ZFRAME_MORE : 0);
        if (zframe_send(&frame, socket, flags) < 0) {
            /* no such peer any more: the rest of this message has no one to go to either */
            zframe_destroy(&frame);
            zframe_destroy(&next);
        }
        frame = next;
    }
    zmsg_destroy(message);
}
