/* A store in a folder of its own, for the tests of history/. */
#ifndef FORKERNEL_TESTS_HISTORY_FIXTURE_H
#define FORKERNEL_TESTS_HISTORY_FIXTURE_H

#include "history/history.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char folder[64];
    struct history_options options;
    struct history *history;
    struct history_session *session;
    struct history_memory memory;
    int64_t now_us;
};

static inline int fixture_remove_one(
    const char *path, const struct stat *info, int type, struct FTW *ftw) {
    (void)info;
    (void)type;
    (void)ftw;
    return remove(path);
}

#define assert_ok(call)                                                                            \
    do {                                                                                           \
        struct error error_ = {.message = ""};                                                     \
        struct error *error = &error_;                                                             \
        enum status status_ = (call);                                                              \
        if (status_ != STATUS_OK)                                                                  \
            fail_msg("status %d: %s", (int)status_, error->message);                               \
    } while (0)

static inline void fixture_open(struct fixture *f) {
    assert_ok(history_open(&f->options, &f->history, error));
    struct history_session_start start = {
        .document_path = "/notes/a.ipynb", .engine = "c", .time_us = f->now_us};
    assert_ok(history_session_begin(f->history, &start, &f->session, error));
}

static inline void fixture_close(struct fixture *f) {
    assert_ok(history_session_end(&f->session, f->now_us, error));
    history_close(&f->history);
}

static inline int fixture_set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    /* thousands of small files: in memory where there is a place for that */
    bool shm = access("/dev/shm", W_OK) == 0;
    if (!f)
        return -1;
    snprintf(f->folder, sizeof f->folder, "%s/fk-history-XXXXXX", shm ? "/dev/shm" : "/tmp");
    if (!mkdtemp(f->folder))
        return -1;
    f->options.folder = f->folder;
    f->now_us = 1700000000000000;
    *state = f;
    return 0;
}

static inline int fixture_tear_down(void **state) {
    struct fixture *f = *state;
    history_memory_finish(&f->memory);
    nftw(f->folder, fixture_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(f);
    return 0;
}

static inline struct history_run *fixture_begin(
    struct fixture *f, const char *key, const char *text) {
    struct history_run *run = NULL;
    struct history_run_start start = {.cell_key = key,
        .language = "c",
        .text = text,
        .text_bytes = strlen(text),
        .execution_count = 1,
        .time_us = ++f->now_us};
    assert_ok(history_run_begin(f->session, &start, &run, error));
    return run;
}

static inline void fixture_end(struct fixture *f, struct history_run **run) {
    assert_ok(history_run_end(run, HISTORY_OK, ++f->now_us, error));
}

/* Run `text` without output; what became of it. The key must be used before the next call. */
static inline struct history_run_place fixture_run(
    struct fixture *f, const char *key, const char *text) {
    struct history_run *run = fixture_begin(f, key, text);
    struct history_run_place place = history_run_place(run);
    place.cell_key = NULL;
    fixture_end(f, &run);
    return place;
}

static inline void fixture_print(struct history_run *run, const char *text) {
    assert_ok(history_run_write(run, HISTORY_STDOUT, text, strlen(text), error));
}

static inline struct history_versions fixture_tree(struct fixture *f, int64_t cell_id) {
    struct history_versions tree;
    assert_ok(history_read_tree(f->history, cell_id, &f->memory, &tree, error));
    return tree;
}

static inline struct history_outputs fixture_outputs(struct fixture *f, int64_t run_id) {
    struct history_outputs outputs;
    assert_ok(history_list_outputs(f->history, run_id, &f->memory, &outputs, error));
    return outputs;
}

static inline void fixture_assert_part(
    struct fixture *f, const struct history_part *part, const char *want) {
    struct buf bytes = BUF_INIT;
    assert_ok(history_read_part(f->history, part, &bytes, error));
    assert_string_equal(buf_string(&bytes), want);
    buf_finish(&bytes);
}

#endif
