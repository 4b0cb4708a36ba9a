#include "kernel/fk/fold.h"

#include <stdlib.h>
#include <string.h>

/* Who comes back after so long begins anew: what stood there is worth a row. */
static const int64_t pause_us = INT64_C(5) * 60 * 1000000;

struct node {
    size_t parent; /* index + 1; 0: none in the list */
    size_t children;
    size_t only_child; /* index, where there is one */
    int64_t row;       /* number of the nearest row, its own or an ancestor's; 0: none */
    size_t folded;     /* versions below that row, itself included */
};

static size_t find(const struct history_versions *versions, int64_t number) {
    size_t low = 0, high = versions->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (versions->items[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < versions->count && versions->items[low].number == number ? low + 1 : 0;
}

static void link_nodes(const struct history_versions *versions, struct node *nodes) {
    for (size_t i = 0; i < versions->count; i++) {
        nodes[i].parent = versions->items[i].parent ? find(versions, versions->items[i].parent) : 0;
        if (nodes[i].parent) {
            struct node *parent = &nodes[nodes[i].parent - 1];
            parent->children++;
            parent->only_child = i;
        }
    }
}

static bool is_a_step(const struct history_versions *versions, const struct node *node, size_t i) {
    const struct history_version *version = &versions->items[i];
    if (version->cause != HISTORY_CAUSE_TYPING || version->is_head || version->runs.count ||
        *version->label || version->pinned || !node->parent || node->children != 1)
        return false;
    const struct history_version *next = &versions->items[node->only_child];
    return next->cause == HISTORY_CAUSE_TYPING && next->created_us - version->created_us < pause_us;
}

enum status fold_typing(const struct history_versions *versions, bool every,
    struct fold_rows *ret_rows, struct error *error) {
    *ret_rows = (struct fold_rows){0};
    if (!versions->count)
        return STATUS_OK;
    struct node *nodes = calloc(versions->count, sizeof *nodes);
    struct fold_row *rows = calloc(versions->count, sizeof *rows);
    if (!nodes || !rows) {
        free(nodes);
        free(rows);
        return error_set(error, STATUS_NO_MEMORY, "cannot draw the tree: out of memory");
    }
    link_nodes(versions, nodes);
    size_t count = 0;
    for (size_t i = 0; i < versions->count; i++) {
        struct node *node = &nodes[i];
        if (node->parent) {
            node->row = nodes[node->parent - 1].row;
            node->folded = nodes[node->parent - 1].folded;
        }
        if (!every && is_a_step(versions, node, i)) {
            node->folded++;
            continue;
        }
        rows[count++] = (struct fold_row){
            .version = &versions->items[i], .parent = node->row, .folded = node->folded};
        node->row = versions->items[i].number;
        node->folded = 0;
    }
    free(nodes);
    *ret_rows = (struct fold_rows){rows, count};
    return STATUS_OK;
}
