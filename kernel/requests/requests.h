/* The request types, one a file of this folder; dispatch.c has the table. */
#ifndef FORKERNEL_KERNEL_REQUESTS_H
#define FORKERNEL_KERNEL_REQUESTS_H

#include "kernel/dispatch.h"

extern const struct request_type request_comm_close;
extern const struct request_type request_comm_info;
extern const struct request_type request_comm_msg;
extern const struct request_type request_comm_open;
extern const struct request_type request_complete;
extern const struct request_type request_connect;
extern const struct request_type request_debug;
extern const struct request_type request_execute;
extern const struct request_type request_history;
extern const struct request_type request_input_reply;
extern const struct request_type request_inspect;
extern const struct request_type request_interrupt;
extern const struct request_type request_is_complete;
extern const struct request_type request_kernel_info;
extern const struct request_type request_shutdown;
extern const struct request_type request_usage;

#endif
