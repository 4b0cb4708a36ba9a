/* history/: which document is the notebook in a file? */
#include "history_doctor.h"

#include "history/join.h"

struct meeting {
    struct fixture *f;
    struct history_file_cell cells[4];
    struct history_met_file file;
    const char *copy_at;  /* where another file has its cells */
    const char *other_at; /* where one has none of them, but this one */
    const char *other_key;
};

static bool is_at(void *context, const char *path) {
    const struct meeting *meeting = context;
    return meeting->copy_at && strcmp(path, meeting->copy_at) == 0;
}

static bool any_at(
    void *context, const char *path, bool (*is_such)(void *of, const char *key), void *of) {
    const struct meeting *meeting = context;
    return meeting->other_at && strcmp(path, meeting->other_at) == 0 &&
           is_such(of, meeting->other_key);
}

/* A file with these cells, "key=text" or "=text". */
static struct meeting *describe(struct meeting *meeting, struct fixture *f, const char *path,
    int64_t inode, const char *const *cells) {
    *meeting = (struct meeting){.f = f};
    meeting->file = (struct history_met_file){.file = {path, 1, inode, inode},
        .cells = meeting->cells,
        .is_at = is_at,
        .any_at = any_at,
        .context = meeting};
    for (size_t i = 0; cells && cells[i]; i++) {
        static char keys[16][8];
        static int turn;
        char *key = keys[turn = (turn + 1) % 16];
        size_t size = strcspn(cells[i], "=");
        snprintf(key, sizeof keys[0], "%.*s", (int)size, cells[i]);
        const char *text = cells[i] + size + 1;
        meeting->cells[meeting->file.count++] =
            (struct history_file_cell){size ? key : NULL, text, strlen(text)};
    }
    return meeting;
}

static int64_t meet(struct meeting *meeting, enum history_meeting how) {
    struct history_met met;
    int64_t document_id = 0;
    assert_ok(history_judge_file(meeting->f->history, &meeting->file, &met, error));
    assert_int_equal(met.how, how);
    assert_ok(history_take_file(meeting->f->history, &meeting->file, &met, &document_id, error));
    return document_id;
}

/* A notebook that was met and run. */
static int64_t record(
    struct fixture *f, const char *path, int64_t inode, const char *const *cells) {
    struct meeting meeting;
    int64_t document_id = meet(describe(&meeting, f, path, inode, cells), HISTORY_MET_NEW);
    struct history_session_start start = {.document_path = path, .time_us = ++f->now_us};
    assert_ok(history_session_begin(f->history, &start, &f->session, error));
    assert_int_equal(history_session_document(f->session), document_id);
    for (size_t i = 0; i < meeting.file.count; i++)
        fixture_run(f, meeting.cells[i].key, meeting.cells[i].text);
    assert_ok(history_session_end(&f->session, ++f->now_us, error));
    return document_id;
}

static const char *const one[] = {"a=1", "b=2", NULL};
static const char *const other[] = {"x=1", "y=8", NULL};
static const char *const mixed[] = {"a=1", "x=1", "y=8", NULL};
static const char *const without_ids[] = {"=1", "=2", NULL};
static const char *const blank[] = {"n=", NULL};

static int64_t find(struct fixture *f, const char *path) {
    int64_t document_id = 0;
    struct error error;
    return history_find_document(f->history, path, &document_id, &error) == STATUS_OK ? document_id
                                                                                      : 0;
}

