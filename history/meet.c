/* A notebook file is met: which document is it? */
#include "history/version_list.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What the store knows of a document that the file may be. */
struct candidate {
    int64_t document_id; /* 0: there is none */
    size_t shared;       /* cells of the file that are its cells */
};

struct judging {
    struct history *history;
    const struct history_met_file *file;
    size_t keyed;    /* cells with an id */
    size_t worded;   /* cells with a text that is not blank */
    int64_t of_file; /* the document whose file this was, whatever its path; 0: none */
};

static bool is_most(size_t part, size_t whole) {
    return part * 2 > whole;
}

static bool is_blank(const char *text, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (text[i] != ' ' && text[i] != '\t' && text[i] != '\n' && text[i] != '\r')
            return false;
    return true;
}

/* ---- by the ids of the cells ---- */

static enum status count_keys(
    const struct judging *judging, int64_t document_id, size_t *ret_shared, struct error *error) {
    size_t shared = 0;
    for (size_t i = 0; i < judging->file->count; i++) {
        struct cell cell;
        const char *key = judging->file->cells[i].key;
        enum status status =
            key ? cell_find(judging->history, document_id, key, &cell, error) : STATUS_NOT_FOUND;
        if (status != STATUS_OK && status != STATUS_NOT_FOUND)
            return status;
        shared += status == STATUS_OK;
    }
    *ret_shared = shared;
    return STATUS_OK;
}

/* Of a cell of the file, as the store has it. */
struct file_key {
    char text[sizeof((struct cell *)NULL)->key];
};

static int compare_keys(const void *key, const void *file_key) {
    return strcmp(key, file_key); /* which begins with its text */
}

/* Sorted, each once; NULL: there is no memory. */
static struct file_key *sort_keys(const struct judging *judging, size_t *ret_count) {
    struct file_key *keys = calloc(judging->keyed + 1, sizeof *keys);
    size_t keyed = 0, count = 0;
    for (size_t i = 0; keys && i < judging->file->count; i++) {
        struct cell cell = {0};
        if (!judging->file->cells[i].key)
            continue;
        cell_key_copy(&cell, judging->file->cells[i].key);
        memcpy(keys[keyed++].text, cell.key, sizeof cell.key);
    }
    if (keys)
        qsort(keys, keyed, sizeof *keys, compare_keys);
    for (size_t i = 0; i < keyed; i++)
        if (!i || compare_keys(&keys[i], &keys[i - 1]) != 0)
            keys[count++] = keys[i];
    *ret_count = count;
    return keys;
}

/* Of documents that share as many cells, a copy and its original for one. */
static int rank(const struct judging *judging, int64_t document_id) {
    if (document_id == judging->file->session_document)
        return 2;
    return document_id == judging->of_file;
}

static bool is_better(
    const struct judging *judging, const struct candidate *at, const struct candidate *best) {
    if (at->shared != best->shared)
        return at->shared > best->shared;
    return at->shared && rank(judging, at->document_id) >= rank(judging, best->document_id);
}

/* Of the documents that have or had a file, the one that shares the most cells; among equals the
 * one that it is said to be, then the one whose file it was, then the newest. No index has the keys
 * alone: all cells of the store are looked through once. */
static enum status find_by_keys(
    const struct judging *judging, struct candidate *ret_best, struct error *error) {
    static const char text[] =
        "SELECT d.id, c.key FROM documents d CROSS JOIN cells c ON c.document_id = d.id "
        "WHERE d.path IS NOT NULL OR EXISTS "
        "(SELECT 1 FROM places p WHERE p.document_id = d.id) ORDER BY d.id";
    struct sql *sql = &judging->history->sql;
    struct candidate best = {0}, at = {0};
    sqlite3_stmt *rows = NULL;
    size_t count = 0;
    if (!judging->keyed)
        return STATUS_OK;
    struct file_key *keys = sort_keys(judging, &count);
    if (!keys)
        return fail_memory(judging->history, error);
    enum status status = sql_query(sql, &rows, error, text, "");
    while (sql_row(sql, rows, &status, error)) {
        int64_t document_id = sqlite3_column_int64(rows, 0);
        const char *key = (const char *)sqlite3_column_text(rows, 1);
        if (document_id != at.document_id)
            at = (struct candidate){.document_id = document_id};
        at.shared += key && bsearch(key, keys, count, sizeof *keys, compare_keys);
        if (is_better(judging, &at, &best))
            best = at;
    }
    free(keys);
    if (status == STATUS_OK)
        *ret_best = best;
    return status;
}

