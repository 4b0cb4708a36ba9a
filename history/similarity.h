/*
 * Finding the cell of a text that came without a cell id. Internal to history/.
 *
 * Some front ends (consoles, nbclient) say what to run and not which cell it is. Then, in this
 * order: a cell whose head is exactly the text; a cell with a version that is exactly the text;
 * the cell whose head is most alike, if it is alike enough; else the cell is new. Among equals a
 * cell that this session has not run yet goes first, so that two cells with one text stay two when
 * a notebook is run from top to bottom.
 *
 * Likeness is the share of tokens (names, numbers, other characters one by one) that two texts
 * have in common: 2 |A ∩ B| / (|A| + |B|), counting repeats. A cell that this session has not run
 * yet needs 0.5; one that it has run needs 0.8 and a dozen tokens, since there the text is as
 * likely to be the next cell of its kind as an edit of the same one.
 */
#ifndef FORKERNEL_HISTORY_SIMILARITY_H
#define FORKERNEL_HISTORY_SIMILARITY_H

#include "history/run.h"

/* A text as sorted hashes of its tokens. */
struct tokens {
    struct buf hashes; /* uint32_t each */
};

enum { TOKENS_MAX = 20000 }; /* of a text; what follows is not looked at */

/* Replaces what `tokens` held; buf_ok(&tokens->hashes) tells whether there was memory. */
void tokens_read(struct tokens *tokens, const char *text, size_t size);
void tokens_finish(struct tokens *tokens);
size_t tokens_count(const struct tokens *tokens);

/* 0 … 1; two empty texts are 1. */
double tokens_likeness(const struct tokens *a, const struct tokens *b);

/* `without_handle`: only among cells that have no handle in this session.
 * STATUS_NOT_FOUND without an error text: the text belongs to a new cell. */
enum status cell_match(struct history_session *session, const char *text, size_t size,
    bool without_handle, struct cell *ret_cell, struct error *error) MUST_CHECK;

#endif
