/* history/: a backup is a store of its own, also when it is made while another process records. */
#include "history_doctor.h"

#include "base/file.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { CHUNKS = 6, CHUNK = 100 };

/* Never returns: runs of 600 bytes of output and a picture, until it is killed. */
static void record(const struct history_options *options, _Atomic int64_t *ended) {
    struct history *history = NULL;
    struct history_session *session = NULL;
    struct history_session_start start = {.document_path = "/notes/a.ipynb"};
    char chunk[CHUNK];
    memset(chunk, 'x', sizeof chunk);
    if (history_open(options, &history, NULL) != STATUS_OK ||
        history_session_begin(history, &start, &session, NULL) != STATUS_OK)
        _exit(1);
    for (int i = 0;; i++) {
        char text[48];
        int size = snprintf(text, sizeof text, "int number = %d;", i);
        struct history_run_start run_start = {
            .cell_key = "a", .text = text, .text_bytes = (size_t)size, .execution_count = i};
        struct history_item item = {"image/png", text, (size_t)size};
        struct history_run *run = NULL;
        if (history_run_begin(session, &run_start, &run, NULL) != STATUS_OK)
            _exit(2);
        for (int n = 0; n < CHUNKS; n++)
            if (history_run_write(run, HISTORY_STDOUT, chunk, sizeof chunk, NULL) != STATUS_OK)
                _exit(3);
        if (history_run_bundle(run, HISTORY_DISPLAY, NULL, &item, 1, NULL) != STATUS_OK ||
            history_run_end(&run, HISTORY_OK, 0, NULL) != STATUS_OK)
            _exit(4);
        ++*ended;
    }
}

static int refuse_open_doors(const char *path, const struct stat *info, int type, struct FTW *ftw) {
    (void)path;
    (void)type;
    (void)ftw;
    return (info->st_mode & 077) != 0;
}

/* All runs until `ended` are in it with all their output; what came later is whole as well. */
static void check_copy(const struct fixture *f, const char *folder, int64_t ended) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_options options = f->options;
    struct history_inputs inputs;
    struct history *copy = NULL;
    doctor_assert_well(folder);
    assert_int_equal(nftw(folder, refuse_open_doors, 16, FTW_PHYS), 0);
    options.folder = folder;
    assert_ok(history_open(&options, &copy, error));
    assert_ok(history_list_range(copy, 1, 0, 0, false, &memory, &inputs, error));
    assert_true((int64_t)inputs.count >= ended);
    for (size_t i = 0; i < inputs.count; i++) {
        char text[48];
        snprintf(text, sizeof text, "int number = %zu;", i);
        assert_string_equal(inputs.items[i].text, text);
        struct history_outputs outputs;
        assert_ok(history_list_outputs(copy, inputs.items[i].run_id, &memory, &outputs, error));
        if ((int64_t)i < ended) {
            assert_int_equal(outputs.count, 2);
            assert_int_equal(outputs.items[0].parts[0].total_bytes, CHUNKS * CHUNK);
        }
        for (size_t o = 0; o < outputs.count; o++) {
            struct buf bytes = BUF_INIT;
            assert_true(outputs.items[o].sealed);
            assert_ok(history_read_part(copy, &outputs.items[o].parts[0], &bytes, error));
            buf_finish(&bytes);
        }
    }
    history_close(&copy);
    history_memory_finish(&memory);
}

static void test_while_another_process_records(void **state) {
    struct fixture *f = *state;
    f->options.busy_timeout_ms = 5000;
    f->options.text_limit_bytes = 400; /* streams are cut, with pieces while they last */
    _Atomic int64_t *ended =
        mmap(NULL, sizeof *ended, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(ended != MAP_FAILED);
    pid_t child = fork();
    if (child == 0)
        record(&f->options, ended);
    for (int n = 1; n <= 4; n++) {
        while (*ended < n * 40 && waitpid(child, NULL, WNOHANG) == 0)
            ;
        char target[128];
        snprintf(target, sizeof target, "%s/backup-%d", f->folder, n);
        struct history_options look = {.folder = f->folder, .read_only = true};
        struct history_backup_options options = {.target = target};
        struct history_backup_result result;
        struct history *history = NULL;
        int64_t before = *ended;
        assert_ok(history_open(&look, &history, error));
        assert_ok(history_backup(history, &options, &result, error));
        history_close(&history);
        assert_int_equal(result.missing, 0);
        assert_true(result.linked >= before * 2);
        check_copy(f, target, before);
    }
    int how = 0;
    kill(child, SIGKILL);
    waitpid(child, &how, 0);
    assert_true(WIFSIGNALED(how));
    munmap((void *)ended, sizeof *ended);
}

static void test_refuses_a_full_folder(void **state) {
    struct fixture *f = *state;
    char target[128], file[160];
    snprintf(target, sizeof target, "%s/full", f->folder);
    snprintf(file, sizeof file, "%s/mine", target);
    fixture_open(f);
    fixture_run(f, "a", "1");
    assert_ok(file_make_folders(target, 0755, error));
    assert_ok(file_write(file, "mine", 4, 0600, error));
    struct history_backup_options options = {.target = target};
    struct history_backup_result result;
    struct error why;
    assert_int_equal(history_backup(f->history, &options, &result, &why), STATUS_INVALID);
    assert_non_null(strstr(why.message, target));
    assert_int_equal(unlink(file), 0);
    assert_ok(history_backup(f->history, &options, &result, error));
    fixture_close(f);
    doctor_assert_well(target);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_while_another_process_records),
        TEST(test_refuses_a_full_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
