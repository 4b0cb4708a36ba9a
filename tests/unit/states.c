/* kernel/states.c with an engine that only notes what it is asked for. */
#include "fake_engine.h"

static int set_up(void **state) {
    struct fake *fake = malloc(sizeof *fake);
    if (!fake)
        return -1;
    fake_init(fake, &fake_ops);
    *state = fake;
    return 0;
}

static int tear_down(void **state) {
    struct fake *fake = *state;
    states_destroy(&fake->states);
    assert_null(fake->states);
    free(fake);
    return 0;
}

/* ---- going back ---- */

static void test_each_cell_is_kept(void **state) {
    struct fake *fake = *state;
    assert_true(states_can_recover(fake->states)); /* a fresh program is always there */
    for (int64_t i = 1; i <= 5; i++) {
        assert_int_equal(fake_run(fake, 1000, false), i);
        assert_int_equal(fake->asked, i);
        assert_false(states_can_recover(fake->states)); /* it is on its way */
        fake_taken(fake, 10);
        assert_true(states_can_recover(fake->states));
        assert_int_equal(states_find(fake->states, i)->parent, i - 1);
    }
    assert_int_equal(states_summarize(fake->states).kept, 5);
    assert_int_equal(fake->measured, 4); /* the one before, once the next is there */
}

static void test_a_crash_goes_back_to_the_current_state(void **state) {
    struct fake *fake = *state;
    fake_cells(fake, 3);
    fake->live = 0; /* the program has died */
    assert_true(states_recover(fake->states));
    assert_int_equal(fake->live, 3);
    assert_int_equal(states_current(fake->states), 3);
    assert_int_equal(fake->asked, 4); /* that was its checkpoint: another one */
    assert_false(fake_is_kept(fake, 3));
    fake_taken(fake, 1);
    assert_true(fake_is_kept(fake, 3));
    assert_int_equal(states_summarize(fake->states).kept, 3);
}

static void test_a_crash_of_the_first_cell(void **state) {
    struct fake *fake = *state;
    assert_true(states_recover(fake->states));
    assert_int_equal(states_current(fake->states), 0);
    assert_int_equal(fake->asked, 0);
}

static void test_a_crash_goes_to_the_nearest_kept_ancestor(void **state) {
    struct fake *fake = *state;
    fake_cells(fake, 6);
    fake->kept[6] = fake->kept[5] = fake->kept[4] = false; /* ended, and not heard of yet */
    assert_false(states_recover(fake->states));
    assert_int_equal(states_current(fake->states), 3);
    assert_int_equal(fake->live, 3);
    fake_taken(fake, 1);
    for (int64_t i = 1; i <= 6; i++)
        assert_int_equal(fake_is_kept(fake, i), i <= 3);
    assert_int_equal(fake->evicted[5], 1); /* its definitions */
    memset(fake->kept, 0, sizeof fake->kept);
    assert_false(states_recover(fake->states));
    assert_int_equal(states_current(fake->states), 0);
    assert_int_equal(states_summarize(fake->states).kept, 0);
}

static void test_going_keeps_what_is_left(void **state) {
    struct fake *fake = *state;
    (void)fake_cell(fake);
    (void)fake_run(fake, 1000, false); /* its checkpoint is still on its way */
    assert_true(states_go(fake->states, 1));
    assert_int_equal(fake->live, 1);
    assert_true(fake_is_kept(fake, 2)); /* the program itself */
    assert_true(states_go(fake->states, 2));
    assert_true(states_is_live(fake->states, states_find(fake->states, 1)));
    assert_true(states_go(fake->states, 2)); /* it is there */
    assert_false(states_go(fake->states, 77));
    assert_false(states_go(fake->states, -1));
    assert_int_equal(states_current(fake->states), 2);
    assert_true(states_go(fake->states, 0));
    assert_int_equal(fake->live, 0);
    assert_true(fake_is_kept(fake, 2));
}