static void test_moved_and_the_name_used_again(void **state) {
    struct fixture *f = *state;
    struct meeting m;
    assert_ok(history_open(&f->options, &f->history, error));
    int64_t id = record(f, "/n/a", 10, one);
    assert_int_equal(meet(describe(&m, f, "/n/a", 10, one), HISTORY_MET_KNOWN), id);
    assert_int_equal(meet(describe(&m, f, "/n/b", 10, one), HISTORY_MET_MOVED), id);
    assert_int_equal(find(f, "/n/b"), id);
    assert_int_equal(find(f, "/n/a"), 0);
    /* in the other order, and without a cell in the file */
    assert_int_not_equal(meet(describe(&m, f, "/n/b", 11, NULL), HISTORY_MET_NEW), id);
    assert_int_equal(find(f, "/n/b") == id, 0);
    assert_int_equal(meet(describe(&m, f, "/n/c", 12, one), HISTORY_MET_MOVED), id);
    const char *path = NULL;
    assert_ok(history_document_path(f->history, id, &f->memory, &path, error));
    assert_string_equal(path, "/n/c");
    history_close(&f->history);
    doctor_assert_well(f->folder);
}

static void test_the_same_path(void **state) {
    struct fixture *f = *state;
    struct meeting m;
    assert_ok(history_open(&f->options, &f->history, error));
    int64_t id = record(f, "/n/a", 10, one);
    /* another file with its cells; its file without a cell, or with a blank one */
    assert_int_equal(meet(describe(&m, f, "/n/a", 11, one), HISTORY_MET_KNOWN), id);
    assert_int_equal(meet(describe(&m, f, "/n/a", 11, NULL), HISTORY_MET_KNOWN), id);
    assert_int_equal(meet(describe(&m, f, "/n/a", 11, blank), HISTORY_MET_KNOWN), id);
    /* one cell of its own is enough as long as no other notebook has more */
    assert_int_equal(meet(describe(&m, f, "/n/a", 11, mixed), HISTORY_MET_KNOWN), id);
    int64_t second = record(f, "/n/x", 20, other);
    m = *describe(&m, f, "/n/a", 11, mixed);
    m.copy_at = "/n/x";
    m.file.context = &m;
    m.file.cells = m.cells;
    /* a file that is only said to be there */
    assert_int_equal(meet(&m, HISTORY_MET_MOVED), second);
    history_close(&f->history);
}

static void test_other_cells_at_the_path(void **state) {
    struct fixture *f = *state;
    struct meeting m;
    assert_ok(history_open(&f->options, &f->history, error));
    int64_t id = record(f, "/n/a", 10, one);
    int64_t new_id = meet(describe(&m, f, "/n/a", 11, other), HISTORY_MET_NEW);
    assert_int_not_equal(new_id, id);
    assert_int_equal(find(f, "/n/a"), new_id);
    history_close(&f->history);
}

static void test_without_ids(void **state) {
    static const char *const changed[] = {"=1", "=2", "=3", NULL};
    static const char *const unlike[] = {"=7", "=8", NULL};
    static const char *const half[] = {"=1", "=8", NULL};
    struct fixture *f = *state;
    struct meeting m;
    assert_ok(history_open(&f->options, &f->history, error));
    int64_t id = record(f, "/n/a", 10, without_ids);
    assert_int_equal(meet(describe(&m, f, "/n/a", 10, half), HISTORY_MET_KNOWN), id);
    assert_int_equal(meet(describe(&m, f, "/n/a", 11, changed), HISTORY_MET_KNOWN), id);
    assert_int_equal(meet(describe(&m, f, "/n/b", 11, changed), HISTORY_MET_MOVED), id);
    assert_int_not_equal(meet(describe(&m, f, "/n/b", 12, unlike), HISTORY_MET_NEW), id);
    history_close(&f->history);
}

static void test_somebody_says_so(void **state) {
    struct fixture *f = *state;
    struct meeting m;
    assert_ok(history_open(&f->options, &f->history, error));
    int64_t id = record(f, "/n/a", 10, one);
    describe(&m, f, "/n/b", 11, blank)->file.session_document = id;
    assert_int_equal(meet(&m, HISTORY_MET_MOVED), id);
    history_close(&f->history);
}

static void touch(const struct fixture *f, char *ret_path, size_t size, const char *name) {
    snprintf(ret_path, size, "%s/%s", f->folder, name);
    FILE *file = fopen(ret_path, "w");
    assert_non_null(file);
    fclose(file);
}

