#include "kernel/fk/cell_names.h"

#include "base/telling_line.h"
#include "base/utf8.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    KEY_LEAST = 4,      /* characters of a key that are enough */
    CANDIDATES_MAX = 5, /* that a message lists */
    CANDIDATE_WIDTH = 30,
};

/* ---- reading ---- */

static void keep_line(const char *text, size_t size, struct cell_name *name) {
    struct buf clean = BUF_INIT;
    utf8_append_clean(&clean, text, size);
    size_t kept = utf8_floor(buf_string(&clean), clean.size, CELL_LINE_BYTES - 1);
    memcpy(name->line, buf_string(&clean), kept);
    name->line[kept] = '\0';
    buf_finish(&clean);
}

/* Returns the heading of the cells behind it, `heading` being that of those before. */
static const char *name_cell(
    struct cell_name *name, const char *text, size_t size, const char *heading) {
    struct telling_line line;
    int level;
    bool titled = name->cell->type == HISTORY_CELL_MARKDOWN &&
                  telling_line_heading(text, size, &level, &line);
    if (titled || telling_line_find(text, size, &line))
        keep_line(line.at, line.size, name);
    name->heading = heading;
    name->name = *name->line ? name->line : "(empty)";
    return titled ? name->line : heading;
}

/* A heading stands for the one cell of code under it: `begin` to `end` are under the same one. */
static void name_by_heading(struct cell_name *begin, const struct cell_name *end) {
    struct cell_name *code = NULL;
    size_t count = 0;
    for (struct cell_name *at = begin; at < end; at++) {
        assert(at->cell);
        if (at->cell->type == HISTORY_CELL_CODE) {
            code = at;
            count++;
        }
    }
    if (count == 1 && *code->heading)
        code->name = code->heading;
}

static int compare_id(const void *id, const void *cell) {
    int64_t x = *(const int64_t *)id, y = ((const struct history_cell *)cell)->id;
    return (x > y) - (x < y);
}

/* In the order of the notebook. */
static void add_present(struct cell_names *names, const struct history_cells *cells,
    const struct history_notebook *notebook) {
    const char *heading = "";
    size_t section = 0;
    for (size_t i = 0; i < notebook->count && names->count < cells->count; i++) {
        const struct history_notebook_cell *shown = &notebook->items[i];
        const struct history_cell *cell =
            bsearch(&shown->cell_id, cells->items, cells->count, sizeof *cells->items, compare_id);
        if (!cell || cell->deleted_us)
            continue; /* it came or went just now */
        struct cell_name *name = &names->items[names->count++];
        name->cell = cell;
        name->number = (size_t)(cell - cells->items) + 1;
        const char *behind = name_cell(name, shown->text, shown->text_bytes, heading);
        if (behind != heading) {
            name_by_heading(&names->items[section], name);
            section = names->count;
        }
        heading = behind;
    }
    if (section < names->count)
        name_by_heading(&names->items[section], &names->items[names->count]);
}

static int newest_first(const void *a, const void *b) {
    int64_t x = (*(const struct history_cell *const *)a)->deleted_us;
    int64_t y = (*(const struct history_cell *const *)b)->deleted_us;
    return (x < y) - (x > y);
}

/* False without memory. */
static bool add_deleted(struct cell_names *names, const struct history_cells *cells) {
    const struct history_cell **deleted = calloc(cells->count + 1, sizeof *deleted);
    size_t count = 0;
    if (!deleted)
        return false;
    for (size_t i = 0; i < cells->count; i++)
        if (cells->items[i].deleted_us)
            deleted[count++] = &cells->items[i];
    qsort(deleted, count, sizeof *deleted, newest_first);
    for (size_t i = 0; i < count && names->count < cells->count; i++) {
        struct cell_name *name = &names->items[names->count++];
        name->cell = deleted[i];
        name->number = (size_t)(deleted[i] - cells->items) + 1;
        (void)name_cell(name, deleted[i]->summary, strlen(deleted[i]->summary), "");
    }
    free(deleted);
    return true;
}

enum status cell_names_read(
    struct fk_context *context, struct cell_names *ret_names, struct error *error) {
    struct cell_names names = {0};
    struct history_memory texts = HISTORY_MEMORY_INIT;
    struct history_cells cells = {0};
    struct history_notebook notebook = {0};
    enum status status =
        history_list_cells(context->history, context->document_id, &names.memory, &cells, error);
    if (status == STATUS_OK)
        status = history_read_notebook(
            context->history, context->document_id, 0, &texts, &notebook, error);
    if (status == STATUS_OK)
        names.items = calloc(cells.count + 1, sizeof *names.items);
    if (names.items)
        add_present(&names, &cells, &notebook);
    if (status == STATUS_OK && (!names.items || !add_deleted(&names, &cells)))
        status = error_set(error, STATUS_NO_MEMORY, "out of memory");
    if (status == STATUS_OK)
        *ret_names = names;
    else
        cell_names_finish(&names);
    history_memory_finish(&texts);
    return status;
}

