#include "kernel/states.h"

#include "base/file.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MOST_KEPT = 64,    /* checkpoints at once, however small */
    CREDIT_PART = 20,  /* checkpoints may take a twentieth of the time of the cells */
    CREDIT_US = 50000, /* at the beginning, and as much as can be saved up */
    BRANCH_WEIGHT = 8, /* a state with branches is worth as much as so many others */
    UNIQUE_WEIGHT = 64,
    PIN_WEIGHT = 1000000,
    BUDGET_PART = 4,   /* of the machine's memory */
    SHORTAGE_PART = 16 /* with less than this part available, only the newest is kept */
};

struct states {
    struct engine *const *engine;
    void (*restart)(void *context);
    void *context;
    struct state *items; /* items[number - 1] */
    int64_t count;
    int64_t capacity;
    int64_t current;
    int64_t visited;             /* below the fresh program, as state.visited */
    int64_t kept[MOST_KEPT + 1]; /* numbers, oldest checkpoint first; one more while it comes */
    size_t kept_count;
    bool on;
    int64_t budget_bytes;
    int64_t evicted;
    int64_t cost_us;
    int64_t pause_us;
    int64_t credit_us; /* time that checkpoints may take: a part of what the cells have taken */
    bool sparing;
    char *trouble;
};

static struct state *find(const struct states *states, int64_t number) {
    return number > 0 && number <= states->count ? &states->items[number - 1] : NULL;
}

static const struct engine_ops *ops(const struct states *states) {
    return (*states->engine)->ops;
}

static bool supported(const struct states *states) {
    return ops(states)->checkpoint != NULL;
}

/* Have the engine forget a state, its definitions too. */
static void drop(struct states *states, int64_t number) {
    if (supported(states))
        ops(states)->evict(*states->engine, number);
}

/* Have the engine go on from a state. */
static bool wake(struct states *states, int64_t number, bool keep) {
    if (ops(states)->wake)
        return ops(states)->wake(*states->engine, number, keep);
    if (number == 0)
        states->restart(states->context);
    return number == 0;
}

/* ---- memory ---- */

static int64_t machine_bytes(void) {
    int64_t bytes = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
    struct buf limit = BUF_INIT; /* of a container */
    if (file_read("/sys/fs/cgroup/memory.max", 64, &limit, NULL) == STATUS_OK) {
        int64_t allowed = (int64_t)strtoll(buf_string(&limit), NULL, 10);
        if (allowed > 0 && allowed < bytes)
            bytes = allowed;
    }
    buf_finish(&limit);
    return bytes;
}

static bool memory_is_short(void) {
    struct buf info = BUF_INIT;
    int64_t total = 1;
    int64_t available = 1;
    if (file_read("/proc/meminfo", 8192, &info, NULL) == STATUS_OK) {
        const char *at = strstr(buf_string(&info), "MemTotal:");
        total = at ? (int64_t)strtoll(at + strlen("MemTotal:"), NULL, 10) : 1;
        at = strstr(buf_string(&info), "MemAvailable:");
        available = at ? (int64_t)strtoll(at + strlen("MemAvailable:"), NULL, 10) : total;
    }
    buf_finish(&info);
    return available < total / SHORTAGE_PART;
}

struct states *states_create(struct engine *const *engine, void (*restart)(void *context),
    void *context, int64_t budget_bytes) {
    struct states *states = calloc(1, sizeof *states);
    if (!states)
        return NULL;
    states->engine = engine;
    states->restart = restart;
    states->context = context;
    states->on = supported(states);
    states->credit_us = CREDIT_US;
    states->budget_bytes = budget_bytes ? budget_bytes : machine_bytes() / BUDGET_PART;
    return states;
}

void states_destroy(struct states **states) {
    struct states *gone = *states;
    if (!gone)
        return;
    free(gone->items);
    free(gone->trouble);
    free(gone);
    *states = NULL;
}

/* ---- keeping and giving up ---- */

static void take_off(struct states *states, int64_t number) {
    size_t to = 0;
    for (size_t i = 0; i < states->kept_count; i++)
        if (states->kept[i] != number)
            states->kept[to++] = states->kept[i];
    states->kept_count = to;
}

static void evict(struct states *states, int64_t number) {
    find(states, number)->keeping = STATE_NOT_KEPT;
    take_off(states, number);
    drop(states, number);
    states->evicted++;
}

/* How long it would take to have it again from its nearest kept ancestor. */
static int64_t rebuild_us(const struct states *states, const struct state *state) {
    int64_t us = 0;
    do {
        us += state->duration_us;
        state = find(states, state->parent);
    } while (state && state->keeping == STATE_NOT_KEPT);
    return us;
}

/* What is far back is worth less, and so is what its neighbours give again soon: the kept ones end
   up spaced out with age. */
static double worth(const struct states *states, const struct state *state) {
    double age = (double)(states->count - state->number + 1);
    double weight = state->pinned         ? PIN_WEIGHT
                    : state->is_unique    ? UNIQUE_WEIGHT
                    : state->children > 1 ? BRANCH_WEIGHT
                                          : 1;
    return weight * (double)(rebuild_us(states, state) + 1) / age;
}

