#include "kernel/protocol/wire.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "kernel/protocol/json_read.h"
#include "kernel/protocol/replay.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <uuid/uuid.h>

#define DELIMITER "<IDS|MSG>"
#define PROTOCOL_VERSION "5.5"

enum { DELIMITER_BYTES = sizeof DELIMITER - 1, UUID_BYTES = 37, JSON_FRAMES = 4 };
enum { SIGNATURE_BYTES = crypto_auth_hmacsha256_BYTES, SIGNATURE_HEX = 2 * SIGNATURE_BYTES };

_Static_assert((int)SIGNATURE_BYTES == (int)REPLAY_SIGNATURE_BYTES, "one kind of signature");

struct wire {
    char *key;
    char session[UUID_BYTES];
    char username[64];
    struct replay replay;
};

struct wire *wire_create(const char *key) {
    if (sodium_init() < 0)
        return NULL;
    struct wire *wire = calloc(1, sizeof *wire);
    if (!wire)
        return NULL;
    wire->key = strdup(key);
    if (!wire->key) {
        free(wire);
        return NULL;
    }
    uuid_t id;
    uuid_generate_random(id);
    uuid_unparse_lower(id, wire->session);
    const char *user = getenv("USER");
    if (!user || !*user || !utf8_is_valid(user, strlen(user)))
        user = "kernel";
    int length = (int)utf8_floor(user, strlen(user), sizeof wire->username - 1);
    snprintf(wire->username, sizeof wire->username, "%.*s", length, user);
    return wire;
}

void wire_destroy(struct wire **wire) {
    if (!*wire)
        return;
    free((*wire)->key);
    free(*wire);
    *wire = NULL;
}

const char *wire_session(const struct wire *wire) {
    return wire->session;
}

void message_destroy(struct message **message) {
    struct message *m = *message;
    if (!m)
        return;
    zmsg_destroy(&m->identities);
    zmsg_destroy(&m->buffers);
    json_decref(m->header);
    json_decref(m->parent);
    json_decref(m->metadata);
    json_decref(m->content);
    free(m);
    *message = NULL;
}

const char *message_type(const struct message *message) {
    return json_string_value(json_object_get(message->header, "msg_type"));
}

static void sign(const struct wire *wire, zframe_t *const frames[JSON_FRAMES],
    unsigned char ret_signature[SIGNATURE_BYTES]) {
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)wire->key, strlen(wire->key));
    for (int i = 0; i < JSON_FRAMES; i++)
        crypto_auth_hmacsha256_update(&state, zframe_data(frames[i]), zframe_size(frames[i]));
    crypto_auth_hmacsha256_final(&state, ret_signature);
}

static enum status check_signature(
    struct wire *wire, zframe_t *given, zframe_t *const frames[JSON_FRAMES], struct error *error) {
    if (!*wire->key)
        return STATUS_OK;
    unsigned char signature[SIGNATURE_BYTES];
    char hex[SIGNATURE_HEX + 1];
    sign(wire, frames, signature);
    sodium_bin2hex(hex, sizeof hex, signature, sizeof signature);
    if (zframe_size(given) != SIGNATURE_HEX ||
        sodium_memcmp(zframe_data(given), hex, SIGNATURE_HEX) != 0)
        return error_set(error, STATUS_DENIED, "the signature is wrong");
    if (replay_seen(&wire->replay, signature))
        return error_set(error, STATUS_DENIED, "the signature was used before");
    return STATUS_OK;
}

/* `ret_readable`, unless it is NULL: whether it is an object, or null. Else {} stands for it. */
static json_t *parse_object(zframe_t *frame, bool *ret_readable) {
    const char *bytes = (const char *)zframe_data(frame);
    json_t *value = json_read(bytes, zframe_size(frame));
    bool none = zframe_size(frame) == 4 && memcmp(bytes, "null", 4) == 0;
    if (ret_readable)
        *ret_readable = json_is_object(value) || none;
    if (json_is_object(value))
        return value;
    json_decref(value);
    return json_object();
}

static bool header_is_usable(const json_t *header) {
    const char *type = json_string_value(json_object_get(header, "msg_type"));
    return type && *type && json_is_string(json_object_get(header, "msg_id"));
}

