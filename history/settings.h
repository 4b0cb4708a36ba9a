/*
 * Settings: limits on what is kept of outputs, for all notebooks or for one. Part of
 * history/history.h, which includes it: statuses, ownership and threads are as said there.
 *
 * They are kept in the store, so that every kernel and every program that uses it goes by them: a
 * run goes by what is set when it begins. What history_open() was told explicitly wins over them.
 */
#ifndef FORKERNEL_HISTORY_SETTINGS_H
#define FORKERNEL_HISTORY_SETTINGS_H

#include "history/history.h"

struct history_setting {
    const char *name;    /* "text_limit"; stored: never renamed */
    const char *meaning; /* for people: "bytes kept of what a run prints" */
    bool is_bytes;       /* else it is a count */
    int64_t standard;    /* holds where nothing is set */
    int64_t least, most; /* that may be set */
};

/* All there are; NULL past the last, and for an unknown name. */
const struct history_setting *history_setting_at(size_t index);
const struct history_setting *history_setting_find(const char *name);

enum { HISTORY_ALL_DOCUMENTS = 0 }; /* in the place of a document's id */

struct history_setting_value {
    int64_t in_force;    /* for the document's next run */
    int64_t of_document; /* 0: not set for it */
    int64_t of_all;      /* 0: not set for all documents */
};

enum status history_read_setting(struct history *history, int64_t document_id,
    const struct history_setting *setting, struct history_setting_value *ret_value,
    struct error *error) MUST_CHECK;

/* `value` 0: not set any more. STATUS_INVALID: not between least and most. STATUS_NOT_FOUND: no
 * such document. */
enum status history_set_setting(struct history *history, int64_t document_id,
    const struct history_setting *setting, int64_t value, struct error *error) MUST_CHECK;

#endif
