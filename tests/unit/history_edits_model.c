/*
 * history/: random edits, runs and restores by two front ends, sent again and out of order, against
 * an oracle. Few different texts, so that equal ones meet; keyframes every third version.
 */
#include "history_oracle.h"

enum { STEPS = 3000, CHECK_EVERY = 500, MAX_BATCH = 8, MOMENTS = 12 };

struct batch {
    const char *client;
    int64_t sequence;
    struct history_edit items[MAX_BATCH];
    struct history_edited want[MAX_BATCH];
    struct buf texts[MAX_BATCH];
    const char *keys[MAX_BATCH][ORACLE_CELLS];
    size_t count;
};

struct player {
    struct fixture *f;
    struct oracle *o;
    struct batch batch; /* the last one, kept to be sent again */
    int64_t sequences[2];
    int64_t time_us;
};

static const char *key_of(int cell) {
    static char keys[ORACLE_CELLS][8];
    snprintf(keys[cell], sizeof keys[cell], "k%d", cell);
    return keys[cell];
}

/* Clocks go forth, and now and then back. */
static int64_t pass_time(struct player *p) {
    p->time_us += rand() % 20 ? 1000 * (1 + rand() % 50) : -1000 * (rand() % 2000);
    return p->time_us;
}

static int pick_cell(struct player *p, bool there) {
    for (int tries = 0; tries < 200; tries++) {
        int cell = rand() % ORACLE_CELLS;
        if ((p->o->cells[cell].head != 0) == there)
            return cell;
    }
    return rand() % ORACLE_CELLS;
}

/* A few lines of a small vocabulary, one of them changed. */
static void make_text(struct player *p, int cell, struct buf *out) {
    int64_t head = p->o->cells[cell].head;
    const char *text = head ? p->o->versions[head].text : "";
    int lines = 0, at = 0;
    for (const char *c = text; *c; c++)
        lines += *c == '\n';
    int change = lines ? rand() % (lines + 1) : 0, what = rand() % 3;
    for (; *text; at++) {
        const char *end = strchr(text, '\n') + 1;
        if (at == change && what == 0)
            buf_printf(out, "int x%d = 1;\n", rand() % 4);
        if (at != change || (what == 0 && lines < 6))
            buf_append(out, text, (size_t)(end - text));
        else if (what == 1)
            buf_printf(out, "int y = %d;\n", rand() % 3);
        text = end;
    }
    if (change >= lines)
        buf_printf(out, "puts(\"%c\");\n", 'a' + rand() % 3);
}

static int64_t any_version(struct player *p, int cell) {
    for (int tries = 0; p->o->count && tries < 3000; tries++) {
        int64_t number = 1 + rand() % p->o->count;
        if (p->o->versions[number].cell == cell)
            return number;
    }
    return p->o->cells[cell].head;
}

/* The next edit of the batch, with an answer to be filled in; NULL: it is full. */
static struct history_edit *next_edit(struct player *p, enum history_edit_kind kind, int cell) {
    struct batch *batch = &p->batch;
    if (batch->count == MAX_BATCH)
        return NULL;
    struct history_edit *edit = &batch->items[batch->count];
    *edit = (struct history_edit){.kind = kind,
        .cell_key = cell >= 0 ? key_of(cell) : NULL,
        .cause = HISTORY_CAUSE_DELETE,
        .time_us = pass_time(p)};
    buf_clear(&batch->texts[batch->count++]);
    return edit;
}

static void add_text(
    struct player *p, int cell, enum history_cause cause, const char *text, int origin) {
    struct history_edit *edit = next_edit(p, HISTORY_EDIT_TEXT, cell);
    if (!edit)
        return;
    size_t at = p->batch.count - 1;
    buf_append_string(&p->batch.texts[at], text);
    edit->cause = cause;
    edit->text = buf_string(&p->batch.texts[at]);
    edit->text_bytes = strlen(text);
    edit->origin_key = origin >= 0 ? key_of(origin) : NULL;
    edit->type = (enum history_cell_type)(rand() % 8 ? 0 : 1 + rand() % 3);
    if (edit->type)
        p->o->cells[cell].type = (int)edit->type;
    p->batch.want[at] = oracle_text(p->o, cell, cause, text, origin, edit->time_us);
}

