#include "kernel/notebook_file.h"

#include "base/file.h"
#include "kernel/notebook_skim.h"

#include <stdlib.h>
#include <string.h>

/* A multi-line string of nbformat: a string, or a list of its lines with their ends. */
static bool read_source(
    struct notebook_file *file, const json_t *source, struct notebook_cell *cell) {
    if (json_is_string(source)) {
        cell->text = json_string_value(source);
        cell->text_bytes = json_string_length(source);
        return true;
    }
    struct buf text = BUF_INIT;
    size_t index;
    json_t *line;
    json_array_foreach((json_t *)source, index, line) {
        if (json_is_string(line))
            buf_append(&text, json_string_value(line), json_string_length(line));
    }
    cell->text_bytes = text.size;
    char *joined = buf_take(&text);
    file->joined[file->count] = joined;
    cell->text = joined;
    return joined != NULL;
}

static enum history_cell_type read_type(const json_t *json) {
    const char *type = json_string_value(json_object_get(json, "cell_type"));
    if (type && strcmp(type, "markdown") == 0)
        return HISTORY_CELL_MARKDOWN;
    return type && strcmp(type, "raw") == 0 ? HISTORY_CELL_RAW : HISTORY_CELL_CODE;
}

static enum status read_cells(const char *path, struct notebook_file *file, struct error *error) {
    const json_t *cells = json_object_get(file->root, "cells");
    size_t count = json_array_size(cells);
    if (!json_is_array(cells))
        return error_set(error, STATUS_INVALID, "'%s' is no notebook: it has no cells", path);
    if (count > NOTEBOOK_FILE_MAX_CELLS)
        return error_set(error, STATUS_INVALID, "cannot read '%s': it has more than %d cells", path,
            NOTEBOOK_FILE_MAX_CELLS);
    file->cells = calloc(count + 1, sizeof *file->cells);
    file->joined = calloc(count + 1, sizeof *file->joined);
    if (!file->cells || !file->joined)
        return error_set(error, STATUS_NO_MEMORY, "cannot read '%s': out of memory", path);
    for (; file->count < count; file->count++) {
        const json_t *json = json_array_get(cells, file->count);
        struct notebook_cell *cell = &file->cells[file->count];
        cell->id = json_string_value(json_object_get(json, "id"));
        cell->type = read_type(json);
        cell->metadata = json_object_get(json, "metadata");
        cell->attachments = json_object_get(json, "attachments");
        if (!read_source(file, json_object_get(json, "source"), cell))
            return error_set(error, STATUS_NO_MEMORY, "cannot read '%s': out of memory", path);
    }
    return STATUS_OK;
}

struct reading {
    const char *path;
    size_t max_bytes;
    struct notebook_skim skim;
    struct buf bytes; /* without the outputs */
};

static enum status skim(void *context, const char *bytes, size_t size, struct error *error) {
    struct reading *reading = context;
    notebook_skim(&reading->skim, bytes, size, &reading->bytes);
    if (!buf_ok(&reading->bytes))
        return error_set(error, STATUS_NO_MEMORY, "cannot read '%s': out of memory", reading->path);
    if (reading->bytes.size > reading->max_bytes)
        return error_set(error, STATUS_INVALID,
            "cannot read '%s': it has more than %zu bytes besides its outputs", reading->path,
            reading->max_bytes);
    return STATUS_OK;
}

enum status notebook_file_read(
    const char *path, size_t max_bytes, struct notebook_file *ret_file, struct error *error) {
    struct reading reading = {path, max_bytes, {0}, BUF_INIT};
    struct notebook_file file = {0};
    enum status status = file_read_pieces(path, skim, &reading, error);
    struct buf *bytes = &reading.bytes;
    if (status == STATUS_OK) {
        json_error_t trouble;
        file.root = json_loadb(buf_string(bytes), bytes->size, 0, &trouble);
        if (!file.root)
            status = error_set(error, STATUS_INVALID, "'%s' is no notebook: %s in line %d", path,
                trouble.text, trouble.line);
    }
    if (status == STATUS_OK)
        status = read_cells(path, &file, error);
    buf_finish(bytes);
    if (status == STATUS_OK)
        *ret_file = file;
    else
        notebook_file_finish(&file);
    return status;
}

void notebook_file_finish(struct notebook_file *file) {
    for (size_t i = 0; file->joined && i < file->count; i++)
        free(file->joined[i]);
    free(file->joined);
    free(file->cells);
    json_decref(file->root);
    *file = (struct notebook_file){0};
}