/* ---- by the texts ---- */

/* The versions of a document that have the text of a cell of the file. */
struct file_text {
    const char *text;
    size_t size;
    uint16_t hash;
    bool shared;
};

struct file_texts {
    struct file_text *items;
    size_t count;
    bool hashes[UINT16_MAX + 1]; /* those that one has: nearly all versions have another one */
};

static enum status list_cells(
    struct history *history, int64_t document_id, struct buf *ret_ids, struct error *error) {
    static const char text[] = "SELECT id FROM cells WHERE document_id = ?";
    sqlite3_stmt *rows = NULL;
    enum status status = sql_query(&history->sql, &rows, error, text, "i", document_id);
    while (sql_row(&history->sql, rows, &status, error)) {
        int64_t id = sqlite3_column_int64(rows, 0);
        buf_append(ret_ids, &id, sizeof id);
    }
    return status == STATUS_OK && !buf_ok(ret_ids) ? fail_memory(history, error) : status;
}

/* Marks those that the cell shows or has shown; `wordless` becomes false where it has a text. */
static enum status look_at_cell(struct history *history, int64_t document_id, int64_t cell_id,
    struct file_texts *texts, bool *wordless, struct error *error) {
    struct version_list list = {0};
    uint16_t no_text = version_list_hash(text_hash("", 0));
    enum status status = version_list_read(history, cell_id, &list, error);
    for (size_t at = 0; at < list.count; at++) {
        const struct listed_version *listed = &list.items[at];
        *wordless = *wordless && listed->hash == no_text;
        for (size_t i = 0; texts->hashes[listed->hash] && i < texts->count; i++) {
            struct file_text *wanted = &texts->items[i];
            if (status == STATUS_OK && !wanted->shared && wanted->hash == listed->hash)
                status = version_has_text(history, version_id(document_id, listed->number),
                    wanted->text, wanted->size, &wanted->shared, error);
        }
    }
    version_list_finish(&list);
    return status;
}

/* Of the file's texts, how many have been a cell's of the document? `ret_wordless`: it has none. */
static enum status count_texts(const struct judging *judging, int64_t document_id,
    size_t *ret_shared, bool *ret_wordless, struct error *error) {
    struct file_texts texts = {
        .items = calloc(judging->file->count + 1, sizeof *texts.items),
    };
    struct buf ids = BUF_INIT;
    size_t shared = 0;
    if (!texts.items)
        return fail_memory(judging->history, error);
    for (size_t i = 0; i < judging->file->count; i++) {
        const struct history_file_cell *cell = &judging->file->cells[i];
        if (is_blank(cell->text, cell->text_bytes))
            continue;
        uint16_t hash = version_list_hash(text_hash(cell->text, cell->text_bytes));
        texts.items[texts.count++] = (struct file_text){cell->text, cell->text_bytes, hash, false};
        texts.hashes[hash] = true;
    }
    *ret_wordless = true;
    enum status status = list_cells(judging->history, document_id, &ids, error);
    for (size_t at = 0; at < ids.size && status == STATUS_OK; at += sizeof(int64_t)) {
        int64_t cell_id;
        memcpy(&cell_id, ids.data + at, sizeof cell_id);
        status = look_at_cell(judging->history, document_id, cell_id, &texts, ret_wordless, error);
    }
    for (size_t i = 0; i < texts.count; i++)
        shared += texts.items[i].shared;
    *ret_shared = shared;
    buf_finish(&ids);
    free(texts.items);
    return status;
}

/* ---- by the file ---- */

enum likeness { SAME_FILE, OTHER_FILE, UNKNOWN_FILE };

static bool is_same_file(const struct history_file *a, const struct history_file *b) {
    return a->inode && a->inode == b->inode && a->device == b->device &&
           (!a->born_us || !b->born_us || a->born_us == b->born_us);
}

