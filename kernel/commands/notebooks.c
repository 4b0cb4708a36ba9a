#include "kernel/commands/notebooks.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "history/activity.h"
#include "history/places.h"
#include "kernel/cell_place.h"
#include "kernel/notebook_meet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 100, COUNTS_BYTES = 96, SUMMARY_WIDTH = 50 };

/* ---- finding ---- */

/* "@42" and "session:42" */
static bool read_session(const char *typed, int64_t *ret_id) {
    static const char word[] = "session:";
    const char *digits = *typed == '@'                                ? typed + 1
                         : strncmp(typed, word, sizeof word - 1) == 0 ? typed + sizeof word - 1
                                                                      : "";
    char *end;
    long long id = strtoll(digits, &end, 10);
    if (*digits < '0' || *digits > '9' || *end || id < 1)
        return false;
    *ret_id = id;
    return true;
}

/* STATUS_NOT_FOUND without an error text. */
static enum status find_gone(
    struct history *history, const char *path, int64_t *ret_document_id, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_gone_list gone = {0};
    enum status status = history_list_gone(history, NULL, &memory, &gone, error);
    bool found = false;
    for (size_t i = 0; i < gone.count && !found; i++) {
        found = strcmp(gone.items[i].path, path) == 0;
        *ret_document_id = found ? gone.items[i].document_id : *ret_document_id;
    }
    history_memory_finish(&memory);
    return status == STATUS_OK && !found ? STATUS_NOT_FOUND : status;
}

enum status notebooks_find(
    struct history *history, const char *typed, int64_t *ret_document_id, struct error *error) {
    int64_t session_id = 0;
    if (read_session(typed, &session_id)) {
        if (history_find_session(history, session_id, ret_document_id, error) == STATUS_OK)
            return STATUS_OK;
        return error_set(error, STATUS_NOT_FOUND,
            "there is no session %lld in '%s'; 'forkernel log' alone lists what there is",
            (long long)session_id, history_folder(history));
    }
    char *path = document_path_normalise(typed);
    if (!path)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    enum status status = notebook_find_document(history, path, ret_document_id, error);
    if (status == STATUS_NOT_FOUND)
        status = find_gone(history, path, ret_document_id, error);
    if (status == STATUS_NOT_FOUND)
        error_set(error, status,
            "no history of '%s' in '%s'; it begins with the first cell that is run, and 'forkernel "
            "log' alone lists the notebooks and sessions that have one",
            path, history_folder(history));
    free(path);
    return status;
}

/* ---- the list ---- */

struct entry {
    struct history_activity activity;
    int64_t document_id;
    int64_t origin_id;   /* of a session whose cells are a notebook's; 0 */
    const char *path;    /* "" of a session without a notebook */
    const char *summary; /* of the latter */
    int64_t time_us;     /* what it is listed by */
    bool gone;
};

struct entries {
    struct entry *items;
    size_t count, room;
    struct history_memory memory;
};

static enum status add(struct history *history, struct entries *entries, const struct entry *entry,
    struct error *error) {
    if (entries->count == entries->room) {
        size_t room = entries->room * 2 + 16;
        struct entry *grown = realloc(entries->items, room * sizeof *grown);
        if (!grown)
            return error_set(error, STATUS_NO_MEMORY, "out of memory");
        entries->items = grown;
        entries->room = room;
    }
    struct entry *added = &entries->items[entries->count++];
    *added = *entry;
    enum status status =
        history_read_activity(history, added->document_id, &added->activity, error);
    if (added->activity.last_run_us)
        added->time_us = added->activity.last_run_us;
    return status;
}

static struct entry *find(const struct entries *entries, int64_t document_id) {
    for (size_t i = 0; i < entries->count; i++)
        if (entries->items[i].document_id == document_id)
            return &entries->items[i];
    return NULL;
}

static enum status add_notebooks(
    struct history *history, struct entries *entries, struct error *error) {
    struct history_documents documents = {0};
    struct history_gone_list gone = {0};
    enum status status = history_list_documents(history, &entries->memory, &documents, error);
    for (size_t i = 0; i < documents.count && status == STATUS_OK; i++) {
        const struct history_document *document = &documents.items[i];
        struct entry entry = {.document_id = document->id,
            .path = document->path,
            .summary = "",
            .time_us = document->created_us};
        if (*document->path && document->versions)
            status = add(history, entries, &entry, error);
    }
    if (status == STATUS_OK)
        status = history_list_gone(history, NULL, &entries->memory, &gone, error);
    for (size_t i = 0; i < gone.count && status == STATUS_OK; i++) {
        struct entry *there = find(entries, gone.items[i].document_id);
        struct entry entry = {.document_id = gone.items[i].document_id,
            .path = gone.items[i].path,
            .summary = "",
            .time_us = gone.items[i].last_seen_us,
            .gone = true};
        if (there)
            there->gone = true;
        else if (gone.items[i].versions)
            status = add(history, entries, &entry, error);
    }
    return status;
}

