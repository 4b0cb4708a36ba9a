#include "kernel/engine/c/language/snapshots.h"

#include <stdlib.h>
#include <string.h>

struct snapshot {
    int64_t state;
    struct session session;
    char *cflags;
    char *ldflags;
};

static struct snapshot *find(const struct snapshots *snapshots, int64_t state) {
    for (size_t i = snapshots->count; i-- > 0;) /* the newest is asked for most */
        if (snapshots->items[i].state == state)
            return &snapshots->items[i];
    return NULL;
}

void snapshots_evict(struct snapshots *snapshots, int64_t state) {
    struct snapshot *snapshot = find(snapshots, state);
    if (!snapshot)
        return;
    session_finish(&snapshot->session);
    free(snapshot->cflags);
    free(snapshot->ldflags);
    *snapshot = snapshots->items[--snapshots->count];
}

void snapshots_keep(struct snapshots *snapshots, const struct language *language, int64_t state) {
    snapshots_evict(snapshots, state);
    snapshots->items =
        must_allocate(snapshots->items, (snapshots->count + 1) * sizeof *snapshots->items);
    struct snapshot *snapshot = &snapshots->items[snapshots->count++];
    *snapshot = (struct snapshot){.state = state,
        .cflags = must_copy(language->cflags, strlen(language->cflags)),
        .ldflags = must_copy(language->ldflags, strlen(language->ldflags))};
    session_copy(&snapshot->session, &language->session);
}

void snapshots_wake(const struct snapshots *snapshots, struct language *language, int64_t state) {
    const struct snapshot *snapshot = find(snapshots, state);
    const char *cflags = snapshot ? snapshot->cflags : "";
    const char *ldflags = snapshot ? snapshot->ldflags : "";
    if (snapshot)
        session_copy(&language->session, &snapshot->session);
    else
        session_clear(&language->session);
    free(language->cflags);
    free(language->ldflags);
    language->cflags = must_copy(cflags, strlen(cflags));
    language->ldflags = must_copy(ldflags, strlen(ldflags));
}
