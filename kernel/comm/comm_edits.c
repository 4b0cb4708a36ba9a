#include "kernel/comm/comm_edits.h"

#include "kernel/cell_extras.h"
#include "kernel/kernel.h"

#include <stdlib.h>
#include <string.h>

enum { EDITS_AT_ONCE = 1000 };

/* ---- texts in UTF-16 code units, as front ends count ---- */

/* The character at `at`: its bytes, and its code point. The text is valid UTF-8; of anything else
   no byte outside of it is looked at. */
static size_t decode(const char *text, size_t size, size_t at, uint32_t *ret_point) {
    unsigned char c = (unsigned char)text[at];
    size_t bytes = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    if (bytes > size - at)
        bytes = 1;
    uint32_t point = bytes == 1 ? c : c & (0xffu >> (bytes + 1));
    for (size_t i = 1; i < bytes; i++)
        point = point << 6 | ((unsigned char)text[at + i] & 0x3fu);
    *ret_point = point;
    return bytes;
}

uint32_t comm_edits_hash(const char *text, size_t size) {
    enum { PRIME = 16777619 };
    uint32_t hash = 2166136261u;
    for (size_t at = 0; at < size;) {
        uint32_t point;
        at += decode(text, size, at, &point);
        if (point >= 0x10000) {
            hash = (hash ^ (0xd800 + ((point - 0x10000) >> 10))) * PRIME;
            point = 0xdc00 + ((point - 0x10000) & 0x3ff);
        }
        hash = (hash ^ point) * PRIME;
    }
    return hash;
}

/* The byte at which unit `units`, counted from byte `from`, begins; false past the end or inside a
   character. */
static bool find_unit(
    const char *text, size_t size, size_t from, int64_t units, size_t *ret_offset) {
    size_t at = from;
    while (units > 0 && at < size) {
        uint32_t point;
        at += decode(text, size, at, &point);
        units -= point >= 0x10000 ? 2 : 1;
    }
    *ret_offset = at;
    return units == 0;
}

bool comm_edits_apply(const char *text, size_t size, int64_t at, int64_t deleted,
    const char *insert, size_t insert_size, struct buf *out) {
    size_t start;
    size_t end;
    if (at < 0 || deleted < 0 || !find_unit(text, size, 0, at, &start) ||
        !find_unit(text, size, start, deleted, &end))
        return false;
    buf_append(out, text, start);
    buf_append(out, insert, insert_size);
    buf_append(out, text + end, size - end);
    return true;
}

/* ---- a batch ---- */

struct batch {
    const struct comm_question *question;
    struct history_edit *edits;
    struct buf *texts;  /* those made of differences, one per edit */
    struct buf *extras; /* attachments and metadata, one per edit */
    size_t count;
    json_t *unknown; /* cells whose whole text is wanted */
};

static bool read_word(const char *word, const char *const *words, size_t count, int *ret_index) {
    for (size_t i = 0; word && i < count; i++)
        if (words[i] && strcmp(word, words[i]) == 0) {
            *ret_index = (int)i;
            return true;
        }
    return false;
}

static enum status read_cause(const json_t *json, enum history_cause *ret, struct error *error) {
    const char *word = json_string_value(json_object_get(json, "cause"));
    for (enum history_cause cause = HISTORY_CAUSE_RUN; cause <= HISTORY_CAUSE_REPLACE; cause++)
        if (word && strcmp(word, history_cause_name(cause)) == 0) {
            *ret = cause;
            return STATUS_OK;
        }
    return error_set(error, STATUS_INVALID, "an edit has a 'cause' such as \"typing\"");
}

/* What the cell has before edit `index`: by an earlier edit of the batch, else its head. */
static bool find_text(const struct batch *batch, size_t index, const char *key,
    struct history_memory *memory, const char **ret_text, size_t *ret_size) {
    for (size_t i = index; i-- > 0;) {
        const struct history_edit *edit = &batch->edits[i];
        if (edit->kind == HISTORY_EDIT_TEXT && strcmp(edit->cell_key, key) == 0) {
            *ret_text = edit->text;
            *ret_size = edit->text_bytes;
            return true;
        }
    }
    const struct comm_question *question = batch->question;
    struct history_version head;
    struct error error;
    if (history_read_head(question->history, question->document_id, key, memory, &head, &error) !=
        STATUS_OK)
        return false;
    *ret_text = head.text;
    *ret_size = head.text_bytes;
    return true;
}

static bool hash_is(const json_t *wanted, const char *text, size_t size) {
    return json_is_integer(wanted) &&
           (uint32_t)json_integer_value(wanted) == comm_edits_hash(text, size);
}

