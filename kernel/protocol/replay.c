#include "kernel/protocol/replay.h"

#include <string.h>

/* The bytes are an HMAC: evenly spread already, and not for others to choose. */
static uint32_t slot_of(const unsigned char *signature) {
    uint32_t hash;
    memcpy(&hash, signature, sizeof hash);
    return hash % REPLAY_SLOTS;
}

static void insert(struct replay *replay, uint32_t index) {
    uint32_t slot = slot_of(replay->signatures[index]);
    while (replay->slots[slot])
        slot = (slot + 1) % REPLAY_SLOTS;
    replay->slots[slot] = (uint16_t)(index + 1);
}

/* Take a signature out and close the gap, so that no later one becomes unreachable (linear
 * probing). */
static void forget(struct replay *replay, uint32_t index) {
    uint32_t slot = slot_of(replay->signatures[index]);
    while (replay->slots[slot] != index + 1)
        slot = (slot + 1) % REPLAY_SLOTS;
    replay->slots[slot] = 0;
    for (slot = (slot + 1) % REPLAY_SLOTS; replay->slots[slot]; slot = (slot + 1) % REPLAY_SLOTS) {
        uint32_t moved = replay->slots[slot] - 1u;
        replay->slots[slot] = 0;
        insert(replay, moved);
    }
}

bool replay_seen(struct replay *replay, const unsigned char signature[REPLAY_SIGNATURE_BYTES]) {
    for (uint32_t slot = slot_of(signature); replay->slots[slot]; slot = (slot + 1) % REPLAY_SLOTS)
        if (memcmp(replay->signatures[replay->slots[slot] - 1], signature,
                REPLAY_SIGNATURE_BYTES) == 0)
            return true;
    uint32_t index = replay->count % REPLAY_REMEMBERED;
    if (replay->count >= REPLAY_REMEMBERED)
        forget(replay, index);
    memcpy(replay->signatures[index], signature, REPLAY_SIGNATURE_BYTES);
    insert(replay, index);
    replay->count++;
    return false;
}
