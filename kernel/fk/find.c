/* What is meant by what somebody has typed, and how commands are typed. */
#include "kernel/fk/cell_names.h"
#include "kernel/fk/fk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOTEBOOK_MAX_BYTES = 120 }; /* of its name in a message */

/* ---- how commands are typed ---- */

/* As a shell takes it. */
static void append_notebook(const char *notebook, struct buf *out) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "._/@:,=+-";
    size_t size = strlen(notebook);
    if (!size || size > NOTEBOOK_MAX_BYTES) {
        buf_append_string(out, "NOTEBOOK");
    } else if (strspn(notebook, plain) == size) {
        buf_append_string(out, notebook);
    } else {
        buf_append_char(out, '\'');
        for (const char *at = notebook; *at; at++)
            if (*at == '\'')
                buf_append_string(out, "'\\''");
            else
                buf_append_char(out, *at);
        buf_append_char(out, '\'');
    }
}

struct fk_typed fk_command(const struct fk_context *context, const char *format, ...) {
    struct fk_typed typed;
    struct buf words = BUF_INIT, whole = BUF_INIT;
    va_list args;
    va_start(args, format);
    buf_vprintf(&words, format, args);
    va_end(args);
    const char *verb = buf_string(&words);
    size_t verb_size = strcspn(verb, " ");
    if (context->notebook) {
        buf_printf(&whole, "forkernel %.*s ", (int)verb_size, verb);
        append_notebook(context->notebook, &whole);
        buf_append_string(&whole, verb + verb_size);
    } else {
        buf_printf(&whole, "%%fk %s", verb);
    }
    (void)snprintf(typed.text, sizeof typed.text, "%s", buf_string(&whole));
    buf_finish(&words);
    buf_finish(&whole);
    return typed;
}

/* ---- words ---- */

static const struct kind_word {
    const char *word;
    enum fk_kind kind;
} kind_words[] = {{"version", FK_VERSION}, {"run", FK_RUN}, {"cell", FK_CELL}};

static const struct kind_word *find_kind(const char *word, size_t size) {
    for (size_t i = 0; i < sizeof kind_words / sizeof *kind_words; i++)
        if (strlen(kind_words[i].word) == size && memcmp(kind_words[i].word, word, size) == 0)
            return &kind_words[i];
    return NULL;
}

size_t fk_words_of_name(size_t count, const char *const *words) {
    return count > 1 && find_kind(words[0], strlen(words[0])) ? 2 : 1;
}

bool fk_join(size_t count, const char *const *words, const char *option, struct buf *out) {
    bool found = false;
    for (size_t i = 0; i < count; i++)
        if (option && strcmp(words[i], option) == 0)
            found = true;
        else
            buf_printf(out, "%s%s", out->size ? " " : "", words[i]);
    return found;
}

static bool read_number(const char *digits, int64_t *ret_number) {
    char *end;
    long long number = strtoll(digits, &end, 10);
    if (*digits < '0' || *digits > '9' || *end || number < 1)
        return false;
    *ret_number = number;
    return true;
}

/* "[3]" */
static bool read_count(const char *word, int64_t *ret_count) {
    char *end;
    long long count = *word == '[' ? strtoll(word + 1, &end, 10) : 0;
    if (*word != '[' || end == word + 1 || strcmp(end, "]") != 0)
        return false;
    *ret_count = count;
    return true;
}

/* ---- finding ---- */

/* A cell that is run again gets another count, and another kernel counts anew. */
static enum status find_count(
    struct fk_context *context, int64_t count, int64_t *ret_run_id, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_states runs = {0};
    int64_t own = 0, newest = 0;
    enum status status =
        history_list_states(context->history, context->document_id, &memory, &runs, error);
    for (size_t i = 0; i < runs.count; i++)
        if (runs.items[i].execution_count == count) {
            newest = runs.items[i].run_id;
            own = runs.items[i].session_id == context->session_id ? newest : own;
        }
    history_memory_finish(&memory);
    if (status == STATUS_OK && !newest)
        return error_set(error, STATUS_NOT_FOUND,
            "no cell was recorded as [%lld]; %s lists the runs", (long long)count,
            fk_command(context, "states").text);
    if (status == STATUS_OK)
        *ret_run_id = own ? own : newest;
    return status;
}

/* STATUS_NOT_FOUND without an error text. */
static enum status find_cell_named(
    struct fk_context *context, const char *name, int64_t *ret_cell_id, struct error *error) {
    struct cell_names names;
    const struct cell_name *found = NULL;
    enum status status = cell_names_read(context, &names, error);
    if (status != STATUS_OK)
        return status;
    status = cell_names_find(&names, name, &found, error);
    if (status == STATUS_OK)
        *ret_cell_id = found->cell->id;
    cell_names_finish(&names);
    return status;
}

static enum status find_label(
    struct fk_context *context, const char *name, struct fk_thing *ret_thing, struct error *error) {
    enum history_subject subject;
    if (!*name) /* which is what a pin without a label has */
        return STATUS_NOT_FOUND;
    enum status status = history_find_label(
        context->history, context->document_id, name, &subject, &ret_thing->number, error);
    if (status == STATUS_OK)
        ret_thing->kind = subject == HISTORY_RUN ? FK_RUN : FK_VERSION;
    return status;
}

