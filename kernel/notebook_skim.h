/*
 * The JSON text of a notebook without its outputs, which are nearly all of a large file's bytes and
 * nothing to the history: they are passed over, not parsed. Source: nbformat's documentation, "The
 * Notebook file format". Any thread.
 */
#ifndef FORKERNEL_KERNEL_NOTEBOOK_SKIM_H
#define FORKERNEL_KERNEL_NOTEBOOK_SKIM_H

#include "base/buf.h"

/* {0} before the first byte. */
struct notebook_skim {
    unsigned depth; /* objects and arrays that are open; a cell's members are at 3 */
    bool in_string;
    bool escaped; /* the byte before was a backslash in a string */
    bool in_key;  /* the string may be the name of a cell's member */
    bool dropping;
    char key[8];     /* that name and its closing quote, as far as they fit */
    size_t key_size; /* all of it */
};

/* The next `size` bytes of the file: append those that are kept to `out`. What is no JSON stays so:
   its parser is to judge. */
void notebook_skim(struct notebook_skim *skim, const char *bytes, size_t size, struct buf *out);

#endif
