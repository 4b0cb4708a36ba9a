#include "kernel/comm/comm_cells.h"

#include "kernel/notebook_file.h"

#include <stdlib.h>

enum status comm_cells_adopt(
    const struct comm_question *question, struct history_session *session, struct error *error) {
    const json_t *list = json_object_get(question->data, "cells");
    if (!json_is_array(list) || json_array_size(list) > NOTEBOOK_FILE_MAX_CELLS)
        return error_set(error, STATUS_INVALID, "'cells' is an array of at most %d cells",
            NOTEBOOK_FILE_MAX_CELLS);
    struct history_page_cell *cells = calloc(json_array_size(list) + 1, sizeof *cells);
    enum status status = STATUS_OK;
    size_t index;
    json_t *cell;
    if (!cells)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    json_array_foreach((json_t *)list, index, cell) {
        const char *key = json_string_value(json_object_get(cell, "cell"));
        const json_t *text = json_object_get(cell, "text");
        if (status == STATUS_OK && (!key || !*key || !json_is_string(text)))
            status = error_set(
                error, STATUS_INVALID, "each of 'cells' has a 'cell', not empty, and a 'text'");
        if (status == STATUS_OK)
            cells[index] =
                (struct history_page_cell){key, json_string_value(text), json_string_length(text)};
    }
    if (status == STATUS_OK)
        status =
            history_adopt_cells(session, cells, json_array_size(list), false, NULL, NULL, error);
    free(cells);
    return status;
}
