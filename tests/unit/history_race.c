/*
 * history/: processes that do different things to one store at the same moment: edits of one cell,
 * the first opening of an old store, a repair. Whoever is refused may try again, and in the end
 * everything that was acknowledged is there once.
 */
#include "history_doctor.h"
#include "history_old_stores.h"

#include "history/edits.h"

#include "base/file.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { PROCESSES = 2, STEPS = 150, ROUNDS = 6, OLD_VERSIONS = 6 };

/* Shared with the children: what they have been told. */
struct told {
    int64_t versions[PROCESSES][STEPS]; /* numbers that texts of their own got */
    int64_t heads[PROCESSES][STEPS];    /* that the text found */
    _Atomic int ready;
};

static struct told *share(void) {
    struct told *told =
        mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(told != MAP_FAILED);
    return told;
}

static void wait_for_all(struct told *told) {
    for (told->ready++; told->ready < PROCESSES;)
        ;
}

static void join(const pid_t *children, int count) {
    for (int i = 0; i < count; i++) {
        int how = 0;
        waitpid(children[i], &how, 0);
        if (how)
            fail_msg("process %d: status %x", i, how);
    }
}

static struct history_session *begin(struct history *history) {
    struct history_session *session = NULL;
    struct history_session_start start = {.document_path = "/notes/a.ipynb", .engine = "c"};
    return history_session_begin(history, &start, &session, NULL) == STATUS_OK ? session : NULL;
}

/* "both" is a text that both have, all others are one's own. */
static void make_text(int process, int step, char text[64]) {
    if (step % 5 == 4)
        snprintf(text, 64, "both %d\n", step);
    else
        snprintf(text, 64, "process %d\nstep %d\n", process, step);
}

static bool edit_or_run(struct history_session *session, int process, int step, struct told *told) {
    char text[64];
    make_text(process, step, text);
    struct history_edited edited = {0};
    if (step % 3) {
        struct history_edit edit = {.kind = HISTORY_EDIT_TEXT,
            .cell_key = "shared",
            .cause = step % 5 == 4 ? HISTORY_CAUSE_UNDO : HISTORY_CAUSE_TYPING,
            .text = text,
            .text_bytes = strlen(text)};
        struct history_edits edits = {
            .client = process ? "one" : "two", .sequence = step + 1, .items = &edit, .count = 1};
        if (history_record_edits(session, &edits, &edited, NULL, NULL) != STATUS_OK)
            return false;
    } else {
        struct history_run *run = NULL;
        struct history_run_start start = {
            .cell_key = "shared", .text = text, .text_bytes = strlen(text)};
        if (history_run_begin(session, &start, &run, NULL) != STATUS_OK)
            return false;
        edited.version = history_run_place(run).version;
        edited.new_version = history_run_place(run).new_version;
        if (history_run_write(run, HISTORY_STDOUT, text, strlen(text), NULL) != STATUS_OK ||
            history_run_end(&run, HISTORY_OK, 0, NULL) != STATUS_OK)
            return false;
    }
    told->heads[process][step] = edited.version;
    if (edited.new_version)
        told->versions[process][step] = edited.version;
    return true;
}

static void test_two_edit_one_cell(void **state) {
    struct fixture *f = *state;
    struct told *told = share();
    pid_t children[PROCESSES];
    f->options.busy_timeout_ms = 20000;
    f->options.keyframe_every = 3;
    for (int process = 0; process < PROCESSES; process++) {
        children[process] = fork();
        if (children[process] != 0)
            continue;
        struct history *history = NULL;
        wait_for_all(told);
        if (history_open(&f->options, &history, NULL) != STATUS_OK)
            _exit(1);
        struct history_session *session = begin(history);
        for (int step = 0; session && step < STEPS; step++)
            if (!edit_or_run(session, process, step, told))
                _exit(2);
        _exit(!session || history_session_end(&session, 0, NULL) != STATUS_OK);
    }
    join(children, PROCESSES);
    assert_ok(history_open(&f->options, &f->history, error));
    int64_t made = 0;
    for (int process = 0; process < PROCESSES; process++) {
        for (int step = 0; step < STEPS; step++) {
            struct history_version version;
            char text[64];
            make_text(process, step, text);
            assert_ok(history_read_version(
                f->history, 1, told->heads[process][step], &f->memory, &version, error));
            assert_string_equal(version.text, text);
            made += told->versions[process][step] != 0;
            if (step % 5 !=
                4) /* its own text: a version of its own, on one that was there before */
                assert_int_equal(told->versions[process][step], version.number);
            assert_true(version.parent < version.number);
        }
    }
    struct history_cells cells;
    assert_ok(history_list_cells(f->history, 1, &f->memory, &cells, error));
    assert_int_equal(cells.count, 1);
    assert_int_equal(cells.items[0].versions, made); /* none twice, none lost */
    assert_int_equal(cells.items[0].runs, PROCESSES * STEPS / 3);
    history_close(&f->history);
    munmap(told, sizeof *told);
    doctor_assert_well(f->folder);
}

