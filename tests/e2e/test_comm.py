"""The comm target forkernel.history: edits go in, questions are answered, all are told of changes."""

import json
import time

import pytest
from client import TIMEOUT, forkernel, tree
from comm_page import Page, fnv
from notebooks import write_notebook


@pytest.fixture
def page(kernel):
    return Page(kernel)


def test_welcome(page):
    assert page.welcome["type"] == "welcome" and page.welcome["status"] == "ok"
    assert page.welcome["sequence"] == 0


def test_steps_of_typing_are_told_as_one(page, kernel, notebook):
    for end in range(1, 10):
        page.type("a", "long int"[:end])
    kernel.run("long i", cell="b")
    told = forkernel("tree", notebook, 8).stdout
    assert "(7 steps of typing)" in told and len(told.splitlines()) == 3, told
    assert len(forkernel("tree", notebook, 8, "--typing").stdout.splitlines()) == 9
    log = forkernel("log", notebook).stdout
    assert log.count("typing") == 1 and "v8  typing since v1" in log, log


def test_typing_after_an_undo_makes_a_branch(page, notebook):
    first = page.type("a", "x")
    second = page.type("a", "xy")
    assert page.type("a", "x", cause="undo") == first
    third = page.type("a", "xz")
    parents = {v["version"]: v["parent"] for v in page.tree("a")}
    assert parents == {first: 0, second: first, third: first}
    assert [v["version"] for v in page.tree("a") if v["head"]] == [third]
    assert "xy" in tree(notebook) and "xz" in tree(notebook)


def test_runs_and_edits_share_a_tree(page, kernel):
    typed = page.type("a", "1 +")
    whole = page.type("a", "1 + 1")
    kernel.run("1 + 1", cell="a")
    versions = page.tree("a")
    assert [v["version"] for v in versions] == [typed, whole]
    assert [run["status"] for run in versions[1]["runs"]] == ["ok"]
    outputs = page.request("outputs", run=versions[1]["runs"][0]["run"])["outputs"]
    assert outputs == [
        {"output_type": "execute_result", "execution_count": 1, "data": {"text/plain": "2"}, "metadata": {}}
    ]


def test_differences_count_utf16_units(page):
    old = "int x = 1; // 🙂 é\n"
    new = "int x = 1; // 🙂🙂 é!\n"
    page.type("a", old)
    at = len("int x = 1; // 🙂".encode("utf-16-le")) // 2
    answer = page.edits(
        {"kind": "text", "cell": "a", "type": "code", "cause": "typing", "base": fnv(old), "at": at, "delete": 2,
         "insert": "🙂 é!", "hash": fnv("int x = 1; // 🙂🙂 é!\n")}
    )
    assert answer["type"] == "acknowledge", answer
    (shown,) = page.request("versions", versions=[answer["heads"]["a"]])["versions"]
    assert shown["text"] == new


@pytest.mark.parametrize("wrong", [{"base": 1}, {"hash": 1}, {"at": 99}, {"delete": 99}, {"at": -1}])
def test_a_difference_that_does_not_fit_is_wanted_whole(page, wrong):
    page.type("a", "abc")
    edit = {"kind": "text", "cell": "a", "type": "code", "cause": "typing", "base": fnv("abc"), "at": 3, "delete": 0,
            "insert": "d", "hash": fnv("abcd")}
    answer = page.edits(edit | wrong)
    assert answer["type"] == "resend" and answer["cells"] == {"a": True}, answer
    assert len(page.tree("a")) == 1
    again = page.edits({"kind": "text", "cell": "a", "type": "code", "cause": "typing", "text": "abcd"}, sequence=page.sequence)
    assert again["type"] == "acknowledge" and not again["repeated"]


def test_a_batch_that_comes_twice_counts_once(page, kernel):
    page.type("a", "x")
    edit = {"kind": "text", "cell": "a", "type": "code", "cause": "typing", "text": "xy"}
    assert not page.edits(edit)["repeated"]
    assert page.edits(edit | {"text": "never"}, sequence=page.sequence)["repeated"]
    assert len(page.tree("a")) == 2
    assert Page(kernel, client=page.client).welcome["sequence"] == 2