/* Is the file the one that the document was last seen in? Where that is not known, one that came to
 * be after its last session has ended is not. */
static enum status compare_file(const struct judging *judging, int64_t document_id,
    enum likeness *ret_likeness, struct error *error) {
    static const char text[] =
        "SELECT coalesce(p.device, 0), coalesce(p.inode, 0), coalesce(p.born_us, 0), "
        "(SELECT max(coalesce(s.ended_us, 9223372036854775807)) FROM sessions s "
        "WHERE s.document_id = d.id) FROM documents d "
        "LEFT JOIN places p ON p.document_id = d.id WHERE d.id = ? ORDER BY p.id DESC LIMIT 1";
    struct sql *sql = &judging->history->sql;
    const struct history_file *file = &judging->file->file;
    sqlite3_stmt *rows = NULL;
    bool row = false;
    enum status status = sql_query(sql, &rows, error, text, "i", document_id);
    if (status == STATUS_OK)
        status = sql_next(sql, rows, &row, error);
    if (status != STATUS_OK || !row)
        return status;
    struct history_file seen = {.device = sqlite3_column_int64(rows, 0),
        .inode = sqlite3_column_int64(rows, 1),
        .born_us = sqlite3_column_int64(rows, 2)};
    int64_t used_us = sqlite3_column_int64(rows, 3);
    sql_done(rows);
    *ret_likeness = UNKNOWN_FILE;
    if (seen.inode && file->inode)
        *ret_likeness = is_same_file(&seen, file) ? SAME_FILE : OTHER_FILE;
    else if (file->born_us > used_us)
        *ret_likeness = OTHER_FILE;
    return STATUS_OK;
}

