#include "history/text_cache.h"

void text_cache_finish(struct text_cache *cache) {
    for (unsigned i = 0; i < TEXT_CACHE_TEXTS; i++)
        buf_finish(&cache->entries[i].text);
    *cache = (struct text_cache){0};
}

static void check_age(struct text_cache *cache, unsigned rolled_back) {
    if (cache->rolled_back != rolled_back)
        text_cache_finish(cache);
    cache->rolled_back = rolled_back;
}

const struct buf *text_cache_find(
    struct text_cache *cache, unsigned rolled_back, int64_t version_id) {
    check_age(cache, rolled_back);
    for (unsigned i = 0; i < TEXT_CACHE_TEXTS; i++) {
        if (cache->entries[i].id == version_id)
            return &cache->entries[i].text;
    }
    return NULL;
}

void text_cache_put(struct text_cache *cache, unsigned rolled_back, int64_t version_id,
    const char *text, size_t size) {
    if (size > TEXT_CACHE_MAX_BYTES || text_cache_find(cache, rolled_back, version_id))
        return;
    struct buf *place = &cache->entries[cache->next].text;
    buf_clear(place);
    if (size)
        buf_append(place, text, size);
    cache->entries[cache->next].id = buf_ok(place) ? version_id : 0;
    cache->next = (cache->next + 1) % TEXT_CACHE_TEXTS;
}
