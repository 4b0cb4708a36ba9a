/*
 * What a function that can fail answers with, and the sentence that goes with it.
 *
 * A failing function returns one `enum status`, fills the caller's `struct error` (which may be
 * NULL) with a sentence for people, and leaves its output parameters untouched. Sentences say what
 * failed first, quote the subject, carry the remedy where there is one, and end without a full
 * stop:
 *
 *     cannot open history '/home/a/.local/share/forkernel': permission denied
 *
 * No allocation, no globals: any thread.
 */
#ifndef FORKERNEL_BASE_STATUS_H
#define FORKERNEL_BASE_STATUS_H

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_at, first_at) __attribute__((format(printf, format_at, first_at)))

enum status {
    STATUS_OK = 0,
    STATUS_NO_MEMORY,   /* an allocation failed */
    STATUS_IO,          /* the operating system refused, errno in the message */
    STATUS_FULL,        /* no space left, or a quota reached */
    STATUS_DENIED,      /* permission */
    STATUS_LOCKED,      /* somebody else holds it; trying again later may work */
    STATUS_CORRUPT,     /* what is on disk is not what was written */
    STATUS_NEWER,       /* made by a newer forkernel */
    STATUS_NOT_FOUND,   /* no such thing */
    STATUS_INVALID,     /* bytes or arguments from outside that make no sense */
    STATUS_CLOSED,      /* the other side is gone */
    STATUS_UNSUPPORTED, /* known, and not done here */
};

struct error {
    enum status status;
    char message[512]; /* UTF-8, cut at the size, never empty after a failure */
};

/* Fill `error` (may be NULL) and return `status`, so that a failure is one return statement. */
enum status error_set(struct error *error, enum status status, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* The same for a failed system call: appends ": " and the text of `errno_value`, with the remedy of
 * a full disk, and picks the status by it. */
enum status error_set_errno(struct error *error, int errno_value, const char *format, ...)
    PRINTF_LIKE(3, 4);

#endif
