"""What can be asked over forkernel.history: the log, differences, searching, outputs, whole notebooks."""

import time

import nbformat
import pytest
from client import Kernel, forkernel
from comm_page import Page

PRINT = "#include <stdio.h>\n"
SPIN = PRINT + '#include <unistd.h>\nprintf("in\\n"); for (;;) usleep(1000);'
PICTURE = """const unsigned char png[] = {0x89, 'P', 'N', 'G', 13, 10, 26, 10, 1, 2, 3, 4};
fk_png(png, sizeof png);"""


@pytest.fixture
def page(kernel):
    return Page(kernel)


def runs_of(page, cell):
    return [run["run"] for version in page.tree(cell) for run in version["runs"]]


# ---- the log ----


def test_the_log_is_newest_first_and_in_pages(page, kernel):
    one = page.type("a", "1")
    two = page.type("a", "1 + 1")
    page.layout("a", "b")
    kernel.run("1 + 1", cell="a")
    kernel.run("2", cell="b")
    page.fine("restore", version=one)
    page.edits({"kind": "delete", "cell": "b"})
    page.fine("undelete", cell="b")
    events = page.fine("log")["events"]
    head = page.tree("b")[0]["version"]
    assert [(e["event"], e["cell"], e["from"], e["to"]) for e in events] == [
        ("undelete", "b", 0, head),
        ("delete", "b", head, 0),
        ("move", "a", two, one),
        ("run", "b", head, head),
        ("run", "a", two, two),
        ("version", "a", one, two),
        ("version", "a", 0, one),
    ]
    assert [e["time"] for e in events] == sorted((e["time"] for e in events), reverse=True)
    assert events[2]["cause"] == "restore" and events[2]["summary"] == "1"
    assert events[3]["run"] == runs_of(page, "b")[0] and events[3]["status"] == "ok" and events[3]["count"] == 2
    (session,) = page.fine("log")["sessions"]
    assert session["ended"] == 0 and session["started"] <= events[-1]["time"]
    paged, next_page = [], None
    while True:
        answer = page.fine("log", before=next_page, limit=2)
        paged += answer["events"]
        next_page = answer["next"]
        if not next_page:
            break
    assert paged == events
    assert page.request("log", before=7)["status"] == "error"


# ---- differences ----


def test_a_difference_by_lines(page):
    old = page.type("a", "int x = 1;\nint y;\nx + y\n")
    new = page.type("a", "int x = 2;\nint y;\nx + y\nx - y\n")
    answer = page.fine("diff", left=old, right=new)
    assert answer["summary"] == "+2 -1 lines" and (answer["added"], answer["removed"]) == (2, 1)
    assert answer["blocks"] == [
        {"kind": "changed", "left": 1, "right": 1, "removed": ["int x = 1;"], "added": ["int x = 2;"]},
        {"kind": "equal", "left": 2, "right": 2, "lines": ["int y;", "x + y"]},
        {"kind": "changed", "left": 4, "right": 4, "removed": [], "added": ["x - y"]},
    ]
    assert page.fine("diff", left=old, text="int x = 1;\nint y;\n")["summary"] == "-1 line"
    assert page.fine("diff", left=old, text="int x = 3;\nint y;\nx + y\n")["summary"] == "1 line changed"
    assert page.fine("diff", left=old, right=old)["summary"] == "no line is different"
    for wrong in ({}, {"left": old}, {"left": 99, "right": old}, {"left": "x", "right": old}):
        assert page.request("diff", **wrong)["status"] == "error"


def test_what_versions_changed(page):
    first = page.type("a", "int x = 1;\n")
    second = page.type("a", "int x = 1;\nint y = 2;\n")
    third = page.type("a", "int y = 2;\n")
    answer = page.fine("changes", versions=[first, second, third])
    assert answer["later"] == []
    assert answer["changes"] == [
        {"version": first, "added": 1, "removed": 0, "summary": "int x = 1;", "before": "", "after": "int x = 1;"},
        {"version": second, "added": 1, "removed": 0, "summary": "+ int y = 2;", "before": "", "after": "int y = 2;"},
        {"version": third, "added": 0, "removed": 1, "summary": "- int x = 1;", "before": "int x = 1;", "after": ""},
    ]
    versions = page.fine("tree", cell="a", changes=True)["versions"]
    assert [v["change"] for v in versions] == answer["changes"]
    assert "change" not in page.tree("a")[0]
    assert page.request("changes", versions=[99])["status"] == "error"
    assert page.request("changes", versions=list(range(201)))["status"] == "error"
    long = [page.type("b", f"{'é' * 300} {word} {'ü' * 300}") for word in ("one", "two")]
    (change,) = page.fine("changes", versions=long[1:])["changes"]
    assert " one ü" in change["before"] and " two ü" in change["after"]
    assert max(len(change[side].encode()) for side in ("before", "after")) <= 200


# ---- searching ----


