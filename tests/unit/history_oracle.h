/*
 * What history/edits.h promises, in the simplest way there is: whole texts, and a list of all that
 * happened. Slow on purpose. Cells are small numbers; their keys are "k0", "k1", …
 */
#ifndef FORKERNEL_TESTS_HISTORY_ORACLE_H
#define FORKERNEL_TESTS_HISTORY_ORACLE_H

#include "history_fixture.h"

enum { ORACLE_CELLS = 40, ORACLE_MAX = 20000 };

struct oracle_version {
    int cell;
    int64_t parent, origin;
    char *text;
};

struct oracle_event {
    int cell;
    int64_t head; /* 0: deleted */
    int64_t time_us;
};

struct oracle_layout {
    int64_t time_us;
    int count;
    int cells[ORACLE_CELLS];
};

struct oracle {
    struct oracle_version versions[ORACLE_MAX + 1]; /* by number */
    struct oracle_event events[2 * ORACLE_MAX];
    struct oracle_layout layouts[ORACLE_MAX];
    int64_t count, event_count, layout_count;
    struct {
        int64_t head, id; /* id in the store; 0: not known */
        bool deleted;
        int type;
        int created; /* its place among the cells by when the store first heard of it; 0: never */
    } cells[ORACLE_CELLS];
    int created;
};

static inline void oracle_hear(struct oracle *o, int cell) {
    if (!o->cells[cell].created)
        o->cells[cell].created = ++o->created;
}

static inline bool oracle_has(const struct oracle *o, int64_t number, int cell, const char *text) {
    return o->versions[number].cell == cell && strcmp(o->versions[number].text, text) == 0;
}

static inline int64_t oracle_last_visit(const struct oracle *o, int64_t number) {
    for (int64_t i = o->event_count; i-- > 0;) {
        if (o->events[i].head == number)
            return i;
    }
    return -1;
}

/* The child of `number` whose part of the tree was visited last; 0: it has none. */
static inline int64_t oracle_last_child(const struct oracle *o, int64_t number) {
    int64_t best = 0, best_visit = -1;
    for (int64_t v = number + 1; v <= o->count; v++) {
        int64_t below = v;
        if (o->versions[v].cell != o->versions[number].cell)
            continue;
        while (below && o->versions[below].parent != number)
            below = o->versions[below].parent;
        if (!below)
            continue;
        int64_t visit = oracle_last_visit(o, v);
        if (visit > best_visit) {
            best_visit = visit;
            best = below;
        }
    }
    return best;
}

static inline int64_t oracle_find(
    const struct oracle *o, int cell, enum history_cause cause, const char *text) {
    int64_t head = o->cells[cell].head;
    if (head && strcmp(o->versions[head].text, text) == 0)
        return head;
    if (head && (cause == HISTORY_CAUSE_PROGRAM || cause == HISTORY_CAUSE_FORMAT ||
                    cause == HISTORY_CAUSE_REPLACE)) {
        for (int64_t at = o->count; at > head; at--) {
            if (o->versions[at].parent == head && oracle_has(o, at, cell, text))
                return at;
        }
        return 0;
    }
    bool up = cause == HISTORY_CAUSE_RUN || cause == HISTORY_CAUSE_UNDO ||
              cause == HISTORY_CAUSE_RESTORE || cause == HISTORY_CAUSE_FILE;
    if (!head || (!up && cause != HISTORY_CAUSE_REDO))
        return 0;
    for (int64_t at = head; up && at; at = o->versions[at].parent) {
        if (oracle_has(o, at, cell, text))
            return at;
    }
    bool exists = false;
    for (int64_t at = 1; at <= o->count && !exists; at++)
        exists = oracle_has(o, at, cell, text);
    for (int64_t at = head; exists && !up && at; at = oracle_last_child(o, at)) {
        if (oracle_has(o, at, cell, text))
            return at;
    }
    for (int64_t at = o->count; at > 0; at--) {
        if (oracle_has(o, at, cell, text))
            return at;
    }
    return 0;
}

