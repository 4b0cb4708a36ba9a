/*
 * The notebook file is read when it is saved, so that what was edited and never run is in the
 * history too: markdown, the order of the cells, texts of front ends that tell nothing. Read, never
 * written. Event loop thread only.
 */
#ifndef FORKERNEL_KERNEL_NOTEBOOK_WATCH_H
#define FORKERNEL_KERNEL_NOTEBOOK_WATCH_H

struct kernel;

struct notebook_watch {
    char *path; /* of the notebook; NULL: nothing is watched */
    int fd;     /* inotify, or -1 */
    int timer;  /* zloop's, or -1: the file is read when it has been quiet for a moment */
};

/* Watch the notebook that the server says this kernel is for, if any. */
void notebook_watch_start(struct kernel *kernel);
void notebook_watch_stop(struct kernel *kernel);

#endif
