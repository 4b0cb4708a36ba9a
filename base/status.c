#include "base/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static enum status status_of_errno(int errno_value) {
    switch (errno_value) {
    case ENOMEM:
        return STATUS_NO_MEMORY;
    case ENOSPC:
    case EDQUOT:
        return STATUS_FULL;
    case EACCES:
    case EPERM:
    case EROFS:
        return STATUS_DENIED;
    case ENOENT:
        return STATUS_NOT_FOUND;
    case EPIPE:
    case ECONNRESET:
        return STATUS_CLOSED;
    default:
        return STATUS_IO;
    }
}

enum status error_set(struct error *error, enum status status, const char *format, ...) {
    if (error) {
        va_list args;
        va_start(args, format);
        error->status = status;
        vsnprintf(error->message, sizeof error->message, format, args);
        va_end(args);
    }
    return status;
}

enum status error_set_errno(struct error *error, int errno_value, const char *format, ...) {
    enum status status = status_of_errno(errno_value);
    if (error) {
        va_list args;
        va_start(args, format);
        error->status = status;
        int used = vsnprintf(error->message, sizeof error->message, format, args);
        va_end(args);
        if (used >= 0 && (size_t)used < sizeof error->message)
            snprintf(error->message + used, sizeof error->message - (size_t)used, ": %s%s",
                strerror(errno_value), status == STATUS_FULL ? "; free some of it" : "");
    }
    return status;
}
