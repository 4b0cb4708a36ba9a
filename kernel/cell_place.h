/*
 * Which cell of which document an execute request speaks of.
 *
 * JupyterLab puts the nbformat cell id into metadata.cellId; where its notebook lies the kernel
 * knows by itself (notebook_watch.h). VS Code's cellId is a URI that carries the path and a
 * handle: `vscode-notebook-cell:/home/a/nb.ipynb#W2sZmlsZQ%3D%3D`. The handle is the cell's as long
 * as the notebook is open, wherever the cell moves, and is given out anew when it is opened again.
 * Others send nothing. Event loop thread only.
 */
#ifndef FORKERNEL_KERNEL_CELL_PLACE_H
#define FORKERNEL_KERNEL_CELL_PLACE_H

#include <jansson.h>

struct cell_place {
    char *document; /* absolute path without symbolic links; NULL: not known */
    char *key;      /* of the cell; NULL: not known */
    char *handle;   /* in place of a key: of the cell while the notebook is open; or NULL */
};

/* `metadata` of the request, may be NULL; `notebook` is what the kernel is for where the request
 * names none, NULL: it is for none. What cannot be known is NULL. */
struct cell_place cell_place_find(const json_t *metadata, const char *notebook);
void cell_place_finish(struct cell_place *place);

/* The path in the one spelling that the history knows documents by: absolute, links resolved as far
   as the file's folder exists. New memory; NULL without memory. */
char *document_path_normalise(const char *path);

#endif
