/*
 * Front ends name a notebook by its path below the server's root; where that is the kernel has to
 * work out, from the path that it was started with. Any thread.
 */
#ifndef FORKERNEL_KERNEL_NOTEBOOK_ROOT_H
#define FORKERNEL_KERNEL_NOTEBOOK_ROOT_H

/* Can it be the path of a notebook below a root: relative, and with no way out of it? */
int notebook_root_accepts(const char *told);

/*
 * The server's root, "" for "/": what is left of `path` (absolute) without `told` at its end; else
 * the nearest folder above it below which there is such a file now, since a notebook that was
 * renamed lies near. New memory; NULL: it cannot be known, or there is no memory.
 */
char *notebook_root_find(const char *path, const char *told);

#endif
