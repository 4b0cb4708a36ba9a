/* Rule 4: redo goes down the branch that was visited last. */
#include "history/version_list.h"

#include <stdlib.h>

/* When a version became the head: the number of the document's last version then, and among moves
 * with the same one the move. */
struct visit {
    int64_t after, move;
};

struct node {
    int64_t number;
    int64_t parent;
    struct visit last; /* of it, later of all below it too */
    struct visit child_last;
    size_t child; /* visited last; SIZE_MAX: none */
};

static bool is_later(struct visit a, struct visit b) {
    return a.after != b.after ? a.after > b.after : a.move > b.move;
}

static struct node *find_node(struct memory_rows *nodes, int64_t number) {
    struct node *items = nodes->items;
    size_t low = 0, high = nodes->bytes / sizeof *items;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (items[middle].number == number)
            return &items[middle];
        if (items[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static enum status read_nodes(struct history *history, const struct cell *cell,
    struct memory_rows *nodes, struct error *error) {
    struct version_list list = {0};
    enum status status = version_list_read(history, cell->id, &list, error);
    for (size_t i = 0; i < list.count && status == STATUS_OK; i++) {
        struct node *node = memory_rows_add(nodes, sizeof *node);
        if (!node) {
            status = fail_memory(history, error);
            break;
        }
        node->number = list.items[i].number;
        node->last.after = node->number;
        node->child = SIZE_MAX;
        status = version_parent(history, cell->document_id, node->number, &node->parent, error);
    }
    version_list_finish(&list);
    return status;
}

static enum status read_visits(struct history *history, const struct cell *cell,
    struct memory_rows *nodes, struct error *error) {
    static const char text[] =
        "SELECT to_number, after_number, id FROM moves WHERE cell_id = ? AND to_number <> 0";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    enum status status = sql_query(sql, &rows, error, text, "i", cell->id);
    bool row = status == STATUS_OK;
    while (status == STATUS_OK && row) {
        status = sql_next(sql, rows, &row, error);
        if (status != STATUS_OK || !row)
            break;
        struct node *node = find_node(nodes, sqlite3_column_int64(rows, 0));
        struct visit visit = {sqlite3_column_int64(rows, 1), sqlite3_column_int64(rows, 2)};
        if (node && is_later(visit, node->last))
            node->last = visit;
    }
    return status;
}

/* From the leaves up: children have larger numbers than their parents. */
static void find_last_children(struct memory_rows *nodes) {
    struct node *items = nodes->items;
    for (size_t i = nodes->bytes / sizeof *items; i-- > 0;) {
        struct node *parent = items[i].parent ? find_node(nodes, items[i].parent) : NULL;
        if (!parent)
            continue;
        if (parent->child == SIZE_MAX || is_later(items[i].last, parent->child_last)) {
            parent->child = i;
            parent->child_last = items[i].last;
        }
        if (is_later(items[i].last, parent->last))
            parent->last = items[i].last;
    }
}

static bool is_among(const int64_t *numbers, size_t count, int64_t number) {
    for (size_t i = 0; i < count; i++) {
        if (numbers[i] == number)
            return true;
    }
    return false;
}

enum status redo_find(struct history *history, const struct cell *cell, const int64_t *numbers,
    size_t count, int64_t *ret_number, struct error *error) {
    struct memory_rows nodes = {0};
    enum status status = read_nodes(history, cell, &nodes, error);
    if (status == STATUS_OK)
        status = read_visits(history, cell, &nodes, error);
    int64_t found = 0;
    if (status == STATUS_OK) {
        find_last_children(&nodes);
        const struct node *items = nodes.items, *at = find_node(&nodes, cell->head);
        while (items && at && at->child != SIZE_MAX && !found) {
            at = &items[at->child];
            if (is_among(numbers, count, at->number))
                found = at->number;
        }
    }
    free(nodes.items);
    if (status == STATUS_OK)
        *ret_number = found;
    return status;
}
