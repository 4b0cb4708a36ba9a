#include "kernel/engine/c/language/cell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cell_init(struct cell *cell, struct language *language, int64_t number, const char *code,
    bool is_expression, bool wants_result) {
    *cell = (struct cell){.number = number,
        .code = code,
        .size = strlen(code),
        .is_expression = is_expression,
        .wants_result = wants_result};
    (void)snprintf(cell->name, sizeof cell->name, "cell [%lld]", (long long)number);
    cell->text = must_copy(code, cell->size);
    cell->arguments = must_copy("", 0);
    cell->cflags = must_copy(language->cflags, strlen(language->cflags));
    cell->ldflags = must_copy(language->ldflags, strlen(language->ldflags));
}

static void drop_entities(struct cell *cell) {
    for (size_t i = 0; i < cell->entity_count; i++) {
        free(cell->entities[i].name);
        free(cell->entities[i].type);
    }
    cell->entity_count = 0;
}

void cell_finish(struct cell *cell) {
    drop_entities(cell);
    free(cell->entities);
    free(cell->text);
    free(cell->arguments);
    free(cell->cflags);
    free(cell->ldflags);
    split_finish(&cell->split);
    free(cell->items);
    buf_finish(&cell->front);
    names_finish(&cell->changed);
    names_finish(&cell->shadowed);
    session_finish(&cell->kept);
    session_finish(&cell->moved);
    session_finish(&cell->dropped);
    session_finish(&cell->after);
    free(cell->moved_after);
    unit_finish(&cell->unit);
    buf_finish(&cell->warnings);
    buf_finish(&cell->trouble);
}

unsigned cell_line(const struct cell *cell, size_t offset) {
    unsigned line = 1;
    for (size_t i = 0; i < offset && i < cell->size; i++)
        line += cell->code[i] == '\n';
    return line;
}
