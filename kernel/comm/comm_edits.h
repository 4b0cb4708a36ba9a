/* Edits as they come over the comm, made into the history's. */
#ifndef FORKERNEL_KERNEL_COMM_EDITS_H
#define FORKERNEL_KERNEL_COMM_EDITS_H

#include "kernel/comm/comm_question.h"

/*
 * Record the batch in question->data. The reply says "acknowledge" with the batch's sequence and
 * what each cell's head is now, or "resend" with the cells whose whole text is wanted, because a
 * difference does not fit what the history has; then nothing of the batch was recorded.
 */
enum status comm_edits_record(const struct comm_question *question, struct history_session *session,
    json_t *reply, struct error *error) MUST_CHECK;

/* Of a text: FNV-1a with 32 bits over its UTF-16 code units, each taken as one step. */
uint32_t comm_edits_hash(const char *text, size_t size);

/* Replace `deleted` UTF-16 code units from unit `at` on by `insert`; false where the text has no
   such place. */
bool comm_edits_apply(const char *text, size_t size, int64_t at, int64_t deleted,
    const char *insert, size_t insert_size, struct buf *out);

#endif
