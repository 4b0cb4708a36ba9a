#include "history/moment_rules.h"

#include <stdlib.h>

/* A head's version of a time counts from its millisecond on; so this is just before it. */
static int64_t just_before(int64_t time_us) {
    return time_us / 1000 * 1000 - 1;
}

static enum status add(
    struct memory_rows *moments, enum history_moment_kind kind, int64_t time_us, int64_t about) {
    struct history_moment *moment = memory_rows_add(moments, sizeof *moment);
    if (!moment)
        return STATUS_NO_MEMORY;
    *moment = (struct history_moment){.kind = kind, .time_us = time_us, .about = about};
    return STATUS_OK;
}

/* ---- steps that change many cells ---- */

/* NONE: such a change is never part of one. A cell that is new takes nothing away. */
static enum history_moment_kind kind_of(const struct history_move *change) {
    if (!change->to)
        return HISTORY_MOMENT_DELETE;
    if (!change->from)
        return HISTORY_MOMENT_NONE;
    switch (change->cause) {
    case HISTORY_CAUSE_RUN:
    case HISTORY_CAUSE_UNDO: /* leads back to where a step began */
    case HISTORY_CAUSE_REDO:
        return HISTORY_MOMENT_NONE;
    case HISTORY_CAUSE_FILE:
        return HISTORY_MOMENT_FILE;
    case HISTORY_CAUSE_REPLACE:
        return HISTORY_MOMENT_REPLACE;
    default:
        return HISTORY_MOMENT_CHANGE;
    }
}

static int compare_ids(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static size_t count_distinct(int64_t *ids, size_t count) {
    size_t distinct = 0;
    qsort(ids, count, sizeof *ids, compare_ids);
    for (size_t i = 0; i < count; i++)
        distinct += i == 0 || ids[i] != ids[i - 1];
    return distinct;
}

/* How many of the changes from `first` on are one step. */
static size_t step_length(const struct moment_facts *facts, size_t first) {
    const struct history_move *changes = facts->changes;
    enum history_moment_kind kind = kind_of(&changes[first]);
    size_t end = first + 1;
    while (end < facts->change_count && kind && kind_of(&changes[end]) == kind &&
           llabs(changes[end].time_us - changes[end - 1].time_us) < MOMENT_STEP_US)
        end++;
    return end - first;
}

static enum status find_steps(const struct moment_facts *facts, struct memory_rows *moments) {
    int64_t *cells = calloc(facts->change_count + 1, sizeof *cells);
    enum status status = cells ? STATUS_OK : STATUS_NO_MEMORY;
    for (size_t at = 0, length; at < facts->change_count && status == STATUS_OK; at += length) {
        const struct history_move *first = &facts->changes[at];
        length = step_length(facts, at);
        if (length < MOMENT_CELLS)
            continue;
        for (size_t i = 0; i < length; i++)
            cells[i] = first[i].cell_id;
        size_t count = count_distinct(cells, length);
        if (count >= MOMENT_CELLS)
            status = add(moments, kind_of(first), just_before(first->time_us), (int64_t)count);
    }
    free(cells);
    return status;
}

/* ---- many cells run one after the other ---- */

static bool follows(const struct moment_run *before, const struct moment_run *run) {
    return run->session_id == before->session_id && run->place > before->place &&
           before->ended_us && run->started_us - before->ended_us < MOMENT_HAND_US;
}

static enum status find_run_all(const struct moment_facts *facts, struct memory_rows *moments) {
    enum status status = STATUS_OK;
    for (size_t at = 0, end; at < facts->run_count && status == STATUS_OK; at = end) {
        const struct moment_run *first = &facts->runs[at];
        for (end = at + 1; end < facts->run_count; end++)
            if (!follows(&facts->runs[end - 1], &facts->runs[end]))
                break;
        bool fresh =
            first->is_first && facts->session_count && first->session_id != facts->sessions[0].id;
        if (end - at >= MOMENT_CELLS)
            status = add(moments, fresh ? HISTORY_MOMENT_RESTART_RUN_ALL : HISTORY_MOMENT_RUN_ALL,
                just_before(first->started_us), (int64_t)(end - at));
    }
    return status;
}

/* ---- kernels ---- */

/* A kernel that meets a notebook records the texts of its file first: they were there before. */
static int64_t met_until(const struct moment_facts *facts, int64_t started_us) {
    int64_t time_us = started_us;
    for (size_t i = 0; i < facts->change_count; i++) {
        const struct history_move *change = &facts->changes[i];
        bool met = change->cause == HISTORY_CAUSE_FILE && !change->from;
        if (met && change->time_us / 1000 >= started_us / 1000 &&
            change->time_us - started_us < MOMENT_STEP_US && change->time_us > time_us)
            time_us = change->time_us;
    }
    return time_us;
}

static enum status find_sessions(const struct moment_facts *facts, struct memory_rows *moments) {
    enum status status = STATUS_OK;
    for (size_t i = 0; i < facts->session_count && status == STATUS_OK; i++) {
        const struct moment_session *session = &facts->sessions[i];
        status = add(moments, HISTORY_MOMENT_SESSION,
            i == 0 ? met_until(facts, session->started_us) : session->started_us, session->id);
    }
    return status;
}

enum status moment_rules_apply(const struct moment_facts *facts, struct memory_rows *moments) {
    enum status status = find_sessions(facts, moments);
    if (status == STATUS_OK)
        status = find_steps(facts, moments);
    if (status == STATUS_OK)
        status = find_run_all(facts, moments);
    return status;
}

/* ---- between two moments ---- */

/* The first moment at or after the time; `count`: there is none. */
static size_t next_moment(const struct history_moment *moments, size_t count, int64_t time_us) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (moments[middle].time_us < time_us)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct edited {
    size_t moment;
    int64_t cell_id;
};

static int compare_edited(const void *a, const void *b) {
    const struct edited *x = a, *y = b;
    if (x->moment != y->moment)
        return x->moment > y->moment ? 1 : -1;
    return (x->cell_id > y->cell_id) - (x->cell_id < y->cell_id);
}

enum status moment_rules_count(
    const struct moment_facts *facts, struct history_moment *moments, size_t count) {
    struct edited *edited = calloc(facts->change_count + 1, sizeof *edited);
    if (!edited)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < facts->change_count; i++)
        edited[i] = (struct edited){
            next_moment(moments, count, facts->changes[i].time_us), facts->changes[i].cell_id};
    qsort(edited, facts->change_count, sizeof *edited, compare_edited);
    for (size_t i = 0; i < facts->change_count; i++) {
        bool again = i && compare_edited(&edited[i], &edited[i - 1]) == 0;
        if (!again && edited[i].moment < count)
            moments[edited[i].moment].changed_cells++;
    }
    for (size_t i = 0; i < facts->run_count; i++) {
        size_t at = next_moment(moments, count, facts->runs[i].started_us);
        if (at < count)
            moments[at].runs++;
    }
    free(edited);
    return STATUS_OK;
}
