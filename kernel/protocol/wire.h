/*
 * Messages as they travel: `[identities] <IDS|MSG> signature header parent_header metadata content
 * [buffers]`. Source: "The Wire Protocol" in the Jupyter messaging documentation.
 *
 * A received message is checked in this order, and dropped at the first fault: frames present,
 * signature right (HMAC-SHA256 over the bytes of the four JSON frames, compared in constant time),
 * signature not seen before, header with the fields that a reply needs. Nothing is parsed before
 * its signature is known to be right; from there on who sent it gets an answer, whatever the other
 * frames hold. Event loop thread only.
 */
#ifndef FORKERNEL_KERNEL_WIRE_H
#define FORKERNEL_KERNEL_WIRE_H

#include "base/status.h"

#include <czmq.h>
#include <jansson.h>

/* What signs and stamps messages: one for each kernel process, with one session id on every
 * channel. */
struct wire;

/* `key` may be "". NULL without memory or if the cryptographic library cannot start. */
struct wire *wire_create(const char *key);
void wire_destroy(struct wire **wire);

/* The session id of this kernel process, a UUID; borrowed. */
const char *wire_session(const struct wire *wire);

struct message {
    zmsg_t *identities; /* routing frames in front of the delimiter, perhaps none */
    json_t *header;     /* object with string msg_id and msg_type */
    json_t *parent;     /* object */
    json_t *metadata;   /* object */
    json_t *content;    /* object */
    bool is_readable;   /* false: the content is no JSON object, and {} stands for it */
    zmsg_t *buffers;    /* raw frames behind the content, perhaps none */
};

void message_destroy(struct message **message);
const char *message_type(const struct message *message);

/* Take the frames apart. `frames` is destroyed in every case; the caller owns the message.
   STATUS_DENIED: wrong or repeated signature. STATUS_INVALID: malformed. */
enum status wire_parse(struct wire *wire, zmsg_t **frames, struct message **ret_message,
    struct error *error) MUST_CHECK;

/* A message to send: `identities` (or NULL) are copied, then the JSON frames, signed. `parent` is
   the header of the request that this answers, or NULL; `metadata` and `content` may be NULL for
   {}; `buffers` (or NULL) are copied. All borrowed. NULL without memory. */
zmsg_t *wire_build(struct wire *wire, zmsg_t *identities, const char *type, json_t *parent,
    json_t *metadata, json_t *content, zmsg_t *buffers);

#endif
