/* %fk label, %fk pin, %fk unpin: a name for a version or a run, and that it is to be kept at hand.
 */
#include "kernel/fk/fk.h"

#include <string.h>

static void tell(struct fk_context *context, enum history_subject subject, int64_t number) {
    fk_tell_changed(
        context, subject == HISTORY_RUN ? FK_CHANGED_RUN : FK_CHANGED_VERSION, number, NULL);
}

/* "7" and "v7" are versions, "r12" and "[3]" are runs. */
static enum status find_subject(struct fk_context *context, const char *word,
    enum history_subject *ret_subject, int64_t *ret_number, struct error *error) {
    if (*word == 'r' || *word == '[') {
        *ret_subject = HISTORY_RUN;
        return fk_find_run(context, word, ret_number, error);
    }
    *ret_subject = HISTORY_VERSION;
    return fk_parse_number(word, ret_number, error);
}

static enum status label(
    struct fk_context *context, size_t count, const char *const *arguments, struct error *error) {
    enum history_subject subject = HISTORY_VERSION;
    int64_t number = 0;
    struct buf text = BUF_INIT;
    if (!count)
        return error_set(error, STATUS_INVALID,
            "this is how: label 7 good fit, or label r12 good fit for a run; without words behind "
            "the number the label is taken off");
    for (size_t i = 1; i < count; i++)
        buf_printf(&text, "%s%s", i > 1 ? " " : "", arguments[i]);
    enum status status = find_subject(context, arguments[0], &subject, &number, error);
    if (status == STATUS_OK)
        status = history_set_label(
            context->history, context->document_id, subject, number, buf_string(&text), error);
    if (status == STATUS_OK)
        tell(context, subject, number);
    if (status == STATUS_OK)
        fk_printf(context, "%s %lld %s%s\n", subject == HISTORY_RUN ? "Run" : "Version",
            (long long)number, text.size ? "is labelled: " : "has no label any more.",
            buf_string(&text));
    buf_finish(&text);
    return status;
}

static enum status set_pinned(struct fk_context *context, size_t count,
    const char *const *arguments, bool pinned, struct error *error) {
    enum history_subject subject = HISTORY_VERSION;
    int64_t number = 0;
    if (count != 1)
        return error_set(error, STATUS_INVALID, "this is how: %s 7, or %s r12 for a run",
            pinned ? "pin" : "unpin", pinned ? "pin" : "unpin");
    enum status status = find_subject(context, arguments[0], &subject, &number, error);
    if (status == STATUS_OK)
        status = history_set_pinned(
            context->history, context->document_id, subject, number, pinned, error);
    if (status == STATUS_OK && subject == HISTORY_RUN && context->states)
        (void)states_pin(context->states, number, pinned); /* its live state too, if there is one */
    if (status == STATUS_OK)
        tell(context, subject, number);
    if (status == STATUS_OK)
        fk_printf(context, "%s %lld is %s.\n", subject == HISTORY_RUN ? "Run" : "Version",
            (long long)number, pinned ? "pinned" : "not pinned any more");
    return status;
}

static enum status pin(
    struct fk_context *context, size_t count, const char *const *arguments, struct error *error) {
    return set_pinned(context, count, arguments, true, error);
}

static enum status unpin(
    struct fk_context *context, size_t count, const char *const *arguments, struct error *error) {
    return set_pinned(context, count, arguments, false, error);
}

const struct fk_verb fk_label = {
    .name = "label",
    .arguments = "VERSION|rRUN [WORDS]",
    .summary = "a name for a version or a run; without words: none",
    .run = label,
};

const struct fk_verb fk_pin = {
    .name = "pin",
    .arguments = "VERSION|rRUN",
    .summary = "mark a version, or a run with its state, to be kept at hand",
    .run = pin,
};

const struct fk_verb fk_unpin = {
    .name = "unpin",
    .arguments = "VERSION|rRUN",
    .summary = "take that back",
    .run = unpin,
};
