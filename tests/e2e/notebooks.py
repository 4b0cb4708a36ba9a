"""Notebook files as front ends save them."""

import json


def cell(text, key=None):
    cell = {"cell_type": "code", "metadata": {}, "source": text, "outputs": [], "execution_count": None}
    return cell | ({"id": key} if key else {})


def write_notebook(path, **cells):
    """Cells by their ids, in place as Jupyter's server saves."""
    save(path, [cell(text, key) for key, text in cells.items()], 5)


def save(path, cells, minor):
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": minor}))


def replace_notebook(path, **cells):
    """As programs save that write a new file and rename it."""
    new = path.with_name("new.tmp")
    write_notebook(new, **cells)
    new.rename(path)
