/*
 * Where this kernel's notebook lies, and what is saved there.
 *
 * The server says at first, in JPY_SESSION_NAME. From there on the kernel follows the file by
 * itself: it keeps a descriptor of it, which knows its name wherever it or a folder above it is
 * moved on the same file system; and front ends tell when they have renamed it. A file that a
 * program has replaced by another one is the new one, where that has the same cells.
 *
 * The file is read when it is saved, so that what was edited and never run is in the history too:
 * markdown, the order of the cells, texts of front ends that tell nothing. Read, never written.
 * Event loop thread only.
 */
#ifndef FORKERNEL_KERNEL_NOTEBOOK_WATCH_H
#define FORKERNEL_KERNEL_NOTEBOOK_WATCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct kernel;

/* Of a notebook that is looked at now and then. */
struct notebook_look {
    ino_t inode;                   /* of what lies at its path; 0: nothing */
    int64_t changed_s, changed_ns; /* when that was written */
    bool is_here;                  /* it is the file that was opened */
};

struct notebook_watch {
    char *path;   /* of the notebook; NULL: nothing is watched */
    char *next;   /* of the one that the kernel is for when the cell that runs has ended, or NULL */
    char *lately; /* where its file was seen last, NULL: at its path */
    char *root;   /* of the server, "" for "/"; NULL: not known */
    json_t *pages; /* where each page shows it, by the ids of their comms; NULL: none has said so */
    json_t *guests; /* other notebooks, whose pages have this kernel too, by the same */
    int file_fd;    /* O_PATH, or -1 */
    int fd;         /* inotify, or -1 */
    int timer;      /* zloop's, or -1: the file is looked at when it has been quiet for a moment */
    int look_timer; /* zloop's, or -1: the system tells of changes */
    struct notebook_look seen;     /* with the last look */
    struct notebook_look recorded; /* when what is recorded of it was read */
};

/* Watch the notebook that the server says this kernel is for, if any. */
void notebook_watch_start(struct kernel *kernel);
void notebook_watch_stop(struct kernel *kernel);

/* Where it lies now, as far as is known: absolute, without symbolic links. Borrowed until the next
 * step of the event loop. NULL: the kernel is for no notebook. */
const char *notebook_watch_path(struct kernel *kernel);

/* A page, which its comm tells apart, shows it under this path below the server's root. That of
 * another notebook, while a page shows the kernel's own, is a guest's: two share this kernel, and
 * each has a history of its own. When no page shows the kernel's own any more, the kernel is the
 * other one's: a server may give that to it. `session`: of the requests of this page, or NULL. */
void notebook_watch_told(
    struct kernel *kernel, const char *comm_id, const char *told, const char *session);
void notebook_watch_closed(struct kernel *kernel, const char *comm_id);

/* As notebook_watch_path(), of the notebook that a page shows; of the one whose page sends requests
 * of a session. */
const char *notebook_watch_page(struct kernel *kernel, const char *comm_id);
const char *notebook_watch_sender(struct kernel *kernel, const char *session);

#endif
