/* What can be asked over the comm: cells, trees, versions, outputs, states. */
#include "base/clock.h"
#include "history/origins.h"
#include "kernel/cell_extras.h"
#include "kernel/comm/comm_question.h"
#include "kernel/kernel.h"
#include "kernel/run_outputs.h"
#include "kernel/state_plan.h"

#include <string.h>

enum { VERSIONS_AT_ONCE = 64, RUNS_AT_ONCE = 64, PAGE = 200, PAGE_MAX = 5000, CHANGES = 200 };

/* ---- what people and versions look like in JSON ---- */

/* "image/png\ntext/plain" as a list. */
static json_t *mimes_json(const char *mimes) {
    json_t *list = json_array();
    while (*mimes) {
        size_t size = strcspn(mimes, "\n");
        json_array_append_new(list, comm_text_json(mimes, size));
        mimes += size + (mimes[size] == '\n');
    }
    return list;
}

json_t *comm_run_json(const struct history_run_info *run) {
    return json_pack("{s:I, s:I, s:s, s:I, s:I, s:I, s:I, s:s, s:s, s:b, s:o, s:I}", "run",
        (json_int_t)run->id, "count", (json_int_t)run->execution_count, "status",
        history_run_status_name(run->status), "started", (json_int_t)run->started_us, "ended",
        (json_int_t)run->ended_us, "outputs", (json_int_t)run->outputs, "parent",
        (json_int_t)run->parent_run_id, "summary", run->summary, "label", run->label, "pinned",
        run->pinned, "mime", mimes_json(run->mimes), "dropped", (json_int_t)run->outputs_dropped);
}

static json_t *runs_json(const struct history_runs *runs) {
    json_t *list = json_array();
    for (size_t i = 0; i < runs->count; i++)
        json_array_append_new(list, comm_run_json(&runs->items[i]));
    return list;
}

json_t *comm_version_json(const struct history_version *version) {
    json_t *json = json_pack("{s:I, s:I, s:I, s:s, s:b, s:s, s:s, s:b, s:o}", "version",
        (json_int_t)version->number, "parent", (json_int_t)version->parent, "created",
        (json_int_t)version->created_us, "cause", history_cause_name(version->cause), "head",
        version->is_head, "summary", version->summary, "label", version->label, "pinned",
        version->pinned, "runs", runs_json(&version->runs));
    if (version->text)
        json_object_set_new(json, "text", json_stringn(version->text, version->text_bytes));
    return json;
}

static json_t *cell_json(const struct history_cell *cell) {
    return json_pack("{s:s, s:s, s:I, s:s, s:I, s:I, s:I, s:I, s:I}", "cell", cell->key, "type",
        comm_cell_type(cell->type), "head", (json_int_t)cell->head, "summary", cell->summary,
        "versions", (json_int_t)cell->versions, "runs", (json_int_t)cell->runs, "created",
        (json_int_t)cell->created_us, "deleted", (json_int_t)cell->deleted_us, "last_run",
        (json_int_t)cell->last_run_us);
}

/* ---- questions ---- */

static enum status cells(const struct comm_question *question, json_t *reply, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_cells found = {0};
    enum status status =
        history_list_cells(question->history, question->document_id, &memory, &found, error);
    json_t *list = json_array();
    for (size_t i = 0; i < found.count; i++)
        json_array_append_new(list, cell_json(&found.items[i]));
    json_object_set_new(reply, "cells", list);
    history_memory_finish(&memory);
    return status;
}

/* Parents first, whose texts are at hand then for their children. */
static enum status add_changes(
    const struct comm_question *question, json_t *versions, struct error *error) {
    enum status status = STATUS_OK;
    int64_t began_us = clock_monotonic_us();
    size_t count = json_array_size(versions);
    for (size_t i = count > CHANGES ? count - CHANGES : 0;
        i < count && status == STATUS_OK && clock_monotonic_us() - began_us < COMM_BUDGET_US; i++) {
        json_t *version = json_array_get(versions, i), *change = NULL;
        int64_t number = json_integer_value(json_object_get(version, "version"));
        status = comm_change_json(question, number, &change, error);
        if (status == STATUS_OK)
            json_object_set_new(version, "change", change);
    }
    return status;
}

static json_t *edge_json(int64_t version, const struct history_edge *edge, bool is_origin) {
    const struct history_edge_end *other = is_origin ? &edge->from : &edge->to;
    json_t *json = json_pack("{s:I, s:s, s:I, s:s, s:I, s:b, s:s}", "version", (json_int_t)version,
        "cause", history_cause_name(edge->cause), "time", (json_int_t)edge->time_us, "cell",
        other->cell_key, "other", (json_int_t)other->version, "deleted", other->cell_deleted,
        "summary", other->summary);
    if (other->path) {
        json_object_set_new(json, "document", json_integer((json_int_t)other->document_id));
        json_object_set_new(json, "path", comm_text_json(other->path, strlen(other->path)));
    }
    return json;
}

