#include "kernel/notebook_export.h"

#include "base/clock.h"
#include "kernel/cell_extras.h"
#include "kernel/run_outputs.h"
#include "kernel/state_plan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static json_t *make_notebook(json_t *cells) {
    return json_pack("{s:o, s:{s:{s:s, s:s, s:s}, s:{s:s, s:s, s:s}}, s:i, s:i}", "cells", cells,
        "metadata", "kernelspec", "display_name", "C (forkernel)", "language", "c", "name",
        "forkernel-c", "language_info", "name", "c", "file_extension", ".c", "mimetype",
        "text/x-csrc", "nbformat", 4, "nbformat_minor", 5);
}

/* nbformat allows letters, digits, - and _ in an id, 64 at most. */
static bool is_id(const char *key) {
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    size_t size = strlen(key);
    return size > 0 && size <= 64 && strspn(key, allowed) == size;
}

static json_t *make_cell(
    const char *id, enum history_cell_type type, const char *text, size_t size) {
    static const char *const types[] = {[HISTORY_CELL_CODE] = "code",
        [HISTORY_CELL_MARKDOWN] = "markdown",
        [HISTORY_CELL_RAW] = "raw"};
    bool known = type >= HISTORY_CELL_CODE && type <= HISTORY_CELL_RAW;
    json_t *cell = json_pack("{s:s, s:s, s:{}, s:s%}", "id", id, "cell_type",
        types[known ? type : HISTORY_CELL_CODE], "metadata", "source", text, size);
    if (cell && (!known || type == HISTORY_CELL_CODE)) {
        json_object_set_new(cell, "execution_count", json_null());
        json_object_set_new(cell, "outputs", json_array());
    }
    return cell;
}

/* When these outputs were made, and what they lack: they must not look like new ones. */
static json_t *about_run(const struct history_run_info *run, const json_t *left_out) {
    char started[CLOCK_ISO_BYTES];
    json_int_t bytes = 0;
    for (size_t i = 0; i < json_array_size(left_out); i++)
        bytes += json_integer_value(json_array_get(left_out, i));
    clock_format_iso(run->started_us, started);
    return json_pack("{s:I, s:I, s:s, s:s, s:I, s:I}", "version", (json_int_t)run->version, "run",
        (json_int_t)run->id, "started", started, "status", history_run_status_name(run->status),
        "left_out_bytes", bytes, "displays_dropped", (json_int_t)run->outputs_dropped);
}

/* Beside what is said there already. Takes the reference. */
static void add_about(json_t *cell, json_t *about) {
    json_t *metadata = json_object_get(cell, "metadata");
    json_t *said = json_object_get(metadata, "forkernel");
    if (json_is_object(said))
        json_object_update_missing(about, said);
    json_object_set_new(metadata, "forkernel", about);
}

/* Its count and outputs, where the cell was run. */
static enum status add_run(
    struct history *history, json_t *cell, int64_t run_id, struct error *error) {
    const struct run_outputs_wish all = {0};
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_run_info run;
    json_t *outputs = NULL;
    json_t *left_out = NULL;
    enum status status = history_read_run(history, run_id, &memory, &run, error);
    if (status == STATUS_OK)
        status = run_outputs_as_nbformat(history, &run, &all, &outputs, &left_out, error);
    if (status == STATUS_OK) {
        add_about(cell, about_run(&run, left_out));
        json_object_set_new(cell, "execution_count", json_integer(run.execution_count));
        json_object_set_new(cell, "outputs", outputs);
    }
    json_decref(left_out);
    history_memory_finish(&memory);
    return status;
}

/* Attachments and metadata. Code has no attachments in nbformat. */
static enum status add_extras(struct history *history, int64_t document_id, int64_t time_us,
    const struct history_notebook_cell *from, json_t *cell, struct error *error) {
    const struct history_version version = {
        .number = from->version, .text = from->text, .text_bytes = from->text_bytes};
    enum status status = cell_extras_read(history, document_id, &version, time_us, cell, error);
    /* of a notebook that was itself made here it says what is no longer so */
    json_object_del(json_object_get(cell, "metadata"), "forkernel");
    json_t *left_out = json_object_get(cell, "extras_left_out");
    if (left_out)
        add_about(cell, json_pack("{s:O}", "extras_left_out", left_out));
    json_object_del(cell, "extras_left_out");
    if (json_object_get(cell, "outputs") || !json_object_size(json_object_get(cell, "attachments")))
        json_object_del(cell, "attachments");
    return status;
}

