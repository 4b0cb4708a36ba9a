/* A copy of a store while others record into it: the database as of one moment, then the files that
 * it names. What a kernel seals in between is found under its final name. */
#include "history/doctor.h"
#include "history/folder.h"
#include "history/run_parts.h"
#include "history/stream_name.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct backup {
    struct history *history;
    const struct history_backup_options *options;
    struct history_backup_result result;
    int64_t all_files, files_seen;
    int64_t folder_run_id; /* whose folder was made last */
    void *shared;          /* tree of struct shared */
};

/* A file that several runs share is copied once, and linked in the copy as well. */
struct shared {
    dev_t device;
    ino_t inode;
    char *copy; /* absolute */
};

static int compare_shared(const void *a, const void *b) {
    const struct shared *x = a, *y = b;
    if (x->device != y->device)
        return x->device > y->device ? 1 : -1;
    return (x->inode > y->inode) - (x->inode < y->inode);
}

static void free_shared(void *shared) {
    free(((struct shared *)shared)->copy);
    free(shared);
}

static bool link_shared(const struct backup *backup, const struct stat *info, const char *to) {
    struct shared key = {.device = info->st_dev, .inode = info->st_ino};
    void *found = info->st_nlink > 1 ? tfind(&key, &backup->shared, compare_shared) : NULL;
    return found && link((*(struct shared **)found)->copy, to) == 0;
}

/* Without memory the next one is copied, too. */
static void note_shared(struct backup *backup, const struct stat *info, const char *to) {
    struct shared *shared = info->st_nlink > 1 ? calloc(1, sizeof *shared) : NULL;
    if (!shared)
        return;
    *shared = (struct shared){info->st_dev, info->st_ino, strdup(to)};
    void *at = shared->copy ? tsearch(shared, &backup->shared, compare_shared) : NULL;
    if (!at || *(struct shared **)at != shared)
        free_shared(shared);
    else
        (void)chmod(to, 0400); /* as the files of a store that are shared */
}

static enum status make_target(const char *target, struct error *error) {
    int fd = -1;
    DIR *dir = folder_open(target, &fd);
    bool empty = true;
    if (!dir && errno == ENOENT)
        return file_make_folders(target, 0700, error);
    if (!dir)
        return error_set_errno(error, errno, "cannot write a backup to '%s'", target);
    for (struct dirent *entry; (entry = readdir(dir));)
        empty = empty && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0);
    enum status status = STATUS_OK;
    if (!empty)
        status = error_set(error, STATUS_INVALID,
            "cannot write a backup to '%s': there are files in it; name a folder that is empty or "
            "does not exist",
            target);
    else if (fchmod(fd, 0700) < 0)
        status = error_set_errno(error, errno, "cannot write a backup to '%s'", target);
    closedir(dir);
    return status;
}

static enum status make_file(const char *path, int *ret_fd, struct error *error) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set_errno(error, errno, "cannot write '%s'", path);
    *ret_fd = fd;
    return STATUS_OK;
}

static enum status copy_database(struct history *history, const char *target, struct error *error) {
    char *path = file_join(target, "history.sqlite3");
    int fd = -1;
    enum status status =
        path ? make_file(path, &fd, error)
             : error_set(error, STATUS_NO_MEMORY, "cannot write a backup: out of memory");
    if (fd >= 0)
        close(fd);
    if (status == STATUS_OK)
        status = database_copy_open(&history->sql, path, error);
    free(path);
    return status;
}

/* ---- files ---- */

static enum status copy_bytes(int from, const char *path, const char *to, struct error *error) {
    int fd = -1;
    enum status status = make_file(to, &fd, error);
    if (status != STATUS_OK)
        return status;
    char chunk[32768];
    ssize_t n;
    while ((n = read(from, chunk, sizeof chunk)) != 0 && status == STATUS_OK) {
        if (n < 0 && errno != EINTR)
            status = error_set_errno(error, errno, "cannot read '%s'", path);
        else if (n > 0 && !file_write_all(fd, chunk, (size_t)n))
            status = error_set_errno(error, errno, "cannot write '%s'", to);
    }
    if (close(fd) < 0 && status == STATUS_OK)
        status = error_set_errno(error, errno, "cannot write '%s'", to);
    return status;
}