/* The cells of a copy begin as branches of the original's. */
static void test_a_copy(void **state) {
    struct fixture *f = *state;
    struct meeting m;
    char path[96];
    touch(f, path, sizeof path, "a.ipynb");
    assert_ok(history_open(&f->options, &f->history, error));
    int64_t id = record(f, path, 10, one);
    describe(&m, f, "/n/b", 11, one)->copy_at = path;
    int64_t copied = meet(&m, HISTORY_MET_COPY);
    assert_int_not_equal(copied, id);
    assert_int_equal(find(f, path), id);
    struct history_version head;
    assert_ok(history_read_head(f->history, copied, "a", &f->memory, &head, error));
    assert_string_equal(head.text, "1");
    assert_int_equal(head.origin >> 32, id);
    /* both have the cells: where the original goes, its file tells, or who has it open */
    unlink(path);
    assert_int_equal(meet(describe(&m, f, "/n/c", 10, one), HISTORY_MET_MOVED), id);
    describe(&m, f, "/n/d", 12, one)->file.session_document = id;
    assert_int_equal(meet(&m, HISTORY_MET_MOVED), id);
    history_close(&f->history);
    doctor_assert_well(f->folder);
}

/* Its original has none of its cells any more, but others that are the document's. */
static void test_an_old_copy(void **state) {
    struct fixture *f = *state;
    struct meeting m;
    char path[96];
    touch(f, path, sizeof path, "a.ipynb");
    assert_ok(history_open(&f->options, &f->history, error));
    int64_t id = record(f, path, 10, one);
    describe(&m, f, "/n/old", 11, one)->other_at = path;
    m.other_key = "a";
    assert_int_not_equal(meet(&m, HISTORY_MET_COPY), id);
    assert_int_equal(find(f, path), id);
    history_close(&f->history);
    unlink(path);
    doctor_assert_well(f->folder);
}

/* ---- joining ---- */

static struct history_origin_list list_origins(struct fixture *f, int64_t document_id) {
    struct history_origin_list origins;
    assert_ok(history_list_origins(f->history, document_id, &f->memory, &origins, error));
    return origins;
}

static void assert_head(struct fixture *f, int64_t document_id, const char *key, const char *text,
    int64_t number, int64_t origin) {
    struct history_version head;
    assert_ok(history_read_head(f->history, document_id, key, &f->memory, &head, error));
    assert_string_equal(head.text, text);
    assert_int_equal(head.number, number);
    assert_int_equal(head.origin, origin);
}

static void assert_refused(struct fixture *f, int64_t document_id, int64_t origin_id,
    const struct history_file *file, const char *why) {
    struct error error;
    assert_int_equal(
        history_join(f->history, document_id, origin_id, file, &error), STATUS_INVALID);
    assert_non_null(strstr(error.message, why));
}

static void run_at(struct fixture *f, const char *path, const char *key, const char *const *texts) {
    struct history_session_start start = {.document_path = path, .time_us = ++f->now_us};
    assert_ok(history_session_begin(f->history, &start, &f->session, error));
    for (; *texts; texts++)
        fixture_run(f, key, *texts);
    assert_ok(history_session_end(&f->session, ++f->now_us, error));
}

