/*
 * MIME bundles between their two shapes: JSON as the protocol carries them, and items as files keep
 * them (pictures decoded, JSON as text). Any thread.
 */
#ifndef FORKERNEL_KERNEL_BUNDLE_H
#define FORKERNEL_KERNEL_BUNDLE_H

#include "history/history.h"

#include <jansson.h>

struct bundle {
    struct history_item *items;
    size_t count;
    char **owned; /* memory behind the items, `count` of it */
};

/* Decode the `data` member of a display message. STATUS_NO_MEMORY leaves `ret_bundle` untouched. */
enum status bundle_from_json(const json_t *data, struct bundle *ret_bundle) MUST_CHECK;
void bundle_finish(struct bundle *bundle);

/* Add one item, as read from its file, to a `data` object. */
void bundle_add_to_json(json_t *data, const char *mime, const void *bytes, size_t size);

#endif
