"""Notebooks of nbformat 4.4: JupyterLab makes ids up for their cells at every load, and saves none."""

import itertools

import pytest
from client import Kernel, forkernel
from comm_page import Listener, Page
from notebooks import cell, save

made_up = itertools.count(1)


class Load:
    """The notebook as one load of a page has it: texts by ids that only this page knows."""

    def __init__(self, kernel, *texts):
        self.kernel, self.page = kernel, Page(kernel)
        self.keys = [f"made-up-{next(made_up)}" for _ in texts]
        self.texts = list(texts)
        self.tell()

    def tell(self):
        answer = self.page.ask(
            {
                "type": "cells",
                "id": 7,
                "cells": [{"cell": key, "text": text} for key, text in zip(self.keys, self.texts)],
            }
        )
        assert answer["status"] == "ok", answer

    def type(self, index, text):
        self.texts[index] = text
        self.page.type(self.keys[index], text)

    def run(self, index):
        assert self.kernel.run(self.texts[index], cell=self.keys[index]).status == "ok"

    def tree(self, index):
        return [version["summary"] for version in self.page.tree(self.keys[index])]

    def save(self, path):
        with Listener(self.kernel, self.page) as listener:
            save(path, [cell(text) for text in self.texts], 4)
            listener.next(file=True)

    def cells(self):
        """Their ids, and whether they are deleted."""
        return {cell["cell"]: bool(cell["deleted"]) for cell in self.page.fine("cells")["cells"]}


TEXTS = ("int x = 1;", "1 + 1", "int x = 1;")


@pytest.fixture
def old(notebook):
    save(notebook, [cell(text) for text in TEXTS], 4)
    return notebook


def test_loaded_again_while_the_kernel_runs(old):
    with Kernel(notebook=old) as kernel:
        load = Load(kernel, *TEXTS)
        load.run(0)
        load.type(1, "1 + 2")
        load.run(1)
        load.save(old)
        again = Load(kernel, *load.texts)
        assert again.tree(1) == ["1 + 1", "1 + 2"] and again.tree(0) == ["int x = 1;"]
        again.type(2, "int x = 1; // the last one")
        again.run(2)
        again.save(old)
        third = Load(kernel, *again.texts)
        assert third.tree(2) == ["int x = 1;", "int x = 1; // the last one"] and third.tree(0) == ["int x = 1;"]
        assert third.cells() == dict.fromkeys(third.keys, False)


def test_loaded_again_with_another_kernel(old):
    with Kernel(notebook=old) as kernel:
        load = Load(kernel, *TEXTS)
        load.type(1, "1 + 2")
        load.run(1)
        load.save(old)
    with Kernel(notebook=old) as kernel:
        again = Load(kernel, *load.texts)
        assert again.tree(1) == ["1 + 1", "1 + 2"]
        version = again.page.tree(again.keys[1])[0]["version"]
        restored = again.page.fine("restore", version=version)
        assert restored["cell"] == again.keys[1] and restored["text"] == "1 + 1"
        assert again.cells() == dict.fromkeys(again.keys, False)


def test_edits_that_were_not_saved(old):
    with Kernel(notebook=old) as kernel:
        load = Load(kernel, *TEXTS)
        load.type(1, "1 + 2")
        load.run(1)
        again = Load(kernel, *TEXTS)  # as the file has them
        assert again.tree(1) == ["1 + 1", "1 + 2"]
        assert again.cells() == dict.fromkeys(again.keys, False)


def test_reverted_in_the_page(old):
    with Kernel(notebook=old) as kernel:
        load = Load(kernel, *TEXTS)
        load.run(0)
        load.type(1, "1 + 2")
        load.run(1)
        before, load.keys = load.keys, [f"made-up-{next(made_up)}" for _ in TEXTS]
        load.texts = list(TEXTS)
        edits = [
            {"kind": "text", "cell": key, "type": "code", "cause": "program", "text": text}
            for key, text in zip(load.keys, TEXTS)
        ]
        edits += [{"kind": "delete", "cell": key} for key in before]
        answer = load.page.edits(*edits, {"kind": "layout", "cells": load.keys})
        assert answer["type"] == "acknowledge"
        assert load.tree(1)[:2] == ["1 + 1", "1 + 2"]
        assert load.cells() == dict.fromkeys(load.keys, False)


def test_a_cell_that_was_deleted_stays_so(old):
    with Kernel(notebook=old) as kernel:
        load = Load(kernel, *TEXTS)
        load.run(1)
        deleted = load.keys.pop(1)
        load.texts.pop(1)
        load.page.edits({"kind": "delete", "cell": deleted}, {"kind": "layout", "cells": load.keys})
        load.save(old)
        again = Load(kernel, *load.texts)
        assert sorted(again.cells().values()) == [False, False, True]
        assert "1 + 1" in kernel.run("%fk deleted").text


def test_without_an_extension(old):
    """JupyterLab sends its ids with runs all the same."""
    with Kernel(notebook=old) as kernel:
        for key, text in (("p1", "1 + 1"), ("p2", "int x = 1;"), ("q1", "1 + 1"), ("q1", "1 + 2"), ("r1", "1 + 2")):
            kernel.run("int x = 1;" if key == "p2" else f"int x = 1; {text}", cell=key)
    told = forkernel("tree", old).stdout
    assert told.count("cell ") <= 4, told
