/*
 * The connection file: where the front end expects the sockets, and the key that signs the
 * messages. Source: "Connection files" in the Jupyter messaging documentation; the curve fields are
 * jupyter_client 8.9's. A value type; the strings inside are the struct's. Any thread.
 */
#ifndef FORKERNEL_KERNEL_CONNECTION_H
#define FORKERNEL_KERNEL_CONNECTION_H

#include "base/status.h"

#include <stddef.h>

enum channel {
    CHANNEL_SHELL,
    CHANNEL_CONTROL,
    CHANNEL_STDIN,
    CHANNEL_IOPUB,
    CHANNEL_HEARTBEAT,
    CHANNEL_COUNT,
};

struct connection {
    char transport[8];         /* "tcp" or "ipc" */
    char ip[256];              /* address, or for ipc the beginning of the path */
    int ports[CHANNEL_COUNT];  /* 1..65535; for ipc the number at the end of the path */
    char key[256];             /* of HMAC-SHA256; "" means unsigned messages */
    char curve_public_key[41]; /* Z85; "" means no encryption */
    char curve_secret_key[41];
};

/* Parse the text of a connection file. On failure `ret_connection` is untouched and the message is
 * only the reason. */
enum status connection_parse(const char *text, size_t size, struct connection *ret_connection,
    struct error *error) MUST_CHECK;

/* The same for the file at `path`, which the message names. */
enum status connection_read(
    const char *path, struct connection *ret_connection, struct error *error) MUST_CHECK;

enum { CONNECTION_ENDPOINT_BYTES = 320 };

/* "tcp://127.0.0.1:5555", "ipc:///tmp/kernel-1". */
void connection_endpoint(const struct connection *connection, enum channel channel,
    char ret_endpoint[CONNECTION_ENDPOINT_BYTES]);

/* "shell", as the fields of the connection file have it before "_port". */
const char *channel_name(enum channel channel);

#endif
