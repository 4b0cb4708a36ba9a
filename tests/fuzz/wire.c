/* Messages from the network: any frames. The first byte of the input says how: with a key (then
 * nothing unsigned may get through) or without (then the JSON behind is reached). Frames are cut at
 * the byte 0x01, which JSON never holds. */
#include "kernel/protocol/wire.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

static zmsg_t *frames_of(const uint8_t *data, size_t size) {
    zmsg_t *frames = zmsg_new();
    while (size > 0) {
        const uint8_t *cut = memchr(data, 1, size);
        size_t length = cut ? (size_t)(cut - data) : size;
        zmsg_addmem(frames, data, length);
        size_t used = cut ? length + 1 : length;
        data += used;
        size -= used;
    }
    return frames;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1)
        return 0;
    bool with_key = data[0] & 1;
    struct wire *wire = wire_create(with_key ? "a key" : "");
    assert(wire);
    zmsg_t *frames = frames_of(data + 1, size - 1);
    struct message *message = NULL;
    struct error error = {.message = ""};
    if (wire_parse(wire, &frames, &message, &error) == STATUS_OK) {
        assert(!with_key);
        assert(json_is_object(message->header) && json_is_object(message->parent));
        assert(json_is_object(message->metadata) && json_is_object(message->content));
        assert(message_type(message));
        /* Whatever was accepted can be answered. */
        zmsg_t *answer = wire_build(
            wire, message->identities, "x_reply", message->header, NULL, message->content, NULL);
        assert(answer && zmsg_size(answer) >= 6);
        zmsg_destroy(&answer);
        message_destroy(&message);
    } else {
        assert(!message);
        assert(error.message[0] != '\0');
    }
    assert(!frames);
    wire_destroy(&wire);
    return 0;
}
