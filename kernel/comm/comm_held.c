#include "kernel/comm/comm_held.h"

#include "kernel/fk_text.h"
#include "kernel/kernel.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { BEGUN_MAX = 64 }; /* of one cell: nobody types that on the way to a command */

/* ---- edits with strings of their own ---- */

static void edit_finish(struct history_edit *edit) {
    free((void *)edit->cell_key);
    free((void *)edit->text);
    free((void *)edit->origin_key);
    free((void *)edit->extras);
}

static bool edit_copy(const struct history_edit *from, struct history_edit *to) {
    *to = *from;
    to->origin_keys = NULL; /* nothing begun is made of several cells */
    to->origin_count = 0;
    to->cell_key = strdup(from->cell_key);
    to->text = strdup(from->text ? from->text : "");
    to->origin_key = from->origin_key ? strdup(from->origin_key) : NULL;
    to->extras = from->extras ? strndup(from->extras, from->extras_bytes) : NULL;
    bool fine = to->cell_key && to->text && (to->origin_key || !from->origin_key) &&
                (to->extras || !from->extras);
    if (!fine)
        edit_finish(to);
    return fine;
}

/* Make room for one more; false: there is no memory. */
static bool reserve(void **items, size_t count, size_t size) {
    void *grown = realloc(*items, (count + 1) * size);
    if (grown)
        *items = grown;
    return grown != NULL;
}

static bool edits_append(
    struct history_edit **edits, size_t *count, const struct history_edit *edit) {
    if (!reserve((void **)edits, *count, sizeof **edits) || !edit_copy(edit, &(*edits)[*count]))
        return false;
    ++*count;
    return true;
}

static void edits_finish(struct history_edit **edits, size_t *count) {
    for (size_t i = 0; i < *count; i++)
        edit_finish(&(*edits)[i]);
    free(*edits);
    *edits = NULL;
    *count = 0;
}

/* ---- the cells ---- */

static struct comm_held_cell *find_cell(struct comm_held *held, const char *key) {
    for (size_t i = 0; i < held->count; i++)
        if (held->cells[i].document_id == held->document_id && strcmp(held->cells[i].key, key) == 0)
            return &held->cells[i];
    return NULL;
}

static struct comm_held_cell *need_cell(struct comm_held *held, const char *key) {
    struct comm_held_cell *cell = find_cell(held, key);
    char *copy = cell ? NULL : strdup(key);
    if (cell || !copy)
        return cell;
    if (!reserve((void **)&held->cells, held->count, sizeof *held->cells)) {
        free(copy);
        return NULL;
    }
    held->cells[held->count] =
        (struct comm_held_cell){.document_id = held->document_id, .key = copy};
    return &held->cells[held->count++];
}

static void cell_finish(struct comm_held_cell *cell) {
    edits_finish(&cell->begun, &cell->count);
    free(cell->key);
}

static void remove_cell(struct comm_held *held, struct comm_held_cell *cell) {
    cell_finish(cell);
    *cell = held->cells[--held->count];
}

void comm_held_finish(struct comm_held *held) {
    for (size_t i = 0; i < held->count; i++)
        cell_finish(&held->cells[i]);
    free(held->cells);
    *held = (struct comm_held){0};
}

static bool held_copy(const struct comm_held *from, struct comm_held *to) {
    for (size_t i = 0; i < from->count; i++) {
        to->document_id = from->cells[i].document_id;
        struct comm_held_cell *cell = need_cell(to, from->cells[i].key);
        if (!cell)
            return false;
        cell->commands = from->cells[i].commands;
        for (size_t k = 0; k < from->cells[i].count; k++)
            if (!edits_append(&cell->begun, &cell->count, &from->cells[i].begun[k]))
                return false;
    }
    return true;
}

/* ---- a batch ---- */

static bool record(struct comm_sifted *sifted, const struct history_edit *edit) {
    if (!reserve((void **)&sifted->edits, sifted->count, sizeof *sifted->edits))
        return false;
    sifted->edits[sifted->count++] = *edit;
    return true;
}

/* What was begun in the cell was no way to a command. */
static bool release(struct comm_sifted *sifted, const char *key) {
    struct comm_held_cell *cell = find_cell(&sifted->next, key);
    for (size_t i = 0; cell && i < cell->count; i++)
        if (!edits_append(&sifted->released, &sifted->released_count, &cell->begun[i]) ||
            !record(sifted, &sifted->released[sifted->released_count - 1]))
            return false;
    if (cell)
        remove_cell(&sifted->next, cell);
    return true;
}

