/*
 * history/: every call to the system fails once, and from every call on all of them fail, in our
 * own code and in SQLite alike. Nothing that was acknowledged is lost, the store stays whole, and
 * recording goes on in the same open store as soon as the calls work again.
 */
#include "history_doctor.h"
#include "history_system.h"

#include "history/edits.h"

#include <errno.h>

enum { RUNS = 3, LINES = 4, LIMIT = 64 };

/* What the store has acknowledged. */
struct told {
    int64_t run_id, version;
    char text[32];
    size_t printed;    /* bytes of stdout */
    bool stream_whole; /* no write has failed */
    bool bundle, error, late;
    bool ended;
};

struct player {
    struct fixture *f;
    struct told runs[2 * RUNS];
    size_t run_count;
    int64_t document;
    int64_t sequence; /* of the last batch */
    char edited[32];  /* the text that it gave cell "e" */
    bool labelled, pinned;
};

/* A failure is one that was asked for, and its sentence is of use. */
static bool fine(struct player *p, enum status status, const struct error *error) {
    if (status == STATUS_OK)
        return true;
    if (!system_has_failed())
        fail_msg("status %d without a fault: %s", (int)status, error->message);
    if (status != STATUS_NO_MEMORY && !strstr(error->message, p->f->folder))
        fail_msg("status %d names no file: %s", (int)status, error->message);
    if (system_error() == ENOSPC && (status != STATUS_FULL || !strstr(error->message, "free some")))
        fail_msg("status %d on a full disk: %s", (int)status, error->message);
    return false;
}

#define FINE(call)                                                                                 \
    ({                                                                                             \
        struct error error_ = {.message = ""};                                                     \
        struct error *error = &error_;                                                             \
        enum status status_ = (call);                                                              \
        fine(p, status_, error);                                                                   \
    })

/* As a kernel does: what is not open is opened now. */
static bool ready(struct player *p) {
    struct fixture *f = p->f;
    struct history_session_start start = {.document_path = "/notes/a.ipynb", .engine = "c"};
    if (!f->history && !FINE(history_open(&f->options, &f->history, error)))
        return false;
    if (!f->session && !FINE(history_session_begin(f->history, &start, &f->session, error)))
        return false;
    p->document = history_session_document(f->session);
    return true;
}

static void leave(struct player *p) {
    if (p->f->session)
        (void)FINE(history_session_end(&p->f->session, 0, error));
    history_close(&p->f->history);
}

static char byte_at(size_t at) {
    return (char)('!' + at % 89);
}

static void print(struct player *p, struct history_run *run, struct told *told, size_t size) {
    char chunk[LIMIT];
    for (size_t i = 0; i < size; i++)
        chunk[i] = byte_at(told->printed + i);
    if (FINE(history_run_write(run, HISTORY_STDOUT, chunk, size, error)))
        told->printed += size;
    else
        told->stream_whole = false;
}

static const struct history_item items[] = {
    {"image/png", "a picture", 9}, {"text/plain", "<picture>", 9}, {"text/html", "<b>", 3}};

static const char *item_data(const char *mime) {
    for (size_t i = 0; i < sizeof items / sizeof *items; i++)
        if (strcmp(items[i].mime, mime) == 0)
            return items[i].data;
    return mime;
}

static void run_cell(struct player *p, const char *text) {
    struct history_run *run = NULL;
    struct history_run_start start = {
        .cell_key = "a", .language = "c", .text = text, .text_bytes = strlen(text)};
    if (!ready(p) || !FINE(history_run_begin(p->f->session, &start, &run, error)))
        return;
    struct told *told = &p->runs[p->run_count++];
    *told = (struct told){.stream_whole = true};
    snprintf(told->text, sizeof told->text, "%s", text);
    told->run_id = history_run_place(run).run_id;
    told->version = history_run_place(run).version;
    for (size_t line = 0; line < LINES; line++)
        print(p, run, told, 11 + line * 7);
    told->bundle = FINE(history_run_bundle(run, HISTORY_DISPLAY, "d", items, 3, error));
    told->error = FINE(history_run_error(run, "Fault", "here", "line 1\n", 7, error));
    history_run_leaves(run, HISTORY_STATE_NEW, "x", "wrote 1 byte");
    told->ended = FINE(history_run_end(&run, HISTORY_OK, 0, error));
    told->late =
        FINE(history_late_write(p->f->session, told->run_id, HISTORY_STDERR, "late", 4, error));
}