def search(page, **members):
    """All that is found, over as many questions as it takes."""
    found, place = [], None
    while True:
        answer = page.fine("search", **members, **({"from": place} if place else {}))
        found += answer["found"]
        place = answer["next"]
        if not place:
            return found


def test_searching_texts_and_outputs(page, kernel):
    kernel.run(PRINT + 'printf("one\\nThe Needle is here, needle\\n");', cell="a")
    page.type("b", "// nothing\n  int nEEdle = 1;")
    page.type("b", "// nothing")
    kernel.run(PICTURE, cell="c")
    found = search(page, text="NEEDLE")
    assert [(f["where"], f["cell"], f["line"], f["matches"], f["excerpt"]) for f in found] == [
        ("text", "b", 2, 1, "  int nEEdle = 1;"),
        ("text", "a", 2, 2, 'printf("one\\nThe Needle is here, needle\\n");'),
        ("output", "a", 2, 2, "The Needle is here, needle"),
    ]
    assert found[2]["run"] == runs_of(page, "a")[0] and found[2]["mime"] == "text/plain"
    assert search(page, text="needle", limit=1) == found
    assert search(page, text="no such thing") == []
    for wrong in ({}, {"text": ""}, {"text": 7}, {"text": "x" * 2000}, {"text": "x", "from": 3}):
        assert page.request("search", **wrong)["status"] == "error", wrong


def test_searching_all_notebooks(page, kernel, notebook, tmp_path):
    """This one first, then the others, the newest first; in steps it is the same."""
    page.type("a", "int needle_here;")
    for name in ("one", "two"):
        with Kernel(notebook=tmp_path / f"{name}.ipynb") as other:
            other.run(f'#include <stdio.h>\nint x;\nprintf("a needle in {name}\\n");', cell="a")
    page.type("a", "int needle_again;")
    assert [f["version"] for f in search(page, text="needle")] == [2, 1]
    found = search(page, text="needle", everywhere=True)
    two, one = str(tmp_path / "two.ipynb"), str(tmp_path / "one.ipynb")
    assert [(f.get("document"), f["where"], f["version"]) for f in found] == [
        (None, "text", 2), (None, "text", 1), (two, "text", 1), (two, "output", 1), (one, "text", 1), (one, "output", 1),
    ]
    assert found[2]["summary"] == "int x;" and found[2]["line"] == 3
    assert found[3]["excerpt"] == "a needle in two" and found[3]["count"] == 1
    assert 0 < time.time() - found[3]["time"] / 1e6 < 60
    assert search(page, text="needle", everywhere=True, limit=1) == found
    first = page.fine("search", text="needle", everywhere=True, limit=3)
    assert first["document"] == str(notebook)
    assert page.request("search", text="needle", **{"from": first["next"]})["status"] == "error", "it was everywhere"


def test_a_long_line_is_cut_round_what_was_found(page):
    page.type("a", "é" * 5000 + "needle" + "ü" * 5000)
    (found,) = search(page, text="needle")
    assert "needle" in found["excerpt"] and len(found["excerpt"].encode()) <= 200
    assert set(found["excerpt"]) == set("éneedlü")


def test_searching_a_long_history_is_done_in_short_steps(page, kernel):
    for start in range(0, 4000, 1000):
        page.edits(
            *({"kind": "text", "cell": "a", "type": "code", "cause": "typing", "text": f"{'line of text;' * 80} {i}"}
              for i in range(start, start + 1000))
        )
    kernel.run(PRINT + 'for (int i = 0; i < 20000; i++) printf("hay %d\\n", i);', cell="b")
    began, longest, questions, place = time.monotonic(), 0, 0, None
    found = []
    while questions == 0 or place:
        asked = time.monotonic()
        answer = page.fine("search", text="TEXT; 17", limit=500, **({"from": place} if place else {}))
        longest = max(longest, time.monotonic() - asked)
        found += answer["found"]
        place = answer["next"]
        questions += 1
    wanted = [i for i in range(3999, -1, -1) if str(i).startswith("17")]
    assert [int(f["excerpt"].rpartition(" ")[2]) for f in found if f["where"] == "text"] == wanted
    print(f"{questions} questions, {time.monotonic() - began:.2f} s, the longest {longest * 1000:.0f} ms")
    assert longest < 1


# ---- outputs ----


def test_runs_say_which_kinds_of_output_they_have(page, kernel):
    kernel.run(PICTURE, cell="a")
    kernel.run(PRINT + 'printf("text\\n");', cell="b")
    kernel.run("int x = 1;", cell="c")
    (picture,), (text,), (nothing,) = (page.tree(cell)[0]["runs"] for cell in "abc")
    assert "image/png" in picture["mime"]
    assert text["mime"] == ["text/plain"] and nothing["mime"] == []


