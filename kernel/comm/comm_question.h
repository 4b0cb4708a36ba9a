/* What the files of the comm target share. */
#ifndef FORKERNEL_KERNEL_COMM_QUESTION_H
#define FORKERNEL_KERNEL_COMM_QUESTION_H

#include "history/history.h"

#include <jansson.h>

struct kernel;

/* A request that came over the comm, on its way to an answer. */
struct comm_question {
    struct kernel *kernel;
    struct history *history;
    int64_t document_id;
    const json_t *data; /* as the front end sent it */
};

struct comm_answer {
    const char *name; /* of the request: data.what */
    /* Put the members of the answer into `reply`. STATUS_INVALID: the request makes no sense. */
    enum status (*run)(const struct comm_question *question, json_t *reply, struct error *error);
};

/* ---- comm_queries.c, comm_changes.c: NULL past the last ---- */

const struct comm_answer *comm_query_at(size_t index);
const struct comm_answer *comm_change_at(size_t index);

/* ---- shared ---- */

/* A member of the request that must be there. */
enum status comm_int(const struct comm_question *question, const char *name, int64_t *ret_value,
    struct error *error) MUST_CHECK;
enum status comm_string(const struct comm_question *question, const char *name,
    const char **ret_value, struct error *error) MUST_CHECK;

/* As docs/comm.md has them; new references. */
json_t *comm_run_json(const struct history_run_info *run);
json_t *comm_version_json(const struct history_version *version);

#endif
