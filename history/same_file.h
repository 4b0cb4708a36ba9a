/* Equal items of displays are kept once: the later one is a hard link to the file of the earlier
 * one. Internal to history/. */
#ifndef FORKERNEL_HISTORY_SAME_FILE_H
#define FORKERNEL_HISTORY_SAME_FILE_H

#include "history/run.h"

/*
 * Make `path` a link to a file of the store that has exactly these bytes, looked at byte by byte.
 * False where there is none, where it is not worth it, or where the file system cannot: then
 * nothing was done, and the bytes are to be written.
 *
 * A file with several names becomes read-only, so that a program that opens one of them and writes
 * into it does not change what the other runs have shown.
 */
bool same_file_link(struct history *history, const void *data, size_t size,
    const unsigned char hash[STREAM_HASH_BYTES], const char *path);

#endif
