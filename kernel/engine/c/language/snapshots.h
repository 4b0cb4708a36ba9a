/* What the session was in states that can be come back to: the definitions that go with a worker's
   twin. */
#ifndef FORKERNEL_LANGUAGE_SNAPSHOTS_H
#define FORKERNEL_LANGUAGE_SNAPSHOTS_H

#include "kernel/engine/c/language/cell.h"

struct snapshots {
    struct snapshot *items; /* by nothing but their numbers */
    size_t count;
};

/* Keep the session and its options as they are now, under the number of a state; in the place of
   what was kept under it before. */
void snapshots_keep(struct snapshots *snapshots, const struct language *language, int64_t state);
/* Make the session what it was. 0, or a number that is not there: nothing is defined. */
void snapshots_wake(const struct snapshots *snapshots, struct language *language, int64_t state);
void snapshots_evict(struct snapshots *snapshots, int64_t state);

#endif
