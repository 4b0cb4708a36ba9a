/*
 * Where this program lives, and what was installed with it. New memory that the caller frees; NULL
 * when it cannot be told. Any thread.
 */
#ifndef FORKERNEL_BASE_PROGRAM_H
#define FORKERNEL_BASE_PROGRAM_H

/* The path of the running program: "/usr/local/bin/forkernel". */
char *program_path(void);

/* The path of a file of the same installation (or build tree), two levels above the program:
   "share/forkernel" is
   "/usr/local/share/forkernel". */
char *program_installed(const char *name);

#endif
