#include "history/process.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

void process_host(char ret_host[PROCESS_HOST_BYTES]) {
    if (gethostname(ret_host, PROCESS_HOST_BYTES) < 0)
        ret_host[0] = '\0';
    ret_host[PROCESS_HOST_BYTES - 1] = '\0';
}

int64_t process_start_ticks(pid_t pid) {
    enum { FIELD = 22 }; /* proc(5): starttime; the second field is the name in parentheses */
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    struct buf line = BUF_INIT;
    int64_t ticks = 0;
    if (file_read(path, 4096, &line, NULL) == STATUS_OK) {
        const char *at = strrchr(buf_string(&line), ')');
        for (int field = 2; at && field < FIELD; field++)
            at = strchr(at + 1, ' ');
        if (at)
            ticks = strtoll(at, NULL, 10);
    }
    buf_finish(&line);
    return ticks;
}

char *session_lock_path(const struct history *history, const char *uuid) {
    struct buf path = BUF_INIT;
    buf_printf(&path, "%s/sessions/%s.lock", history->folder, uuid);
    return buf_take(&path);
}

enum status process_share(struct history *history, struct error *error) {
    char *path = file_join(history->folder, "sessions/" PROCESS_REPAIR_LOCK);
    if (!path)
        return fail_memory(history, error);
    history->repair_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    free(path);
    if (history->repair_fd < 0 || flock(history->repair_fd, LOCK_SH | LOCK_NB) == 0 ||
        errno != EWOULDBLOCK)
        return STATUS_OK;
    return error_set(error, STATUS_LOCKED,
        "cannot record into history '%s': 'forkernel doctor' is repairing it; recording resumes "
        "with the next cell after that",
        history->database);
}

bool process_repaired(const struct history *history) {
    struct stat info;
    return stat(history->database, &info) < 0 || info.st_dev != history->device ||
           info.st_ino != history->inode;
}

enum status lock_take(const char *path, int *ret_fd, struct error *error) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set_errno(error, errno, "cannot write '%s'", path);
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        *ret_fd = fd;
        return STATUS_OK;
    }
    int lock_errno = errno;
    close(fd);
    if (lock_errno == EWOULDBLOCK)
        return STATUS_LOCKED;
    *ret_fd = -1;
    return STATUS_OK;
}
