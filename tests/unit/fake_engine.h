/* An engine that runs nothing and keeps checkpoints as marks in an array: for tests of what decides
 * about them. */
#ifndef FORKERNEL_TESTS_FAKE_ENGINE_H
#define FORKERNEL_TESTS_FAKE_ENGINE_H

#include "kernel/states.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FAKE_STATES = 1024 };

struct fake {
    struct engine base;
    struct engine *engine; /* as the kernel keeps it */
    struct states *states;
    int64_t live;           /* the state that its program is in */
    bool kept[FAKE_STATES]; /* checkpoints */
    int64_t asked;          /* how often for a checkpoint */
    int64_t evicted[FAKE_STATES];
    int64_t measured;
    int64_t restarts;
};

static inline void fake_checkpoint(struct engine *engine) {
    ((struct fake *)engine)->asked++;
}

static inline bool fake_wake(struct engine *engine, int64_t state, bool keep) {
    struct fake *fake = (struct fake *)engine;
    if (state && !fake->kept[state])
        return false;
    if (keep && fake->live)
        fake->kept[fake->live] = true;
    fake->kept[state] = false;
    fake->live = state;
    return true;
}

static inline void fake_evict(struct engine *engine, int64_t state) {
    struct fake *fake = (struct fake *)engine;
    fake->kept[state] = false;
    fake->evicted[state]++;
}

static inline void fake_measure(struct engine *engine, int64_t state) {
    (void)state;
    ((struct fake *)engine)->measured++;
}

static const struct engine_ops fake_ops = {.name = "fake",
    .checkpoint = fake_checkpoint,
    .wake = fake_wake,
    .evict = fake_evict,
    .measure = fake_measure};

/* Without states of its own, as the echo engine. */
static const struct engine_ops fake_plain_ops = {.name = "plain"};

static inline void fake_restart(void *context) {
    struct fake *fake = context;
    fake->restarts++;
    fake->live = 0;
}

static inline void fake_init(struct fake *fake, const struct engine_ops *ops) {
    *fake = (struct fake){.base = {.ops = ops}};
    fake->engine = &fake->base;
    fake->states = states_create(&fake->engine, fake_restart, fake, (int64_t)1 << 40);
    assert_non_null(fake->states);
}

/* A cell runs on the current state; the number of the state that it leaves. Its run has the number
   of the state and 100. */
static inline int64_t fake_run(struct fake *fake, int64_t duration_us, bool is_unique) {
    struct state_left left = {.number = states_next(fake->states),
        .run_id = states_next(fake->states) + 100,
        .duration_us = duration_us,
        .is_unique = is_unique};
    assert_true(left.number < FAKE_STATES);
    fake->live = left.number;
    states_left(fake->states, &left);
    return left.number;
}

/* The checkpoint that was asked for has been taken. */
static inline void fake_taken(struct fake *fake, int64_t cost_us) {
    const struct state *state = states_find(fake->states, fake->live);
    struct engine_checkpoint checkpoint = {.cost_us = cost_us};
    if (!state || state->keeping != STATE_BEING_KEPT)
        return;
    fake->kept[fake->live] = true;
    states_checkpointed(fake->states, fake->live, &checkpoint);
}

static inline void fake_failed(struct fake *fake, const char *trouble) {
    struct engine_checkpoint checkpoint = {.trouble = trouble};
    states_checkpointed(fake->states, fake->live, &checkpoint);
}

/* A cell of a second, and its checkpoint, which costs next to nothing. */
static inline int64_t fake_cell(struct fake *fake) {
    int64_t number = fake_run(fake, 1000000, false);
    fake_taken(fake, 1);
    return number;
}

static inline void fake_cells(struct fake *fake, int64_t count) {
    while (count-- > 0)
        (void)fake_cell(fake);
}

static inline bool fake_is_kept(const struct fake *fake, int64_t number) {
    bool kept = states_find(fake->states, number)->keeping == STATE_KEPT;
    assert_int_equal(kept, fake->kept[number]);
    return kept;
}

#endif
