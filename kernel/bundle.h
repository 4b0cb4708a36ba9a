/*
 * MIME bundles between their two shapes: JSON as the protocol carries them, and items as files keep
 * them: text as it is, JSON as text, base64 decoded.
 *
 * What went in comes out, but for line breaks in base64. A value that is not what its type promises
 * is kept as what it is, and its item's type says both: "text/plain; original=image/png" for a
 * picture that is no base64, "application/json; original=text/html" for a text that is no string.
 *
 * Any thread.
 */
#ifndef FORKERNEL_KERNEL_BUNDLE_H
#define FORKERNEL_KERNEL_BUNDLE_H

#include "history/history.h"

#include <jansson.h>

struct bundle {
    struct history_item *items; /* types are borrowed from the JSON, or owned */
    size_t count;
    char **owned; /* memory behind the items */
    size_t owned_count;
};

/* Decode the `data` member of a display message. STATUS_NO_MEMORY leaves `ret_bundle` untouched. */
enum status bundle_from_json(const json_t *data, struct bundle *ret_bundle) MUST_CHECK;
void bundle_finish(struct bundle *bundle);

/* Add one item, as read from its file, to a `data` object. */
void bundle_add_to_json(json_t *data, const char *mime, const void *bytes, size_t size);

#endif
