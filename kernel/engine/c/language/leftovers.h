/* Temporary folders of engines that were killed: nobody else removes them. */
#ifndef FORKERNEL_LANGUAGE_LEFTOVERS_H
#define FORKERNEL_LANGUAGE_LEFTOVERS_H

/* Remove the folders beside `folder` that go by "forkernel-c-PID-..." of a process that is gone. */
void leftovers_remove(const char *folder);

#endif