/* The text from the difference that the edit carries; a difference that does not fit is noted. */
static void read_difference(struct batch *batch, size_t index, const json_t *json) {
    struct history_edit *edit = &batch->edits[index];
    struct buf *out = &batch->texts[index];
    struct history_memory memory = HISTORY_MEMORY_INIT;
    const char *text = NULL;
    size_t size = 0;
    const json_t *insert = json_object_get(json, "insert");
    bool fits = find_text(batch, index, edit->cell_key, &memory, &text, &size) &&
                hash_is(json_object_get(json, "base"), text, size) &&
                comm_edits_apply(text, size, json_integer_value(json_object_get(json, "at")),
                    json_integer_value(json_object_get(json, "delete")),
                    json_is_string(insert) ? json_string_value(insert) : "",
                    json_string_length(insert), out) &&
                hash_is(json_object_get(json, "hash"), buf_string(out), out->size);
    if (!fits)
        json_object_set_new(batch->unknown, edit->cell_key, json_true());
    edit->text = buf_string(out);
    edit->text_bytes = out->size;
    history_memory_finish(&memory);
}

/* The ids of cells in a list; `ret_keys` is new. */
static enum status read_keys(
    const json_t *cells, const char *const **ret_keys, size_t *ret_count, struct error *error) {
    const char **keys = calloc(json_array_size(cells) + 1, sizeof *keys);
    if (!keys)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(cells); i++) {
        const char *key = json_string_value(json_array_get(cells, i));
        if (key && *key)
            keys[count++] = key;
    }
    *ret_keys = keys;
    *ret_count = count;
    return STATUS_OK;
}

static enum status read_extras(
    struct batch *batch, size_t index, const json_t *extras, struct error *error) {
    struct buf *out = &batch->extras[index];
    if (!json_is_object(extras))
        return STATUS_OK;
    enum status status = cell_extras_append(
        json_object_get(extras, "metadata"), json_object_get(extras, "attachments"), out, error);
    batch->edits[index].extras = buf_string(out);
    batch->edits[index].extras_bytes = out->size;
    return status;
}

static enum status read_text_edit(
    struct batch *batch, size_t index, const json_t *json, struct error *error) {
    static const char *const types[] = {[HISTORY_CELL_CODE] = "code",
        [HISTORY_CELL_MARKDOWN] = "markdown",
        [HISTORY_CELL_RAW] = "raw"};
    struct history_edit *edit = &batch->edits[index];
    const json_t *text = json_object_get(json, "text");
    int type = HISTORY_CELL_CODE;
    enum status status = read_cause(json, &edit->cause, error);
    if (status != STATUS_OK)
        return status;
    const char *type_name = json_string_value(json_object_get(json, "type"));
    if (type_name && !read_word(type_name, types, sizeof types / sizeof *types, &type))
        return error_set(
            error, STATUS_INVALID, "a cell is of type \"code\", \"markdown\" or \"raw\"");
    edit->type = (enum history_cell_type)type;
    edit->origin_key = json_string_value(json_object_get(json, "origin"));
    status =
        read_keys(json_object_get(json, "origins"), &edit->origin_keys, &edit->origin_count, error);
    if (status == STATUS_OK)
        status = read_extras(batch, index, json_object_get(json, "extras"), error);
    if (status != STATUS_OK)
        return status;
    if (json_is_string(text)) {
        edit->text = json_string_value(text);
        edit->text_bytes = json_string_length(text);
    } else {
        read_difference(batch, index, json);
    }
    return STATUS_OK;
}

static enum status read_edit(
    struct batch *batch, size_t index, const json_t *json, struct error *error) {
    static const char *const kinds[] = {[HISTORY_EDIT_TEXT] = "text",
        [HISTORY_EDIT_DELETE] = "delete",
        [HISTORY_EDIT_LAYOUT] = "layout"};
    struct history_edit *edit = &batch->edits[index];
    int kind = 0;
    if (!read_word(json_string_value(json_object_get(json, "kind")), kinds,
            sizeof kinds / sizeof *kinds, &kind))
        return error_set(
            error, STATUS_INVALID, "an edit is of kind \"text\", \"delete\" or \"layout\"");
    edit->kind = (enum history_edit_kind)kind;
    edit->time_us = json_integer_value(json_object_get(json, "time"));
    edit->cell_key = json_string_value(json_object_get(json, "cell"));
    if (edit->kind == HISTORY_EDIT_LAYOUT)
        return read_keys(json_object_get(json, "cells"), &edit->keys, &edit->key_count, error);
    if (!edit->cell_key || !*edit->cell_key)
        return error_set(error, STATUS_INVALID, "an edit names its cell in 'cell'");
    if (edit->kind == HISTORY_EDIT_TEXT)
        return read_text_edit(batch, index, json, error);
    edit->cause = HISTORY_CAUSE_DELETE;
    return STATUS_OK;
}

