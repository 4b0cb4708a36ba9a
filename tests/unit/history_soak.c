/*
 * history/: edits, runs and questions at full speed for as many seconds as the first argument says.
 * Memory stays as it is after the first third, and in the end the store is whole.
 */
#include "history_doctor.h"

#include "history/edits.h"

#include "base/clock.h"

#include <malloc.h>
#include <sqlite3.h>

enum { CELLS = 8, EDITS_A_TURN = 10, GROWTH_MAX = 1 << 17, SQLITE_MAX = 1 << 22, LIMIT = 4096 };

static int seconds = 1;

/* Of AddressSanitizer, where it is there. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

/* Without SQLite's, whose cache fills up to its limit. */
static size_t allocated(void) {
    size_t all = __sanitizer_get_current_allocated_bytes ? __sanitizer_get_current_allocated_bytes()
                                                         : mallinfo2().uordblks;
    return all - (size_t)sqlite3_memory_used();
}

/* Two of three lines stay as they were. */
static void make_text(int64_t turn, int edit, char text[128]) {
    snprintf(text, 128, "int cell = %d;\nint turn = %lld;\nreturn turn + %d;\n", edit % CELLS,
        (long long)(turn / 3), edit);
}

static void edit(struct fixture *f, int64_t turn) {
    static int64_t sequence;
    for (int i = 0; i < EDITS_A_TURN; i++) {
        char text[128], key[8];
        make_text(turn, i, text);
        snprintf(key, sizeof key, "c%d", i % CELLS);
        struct history_edit item = {.kind = HISTORY_EDIT_TEXT,
            .cell_key = key,
            .cause = turn % 3 ? HISTORY_CAUSE_TYPING : HISTORY_CAUSE_UNDO,
            .text = text,
            .text_bytes = strlen(text)};
        struct history_edits edits = {
            .client = "page", .sequence = ++sequence, .items = &item, .count = 1};
        assert_ok(history_record_edits(f->session, &edits, NULL, NULL, error));
    }
}

static void run(struct fixture *f, int64_t turn) {
    char text[128], key[8];
    make_text(turn, (int)(turn % CELLS), text);
    snprintf(key, sizeof key, "c%d", (int)(turn % CELLS));
    struct history_run *run = fixture_begin(f, key, text);
    int64_t id = history_run_place(run).run_id;
    for (int i = 0; i < 20; i++)
        fixture_print(run, text);
    struct history_item item = {"image/png", text, strlen(text)};
    assert_ok(history_run_bundle(run, HISTORY_DISPLAY, NULL, &item, 1, error));
    fixture_end(f, &run);
    if (turn % 50 == 0)
        assert_ok(history_late_write(f->session, id, HISTORY_STDOUT, "late", 4, error));
}

static void ask(struct fixture *f, int64_t cell_id) {
    struct history_versions page;
    struct history_notebook notebook;
    int64_t document = history_session_document(f->session);
    assert_ok(history_read_tree_page(f->history, cell_id, 0, 10, &f->memory, &page, error));
    assert_ok(history_read_notebook(f->history, document, 0, &f->memory, &notebook, error));
    assert_int_equal(notebook.count, CELLS);
    history_memory_finish(&f->memory);
}

static void test_full_speed(void **state) {
    struct fixture *f = *state;
    f->options.text_limit_bytes = LIMIT;
    fixture_open(f);
    int64_t began_us = clock_monotonic_us(), turn = 0;
    size_t early = 0, late = 0;
    int64_t length_us = (int64_t)seconds * 1000000;
    for (int64_t now_us = began_us; now_us - began_us < length_us; now_us = clock_monotonic_us()) {
        edit(f, turn);
        run(f, turn);
        ask(f, 1 + turn % CELLS);
        if (turn % 100 == 0)
            history_tidy(f->history);
        turn++;
        if (!early && now_us - began_us > length_us / 3)
            early = allocated();
        late = allocated();
    }
    print_message("%lld turns, %zu and %zu bytes\n", (long long)turn, early, late);
    assert_true(late < early + GROWTH_MAX);
    assert_true(sqlite3_memory_used() < SQLITE_MAX);
    fixture_close(f);
    doctor_assert_well(f->folder);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_full_speed, fixture_set_up, fixture_tear_down),
    };
    if (argc > 1)
        seconds = atoi(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