static void test_going_to_one_that_has_ended(void **state) {
    struct fake *fake = *state;
    fake_cells(fake, 3);
    fake->kept[2] = false;
    assert_false(states_go(fake->states, 2));
    assert_int_equal(states_current(fake->states), 3);
    assert_int_equal(fake->live, 3);
    assert_false(fake_is_kept(fake, 2)); /* now it is known */
    assert_true(states_go(fake->states, 1));
}

static void test_where_redo_leads(void **state) {
    struct fake *fake = *state;
    assert_int_equal(states_redo_run(fake->states), 0);
    fake_cells(fake, 3);
    assert_int_equal(states_redo_run(fake->states), 0);
    assert_true(states_go(fake->states, 1));
    assert_int_equal(states_redo_run(fake->states), 102);
    assert_true(states_go(fake->states, 0));
    assert_int_equal(states_redo_run(fake->states), 101);
    assert_true(states_go(fake->states, 1));
    fake_taken(fake, 1);
    assert_int_equal(fake_cell(fake), 4); /* a branch */
    assert_int_equal(states_find(fake->states, 1)->children, 2);
    assert_true(states_go(fake->states, 1));
    assert_int_equal(states_redo_run(fake->states), 104);
    assert_true(states_go(fake->states, 3));
    assert_true(states_go(fake->states, 1));
    assert_int_equal(states_redo_run(fake->states), 102);
    assert_int_equal(states_current_run(fake->states), 101);
}

static void test_runs_that_were_not_recorded(void **state) {
    struct fake *fake = *state;
    struct state_left silent = {.number = 1, .duration_us = 1000};
    states_left(fake->states, &silent);
    assert_int_equal(states_current_run(fake->states), 0);
    fake->live = 1;
    fake_cells(fake, 1);
    silent.number = 3;
    states_left(fake->states, &silent);
    fake->live = 3;
    fake_taken(fake, 1);
    assert_int_equal(states_current_run(fake->states), 102);
    assert_null(states_of_run(fake->states, 0));
    assert_int_equal(states_of_run(fake->states, 102)->number, 2);
    assert_true(states_go(fake->states, 0));
    assert_int_equal(states_redo_run(fake->states), 102); /* past the silent one */
}

static void test_running_again_makes_no_new_state(void **state) {
    struct fake *fake = *state;
    fake_cells(fake, 3);
    states_switch(fake->states, false);
    assert_true(states_go(fake->states, 0));
    for (int64_t i = 1; i <= 2; i++) {
        struct state_left left = {.number = i, .run_id = 100 + i, .duration_us = 1000};
        fake->live = i;
        states_left(fake->states, &left);
    }
    assert_int_equal(states_next(fake->states), 4);
    assert_int_equal(states_current(fake->states), 2);
    assert_int_equal(states_find(fake->states, 1)->children, 1);
    assert_int_equal(states_redo_run(fake->states), 103);
}

/* ---- which are given up ---- */

static void test_not_more_than_so_many(void **state) {
    struct fake *fake = *state;
    int64_t kept[FAKE_STATES];
    size_t count = 0;
    fake_cells(fake, 500);
    for (int64_t i = 1; i <= 500; i++)
        if (fake_is_kept(fake, i))
            kept[count++] = i;
    assert_int_equal(count, 64);
    assert_int_equal(states_summarize(fake->states).kept, 64);
    assert_int_equal(states_summarize(fake->states).evicted, 500 - 64);
    for (int64_t i = 496; i <= 500; i++)
        assert_true(fake_is_kept(fake, i));
    /* spaced out with age: every quarter of them reaches farther back than the one after it */
    int64_t reach[4];
    for (size_t i = 0; i < 4; i++)
        reach[i] = kept[16 * i + 15] - kept[16 * i];
    assert_true(reach[0] > reach[1] && reach[1] > reach[2] && reach[2] > reach[3]);
    assert_true(kept[0] < 60);
}