static enum status find_named(
    struct fk_context *context, const char *name, struct fk_thing *ret_thing, struct error *error) {
    struct fk_thing thing = {.kind = FK_CELL};
    enum status status = find_label(context, name, &thing, error);
    if (status == STATUS_NOT_FOUND)
        status = find_cell_named(context, name, &thing.number, error);
    if (status == STATUS_INVALID) /* the words are fine, and there is more than one */
        return STATUS_NOT_FOUND;
    if (status == STATUS_NOT_FOUND)
        return error_set(error, status,
            "'%.80s' is no version, run, label or cell; %s lists the cells with their versions",
            name, fk_command(context, "tree all").text);
    if (status == STATUS_OK)
        *ret_thing = thing;
    return status;
}

enum status fk_find(struct fk_context *context, const char *name, enum fk_kind of_a_number,
    struct fk_thing *ret_thing, struct error *error) {
    size_t first_size = strcspn(name, " ");
    const struct kind_word *said = name[first_size] ? find_kind(name, first_size) : NULL;
    const char *word = said ? name + first_size + 1 : name;
    struct fk_thing thing = {.kind = said ? said->kind : of_a_number};
    int64_t count;
    if (thing.kind != FK_CELL && read_number(*word == '#' ? word + 1 : word, &thing.number)) {
        *ret_thing = thing;
        return STATUS_OK;
    }
    if ((*word == 'v' || *word == 'r') && read_number(word + 1, &thing.number)) {
        thing.kind = *word == 'v' ? FK_VERSION : FK_RUN;
        *ret_thing = thing;
        return STATUS_OK;
    }
    if (read_count(word, &count)) {
        enum status status = find_count(context, count, &thing.number, error);
        thing.kind = FK_RUN;
        if (status == STATUS_OK)
            *ret_thing = thing;
        return status;
    }
    if (thing.kind != FK_CELL || !read_number(word, &count))
        return find_named(context, word, ret_thing, error);
    struct buf cell = BUF_INIT; /* "cell 3" */
    buf_printf(&cell, "c%lld", (long long)count);
    enum status status = find_named(context, buf_string(&cell), ret_thing, error);
    buf_finish(&cell);
    return status;
}

static enum status version_of_run(
    struct fk_context *context, int64_t run_id, int64_t *ret_number, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_states runs = {0};
    int64_t number = 0;
    enum status status =
        history_list_states(context->history, context->document_id, &memory, &runs, error);
    for (size_t i = 0; i < runs.count; i++)
        if (runs.items[i].run_id == run_id)
            number = runs.items[i].version;
    history_memory_finish(&memory);
    if (status == STATUS_OK && !number)
        return error_set(error, STATUS_NOT_FOUND, "run %lld is not of this notebook; %s lists them",
            (long long)run_id, fk_command(context, "states").text);
    if (status == STATUS_OK)
        *ret_number = number;
    return status;
}

static enum status head_of_cell(
    struct fk_context *context, int64_t cell_id, int64_t *ret_number, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    const char *key = NULL;
    struct history_version version = {0};
    enum status status = history_cell_key(context->history, cell_id, &memory, &key, error);
    if (status == STATUS_OK)
        status = history_read_head(
            context->history, context->document_id, key, &memory, &version, error);
    if (status == STATUS_OK)
        *ret_number = version.number;
    history_memory_finish(&memory);
    return status;
}

static enum status newest_run(
    struct fk_context *context, int64_t number, int64_t *ret_run_id, struct error *error) {
    struct history_memory memory = HISTORY_MEMORY_INIT;
    struct history_version version = {0};
    enum status status = history_read_version(
        context->history, context->document_id, number, &memory, &version, error);
    if (status == STATUS_OK && !version.runs.count)
        status =
            error_set(error, STATUS_NOT_FOUND, "version %lld was never run", (long long)number);
    if (status == STATUS_OK)
        *ret_run_id = version.runs.items[version.runs.count - 1].id;
    history_memory_finish(&memory);
    return status;
}

enum status fk_find_version(
    struct fk_context *context, const char *name, int64_t *ret_number, struct error *error) {
    struct fk_thing thing;
    enum status status = fk_find(context, name, FK_VERSION, &thing, error);
    if (status != STATUS_OK)
        return status;
    if (thing.kind == FK_RUN)
        return version_of_run(context, thing.number, ret_number, error);
    if (thing.kind == FK_CELL)
        return head_of_cell(context, thing.number, ret_number, error);
    *ret_number = thing.number;
    return STATUS_OK;
}

enum status fk_find_run(
    struct fk_context *context, const char *name, int64_t *ret_run_id, struct error *error) {
    struct fk_thing thing;
    enum status status = fk_find(context, name, FK_RUN, &thing, error);
    if (status == STATUS_OK && thing.kind == FK_CELL) {
        status = head_of_cell(context, thing.number, &thing.number, error);
        thing.kind = FK_VERSION;
    }
    if (status != STATUS_OK)
        return status;
    if (thing.kind == FK_VERSION)
        return newest_run(context, thing.number, ret_run_id, error);
    *ret_run_id = thing.number;
    return STATUS_OK;
}
