/*
 * MIME types: which the protocol carries as text, as JSON and as base64. One notion for all that
 * shows or records a bundle, so that what is shown again is what was shown. Pure. Any thread.
 */
#ifndef FORKERNEL_KERNEL_MIME_H
#define FORKERNEL_KERNEL_MIME_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* application/json and every +json. Parameters ("; charset=...") do not matter, here and below. */
bool mime_is_json(const char *mime);

/* Text or JSON: text of any kind, XML with SVG, JavaScript. All else is bytes. */
bool mime_is_text(const char *mime);

/* The bytes as the `data` of a display message has them: JSON parsed (text where it is none), text
 * as valid UTF-8 without NUL, everything else in base64. New reference; NULL without memory. */
json_t *mime_value(const char *mime, const void *bytes, size_t size);

/* What mime_value() has put into base64, in new memory; line breaks are passed over.
 * NULL: no base64, or no memory. */
void *mime_decode_base64(const char *text, size_t size, size_t *ret_size);

#endif