/* STATUS_NOT_FOUND without an error text: it is not there (any more). */
static enum status copy_file(
    struct backup *backup, const char *from, const char *to, bool may_link, struct error *error) {
    if (may_link && link(from, to) == 0) {
        backup->result.linked++;
        backup->result.files++;
        return STATUS_OK;
    }
    int fd = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
        return STATUS_NOT_FOUND;
    if (fd < 0)
        return error_set_errno(error, errno, "cannot read '%s'", from);
    struct stat info = {0};
    enum status status = STATUS_OK;
    if (fstat(fd, &info) < 0 || !link_shared(backup, &info, to)) {
        status = copy_bytes(fd, from, to, error);
        if (status == STATUS_OK)
            note_shared(backup, &info, to);
    }
    close(fd);
    if (status == STATUS_OK)
        backup->result.files++;
    return status;
}

/* Of an output that is not sealed: whatever there is of it. */
static enum status copy_pieces(
    struct backup *backup, const struct run_part_row *part, const char *to, struct error *error) {
    char *to_folder = strndup(to, (size_t)(strrchr(to, '/') - to));
    const char *name = strrchr(part->path, '/') + 1;
    size_t length = strlen(name);
    int fd = -1;
    DIR *dir = folder_open(part->folder, &fd);
    enum status status = to_folder ? STATUS_OK : fail_memory(backup->history, error);
    for (struct dirent *entry; dir && status == STATUS_OK && (entry = readdir(dir));) {
        if (strncmp(entry->d_name, name, length) != 0 ||
            (entry->d_name[length] && entry->d_name[length] != '.'))
            continue;
        char *piece = file_join(part->folder, entry->d_name);
        char *copy = file_join(to_folder, entry->d_name);
        status = piece && copy ? copy_file(backup, piece, copy, !entry->d_name[length], error)
                               : fail_memory(backup->history, error);
        if (status == STATUS_NOT_FOUND)
            status = STATUS_OK; /* sealed meanwhile: its final name is tried last */
        free(piece);
        free(copy);
    }
    if (dir)
        closedir(dir);
    if (status == STATUS_OK && access(to, F_OK) < 0 && access(part->path, F_OK) == 0)
        status = copy_file(backup, part->path, to, true, error);
    free(to_folder);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status copy_part(void *context, const struct run_part_row *part, struct error *error) {
    struct backup *backup = context;
    /* the rows are those of the copy: its folder is the target */
    struct run_part_row source = *part;
    char *path = file_join(backup->history->folder, part->below);
    char *folder = path ? strndup(path, (size_t)(strrchr(path, '/') - path)) : NULL;
    if (!path || !folder) {
        free(path);
        return fail_memory(backup->history, error);
    }
    source.path = path;
    source.folder = folder;
    enum status status = STATUS_OK;
    if (backup->folder_run_id != part->run_id)
        status = file_make_folders(part->folder, 0700, error);
    backup->folder_run_id = part->run_id;
    if (status == STATUS_OK && part->sealed) {
        status = copy_file(backup, path, part->path, true, error);
        if (status == STATUS_NOT_FOUND) {
            backup->result.missing++;
            status = STATUS_OK;
        }
    } else if (status == STATUS_OK) {
        status = copy_pieces(backup, &source, part->path, error);
    }
    backup->files_seen++;
    if (status == STATUS_OK && backup->options->progress)
        backup->options->progress(backup->options->context, backup->files_seen, backup->all_files);
    free(folder);
    free(path);
    return status;
}

static enum status copy_files(struct backup *backup, struct error *error) {
    static const char count_text[] = "SELECT count(*) FROM output_parts WHERE file IS NOT NULL";
    struct history_options look = {.folder = backup->options->target, .read_only = true};
    struct history *copy = NULL;
    enum status status = history_open(&look, &copy, error);
    if (status == STATUS_OK)
        status = sql_int(&copy->sql, &backup->all_files, error, count_text, "");
    if (status == STATUS_OK)
        status = run_parts_read(copy, copy_part, backup, error);
    history_close(&copy);
    return status;
}

enum status history_backup(struct history *history, const struct history_backup_options *options,
    struct history_backup_result *ret_result, struct error *error) {
    struct backup backup = {.history = history, .options = options};
    enum status status = make_target(options->target, error);
    if (status == STATUS_OK)
        status = copy_database(history, options->target, error);
    if (status == STATUS_OK)
        status = copy_files(&backup, error);
    tdestroy(backup.shared, free_shared);
    /* as any store does when it is opened: what was being recorded is sealed, in the copy */
    struct history_options store = {.folder = options->target};
    struct history *copy = NULL;
    if (status == STATUS_OK)
        status = history_open(&store, &copy, error);
    history_close(&copy);
    int fd = status == STATUS_OK ? open(options->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        if (syncfs(fd) < 0)
            status = error_set_errno(error, errno, "cannot write '%s'", options->target);
        close(fd);
    }
    if (status == STATUS_OK)
        *ret_result = backup.result;
    return status;
}
