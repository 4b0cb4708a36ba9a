/* Which version of a cell has a text. */
#include "history/version_list.h"

#include <stdlib.h>
#include <string.h>

enum status version_has_text(struct history *history, int64_t id, const char *text,
    size_t text_bytes, bool *ret_same, struct error *error) {
    struct buf stored = BUF_INIT;
    enum status status = version_read_text(history, id, &stored, error);
    if (status == STATUS_NOT_FOUND)
        status = sql_fail(&history->sql, SQLITE_CORRUPT, error);
    if (status == STATUS_OK)
        *ret_same = stored.size == text_bytes &&
                    (!text_bytes || memcmp(stored.data, text, text_bytes) == 0);
    buf_finish(&stored);
    return status;
}

struct wanted {
    struct history *history;
    const struct cell *cell;
    const char *text;
    size_t text_bytes;
    int64_t *numbers; /* of the versions whose hash is that of the text, newest first */
    size_t count;
};

static enum status list_candidates(struct wanted *wanted, struct error *error) {
    struct version_list list = {0};
    uint16_t hash = version_list_hash(text_hash(wanted->text, wanted->text_bytes));
    enum status status = version_list_find(wanted->history, wanted->cell->id, hash, &list, error);
    wanted->numbers = calloc(list.count + 1, sizeof *wanted->numbers);
    if (status == STATUS_OK && !wanted->numbers)
        status = fail_memory(wanted->history, error);
    for (size_t i = list.count; i-- > 0 && wanted->numbers;)
        wanted->numbers[wanted->count++] = list.items[i].number;
    version_list_finish(&list);
    return status;
}

static bool is_candidate(const struct wanted *wanted, int64_t number) {
    size_t low = 0, high = wanted->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (wanted->numbers[middle] == number)
            return true;
        if (wanted->numbers[middle] > number)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static enum status has_text(
    const struct wanted *wanted, int64_t number, bool *ret_same, struct error *error) {
    return version_has_text(wanted->history, version_id(wanted->cell->document_id, number),
        wanted->text, wanted->text_bytes, ret_same, error);
}

/* 0: no ancestor has it. */
static enum status find_ancestor(
    const struct wanted *wanted, int64_t *ret_number, struct error *error) {
    const struct cell *cell = wanted->cell;
    /* numbers fall on the way up */
    for (int64_t at = cell->head; at && at >= wanted->numbers[wanted->count - 1];) {
        bool same = false;
        enum status status = STATUS_OK;
        int64_t parent = 0;
        if (is_candidate(wanted, at))
            status = has_text(wanted, at, &same, error);
        if (same) {
            *ret_number = at;
            return STATUS_OK;
        }
        if (status == STATUS_OK)
            status = version_parent(wanted->history, cell->document_id, at, &parent, error);
        if (status != STATUS_OK)
            return status;
        at = parent;
    }
    return STATUS_OK;
}

/* Keep the candidates that have the text indeed; with `first_only` look for no more than one. */
static enum status verify(struct wanted *wanted, bool first_only, struct error *error) {
    size_t kept = 0;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < wanted->count && status == STATUS_OK && !(first_only && kept); i++) {
        bool same = false;
        status = has_text(wanted, wanted->numbers[i], &same, error);
        if (same)
            wanted->numbers[kept++] = wanted->numbers[i];
    }
    wanted->count = kept;
    return status;
}

enum status version_find_child(struct history *history, const struct cell *cell, const char *text,
    size_t text_bytes, int64_t *ret_number, struct error *error) {
    struct wanted wanted = {
        .history = history, .cell = cell, .text = text, .text_bytes = text_bytes};
    int64_t found = 0;
    enum status status = list_candidates(&wanted, error);
    for (size_t i = 0; i < wanted.count && status == STATUS_OK && !found; i++) {
        int64_t parent = 0;
        bool same = false;
        status = version_parent(history, cell->document_id, wanted.numbers[i], &parent, error);
        if (status == STATUS_OK && parent == cell->head)
            status = has_text(&wanted, wanted.numbers[i], &same, error);
        if (same)
            found = wanted.numbers[i];
    }
    if (status == STATUS_OK)
        *ret_number = found;
    free(wanted.numbers);
    return status;
}

enum status version_find(struct history *history, const struct cell *cell, const char *text,
    size_t text_bytes, bool redo, int64_t *ret_number, struct error *error) {
    struct wanted wanted = {
        .history = history, .cell = cell, .text = text, .text_bytes = text_bytes};
    int64_t found = 0;
    enum status status = list_candidates(&wanted, error);
    if (status == STATUS_OK && !redo && wanted.count)
        status = find_ancestor(&wanted, &found, error);
    if (status == STATUS_OK && !found)
        status = verify(&wanted, !redo, error);
    if (status == STATUS_OK && redo && wanted.count > 1)
        status = redo_find(history, cell, wanted.numbers, wanted.count, &found, error);
    if (status == STATUS_OK)
        *ret_number = !found && wanted.count ? wanted.numbers[0] : found;
    free(wanted.numbers);
    return status;
}