static bool is_blank(const char *text) {
    while (isspace((unsigned char)*text))
        text++;
    return !*text;
}

/* The cell's text until now, where it has one in the history or gets one by this batch. */
static bool read_text(const struct comm_question *question, const struct comm_sifted *sifted,
    const char *key, struct history_memory *memory, const char **ret_text) {
    for (size_t i = sifted->count; i-- > 0;)
        if (sifted->edits[i].kind == HISTORY_EDIT_TEXT &&
            strcmp(sifted->edits[i].cell_key, key) == 0) {
            *ret_text = sifted->edits[i].text;
            return true;
        }
    struct history_version head;
    struct error error;
    if (history_read_head(question->history, question->document_id, key, memory, &head, &error) !=
        STATUS_OK)
        return false;
    *ret_text = head.text;
    return true;
}

/* Is the edit no matter of commands? A text that the cell has already adds nothing, and a cell that
   was emptied has changed. */
static bool is_ordinary(const struct comm_question *question, const struct comm_sifted *sifted,
    const struct history_edit *edit, enum fk_text_kind kind) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    const char *text = NULL;
    bool has_text =
        kind != FK_TEXT_OTHER && read_text(question, sifted, edit->cell_key, &memory, &text);
    bool ordinary = kind == FK_TEXT_OTHER || (has_text && strcmp(text, edit->text) == 0) ||
                    (has_text && is_blank(edit->text));
    history_memory_finish(&memory);
    return ordinary;
}

/* Commands end what was begun; something begun after them is on its way from them. */
static bool hold(struct comm_sifted *sifted, const struct history_edit *edit, bool commands) {
    struct comm_held_cell *cell = need_cell(&sifted->next, edit->cell_key);
    if (!cell)
        return false;
    if (commands) {
        edits_finish(&cell->begun, &cell->count);
        cell->commands = true;
    }
    return cell->commands || edits_append(&cell->begun, &cell->count, edit);
}

static bool sift_text(const struct comm_question *question, struct comm_sifted *sifted,
    const struct history_edit *edit) {
    const struct comm_held_cell *cell = find_cell(&sifted->next, edit->cell_key);
    enum fk_text_kind kind =
        edit->type == HISTORY_CELL_CODE ? fk_text_kind(edit->text) : FK_TEXT_OTHER;
    bool follows_commands = cell && cell->commands;
    bool too_many = cell && cell->count >= BEGUN_MAX;
    bool held = kind == FK_TEXT_BEGUN && follows_commands;
    if (!held && !too_many)
        held = !is_ordinary(question, sifted, edit, kind);
    if (held)
        return hold(sifted, edit, kind == FK_TEXT_COMMANDS);
    return release(sifted, edit->cell_key) && record(sifted, edit);
}

static bool sift(const struct comm_question *question, const struct history_edit *batch,
    size_t count, struct comm_sifted *sifted) {
    const struct comm_held *held = &question->kernel->comm_held;
    if (!held_copy(held, &sifted->next))
        return false;
    sifted->next.document_id = question->document_id;
    for (size_t i = 0; i < count; i++) {
        const struct history_edit *edit = &batch[i];
        bool fine = edit->kind == HISTORY_EDIT_TEXT ? sift_text(question, sifted, edit)
                    : edit->kind == HISTORY_EDIT_DELETE
                        ? release(sifted, edit->cell_key) && record(sifted, edit)
                        : record(sifted, edit);
        if (!fine)
            return false;
    }
    return true;
}

enum status comm_held_sift(const struct comm_question *question, const struct history_edit *batch,
    size_t count, struct comm_sifted *ret_sifted, struct error *error) {
    *ret_sifted = (struct comm_sifted){0};
    if (sift(question, batch, count, ret_sifted))
        return STATUS_OK;
    comm_sifted_finish(ret_sifted);
    return error_set(error, STATUS_NO_MEMORY, "out of memory");
}

void comm_held_settle(struct comm_held *held, struct comm_sifted *sifted) {
    comm_held_finish(held);
    *held = sifted->next;
    sifted->next = (struct comm_held){0};
}

void comm_sifted_finish(struct comm_sifted *sifted) {
    free(sifted->edits);
    edits_finish(&sifted->released, &sifted->released_count);
    comm_held_finish(&sifted->next);
    *sifted = (struct comm_sifted){0};
}