static void add_delete(struct player *p, int cell) {
    struct history_edit *edit = next_edit(p, HISTORY_EDIT_DELETE, cell);
    if (!edit)
        return;
    p->batch.want[p->batch.count - 1] = (struct history_edited){
        .version = p->o->cells[cell].head, .moved = oracle_delete(p->o, cell, edit->time_us)};
}

/* The cells that are there in an order of their own, some left out, some others put in. */
static void add_layout(struct player *p) {
    struct history_edit *edit = next_edit(p, HISTORY_EDIT_LAYOUT, -1);
    int cells[ORACLE_CELLS], count = 0;
    int64_t heads[ORACLE_CELLS];
    if (!edit)
        return;
    int there = oracle_notebook(p->o, INT64_MAX, cells, heads);
    for (int i = 0; i < there; i++) {
        if (rand() % 30)
            cells[count++] = cells[i];
    }
    if (rand() % 4 == 0 && count < ORACLE_CELLS - 1) {
        int more = rand() % ORACLE_CELLS;
        bool in = false;
        for (int i = 0; i < count; i++)
            in = in || cells[i] == more;
        if (!in)
            cells[count++] = more;
    }
    if (rand() % 2 && count) {
        int a = rand() % count, b = rand() % count, cell = cells[a];
        cells[a] = cells[b];
        cells[b] = cell;
    }
    size_t at = p->batch.count - 1;
    for (int i = 0; i < count; i++)
        p->batch.keys[at][i] = key_of(cells[i]);
    edit->keys = p->batch.keys[at];
    edit->key_count = (size_t)count;
    p->batch.want[at] =
        (struct history_edited){.moved = oracle_layout(p->o, cells, count, edit->time_us)};
}

static void add_typing(struct player *p, int cell) {
    static const enum history_cause causes[] = {HISTORY_CAUSE_TYPING, HISTORY_CAUSE_TYPING,
        HISTORY_CAUSE_PASTE, HISTORY_CAUSE_CUT, HISTORY_CAUSE_FORMAT, HISTORY_CAUSE_PROGRAM,
        HISTORY_CAUSE_REPLACE};
    enum history_cause cause = causes[rand() % 7];
    int64_t child = oracle_last_child(p->o, p->o->cells[cell].head);
    struct buf text = BUF_INIT;
    if (child && rand() % 4 == 0) /* the same once more */
        buf_append_string(&text, p->o->versions[child].text);
    else
        make_text(p, cell, &text);
    add_text(p, cell, cause, buf_string(&text), -1);
    buf_finish(&text);
}

static void add_return(struct player *p, int cell) {
    static const enum history_cause causes[] = {HISTORY_CAUSE_UNDO, HISTORY_CAUSE_UNDO,
        HISTORY_CAUSE_REDO, HISTORY_CAUSE_REDO, HISTORY_CAUSE_RESTORE, HISTORY_CAUSE_FILE};
    enum history_cause cause = causes[rand() % 6];
    int64_t head = p->o->cells[cell].head, to = any_version(p, cell);
    if (cause == HISTORY_CAUSE_UNDO && rand() % 4)
        to = p->o->versions[head].parent;
    if (cause == HISTORY_CAUSE_REDO && rand() % 4)
        to = oracle_last_child(p->o, head);
    if (rand() % 20 == 0)
        to = 1 + rand() % p->o->count; /* perhaps of another cell */
    if (to)
        add_text(p, cell, cause, p->o->versions[to].text, -1);
}

static void add_split_or_merge(struct player *p, int cell) {
    int made = pick_cell(p, false);
    struct buf text = BUF_INIT;
    if (rand() % 2) {
        make_text(p, cell, &text);
        add_text(p, made, HISTORY_CAUSE_SPLIT, "first half\n", cell);
        add_text(p, cell, HISTORY_CAUSE_SPLIT, buf_string(&text), -1);
    } else {
        int other = pick_cell(p, true);
        buf_append_string(&text, p->o->versions[p->o->cells[cell].head].text);
        buf_append_string(&text, p->o->versions[p->o->cells[other].head].text);
        if (text.size < 1000)
            add_text(p, made, HISTORY_CAUSE_MERGE, buf_string(&text), cell);
        add_delete(p, cell);
        add_delete(p, other);
    }
    add_layout(p);
    buf_finish(&text);
}

