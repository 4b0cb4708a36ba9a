/* A translation unit under construction, which remembers where each byte came from. */
#ifndef FORKERNEL_LANGUAGE_UNIT_H
#define FORKERNEL_LANGUAGE_UNIT_H

#include "base/buf.h"
#include "kernel/engine/c/language/definition.h"

enum unit_origin {
    UNIT_GENERATED,
    UNIT_CELL,       /* the cell's own text */
    UNIT_DEFINITION, /* a definition of an earlier cell, compiled again */
};

struct unit_piece {
    size_t at; /* in the unit */
    size_t size;
    enum unit_origin origin;
    size_t from;                         /* UNIT_CELL: offset in the cell */
    const struct definition *definition; /* UNIT_DEFINITION */
};

struct unit {
    struct buf text;
    struct unit_piece *pieces;
    size_t count;
    size_t capacity;
};

void unit_finish(struct unit *unit);
void unit_clear(struct unit *unit);
void unit_printf(struct unit *unit, const char *format, ...) PRINTF_LIKE(2, 3);
void unit_string(struct unit *unit, const char *text);
/* Bytes `start` to `end` of the cell. */
void unit_cell(struct unit *unit, const char *cell, size_t start, size_t end);
void unit_definition(
    struct unit *unit, const struct definition *definition, const char *text, size_t size);

/* The piece that holds the byte at `offset`. Generated text is a gap: NULL. */
const struct unit_piece *unit_find(const struct unit *unit, size_t offset);
/* Where cell offset `offset` stands in the unit: (size_t)-1 where it does not. */
size_t unit_locate(const struct unit *unit, size_t offset);

#endif