static void test_pinned_and_unique_ones_and_branches_stay_longer(void **state) {
    struct fake *fake = *state;
    fake_cells(fake, 19);
    assert_int_equal(fake_run(fake, 1000000, true), 20);
    fake_taken(fake, 1);
    fake_cells(fake, 10);
    assert_true(states_go(fake->states, 10));
    fake_taken(fake, 1);
    fake_cells(fake, 1); /* 31, on 10 */
    assert_true(states_pin(fake->states, 103, true));
    assert_false(states_pin(fake->states, 99, true));
    fake_cells(fake, 150);
    assert_true(fake_is_kept(fake, 3));
    assert_true(fake_is_kept(fake, 10));
    assert_true(fake_is_kept(fake, 20));
    fake_cells(fake, 600);
    assert_true(fake_is_kept(fake, 3));
    assert_true(states_pin(fake->states, 103, false));
    assert_false(states_find(fake->states, 3)->pinned);
}

static void test_what_takes_long_to_have_again_stays_longer(void **state) {
    struct fake *fake = *state;
    for (int64_t i = 1; i <= 200; i++) {
        (void)fake_run(fake, i == 50 ? 600000000 : 1000, false);
        fake_taken(fake, 1);
    }
    assert_true(fake_is_kept(fake, 50));
}

static void test_the_budget(void **state) {
    struct fake *fake = *state;
    for (int64_t i = 1; i <= 20; i++) {
        (void)fake_cell(fake);
        states_measured(fake->states, i, 1000);
    }
    assert_int_equal(states_summarize(fake->states).bytes, 20000);
    states_set_budget(fake->states, 5500);
    struct states_summary summary = states_summarize(fake->states);
    assert_int_equal(summary.kept, 5);
    assert_int_equal(summary.bytes, 5000);
    assert_int_equal(summary.budget_bytes, 5500);
    assert_true(fake_is_kept(fake, 20));
    states_set_budget(fake->states, 1);
    assert_int_equal(states_summarize(fake->states).kept, 1);
    assert_true(fake_is_kept(fake, 20)); /* what a crash falls back to stays */
    states_measured(fake->states, 19, 1 << 30);
    assert_int_equal(states_find(fake->states, 19)->bytes, 1000); /* a late word */
    states_measured(fake->states, 20, (int64_t)1 << 40);
    assert_true(fake_is_kept(fake, 20));
    (void)fake_cell(fake);
    assert_int_equal(states_summarize(fake->states).kept, 1);
    assert_true(fake_is_kept(fake, 21));
    states_measure(fake->states);
    states_measured(fake->states, 77, 1);
    states_gone(fake->states, 77);
}

/* ---- what it may cost ---- */

static void test_checkpoints_take_a_part_of_the_time_of_the_cells(void **state) {
    enum { COST_US = 40000, CELL_US = 100000 };
    struct fake *fake = *state;
    for (int64_t i = 0; i < 200; i++) {
        (void)fake_run(fake, CELL_US, false);
        fake_taken(fake, COST_US);
    }
    /* a twentieth of 20 s is 25 checkpoints of 40 ms; one or two on credit */
    assert_in_range(fake->asked, 25, 27);
    assert_true(states_summarize(fake->states).sparing);
    assert_int_equal(states_summarize(fake->states).cost_us, COST_US);
    int64_t asked = fake->asked;
    (void)fake_run(fake, CELL_US, true); /* not to be had twice: whatever it costs */
    assert_int_equal(fake->asked, asked + 1);
    fake_taken(fake, COST_US);
    assert_false(states_summarize(fake->states).sparing);
    (void)fake_run(fake, 1000, false);
    assert_int_equal(fake->asked, asked + 1);
    (void)fake_run(fake, 60000000, false); /* a long one has earned its own */
    assert_int_equal(fake->asked, asked + 2);
}

static void test_quick_cells_are_all_kept_where_that_costs_little(void **state) {
    struct fake *fake = *state;
    for (int64_t i = 0; i < 60; i++) {
        (void)fake_run(fake, 5000, false);
        fake_taken(fake, 200);
    }
    assert_int_equal(fake->asked, 60);
}