static int64_t kept_bytes(const struct states *states) {
    int64_t bytes = 0;
    for (size_t i = 0; i < states->kept_count; i++)
        bytes += find(states, states->kept[i])->bytes;
    return bytes;
}

/* The newest one is what a crash falls back to: it stays. */
static void keep_budget(struct states *states) {
    bool is_short = states->kept_count > 1 && memory_is_short();
    while (states->kept_count > 1 && (is_short || states->kept_count > MOST_KEPT ||
                                         kept_bytes(states) > states->budget_bytes)) {
        const struct state *victim = find(states, states->kept[0]);
        for (size_t i = 1; i + 1 < states->kept_count; i++) {
            const struct state *state = find(states, states->kept[i]);
            if (worth(states, state) < worth(states, victim))
                victim = state;
        }
        evict(states, victim->number);
    }
}

/* Ask for a checkpoint of the current state. Where that costs too much for what the cells take,
   only when it is needed. */
static void keep_current(struct states *states, bool needed) {
    struct state *state = find(states, states->current);
    if (!states->on || !state || state->keeping != STATE_NOT_KEPT)
        return;
    states->sparing = !needed && states->cost_us > states->credit_us;
    if (states->sparing)
        return;
    state->keeping = STATE_BEING_KEPT;
    ops(states)->checkpoint(*states->engine);
}

void states_checkpointed(
    struct states *states, int64_t number, const struct engine_checkpoint *checkpoint) {
    struct state *state = find(states, number);
    if (!state || state->keeping != STATE_BEING_KEPT) {
        if (state && state->keeping == STATE_NOT_KEPT)
            drop(states, number);
        return;
    }
    free(states->trouble);
    states->trouble = checkpoint->trouble ? strdup(checkpoint->trouble) : NULL;
    if (checkpoint->cost_us) {
        states->cost_us = checkpoint->cost_us;
        states->pause_us = checkpoint->pause_us;
    }
    states->credit_us -= checkpoint->cost_us;
    state->keeping = checkpoint->trouble ? STATE_NOT_KEPT : STATE_KEPT;
    if (checkpoint->trouble) {
        if (number != states->current) /* which was left in the meantime */
            drop(states, number);
        return;
    }
    /* what the cells since have changed is held by the one before this alone */
    int64_t before = states->kept_count ? states->kept[states->kept_count - 1] : 0;
    states->kept[states->kept_count++] = number;
    keep_budget(states);
    if (checkpoint->cost_us && before && find(states, before)->keeping == STATE_KEPT)
        ops(states)->measure(*states->engine, before);
}

void states_measured(struct states *states, int64_t number, int64_t bytes) {
    struct state *state = find(states, number);
    if (!state || state->keeping != STATE_KEPT)
        return;
    state->bytes = bytes;
    keep_budget(states);
}

void states_measure(struct states *states) {
    for (size_t i = 0; i < states->kept_count; i++)
        ops(states)->measure(*states->engine, states->kept[i]);
}

void states_measure_newest(struct states *states) {
    if (states->kept_count)
        ops(states)->measure(*states->engine, states->kept[states->kept_count - 1]);
}

void states_prepare(struct states *states) {
    if (states->on)
        ops(states)->prepare(*states->engine);
}

void states_gone(struct states *states, int64_t number) {
    struct state *state = find(states, number);
    if (!state)
        return;
    state->keeping = STATE_NOT_KEPT;
    take_off(states, number);
    if (number == states->current)
        keep_current(states, true);
    else
        drop(states, number); /* its definitions */
}

/* ---- a cell runs ---- */

int64_t states_next(const struct states *states) {
    return states->count + 1;
}

static struct state *add(struct states *states) {
    if (!states->items || states->count == states->capacity) {
        int64_t capacity = states->capacity ? states->capacity * 2 : 64;
        struct state *grown = realloc(states->items, (size_t)capacity * sizeof *grown);
        if (!grown)
            return NULL;
        states->items = grown;
        states->capacity = capacity;
    }
    assert(states->items);
    struct state *state = &states->items[states->count++];
    *state = (struct state){.number = states->count};
    return state;
}

/* From the fresh program on, remember which way leads here. */
static void visit(struct states *states, int64_t number) {
    states->current = number;
    for (struct state *state = find(states, number), *parent; state; state = parent) {
        parent = find(states, state->parent);
        if (parent)
            parent->visited = state->number;
        else
            states->visited = state->number;
    }
}

/* Nobody can come back to a state that was not kept when the program moved on. */
static void leave_current(struct states *states) {
    const struct state *state = find(states, states->current);
    if (state && state->keeping == STATE_NOT_KEPT)
        drop(states, state->number);
}

static void earn(struct states *states, int64_t duration_us) {
    int64_t most = states->cost_us > CREDIT_US ? states->cost_us : CREDIT_US;
    states->credit_us += duration_us / CREDIT_PART;
    if (states->credit_us > most)
        states->credit_us = most;
}