def test_outputs_of_several_runs_by_kind_and_size(page, kernel):
    kernel.run(PRINT + 'printf("%s\\n", "0123456789");\n' + PICTURE, cell="a")
    kernel.run(PRINT + 'printf("text\\n");', cell="b")
    (a,), (b,) = runs_of(page, "a"), runs_of(page, "b")
    both = page.fine("outputs", runs=[a, b])
    assert both["later"] == [] and [entry["run"]["run"] for entry in both["runs"]] == [a, b]
    assert both["runs"][0]["outputs"] == page.fine("outputs", run=a)["outputs"]
    (entry,) = page.fine("outputs", runs=[a], mimes=["image/png"])["runs"]
    (output,) = entry["outputs"]
    assert list(output["data"]) == ["image/png"] and entry["left_out"] == [0]
    (entry,) = page.fine("outputs", runs=[a], limit_bytes=4)["runs"]
    assert entry["outputs"][0]["text"] == "0123" and entry["left_out"][0] == 7
    assert "image/png" not in entry["outputs"][1]["data"] and entry["left_out"][1] == 12
    assert entry["outputs"][1]["metadata"]["forkernel"]["left_out"] == 12
    for wrong in ({"runs": 7}, {"runs": [999]}, {"runs": list(range(65))}, {"run": a, "mimes": "image/png"}):
        assert page.request("outputs", **wrong)["status"] == "error", wrong


def test_what_was_not_kept_is_said(page, kernel, notebook, tmp_path):
    kernel.run(PRINT + 'for (int i = 0; i < 300000; i++) printf("%09d\\n", i);', cell="a")
    (run,) = runs_of(page, "a")
    answer = page.fine("outputs", run=run)
    kept = 1024 * 1024
    assert answer["left_out"] == [3_000_000 - kept]
    assert f"{3_000_000 - kept} bytes left out" in answer["outputs"][0]["text"]
    assert answer["run"]["started"] > 0
    shown = kernel.run("%fk restore 1", cell="a").text
    assert f"{3_000_000 - kept} bytes were not kept" in shown and time.strftime("%Y-%m-%d") in shown
    output = tmp_path / "made.ipynb"
    forkernel("notebook", notebook, "--output", output)
    made = nbformat.read(output, as_version=4)
    nbformat.validate(made)
    about = made.cells[0].metadata.forkernel
    assert about.run == run and about.left_out_bytes == 3_000_000 - kept
    assert about.started.startswith(time.strftime("%Y-%m-%d", time.gmtime()))


# ---- whole notebooks ----


def test_a_whole_notebook_file(page, kernel):
    page.edits(
        {"kind": "text", "cell": "m", "type": "markdown", "cause": "typing", "text": "# Title"},
        {"kind": "layout", "cells": ["m", "a", "b"]},
    )
    kernel.run("1 + 1", cell="a")
    kernel.run("2 + 2", cell="a")
    kernel.run("3 + 3", cell="b")
    first, second = runs_of(page, "a")
    (third,) = runs_of(page, "b")

    def made(**members):
        answer = page.fine("notebook", format="nbformat", **members)["notebook"]
        nbformat.validate(nbformat.from_dict(answer))
        return [(c["id"], c["source"], [o["data"]["text/plain"] for o in c.get("outputs", [])]) for c in answer["cells"]]

    assert made() == [("m", "# Title", []), ("a", "2 + 2", ["4"]), ("b", "3 + 3", ["6"])]
    assert made(before=second) == [("m", "# Title", []), ("a", "1 + 1", ["2"])]
    assert made(before=first) == [("m", "# Title", [])]
    assert [text for _, text, _ in made(path=third)] == ["1 + 1", "2 + 2", "3 + 3"]
    assert [c["text"] for c in page.fine("notebook", before=second)["cells"]] == ["# Title", "1 + 1"]
    for wrong in ({"format": "pdf"}, {"path": third}, {"before": 999}, {"path": 999, "format": "nbformat"}):
        assert page.request("notebook", **wrong)["status"] == "error", wrong


# ---- all of it beside a running cell ----


def test_all_is_answered_while_a_cell_runs(page, kernel):
    version = page.type("a", "1 + 1")
    kernel.run("1 + 1", cell="a")
    (run,) = runs_of(page, "a")
    page.layout("a", "b")
    page.edits({"kind": "text", "cell": "d", "type": "code", "cause": "typing", "text": "gone"})
    page.edits({"kind": "delete", "cell": "d"})
    msg_id = kernel.execute(SPIN, cell="b")
    kernel.wait_for_output(msg_id, "in")
    began = time.monotonic()
    page.fine("log")
    page.fine("diff", left=version, text="x")
    page.fine("changes", versions=[version])
    page.fine("search", text="1 + 1")
    page.fine("outputs", runs=[run])
    page.fine("notebook", format="nbformat")
    page.fine("undelete", cell="d")
    page.fine("restore", version=version)
    assert time.monotonic() - began < 5
    kernel.manager.interrupt_kernel()
    assert kernel.finish(msg_id).status == "error"