/* The document whose file this is, whatever its path; 0: none. */
static enum status find_by_file(
    const struct judging *judging, int64_t *ret_document_id, struct error *error) {
    static const char text[] =
        "SELECT document_id FROM places p WHERE inode = ?1 AND device = ?2 AND "
        "coalesce(born_us, 0) IN (0, ?3) AND NOT EXISTS (SELECT 1 FROM places l "
        "WHERE l.document_id = p.document_id AND l.id > p.id) ORDER BY id DESC LIMIT 1";
    const struct history_file *file = &judging->file->file;
    if (!file->inode)
        return STATUS_OK;
    enum status status = sql_int(&judging->history->sql, ret_document_id, error, text, "iii",
        file->inode, file->device, file->born_us);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* ---- the judgement ---- */

/* Can the file be what the document holds, where no id tells? Texts alone do not make one of two
 * files that have ids. */
static enum status is_alike(
    const struct judging *judging, int64_t document_id, bool *ret_alike, struct error *error) {
    enum likeness likeness = UNKNOWN_FILE;
    size_t shared = 0;
    bool wordless = false;
    enum status status = compare_file(judging, document_id, &likeness, error);
    if (status == STATUS_OK)
        status = count_texts(judging, document_id, &shared, &wordless, error);
    bool most = is_most(shared, judging->worded);
    if (!judging->worded)
        *ret_alike = likeness != OTHER_FILE;
    else if (wordless)
        *ret_alike = true;
    else if (judging->keyed)
        *ret_alike = most && likeness != OTHER_FILE;
    else
        *ret_alike = most || (shared && likeness == SAME_FILE);
    return status;
}

struct owner {
    struct history *history;
    int64_t document_id;
};

static bool is_shown_by(void *of, const char *key) {
    const struct owner *owner = of;
    struct cell cell;
    struct error error;
    return cell_find(owner->history, owner->document_id, key, &cell, &error) == STATUS_OK &&
           !cell.deleted;
}

/* Has the notebook at `path` these cells, or any that the document shows now? An old copy may have
 * more of its cells than its own file still has. */
static bool holds(const struct judging *judging, int64_t document_id, const char *path) {
    const struct history_met_file *file = judging->file;
    struct owner owner = {judging->history, document_id};
    return file->is_at(file->context, path) ||
           file->any_at(file->context, path, is_shown_by, &owner);
}

/* Is the document's own file still where it was, and not this one? */
static enum status is_elsewhere(
    const struct judging *judging, int64_t document_id, bool *ret_elsewhere, struct error *error) {
    static const char text[] = "SELECT path FROM documents WHERE id = ? AND path IS NOT NULL";
    const struct history_met_file *file = judging->file;
    struct sql *sql = &judging->history->sql;
    sqlite3_stmt *rows = NULL;
    bool row = false;
    struct stat info;
    *ret_elsewhere = false;
    enum status status = sql_query(sql, &rows, error, text, "i", document_id);
    if (status == STATUS_OK)
        status = sql_next(sql, rows, &row, error);
    if (status != STATUS_OK || !row)
        return status;
    const char *path = (const char *)sqlite3_column_text(rows, 0);
    bool there = stat(path, &info) == 0;
    int stat_errno = there ? 0 : errno;
    bool same = there && file->file.inode && (int64_t)info.st_ino == file->file.inode &&
                (int64_t)info.st_dev == file->file.device;
    if (there && !same) /* without ids the paths decide */
        *ret_elsewhere = !judging->keyed || holds(judging, document_id, path);
    else if (!there) /* what cannot be looked at may be there */
        *ret_elsewhere = stat_errno != ENOENT && stat_errno != ENOTDIR;
    sql_done(rows);
    return STATUS_OK;
}

/* Without a time of birth the number of a file may be that of one that is gone. */
static bool is_certain(const struct judging *judging) {
    return judging->of_file && judging->file->file.born_us;
}

static enum status judge_other(const struct judging *judging, int64_t document_id,
    struct history_met *ret_met, struct error *error) {
    bool elsewhere = false, its_file = is_certain(judging) && judging->of_file == document_id;
    enum status status =
        its_file ? STATUS_OK : is_elsewhere(judging, document_id, &elsewhere, error);
    if (status == STATUS_OK)
        *ret_met =
            (struct history_met){elsewhere ? HISTORY_MET_COPY : HISTORY_MET_MOVED, document_id};
    return status;
}

/* No document with the path holds it, and none shares its ids. */
static enum status judge_rest(const struct judging *judging, int64_t at_path,
    struct history_met *ret_met, struct error *error) {
    int64_t document_id = judging->of_file;
    bool alike = false;
    *ret_met = (struct history_met){HISTORY_MET_NEW, 0};
    enum status status = STATUS_OK;
    if (document_id && document_id != at_path)
        status = is_alike(judging, document_id, &alike, error);
    if (status == STATUS_OK && alike)
        *ret_met = (struct history_met){HISTORY_MET_MOVED, document_id};
    int64_t said = judging->file->session_document;
    if (status == STATUS_OK && !alike && said && said != at_path)
        status = judge_other(judging, said, ret_met, error);
    return status;
}

/* A notebook and its copy have the same cells: where they have swapped their names, or one was
 * moved over the other, the file tells. */
static enum status find_moved_here(const struct judging *judging, const struct candidate *here,
    bool *ret_moved, struct error *error) {
    enum likeness likeness = UNKNOWN_FILE;
    size_t shared = 0;
    int64_t other = judging->of_file;
    *ret_moved = false;
    if (!here->shared || !is_certain(judging) || other == here->document_id)
        return STATUS_OK;
    enum status status = compare_file(judging, here->document_id, &likeness, error);
    if (status == STATUS_OK && likeness == OTHER_FILE)
        status = count_keys(judging, other, &shared, error);
    *ret_moved = shared >= here->shared;
    return status;
}

enum status history_judge_file(struct history *history, const struct history_met_file *file,
    struct history_met *ret_met, struct error *error) {
    static const char path_text[] = "SELECT id FROM documents WHERE path = ?";
    struct judging judging = {.history = history, .file = file};
    struct candidate here = {0}, best = {0};
    bool alike = false, moved_here = false;
    for (size_t i = 0; i < file->count; i++) {
        judging.keyed += file->cells[i].key != NULL;
        judging.worded += !is_blank(file->cells[i].text, file->cells[i].text_bytes);
    }
    enum status status =
        sql_int(&history->sql, &here.document_id, error, path_text, "s", file->file.path);
    if (status == STATUS_OK)
        status = count_keys(&judging, here.document_id, &here.shared, error);
    else if (status == STATUS_NOT_FOUND)
        status = STATUS_OK;
    if (status == STATUS_OK)
        status = find_by_file(&judging, &judging.of_file, error);
    if (status == STATUS_OK)
        status = find_moved_here(&judging, &here, &moved_here, error);
    if (moved_here) {
        *ret_met = (struct history_met){HISTORY_MET_MOVED, judging.of_file};
        return STATUS_OK;
    }
    if (status == STATUS_OK && !is_most(here.shared, judging.keyed))
        status = find_by_keys(&judging, &best, error);
    if (status != STATUS_OK)
        return status;
    if (here.shared && here.shared >= best.shared) {
        *ret_met = (struct history_met){HISTORY_MET_KNOWN, here.document_id};
        return STATUS_OK;
    }
    if (is_most(best.shared, judging.keyed)) {
        status = judge_other(&judging, best.document_id, ret_met, error);
        if (status == STATUS_OK && ret_met->how == HISTORY_MET_COPY && here.shared)
            *ret_met = (struct history_met){HISTORY_MET_KNOWN, here.document_id};
        return status;
    }
    if (here.document_id && !here.shared)
        status = is_alike(&judging, here.document_id, &alike, error);
    if (status == STATUS_OK && (alike || here.shared))
        *ret_met = (struct history_met){HISTORY_MET_KNOWN, here.document_id};
    else if (status == STATUS_OK)
        status = judge_rest(&judging, here.document_id, ret_met, error);
    return status;
}

/* ---- taking it ---- */

/* A cell of the copy begins as a branch of the original's: its first version is the text that the
   original shows now, and says so. */
static enum status copy_cell(struct history *history, int64_t from_document, int64_t to_document,
    const char *key, int64_t time_us, struct error *error) {
    struct cell from = {0};
    enum status status = cell_find(history, from_document, key, &from, error);
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && !from.head))
        return STATUS_OK;
    return status == STATUS_OK ? cell_branch(history, &from, to_document, time_us, error) : status;
}

