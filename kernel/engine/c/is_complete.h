/* Is a cell ready to run, or is the person still typing? By tokens alone, in microseconds. Any
   thread. */
#ifndef FORKERNEL_ENGINE_C_IS_COMPLETE_H
#define FORKERNEL_ENGINE_C_IS_COMPLETE_H

#include <stddef.h>

enum is_complete_status { IS_COMPLETE, IS_INCOMPLETE, IS_INVALID };

/* `ret_indent`: columns that the next line should be indented by; set for IS_INCOMPLETE. */
enum is_complete_status is_complete_check(const char *text, size_t size, size_t *ret_indent);

#endif
