/*
 * The kernel's own messages, to stderr: the server that started the kernel shows them in its
 * terminal. Nothing ever goes to stdout. Libraries (base/, history/) never log. Event loop thread
 * only.
 */
#ifndef FORKERNEL_KERNEL_LOG_H
#define FORKERNEL_KERNEL_LOG_H

#include "base/status.h"

/* One line, "forkernel: " in front. */
void log_line(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