static inline void oracle_move(struct oracle *o, int cell, int64_t to, int64_t time_us) {
    int64_t now = o->cells[cell].deleted ? 0 : o->cells[cell].head;
    if (now == to)
        return;
    bool made = to == o->count && oracle_last_visit(o, to) < 0; /* times of versions are in ms */
    o->events[o->event_count++] =
        (struct oracle_event){cell, to, made ? time_us / 1000 * 1000 : time_us};
    o->cells[cell].deleted = to == 0;
    if (to)
        o->cells[cell].head = to;
}

/* What history_record_edits() and history_run_begin() must answer. */
static inline struct history_edited oracle_text(struct oracle *o, int cell,
    enum history_cause cause, const char *text, int origin, int64_t time_us) {
    struct history_edited answer = {.new_cell = !o->cells[cell].head};
    int64_t before = o->cells[cell].deleted ? 0 : o->cells[cell].head;
    int64_t found = oracle_find(o, cell, cause, text);
    oracle_hear(o, cell);
    if (!found) {
        if (before == 0 && o->cells[cell].head)
            oracle_move(o, cell, o->cells[cell].head, time_us);
        found = ++o->count;
        o->versions[found] = (struct oracle_version){
            .cell = cell, .parent = o->cells[cell].head, .text = strdup(text)};
        if (origin >= 0 && origin != cell)
            o->versions[found].origin = o->cells[origin].head;
        answer.new_version = true;
    }
    oracle_move(o, cell, found, time_us);
    answer.version = found;
    answer.moved = before != found;
    return answer;
}

static inline bool oracle_delete(struct oracle *o, int cell, int64_t time_us) {
    bool there = o->cells[cell].head && !o->cells[cell].deleted;
    if (there)
        oracle_move(o, cell, 0, time_us);
    return there;
}

/* True: the order is another one than before. */
static inline bool oracle_layout(struct oracle *o, const int *cells, int count, int64_t time_us) {
    struct oracle_layout *before = o->layout_count ? &o->layouts[o->layout_count - 1] : NULL;
    for (int i = 0; i < count; i++) {
        oracle_hear(o, cells[i]);
        if (o->cells[cells[i]].deleted)
            oracle_move(o, cells[i], o->cells[cells[i]].head, time_us);
    }
    if (before && before->count == count &&
        memcmp(before->cells, cells, (size_t)count * sizeof *cells) == 0)
        return false;
    for (int i = 0; before && i < before->count; i++) {
        bool stays = false;
        for (int j = 0; j < count; j++)
            stays = stays || cells[j] == before->cells[i];
        if (!stays)
            oracle_delete(o, before->cells[i], time_us);
    }
    struct oracle_layout *layout = &o->layouts[o->layout_count++];
    *layout = (struct oracle_layout){.time_us = time_us, .count = count};
    memcpy(layout->cells, cells, (size_t)count * sizeof *cells);
    return true;
}

/* The notebook at a time: cells and heads in order. */
static inline int oracle_notebook(
    const struct oracle *o, int64_t time_us, int ret_cells[ORACLE_CELLS], int64_t *ret_heads) {
    int64_t heads[ORACLE_CELLS] = {0};
    for (int64_t i = 0; i < o->event_count; i++) {
        if (o->events[i].time_us <= time_us)
            heads[o->events[i].cell] = o->events[i].head;
    }
    const struct oracle_layout *layout = NULL;
    for (int64_t i = 0; i < o->layout_count; i++) {
        if (o->layouts[i].time_us <= time_us)
            layout = &o->layouts[i];
    }
    int count = 0;
    for (int i = 0; layout && i < layout->count; i++) {
        int cell = layout->cells[i];
        if (heads[cell]) {
            ret_cells[count] = cell;
            ret_heads[count++] = heads[cell];
            heads[cell] = 0;
        }
    }
    for (int place = 1; place <= o->created; place++) {
        for (int cell = 0; cell < ORACLE_CELLS; cell++) {
            if (o->cells[cell].created == place && heads[cell]) {
                ret_cells[count] = cell;
                ret_heads[count++] = heads[cell];
            }
        }
    }
    return count;
}

static inline void oracle_destroy(struct oracle **oracle) {
    for (int64_t number = 1; *oracle && number <= (*oracle)->count; number++)
        free((*oracle)->versions[number].text);
    free(*oracle);
    *oracle = NULL;
}

#endif