static void test_trouble(void **state) {
    struct fake *fake = *state;
    (void)fake_cell(fake);
    (void)fake_run(fake, 1000, false);
    fake_failed(fake, "no more processes");
    assert_string_equal(states_summarize(fake->states).trouble, "no more processes");
    assert_false(states_can_recover(fake->states));
    assert_false(fake_is_kept(fake, 2));
    assert_int_equal(fake->evicted[2], 0); /* it is the current one: its definitions are used */
    assert_false(states_recover(fake->states));
    assert_int_equal(states_current(fake->states), 1);
    (void)fake_run(fake, 1000, false);
    (void)fake_run(fake, 1000, false);
    fake->live = 3;
    fake_failed(fake, "again"); /* of one that has been left */
    assert_int_equal(fake->evicted[3], 1);
    fake->live = 4;
    fake_taken(fake, 1);
    assert_null(states_summarize(fake->states).trouble);
}

/* ---- late words ---- */

static void test_one_that_comes_when_nobody_wants_it(void **state) {
    struct fake *fake = *state;
    struct engine_checkpoint late = {.cost_us = 1};
    (void)fake_run(fake, 1000, false);
    states_switch(fake->states, false);
    fake->kept[1] = true;
    states_checkpointed(fake->states, 1, &late);
    assert_false(fake_is_kept(fake, 1));
    states_checkpointed(fake->states, 99, &late);
    states_switch(fake->states, true);
    fake_taken(fake, 1);
    assert_true(fake_is_kept(fake, 1));
    late.trouble = "asked for twice";
    states_checkpointed(fake->states, 1, &late);
    assert_true(fake_is_kept(fake, 1)); /* there is one */
}

static void test_gone(void **state) {
    struct fake *fake = *state;
    fake_cells(fake, 3);
    int64_t asked = fake->asked;
    fake->kept[2] = false;
    states_gone(fake->states, 2);
    assert_false(fake_is_kept(fake, 2));
    assert_int_equal(fake->evicted[2], 1);
    assert_int_equal(fake->asked, asked);
    fake->kept[3] = false;
    states_gone(fake->states, 3);
    assert_int_equal(fake->asked, asked + 1); /* the current one: another */
    assert_int_equal(fake->evicted[3], 0);
    fake_taken(fake, 1);
    assert_true(fake_is_kept(fake, 3));
    assert_int_equal(states_summarize(fake->states).kept, 2);
}

static void test_off_and_on(void **state) {
    struct fake *fake = *state;
    fake_cells(fake, 3);
    states_switch(fake->states, false);
    for (int64_t i = 1; i <= 3; i++)
        assert_false(fake_is_kept(fake, i));
    int64_t asked = fake->asked;
    fake_cells(fake, 2);
    assert_int_equal(fake->asked, asked);
    assert_false(states_go(fake->states, 3));
    assert_true(states_go(fake->states, 0));
    assert_false(fake->kept[5]);
    assert_false(states_summarize(fake->states).on);
    fake_cells(fake, 1);
    states_switch(fake->states, true);
    fake_taken(fake, 1);
    assert_true(fake_is_kept(fake, 6));
}

static void test_an_engine_without_states(void **state) {
    (void)state;
    struct fake fake;
    fake_init(&fake, &fake_plain_ops);
    (void)fake_run(&fake, 1000, false);
    (void)fake_run(&fake, 1000, true);
    assert_false(states_summarize(fake.states).supported);
    assert_false(states_summarize(fake.states).on);
    states_switch(fake.states, true);
    assert_false(states_summarize(fake.states).on);
    assert_false(states_go(fake.states, 1));
    assert_int_equal(fake.restarts, 0);
    assert_true(states_go(fake.states, 0));
    assert_int_equal(fake.restarts, 1);
    (void)fake_run(&fake, 1000, false);
    assert_false(states_recover(fake.states));
    assert_int_equal(fake.restarts, 2);
    assert_int_equal(states_current(fake.states), 0);
    states_destroy(&fake.states);
}

/* ---- words for memory ---- */

