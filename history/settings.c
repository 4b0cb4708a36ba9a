#include "history/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KIB = 1 << 10, MIB = 1 << 20, GIB = 1 << 30 };

enum { TEXT_LIMIT, PICTURE_LIMIT, OUTPUTS_LIMIT, SETTINGS };

static const struct history_setting settings[SETTINGS] = {
    [TEXT_LIMIT] = {"text_limit", "of what a run prints: the first and the last half", true, MIB,
        KIB, GIB},
    [PICTURE_LIMIT] = {"picture_limit", "of a picture or another item of a display, else dropped",
        true, 16 << 20, KIB, GIB},
    [OUTPUTS_LIMIT] = {"outputs_limit", "outputs of a run: displays past it are counted only",
        false, 10000, 1, 100000},
};

const struct history_setting *history_setting_at(size_t index) {
    return index < SETTINGS ? &settings[index] : NULL;
}

const struct history_setting *history_setting_find(const char *name) {
    for (size_t i = 0; i < SETTINGS; i++)
        if (strcmp(settings[i].name, name) == 0)
            return &settings[i];
    return NULL;
}

/* What makes no sense counts as not set; the check of the store tells it. */
static int64_t parse(const struct history_setting *setting, const char *text) {
    char *end;
    long long value = text ? strtoll(text, &end, 10) : 0;
    return text && *text && !*end && value >= setting->least && value <= setting->most ? value : 0;
}

bool setting_makes_sense(const char *name, const char *value) {
    const struct history_setting *setting = name ? history_setting_find(name) : NULL;
    return setting && parse(setting, value) != 0;
}

/* All that are set for the document and for all. */
static enum status read_all(struct history *history, int64_t document_id,
    struct history_setting_value ret_values[SETTINGS], struct error *error) {
    static const char text[] =
        "SELECT name, document_id, value FROM settings WHERE document_id IN (0, ?)";
    struct sql *sql = &history->sql;
    sqlite3_stmt *rows = NULL;
    for (size_t i = 0; i < SETTINGS; i++)
        ret_values[i] = (struct history_setting_value){.in_force = settings[i].standard};
    enum status status = sql_query(sql, &rows, error, text, "i", document_id);
    while (sql_row(sql, rows, &status, error)) {
        const char *name = (const char *)sqlite3_column_text(rows, 0);
        const struct history_setting *setting = name ? history_setting_find(name) : NULL;
        if (!setting) /* of a later forkernel */
            continue;
        int64_t value = parse(setting, (const char *)sqlite3_column_text(rows, 2));
        struct history_setting_value *at = &ret_values[setting - settings];
        *(sqlite3_column_int64(rows, 1) ? &at->of_document : &at->of_all) = value;
    }
    for (size_t i = 0; i < SETTINGS; i++) {
        struct history_setting_value *at = &ret_values[i];
        if (at->of_document || at->of_all)
            at->in_force = at->of_document ? at->of_document : at->of_all;
    }
    return status;
}

enum status limits_read(
    struct history *history, int64_t document_id, struct limits *ret_limits, struct error *error) {
    const struct limits *told = &history->told_limits;
    struct history_setting_value values[SETTINGS];
    enum status status = read_all(history, document_id, values, error);
    if (status == STATUS_OK)
        *ret_limits = (struct limits){
            .text_bytes =
                told->text_bytes ? told->text_bytes : (uint64_t)values[TEXT_LIMIT].in_force,
            .item_bytes =
                told->item_bytes ? told->item_bytes : (uint64_t)values[PICTURE_LIMIT].in_force,
            .outputs = told->outputs ? told->outputs : (uint64_t)values[OUTPUTS_LIMIT].in_force,
        };
    return status;
}

enum status history_read_setting(struct history *history, int64_t document_id,
    const struct history_setting *setting, struct history_setting_value *ret_value,
    struct error *error) {
    struct history_setting_value values[SETTINGS];
    enum status status = read_all(history, document_id, values, error);
    if (status == STATUS_OK)
        *ret_value = values[setting - settings];
    return status;
}

static enum status set(struct history *history, int64_t document_id,
    const struct history_setting *setting, int64_t value, struct error *error) {
    static const char document_text[] = "SELECT count(*) FROM documents WHERE id = ?";
    static const char delete_text[] = "DELETE FROM settings WHERE name = ? AND document_id = ?";
    static const char insert_text[] =
        "INSERT OR REPLACE INTO settings (name, document_id, value) VALUES (?, ?, ?)";
    struct sql *sql = &history->sql;
    int64_t documents = document_id == HISTORY_ALL_DOCUMENTS;
    enum status status = STATUS_OK;
    if (!documents)
        status = sql_int(sql, &documents, error, document_text, "i", document_id);
    if (status == STATUS_OK && !documents)
        return error_set(error, STATUS_NOT_FOUND, "there is no document %" PRId64, document_id);
    if (status != STATUS_OK)
        return status;
    if (!value)
        return sql_run(sql, error, delete_text, "si", setting->name, document_id);
    char words[24];
    (void)snprintf(words, sizeof words, "%" PRId64, value);
    return sql_run(sql, error, insert_text, "sis", setting->name, document_id, words);
}

enum status history_set_setting(struct history *history, int64_t document_id,
    const struct history_setting *setting, int64_t value, struct error *error) {
    if (value && (value < setting->least || value > setting->most))
        return error_set(error, STATUS_INVALID,
            "cannot set %s to %" PRId64 ": it is between %" PRId64 " and %" PRId64, setting->name,
            value, setting->least, setting->most);
    enum status status = sql_begin(&history->sql, error);
    if (status != STATUS_OK)
        return status;
    return sql_finish(&history->sql, set(history, document_id, setting, value, error), error);
}
