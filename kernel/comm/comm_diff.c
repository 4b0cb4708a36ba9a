/* What is different between two texts, by lines; and what each version changed in its parent's. */
#include "base/clock.h"
#include "base/telling_line.h"
#include "base/utf8.h"
#include "kernel/comm/comm_question.h"
#include "kernel/fk/align.h"
#include "kernel/fk/change.h"

#include <string.h>

enum {
    LINES_MAX = 2000, /* that differ, of each text; more are not looked at line by line */
    CHANGE_LINES_MAX = 500,
    CHANGES_AT_ONCE = 200,
    SUMMARY_WIDTH = 60,
    LINE_BYTES = 200,
    LINE_BEFORE_BYTES = 60, /* of a long line, in front of what is different */
};

/* ---- two texts ---- */

struct side {
    struct history_version version; /* number 0: a text that came with the question */
    struct align_text lines;
};

static enum status no_memory(struct error *error) {
    return error_set(error, STATUS_NO_MEMORY, "out of memory");
}

/* Of a version, or, on the right, of the text that came. */
static enum status read_side(const struct comm_question *question, const char *member,
    struct history_memory *memory, struct side *side, struct error *error) {
    const json_t *text = json_object_get(question->data, "text");
    int64_t number = 0;
    if (member[0] == 'r' && json_is_string(text)) {
        side->version.text = json_string_value(text);
        side->version.text_bytes = json_string_length(text);
        return STATUS_OK;
    }
    enum status status = comm_int(question, member, &number, error);
    if (status == STATUS_OK)
        status = history_read_version(
            question->history, question->document_id, number, memory, &side->version, error);
    return status;
}

static json_t *lines_json(const struct align_text *text, size_t first, size_t count) {
    json_t *list = json_array();
    for (size_t i = first; i < first + count; i++)
        json_array_append_new(list, comm_text_json(text->lines[i].at, text->lines[i].size));
    return list;
}

static json_t *block_json(const struct align_block *block, const struct align_text *left,
    const struct align_text *right) {
    json_t *json =
        json_pack("{s:s, s:I, s:I}", "kind", block->kind == ALIGN_EQUAL ? "equal" : "changed",
            "left", (json_int_t)block->left + 1, "right", (json_int_t)block->right + 1);
    if (block->kind == ALIGN_EQUAL) {
        json_object_set_new(json, "lines", lines_json(right, block->right, block->right_count));
    } else {
        json_object_set_new(json, "removed", lines_json(left, block->left, block->left_count));
        json_object_set_new(json, "added", lines_json(right, block->right, block->right_count));
    }
    return json;
}

struct counts {
    size_t added, removed;
};

static struct counts count_lines(const struct align *align) {
    struct counts counts = {0};
    for (size_t i = 0; i < align->count; i++)
        if (align->blocks[i].kind != ALIGN_EQUAL) {
            counts.added += align->blocks[i].right_count;
            counts.removed += align->blocks[i].left_count;
        }
    return counts;
}

/* "1 line changed", "+2 -1 lines". */
static void append_words(struct counts counts, struct buf *out) {
    if (!counts.added && !counts.removed)
        buf_append_string(out, "no line is different");
    else if (counts.added == counts.removed)
        buf_printf(out, "%zu line%s changed", counts.added, counts.added == 1 ? "" : "s");
    else if (!counts.removed)
        buf_printf(out, "+%zu line%s", counts.added, counts.added == 1 ? "" : "s");
    else if (!counts.added)
        buf_printf(out, "-%zu line%s", counts.removed, counts.removed == 1 ? "" : "s");
    else
        buf_printf(out, "+%zu -%zu lines", counts.added, counts.removed);
}

static enum status compare(
    struct side *left, struct side *right, json_t *reply, struct error *error) {
    struct align align = {0};
    struct buf words = BUF_INIT;
    if (!align_text_init(&left->lines, left->version.text, left->version.text_bytes) ||
        !align_text_init(&right->lines, right->version.text, right->version.text_bytes) ||
        !align_init(&align, &left->lines, &right->lines, LINES_MAX))
        return no_memory(error);
    struct counts counts = count_lines(&align);
    append_words(counts, &words);
    json_t *blocks = json_array();
    for (size_t i = 0; i < align.count; i++)
        json_array_append_new(blocks, block_json(&align.blocks[i], &left->lines, &right->lines));
    json_object_set_new(reply, "blocks", blocks);
    json_object_set_new(reply, "added", json_integer((json_int_t)counts.added));
    json_object_set_new(reply, "removed", json_integer((json_int_t)counts.removed));
    json_object_set_new(reply, "summary", json_string(buf_string(&words)));
    buf_finish(&words);
    align_finish(&align);
    return STATUS_OK;
}

static enum status diff(const struct comm_question *question, json_t *reply, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct side left = {0}, right = {0};
    enum status status = read_side(question, "left", &memory, &left, error);
    if (status == STATUS_OK)
        status = read_side(question, "right", &memory, &right, error);
    if (status == STATUS_OK)
        status = compare(&left, &right, reply, error);
    align_text_finish(&left.lines);
    align_text_finish(&right.lines);
    history_memory_finish(&memory);
    return status;
}