def test_a_batch_does_not_overtake_one_that_was_refused(page):
    edit = {"kind": "text", "cell": "a", "type": "code", "cause": "typing"}
    page.type("a", "x")
    assert page.edits(edit | {"cause": "boredom", "text": "xy"})["status"] == "error"
    overtaking = page.edits(edit | {"text": "xyz"}, after=2)
    assert overtaking["type"] == "resend" and overtaking["cells"] == {}, overtaking
    assert page.request("cells")["cells"][0]["versions"] == 1
    assert page.edits(edit | {"text": "xy"}, sequence=2, after=1)["type"] == "acknowledge"
    assert not page.edits(edit | {"text": "xyz"}, sequence=3, after=2)["repeated"]
    assert page.edits(edit | {"text": "xy"}, sequence=2, after=1)["repeated"]
    assert [v["summary"] for v in page.tree("a")] == ["x", "xy", "xyz"]


def test_an_edit_that_makes_no_sense_spoils_its_batch_only(page):
    good = {"kind": "text", "cell": "a", "type": "code", "cause": "typing", "text": "x"}
    for bad in ({}, {"kind": "song"}, good | {"cause": "boredom"}, good | {"type": "pie"}, {"kind": "text", "cause": "typing", "text": ""}):
        answer = page.edits(good, bad, good, sequence=1)
        assert answer["status"] == "error" and answer["error"] and answer["edit"] == 1, answer
    assert page.request("cells")["cells"] == []
    assert page.type("a", "x")


def test_questions_that_make_no_sense(page):
    for answer in (
        page.request("weather"),
        page.request("tree"),
        page.request("tree", cell="nobody"),
        page.request("versions", versions="7"),
        page.request("versions", versions=[7]),
        page.request("outputs", run=7),
        page.request("restore", version=7),
        page.request("label", version=7, text="x"),
    ):
        assert answer["status"] == "error" and answer["error"], answer


def test_it_answers_while_a_cell_runs(page, kernel):
    page.type("a", "x")
    msg_id = kernel.execute('#include <unistd.h>\n#include <stdio.h>\nprintf("in\\n"); for (;;) usleep(1000);', cell="b")
    kernel.wait_for_output(msg_id, "in")
    began = time.monotonic()
    assert len(page.tree("a")) == 1
    assert page.type("a", "xy")
    assert time.monotonic() - began < 5
    kernel.manager.interrupt_kernel()
    assert kernel.finish(msg_id).status == "error"


def test_every_page_is_told(kernel):
    one, two = Page(kernel), Page(kernel)
    client = kernel.connect()
    try:
        head = one.type("a", "x")
        deadline = time.monotonic() + TIMEOUT
        told = {}
        while set(told) != {one.comm, two.comm}:
            assert time.monotonic() < deadline, told
            msg = client.get_iopub_msg(timeout=TIMEOUT)
            if msg["msg_type"] == "comm_msg" and msg["content"]["data"]["type"] == "changed":
                told[msg["content"]["comm_id"]] = msg["content"]["data"]["heads"]
        assert told == {one.comm: {"a": head}, two.comm: {"a": head}}
    finally:
        client.stop_channels()


def test_restore_moves_the_head_and_brings_the_output(page, kernel):
    kernel.run("1 + 1", cell="a")
    kernel.run("2 + 2", cell="a")
    first, second = (v["version"] for v in page.tree("a"))
    answer = page.request("restore", version=first)
    assert answer["text"] == "1 + 1"
    assert answer["outputs"][0]["data"]["text/plain"] == "2"
    assert [v["version"] for v in page.tree("a") if v["head"]] == [first]
    page.request("restore", version=second)
    assert [v["version"] for v in page.tree("a") if v["head"]] == [second]


def test_labels_and_pins(page, kernel):
    kernel.run("1 + 1", cell="a")
    (version,) = page.tree("a")
    assert version["label"] == "" and not version["pinned"]
    page.request("label", version=version["version"], text="good one")
    page.request("pin", run=version["runs"][0]["run"], pinned=True)
    (version,) = page.tree("a")
    assert version["label"] == "good one" and version["runs"][0]["pinned"]


def test_states(page, kernel):
    kernel.run("int x = 1;", cell="a")
    kernel.run("x = 2;", cell="a")
    kernel.run("%fk undo", cell="m")
    answer = page.request("states")
    one, two = answer["states"]
    assert two["parent"] == one["run"] == answer["current"]
    assert one["defines"] == "x" and one["available"] == "live"