enum status notebook_export_at(struct history *history, int64_t document_id, int64_t time_us,
    json_t **ret_notebook, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_notebook then = {0};
    json_t *cells = json_array();
    enum status status =
        history_read_notebook(history, document_id, time_us, &memory, &then, error);
    for (size_t i = 0; i < then.count && status == STATUS_OK; i++) {
        const struct history_notebook_cell *from = &then.items[i];
        char id[32];
        (void)snprintf(id, sizeof id, "cell-%lld", (long long)from->cell_id);
        json_t *cell =
            make_cell(is_id(from->key) ? from->key : id, from->type, from->text, from->text_bytes);
        if (!cell)
            status =
                error_set(error, STATUS_INVALID, "the text of cell '%s' is not UTF-8", from->key);
        else
            status = add_extras(history, document_id, time_us, from, cell, error);
        if (status == STATUS_OK && from->run_id && json_object_get(cell, "outputs"))
            status = add_run(history, cell, from->run_id, error);
        json_array_append_new(cells, cell);
    }
    history_memory_finish(&memory);
    if (status == STATUS_OK && !json_array_size(cells))
        status = error_set(error, STATUS_NOT_FOUND, "the notebook had no cells then");
    if (status == STATUS_OK)
        *ret_notebook = make_notebook(cells);
    else
        json_decref(cells);
    return status;
}

/* Versions have the millisecond of their making: one that the run itself has made would be there
   already, others of that millisecond were there before it. */
enum status notebook_export_time_before(struct history *history, int64_t document_id,
    const struct history_run_info *run, int64_t *ret_time_us, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_version version;
    int64_t millisecond_us = run->started_us / 1000 * 1000;
    enum status status =
        history_read_version(history, document_id, run->version, &memory, &version, error);
    if (status == STATUS_OK) {
        bool made = version.cause == HISTORY_CAUSE_RUN && version.created_us == millisecond_us;
        *ret_time_us = made ? millisecond_us - 1 : run->started_us - 1;
    }
    history_memory_finish(&memory);
    return status;
}

static enum status add_step(struct history *history, int64_t document_id,
    const struct history_state_info *run, json_t *cells, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_version version;
    enum status status =
        history_read_version(history, document_id, run->version, &memory, &version, error);
    if (status == STATUS_OK) {
        char id[32];
        (void)snprintf(id, sizeof id, "run-%lld", (long long)run->run_id);
        json_t *cell = make_cell(id, HISTORY_CELL_CODE, version.text, version.text_bytes);
        status = cell ? add_run(history, cell, run->run_id, error)
                      : error_set(error, STATUS_INVALID, "the text of run %lld is not UTF-8",
                            (long long)run->run_id);
        json_array_insert_new(cells, 0, cell);
    }
    history_memory_finish(&memory);
    return status;
}

enum status notebook_export_path(struct history *history, int64_t document_id, int64_t run_id,
    json_t **ret_notebook, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_states runs = {0};
    json_t *cells = json_array();
    enum status status = history_list_states(history, document_id, &memory, &runs, error);
    const struct history_state_info *run =
        status == STATUS_OK ? state_plan_find(&runs, run_id) : NULL;
    if (status == STATUS_OK && !run)
        status =
            error_set(error, STATUS_NOT_FOUND, "this notebook has no run %lld", (long long)run_id);
    for (; run && status == STATUS_OK; run = state_plan_parent(&runs, run))
        status = add_step(history, document_id, run, cells, error);
    history_memory_finish(&memory);
    if (status == STATUS_OK)
        *ret_notebook = make_notebook(cells);
    else
        json_decref(cells);
    return status;
}

enum status notebook_export_write(const json_t *notebook, const char *path, struct error *error) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 && errno == EEXIST)
        return error_set(error, STATUS_INVALID,
            "there is a file '%s' already: nothing is written over; name another with --output",
            path);
    if (fd < 0)
        return error_set_errno(error, errno, "cannot write '%s'", path);
    bool fine =
        json_dumpfd(notebook, fd, JSON_INDENT(1) | JSON_SORT_KEYS) == 0 && write(fd, "\n", 1) == 1;
    int trouble = errno;
    if (close(fd) != 0 && fine) {
        fine = false;
        trouble = errno;
    }
    if (fine)
        return STATUS_OK;
    (void)unlink(path); /* half a notebook is none */
    return error_set_errno(error, trouble, "cannot write '%s'", path);
}
