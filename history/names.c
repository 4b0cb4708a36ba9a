#include "history/names.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const cause_names[] = {
    [HISTORY_CAUSE_RUN] = "run",
    [HISTORY_CAUSE_TYPING] = "typing",
    [HISTORY_CAUSE_PASTE] = "paste",
    [HISTORY_CAUSE_UNDO] = "undo",
    [HISTORY_CAUSE_REDO] = "redo",
    [HISTORY_CAUSE_CUT] = "cut",
    [HISTORY_CAUSE_SPLIT] = "split",
    [HISTORY_CAUSE_MERGE] = "merge",
    [HISTORY_CAUSE_MOVE] = "move",
    [HISTORY_CAUSE_DELETE] = "delete",
    [HISTORY_CAUSE_FORMAT] = "format",
    [HISTORY_CAUSE_RESTORE] = "restore",
    [HISTORY_CAUSE_PROGRAM] = "program",
    [HISTORY_CAUSE_FILE] = "file",
    [HISTORY_CAUSE_REPLACE] = "replace",
};

static const char *const run_status_names[] = {
    [HISTORY_RUNNING] = "running",
    [HISTORY_OK] = "ok",
    [HISTORY_ERROR] = "error",
    [HISTORY_INTERRUPTED] = "interrupted",
    [HISTORY_ABORTED] = "aborted",
    [HISTORY_KILLED] = "killed",
};

static const char *const output_kind_names[] = {
    [HISTORY_STDOUT] = "stdout",
    [HISTORY_STDERR] = "stderr",
    [HISTORY_DISPLAY] = "display",
    [HISTORY_RESULT] = "result",
    [HISTORY_UPDATE] = "update",
    [HISTORY_ERROR_OUTPUT] = "error",
    [HISTORY_CLEAR] = "clear",
    [HISTORY_CLEAR_ON_NEXT] = "clear-on-next",
};

static const char *const cell_type_names[] = {
    [HISTORY_CELL_CODE] = "code",
    [HISTORY_CELL_MARKDOWN] = "markdown",
    [HISTORY_CELL_RAW] = "raw",
};

enum { KIND_COUNT = sizeof output_kind_names / sizeof *output_kind_names };

/* The stored numbers come from a file that may be damaged or newer. */
static const char *name_at(const char *const *names, size_t count, unsigned index) {
    return index < count && names[index] ? names[index] : "unknown";
}

const char *history_cause_name(enum history_cause cause) {
    return name_at(cause_names, sizeof cause_names / sizeof *cause_names, (unsigned)cause);
}

const char *history_run_status_name(enum history_run_status status) {
    return name_at(
        run_status_names, sizeof run_status_names / sizeof *run_status_names, (unsigned)status);
}

const char *history_output_kind_name(enum history_output_kind kind) {
    return name_at(output_kind_names, KIND_COUNT, (unsigned)kind);
}

const char *history_cell_type_name(enum history_cell_type type) {
    return name_at(
        cell_type_names, sizeof cell_type_names / sizeof *cell_type_names, (unsigned)type);
}

/* The first row with an extension names its MIME type on the way back. */
static const struct {
    const char *mime, *extension;
} types[] = {
    {"text/plain", "txt"},
    {"text/html", "html"},
    {"text/markdown", "md"},
    {"text/latex", "tex"},
    {"text/csv", "csv"},
    {"image/png", "png"},
    {"image/jpeg", "jpg"},
    {"image/gif", "gif"},
    {"image/svg+xml", "svg"},
    {"image/webp", "webp"},
    {"image/bmp", "bmp"},
    {"application/json", "json"},
    {"application/javascript", "js"},
    {"text/javascript", "js"},
    {"application/pdf", "pdf"},
    {"application/xml", "xml"},
    {"text/xml", "xml"},
    {"audio/wav", "wav"},
    {"audio/mpeg", "mp3"},
    {"video/mp4", "mp4"},
    {"video/webm", "webm"},
};

enum { TYPE_COUNT = sizeof types / sizeof *types };

static bool ends_with(const char *string, const char *end) {
    size_t length = strlen(string), end_length = strlen(end);
    return length >= end_length && strcmp(string + length - end_length, end) == 0;
}

const char *mime_extension(const char *mime) {
    size_t length = strcspn(mime, "; "); /* without parameters */
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (strlen(types[i].mime) == length && strncmp(types[i].mime, mime, length) == 0)
            return types[i].extension;
    }
    if (ends_with(mime, "json")) /* application/vnd.plotly.v1+json, application/geo+json */
        return "json";
    if (ends_with(mime, "xml"))
        return "xml";
    return strncmp(mime, "text/", 5) == 0 ? "txt" : "bin";
}

const char *extension_mime(const char *extension) {
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (strcmp(types[i].extension, extension) == 0)
            return types[i].mime;
    }
    return "application/octet-stream";
}

char *output_file_name(
    int64_t sequence, enum history_output_kind kind, const char *mime, unsigned copy) {
    struct buf name = BUF_INIT;
    buf_printf(&name, "%04lld-%s", (long long)sequence, history_output_kind_name(kind));
    if (copy)
        buf_printf(&name, "-%u", copy + 1);
    buf_printf(&name, ".%s", mime_extension(mime));
    return buf_take(&name);
}

bool output_file_parse(const char *name, int64_t *ret_sequence, enum history_output_kind *ret_kind,
    const char **ret_extension) {
    if (!isdigit((unsigned char)*name))
        return false;
    char *after;
    long long sequence = strtoll(name, &after, 10);
    if (sequence < 1 || *after != '-')
        return false;
    const char *word = after + 1;
    for (unsigned kind = 1; kind < KIND_COUNT; kind++) {
        size_t length = strlen(output_kind_names[kind]);
        if (strncmp(word, output_kind_names[kind], length) != 0)
            continue;
        const char *rest = word + length;
        if (*rest == '-')
            rest += 1 + strspn(rest + 1, "0123456789");
        if (*rest != '.' || strchr(rest + 1, '.'))
            continue;
        *ret_sequence = sequence;
        *ret_kind = (enum history_output_kind)kind;
        *ret_extension = rest + 1;
        return true;
    }
    return false;
}
