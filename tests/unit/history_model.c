/*
 * history/: random executions and restores against a naive oracle that keeps whole texts in
 * arrays. Keyframes every third version, so that every length of chain is met.
 */
#include "history_fixture.h"

enum { CELLS = 4, MAX_VERSIONS = 600, STEPS = 600, TEXTS_PER_CELL = 40 };

struct model_version {
    int cell;
    int64_t parent;
    char *text;
};

struct model {
    struct model_version versions[MAX_VERSIONS + 1]; /* by number */
    int64_t count;
    int64_t heads[CELLS];
    int64_t ids[CELLS]; /* of the cells in the store */
    size_t moves;
};

/* Rule 6 as written: the head, then its ancestors, then the newest of the cell, else a child. */
static int64_t model_execute(struct model *model, int cell, const char *text) {
    int64_t head = model->heads[cell], found = 0;
    for (int64_t at = head; at && !found; at = model->versions[at].parent) {
        if (strcmp(model->versions[at].text, text) == 0)
            found = at;
    }
    for (int64_t at = model->count; at > 0 && !found; at--) {
        if (model->versions[at].cell == cell && strcmp(model->versions[at].text, text) == 0)
            found = at;
    }
    if (!found) {
        found = ++model->count;
        model->versions[found] = (struct model_version){cell, head, strdup(text)};
    }
    model->moves += found != head;
    model->heads[cell] = found;
    return found;
}

/* Like an edit: the head's text with a line put in, taken out or changed. */
static void edit(struct buf *text) {
    size_t lines = 0;
    for (size_t i = 0; i < text->size; i++)
        lines += text->data[i] == '\n';
    size_t line = lines ? (size_t)rand() % lines : 0;
    struct buf out = BUF_INIT;
    size_t number = 0, begin = 0;
    int what = rand() % 3;
    for (size_t i = 0; i < text->size; i++) {
        if (text->data[i] != '\n')
            continue;
        if (number != line || what == 0)
            buf_append(&out, text->data + begin, i + 1 - begin);
        if (number == line && what != 1)
            buf_printf(&out, "int x%d = %d;\n", rand() % 50, rand() % 1000);
        begin = i + 1;
        number++;
    }
    if (out.size == 0)
        buf_printf(&out, "int y = %d;\n", rand() % 10);
    buf_finish(text);
    *text = out;
}

static void assert_same(struct fixture *f, const struct model *model) {
    int64_t document = history_session_document(f->session);
    for (int cell = 0; cell < CELLS; cell++) {
        if (!model->heads[cell])
            continue;
        struct history_versions tree = fixture_tree(f, model->ids[cell]);
        size_t at = 0;
        for (int64_t number = 1; number <= model->count; number++) {
            if (model->versions[number].cell != cell)
                continue;
            assert_true(at < tree.count);
            assert_int_equal(tree.items[at].number, number);
            assert_int_equal(tree.items[at].parent, model->versions[number].parent);
            assert_int_equal(tree.items[at].is_head, number == model->heads[cell]);
            assert_int_equal(tree.items[at].text_bytes, strlen(model->versions[number].text));
            at++;
        }
        assert_int_equal(tree.count, at);
    }
    for (int64_t number = 1; number <= model->count; number++) {
        struct history_version version;
        assert_ok(history_read_version(f->history, document, number, &f->memory, &version, error));
        assert_string_equal(version.text, model->versions[number].text);
    }
    struct history_moves log;
    assert_ok(history_read_log(f->history, document, 0, &f->memory, &log, error));
    assert_int_equal(log.count, model->moves);
    int64_t heads[CELLS] = {0};
    for (size_t i = 0; i < log.count; i++) { /* the log alone leads to the heads */
        int cell = 0;
        while (model->ids[cell] != log.items[i].cell_id)
            cell++;
        assert_int_equal(log.items[i].from, heads[cell]);
        heads[cell] = log.items[i].to;
    }
    assert_memory_equal(heads, model->heads, sizeof heads);
    history_memory_finish(&f->memory);
}

static void step(struct fixture *f, struct model *model) {
    static const char *const keys[CELLS] = {"a", "b", "c", "d"};
    int cell = rand() % CELLS;
    int what = rand() % 10;
    if (what == 0 && model->count) {
        int64_t number = 1 + rand() % model->count;
        int owner = model->versions[number].cell;
        model->moves += model->heads[owner] != number;
        model->heads[owner] = number;
        assert_ok(history_move_head(f->history, history_session_document(f->session), number,
            HISTORY_CAUSE_RESTORE, ++f->now_us, error));
        return;
    }
    struct buf text = BUF_INIT;
    if (what < 4 && model->count) { /* some text there was, of any cell */
        buf_append_string(&text, model->versions[1 + rand() % model->count].text);
    } else {
        buf_append_string(
            &text, model->heads[cell] ? model->versions[model->heads[cell]].text : "");
        edit(&text);
    }
    int64_t want = model_execute(model, cell, buf_string(&text));
    struct history_run_place place = fixture_run(f, keys[cell], buf_string(&text));
    assert_int_equal(place.version, want);
    model->ids[cell] = place.cell_id;
    buf_finish(&text);
}

static void test_random_histories(void **state) {
    struct fixture *f = *state;
    unsigned seed = (unsigned)getpid();
    print_message("seed %u\n", seed);
    srand(seed);
    f->options.keyframe_every = 3;
    struct model *model = calloc(1, sizeof *model);
    assert_non_null(model);
    fixture_open(f);
    for (int i = 0; i < STEPS; i++) {
        step(f, model);
        if (i % 200 == 199) {
            assert_same(f, model);
            fixture_close(f);
            fixture_open(f);
        }
    }
    assert_same(f, model);
    fixture_close(f);
    for (int64_t number = 1; number <= model->count; number++)
        free(model->versions[number].text);
    free(model);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_random_histories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
