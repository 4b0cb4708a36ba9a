/* Looking for a text in all versions of the notebook, or of all notebooks, and in what their runs
   printed, newest first. */
#include "kernel/comm/comm_search.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "history/changes.h"
#include "history/places.h"
#include "kernel/comm/comm_question.h"

#include <string.h>

enum {
    FOUND_DEFAULT = 50,
    FOUND_MAX = 500,
    EXCERPT_BYTES = 200,
    EXCERPT_BEFORE_BYTES = 60, /* of a long line, in front of what was found */
    WANTED_MAX_BYTES = 1000,
    PART_MAX_BYTES =
        4 * 1024 * 1024, /* a longer output is passed over: reading it takes too long */
};

/* ---- in one text ---- */

static unsigned char fold(char c) {
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool is_at(const char *text, const char *wanted, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (fold(text[i]) != fold(wanted[i]))
            return false;
    return true;
}

bool search_find(const char *text, size_t size, const char *wanted, size_t wanted_size,
    struct search_match *ret_match) {
    struct search_match match = {.line = 1};
    if (!wanted_size)
        return false;
    for (size_t i = 0; i + wanted_size <= size; i++) {
        if (is_at(text + i, wanted, wanted_size)) {
            if (match.count++ == 0)
                match.at = i;
            i += wanted_size - 1;
        } else if (!match.count && text[i] == '\n') {
            match.line++;
            match.line_begin = i + 1;
        }
    }
    if (!match.count)
        return false;
    const char *begin = text + match.line_begin;
    const char *newline = memchr(begin, '\n', size - match.line_begin);
    match.line_size = newline ? (size_t)(newline - begin) : size - match.line_begin;
    *ret_match = match;
    return true;
}

/* The line of the match, cut where it is long. */
static json_t *excerpt(const char *text, const struct search_match *match) {
    size_t from = match->line_begin, end = match->line_begin + match->line_size;
    if (match->line_size > EXCERPT_BYTES && match->at - from > EXCERPT_BEFORE_BYTES)
        from += utf8_floor(text + from, end - from, match->at - from - EXCERPT_BEFORE_BYTES);
    size_t shown = end - from;
    if (shown > EXCERPT_BYTES)
        shown = utf8_floor(text + from, shown, EXCERPT_BYTES);
    return comm_text_json(text + from, shown);
}

/* ---- in the history ---- */

/* Where the search goes on. `version` 0: the document is done. */
struct place {
    int64_t document, version, run; /* `run`: the one to go on before; 0: at the text */
};

struct search {
    const struct comm_question *question;
    const char *wanted;
    size_t wanted_size;
    bool everywhere;
    int64_t document; /* that is looked into, and its path; NULL: that of the question */
    const char *path;
    json_t *found;
    size_t limit;
    int64_t deadline_us;
};

static bool is_over(const struct search *search) {
    return json_array_size(search->found) >= search->limit ||
           clock_monotonic_us() > search->deadline_us;
}

/* `run` NULL: in the text of the version. */
static void look(const struct search *search, const struct history_version *version,
    const struct history_run_info *run, const char *mime, const char *key, const char *text,
    size_t size) {
    struct search_match match;
    if (!search_find(text, size, search->wanted, search->wanted_size, &match))
        return;
    json_t *json = json_pack("{s:s, s:I, s:s, s:s, s:I, s:I, s:I, s:o}", "where",
        run ? "output" : "text", "version", (json_int_t)version->number, "cell", key, "summary",
        version->summary, "time", (json_int_t)(run ? run->started_us : version->created_us),
        "matches", (json_int_t)match.count, "line", (json_int_t)match.line, "excerpt",
        excerpt(text, &match));
    if (search->path)
        json_object_set_new(json, "document", json_string(search->path));
    if (run) {
        json_object_set_new(json, "run", json_integer(run->id));
        json_object_set_new(json, "count", json_integer(run->execution_count));
        json_object_set_new(json, "mime", json_string(mime));
    }
    json_array_append_new(search->found, json);
}

static bool is_text(const char *mime) {
    return strncmp(mime, "text/", 5) == 0 || strcmp(mime, "application/json") == 0 ||
           strcmp(mime, "image/svg+xml") == 0;
}

static enum status look_in_part(const struct search *search, const struct history_version *version,
    const struct history_run_info *run, const struct history_part *part, const char *key,
    struct error *error) {
    struct buf bytes = BUF_INIT;
    if (!is_text(part->mime) || part->head_bytes + part->tail_bytes > PART_MAX_BYTES)
        return STATUS_OK;
    enum status status = history_read_part(search->question->history, part, &bytes, error);
    if (status == STATUS_OK)
        look(search, version, run, part->mime, key, buf_string(&bytes), bytes.size);
    buf_finish(&bytes);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status look_in_run(const struct search *search, const struct history_version *version,
    const struct history_run_info *run, const char *key, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_outputs outputs = {0};
    enum status status = STATUS_OK;
    if (run->outputs)
        status = history_list_outputs(search->question->history, run->id, &memory, &outputs, error);
    for (size_t i = 0; i < outputs.count; i++)
        for (size_t p = 0; p < outputs.items[i].part_count && status == STATUS_OK; p++)
            status = look_in_part(search, version, run, &outputs.items[i].parts[p], key, error);
    history_memory_finish(&memory);
    return status;
}

/* A version and then its runs, newest first. False in `ret_whole`: there was no time for all of
   them, and `place` says how far it came. */
static enum status look_in_version(
    const struct search *search, struct place *place, bool *ret_whole, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_version version;
    const char *key = NULL;
    struct history *history = search->question->history;
    enum status status =
        history_read_version(history, search->document, place->version, &memory, &version, error);
    if (status == STATUS_NOT_FOUND) { /* a repaired store may have gaps */
        history_memory_finish(&memory);
        return STATUS_OK;
    }
    if (status == STATUS_OK)
        status = history_cell_key(history, version.cell_id, &memory, &key, error);
    if (status == STATUS_OK && place->run == 0)
        look(search, &version, NULL, NULL, key, version.text, version.text_bytes);
    for (size_t i = status == STATUS_OK ? version.runs.count : 0; i-- > 0 && *ret_whole;) {
        const struct history_run_info *info = &version.runs.items[i];
        if (place->run && info->id >= place->run)
            continue;
        status = look_in_run(search, &version, info, key, error);
        if (status != STATUS_OK)
            break;
        place->run = info->id;
        *ret_whole = i == 0 || !is_over(search);
    }
    history_memory_finish(&memory);
    return status;
}

static enum status look_in_document(
    const struct search *search, struct place *place, struct error *error) {
    enum status status = STATUS_OK;
    bool whole = true;
    while (place->version > 0 && status == STATUS_OK) {
        status = look_in_version(search, place, &whole, error);
        if (!whole)
            break;
        place->version--;
        place->run = 0;
        if (is_over(search))
            break;
    }
    return status;
}

/* The question's own notebook comes first, then all that have a file, the newest first. `document`
   0 in `place`: there are no others. */
static enum status next_document(
    const struct search *search, struct place *place, struct error *error) {
    int64_t own = search->question->document_id;
    int64_t before = place->document == own ? INT64_MAX : place->document;
    *place = (struct place){0};
    if (!search->everywhere)
        return STATUS_OK;
    enum status status =
        history_document_before(search->question->history, before, &place->document, error);
    if (status == STATUS_OK && place->document == own)
        status = history_document_before(search->question->history, own, &place->document, error);
    if (status == STATUS_OK && place->document)
        status = history_last_version(
            search->question->history, place->document, &place->version, error);
    return status;
}

static enum status look_in_all(
    struct search *search, struct place *place, json_t *reply, struct error *error) {
    enum status status = STATUS_OK;
    while (place->document && status == STATUS_OK) {
        struct history_memory memory = HISTORY_MEMORY_INIT;
        search->document = place->document;
        search->path = NULL;
        if (place->document != search->question->document_id)
            status = history_document_path(
                search->question->history, place->document, &memory, &search->path, error);
        if (status == STATUS_OK)
            status = look_in_document(search, place, error);
        history_memory_finish(&memory);
        if (status == STATUS_OK && !place->version)
            status = next_document(search, place, error);
        if (is_over(search))
            break;
    }
    json_object_set_new(reply, "next",
        place->document ? json_pack("{s:I, s:I, s:I}", "document", (json_int_t)place->document,
                              "version", (json_int_t)place->version, "run", (json_int_t)place->run)
                        : json_null());
    return status;
}

/* Where this notebook is: the paths of others are told apart from it. */
static enum status add_path(
    const struct comm_question *question, json_t *reply, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    const char *path = "";
    enum status status = STATUS_OK;
    if (question->document_id)
        status =
            history_document_path(question->history, question->document_id, &memory, &path, error);
    if (status == STATUS_OK)
        json_object_set_new(reply, "document", json_string(path));
    history_memory_finish(&memory);
    return status;
}

static enum status search(
    const struct comm_question *question, json_t *reply, struct error *error) {
    const json_t *text = json_object_get(question->data, "text");
    const json_t *from = json_object_get(question->data, "from");
    int64_t limit = json_integer_value(json_object_get(question->data, "limit"));
    bool goes_on = from && !json_is_null(from);
    struct place place = {
        .document = json_integer_value(json_object_get(from, "document")),
        .version = json_integer_value(json_object_get(from, "version")),
        .run = json_integer_value(json_object_get(from, "run")),
    };
    struct search search = {
        .question = question,
        .wanted = json_string_value(text),
        .wanted_size = json_string_length(text),
        .everywhere = json_is_true(json_object_get(question->data, "everywhere")),
        .limit = limit > 0 && limit <= FOUND_MAX ? (size_t)limit : FOUND_DEFAULT,
        .deadline_us = clock_monotonic_us() + COMM_BUDGET_US,
    };
    if (!search.wanted || !search.wanted_size || search.wanted_size > WANTED_MAX_BYTES)
        return error_set(
            error, STATUS_INVALID, "'text' is what to look for, 1 to %d bytes", WANTED_MAX_BYTES);
    if (goes_on && (place.document < 1 || place.version < 0 || place.run < 0))
        return error_set(error, STATUS_INVALID, "'from' is what the answer before had as 'next'");
    if (goes_on && !search.everywhere && place.document != question->document_id)
        return error_set(error, STATUS_INVALID, "'from' is of a search everywhere");
    enum status status = STATUS_OK;
    if (!goes_on) {
        place.document = question->document_id;
        status = history_last_version(question->history, place.document, &place.version, error);
    }
    search.found = json_array();
    if (status == STATUS_OK)
        status = look_in_all(&search, &place, reply, error);
    json_object_set_new(reply, "found", search.found);
    return status == STATUS_OK ? add_path(question, reply, error) : status;
}

const struct comm_answer comm_searches[] = {
    {"search", search},
    {0},
};