/* Where its versions came from, and what came from them. */
static enum status add_edges(
    const struct comm_question *question, const char *key, json_t *reply, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_edges edges = {0};
    enum status status =
        history_list_edges(question->history, question->document_id, key, &memory, &edges, error);
    json_t *origins = json_array(), *pieces = json_array();
    for (size_t i = 0; i < edges.count; i++) {
        const struct history_edge *edge = &edges.items[i];
        if (strcmp(edge->to.cell_key, key) == 0)
            json_array_append_new(origins, edge_json(edge->to.version, edge, true));
        else
            json_array_append_new(pieces, edge_json(edge->from.version, edge, false));
    }
    json_object_set_new(reply, "origins", origins);
    json_object_set_new(reply, "pieces", pieces);
    history_memory_finish(&memory);
    return status;
}

/* The newest `limit` versions before `before`, oldest first: parents come before their children. */
static enum status tree(const struct comm_question *question, json_t *reply, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_versions versions = {0};
    struct history_version head = {0};
    const char *key = NULL;
    int64_t limit = json_integer_value(json_object_get(question->data, "limit"));
    int64_t before = json_integer_value(json_object_get(question->data, "before"));
    enum status status = comm_string(question, "cell", &key, error);
    if (status == STATUS_OK)
        status =
            history_read_head(question->history, question->document_id, key, &memory, &head, error);
    size_t page = limit > 0 && limit <= PAGE_MAX ? (size_t)limit : PAGE;
    if (status == STATUS_OK) /* one more tells whether there are more */
        status = history_read_tree_page(
            question->history, head.cell_id, before, page + 1, &memory, &versions, error);
    size_t start = versions.count > page ? 1 : 0;
    json_t *list = json_array();
    for (size_t i = start; i < versions.count; i++)
        json_array_append_new(list, comm_version_json(&versions.items[i]));
    if (status == STATUS_OK && json_is_true(json_object_get(question->data, "changes")))
        status = add_changes(question, list, error);
    json_object_set_new(reply, "versions", list);
    json_object_set_new(reply, "more", json_boolean(start > 0));
    if (status == STATUS_OK && !before)
        status = add_edges(question, key, reply, error);
    history_memory_finish(&memory);
    return status;
}

/* Texts with their runs; two of them are a difference. */
static enum status versions(
    const struct comm_question *question, json_t *reply, struct error *error) {
    const json_t *numbers = json_object_get(question->data, "versions");
    int64_t other = json_integer_value(json_object_get(question->data, "document"));
    int64_t document_id = other ? other : question->document_id;
    enum status status = STATUS_OK;
    json_t *list = json_array();
    size_t index;
    json_t *number;
    if (!json_is_array(numbers) || json_array_size(numbers) > VERSIONS_AT_ONCE)
        status = error_set(error, STATUS_INVALID,
            "'versions' is an array of at most %d version numbers", VERSIONS_AT_ONCE);
    json_array_foreach((json_t *)numbers, index, number) {
        struct history_memory memory = HISTORY_MEMORY_INIT;
        struct history_version version;
        if (status == STATUS_OK)
            status = history_read_version(question->history, document_id,
                json_integer_value(number), &memory, &version, error);
        json_t *answer = status == STATUS_OK ? comm_version_json(&version) : NULL;
        if (answer && json_is_true(json_object_get(question->data, "extras")))
            status = cell_extras_read(question->history, document_id, &version, 0, answer, error);
        json_array_append_new(list, answer);
        history_memory_finish(&memory);
    }
    json_object_set_new(reply, "versions", list);
    return status;
}

/* A run may be of another document only by mistake: its outputs are not this notebook's. */
enum status comm_read_run(const struct comm_question *question, int64_t run_id,
    struct history_memory *memory, struct history_run_info *ret_run, struct error *error) {
    struct history_version version;
    enum status status = history_read_run(question->history, run_id, memory, ret_run, error);
    if (status == STATUS_OK)
        status = history_read_version(
            question->history, question->document_id, ret_run->version, memory, &version, error);
    if (status == STATUS_OK && version.id != ret_run->version_id)
        status = error_set(
            error, STATUS_NOT_FOUND, "run %lld is of another notebook", (long long)run_id);
    return status;
}