void cell_names_finish(struct cell_names *names) {
    free(names->items);
    history_memory_finish(&names->memory);
    *names = (struct cell_names){0};
}

const struct cell_name *cell_names_of(const struct cell_names *names, int64_t cell_id) {
    for (size_t i = 0; i < names->count; i++)
        if (names->items[i].cell->id == cell_id)
            return &names->items[i];
    return NULL;
}

const struct cell_name *cell_names_of_key(const struct cell_names *names, const char *key) {
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i].cell->key, key) == 0)
            return &names->items[i];
    return NULL;
}

void cell_name_append(const struct cell_name *name, size_t width, struct buf *out) {
    size_t size = strlen(name->name);
    size_t shown = utf8_offset(name->name, size, width);
    if (shown < size)
        shown = utf8_offset(name->name, size, width - 1);
    buf_printf(out, "c%zu %.*s%s", name->number, (int)shown, name->name, shown < size ? "…" : "");
}

/* ---- finding ---- */

struct typed {
    const char *text;
    size_t size;   /* without the "…" of a name that was cut where it was shown */
    size_t number; /* of "c3" and of "c3 name" as it is shown; 0: it has none */
    size_t behind; /* bytes up to the name in the latter, else 0 */
};

static struct typed read_typed(const char *text) {
    static const char cut[] = "…";
    struct typed typed = {.text = text, .size = strlen(text)};
    size_t mark = sizeof cut - 1;
    if (typed.size > mark && memcmp(text + typed.size - mark, cut, mark) == 0)
        typed.size -= mark;
    char *end = NULL;
    if ((*text == 'c' || *text == 'C') && isdigit((unsigned char)text[1])) {
        unsigned long number = strtoul(text + 1, &end, 10);
        typed.number = *end == '\0' || *end == ' ' ? number : 0;
        typed.behind = *end == ' ' ? (size_t)(end + 1 - text) : 0;
    }
    return typed;
}

static bool equals(const char *text, const struct typed *typed) {
    return strlen(text) == typed->size && strncasecmp(text, typed->text, typed->size) == 0;
}

static bool contains(const char *text, const struct typed *typed) {
    for (; *text; text++)
        if (strncasecmp(text, typed->text, typed->size) == 0)
            return true;
    return false;
}

static bool by_number(const struct cell_name *name, const struct typed *typed) {
    return name->number == typed->number &&
           (!typed->behind || strncasecmp(name->name, typed->text + typed->behind,
                                  typed->size - typed->behind) == 0);
}

static bool by_key(const struct cell_name *name, const struct typed *typed) {
    return strcmp(name->cell->key, typed->text) == 0;
}

static bool by_whole(const struct cell_name *name, const struct typed *typed) {
    return equals(name->name, typed) || equals(name->line, typed) ||
           (name->cell->type == HISTORY_CELL_CODE && equals(name->heading, typed));
}

static bool by_key_beginning(const struct cell_name *name, const struct typed *typed) {
    return typed->size >= KEY_LEAST && strncmp(name->cell->key, typed->text, typed->size) == 0;
}

static bool by_part(const struct cell_name *name, const struct typed *typed) {
    return contains(name->line, typed) || contains(name->heading, typed);
}

/* The best first. */
static bool (*const ways[])(const struct cell_name *name, const struct typed *typed) = {
    by_number, by_key, by_whole, by_key_beginning, by_part};

static enum status fail_several(
    const struct cell_names *names, const struct typed *typed, size_t way, struct error *error) {
    struct buf list = BUF_INIT;
    size_t count = 0;
    for (size_t i = 0; i < names->count; i++) {
        if (!ways[way](&names->items[i], typed))
            continue;
        if (count++ < CANDIDATES_MAX) {
            buf_append_string(&list, "\n  ");
            cell_name_append(&names->items[i], CANDIDATE_WIDTH, &list);
        }
    }
    if (count > CANDIDATES_MAX)
        buf_printf(&list, "\n  and %zu more", count - CANDIDATES_MAX);
    enum status status = error_set(error, STATUS_INVALID,
        "'%.60s' may be several cells; type the number of one:%s", typed->text, buf_string(&list));
    buf_finish(&list);
    return status;
}

enum status cell_names_find(const struct cell_names *names, const char *text,
    const struct cell_name **ret_name, struct error *error) {
    struct typed typed = read_typed(text);
    if (!typed.size)
        return STATUS_NOT_FOUND;
    for (size_t way = 0; way < sizeof ways / sizeof *ways; way++) {
        const struct cell_name *found = NULL;
        size_t present = 0, deleted = 0;
        for (size_t i = 0; i < names->count; i++) {
            const struct cell_name *name = &names->items[i];
            if (!ways[way](name, &typed))
                continue;
            if (!present) /* one that is there comes before deleted ones */
                found = name;
            present += !name->cell->deleted_us;
            deleted += name->cell->deleted_us != 0;
        }
        if (present > 1 || (!present && deleted > 1))
            return fail_several(names, &typed, way, error);
        if (found) {
            *ret_name = found;
            return STATUS_OK;
        }
    }
    return STATUS_NOT_FOUND;
}