static void edit(struct player *p, const char *text) {
    static const char *const keys[] = {"e", "a"};
    struct history_edit changes[] = {
        {.kind = HISTORY_EDIT_TEXT,
            .cell_key = "e",
            .cause = HISTORY_CAUSE_TYPING,
            .text = text,
            .text_bytes = strlen(text)},
        {.kind = HISTORY_EDIT_LAYOUT, .keys = keys, .key_count = 2},
        {.kind = HISTORY_EDIT_DELETE, .cell_key = "a", .cause = HISTORY_CAUSE_DELETE},
    };
    struct history_edits edits = {
        .client = "page", .sequence = p->sequence + 1, .items = changes, .count = 3};
    if (!ready(p) || !FINE(history_record_edits(p->f->session, &edits, NULL, NULL, error)))
        return;
    p->sequence++;
    snprintf(p->edited, sizeof p->edited, "%s", text);
}

static void mark(struct player *p) {
    if (!p->run_count || !ready(p))
        return;
    const struct told *told = &p->runs[0];
    struct history *history = p->f->history;
    p->labelled = p->labelled || FINE(history_set_label(history, p->document, HISTORY_VERSION,
                                     told->version, "good", error));
    p->pinned = p->pinned || FINE(history_set_pinned(
                                 history, p->document, HISTORY_RUN, told->run_id, true, error));
    (void)FINE(history_session_move_state(p->f->session, told->run_id, error));
    (void)FINE(
        history_move_head(history, p->document, told->version, HISTORY_CAUSE_RESTORE, 0, error));
}

static void play(struct player *p) {
    static const char *const texts[] = {"int x = 1;\n", "int x = 2;\n", "int x = 1;\n"};
    for (int i = 0; i < RUNS; i++) {
        run_cell(p, texts[i]);
        edit(p, texts[RUNS - 1 - i]);
    }
    mark(p);
    if (p->f->history)
        history_tidy(p->f->history);
}

/* Faults are over: all of this works, and at the first try. */
static void go_on(struct player *p) {
    run_cell(p, "int y;\n");
    edit(p, "int z;\n");
    mark(p);
}

/* ---- what is there ---- */

static void assert_stream(
    struct player *p, const struct history_output *output, const struct told *told) {
    const struct history_part *part = output->parts;
    struct buf got = BUF_INIT, want = BUF_INIT;
    assert_true(output->complete);
    assert_int_equal(part->total_bytes, told->printed);
    assert_ok(history_read_part(p->f->history, part, &got, error));
    for (size_t i = 0; i < LIMIT / 2; i++)
        buf_append_char(&want, byte_at(i));
    buf_printf(&want, "\n[... %zu bytes left out ...]\n", told->printed - LIMIT);
    for (size_t i = told->printed - LIMIT / 2; i < told->printed; i++)
        buf_append_char(&want, byte_at(i));
    assert_string_equal(buf_string(&got), buf_string(&want));
    buf_finish(&got);
    buf_finish(&want);
}

static void assert_run(struct player *p, const struct told *told) {
    struct fixture *f = p->f;
    struct history_run_info run;
    struct history_version version;
    assert_ok(history_read_run(f->history, told->run_id, &f->memory, &run, error));
    assert_int_equal(run.version, told->version);
    if (told->ended)
        assert_int_equal(run.status, HISTORY_OK);
    else
        assert_in_set(run.status, ((uintmax_t[]){HISTORY_OK, HISTORY_KILLED}), 2);
    assert_ok(
        history_read_version(f->history, p->document, told->version, &f->memory, &version, error));
    assert_string_equal(version.text, told->text);
    bool stream = false, bundle = false, error_output = false, late = false;
    struct history_outputs outputs = fixture_outputs(f, told->run_id);
    for (size_t i = 0; i < outputs.count; i++) {
        const struct history_output *output = &outputs.items[i];
        assert_true(output->sealed);
        if (output->kind == HISTORY_STDOUT) {
            stream = true;
            if (told->stream_whole)
                assert_stream(p, output, told);
            else if (run.status == HISTORY_OK) /* else nobody could write it down */
                assert_false(output->complete);
        } else if (output->kind == HISTORY_DISPLAY && told->bundle) {
            bundle = true;
            assert_true(output->complete);
            assert_int_equal(output->part_count, 3);
            for (size_t part = 0; part < 3; part++)
                fixture_assert_part(f, &output->parts[part], item_data(output->parts[part].mime));
        } else if (output->kind == HISTORY_ERROR_OUTPUT && told->error) {
            error_output = true;
            assert_true(output->complete);
            fixture_assert_part(f, &output->parts[0], "line 1\n");
        } else if (output->kind == HISTORY_STDERR && told->late) {
            late = true;
            assert_true(output->late || !told->ended);
            assert_true(output->complete);
            fixture_assert_part(f, &output->parts[0], "late");
        }
    }
    assert_true(stream || !told->stream_whole);
    assert_int_equal(bundle, told->bundle);
    assert_int_equal(error_output, told->error);
    assert_int_equal(late, told->late);
}