static enum status copy(struct history *history, const struct history_met_file *file,
    int64_t original, int64_t document_id, int64_t now_us, struct error *error) {
    static const char origin_text[] = "UPDATE documents SET origin_id = ?2 WHERE id = ?1";
    const char **keys = calloc(file->count + 1, sizeof *keys);
    size_t count = 0;
    bool changed = false;
    if (!keys)
        return fail_memory(history, error);
    enum status status = sql_run(&history->sql, error, origin_text, "ii", document_id, original);
    for (size_t i = 0; i < file->count && status == STATUS_OK; i++) {
        if (!file->cells[i].key)
            continue;
        keys[count++] = file->cells[i].key;
        status = copy_cell(history, original, document_id, file->cells[i].key, now_us, error);
    }
    if (status == STATUS_OK && count)
        status = layout_record(history, document_id, keys, count, now_us, &changed, error);
    free(keys);
    return status;
}

enum status history_take_file(struct history *history, const struct history_met_file *file,
    const struct history_met *met, int64_t *ret_document_id, struct error *error) {
    struct sql *sql = &history->sql;
    int64_t document_id = met->document_id, now_us = clock_wall_us();
    bool begins = met->how == HISTORY_MET_COPY || met->how == HISTORY_MET_NEW;
    enum status status = sql_begin(sql, error);
    if (status != STATUS_OK)
        return status;
    if (begins) /* nameless at first: another one may have the path */
        status = document_find_or_add(history, NULL, now_us, &document_id, error);
    if (status == STATUS_OK)
        status = place_set(history, document_id, &file->file, now_us, error);
    if (status == STATUS_OK && met->how == HISTORY_MET_COPY)
        status = copy(history, file, met->document_id, document_id, now_us, error);
    status = sql_finish(sql, status, error);
    if (status == STATUS_OK)
        *ret_document_id = document_id;
    return status;
}

enum status history_leave_place(struct history *history, int64_t document_id, struct error *error) {
    struct sql *sql = &history->sql;
    enum status status = sql_begin(sql, error);
    if (status == STATUS_OK)
        status =
            sql_finish(sql, place_set(history, document_id, NULL, clock_wall_us(), error), error);
    return status;
}
