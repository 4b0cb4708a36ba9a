/*
 * The texts of a few versions that were read or made last: whoever types in a cell needs the text
 * before again and again. A version never changes, so that nothing here gets old, but for versions
 * whose transaction was rolled back. Internal to history/.
 */
#ifndef FORKERNEL_HISTORY_TEXT_CACHE_H
#define FORKERNEL_HISTORY_TEXT_CACHE_H

#include "base/buf.h"

#include <stdint.h>

enum { TEXT_CACHE_TEXTS = 8, TEXT_CACHE_MAX_BYTES = 256 * 1024 };

/* Zero to start. */
struct text_cache {
    struct {
        int64_t id; /* 0: free */
        struct buf text;
    } entries[TEXT_CACHE_TEXTS];
    unsigned next;        /* to be replaced */
    unsigned rolled_back; /* how many transactions were when it was filled */
};

/* NULL: not there. Borrowed until the next call. */
const struct buf *text_cache_find(
    struct text_cache *cache, unsigned rolled_back, int64_t version_id);

void text_cache_put(struct text_cache *cache, unsigned rolled_back, int64_t version_id,
    const char *text, size_t size);

void text_cache_finish(struct text_cache *cache);

#endif
