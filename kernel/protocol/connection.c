#include "kernel/protocol/connection.h"

#include "base/file.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { CONNECTION_FILE_MAX_BYTES = 64 * 1024 };

const char *channel_name(enum channel channel) {
    static const char *const names[CHANNEL_COUNT] = {
        [CHANNEL_SHELL] = "shell",
        [CHANNEL_CONTROL] = "control",
        [CHANNEL_STDIN] = "stdin",
        [CHANNEL_IOPUB] = "iopub",
        [CHANNEL_HEARTBEAT] = "hb",
    };
    return names[channel];
}

/* Copy a string member that is there, fits and holds no NUL; `fallback` NULL makes it required. */
static enum status take_string(const json_t *root, const char *name, const char *fallback,
    char *out, size_t out_size, struct error *error) {
    const json_t *member = json_object_get(root, name);
    const char *value = member ? json_string_value(member) : fallback;
    if (!value)
        return error_set(
            error, STATUS_INVALID, "'%s' is %s", name, member ? "no string" : "missing");
    size_t length = member ? json_string_length(member) : strlen(value);
    if (length >= out_size || strlen(value) != length)
        return error_set(error, STATUS_INVALID, "'%s' is malformed", name);
    memcpy(out, value, length + 1);
    return STATUS_OK;
}

static enum status take_ports(const json_t *root, struct connection *out, struct error *error) {
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s_port", channel_name((enum channel)i));
        const json_t *member = json_object_get(root, name);
        json_int_t port = json_integer_value(member);
        if (!json_is_integer(member) || port < 1 || port > 65535)
            return error_set(error, STATUS_INVALID, "'%s' is not a port number", name);
        out->ports[i] = (int)port;
    }
    return STATUS_OK;
}

static enum status take_curve(const json_t *root, struct connection *out, struct error *error) {
    enum status status = take_string(
        root, "curve_publickey", "", out->curve_public_key, sizeof out->curve_public_key, error);
    if (status == STATUS_OK)
        status = take_string(root, "curve_secretkey", "", out->curve_secret_key,
            sizeof out->curve_secret_key, error);
    if (status != STATUS_OK)
        return status;
    size_t public_length = strlen(out->curve_public_key);
    size_t secret_length = strlen(out->curve_secret_key);
    if (public_length != secret_length || (public_length != 0 && public_length != 40))
        return error_set(error, STATUS_INVALID, "curve keys come as a pair of 40 characters each");
    return STATUS_OK;
}

static enum status take_all(const json_t *root, struct connection *out, struct error *error) {
    enum status status =
        take_string(root, "transport", "tcp", out->transport, sizeof out->transport, error);
    if (status != STATUS_OK)
        return status;
    if (strcmp(out->transport, "tcp") != 0 && strcmp(out->transport, "ipc") != 0)
        return error_set(
            error, STATUS_INVALID, "transport '%s' is neither tcp nor ipc", out->transport);
    status = take_string(root, "ip", "127.0.0.1", out->ip, sizeof out->ip, error);
    if (status == STATUS_OK)
        status = take_string(root, "key", "", out->key, sizeof out->key, error);
    if (status != STATUS_OK)
        return status;
    char scheme[32];
    status = take_string(root, "signature_scheme", "hmac-sha256", scheme, sizeof scheme, error);
    if (status != STATUS_OK)
        return status;
    if (out->key[0] && strcmp(scheme, "hmac-sha256") != 0)
        return error_set(error, STATUS_INVALID, "signature scheme '%s' is not hmac-sha256", scheme);
    status = take_ports(root, out, error);
    return status == STATUS_OK ? take_curve(root, out, error) : status;
}

enum status connection_parse(
    const char *text, size_t size, struct connection *ret_connection, struct error *error) {
    json_error_t json_error;
    json_t *root = json_loadb(text, size, 0, &json_error);
    if (!root)
        return error_set(error, STATUS_INVALID, "line %d: %s", json_error.line, json_error.text);
    struct connection connection = {0};
    enum status status = json_is_object(root)
                             ? take_all(root, &connection, error)
                             : error_set(error, STATUS_INVALID, "it is no JSON object");
    json_decref(root);
    if (status == STATUS_OK)
        *ret_connection = connection;
    return status;
}

enum status connection_read(
    const char *path, struct connection *ret_connection, struct error *error) {
    struct buf text = BUF_INIT;
    struct error reason;
    enum status status = file_read(path, CONNECTION_FILE_MAX_BYTES, &text, &reason);
    if (status == STATUS_OK)
        status = connection_parse(buf_string(&text), text.size, ret_connection, &reason);
    buf_finish(&text);
    if (status != STATUS_OK)
        error_set(error, status, "cannot use the connection file '%s': %s", path, reason.message);
    return status;
}

void connection_endpoint(const struct connection *connection, enum channel channel,
    char ret_endpoint[CONNECTION_ENDPOINT_BYTES]) {
    const char *ip = connection->ip;
    int port = connection->ports[channel];
    const char *format = strchr(ip, ':') ? "tcp://[%s]:%d" : "tcp://%s:%d";
    if (strcmp(connection->transport, "ipc") == 0)
        format = "ipc://%s-%d";
    snprintf(ret_endpoint, CONNECTION_ENDPOINT_BYTES, format, ip, port);
}
