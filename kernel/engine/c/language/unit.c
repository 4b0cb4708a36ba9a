#include "kernel/engine/c/language/unit.h"

#include <stdlib.h>
#include <string.h>

void unit_finish(struct unit *unit) {
    buf_finish(&unit->text);
    free(unit->pieces);
    *unit = (struct unit){0};
}

void unit_clear(struct unit *unit) {
    buf_clear(&unit->text);
    unit->count = 0;
}

void unit_printf(struct unit *unit, const char *format, ...) {
    va_list args;
    va_start(args, format);
    buf_vprintf(&unit->text, format, args);
    va_end(args);
}

void unit_string(struct unit *unit, const char *text) {
    buf_append_string(&unit->text, text);
}

static struct unit_piece *add_piece(struct unit *unit, const char *text, size_t size) {
    if (unit->count == unit->capacity) {
        unit->capacity = unit->capacity ? unit->capacity * 2 : 32;
        unit->pieces = must_allocate(unit->pieces, unit->capacity * sizeof *unit->pieces);
    }
    struct unit_piece *piece = &unit->pieces[unit->count++];
    *piece = (struct unit_piece){.at = unit->text.size, .size = size};
    buf_append(&unit->text, text, size);
    return piece;
}

void unit_cell(struct unit *unit, const char *cell, size_t start, size_t end) {
    struct unit_piece *piece = add_piece(unit, cell + start, end - start);
    piece->origin = UNIT_CELL;
    piece->from = start;
}

void unit_definition(
    struct unit *unit, const struct definition *definition, const char *text, size_t size) {
    struct unit_piece *piece = add_piece(unit, text, size);
    piece->origin = UNIT_DEFINITION;
    piece->definition = definition;
}

const struct unit_piece *unit_find(const struct unit *unit, size_t offset) {
    for (size_t i = 0; i < unit->count; i++)
        if (offset >= unit->pieces[i].at && offset <= unit->pieces[i].at + unit->pieces[i].size)
            return &unit->pieces[i];
    return NULL;
}

size_t unit_locate(const struct unit *unit, size_t offset) {
    for (size_t i = 0; i < unit->count; i++) {
        const struct unit_piece *piece = &unit->pieces[i];
        if (piece->origin == UNIT_CELL && offset >= piece->from &&
            offset <= piece->from + piece->size)
            return piece->at + (offset - piece->from);
    }
    return (size_t)-1;
}
