#include "kernel/engine/c/c_state.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

static void next_expression(struct c_engine *engine);

/* ---- the end of a cell ---- */

void c_cell_forget(struct c_engine *engine) {
    c_worker_stop_grace(engine);
    free(engine->code);
    engine->code = NULL;
    free(engine->defines);
    engine->defines = NULL;
    buf_clear(&engine->effects);
    json_decref(engine->expressions);
    engine->expressions = NULL;
    json_decref(engine->answers);
    engine->answers = NULL;
    json_decref(engine->expression_data);
    engine->expression_data = NULL;
    json_decref(engine->timing);
    engine->timing = NULL;
    engine->evaluating = false;
    engine->state = STATE_IDLE;
}

static void finish(struct c_engine *engine, struct engine_outcome *outcome) {
    json_auto_t *timing = engine->timing;
    json_auto_t *answers = engine->answers;
    engine->timing = NULL;
    engine->answers = NULL;
    outcome->timing = timing;
    outcome->user_expressions = outcome->result == ENGINE_OK ? answers : NULL;
    outcome->state = engine->leaves;
    if (outcome->state == ENGINE_STATE_LOST)
        c_language_evict(engine, engine->state_number);
    else if (outcome->state != ENGINE_STATE_SAME)
        engine->worker_state = engine->state_number;
    char *defines = engine->defines;
    engine->defines = NULL;
    outcome->defines = defines && *defines ? defines : NULL;
    struct buf effects = engine->effects;
    engine->effects = (struct buf)BUF_INIT;
    outcome->effects = effects.size ? buf_string(&effects) : NULL;
    c_cell_forget(engine);
    engine->base.host->done(engine->base.host->context, outcome);
    free(defines);
    buf_finish(&effects);
}

static void expression_failed(struct c_engine *engine, const char *ename, const char *evalue) {
    const char *key = json_object_iter_key(engine->next_expression);
    json_object_set_new(engine->answers, key,
        json_pack("{s:s, s:s, s:s, s:[]}", "status", "error", "ename", ename, "evalue", evalue,
            "traceback"));
    engine->next_expression = json_object_iter_next(engine->expressions, engine->next_expression);
    next_expression(engine);
}

/* `traceback` is stolen, NULL for none. */
void c_cell_fail(
    struct c_engine *engine, const char *ename, const char *evalue, json_t *traceback) {
    json_auto_t *lines = traceback ? traceback : json_array();
    struct buf clean =
        BUF_INIT; /* some of it comes from the loader, or from whatever a cell wrote */
    utf8_append_clean(&clean, evalue, strlen(evalue));
    if (!utf8_is_valid(ename, strlen(ename)))
        ename = "Error";
    evalue = buf_string(&clean);
    if (engine->evaluating && engine->worker.pid) {
        expression_failed(engine, ename, evalue);
        buf_finish(&clean);
        return;
    }
    /* the compiler's lines begin with the message themselves */
    bool speaks = strcmp(ename, "CompileError") == 0 && json_array_size(lines);
    json_t *heading = speaks ? NULL : json_sprintf("\033[1;31m%s\033[0m: %s", ename, evalue);
    if (heading)
        json_array_insert_new(lines, 0, heading);
    struct engine_outcome outcome = {
        .result = ENGINE_ERROR, .ename = ename, .evalue = evalue, .traceback = lines};
    finish(engine, &outcome);
    buf_finish(&clean);
}

void c_cell_add_line(json_t *lines, const char *text) {
    struct buf clean = BUF_INIT;
    utf8_append_clean(&clean, text, strlen(text));
    json_array_append_new(lines, json_string(buf_string(&clean)));
    buf_finish(&clean);
}

json_t *c_cell_frame_lines(const struct frame *frame, size_t first) {
    json_t *lines = json_array();
    for (size_t i = first; i < frame->count; i++)
        c_cell_add_line(lines, frame_string(frame, i));
    return lines;
}

/* ---- sending a cell on its way ---- */

void c_cell_build(struct c_engine *engine, const char *code, bool expression, bool wants_result) {
    engine->state = STATE_BUILDING;
    frame_begin(&engine->out, LANGUAGE_CELL);
    frame_add_int(&engine->out, ++engine->serial);
    frame_add_int(&engine->out, engine->number);
    frame_add_string(&engine->out, code);
    frame_add_int(&engine->out, expression);
    frame_add_int(&engine->out, wants_result);
    helper_send(&engine->language, &engine->out);
}

static void next_expression(struct c_engine *engine) {
    json_decref(engine->expression_data);
    engine->expression_data = NULL;
    if (!engine->next_expression) {
        engine->evaluating = false;
        struct engine_outcome outcome = {.result = ENGINE_OK};
        finish(engine, &outcome);
        return;
    }
    engine->evaluating = true;
    json_t *expression = json_object_iter_value(engine->next_expression);
    if (json_is_string(expression))
        c_cell_build(engine, json_string_value(expression), true, true);
    else
        expression_failed(engine, "TypeError", "a user expression is a string");
}

void c_cell_succeed(struct c_engine *engine) {
    if (engine->evaluating) {
        json_object_set_new(engine->answers, json_object_iter_key(engine->next_expression),
            json_pack("{s:s, s:o, s:{}}", "status", "ok", "data",
                engine->expression_data ? json_incref(engine->expression_data) : json_object(),
                "metadata"));
        engine->next_expression =
            json_object_iter_next(engine->expressions, engine->next_expression);
    } else if (engine->expressions) {
        engine->answers = json_object();
        engine->next_expression = json_object_iter(engine->expressions);
    }
    next_expression(engine);
}

void c_cell_set_timing(struct c_engine *engine, const char *step, int64_t us) {
    if (!engine->timing)
        engine->timing = json_object();
    if (!engine->evaluating)
        json_object_set_new(engine->timing, step, json_integer(us));
}
