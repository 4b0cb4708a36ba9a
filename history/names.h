/*
 * Names of output files: "0003-display.png" from the place in the run, the kind and the MIME type,
 * and back again for files whose row was never written. Internal to history/.
 */
#ifndef FORKERNEL_HISTORY_NAMES_H
#define FORKERNEL_HISTORY_NAMES_H

#include "history/history.h"

/* "png" for "image/png"; "bin" when nothing better is known. Never NULL. */
const char *mime_extension(const char *mime);

/* The other way; "application/octet-stream" for unknown ones. Never NULL. */
const char *extension_mime(const char *extension);

/* `copy` tells files of one output and one extension apart: 0 for the first. New memory. */
char *output_file_name(
    int64_t sequence, enum history_output_kind kind, const char *mime, unsigned copy);

/* False for names that output_file_name() does not make. `ret_extension` points into `name`. */
bool output_file_parse(const char *name, int64_t *ret_sequence, enum history_output_kind *ret_kind,
    const char **ret_extension);

#endif
