/* Names of the pieces of a stream file; see stream_file.h. Internal to history/. */
#ifndef FORKERNEL_HISTORY_STREAM_NAME_H
#define FORKERNEL_HISTORY_STREAM_NAME_H

#include <stdint.h>

/* New memory; NULL without. */
char *stream_part_name(const char *path);
char *stream_segment_name(const char *path, uint64_t offset);

#endif
