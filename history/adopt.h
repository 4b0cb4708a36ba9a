/*
 * Notebooks whose cells have no ids (nbformat 4.0 to 4.4). Front ends make ids up for them at every
 * load and forget them: such a key names a cell only for as long as a page is open. Which cell it
 * is tell the texts and their order. Part of history/history.h: statuses, ownership, units and
 * threads are as said there.
 */
#ifndef FORKERNEL_HISTORY_ADOPT_H
#define FORKERNEL_HISTORY_ADOPT_H

#include "history/history.h"

struct history_page_cell {
    const char *key; /* that the front end has made up; NULL: none, as in the file */
    const char *text;
    size_t text_bytes;
};

/*
 * These are the cells of the notebook now, in their order. A cell with a key that the document does
 * not know is, among its cells that are none of the others: one that shows the same text, in the
 * same order at best; else the one whose text is most alike, if half of it is; else a deleted one
 * that showed that text. It has that key from now on, and the key that it had names nothing.
 * `ret_keys` (NULL: not wanted) has room for the keys of all; of those that are new and have none,
 * it is a new one. Cells are not made by this.
 *
 * From then on the session takes keys as such that it may not know: a run under one is of the cell
 * that its text fits, and new texts in a batch whose layout leaves out cells are those cells.
 * `hold` true: no, they are ids that the file has got since; where one of them is known nothing is
 * done, and `ret_keys` is not written.
 */
enum status history_adopt_cells(struct history_session *session,
    const struct history_page_cell *cells, size_t count, bool hold, struct history_memory *memory,
    const char **ret_keys, struct error *error) MUST_CHECK;

#endif
