"""Split, merge, copy: the new cell's tree says what it came from, and the other one what came from it."""

import pytest
from client import forkernel
from comm_page import Page


@pytest.fixture
def page(kernel):
    return Page(kernel)


def edges(page, cell):
    answer = page.fine("tree", cell=cell)
    short = lambda edge: (edge["version"], edge["cell"], edge["other"], edge["cause"], edge["deleted"])
    return [short(edge) for edge in answer["origins"]], [short(edge) for edge in answer["pieces"]]


def test_a_split(page, notebook):
    page.type("a", "int x;\nint y;")
    page.edits(
        {"kind": "text", "cell": "b", "type": "code", "cause": "split", "text": "int x;", "origin": "a"},
        {"kind": "text", "cell": "a", "type": "code", "cause": "split", "text": "int y;"},
    )
    assert edges(page, "b") == ([(2, "a", 1, "split", False)], [])
    assert edges(page, "a") == ([], [(1, "b", 2, "split", False)])
    assert page.fine("tree", cell="b")["origins"][0]["summary"] == "int x;"
    told = forkernel("tree", notebook, "all").stdout
    assert 'version 2 came from version 1 of the cell "int x;"' in told and 'version 1 went into version 2 of the cell "int x;"' in told


def test_a_merge_of_three(page, notebook):
    for cell in "abc":
        page.type(cell, f"int {cell};")
    page.edits(
        {"kind": "text", "cell": "m", "type": "code", "cause": "merge", "text": "int a;\n\nint b;\n\nint c;", "origin": "a",
         "origins": ["a", "b", "c", "nobody", "m", 7]},
        *({"kind": "delete", "cell": cell} for cell in "abc"),
    )
    assert edges(page, "m") == ([(4, "a", 1, "merge", True), (4, "b", 2, "merge", True), (4, "c", 3, "merge", True)], [])
    assert edges(page, "b") == ([], [(2, "m", 4, "merge", False)])
    assert "of the deleted cell" in forkernel("tree", notebook, "4").stdout
    assert forkernel("doctor").returncode == 0


def test_origins_alone_and_an_edit_that_adds_nothing(page):
    page.type("a", "int a;")
    page.edits({"kind": "text", "cell": "b", "type": "code", "cause": "paste", "text": "int a;", "origins": ["a"]})
    page.edits({"kind": "text", "cell": "b", "type": "code", "cause": "paste", "text": "int a;", "origin": "a"})
    assert edges(page, "b") == ([(2, "a", 1, "paste", False)], [])
    assert edges(page, "a") == ([], [(1, "b", 2, "paste", False)])
