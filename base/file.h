/*
 * Files and folders, the few steps that several rooms need. Paths are UTF-8 strings. Any thread.
 */
#ifndef FORKERNEL_BASE_FILE_H
#define FORKERNEL_BASE_FILE_H

#include "base/buf.h"

#include <sys/types.h>

/* `folder`/`name` in new memory that the caller frees; NULL without memory. */
char *file_join(const char *folder, const char *name);

/* Make the folder and its parents; the ones made here get `mode`. */
enum status file_make_folders(const char *path, mode_t mode, struct error *error) MUST_CHECK;

/* Give the file to `take`, piece by piece, while that returns STATUS_OK; what else it returns is
   returned, and its error is its own to set. */
typedef enum status file_take_fn(
    void *context, const char *bytes, size_t size, struct error *error);
enum status file_read_pieces(
    const char *path, file_take_fn *take, void *context, struct error *error) MUST_CHECK;

/* Append the whole file to `out`; files over `max_bytes` are refused with STATUS_INVALID. */
enum status file_read(
    const char *path, size_t max_bytes, struct buf *out, struct error *error) MUST_CHECK;

/* Replace the file's contents at one stroke: written beside it, then renamed over it. */
enum status file_write(
    const char *path, const void *data, size_t size, mode_t mode, struct error *error) MUST_CHECK;

/* Write all of it, whatever write() does in between. errno is set when it returns false. */
bool file_write_all(int fd, const void *data, size_t size);

#endif
