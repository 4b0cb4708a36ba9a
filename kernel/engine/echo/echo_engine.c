/*
 * Lines of a cell:
 *
 *     :stderr TEXT     print TEXT and a newline on stderr
 *     :display TEXT    display_data with text/plain TEXT
 *     :result TEXT     execute_result
 *     :clear           clear_output
 *     :input PROMPT    ask, and print what comes
 *     :error TEXT      fail with EchoError and end the cell
 *     :wait            run until interrupted
 *     TEXT             anything else: print it on stdout
 */
#include "kernel/engine/echo/echo_engine.h"

#include <stdlib.h>
#include <string.h>

struct echo_engine {
    struct engine engine;
    char *code;       /* of the running cell; NULL when idle */
    const char *rest; /* lines of it not done yet */
    bool allow_stdin;
};

static enum status echo_create(
    const struct engine_host *host, struct engine **ret_engine, struct error *error) {
    struct echo_engine *echo = calloc(1, sizeof *echo);
    if (!echo)
        return error_set(error, STATUS_NO_MEMORY, "cannot start the echo engine: out of memory");
    echo->engine = (struct engine){.ops = &echo_engine_ops, .host = host};
    *ret_engine = &echo->engine;
    return STATUS_OK;
}

static void echo_destroy(struct engine **engine) {
    struct echo_engine *echo = (struct echo_engine *)*engine;
    free(echo->code);
    free(echo);
    *engine = NULL;
}

static json_t *echo_language_info(struct engine *engine) {
    (void)engine;
    return json_pack("{s:s, s:s, s:s, s:s}", "name", "echo", "version", "1", "mimetype",
        "text/plain", "file_extension", ".txt");
}

static const char *echo_banner(struct engine *engine) {
    (void)engine;
    return "forkernel, echo engine (for tests)";
}

static void end_cell(struct echo_engine *echo, const char *ename, const char *evalue) {
    struct engine_outcome outcome = {.result = ENGINE_OK};
    if (ename) {
        outcome.result = ENGINE_ERROR;
        outcome.ename = ename;
        outcome.evalue = evalue;
        outcome.traceback = json_pack("[s]", evalue);
    }
    free(echo->code);
    echo->code = NULL;
    echo->engine.host->done(echo->engine.host->context, &outcome);
    json_decref(outcome.traceback);
}

static void print_line(struct echo_engine *echo, enum engine_stream stream, const char *text) {
    const struct engine_host *host = echo->engine.host;
    host->stream(host->context, stream, text, strlen(text));
    host->stream(host->context, stream, "\n", 1);
}

static bool take_command(const char *line, const char *name, const char **ret_argument) {
    size_t length = strlen(name);
    if (strncmp(line, name, length) != 0 || (line[length] && line[length] != ' '))
        return false;
    *ret_argument = line[length] ? line + length + 1 : "";
    return true;
}

enum line_result { LINE_DONE, LINE_WAITS, LINE_FAILED };

static enum line_result run_line(struct echo_engine *echo, const char *line) {
    const struct engine_host *host = echo->engine.host;
    const char *argument;
    if (take_command(line, ":stderr", &argument)) {
        print_line(echo, ENGINE_STDERR, argument);
    } else if (take_command(line, ":display", &argument)) {
        json_t *data = json_pack("{s:s}", "text/plain", argument);
        host->display(host->context, data, NULL, NULL);
        json_decref(data);
    } else if (take_command(line, ":result", &argument)) {
        json_t *data = json_pack("{s:s}", "text/plain", argument);
        host->execute_result(host->context, data, NULL);
        json_decref(data);
    } else if (take_command(line, ":clear", &argument)) {
        host->clear_output(host->context, false);
    } else if (take_command(line, ":input", &argument) && echo->allow_stdin) {
        host->input_request(host->context, argument, false);
        return LINE_WAITS;
    } else if (take_command(line, ":wait", &argument)) {
        return LINE_WAITS;
    } else if (take_command(line, ":error", &argument)) {
        char *text = strdup(argument);
        end_cell(echo, "EchoError", text ? text : "");
        free(text);
        return LINE_FAILED;
    } else {
        print_line(echo, ENGINE_STDOUT, line);
    }
    return LINE_DONE;
}

static void run_lines(struct echo_engine *echo) {
    while (*echo->rest) {
        size_t length = strcspn(echo->rest, "\n");
        char *line = strndup(echo->rest, length);
        echo->rest += length + (echo->rest[length] == '\n');
        enum line_result result = line ? run_line(echo, line) : LINE_DONE;
        free(line);
        if (result != LINE_DONE)
            return;
    }
    end_cell(echo, NULL, NULL);
}

static void echo_execute(struct engine *engine, const struct engine_cell *cell) {
    struct echo_engine *echo = (struct echo_engine *)engine;
    echo->code = strdup(cell->code);
    echo->rest = echo->code ? echo->code : "";
    echo->allow_stdin = cell->allow_stdin;
    run_lines(echo);
}

static void echo_interrupt(struct engine *engine) {
    struct echo_engine *echo = (struct echo_engine *)engine;
    if (echo->code)
        end_cell(echo, "KeyboardInterrupt", "interrupted");
}

static void echo_input_reply(struct engine *engine, const char *value) {
    struct echo_engine *echo = (struct echo_engine *)engine;
    if (!echo->code)
        return;
    print_line(echo, ENGINE_STDOUT, value ? value : "(end of file)");
    run_lines(echo);
}

static void answer(struct engine *engine, uint64_t token, json_t *content) {
    engine->host->reply(engine->host->context, token, content);
    json_decref(content);
}

static void echo_complete(struct engine *engine, uint64_t token, const char *code, size_t cursor) {
    (void)code;
    (void)cursor;
    answer(engine, token,
        json_pack("{s:s, s:[s, s], s:i, s:i, s:{}}", "status", "ok", "matches", ":display",
            ":result", "cursor_start", 0, "cursor_end", 0, "metadata"));
}

static void echo_inspect(
    struct engine *engine, uint64_t token, const char *code, size_t cursor, int detail_level) {
    (void)code;
    (void)cursor;
    (void)detail_level;
    answer(engine, token,
        json_pack("{s:s, s:b, s:{}, s:{}}", "status", "ok", "found", 0, "data", "metadata"));
}

static void echo_is_complete(struct engine *engine, uint64_t token, const char *code) {
    (void)code;
    answer(engine, token, json_pack("{s:s}", "status", "complete"));
}

const struct engine_ops echo_engine_ops = {
    .name = "echo",
    .create = echo_create,
    .destroy = echo_destroy,
    .language_info = echo_language_info,
    .banner = echo_banner,
    .execute = echo_execute,
    .interrupt = echo_interrupt,
    .input_reply = echo_input_reply,
    .complete = echo_complete,
    .inspect = echo_inspect,
    .is_complete = echo_is_complete,
};
