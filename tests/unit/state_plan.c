/* kernel/state_plan.c: how states of hand-made lists of runs are to be had. */
#include "kernel/state_plan.h"

#include "fake_engine.h"

/* A run of so many milliseconds, in the state tree below `parent`. */
#define RUN(id, parent, status_, state_, ms)                                                       \
    {.run_id = (id),                                                                               \
        .execution_count = (id),                                                                   \
        .parent_run_id = (parent),                                                                 \
        .status = (status_),                                                                       \
        .state = (state_),                                                                         \
        .started_us = 1000000 * (id),                                                              \
        .ended_us = 1000000 * (id) + 1000 * (ms),                                                  \
        .defines = "",                                                                             \
        .effects = "",                                                                             \
        .summary = ""}

/* One line, with what failed or was interrupted, and a branch:
 *
 *     101 - 102 - (103 failed, same) - 104 - 105 interrupted - 106
 *                                       `- 107 - 108 (not told, ok) - 109 (not told, failed) - 110
 *     111 on a run that is not in the list, 112 on that; 113 on a fresh program
 */
static const struct history_state_info items[] = {
    RUN(101, 0, HISTORY_OK, HISTORY_STATE_NEW, 10),
    RUN(102, 101, HISTORY_OK, HISTORY_STATE_NEW, 20),
    RUN(103, 102, HISTORY_ERROR, HISTORY_STATE_SAME, 40),
    RUN(104, 103, HISTORY_OK, HISTORY_STATE_NEW, 80),
    RUN(105, 104, HISTORY_INTERRUPTED, HISTORY_STATE_PARTIAL, 160),
    RUN(106, 105, HISTORY_OK, HISTORY_STATE_NEW, 320),
    RUN(107, 104, HISTORY_OK, HISTORY_STATE_NEW, 640),
    RUN(108, 107, HISTORY_OK, HISTORY_STATE_UNKNOWN, 1280),
    RUN(109, 108, HISTORY_ERROR, HISTORY_STATE_UNKNOWN, 5),
    RUN(110, 109, HISTORY_ERROR, HISTORY_STATE_PARTIAL, 5),
    RUN(111, 77, HISTORY_OK, HISTORY_STATE_NEW, 5),
    RUN(112, 111, HISTORY_OK, HISTORY_STATE_NEW, 5),
    RUN(113, 0, HISTORY_OK, HISTORY_STATE_NEW, 5),
};
static const struct history_states list = {.items = items, .count = sizeof items / sizeof *items};

static const struct history_state_info *run_of(int64_t run_id) {
    const struct history_state_info *run = state_plan_find(&list, run_id);
    assert_non_null(run);
    assert_int_equal(run->run_id, run_id);
    return run;
}

static void assert_plan(
    const struct states *states, int64_t run_id, int64_t from, int64_t count, int64_t ms) {
    struct state_plan plan = state_plan_make(&list, states, run_of(run_id));
    assert_int_equal(plan.kind, count ? PLAN_RUN_AGAIN : PLAN_LIVE);
    assert_int_equal(plan.from, from);
    assert_int_equal(plan.count, count);
    assert_int_equal(plan.us, ms * 1000);
}

static void assert_impossible(const struct states *states, int64_t run_id, const char *text) {
    struct state_plan plan = state_plan_make(&list, states, run_of(run_id));
    struct buf out = BUF_INIT;
    assert_int_equal(plan.kind, PLAN_IMPOSSIBLE);
    state_plan_describe(&plan, &out);
    assert_string_equal(buf_string(&out), text);
    buf_finish(&out);
}

static void test_runs_are_found(void **state) {
    (void)state;
    for (size_t i = 0; i < list.count; i++)
        assert_ptr_equal(state_plan_find(&list, items[i].run_id), &items[i]);
    assert_null(state_plan_find(&list, 0));
    assert_null(state_plan_find(&list, 100));
    assert_null(state_plan_find(&list, 114));
    assert_null(state_plan_find(&(struct history_states){0}, 101));
}

static void test_what_is_a_state(void **state) {
    (void)state;
    static const int64_t none[] = {103, 109};
    for (size_t i = 0; i < list.count; i++)
        assert_int_equal(state_plan_is_state(&items[i]),
            items[i].run_id != none[0] && items[i].run_id != none[1]);
}

static void test_parents_pass_over_runs_without_a_state(void **state) {
    (void)state;
    assert_ptr_equal(state_plan_parent(&list, run_of(104)), run_of(102));
    assert_ptr_equal(state_plan_parent(&list, run_of(110)), run_of(108));
    assert_null(state_plan_parent(&list, run_of(101)));
    assert_null(state_plan_parent(&list, run_of(111)));
}

