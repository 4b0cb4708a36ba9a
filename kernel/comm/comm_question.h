/* What the files of the comm target share. */
#ifndef FORKERNEL_KERNEL_COMM_QUESTION_H
#define FORKERNEL_KERNEL_COMM_QUESTION_H

#include "history/history.h"

#include <jansson.h>

struct kernel;

/* A request that came over the comm, on its way to an answer. */
struct comm_question {
    struct kernel *kernel;
    const char *comm_id;
    struct history *history;
    int64_t document_id;
    const json_t *data; /* as the front end sent it */
};

struct comm_answer {
    const char *name; /* of the request: data.what */
    /* Put the members of the answer into `reply`. STATUS_INVALID: the request makes no sense. */
    enum status (*run)(const struct comm_question *question, json_t *reply, struct error *error);
};

/* ---- the answers of each file; the last one has no name ---- */

extern const struct comm_answer comm_queries[], comm_notebooks[], comm_logs[], comm_diffs[],
    comm_searches[], comm_changes[], comm_goes[], comm_gones[], comm_heads[], comm_joins[],
    comm_moments[], comm_settings[];

/* ---- shared ---- */

/* A member of the request that must be there. */
enum status comm_int(const struct comm_question *question, const char *name, int64_t *ret_value,
    struct error *error) MUST_CHECK;
enum status comm_string(const struct comm_question *question, const char *name,
    const char **ret_value, struct error *error) MUST_CHECK;

/* A run of this notebook, by its id. */
enum status comm_read_run(const struct comm_question *question, int64_t run_id,
    struct history_memory *memory, struct history_run_info *ret_run,
    struct error *error) MUST_CHECK;

/* What a version changed in its parent's text. New reference. */
enum status comm_change_json(const struct comm_question *question, int64_t number,
    json_t **ret_change, struct error *error) MUST_CHECK;

/* No answer takes much longer than this: what is over stays for another question. */
enum { COMM_BUDGET_US = 25000 };

/* A string of bytes that need not be UTF-8. New reference. */
json_t *comm_text_json(const char *text, size_t size);

/* `path`, and `name`, its last part. */
void comm_add_path(json_t *json, const char *path);

/* The kind of a cell as nbformat has it. */
const char *comm_cell_type(enum history_cell_type type);

/* As docs/comm.md has them; new references. */
json_t *comm_run_json(const struct history_run_info *run);
json_t *comm_version_json(const struct history_version *version);

#endif
