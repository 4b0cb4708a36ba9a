/* The rows of a run: written when an output begins, completed when the run ends. */
#include "history/run.h"

#include <string.h>

static enum status insert_part(struct history_run *run, int64_t output_id, int64_t position,
    const struct run_part *part, struct error *error) {
    static const char text[] = "INSERT INTO output_parts (output_id, position, mime, file, "
                               "total_bytes, head_bytes, tail_bytes, hash) "
                               "VALUES (?, ?, ?, ?, ?, ?, ?, CASE ? WHEN 1 THEN ? END)";
    return sql_run(&run->history->sql, error, text, "iissiiiib", output_id, position, part->mime,
        part->file, (int64_t)part->total_bytes, (int64_t)part->head_bytes,
        (int64_t)part->tail_bytes, (int64_t)part->hashed, (const void *)part->hash,
        sizeof part->hash);
}

/* `ret_id`: not into the output, since the transaction may still fail. */
static enum status insert_output(struct history_run *run, const struct run_output *output,
    int64_t *ret_id, struct error *error) {
    static const char text[] = "INSERT INTO outputs (run_id, sequence, kind, created_us, sealed, "
                               "complete, late, display_id, ename, evalue) "
                               "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    struct sql *sql = &run->history->sql;
    enum status status = sql_run(sql, error, text, "iiiiiiisss", run->place.run_id,
        output->sequence, (int64_t)output->kind, output->created_us, (int64_t)output->sealed,
        (int64_t)output->complete, (int64_t)output->late, output->display_id, output->ename,
        output->evalue);
    int64_t id = sqlite3_last_insert_rowid(sql->db);
    for (size_t i = 0; i < output->part_count && status == STATUS_OK; i++)
        status = insert_part(run, id, (int64_t)i, &output->parts[i], error);
    if (status == STATUS_OK)
        *ret_id = id;
    return status;
}

static enum status complete_output(
    struct history_run *run, const struct run_output *output, struct error *error) {
    static const char output_text[] = "UPDATE outputs SET sealed = ?, complete = ? WHERE id = ?";
    static const char part_text[] =
        "UPDATE output_parts SET file = ?3, total_bytes = ?4, head_bytes = ?5, tail_bytes = ?6, "
        "hash = CASE ?7 WHEN 1 THEN ?8 END WHERE output_id = ?1 AND position = ?2";
    struct sql *sql = &run->history->sql;
    enum status status = sql_run(sql, error, output_text, "iii", (int64_t)output->sealed,
        (int64_t)output->complete, output->id);
    if (status != STATUS_OK || !output->is_stream)
        return status; /* parts of bundles were final when they were written */
    const struct run_part *part = &output->parts[0];
    return sql_run(sql, error, part_text, "iisiiiib", output->id, (int64_t)0, part->file,
        (int64_t)part->total_bytes, (int64_t)part->head_bytes, (int64_t)part->tail_bytes,
        (int64_t)part->hashed, (const void *)part->hash, sizeof part->hash);
}

enum status run_save_output(
    struct history_run *run, struct run_output *output, struct error *error) {
    struct sql *sql = &run->history->sql;
    int64_t id = 0;
    enum status status = sql_begin(sql, error);
    if (status == STATUS_OK) {
        status = insert_output(run, output, &id, error);
        status = sql_finish(sql, status, error);
    }
    if (status == STATUS_OK)
        output->id = id;
    return status;
}

static enum status update_run(struct history_run *run, struct error *error) {
    static const char text[] =
        "UPDATE runs SET status = ?, ended_us = ?, dropped = ?, summary = ?, state = ?, "
        "defines = ?, effects = ? WHERE id = ?";
    if (!run->end_us)
        return STATUS_OK;
    return sql_run(&run->history->sql, error, text, "iiitzssi", (int64_t)run->end_status,
        run->end_us, run->dropped + run->lost, buf_string(&run->summary), run->summary.size,
        (int64_t)run->state, run->defines, run->effects, run->place.run_id);
}

enum status run_save_end(struct history_run *run, struct error *error) {
    struct sql *sql = &run->history->sql;
    enum status status = sql_begin(sql, error);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < run->output_count && status == STATUS_OK; i++) {
        int64_t id = 0;
        if (run->outputs[i].row_sealed)
            continue;
        if (run->outputs[i].id)
            status = complete_output(run, &run->outputs[i], error);
        else
            status = insert_output(run, &run->outputs[i], &id, error);
    }
    if (status == STATUS_OK)
        status = update_run(run, error);
    return sql_finish(sql, status, error);
}