/* ---- many versions, each against its parent ---- */

static bool is_blank(const struct align_line *line) {
    for (size_t i = 0; i < line->size; i++)
        if (!strchr(" \t\r", line->at[i]))
            return false;
    return true;
}

/* The first line among `count` that tells something, else that is not blank; NULL: all are. */
static const struct align_line *first_line(
    const struct align_text *text, size_t first, size_t count) {
    const struct align_line *other = NULL;
    for (size_t i = first; i < first + count; i++) {
        const struct align_line *line = &text->lines[i];
        if (telling_line_is_code(line->at, line->size))
            return line;
        if (!other && !is_blank(line))
            other = line;
    }
    return other;
}

static json_t *line_json(const struct align_line *line, size_t from) {
    if (!line)
        return json_string("");
    size_t size = line->size - from;
    if (size > LINE_BYTES)
        size = utf8_floor(line->at + from, size, LINE_BYTES);
    return comm_text_json(line->at + from, size);
}

/* The line that a change begins with, as it was and as it is; of long ones the part where they
   differ. */
static void add_lines(const struct align *align, const struct align_text *old_lines,
    const struct align_text *new_lines, json_t *json) {
    const struct align_line *before = NULL, *after = NULL;
    size_t from = 0;
    for (size_t i = 0; i < align->count && !before && !after; i++) {
        const struct align_block *block = &align->blocks[i];
        if (block->kind == ALIGN_EQUAL)
            continue;
        before = first_line(old_lines, block->left, block->left_count);
        after = first_line(new_lines, block->right, block->right_count);
    }
    if (before && after && (before->size > LINE_BYTES || after->size > LINE_BYTES)) {
        size_t same = 0, shorter = before->size < after->size ? before->size : after->size;
        while (same < shorter && before->at[same] == after->at[same])
            same++;
        if (same > LINE_BEFORE_BYTES)
            from = utf8_floor(after->at, after->size, same - LINE_BEFORE_BYTES);
    }
    json_object_set_new(json, "before", line_json(before, from));
    json_object_set_new(json, "after", line_json(after, from));
}

static enum status describe(const struct history_version *version,
    const struct history_version *parent, json_t **ret_change, struct error *error) {
    struct align_text old_lines = {0}, new_lines = {0};
    struct align align = {0};
    struct buf summary = BUF_INIT;
    enum status status = STATUS_OK;
    if (!align_text_init(&old_lines, parent->text, parent->text_bytes) ||
        !align_text_init(&new_lines, version->text, version->text_bytes) ||
        !align_init(&align, &old_lines, &new_lines, CHANGE_LINES_MAX))
        status = no_memory(error);
    if (status == STATUS_OK) {
        struct counts counts = count_lines(&align);
        change_append(
            version->parent ? parent->text : NULL, version->text, SUMMARY_WIDTH, &summary);
        *ret_change = json_pack("{s:I, s:I, s:I, s:o}", "version", (json_int_t)version->number,
            "added", (json_int_t)counts.added, "removed", (json_int_t)counts.removed, "summary",
            comm_text_json(buf_string(&summary), summary.size));
        add_lines(&align, &old_lines, &new_lines, *ret_change);
    }
    buf_finish(&summary);
    align_finish(&align);
    align_text_finish(&old_lines);
    align_text_finish(&new_lines);
    return status;
}

enum status comm_change_json(const struct comm_question *question, int64_t number,
    json_t **ret_change, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_version version, parent = {.text = ""};
    enum status status = history_read_version(
        question->history, question->document_id, number, &memory, &version, error);
    if (status == STATUS_OK && version.parent)
        status = history_read_version(
            question->history, question->document_id, version.parent, &memory, &parent, error);
    if (status == STATUS_OK)
        status = describe(&version, &parent, ret_change, error);
    history_memory_finish(&memory);
    return status;
}

static enum status append_change(
    const struct comm_question *question, int64_t number, json_t *list, struct error *error) {
    json_t *change = NULL;
    enum status status = comm_change_json(question, number, &change, error);
    if (status == STATUS_OK)
        json_array_append_new(list, change);
    return status;
}

static enum status changes(
    const struct comm_question *question, json_t *reply, struct error *error) {
    const json_t *numbers = json_object_get(question->data, "versions");
    json_t *list = json_array(), *later = json_array();
    enum status status = STATUS_OK;
    int64_t began_us = clock_monotonic_us();
    size_t index;
    json_t *number;
    if (!json_is_array(numbers) || json_array_size(numbers) > CHANGES_AT_ONCE)
        status = error_set(error, STATUS_INVALID,
            "'versions' is an array of at most %d version numbers", CHANGES_AT_ONCE);
    json_array_foreach((json_t *)numbers, index, number) {
        if (status != STATUS_OK)
            break;
        if (index && clock_monotonic_us() - began_us > COMM_BUDGET_US)
            json_array_append(later, number);
        else
            status = append_change(question, json_integer_value(number), list, error);
    }
    json_object_set_new(reply, "changes", list);
    json_object_set_new(reply, "later", later);
    return status;
}

const struct comm_answer comm_diffs[] = {
    {"diff", diff},
    {"changes", changes},
    {0},
};
