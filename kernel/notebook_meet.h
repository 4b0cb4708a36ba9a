/*
 * Which document of the history is the notebook in this file? Its cells tell, read from it, before
 * its path does; see history/places.h. Any thread.
 */
#ifndef FORKERNEL_KERNEL_NOTEBOOK_MEET_H
#define FORKERNEL_KERNEL_NOTEBOOK_MEET_H

#include "kernel/notebook_file.h"

/* What of the file tells it from others; 0 where the file system does not say. `path` is
 * borrowed. */
struct history_file notebook_file_identify(const char *path);

struct notebook_meeting {
    struct notebook_file file; /* the caller's to finish, after OK */
    struct history_met met;
};

/* Read the file and judge. `session_document`: a front end or the system says that it is this one;
 * 0: nobody says. STATUS_NOT_FOUND and STATUS_INVALID as notebook_file_read() says. */
enum status notebook_meet(struct history *history, const char *path, int64_t session_document,
    struct notebook_meeting *ret_meeting, struct error *error) MUST_CHECK;

/* Have the store say what was judged. */
enum status notebook_take(struct history *history, const char *path,
    const struct notebook_meeting *meeting, int64_t *ret_document_id,
    struct error *error) MUST_CHECK;

/* The document of the notebook at `path`, one that was moved there too, for whoever asks about it:
 * nothing is begun for it. STATUS_NOT_FOUND: the store does not know it. */
enum status notebook_find_document(struct history *history, const char *path,
    int64_t *ret_document_id, struct error *error) MUST_CHECK;

#endif
