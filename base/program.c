#include "base/program.h"

#include "base/file.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *program_path(void) {
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length <= 0)
        return NULL;
    path[length] = '\0';
    return strdup(path);
}

char *program_installed(const char *name) {
    char *prefix = program_path();
    for (int level = 0; prefix && level < 2; level++) {
        char *slash = strrchr(prefix, '/');
        if (slash)
            *slash = '\0';
    }
    char *path = prefix ? file_join(prefix, name) : NULL;
    free(prefix);
    return path;
}