static enum status add_nameless(
    struct history *history, struct entries *entries, struct error *error) {
    struct history_nameless_list nameless = {0};
    enum status status = history_list_nameless(history, 0, 0, &entries->memory, &nameless, error);
    for (size_t i = 0; i < nameless.count && status == STATUS_OK; i++) {
        struct entry entry = {.document_id = nameless.items[i].document_id,
            .origin_id = nameless.items[i].origin_id,
            .path = "",
            .summary = nameless.items[i].summary,
            .time_us = nameless.items[i].started_us};
        status = add(history, entries, &entry, error);
    }
    return status;
}

static int oldest_first(const void *a, const void *b) {
    const struct entry *x = a, *y = b;
    if (x->time_us != y->time_us)
        return x->time_us > y->time_us ? 1 : -1;
    return (x->document_id > y->document_id) - (x->document_id < y->document_id);
}

static void append_count(int64_t count, const char *what, struct buf *out) {
    if (count)
        buf_printf(out, "%s%lld %s%s", out->size ? ", " : "", (long long)count, what,
            count == 1 ? "" : "s");
}

/* Its path is another one's now, and does not name it. */
static bool is_replaced(const struct entries *entries, const struct entry *entry) {
    for (size_t i = 0; entry->gone && i < entries->count; i++)
        if (!entries->items[i].gone && strcmp(entries->items[i].path, entry->path) == 0)
            return true;
    return false;
}

static void print_entry(
    const struct entries *entries, const struct entry *entry, bool below, int64_t now_us) {
    char when[CLOCK_AGO_BYTES];
    struct buf counts = BUF_INIT;
    clock_format_ago(entry->time_us, now_us, when);
    append_count(entry->activity.runs, "run", &counts);
    append_count(entry->activity.errors, "error", &counts);
    append_count(entry->activity.outputs, "output", &counts);
    printf("%-18s  %-32s  %s", when, counts.size ? buf_string(&counts) : "nothing run",
        below ? "  " : "");
    size_t size = strlen(entry->summary);
    size_t shown = utf8_offset(entry->summary, size, SUMMARY_WIDTH);
    if (*entry->path && entry->activity.first_session_id && is_replaced(entries, entry))
        printf("@%lld  %s  (before the one that is there now)\n",
            (long long)entry->activity.first_session_id, entry->path);
    else if (*entry->path)
        printf("%s%s\n", entry->path, entry->gone ? "  (the file is gone)" : "");
    else
        printf("@%lld  %.*s%s\n", (long long)entry->activity.first_session_id, (int)shown,
            entry->summary, shown < size ? "…" : "");
    buf_finish(&counts);
}

/* A session stands below its notebook where that is in the list. */
static void print_entries(const struct entries *entries, size_t first) {
    int64_t now_us = clock_wall_us();
    for (size_t i = first; i < entries->count; i++) {
        const struct entry *entry = &entries->items[i];
        const struct entry *origin = entry->origin_id ? find(entries, entry->origin_id) : NULL;
        if (origin && origin >= &entries->items[first])
            continue;
        print_entry(entries, entry, false, now_us);
        for (size_t k = first; *entry->path && k < entries->count; k++)
            if (entries->items[k].origin_id == entry->document_id)
                print_entry(entries, &entries->items[k], true, now_us);
    }
}

enum status notebooks_list(struct history *history, bool all, struct error *error) {
    struct entries entries = {0};
    enum status status = add_notebooks(history, &entries, error);
    if (status == STATUS_OK)
        status = add_nameless(history, &entries, error);
    if (status == STATUS_OK && !entries.count)
        fprintf(
            stderr, "forkernel: nothing has been recorded in '%s' yet\n", history_folder(history));
    if (status == STATUS_OK && entries.count) {
        size_t first = all || entries.count <= SHOWN ? 0 : entries.count - SHOWN;
        qsort(entries.items, entries.count, sizeof *entries.items, oldest_first);
        if (first)
            printf("(%zu older ones are not shown: forkernel log --all)\n", first);
        print_entries(&entries, first);
    }
    free(entries.items);
    history_memory_finish(&entries.memory);
    return status;
}
