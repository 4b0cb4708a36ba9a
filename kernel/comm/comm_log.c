/* What happened in the notebook, in pages, newest first: for a line of time. */
#include "history/changes.h"
#include "kernel/comm/comm_question.h"

enum { PAGE = 100, PAGE_MAX = 500, SESSIONS_MAX = 500 };

static const char *event_name(const struct history_event *event) {
    if (event->kind == HISTORY_EVENT_RUN)
        return "run";
    if (event->kind == HISTORY_EVENT_VERSION)
        return "version";
    if (!event->to)
        return "delete";
    return event->from ? "move" : "undelete";
}

static json_t *event_json(const struct history_event *event) {
    json_t *json = json_pack("{s:s, s:I, s:s, s:I, s:I, s:s, s:s}", "event", event_name(event),
        "time", (json_int_t)event->time_us, "cell", event->cell_key, "from",
        (json_int_t)event->from, "to", (json_int_t)event->to, "cause",
        history_cause_name(event->cause), "summary", event->summary);
    if (event->kind == HISTORY_EVENT_RUN) {
        json_object_set_new(json, "run", json_integer(event->id));
        json_object_set_new(json, "count", json_integer(event->execution_count));
        json_object_set_new(
            json, "status", json_string(history_run_status_name(event->run_status)));
        json_object_set_new(json, "ended", json_integer(event->ended_us));
    }
    return json;
}

static int64_t member(const json_t *object, const char *name) {
    return json_integer_value(json_object_get(object, name));
}

/* What parts the events into pieces of work. */
static enum status add_sessions(const struct comm_question *question, struct history_memory *memory,
    json_t *reply, struct error *error) {
    struct history_works works = {0};
    json_t *list = json_array();
    enum status status = history_list_work(
        question->history, question->document_id, SESSIONS_MAX, memory, &works, error);
    for (size_t i = 0; i < works.count; i++)
        json_array_append_new(
            list, json_pack("{s:I, s:I, s:I}", "session", (json_int_t)works.items[i].session_id,
                      "started", (json_int_t)works.items[i].started_us, "ended",
                      (json_int_t)works.items[i].ended_us));
    json_object_set_new(reply, "sessions", list);
    return status;
}

static enum status log_page(
    const struct comm_question *question, json_t *reply, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_events events = {0};
    const json_t *before = json_object_get(question->data, "before");
    int64_t limit = member(question->data, "limit");
    size_t page = limit > 0 && limit <= PAGE_MAX ? (size_t)limit : PAGE;
    struct history_event_place place = {
        .version = member(before, "version"),
        .move = member(before, "move"),
        .run = member(before, "run"),
    };
    if (before && !json_is_object(before) && !json_is_null(before))
        return error_set(error, STATUS_INVALID, "'before' is what the answer before had as 'next'");
    enum status status = history_read_events(
        question->history, question->document_id, &place, page, &memory, &events, error);
    json_t *list = json_array();
    for (size_t i = 0; i < events.count; i++)
        json_array_append_new(list, event_json(&events.items[i]));
    json_object_set_new(reply, "events", list);
    json_object_set_new(reply, "next",
        events.count < page ? json_null()
                            : json_pack("{s:I, s:I, s:I}", "version", (json_int_t)place.version,
                                  "move", (json_int_t)place.move, "run", (json_int_t)place.run));
    if (status == STATUS_OK)
        status = add_sessions(question, &memory, reply, error);
    history_memory_finish(&memory);
    return status;
}

const struct comm_answer comm_logs[] = {
    {"log", log_page},
    {0},
};
