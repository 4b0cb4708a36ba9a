/* Recording the state tree: what a run leaves, and where a session's program is. */
#include "history/run.h"

#include <stdlib.h>
#include <string.h>

static void copy_string(char **at, const char *string) {
    free(*at);
    *at = string ? strdup(string) : NULL;
}

void history_run_leaves(
    struct history_run *run, enum history_state state, const char *defines, const char *effects) {
    run->state = state;
    copy_string(&run->defines, defines);
    copy_string(&run->effects, effects);
}

static enum status check_run(
    const struct history_session *session, int64_t run_id, struct error *error) {
    static const char text[] = "SELECT version_id FROM runs WHERE id = ?";
    int64_t version = 0;
    enum status status = sql_int(&session->history->sql, &version, error, text, "i", run_id);
    bool other = status == STATUS_OK && version_document(version) != session->document_id;
    if (status == STATUS_NOT_FOUND || other)
        return error_set(
            error, STATUS_NOT_FOUND, "there is no run %lld in this document", (long long)run_id);
    return status;
}

enum status history_session_move_state(
    struct history_session *session, int64_t run_id, struct error *error) {
    static const char text[] =
        "UPDATE sessions SET state_run_id = ?, state_after_run_id = ? WHERE id = ?";
    enum status status = run_id ? check_run(session, run_id, error) : STATUS_OK;
    if (status != STATUS_OK)
        return status;
    session->program_run_id = run_id;
    return sql_run(
        &session->history->sql, error, text, "iii", run_id, session->last_run_id, session->id);
}
