/*
 * Which texts are nothing but commands for the history, and which may be on the way there: somebody
 * who types "%fk tree" has typed "%" and "%f" before. Pure. Any thread.
 */
#ifndef FORKERNEL_KERNEL_FK_TEXT_H
#define FORKERNEL_KERNEL_FK_TEXT_H

enum fk_text_kind {
    FK_TEXT_OTHER,    /* it has a line of something else */
    FK_TEXT_BEGUN,    /* it has not, but is blank, or has a line of "%" or "%f" alone */
    FK_TEXT_COMMANDS, /* each line that is not blank is a %fk command, and there is one */
};

enum fk_text_kind fk_text_kind(const char *text);

/* The first line that is neither blank nor a %fk command; NULL: there is none. */
const char *fk_text_other_line(const char *text);

#endif
