#include "kernel/engine/c/language/leftovers.h"
#include "kernel/engine/c/language/definition.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk) {
    (void)info;
    (void)kind;
    (void)walk;
    (void)remove(path);
    return 0;
}

void leftovers_remove(const char *folder) {
    static const char prefix[] = "forkernel-c-";
    const char *slash = strrchr(folder, '/');
    if (!slash)
        return;
    char *parent = must_copy(folder, (size_t)(slash - folder));
    DIR *list = opendir(*parent ? parent : "/");
    for (struct dirent *entry; list && (entry = readdir(list));) {
        if (strncmp(entry->d_name, prefix, sizeof prefix - 1) != 0)
            continue;
        long owner = strtol(entry->d_name + sizeof prefix - 1, NULL, 10);
        char *path = file_join(parent, entry->d_name);
        /* a folder of another user is not ours to remove, and cannot be */
        if (path && owner > 0 && kill((pid_t)owner, 0) != 0 && errno == ESRCH)
            (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        free(path);
    }
    if (list)
        (void)closedir(list);
    free(parent);
}
