/* Finding a text in bytes. Pure. Any thread. */
#ifndef FORKERNEL_KERNEL_COMM_SEARCH_H
#define FORKERNEL_KERNEL_COMM_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

struct search_match {
    size_t at;         /* of the first one */
    size_t count;      /* how many there are that do not overlap */
    size_t line;       /* of the first one, from 1 */
    size_t line_begin; /* where that line begins */
    size_t line_size;  /* without its newline */
};

/* False: it is not there, or `wanted` is empty. The letters A to Z are as good as a to z. */
bool search_find(const char *text, size_t size, const char *wanted, size_t wanted_size,
    struct search_match *ret_match);

#endif
