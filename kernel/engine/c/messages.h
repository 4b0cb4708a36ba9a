/*
 * What the C engine and its two helpers say to each other, as types of base/frame.h messages. The
 * fields of each are listed in order; s is a string, i a number (frame_add_int).
 */
#ifndef FORKERNEL_ENGINE_C_MESSAGES_H
#define FORKERNEL_ENGINE_C_MESSAGES_H

#include <signal.h>

/* An interrupt is SIGINT to the worker's whole group, as from a terminal, and this to the worker
   itself, since code may ignore SIGINT for a while, as system() does. */
#define MESSAGES_INTERRUPT (SIGRTMIN + 7)

/* The descriptor on which a helper finds its end of the socketpair. */
enum { MESSAGES_FD = 3 };

enum language_message {
    /* to the language service */
    LANGUAGE_CELL = 1,  /* i serial, i number, s code, i is an expression only, i wants a result */
    LANGUAGE_CANCEL,    /* give the cell up */
    LANGUAGE_COMMIT,    /* i state: its code is loaded, keep the definitions under this number */
    LANGUAGE_WAKE,      /* i state: go back to the definitions kept under it, 0: to none */
    LANGUAGE_EVICT,     /* i state: nobody comes back to it */
    LANGUAGE_COMPLETE,  /* i token, s code, i cursor */
    LANGUAGE_INSPECT,   /* i token, s code, i cursor, i detail level */
    LANGUAGE_SYMBOLIZE, /* i signal, i address, then a frame each: s "path\toffset\tsymbol" */
    LANGUAGE_EXPLAIN,   /* s what dlopen said */
    /* from it */
    LANGUAGE_READY = 64, /* s path, s entry symbol, i is a program, s arguments, s warnings,
                            i parse us, i compile us, i serial, s names that it brings; an empty
                            path: nothing to run */
    LANGUAGE_FAILED, /* s ename, s evalue, i parse us, i compile us, s warnings, i serial, then a
                        traceback line each */
    LANGUAGE_REPLY,  /* i token, s JSON content */
    LANGUAGE_FAULT,  /* s ename, s evalue, then a traceback line each: the answer to SYMBOLIZE */
};

enum worker_message {
    /* to the worker */
    WORKER_RUN =
        1,        /* s path, s entry symbol, i is a program, s arguments, i takes input, i silent */
    WORKER_INPUT, /* i end of file, s line */
    WORKER_ACK,   /* the display was taken */
    WORKER_CHECKPOINT, /* i state: make a twin of yourself, for this state */
    WORKER_MEASURE,    /* how much memory do you hold on to? */
    /* from it */
    WORKER_LOADED = 64,   /* i load us, i bytes written anywhere before */
    WORKER_LOAD_FAILED,   /* s what dlopen said */
    WORKER_DISPLAY,       /* s display id or "", i update, then pairs: s MIME type, s data */
    WORKER_RESULT,        /* pairs: s MIME type, s data */
    WORKER_CLEAR,         /* i wait */
    WORKER_INPUT_REQUEST, /* s prompt */
    WORKER_DONE,          /* i kind (worker_end), i code, i run us, i bytes written anywhere,
                             s what it did to the world outside its memory, "" for nothing seen */
    WORKER_FAULT,         /* i signal, i address, i in a child, then a frame each as above */
    WORKER_CHECKPOINTED,  /* i state, i pid, i errno where there is no twin, i fork us, i us
                             that the worker stood still; with it comes a descriptor: the twin's
                             channel */
    WORKER_MEASURED,      /* i bytes */
};

enum worker_end {
    WORKER_END_OK,
    WORKER_END_EXIT,      /* exit(code) */
    WORKER_END_INTERRUPT, /* SIGINT */
    WORKER_END_SIGNAL,    /* a program's death by signal `code` */
};

#endif