static void assert_answers(
    struct player *p, const struct history_edited *got, bool repeated, const char *what) {
    for (size_t i = 0; i < p->batch.count; i++) {
        const struct history_edit *edit = &p->batch.items[i];
        struct history_edited want = p->batch.want[i];
        int cell = edit->cell_key ? atoi(edit->cell_key + 1) : -1;
        if (repeated) { /* the heads as they are now */
            want = (struct history_edited){.version = cell >= 0 ? p->o->cells[cell].head : 0};
        } else if (cell >= 0 && want.version) {
            if (!p->o->cells[cell].id)
                p->o->cells[cell].id = got[i].cell_id;
            assert_int_equal(got[i].cell_id, p->o->cells[cell].id);
        }
        if (got[i].version != want.version || got[i].new_cell != want.new_cell ||
            got[i].new_version != want.new_version || got[i].moved != want.moved)
            fail_msg("%s: item %zu, cause %s: version %lld not %lld, new %d%d not %d%d, moved %d",
                what, i, history_cause_name(edit->cause), (long long)got[i].version,
                (long long)want.version, got[i].new_cell, got[i].new_version, want.new_cell,
                want.new_version, got[i].moved);
    }
}

static void send(struct player *p, int64_t sequence, bool want_repeated) {
    struct history_edited got[MAX_BATCH];
    bool repeated = !want_repeated;
    struct history_edits edits = {
        .client = p->batch.client,
        .sequence = sequence,
        .items = p->batch.items,
        .count = p->batch.count,
    };
    assert_ok(history_record_edits(p->f->session, &edits, got, &repeated, error));
    assert_int_equal(repeated, want_repeated);
    assert_answers(p, got, repeated, repeated ? "sent again" : "sent");
}

static void edit_step(struct player *p) {
    static const char *const clients[] = {"page one", "page two"};
    int who = rand() % 3;
    p->batch.count = 0;
    for (int i = 1 + rand() % 3; i > 0; i--) {
        int what = rand() % 20, cell = pick_cell(p, rand() % 12 != 0);
        bool there = p->o->cells[cell].head != 0;
        if (what < 7 || !there)
            add_typing(p, cell);
        else if (what < 15)
            add_return(p, cell);
        else if (what < 16)
            add_split_or_merge(p, cell);
        else if (what < 18)
            add_delete(p, cell);
        else
            add_layout(p);
    }
    p->batch.client = who < 2 ? clients[who] : NULL;
    p->batch.sequence = who < 2 ? (p->sequences[who] += 1 + rand() % 3) : 0;
    send(p, p->batch.sequence, false);
    if (who < 2 && rand() % 5 == 0)
        send(p, p->batch.sequence, true);
    if (who < 2 && rand() % 5 == 0 && p->batch.sequence > 1)
        send(p, 1 + rand() % (p->batch.sequence - 1), true);
}

static void run_step(struct player *p) {
    struct buf text = BUF_INIT;
    int cell = pick_cell(p, true);
    int64_t number = rand() % 2 ? p->o->cells[cell].head : any_version(p, cell);
    if (number && rand() % 4)
        buf_append_string(&text, p->o->versions[number].text);
    else
        make_text(p, cell, &text);
    p->f->now_us = pass_time(p);
    struct history_edited want =
        oracle_text(p->o, cell, HISTORY_CAUSE_RUN, buf_string(&text), -1, p->f->now_us + 1);
    struct history_run_place place = fixture_run(p->f, key_of(cell), buf_string(&text));
    assert_int_equal(place.version, want.version);
    assert_int_equal(place.new_version, want.new_version);
    assert_int_equal(place.new_cell, want.new_cell);
    p->o->cells[cell].id = place.cell_id;
    buf_finish(&text);
}

static void restore_step(struct player *p) {
    int64_t number = 1 + rand() % p->o->count, time_us = pass_time(p);
    int64_t document = history_session_document(p->f->session);
    oracle_move(p->o, p->o->versions[number].cell, number, time_us);
    assert_ok(
        history_move_head(p->f->history, document, number, HISTORY_CAUSE_RESTORE, time_us, error));
}

/* ---- comparing ---- */