static void batch_finish(struct batch *batch) {
    for (size_t i = 0; batch->texts && i < batch->count; i++)
        buf_finish(&batch->texts[i]);
    for (size_t i = 0; batch->extras && i < batch->count; i++)
        buf_finish(&batch->extras[i]);
    for (size_t i = 0; batch->edits && i < batch->count; i++) {
        free((void *)batch->edits[i].keys);
        free((void *)batch->edits[i].origin_keys);
    }
    free(batch->texts);
    free(batch->extras);
    free(batch->edits);
    json_decref(batch->unknown);
}

/* ---- what became of it ---- */

static json_t *heads_json(const struct history_edits *edits, const struct history_edited *edited) {
    json_t *heads = json_object();
    for (size_t i = 0; i < edits->count; i++)
        if (edits->items[i].kind == HISTORY_EDIT_TEXT && edited[i].version)
            json_object_set_new(heads, edits->items[i].cell_key, json_integer(edited[i].version));
    return heads;
}

static enum status record(
    struct batch *batch, struct history_session *session, json_t *reply, struct error *error) {
    const json_t *data = batch->question->data;
    struct comm_sifted sifted = {0};
    enum status status =
        comm_held_sift(batch->question, batch->edits, batch->count, &sifted, error);
    struct history_edits edits = {
        .client = json_string_value(json_object_get(data, "client")),
        .sequence = json_integer_value(json_object_get(data, "sequence")),
        .items = sifted.edits,
        .count = sifted.count,
    };
    struct history_edited *edited = calloc(edits.count + 1, sizeof *edited);
    bool repeated = false;
    if (status == STATUS_OK)
        status = edited ? history_record_edits(session, &edits, edited, &repeated, error)
                        : error_set(error, STATUS_NO_MEMORY, "out of memory");
    if (status == STATUS_OK) {
        json_object_set_new(reply, "type", json_string("acknowledge"));
        json_object_set_new(reply, "repeated", json_boolean(repeated));
        json_object_set_new(reply, "heads", repeated ? json_object() : heads_json(&edits, edited));
    }
    if (status == STATUS_OK && !repeated)
        comm_held_settle(&batch->question->kernel->comm_held, &sifted);
    comm_sifted_finish(&sifted);
    free(edited);
    return status;
}

/* Whether a batch that has to be recorded before this one is not. */
static enum status find_overtaking(
    const struct comm_question *question, bool *ret_overtakes, struct error *error) {
    int64_t after = json_integer_value(json_object_get(question->data, "after"));
    const char *client = json_string_value(json_object_get(question->data, "client"));
    int64_t highest = 0;
    enum status status = STATUS_OK;
    if (after && client)
        status = history_client_sequence(question->history, client, &highest, error);
    if (status == STATUS_OK)
        *ret_overtakes = client && highest < after;
    return status;
}

enum status comm_edits_record(const struct comm_question *question, struct history_session *session,
    json_t *reply, struct error *error) {
    const json_t *list = json_object_get(question->data, "edits");
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count > EDITS_AT_ONCE)
        return error_set(
            error, STATUS_INVALID, "'edits' is an array of at most %d edits", EDITS_AT_ONCE);
    struct batch batch = {
        .question = question,
        .edits = calloc(count + 1, sizeof *batch.edits),
        .texts = calloc(count + 1, sizeof *batch.texts),
        .extras = calloc(count + 1, sizeof *batch.extras),
        .count = count,
        .unknown = json_object(),
    };
    if (!batch.edits || !batch.texts || !batch.extras) {
        batch_finish(&batch);
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    }
    bool overtakes = false;
    enum status status = find_overtaking(question, &overtakes, error);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = read_edit(&batch, i, json_array_get(list, i), error);
        if (status == STATUS_INVALID)
            json_object_set_new(reply, "edit", json_integer((json_int_t)i));
    }
    json_object_set(reply, "sequence", json_object_get(question->data, "sequence"));
    if (status == STATUS_OK && (overtakes || json_object_size(batch.unknown))) {
        json_object_set_new(reply, "type", json_string("resend"));
        json_object_set(reply, "cells", batch.unknown);
    } else if (status == STATUS_OK) {
        status = record(&batch, session, reply, error);
    }
    batch_finish(&batch);
    return status;
}
