/* history/origins.h: what a text came from in other cells, and what became of it there. */
#include "history_doctor.h"
#include "history_old_stores.h"

#include "history/edits.h"
#include "history/origins.h"

static void append_end(struct buf *out, const char *sign, const struct history_edge_end *end) {
    buf_printf(out, "%s%lld %s%s %s", sign, (long long)end->version, end->cell_key,
        end->cell_deleted ? " gone" : "", end->summary);
}

static void assert_edges(struct fixture *f, const char *key, const char *expected) {
    struct history_edges edges;
    struct buf out = BUF_INIT;
    assert_ok(history_list_edges(f->history, 1, key, &f->memory, &edges, error));
    for (size_t i = 0; i < edges.count; i++) {
        append_end(&out, "", &edges.items[i].from);
        append_end(&out, " -> ", &edges.items[i].to);
        buf_append_string(&out, "\n");
    }
    assert_string_equal(buf_string(&out), expected);
    buf_finish(&out);
}

static void record(struct fixture *f, const struct history_edit *items, size_t count) {
    struct history_edits edits = {.items = items, .count = count};
    assert_ok(history_record_edits(f->session, &edits, NULL, NULL, error));
}

static struct history_edit text(const char *key, enum history_cause cause, const char *what) {
    return (struct history_edit){.kind = HISTORY_EDIT_TEXT,
        .cell_key = key,
        .cause = cause,
        .text = what,
        .text_bytes = strlen(what)};
}

static void make_edges(struct fixture *f) {
    static const char *const all[] = {"a", "b", "nobody", "c"};
    struct history_edit edits[] = {text("a", HISTORY_CAUSE_TYPING, "x\ny"),
        text("b", HISTORY_CAUSE_SPLIT, "x"), text("a", HISTORY_CAUSE_SPLIT, "y"),
        text("c", HISTORY_CAUSE_MERGE, "y\n\nx"),
        {.kind = HISTORY_EDIT_DELETE, .cell_key = "b", .cause = HISTORY_CAUSE_DELETE}};
    edits[1].origin_key = "a";
    edits[3].origin_keys = all;
    edits[3].origin_count = sizeof all / sizeof *all;
    record(f, edits, sizeof edits / sizeof *edits);
}

static const char of_a[] = "1 a x -> 2 b gone x\n3 a y -> 4 c y\n";

static void test_both_ways(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    make_edges(f);
    assert_edges(f, "a", of_a);
    assert_edges(f, "b", "1 a x -> 2 b gone x\n2 b gone x -> 4 c y\n");
    assert_edges(f, "c", "3 a y -> 4 c y\n2 b gone x -> 4 c y\n");
    assert_edges(f, "nobody", "");
    struct history_version version;
    assert_ok(history_read_version(f->history, 1, 4, &f->memory, &version, error));
    assert_int_equal(version.origin, (INT64_C(1) << 32) + 3); /* the first */
    fixture_close(f);
    doctor_assert_well(f->folder);
}

static void test_rescued_from_a_damaged_store(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    make_edges(f);
    char path[128];
    snprintf(path, sizeof path, "%s", history_database_path(f->history));
    struct history_edit bad = text("d", HISTORY_CAUSE_TYPING, "bad");
    bad.extras = "bad";
    bad.extras_bytes = 3;
    record(f, &bad, 1);
    fixture_close(f);
    execute(path, "UPDATE extras SET bytes = x'00ff'");
    doctor_expect(f->folder, true, 1, "are lost");
    doctor_assert_well(f->folder);
    fixture_open(f);
    assert_edges(f, "a", of_a);
    fixture_close(f);
    execute(path, "INSERT INTO version_origins (version_id, origin) VALUES (99, 98)");
    doctor_expect(f->folder, false, 0, "lead to a version that is not there");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_both_ways),
        TEST(test_rescued_from_a_damaged_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
