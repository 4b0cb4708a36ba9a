#include "kernel/fk_text.h"

#include "kernel/fk_cell.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const char *skip_space(const char *text) {
    while (isspace((unsigned char)*text))
        text++;
    return text;
}

const char *fk_text_other_line(const char *text) {
    while (*(text = skip_space(text))) {
        if (!fk_cell_is_command(text))
            return text;
        text += strcspn(text, "\n");
    }
    return NULL;
}

static bool is_begun(const char *line) {
    size_t size = strcspn(line, "\n");
    return (size == 1 || size == 2) && strncmp(line, "%f", size) == 0;
}

enum fk_text_kind fk_text_kind(const char *text) {
    enum fk_text_kind kind = *skip_space(text) ? FK_TEXT_COMMANDS : FK_TEXT_BEGUN;
    const char *line = text;
    while ((line = fk_text_other_line(line))) {
        if (!is_begun(line))
            return FK_TEXT_OTHER;
        kind = FK_TEXT_BEGUN;
        line += strcspn(line, "\n");
    }
    return kind;
}
