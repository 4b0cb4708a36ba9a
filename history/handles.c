/* Cells by names that hold for one session only. */
#include "history/run.h"

#include <stdlib.h>
#include <string.h>

int64_t session_handle_cell(const struct history_session *session, const char *handle) {
    for (size_t i = 0; i < session->handle_count; i++)
        if (strcmp(session->handles[i].name, handle) == 0)
            return session->handles[i].cell_id;
    return 0;
}

bool session_has_handle(const struct history_session *session, int64_t cell_id) {
    for (size_t i = 0; i < session->handle_count; i++)
        if (session->handles[i].cell_id == cell_id)
            return true;
    return false;
}

void session_add_handle(struct history_session *session, const char *handle, int64_t cell_id) {
    if (session_handle_cell(session, handle))
        return;
    struct cell_handle *grown =
        realloc(session->handles, (session->handle_count + 1) * sizeof *grown);
    char *name = strdup(handle);
    if (grown)
        session->handles = grown;
    if (grown && name)
        grown[session->handle_count++] = (struct cell_handle){name, cell_id};
    else
        free(name);
}

void session_free_handles(struct history_session *session) {
    for (size_t i = 0; i < session->handle_count; i++)
        free(session->handles[i].name);
    free(session->handles);
}

enum status history_session_cell_key(struct history_session *session, const char *handle,
    struct history_memory *memory, const char **ret_key, struct error *error) {
    int64_t cell_id = session_handle_cell(session, handle);
    if (!cell_id)
        return error_set(error, STATUS_NOT_FOUND, "cell '%s' was not run yet", handle);
    return history_cell_key(session->history, cell_id, memory, ret_key, error);
}