static void assert_trees(struct player *p) {
    struct oracle *o = p->o;
    for (int cell = 0; cell < ORACLE_CELLS; cell++) {
        if (!o->cells[cell].head)
            continue;
        struct history_versions tree = fixture_tree(p->f, o->cells[cell].id), page;
        size_t at = 0;
        for (int64_t number = 1; number <= o->count; number++) {
            if (o->versions[number].cell != cell)
                continue;
            assert_true(at < tree.count);
            const struct history_version *got = &tree.items[at++];
            assert_int_equal(got->number, number);
            assert_int_equal(got->parent, o->versions[number].parent);
            assert_int_equal(got->origin & 0xffffffff, o->versions[number].origin);
            assert_int_equal(got->is_head, number == o->cells[cell].head);
            assert_int_equal(got->text_bytes, strlen(o->versions[number].text));
        }
        assert_int_equal(tree.count, at);
        size_t limit = 1 + (size_t)rand() % 7;
        for (size_t left = tree.count; left;) { /* the pages are the tree */
            int64_t before = left < tree.count ? tree.items[left].number : 0;
            assert_ok(history_read_tree_page(
                p->f->history, o->cells[cell].id, before, limit, &p->f->memory, &page, error));
            assert_int_equal(page.count, left < limit ? left : limit);
            left -= page.count;
            for (size_t i = 0; i < page.count; i++) {
                assert_int_equal(page.items[i].number, tree.items[left + i].number);
                assert_string_equal(page.items[i].summary, tree.items[left + i].summary);
            }
        }
    }
}

static void assert_notebook(struct player *p, int64_t time_us) {
    struct history_notebook notebook;
    int cells[ORACLE_CELLS];
    int64_t heads[ORACLE_CELLS];
    int64_t document = history_session_document(p->f->session);
    int count = oracle_notebook(p->o, time_us ? time_us : INT64_MAX, cells, heads);
    assert_ok(
        history_read_notebook(p->f->history, document, time_us, &p->f->memory, &notebook, error));
    assert_int_equal(notebook.count, count);
    for (int i = 0; i < count; i++) {
        const struct history_notebook_cell *got = &notebook.items[i];
        int type = p->o->cells[cells[i]].type;
        assert_string_equal(got->key, key_of(cells[i]));
        assert_int_equal(got->version, heads[i]);
        assert_string_equal(got->text, p->o->versions[heads[i]].text);
        assert_int_equal(got->type, type ? type : (int)HISTORY_CELL_CODE);
    }
}

static void assert_same(struct player *p) {
    struct oracle *o = p->o;
    struct history_moves log;
    int64_t document = history_session_document(p->f->session);
    assert_trees(p);
    assert_notebook(p, 0);
    for (int i = 0; i < MOMENTS; i++)
        assert_notebook(p, o->events[rand() % o->event_count].time_us + rand() % 2000);
    assert_ok(history_read_log(p->f->history, document, 0, &p->f->memory, &log, error));
    assert_int_equal(log.count, o->event_count);
    for (size_t i = 0; i < log.count; i++) {
        assert_int_equal(log.items[i].cell_id, o->cells[o->events[i].cell].id);
        assert_int_equal(log.items[i].to, o->events[i].head);
    }
    history_memory_finish(&p->f->memory);
}

static void test_random_edits(void **state) {
    const char *fixed = getenv("SEED");
    unsigned seed = fixed ? (unsigned)atoi(fixed) : (unsigned)getpid();
    print_message("seed %u\n", seed);
    srand(seed);
    struct player *p = calloc(1, sizeof *p);
    assert_non_null(p);
    p->f = *state;
    p->o = calloc(1, sizeof *p->o);
    assert_non_null(p->o);
    p->time_us = p->f->now_us;
    p->f->options.keyframe_every = 3;
    fixture_open(p->f);
    for (int i = 0; i < STEPS; i++) {
        int what = rand() % 10;
        if (what < 7 || !p->o->count)
            edit_step(p);
        else if (what < 9)
            run_step(p);
        else
            restore_step(p);
        if (i % CHECK_EVERY == CHECK_EVERY - 1) {
            assert_same(p);
            fixture_close(p->f);
            fixture_open(p->f);
        }
    }
    fixture_close(p->f);
    for (int i = 0; i < MAX_BATCH; i++)
        buf_finish(&p->batch.texts[i]);
    oracle_destroy(&p->o);
    free(p);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_random_edits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
