#include "history/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

DIR *folder_open(const char *path, int *ret_fd) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    DIR *dir = fdopendir(fd);
    if (!dir) {
        int open_errno = errno;
        close(fd);
        errno = open_errno;
        return NULL;
    }
    *ret_fd = fd;
    return dir;
}