void states_left(struct states *states, const struct state_left *left) {
    struct state *state = find(states, left->number); /* one that was run again */
    if (!state && !(state = add(states)))
        return;
    if (state->number != states->current)
        leave_current(states);
    struct state *parent = find(states, states->current);
    state->run_id = left->run_id;
    if (parent && state->parent != parent->number)
        parent->children++;
    state->parent = states->current;
    state->duration_us = left->duration_us;
    state->is_unique = left->is_unique;
    visit(states, state->number);
    earn(states, left->duration_us);
    keep_current(states, left->is_unique);
}

bool states_can_recover(const struct states *states) {
    const struct state *state = find(states, states->current);
    return !state || state->keeping == STATE_KEPT;
}

/* The engine has brought it back: it is the live program now, and no checkpoint. */
static void arrive(struct states *states, int64_t number) {
    struct state *state = find(states, number);
    if (state) {
        state->keeping = STATE_NOT_KEPT;
        take_off(states, number);
    }
    visit(states, number);
    keep_current(states, true);
}

/* The engine has none, though it may have been believed to, or one may have been on its way. */
static void forget(struct states *states, int64_t number) {
    find(states, number)->keeping = STATE_NOT_KEPT;
    take_off(states, number);
    drop(states, number);
}

bool states_recover(struct states *states) {
    int64_t wanted = states->current;
    int64_t number = wanted;
    while (number && !wake(states, number, false)) {
        forget(states, number);
        number = find(states, number)->parent;
    }
    if (!number)
        (void)wake(states, 0, false);
    arrive(states, number);
    return number == wanted;
}

bool states_go(struct states *states, int64_t number) {
    struct state *left = find(states, states->current);
    if (number == states->current)
        return true;
    if (number && !find(states, number))
        return false;
    if (!wake(states, number, states->on)) {
        if (number)
            forget(states, number);
        return false;
    }
    if (left && !states->on) {
        drop(states, left->number);
    } else if (left && left->keeping != STATE_KEPT) { /* the program itself is its checkpoint */
        left->keeping = STATE_KEPT;
        states->kept[states->kept_count++] = left->number;
    }
    arrive(states, number);
    keep_budget(states);
    return true;
}

/* ---- looking ---- */

int64_t states_current(const struct states *states) {
    return states->current;
}

const struct state *states_find(const struct states *states, int64_t number) {
    return find(states, number);
}

const struct state *states_of_run(const struct states *states, int64_t run_id) {
    for (int64_t number = states->count; run_id && number > 0; number--)
        if (find(states, number)->run_id == run_id)
            return find(states, number);
    return NULL;
}

int64_t states_current_run(const struct states *states) {
    const struct state *state = find(states, states->current);
    while (state && !state->run_id)
        state = find(states, state->parent);
    return state ? state->run_id : 0;
}

int64_t states_redo_run(const struct states *states) {
    const struct state *state = find(states, states->current);
    state = find(states, state ? state->visited : states->visited);
    while (state && !state->run_id)
        state = find(states, state->visited);
    return state ? state->run_id : 0;
}

bool states_is_live(const struct states *states, const struct state *state) {
    return state->number == states->current || state->keeping != STATE_NOT_KEPT;
}

struct states_summary states_summarize(const struct states *states) {
    return (struct states_summary){
        .supported = supported(states),
        .on = states->on,
        .kept = (int64_t)states->kept_count,
        .bytes = kept_bytes(states),
        .budget_bytes = states->budget_bytes,
        .evicted = states->evicted,
        .cost_us = states->cost_us,
        .pause_us = states->pause_us,
        .sparing = states->sparing,
        .trouble = states->trouble,
    };
}

/* ---- the user's word ---- */

bool states_parse_bytes(const char *text, int64_t *ret_bytes) {
    static const char units[] = "KMGT";
    char *end;
    double number = strtod(text, &end);
    double unit = 1;
    while (*end == ' ')
        end++;
    const char *at = *end ? strchr(units, toupper((unsigned char)*end)) : NULL;
    for (long i = at ? at - units : -1; i >= 0; i--)
        unit *= 1024;
    if (at)
        end++;
    if (strcmp(end, "iB") != 0 && strcmp(end, "B") != 0 && *end)
        return false;
    if (end == text || !(number * unit >= 1) || number * unit > 9e18)
        return false;
    *ret_bytes = (int64_t)(number * unit);
    return true;
}

void states_set_budget(struct states *states, int64_t bytes) {
    states->budget_bytes = bytes;
    keep_budget(states);
}

void states_switch(struct states *states, bool on) {
    states->on = on && supported(states);
    if (states->on) {
        keep_current(states, true);
        return;
    }
    while (states->kept_count)
        evict(states, states->kept[0]);
    struct state *current = find(states, states->current);
    if (current)
        current->keeping = STATE_NOT_KEPT; /* one on its way is dropped when it comes */
}

bool states_pin(struct states *states, int64_t run_id, bool pinned) {
    const struct state *state = states_of_run(states, run_id);
    if (state)
        find(states, state->number)->pinned = pinned;
    return state != NULL;
}
