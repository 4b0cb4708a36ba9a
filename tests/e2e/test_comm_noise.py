"""Whatever comes over the comm is answered, changes nothing that it may not change, and ends nobody."""

import copy
import random

import pytest
from client import Kernel, forkernel, tree
from comm_page import Page, fnv

MESSAGES = 700

TEXT = {"kind": "text", "cell": "one", "type": "code", "cause": "typing", "time": 1_700_000_000_000_000, "text": "1 + 1"}
EDITS = [
    TEXT,
    {**TEXT, "extras": {"metadata": {"tags": ["a"]}, "attachments": {"a.png": {"image/png": "AAAA"}}, "count": 3}},
    {**TEXT, "origins": ["two"], "origin": "split"},
    {"kind": "text", "cell": "two", "type": "markdown", "base": fnv("2"), "at": 0, "delete": 1, "insert": "3", "hash": fnv("3")},
    {"kind": "layout", "cells": ["one", "two", "new"]},
    {"kind": "delete", "cell": "two"},
]
QUESTIONS = {
    "cells": {}, "heads": {"cells": ["one", {"cell": "two", "text": "2"}]}, "tree": {"cell": "one", "before": 3, "limit": 2, "changes": True},
    "versions": {"versions": [1, 2], "extras": True, "document": 1}, "changes": {"versions": [1, 2]}, "diff": {"left": 1, "right": 2},
    "log": {"limit": 3, "before": {"version": 1, "move": 1, "run": 1}}, "search": {"text": "1", "limit": 3, "everywhere": True, "from": 0},
    "outputs": {"runs": [1, 2], "mimes": ["text/plain"], "limit_bytes": 10}, "states": {}, "notebook": {"time": 0, "format": "nbformat", "path": 1},
    "gone": {"everywhere": True}, "origin": {}, "join": {"document": 1}, "moments": {}, "moment": {"kind": "restore", "time": 1, "about": 1},
    "settings": {}, "set": {"name": "output_limit", "value": 1000, "notebook": True}, "restore": {"version": 1}, "undelete": {"cell": "two"},
    "label": {"version": 1, "text": "a label"}, "pin": {"run": 1, "pinned": True}, "goto": {"run": 1}, "undo": {"count": 1}, "redo": {}, "resume": {},
}  # fmt: skip
ODD = [
    None, True, 0, -1, 1 << 31, (1 << 63) - 1, -(1 << 63), 1 << 64, 1.5, 1e300, "", "one", "no such", "\0", "ä\U0001f600", "../../../etc/passwd",
    "x" * 5000, [], {}, [[]], ["one"] * 1001, [None], {"": None}, {"a": {"b": {"c": []}}},
]  # fmt: skip


def messages(chance):
    """One after the other: what a page would send, with some of it replaced, left out or put elsewhere."""
    number = 0
    while True:
        number += 1
        what = chance.choice(sorted(QUESTIONS))
        data = chance.choice(
            [
                {"type": "request", "id": number, "what": what, **QUESTIONS[what]},
                {"type": "edits", "client": "noise", "sequence": number, "after": 0, "edits": chance.choices(EDITS, k=3)},
                {"type": "cells", "id": number, "cells": [{"cell": "one", "text": "1"}, {"cell": "new", "text": "2"}]},
                {"type": "path", "id": number, "path": chance.choice(["a.ipynb", "../b", "/", "sub/a.ipynb"]), "session": "x"},
            ]
        )
        data = copy.deepcopy(data)
        for _ in range(chance.randrange(3)):
            spoil(chance, data)
        yield data


def spoil(chance, data):
    """Something somewhere in it is another value, or is not there."""
    places = []

    def walk(node):
        for key in node if isinstance(node, dict) else range(len(node)):
            places.append((node, key))
            if isinstance(node[key], (dict, list)):
                walk(node[key])

    walk(data)
    node, key = chance.choice(places)
    if chance.random() < 0.2:
        del node[key]
    else:
        node[key] = copy.deepcopy(chance.choice(ODD))


@pytest.mark.parametrize("seed", range(4))
def test_noise(tmp_path, data_dir, notebook, seed):
    chance = random.Random(seed)
    with Kernel(notebook=notebook) as kernel:
        page = Page(kernel, path=notebook.name)
        page.type("one", "int kept = 1;")
        page.type("two", "2")
        assert kernel.run("int kept = 1;", cell="one").status == "ok"
        for data, _ in zip(messages(chance), range(MESSAGES)):
            answers = page.data_of(kernel.finish(page.send(data), reply=False))
            answers = [one for one in answers if one["type"] not in ("changed", "state", "recovered")]
            assert len(answers) == 1, (data, answers)
            assert answers[0]["status"] == "ok" or answers[0]["error"], (data, answers)
        assert kernel.run("21 * 2", cell="one").result == "42"
    assert "int kept = 1;" in tree(notebook)
    assert forkernel("doctor").stdout.endswith(": all is well\n")