def test_the_notebook_as_it_was(page, kernel, notebook, tmp_path):
    page.edits(
        {"kind": "text", "cell": "m", "type": "markdown", "cause": "typing", "text": "# Title"},
        {"kind": "text", "cell": "a", "type": "code", "cause": "typing", "text": "1 + 1"},
        {"kind": "layout", "cells": ["m", "a"]},
    )
    kernel.run("1 + 1", cell="a")
    then = time.time_ns() // 1000
    while time.time_ns() // 1_000_000 == then // 1000:
        pass  # versions have times of whole milliseconds
    page.edits(
        {"kind": "text", "cell": "a", "type": "code", "cause": "typing", "text": "1 + 2"},
        {"kind": "delete", "cell": "m"},
        {"kind": "layout", "cells": ["a"]},
    )
    now = [(c["cell"], c["text"]) for c in page.request("notebook")["cells"]]
    assert now == [("a", "1 + 2")]
    old = [(c["cell"], c["type"], c["text"]) for c in page.request("notebook", time=then)["cells"]]
    assert old == [("m", "markdown", "# Title"), ("a", "code", "1 + 1")]

    import nbformat

    output = tmp_path / "then.ipynb"
    first = page.tree("a")[0]["runs"][0]["run"]
    forkernel("notebook", notebook, "--path", first, "--output", output)
    made = nbformat.read(output, as_version=4)
    nbformat.validate(made)
    assert [c.source for c in made.cells] == ["1 + 1"]
    assert made.cells[0].outputs[0].data["text/plain"] == "2"
    again = forkernel("notebook", notebook, "--output", output, check=False)
    assert again.returncode != 0 and "nothing is written over" in again.stderr


def test_a_saved_notebook_is_read(page, kernel, notebook):
    kernel.run("1", cell="code-cell")
    cells = [
        {"id": "text-cell", "cell_type": "markdown", "metadata": {}, "source": ["# Read\n", "from the file"]},
        {"id": "code-cell", "cell_type": "code", "metadata": {}, "source": "1", "outputs": [], "execution_count": 1},
    ]
    notebook.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    deadline = time.monotonic() + TIMEOUT
    while len(page.request("cells")["cells"]) < 2:
        assert time.monotonic() < deadline, "the file was not read"
        time.sleep(0.05)
    assert [c["text"] for c in page.request("notebook")["cells"]] == ["# Read\nfrom the file", "1"]
    (version,) = page.tree("text-cell")
    assert version["cause"] == "file"
    assert len(page.tree("code-cell")) == 1
    notebook.write_text("{ this is no notebook")
    time.sleep(0.6)
    kernel.assert_alive()
    assert json.loads(json.dumps(cells)) == cells  # read, never written


def test_a_saved_notebook_with_large_outputs_is_read(page, kernel, notebook):
    text = {"output_type": "stream", "name": "stdout", "text": ['"outputs": [\\" }]\n' * 1_500_000]}
    cells = [
        {"id": "large-cell", "cell_type": "code", "metadata": {}, "outputs": [text], "source": "int x;", "execution_count": 1},
        {"id": "last-cell", "cell_type": "code", "metadata": {}, "source": "x = 1;", "outputs": [], "execution_count": 2},
    ]
    notebook.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    assert notebook.stat().st_size > 30_000_000
    deadline = time.monotonic() + TIMEOUT
    while len(page.request("cells")["cells"]) < 2:
        assert time.monotonic() < deadline, "the file was not read"
        time.sleep(0.05)
    assert [c["text"] for c in page.request("notebook")["cells"]] == ["int x;", "x = 1;"]


def test_without_a_history_it_says_so(notebook):
    from client import Kernel

    with Kernel(notebook=notebook, env={"FORKERNEL_HISTORY": "off"}) as kernel:
        page = Page(kernel)
        assert page.welcome["status"] == "error" and "switched off" in page.welcome["error"]
        assert page.welcome["disabled"] is True
        assert page.edits({"kind": "delete", "cell": "a"})["status"] == "error"
        assert kernel.run("1 + 1").result == "2"




def test_a_renamed_notebook_keeps_its_history_and_a_copy_begins_as_a_branch(tmp_path, data_dir):
    from client import Kernel

    first, moved, copied = (tmp_path / f"{name}.ipynb" for name in ("first", "moved", "copied"))
    write_notebook(first, one="1", two="2")
    with Kernel(notebook=first) as kernel:
        kernel.run("1", cell="one")
        kernel.run("1 + 1", cell="one")
        kernel.run("2", cell="two")
    first.rename(moved)
    with Kernel(notebook=moved) as kernel:
        kernel.run("1 + 2", cell="one")
        assert [v["summary"] for v in Page(kernel).tree("one")] == ["1", "1 + 1", "1 + 2"]
    assert "no history" in forkernel("tree", first, check=False).stderr
    write_notebook(copied, one="1 + 2", two="2")
    with Kernel(notebook=copied) as kernel:
        kernel.run("1 + 3", cell="one")
        assert [v["summary"] for v in Page(kernel).tree("one")] == ["1 + 2", "1 + 3"]
    assert "1 + 3" not in tree(moved)
