/* %fk label, %fk pin, %fk unpin: a name for a version or a run, and that it is to be kept at hand.
 */
#include "kernel/fk/fk.h"

#include <string.h>

static void tell(struct fk_context *context, enum history_subject subject, int64_t number) {
    fk_tell_changed(
        context, subject == HISTORY_RUN ? FK_CHANGED_RUN : FK_CHANGED_VERSION, number, NULL);
}

/* "7" and "v7" are versions, "r12" and "[3]" are runs; a cell stands for the version that it shows.
 */
static enum status find_subject(struct fk_context *context, size_t count, const char *const *words,
    enum history_subject *ret_subject, int64_t *ret_number, struct error *error) {
    struct buf typed = BUF_INIT;
    struct fk_thing thing;
    fk_join(count, words, NULL, &typed);
    enum status status = fk_find(context, buf_string(&typed), FK_VERSION, &thing, error);
    if (status == STATUS_OK && thing.kind == FK_CELL)
        status = fk_find_version(context, buf_string(&typed), &thing.number, error);
    if (status == STATUS_OK) {
        *ret_subject = thing.kind == FK_RUN ? HISTORY_RUN : HISTORY_VERSION;
        *ret_number = thing.number;
    }
    buf_finish(&typed);
    return status;
}

static enum status label(
    struct fk_context *context, size_t count, const char *const *arguments, struct error *error) {
    enum history_subject subject = HISTORY_VERSION;
    int64_t number = 0;
    struct buf text = BUF_INIT;
    if (!count)
        return error_set(error, STATUS_INVALID,
            "this is how: %s, with r12 in place of 7 for a run; without words behind the number "
            "the label is taken off",
            fk_command(context, "label 7 good fit").text);
    size_t name = fk_words_of_name(count, arguments);
    fk_join(count - name, arguments + name, NULL, &text);
    enum status status = find_subject(context, name, arguments, &subject, &number, error);
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
    if (!count)
        return error_set(error, STATUS_INVALID, "this is how: %s, or with r12 for a run",
            fk_command(context, "%s 7", pinned ? "pin" : "unpin").text);
    enum status status = find_subject(context, count, arguments, &subject, &number, error);
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
    .arguments = "VERSION|RUN [WORDS]",
    .summary = "a name for a version or a run; without words: none",
    .run = label,
};

const struct fk_verb fk_pin = {
    .name = "pin",
    .arguments = "VERSION|RUN",
    .summary = "mark a version, or a run with its state, to be kept at hand",
    .run = pin,
};

const struct fk_verb fk_unpin = {
    .name = "unpin",
    .arguments = "VERSION|RUN",
    .summary = "take that back",
    .run = unpin,
};
