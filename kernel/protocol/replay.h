/*
 * Signatures seen lately, so that a message recorded by somebody cannot be sent a second time.
 * Fixed memory: the newest REPLAY_REMEMBERED signatures. Event loop thread only.
 */
#ifndef FORKERNEL_KERNEL_REPLAY_H
#define FORKERNEL_KERNEL_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

enum {
    REPLAY_SIGNATURE_BYTES = 32,
    REPLAY_REMEMBERED = 8192,
    REPLAY_SLOTS = 2 * REPLAY_REMEMBERED
};

struct replay {
    unsigned char signatures[REPLAY_REMEMBERED]
                            [REPLAY_SIGNATURE_BYTES]; /* ring, oldest overwritten */
    uint16_t slots[REPLAY_SLOTS]; /* open addressing: index into the ring plus one, 0 for free */
    uint32_t count;               /* signatures ever added */
};

/* True when `signature` was added before and is still remembered; else remembers it. Zeroed struct
 * to start. */
bool replay_seen(struct replay *replay, const unsigned char signature[REPLAY_SIGNATURE_BYTES]);

#endif