static void test_plans_without_a_kernel(void **state) {
    (void)state;
    assert_plan(NULL, 101, 0, 1, 10);
    assert_plan(NULL, 104, 0, 3, 110);
    assert_plan(NULL, 108, 0, 5, 2030); /* not told, but it ended well */
    assert_plan(NULL, 113, 0, 1, 5);
    assert_impossible(NULL, 105, "gone: run 105 was interrupted");
    assert_impossible(NULL, 106, "gone: run 105 was interrupted");
    assert_impossible(NULL, 110, "gone: run 110 failed in the middle");
    assert_impossible(NULL, 111, "gone: it came from a run that is not in this notebook");
    assert_impossible(NULL, 112, "gone: it came from a run that is not in this notebook");
}

static void test_the_path(void **state) {
    (void)state;
    struct state_plan plan = state_plan_make(&list, NULL, run_of(107));
    const struct history_state_info *path[4];
    static const int64_t expected[] = {101, 102, 104, 107};
    assert_int_equal(plan.count, 4);
    state_plan_path(&list, &plan, run_of(107), path);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(path[i]->run_id, expected[i]);
}

static void leave(struct fake *fake, int64_t run_id) {
    struct state_left left = {
        .number = states_next(fake->states), .run_id = run_id, .duration_us = 1000000};
    fake->live = left.number;
    states_left(fake->states, &left);
    fake_taken(fake, 1);
}

static void test_plans_from_live_states(void **state) {
    (void)state;
    struct fake fake;
    fake_init(&fake, &fake_ops);
    leave(&fake, 101);
    leave(&fake, 102);
    leave(&fake, 104);
    assert_plan(fake.states, 104, 3, 0, 0);
    assert_plan(fake.states, 102, 2, 0, 0);
    assert_plan(fake.states, 107, 3, 1, 640);
    assert_plan(fake.states, 108, 3, 2, 1920);
    leave(&fake, 105);
    assert_plan(fake.states, 105, 4, 0, 0);
    assert_plan(fake.states, 106, 4, 1, 320); /* from the interrupted one, which is live */
    assert_true(states_go(fake.states, 3));
    fake_taken(&fake, 1);
    states_switch(fake.states, false);
    assert_plan(fake.states, 104, 3, 0, 0); /* the program is in it */
    assert_plan(fake.states, 102, 0, 2, 30);
    assert_impossible(fake.states, 106, "gone: run 105 was interrupted");
    states_destroy(&fake.states);
}

static void test_descriptions(void **state) {
    (void)state;
    struct buf out = BUF_INIT;
    state_plan_describe(&(struct state_plan){.kind = PLAN_LIVE}, &out);
    assert_string_equal(buf_string(&out), "live");
    buf_clear(&out);
    state_plan_describe(
        &(struct state_plan){.kind = PLAN_RUN_AGAIN, .count = 1, .us = 1200000}, &out);
    assert_string_equal(buf_string(&out), "runs 1 cell again, about 1.2 s");
    buf_clear(&out);
    state_plan_describe(&(struct state_plan){.kind = PLAN_RUN_AGAIN, .count = 12}, &out);
    assert_non_null(strstr(buf_string(&out), "runs 12 cells again"));
    buf_finish(&out);
}

/* A spoiled store may hold anything: parents that come later, and circles of them. */
static void test_a_list_that_cannot_be(void **state) {
    (void)state;
    static const struct history_state_info spoiled[] = {
        RUN(1, 2, HISTORY_OK, HISTORY_STATE_NEW, 1),
        RUN(2, 1, HISTORY_OK, HISTORY_STATE_NEW, 1),
        RUN(3, 3, HISTORY_OK, HISTORY_STATE_NEW, 1),
        RUN(4, -5, HISTORY_OK, HISTORY_STATE_NEW, -1),
    };
    struct history_states runs = {.items = spoiled, .count = 4};
    for (size_t i = 0; i < runs.count; i++)
        assert_int_equal(state_plan_make(&runs, NULL, &spoiled[i]).kind, PLAN_IMPOSSIBLE);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_are_found),
        cmocka_unit_test(test_what_is_a_state),
        cmocka_unit_test(test_parents_pass_over_runs_without_a_state),
        cmocka_unit_test(test_plans_without_a_kernel),
        cmocka_unit_test(test_the_path),
        cmocka_unit_test(test_plans_from_live_states),
        cmocka_unit_test(test_descriptions),
        cmocka_unit_test(test_a_list_that_cannot_be),
    };
    return cmocka_run_group_tests_name("state_plan", tests, NULL, NULL);
}