/* `answer` gets what is asked for of one run. */
static enum status outputs_of_run(
    const struct comm_question *question, int64_t run_id, json_t *answer, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_run_info run;
    json_t *list = NULL, *left_out = NULL;
    int64_t limit = json_integer_value(json_object_get(question->data, "limit_bytes"));
    struct run_outputs_wish wish = {
        .mimes = json_object_get(question->data, "mimes"),
        .limit_bytes = limit > 0 ? (size_t)limit : 0,
    };
    enum status status = comm_read_run(question, run_id, &memory, &run, error);
    if (status == STATUS_OK)
        status = run_outputs_as_nbformat(question->history, &run, &wish, &list, &left_out, error);
    if (status == STATUS_OK) {
        json_object_set_new(answer, "outputs", list);
        json_object_set_new(answer, "left_out", left_out);
        json_object_set_new(answer, "run", comm_run_json(&run));
    }
    history_memory_finish(&memory);
    return status;
}

/* The first ones, as many as there is time for; the ids of the others go to "later". */
static enum status outputs_of_runs(
    const struct comm_question *question, const json_t *ids, json_t *reply, struct error *error) {
    enum status status = STATUS_OK;
    json_t *list = json_array(), *later = json_array();
    int64_t began_us = clock_monotonic_us();
    size_t index;
    json_t *id;
    if (!json_is_array(ids) || json_array_size(ids) > RUNS_AT_ONCE)
        status =
            error_set(error, STATUS_INVALID, "'runs' is an array of at most %d runs", RUNS_AT_ONCE);
    json_array_foreach((json_t *)ids, index, id) {
        if (status != STATUS_OK)
            break;
        if (index && clock_monotonic_us() - began_us > COMM_BUDGET_US) {
            json_array_append(later, id);
            continue;
        }
        json_t *answer = json_object();
        status = outputs_of_run(question, json_integer_value(id), answer, error);
        json_array_append_new(list, answer);
    }
    json_object_set_new(reply, "runs", list);
    json_object_set_new(reply, "later", later);
    return status;
}

static enum status outputs(
    const struct comm_question *question, json_t *reply, struct error *error) {
    const json_t *mimes = json_object_get(question->data, "mimes");
    const json_t *ids = json_object_get(question->data, "runs");
    int64_t run_id = 0;
    if (mimes && !json_is_array(mimes))
        return error_set(error, STATUS_INVALID, "'mimes' is an array of MIME types");
    if (ids)
        return outputs_of_runs(question, ids, reply, error);
    enum status status = comm_int(question, "run", &run_id, error);
    return status == STATUS_OK ? outputs_of_run(question, run_id, reply, error) : status;
}

static json_t *state_json(const struct comm_question *question, const struct history_states *runs,
    const struct history_state_info *run) {
    static const char *const kinds[] = {
        [PLAN_LIVE] = "live", [PLAN_RUN_AGAIN] = "again", [PLAN_IMPOSSIBLE] = "gone"};
    const struct history_state_info *parent = state_plan_parent(runs, run);
    const struct states *states = question->kernel->states;
    struct state_plan plan = state_plan_make(runs, states, run);
    const struct state *state = states_of_run(states, run->run_id);
    struct buf how = BUF_INIT;
    state_plan_describe(&plan, &how);
    json_t *json = json_pack("{s:I, s:I, s:I, s:I, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I}", "run",
        (json_int_t)run->run_id, "parent", (json_int_t)(parent ? parent->run_id : 0), "count",
        (json_int_t)run->execution_count, "version", (json_int_t)run->version, "defines",
        run->defines, "effects", run->effects, "available", kinds[plan.kind], "how",
        buf_string(&how), "again_cells", (json_int_t)plan.count, "again_us", (json_int_t)plan.us,
        "bytes", (json_int_t)(state ? state->bytes : 0), "started", (json_int_t)run->started_us);
    buf_finish(&how);
    return json;
}

static enum status states(
    const struct comm_question *question, json_t *reply, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_states runs = {0};
    enum status status =
        history_list_states(question->history, question->document_id, &memory, &runs, error);
    json_t *list = json_array();
    for (size_t i = runs.count > PAGE_MAX ? runs.count - PAGE_MAX : 0; i < runs.count; i++)
        if (state_plan_is_state(&runs.items[i]))
            json_array_append_new(list, state_json(question, &runs, &runs.items[i]));
    json_object_set_new(reply, "states", list);
    json_object_set_new(
        reply, "current", json_integer(states_current_run(question->kernel->states)));
    history_memory_finish(&memory);
    return status;
}

const struct comm_answer comm_queries[] = {
    {"cells", cells},
    {"tree", tree},
    {"versions", versions},
    {"outputs", outputs},
    {"states", states},
    {0},
};
