/* The limits on what is kept of outputs: what is in force for this notebook, and setting one. */
#include "kernel/comm/comm_question.h"

#include <string.h>

static enum status settings(
    const struct comm_question *question, json_t *reply, struct error *error) {
    enum status status = STATUS_OK;
    json_t *list = json_array();
    const struct history_setting *setting;
    for (size_t i = 0; status == STATUS_OK && (setting = history_setting_at(i)); i++) {
        struct history_setting_value value;
        status =
            history_read_setting(question->history, question->document_id, setting, &value, error);
        if (status == STATUS_OK)
            json_array_append_new(list,
                json_pack("{s:s, s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:I}", "name", setting->name,
                    "meaning", setting->meaning, "bytes", setting->is_bytes, "standard",
                    (json_int_t)setting->standard, "least", (json_int_t)setting->least, "most",
                    (json_int_t)setting->most, "in_force", (json_int_t)value.in_force, "notebook",
                    (json_int_t)value.of_document, "all", (json_int_t)value.of_all));
    }
    json_object_set_new(reply, "settings", list);
    return status;
}

/* For all notebooks or, with "notebook": true, for this one; 0 takes it off. */
static enum status set_setting(
    const struct comm_question *question, json_t *reply, struct error *error) {
    const char *name = NULL;
    int64_t value = 0;
    bool here = json_is_true(json_object_get(question->data, "notebook"));
    enum status status = comm_string(question, "name", &name, error);
    if (status == STATUS_OK)
        status = comm_int(question, "value", &value, error);
    if (status != STATUS_OK)
        return status;
    const struct history_setting *setting = history_setting_find(name);
    if (!setting)
        return error_set(error, STATUS_INVALID, "there is no setting '%s'", name);
    status = history_set_setting(question->history,
        here ? question->document_id : HISTORY_ALL_DOCUMENTS, setting, value, error);
    return status == STATUS_OK ? settings(question, reply, error) : status;
}

const struct comm_answer comm_settings[] = {
    {"settings", settings},
    {"set", set_setting},
    {0},
};