static void assert_marks(struct player *p) {
    struct fixture *f = p->f;
    struct history_version version;
    struct history_run_info run;
    if (p->labelled) {
        assert_ok(history_read_version(
            f->history, p->document, p->runs[0].version, &f->memory, &version, error));
        assert_string_equal(version.label, "good");
    }
    if (p->pinned) {
        assert_ok(history_read_run(f->history, p->runs[0].run_id, &f->memory, &run, error));
        assert_true(run.pinned);
    }
}

static void assert_all_there(struct player *p) {
    struct fixture *f = p->f;
    struct history_documents documents;
    struct history_notebook notebook;
    int64_t sequence = 0;
    assert_ok(history_open(&f->options, &f->history, error));
    assert_ok(history_list_documents(f->history, &f->memory, &documents, error));
    assert_int_equal(documents.count, p->document ? 1 : 0);
    if (p->document)
        assert_int_equal(documents.items[0].runs, p->run_count); /* and none that was refused */
    for (size_t i = 0; i < p->run_count; i++)
        assert_run(p, &p->runs[i]);
    assert_marks(p);
    assert_ok(history_client_sequence(f->history, "page", &sequence, error));
    assert_int_equal(sequence, p->sequence);
    if (p->sequence) {
        assert_ok(history_read_notebook(f->history, p->document, 0, &f->memory, &notebook, error));
        assert_string_equal(notebook.items[0].key, "e");
        assert_string_equal(notebook.items[0].text, p->edited);
    }
    history_close(&f->history);
    history_memory_finish(&f->memory);
    struct findings findings = doctor_run(f->folder, false);
    if (findings.health.damage)
        fail_msg("%s", buf_string(&findings.text));
    buf_finish(&findings.text);
}

/* ---- every call ---- */

/* Fail from call `n` on; false: there are fewer calls. `at_the_end`: also while closing. */
static bool try(struct fixture *f, struct system_fault fault, bool at_the_end) {
    struct player p = {.f = f};
    system_mend();
    nftw(f->folder, fixture_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    assert_ok(history_open(&f->options, &f->history, error)); /* most faults come later */
    history_close(&f->history);
    system_fail(&fault);
    play(&p);
    if (at_the_end)
        leave(&p);
    bool failed = system_mend();
    go_on(&p);
    leave(&p);
    assert_all_there(&p);
    return failed;
}

/* Of `stride` calls one, others each time; with MORE set nine times as many. */
static void try_all(struct fixture *f, struct system_fault fault, int stride) {
    f->options.text_limit_bytes = LIMIT;
    f->options.keyframe_every = 2;
    f->options.busy_timeout_ms = 1;
    const char *from = getenv("FROM"); /* to see a failure again */
    if (getenv("MORE"))
        stride = 1 + stride / 9;
    int first = from ? atoi(from) : (int)getpid() % stride;
    for (fault.after = first;; fault.after += stride) {
        print_message("from call %d on\r", fault.after);
        if (!try(f, fault, fault.after / stride % 2))
            break;
    }
    print_message("%d calls\n", fault.after);
    assert_true(fault.after > first);
}

static void test_one_call_fails(void **state) {
    try_all(*state, (struct system_fault){.error = EIO, .times = 1}, 13);
}

static void test_calls_fail_from_one_on(void **state) {
    try_all(*state, (struct system_fault){.error = EIO}, 13);
}

static void test_the_disk_is_full(void **state) {
    try_all(*state, (struct system_fault){.error = ENOSPC}, 7);
}

static void test_no_memory(void **state) {
    try_all(*state, (struct system_fault){.error = ENOMEM, .times = 1}, 97);
}

static void test_no_memory_from_one_on(void **state) {
    try_all(*state, (struct system_fault){.error = ENOMEM}, 97);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_one_call_fails),
        TEST(test_calls_fail_from_one_on),
        TEST(test_the_disk_is_full),
        TEST(test_no_memory),
        TEST(test_no_memory_from_one_on),
    };
    system_prepare();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