static void test_amounts_of_memory(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t bytes; /* 0: none */
    } cases[] = {{"500", 500}, {"1K", 1024}, {"500M", 500 << 20}, {"2G", (int64_t)2 << 30},
        {"1.5 GiB", (int64_t)3 << 29}, {"1.5GB", (int64_t)3 << 29}, {"7b", 0}, {"7B", 7},
        {"2t", (int64_t)2 << 40}, {"", 0}, {"M", 0}, {"much", 0}, {"-1", 0}, {"0", 0}, {"1X", 0},
        {"1 M B", 0}, {"1MM", 0}, {"nan", 0}, {"inf", 0}, {"1e30", 0}, {"9999999T", 0},
        {"0x10", 16}, {"0.1", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t bytes = 0;
        bool ok = states_parse_bytes(cases[i].text, &bytes);
        if (ok != (cases[i].bytes > 0) || bytes != cases[i].bytes)
            fail_msg("'%s' is %lld", cases[i].text, (long long)bytes);
    }
}

/* ---- at random ---- */

/* Whatever happens, states.c and the engine agree about what is kept. */
static void test_random_life(void **state) {
    struct fake *fake = *state;
    unsigned seed = 12345;
    for (int step = 0; step < 20000 && states_next(fake->states) < FAKE_STATES - 1; step++) {
        seed = seed * 1103515245 + 12345;
        unsigned dice = (seed >> 16) % 100;
        int64_t some = (int64_t)((seed >> 8) % (unsigned)states_next(fake->states));
        const struct state *known = states_find(fake->states, some);
        if (dice < 8)
            (void)fake_run(fake, (int64_t)dice * 1000, dice == 0);
        else if (dice < 30)
            fake_taken(fake, dice);
        else if (dice < 33 && states_find(fake->states, fake->live))
            fake_failed(fake, "trouble");
        else if (dice < 60 && known)
            states_measured(fake->states, some, (int64_t)dice << 20);
        else if (dice < 62 && fake->kept[some]) {
            fake->kept[some] = false;
            states_gone(fake->states, some);
        } else if (dice < 64)
            fake->kept[some] = false; /* and nobody has heard of it */
        else if (dice < 80)
            (void)states_go(fake->states, some);
        else if (dice < 84)
            (void)states_recover(fake->states);
        else if (dice < 85)
            states_set_budget(fake->states, (int64_t)1 << (20 + some % 12));
        else if (dice < 86)
            states_switch(fake->states, some % 4 != 0);
        else if (dice < 87)
            (void)states_pin(fake->states, some + 100, some % 2);
        int64_t kept = 0;
        for (int64_t i = 1; i < states_next(fake->states); i++) {
            kept += states_find(fake->states, i)->keeping == STATE_KEPT;
            if (fake->kept[i])
                assert_int_equal(states_find(fake->states, i)->keeping, STATE_KEPT);
        }
        assert_int_equal(states_summarize(fake->states).kept, kept);
        assert_in_range(kept, 0, 64);
        assert_int_equal(states_current(fake->states), fake->live);
    }
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_cell_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_crash_goes_back_to_the_current_state, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_crash_of_the_first_cell, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_crash_goes_to_the_nearest_kept_ancestor, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_going_keeps_what_is_left, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_going_to_one_that_has_ended, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_where_redo_leads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_runs_that_were_not_recorded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_running_again_makes_no_new_state, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_not_more_than_so_many, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_pinned_and_unique_ones_and_branches_stay_longer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_what_takes_long_to_have_again_stays_longer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_budget, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_checkpoints_take_a_part_of_the_time_of_the_cells, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_quick_cells_are_all_kept_where_that_costs_little, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_trouble, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_one_that_comes_when_nobody_wants_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_off_and_on, set_up, tear_down),
        cmocka_unit_test(test_an_engine_without_states),
        cmocka_unit_test(test_amounts_of_memory),
        cmocka_unit_test_setup_teardown(test_random_life, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("states", tests, NULL, NULL);
}
