/* %fk settings: the limits on what is kept of outputs, for this notebook or for all. */
#include "kernel/fk/fk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AMOUNT_BYTES = 32 };

/* As people type it: "4M", "1500", "10000". */
static void format_amount(
    const struct history_setting *setting, int64_t amount, char ret_text[AMOUNT_BYTES]) {
    static const char *const units[] = {"", "K", "M", "G"};
    size_t unit = 0;
    while (setting->is_bytes && amount && amount % 1024 == 0 && unit < 3) {
        amount /= 1024;
        unit++;
    }
    (void)snprintf(ret_text, AMOUNT_BYTES, "%lld%s", (long long)amount, units[unit]);
}

static enum status fail_value(
    const struct history_setting *setting, const char *word, struct error *error) {
    char least[AMOUNT_BYTES], most[AMOUNT_BYTES];
    format_amount(setting, setting->least, least);
    format_amount(setting, setting->most, most);
    return error_set(error, STATUS_INVALID,
        "'%s' is no value for %s: it is %s from %s to %s, or 'default'", word, setting->name,
        setting->is_bytes ? "a size such as 500K or 4M" : "a number", least, most);
}

/* `ret_value` 0: the default. */
static enum status parse_value(const struct history_setting *setting, const char *word,
    int64_t *ret_value, struct error *error) {
    int64_t value = 0;
    char *end = NULL;
    if (strcmp(word, "default") == 0) {
        *ret_value = 0;
        return STATUS_OK;
    }
    if (!setting->is_bytes)
        value = strtoll(word, &end, 10);
    bool read = setting->is_bytes ? states_parse_bytes(word, &value) : end != word && !*end;
    if (!read || value < setting->least || value > setting->most)
        return fail_value(setting, word, error);
    *ret_value = value;
    return STATUS_OK;
}

static enum status fail_name(const char *word, struct error *error) {
    struct buf names = BUF_INIT;
    for (size_t i = 0; history_setting_at(i); i++)
        buf_printf(&names, "%s%s", i ? ", " : "", history_setting_at(i)->name);
    enum status status = error_set(
        error, STATUS_INVALID, "there is no setting '%s'; there are: %s", word, buf_string(&names));
    buf_finish(&names);
    return status;
}

static enum status list(struct fk_context *context, int64_t document_id, struct error *error) {
    enum status status = STATUS_OK;
    for (size_t i = 0; history_setting_at(i) && status == STATUS_OK; i++) {
        const struct history_setting *setting = history_setting_at(i);
        struct history_setting_value value;
        status = history_read_setting(context->history, document_id, setting, &value, error);
        if (status != STATUS_OK)
            break;
        char amount[AMOUNT_BYTES];
        format_amount(setting, value.in_force, amount);
        const char *whose = value.of_document ? "set for this notebook"
                            : value.of_all    ? "set for all notebooks"
                                              : "the default";
        fk_printf(context, "%-14s %-7s %s %s(%s)%s\n", setting->name, amount, setting->meaning,
            fk_colour(context, FK_FAINT), whose, fk_colour(context, FK_PLAIN));
    }
    return status;
}

static enum status set(struct fk_context *context, int64_t document_id, const char *name,
    const char *word, struct error *error) {
    const struct history_setting *setting = history_setting_find(name);
    int64_t value = 0;
    struct history_setting_value now;
    if (!setting)
        return fail_name(name, error);
    enum status status = parse_value(setting, word, &value, error);
    if (status == STATUS_OK)
        status = history_set_setting(context->history, document_id, setting, value, error);
    if (status == STATUS_OK)
        status = history_read_setting(context->history, document_id, setting, &now, error);
    if (status != STATUS_OK)
        return status;
    char amount[AMOUNT_BYTES];
    format_amount(setting, now.in_force, amount);
    fk_printf(context, "%s is %s for %s, from the next run on.\n", setting->name, amount,
        document_id == HISTORY_ALL_DOCUMENTS ? "all notebooks that have none of their own"
                                             : "this notebook");
    return STATUS_OK;
}

static enum status run(
    struct fk_context *context, size_t count, const char *const *arguments, struct error *error) {
    int64_t document_id = context->document_id;
    if (count && strcmp(arguments[0], "--all") == 0) {
        document_id = HISTORY_ALL_DOCUMENTS;
        arguments++;
        count--;
    }
    if (count == 0)
        return list(context, document_id, error);
    if (count == 1 && !history_setting_find(arguments[0]))
        return fail_name(arguments[0], error);
    if (count != 2)
        return error_set(error, STATUS_INVALID,
            "this is how: settings text_limit 4M for this notebook, settings --all text_limit 4M "
            "for all; the value 'default' takes one off");
    return set(context, document_id, arguments[0], arguments[1], error);
}

const struct fk_verb fk_settings = {
    .name = "settings",
    .arguments = "[--all] [NAME VALUE]",
    .summary = "limits on what is kept of outputs, for this notebook or for all",
    .begins_document = true,
    .run = run,
};
