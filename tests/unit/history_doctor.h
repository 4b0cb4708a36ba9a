/* What a doctor found, for the tests of history/doctor.h. */
#ifndef FORKERNEL_TESTS_HISTORY_DOCTOR_H
#define FORKERNEL_TESTS_HISTORY_DOCTOR_H

#include "history_fixture.h"

#include "history/doctor.h"

struct findings {
    struct buf text; /* a line each: "2 WHERE: WHAT" */
    struct history_health health;
};

static inline void findings_add(void *context, const struct history_finding *finding) {
    struct findings *findings = context;
    buf_printf(
        &findings->text, "%d %s: %s\n", (int)finding->severity, finding->where, finding->what);
}

/* The store is closed. */
static inline struct findings doctor_run(const char *folder, bool repair) {
    struct findings findings = {.text = BUF_INIT};
    struct history_check_options options = {
        .folder = folder, .repair = repair, .found = findings_add, .context = &findings};
    assert_ok(history_doctor(&options, &findings.health, error));
    return findings;
}

static inline void doctor_assert_well(const char *folder) {
    struct findings findings = doctor_run(folder, false);
    if (findings.health.damage || findings.health.notes || findings.health.repaired)
        fail_msg("%s", buf_string(&findings.text));
    buf_finish(&findings.text);
}

/* Found, with these words, and `damage` of it left. Returns what was counted. */
static inline struct history_health doctor_expect(
    const char *folder, bool repair, int64_t damage, const char *says) {
    struct findings findings = doctor_run(folder, repair);
    if (findings.health.damage != damage || !strstr(buf_string(&findings.text), says))
        fail_msg("%lld, not %lld of damage, not '%s':\n%s", (long long)findings.health.damage,
            (long long)damage, says, buf_string(&findings.text));
    buf_finish(&findings.text);
    return findings.health;
}

#endif