/* The original is gone: its history goes on in the copy. */
static void test_joining_a_copy(void **state) {
    static const char *const later[] = {"1 + 1", NULL};
    static const char *const in_copy[] = {"1 + 2", "1 + 3", NULL};
    static const char *const beside[] = {"9", NULL};
    struct fixture *f = *state;
    struct meeting m;
    char path[96], copy_path[96];
    assert_ok(history_open(&f->options, &f->history, error));
    touch(f, path, sizeof path, "a.ipynb");
    touch(f, copy_path, sizeof copy_path, "b.ipynb");
    int64_t id = record(f, path, 10, one);
    describe(&m, f, copy_path, 11, one)->copy_at = path;
    int64_t copied = meet(&m, HISTORY_MET_COPY);
    run_at(f, path, "a", later);
    run_at(f, copy_path, "a", in_copy);
    run_at(f, copy_path, "c", beside);

    assert_int_equal(list_origins(f, id).count, 0);
    struct history_origin_list origins = list_origins(f, copied);
    assert_int_equal(origins.count, 1);
    assert_int_equal(origins.items[0].how, HISTORY_ORIGIN_COPY);
    assert_int_equal(origins.items[0].document_id, id);
    assert_string_equal(origins.items[0].path, path);
    assert_true(origins.items[0].is_there);
    assert_refused(f, copied, id, &m.file.file, "is still there");
    assert_refused(f, id, copied, &(struct history_file){.path = path}, "nothing to continue");
    assert_refused(f, id, copied, &m.file.file, "not where this history is recorded");

    unlink(path);
    assert_false(list_origins(f, copied).items[0].is_there);
    assert_ok(history_join(f->history, copied, id, &m.file.file, error));
    assert_int_equal(find(f, copy_path), id);
    assert_head(f, id, "a", "1 + 3", 4, (copied << 32) + 4);
    assert_head(f, id, "b", "2", 2, 0);
    assert_head(f, id, "c", "9", 5, (copied << 32) + 5);
    /* nothing of the copy is lost, and its file is the other one's */
    assert_head(f, copied, "a", "1 + 3", 4, 0);
    assert_int_equal(list_origins(f, id).count, 0);
    assert_refused(f, copied, id, &m.file.file, "not where this history is recorded");
    static const char *const all[] = {"a=1 + 3", "b=2", "c=9", NULL};
    assert_int_equal(meet(describe(&m, f, copy_path, 11, all), HISTORY_MET_KNOWN), id);
    history_close(&f->history);
    doctor_assert_well(f->folder);
}

/* A program has made the notebook anew, with other ids: the texts tell. */
static void test_joining_what_gave_way(void **state) {
    static const char *const again[] = {"x=2", "y=1", "z=z", NULL};
    static const char *const later[] = {"1", NULL};
    struct fixture *f = *state;
    struct meeting m;
    assert_ok(history_open(&f->options, &f->history, error));
    int64_t id = record(f, "/n/a", 10, one);
    int64_t new_id = meet(describe(&m, f, "/n/a", 11, again), HISTORY_MET_NEW);
    run_at(f, "/n/a", "x", (const char *const[]){"2", NULL});
    run_at(f, "/n/a", "y", later);
    run_at(f, "/n/a", "z", (const char *const[]){"z", NULL});
    struct history_origin_list origins = list_origins(f, new_id);
    assert_int_equal(origins.count, 1);
    assert_int_equal(origins.items[0].how, HISTORY_ORIGIN_PLACE);
    assert_int_equal(origins.items[0].document_id, id);
    assert_false(origins.items[0].is_there);
    assert_ok(history_join(f->history, new_id, id, &m.file.file, error));
    assert_int_equal(find(f, "/n/a"), id);
    assert_head(f, id, "x", "2", 2, 0);
    assert_head(f, id, "y", "1", 1, 0);
    assert_head(f, id, "z", "z", 3, (new_id << 32) + 3);
    assert_int_equal(list_origins(f, id).count, 0);
    assert_int_equal(meet(describe(&m, f, "/n/a", 11, again), HISTORY_MET_KNOWN), id);
    history_close(&f->history);
    doctor_assert_well(f->folder);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_moved_and_the_name_used_again),
        TEST(test_the_same_path),
        TEST(test_other_cells_at_the_path),
        TEST(test_without_ids),
        TEST(test_somebody_says_so),
        TEST(test_a_copy),
        TEST(test_an_old_copy),
        TEST(test_joining_a_copy),
        TEST(test_joining_what_gave_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
