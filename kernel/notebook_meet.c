#include "kernel/notebook_meet.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

struct history_file notebook_file_identify(const char *path) {
    struct history_file file = {.path = path};
    struct statx info;
    if (statx(AT_FDCWD, path, 0, STATX_INO | STATX_BTIME, &info) != 0)
        return file;
    file.device = (int64_t)makedev(info.stx_dev_major, info.stx_dev_minor);
    file.inode = (int64_t)info.stx_ino;
    if (info.stx_mask & STATX_BTIME)
        file.born_us = info.stx_btime.tv_sec * 1000000 + info.stx_btime.tv_nsec / 1000;
    return file;
}

static int compare_ids(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Has the notebook at `path` more than half of the cells of this one? */
static bool is_at(void *context, const char *path) {
    const struct notebook_file *wanted = context;
    struct notebook_file file;
    size_t keyed = 0, shared = 0, count = 0;
    if (notebook_file_read(path, NOTEBOOK_FILE_MAX_BYTES, &file, NULL) != STATUS_OK)
        return false;
    const char **ids = calloc(file.count + 1, sizeof *ids);
    for (size_t i = 0; ids && i < file.count; i++)
        if (file.cells[i].id)
            ids[count++] = file.cells[i].id;
    if (count)
        qsort(ids, count, sizeof *ids, compare_ids);
    for (size_t i = 0; i < wanted->count; i++) {
        const char *const *id = &wanted->cells[i].id;
        keyed += *id != NULL;
        shared += *id && count && bsearch(id, ids, count, sizeof *ids, compare_ids);
    }
    free(ids);
    notebook_file_finish(&file);
    return shared * 2 > keyed;
}

static bool any_at(
    void *context, const char *path, bool (*is_such)(void *of, const char *key), void *of) {
    (void)context;
    struct notebook_file file;
    bool found = false;
    if (notebook_file_read(path, NOTEBOOK_FILE_MAX_BYTES, &file, NULL) != STATUS_OK)
        return false;
    for (size_t i = 0; i < file.count && !found; i++)
        found = file.cells[i].id && *file.cells[i].id && is_such(of, file.cells[i].id);
    notebook_file_finish(&file);
    return found;
}

/* `cells` has room for all of the file's. */
static struct history_met_file describe(
    const char *path, struct notebook_file *file, struct history_file_cell *cells) {
    for (size_t i = 0; i < file->count; i++) {
        const struct notebook_cell *cell = &file->cells[i];
        cells[i] = (struct history_file_cell){
            cell->id && *cell->id ? cell->id : NULL, cell->text, cell->text_bytes};
    }
    return (struct history_met_file){.file = notebook_file_identify(path),
        .cells = cells,
        .count = file->count,
        .is_at = is_at,
        .any_at = any_at,
        .context = file};
}

enum status notebook_meet(struct history *history, const char *path, int64_t session_document,
    struct notebook_meeting *ret_meeting, struct error *error) {
    struct notebook_meeting meeting = {0};
    enum status status = notebook_file_read(path, NOTEBOOK_FILE_MAX_BYTES, &meeting.file, error);
    if (status != STATUS_OK)
        return status;
    struct history_file_cell *cells = calloc(meeting.file.count + 1, sizeof *cells);
    if (cells) {
        struct history_met_file file = describe(path, &meeting.file, cells);
        file.session_document = session_document;
        status = history_judge_file(history, &file, &meeting.met, error);
    } else {
        status = error_set(error, STATUS_NO_MEMORY, "out of memory");
    }
    free(cells);
    if (status == STATUS_OK)
        *ret_meeting = meeting;
    else
        notebook_file_finish(&meeting.file);
    return status;
}

enum status notebook_take(struct history *history, const char *path,
    const struct notebook_meeting *meeting, int64_t *ret_document_id, struct error *error) {
    struct notebook_file file = meeting->file; /* its cells are borrowed */
    struct history_file_cell *cells = calloc(file.count + 1, sizeof *cells);
    if (!cells)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    struct history_met_file met_file = describe(path, &file, cells);
    enum status status =
        history_take_file(history, &met_file, &meeting->met, ret_document_id, error);
    free(cells);
    return status;
}

enum status notebook_find_document(
    struct history *history, const char *path, int64_t *ret_document_id, struct error *error) {
    struct notebook_meeting meeting;
    enum status status = notebook_meet(history, path, 0, &meeting, error);
    if (status != STATUS_OK) /* no file that could tell otherwise */
        return history_find_document(history, path, ret_document_id, error);
    int64_t document_id = meeting.met.document_id, taken = 0;
    bool known = meeting.met.how == HISTORY_MET_KNOWN || meeting.met.how == HISTORY_MET_MOVED;
    /* where nothing can be written, or somebody else writes, it is asked about all the same */
    if (meeting.met.how == HISTORY_MET_MOVED)
        (void)!notebook_take(history, path, &meeting, &taken, NULL);
    notebook_file_finish(&meeting.file);
    if (!known) /* until a kernel begins another one there, the path is that of the last one */
        return history_find_document(history, path, ret_document_id, error);
    *ret_document_id = document_id;
    return STATUS_OK;
}
