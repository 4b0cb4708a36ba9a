#include "kernel/cell_place.h"

#include "base/buf.h"
#include "base/file.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char vscode_scheme[] = "vscode-notebook-cell:";

static int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Undo the %XX of a URI's path. A byte 0 would cut the path and stays as it is written. */
static char *percent_decode(const char *text, size_t size) {
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < size; i++) {
        int high = i + 2 < size && text[i] == '%' ? hex_digit(text[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
        if (low >= 0 && high * 16 + low != 0) {
            buf_append_char(&out, (char)(high * 16 + low));
            i += 2;
        } else {
            buf_append_char(&out, text[i]);
        }
    }
    return buf_take(&out);
}

char *document_path_normalise(const char *path) {
    char resolved[PATH_MAX];
    if (realpath(path, resolved))
        return strdup(resolved);
    /* the file is not there (not yet, or not any more): its folder may be */
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    size_t folder_size = slash ? (size_t)(slash - path) : 1;
    char *folder = slash ? strndup(path, folder_size ? folder_size : 1) : strdup(".");
    char *result = NULL;
    if (folder && realpath(folder, resolved))
        result = strcmp(resolved, "/") == 0 ? file_join("", name) : file_join(resolved, name);
    else if (*path == '/')
        result = strdup(path);
    else if (getcwd(resolved, sizeof resolved))
        result = file_join(resolved, path);
    free(folder);
    return result;
}

static void find_in_uri(struct cell_place *place, const char *uri) {
    const char *path = uri + sizeof vscode_scheme - 1;
    const char *hash = strrchr(path, '#');
    if (!hash || *path != '/')
        return;
    if (strncmp(path, "//", 2) == 0) { /* an authority stands in front of the path */
        path = strchr(path + 2, '/');
        if (!path || path > hash)
            return;
    }
    const char *query = memchr(path, '?', (size_t)(hash - path));
    char *decoded = percent_decode(path, (size_t)((query ? query : hash) - path));
    if (decoded) {
        place->document = document_path_normalise(decoded);
        free(decoded);
    }
    if (hash[1])
        place->handle = strdup(hash + 1);
}

struct cell_place cell_place_find(const json_t *metadata, const char *notebook) {
    struct cell_place place = {0};
    const char *id = json_string_value(json_object_get(metadata, "cellId"));
    if (id && strncmp(id, vscode_scheme, sizeof vscode_scheme - 1) == 0)
        find_in_uri(&place, id);
    else if (id && *id)
        place.key = strdup(id);
    if (!place.document && notebook)
        place.document = strdup(notebook);
    return place;
}

void cell_place_finish(struct cell_place *place) {
    free(place->document);
    free(place->key);
    free(place->handle);
    *place = (struct cell_place){0};
}
