#include "kernel/fk/edges.h"

#include "base/utf8.h"
#include "history/origins.h"

#include <string.h>

enum { SUMMARY_BYTES = 40 };

static void print_edge(struct fk_context *context, int64_t version, const char *how,
    const struct history_edge_end *other) {
    size_t size = strlen(other->summary);
    size_t shown = utf8_floor(other->summary, size, SUMMARY_BYTES);
    fk_printf(context, "%sversion %lld %s version %lld of %s\"%.*s%s\"%s%s%s\n",
        fk_colour(context, FK_FAINT), (long long)version, how, (long long)other->version,
        other->cell_deleted ? "the deleted cell " : "the cell ", (int)shown, other->summary,
        shown < size ? "..." : "", other->path ? " in " : "", other->path ? other->path : "",
        fk_colour(context, FK_PLAIN));
}

enum status edges_print(struct fk_context *context, const char *cell_key, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_edges edges = {0};
    enum status status = history_list_edges(
        context->history, context->document_id, cell_key, &memory, &edges, error);
    for (size_t i = 0; i < edges.count; i++) {
        const struct history_edge *edge = &edges.items[i];
        if (strcmp(edge->to.cell_key, cell_key) == 0)
            print_edge(context, edge->to.version, "came from", &edge->from);
        else
            print_edge(context, edge->from.version, "went into", &edge->to);
    }
    history_memory_finish(&memory);
    return status;
}