/* Everything up to the delimiter goes to `identities`; false if there is no delimiter. */
static bool split_identities(zmsg_t *frames, zmsg_t *identities) {
    zframe_t *frame;
    while ((frame = zmsg_pop(frames))) {
        bool found = zframe_size(frame) == DELIMITER_BYTES &&
                     memcmp(zframe_data(frame), DELIMITER, DELIMITER_BYTES) == 0;
        if (found) {
            zframe_destroy(&frame);
            return true;
        }
        zmsg_append(identities, &frame);
    }
    return false;
}

static enum status parse_frames(
    struct wire *wire, zmsg_t *frames, struct message *m, struct error *error) {
    if (!split_identities(frames, m->identities))
        return error_set(error, STATUS_INVALID, "there is no delimiter");
    if (zmsg_size(frames) < 1 + JSON_FRAMES)
        return error_set(error, STATUS_INVALID, "there are only %zu frames behind the delimiter",
            zmsg_size(frames));

    zframe_t *given = zmsg_pop(frames);
    zframe_t *parts[JSON_FRAMES];
    for (int i = 0; i < JSON_FRAMES; i++)
        parts[i] = zmsg_pop(frames);
    enum status status = check_signature(wire, given, parts, error);
    if (status == STATUS_OK) {
        m->header = parse_object(parts[0], NULL);
        m->parent = parse_object(parts[1], NULL);
        m->metadata = parse_object(parts[2], NULL);
        m->content = parse_object(parts[3], &m->is_readable);
        if (!m->header || !m->parent || !m->metadata || !m->content)
            status = error_set(error, STATUS_NO_MEMORY, "out of memory");
        else if (!header_is_usable(m->header))
            status = error_set(error, STATUS_INVALID, "the header lacks msg_id or msg_type");
    }
    zframe_destroy(&given);
    for (int i = 0; i < JSON_FRAMES; i++)
        zframe_destroy(&parts[i]);
    return status;
}

enum status wire_parse(
    struct wire *wire, zmsg_t **frames, struct message **ret_message, struct error *error) {
    struct message *m = calloc(1, sizeof *m);
    enum status status = STATUS_NO_MEMORY;
    if (m && (m->identities = zmsg_new()))
        status = parse_frames(wire, *frames, m, error);
    if (status == STATUS_OK) {
        m->buffers = *frames;
        *frames = NULL;
        *ret_message = m;
    } else {
        zmsg_destroy(frames);
        message_destroy(&m);
    }
    return status;
}

static json_t *make_header(const struct wire *wire, const char *type) {
    uuid_t id;
    char msg_id[UUID_BYTES], date[CLOCK_ISO_BYTES];
    uuid_generate_random(id);
    uuid_unparse_lower(id, msg_id);
    clock_format_iso(clock_wall_us(), date);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "msg_id", msg_id, "session", wire->session,
        "username", wire->username, "date", date, "msg_type", type, "version", PROTOCOL_VERSION);
}

static zframe_t *dump_object(const json_t *object) {
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    zframe_t *frame = zframe_from(text ? text : "{}");
    free(text);
    return frame;
}

static void append_copies(zmsg_t *out, zmsg_t *frames) {
    if (!frames)
        return;
    for (zframe_t *frame = zmsg_first(frames); frame; frame = zmsg_next(frames)) {
        zframe_t *copy = zframe_dup(frame);
        zmsg_append(out, &copy);
    }
}

zmsg_t *wire_build(struct wire *wire, zmsg_t *identities, const char *type, json_t *parent,
    json_t *metadata, json_t *content, zmsg_t *buffers) {
    zmsg_t *out = zmsg_new();
    json_t *header = make_header(wire, type);
    if (!out || !header) {
        zmsg_destroy(&out);
        json_decref(header);
        return NULL;
    }
    zframe_t *parts[JSON_FRAMES] = {
        dump_object(header), dump_object(parent), dump_object(metadata), dump_object(content)};
    json_decref(header);

    char hex[SIGNATURE_HEX + 1] = "";
    if (*wire->key) {
        unsigned char signature[SIGNATURE_BYTES];
        sign(wire, parts, signature);
        sodium_bin2hex(hex, sizeof hex, signature, sizeof signature);
    }
    append_copies(out, identities);
    zmsg_addstr(out, DELIMITER);
    zmsg_addstr(out, hex);
    for (int i = 0; i < JSON_FRAMES; i++)
        zmsg_append(out, &parts[i]);
    append_copies(out, buffers);
    return out;
}
