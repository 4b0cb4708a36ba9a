#include "kernel/notebook_root.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int notebook_root_accepts(const char *told) {
    if (!*told || *told == '/')
        return 0;
    for (const char *part = told; *part;) {
        size_t size = strcspn(part, "/");
        if (size == 2 && strncmp(part, "..", 2) == 0)
            return 0;
        part += size + (part[size] == '/');
    }
    return 1;
}

char *notebook_root_find(const char *path, const char *told) {
    size_t size = strlen(path), end = strlen(told);
    if (size > end && path[size - end - 1] == '/' && strcmp(path + size - end, told) == 0)
        return strndup(path, size - end - 1);
    char *folder = strdup(path);
    for (char *slash; folder && (slash = strrchr(folder, '/'));) {
        *slash = '\0';
        char *candidate = file_join(folder, told);
        int there = candidate && access(candidate, F_OK) == 0;
        free(candidate);
        if (there)
            return folder;
    }
    free(folder);
    return NULL;
}