/* ---- an old store, a damaged one ---- */

static char *database(const struct fixture *f) {
    return file_join(f->folder, "history.sqlite3");
}

static void make_old_store(const struct fixture *f) {
    struct buf all = BUF_INIT;
    char *path = database(f);
    buf_printf(&all, "%s%s%s", schema_1, schema_2, rows_2);
    execute(path, buf_string(&all));
    buf_finish(&all);
    free(path);
}

static void empty_store(const struct fixture *f) {
    nftw(f->folder, fixture_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    assert_int_equal(mkdir(f->folder, 0700), 0);
}

/* As a kernel does: who is refused tries again with the next cell. */
static void record_at_last(const struct fixture *f, struct told *told, int process) {
    struct history *history = NULL;
    struct history_session *session = NULL;
    wait_for_all(told);
    for (int tries = 0; tries < 2000 && !session; tries++) {
        if (history || history_open(&f->options, &history, NULL) == STATUS_OK)
            session = begin(history);
        if (!session) {
            history_close(&history);
            usleep(1000);
        }
    }
    if (!session || !edit_or_run(session, process, 1, told))
        _exit(1);
    _exit(history_session_end(&session, 0, NULL) != STATUS_OK);
}

/* Nothing but the files of old runs, which were never there, is missed. */
static void assert_rows_well(struct fixture *f, int64_t versions) {
    struct findings findings = {.text = BUF_INIT};
    struct history_health health;
    struct history_check_options options = {
        .skip_files = true, .found = findings_add, .context = &findings};
    assert_ok(history_open(&f->options, &f->history, error));
    assert_ok(history_check(f->history, &options, &health, error));
    if (health.damage)
        fail_msg("%s", buf_string(&findings.text));
    assert_int_equal(health.versions, versions);
    history_close(&f->history);
    buf_finish(&findings.text);
}

static void test_both_bring_an_old_store_to_this_format(void **state) {
    struct fixture *f = *state;
    for (int round = 0; round < ROUNDS; round++) {
        struct told *told = share();
        pid_t children[PROCESSES];
        empty_store(f);
        make_old_store(f);
        for (int process = 0; process < PROCESSES; process++) {
            children[process] = fork();
            if (children[process] == 0)
                record_at_last(f, told, process);
        }
        join(children, PROCESSES);
        munmap(told, sizeof *told);
        assert_rows_well(f, OLD_VERSIONS + PROCESSES);
    }
}

static void damage(const struct fixture *f) {
    struct buf bytes = BUF_INIT;
    char *path = database(f);
    assert_ok(file_read(path, 1 << 24, &bytes, error));
    memset(bytes.data + 100, 0xa5, 200);
    assert_ok(file_write(path, bytes.data, bytes.size, 0600, error));
    buf_finish(&bytes);
    free(path);
}

/* A kernel starts while the doctor is at work: it is refused, or the doctor is, and one of them
 * comes later. */
static void test_one_repairs_the_other_records(void **state) {
    struct fixture *f = *state;
    for (int round = 0; round < ROUNDS; round++) {
        struct told *told = share();
        pid_t children[PROCESSES];
        empty_store(f);
        fixture_open(f);
        fixture_run(f, "a", "text");
        fixture_close(f);
        damage(f);
        children[0] = fork();
        if (children[0] == 0)
            record_at_last(f, told, 0);
        children[1] = fork();
        if (children[1] == 0) {
            struct history_check_options options = {.folder = f->folder, .repair = true};
            struct history_health health;
            enum status status = STATUS_LOCKED;
            wait_for_all(told);
            for (int tries = 0; tries < 2000 && status == STATUS_LOCKED; tries++) {
                status = history_doctor(&options, &health, NULL);
                if (status == STATUS_LOCKED)
                    usleep(1000);
            }
            _exit(status != STATUS_OK);
        }
        join(children, PROCESSES);
        munmap(told, sizeof *told);
        assert_rows_well(f, 2);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_two_edit_one_cell),
        TEST(test_both_bring_an_old_store_to_this_format),
        TEST(test_one_repairs_the_other_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
