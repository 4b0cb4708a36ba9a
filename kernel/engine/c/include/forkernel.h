/*
 * What a C cell can show besides text. Every cell sees this header; there is nothing to include.
 *
 *     fk_html("<b>hello</b>");
 *     fk_png_file("plot.png");
 *
 *     fk_update_display("progress", "text/plain", "50 %");
 *
 * What a cell printed before a call appears above it, what it prints afterwards below it. Strings
 * are UTF-8. A NULL pointer shows nothing.
 */
#ifndef FORKERNEL_H
#define FORKERNEL_H

#ifdef __cplusplus
extern "C" {
#endif

/* One output of any MIME type, from text or from bytes. */
void fk_display(const char *mime_type, const char *text);
void fk_display_bytes(const char *mime_type, const void *data, unsigned long size);

/* The usual ones. */
void fk_html(const char *html);
void fk_markdown(const char *markdown);
void fk_svg(const char *svg);
void fk_latex(const char *latex);
void fk_png(const void *data, unsigned long size);
void fk_png_file(const char *path);

/* One output in several forms, of which the front end picks the richest that it knows:
 *
 *     fk_bundle *b = fk_bundle_new();
 *     fk_bundle_add(b, "text/plain", "x squared");
 *     fk_bundle_add(b, "text/latex", "$x^2$");
 *     fk_bundle_show(b);                           shows it and frees it
 */
typedef struct fk_bundle fk_bundle;
fk_bundle *fk_bundle_new(void);
void fk_bundle_add(fk_bundle *bundle, const char *mime_type, const char *text);
void fk_bundle_add_bytes(
    fk_bundle *bundle, const char *mime_type, const void *data, unsigned long size);
void fk_bundle_show(fk_bundle *bundle);
void fk_bundle_show_id(fk_bundle *bundle, const char *display_id);
void fk_bundle_update(fk_bundle *bundle, const char *display_id);

/* Show an output under a name of your own, then change it in place, from any cell. */
void fk_display_id(const char *display_id, const char *mime_type, const char *text);
void fk_update_display(const char *display_id, const char *mime_type, const char *text);

/* Remove what the cell has shown so far; with `wait`, only when the next output comes. */
void fk_clear_output(_Bool wait);

#ifdef __cplusplus
}
#endif
#endif
