"""What every open comm is told, unasked: changes made in cells, by other processes, and of the program."""

import os
import signal

import pytest
from client import Kernel, forkernel
from comm_page import Listener, Page
from processes import named


@pytest.fixture
def page(kernel):
    return Page(kernel)


@pytest.fixture
def pushes(kernel, page):
    with Listener(kernel, page) as listener:
        yield listener


def test_a_run_is_told_when_it_begins_and_when_it_ends(kernel, pushes):
    kernel.run("1 + 1", cell="a")
    begun, ended = pushes.until(lambda data: data.get("status") == "ok")[-2:]
    assert begun == {"type": "changed", "run": ended["run"], "cell": "a", "version": 1, "status": "running"}
    assert ended == {"type": "changed", "run": begun["run"], "cell": "a", "version": 1, "status": "ok"}


def test_what_fk_changes_in_a_cell_is_told(kernel, page, pushes):
    kernel.run("1 + 1", cell="a")
    kernel.run("1 + 2", cell="a")
    first, second = page.tree("a")
    run = first["runs"][0]["run"]
    kernel.run(f"%fk restore {first['version']}", cell="a")
    assert pushes.next(head=first["version"]) == {"type": "changed", "head": first["version"], "cell": "a"}
    kernel.run(f"%fk label {second['version']} good", cell="m")
    pushes.next(version=second["version"], type="changed")
    kernel.run(f"%fk pin r{run}", cell="m")
    assert pushes.next(run=run) == {"type": "changed", "run": run}
    kernel.run(f"%fk unpin r{run}", cell="m")
    assert pushes.next(run=run) == {"type": "changed", "run": run}


def test_what_a_terminal_changes_is_told(kernel, page, pushes, notebook):
    kernel.run("1 + 1", cell="a")
    kernel.run("1 + 2", cell="a")
    first, second = (v["version"] for v in page.tree("a"))
    forkernel("restore", notebook, first)
    told = pushes.next(elsewhere=True)
    assert told["heads"] == {"a": first} and told["runs"] == [] and not told["marks"]
    assert [v["version"] for v in page.tree("a") if v["head"]] == [first]
    forkernel("label", notebook, second, "good")
    assert pushes.next(elsewhere=True) == {
        "type": "changed", "elsewhere": True, "heads": {}, "runs": [], "layout": False, "marks": True
    }
    forkernel("pin", notebook, second)
    assert pushes.next(elsewhere=True)["marks"]


def test_a_second_kernel_on_the_notebook_is_told_of(kernel, page, pushes, notebook):
    kernel.run("1 + 1", cell="a")
    with Kernel(notebook=notebook) as other:
        other.run("2 + 2", cell="b")
        until = pushes.until(lambda data: any(r["status"] == "ok" for r in data.get("runs", [])))
        (run,) = until[-1]["runs"]
        assert run["cell"] == "b" and run["run"] == page.tree("b")[0]["runs"][0]["run"]
        assert any(data.get("heads") == {"b": run["version"]} for data in until), until


def test_own_changes_are_not_told_as_others(kernel, page, pushes, notebook, tmp_path):
    """The kernel's own writes, and those to other notebooks, bring nothing: the next is the terminal's."""
    kernel.run("1 + 1", cell="a")
    page.type("a", "1 + 2")
    with Kernel(notebook=tmp_path / "another.ipynb") as other:
        other.run("2 + 2", cell="z")
    kernel.run("%fk label 1 mine", cell="m")
    seen = pushes.until(lambda data: data.get("version") == 1 and "status" not in data)
    forkernel("label", notebook, 2, "theirs")
    seen += pushes.until(lambda data: data.get("elsewhere"))
    assert [data for data in seen if data.get("elsewhere")] == [seen[-1]]
    assert seen[-1]["marks"] and "z" not in seen[-1]["heads"]


def test_a_closed_comm_is_told_nothing_and_watching_goes_on_for_the_other(kernel, page, notebook):
    other = Page(kernel)
    kernel.run("1 + 1", cell="a")
    page.close()
    with Listener(kernel, other) as pushes:
        forkernel("label", notebook, 1, "x")
        assert pushes.next(elsewhere=True)["marks"]
    other.close()
    again = Page(kernel)
    with Listener(kernel, again) as pushes:
        forkernel("label", notebook, 1, "y")
        assert pushes.next(elsewhere=True)["marks"]


def test_going_to_a_state(kernel, page, pushes):
    kernel.run("int x = 1;", cell="a")
    kernel.run("x = 2;", cell="b")
    one, two = (state["run"] for state in page.fine("states")["states"])
    answer = page.fine("goto", run=one)
    assert answer["wanted"] == one
    told = pushes.next(type="state", running=False)
    assert told["arrived"] and told["run"] == told["wanted"] == one and told["report"] == ""
    assert pushes.next(type="changed", state=one)
    assert kernel.run("x", cell="c").result == "1"
    answer = page.fine("undo")
    assert "is undone" in answer["text"]
    pushes.next(type="state", running=False)
    page.fine("redo")
    assert pushes.next(type="state", running=False)["arrived"]
    page.fine("goto", run=0)
    assert pushes.next(type="state", running=False)["run"] == 0
    assert page.fine("states")["current"] == 0
    assert kernel.run("x", cell="d").status == "error"
    page.fine("goto", run=two)
    assert pushes.next(type="state", running=False)["arrived"]
    assert kernel.run("x", cell="e").result == "2"


def test_going_where_one_cannot_go(kernel, page, pushes):
    assert "nothing to redo" in page.request("redo")["error"]
    assert "no run to undo" in page.request("undo")["error"]
    assert "no earlier kernel" in page.request("resume")["error"]
    assert "missing" in page.request("goto")["error"]
    assert "undo 3" in page.request("undo", count="many")["error"]
    page.fine("goto", run=12345)
    told = pushes.next(type="state", running=False)
    assert not told["arrived"] and "no run 12345" in told["error"]
    assert kernel.run("1 + 1").result == "2"


def test_going_to_a_state_waits_for_no_cell(kernel, page):
    kernel.run("int x = 1;", cell="a")
    msg_id = kernel.execute('#include <unistd.h>\n#include <stdio.h>\nprintf("in\\n"); for (;;) usleep(1000);', cell="b")
    kernel.wait_for_output(msg_id, "in")
    for what in ("goto", "undo", "redo", "resume"):
        answer = page.request(what, run=0)
        assert answer["status"] == "error" and "a cell is running" in answer["error"], (what, answer)
    kernel.manager.interrupt_kernel()
    assert kernel.finish(msg_id).status == "error"


def test_cells_run_again_on_the_way_and_resume(kernel, page, notebook):
    for i, text in enumerate(("int x = 1;", "x += 1;", "x += 1;")):
        kernel.run(text, cell=f"c{i}")
    kernel.close()
    with Kernel(notebook=notebook) as second:
        page = Page(second)
        with Listener(second, page) as pushes:
            answer = page.fine("resume")
            told = pushes.until(lambda data: data["type"] == "state" and not data["running"])
            steps = [(data["at"], data["of"]) for data in told if data["type"] == "state" and data["running"]]
            assert steps == [(0, 3), (1, 3), (2, 3), (3, 3)]
            assert told[-1]["arrived"] and told[-1]["run"] == answer["wanted"]
            assert second.run("x", cell="d").result == "3"


def test_a_crash_tells_what_was_kept(kernel, page, pushes):
    kernel.run("int x = 7;", cell="a")
    run = kernel.run("*(volatile int *)0 = 1;", cell="b")
    assert run.status == "error"
    told = pushes.next(type="recovered")
    assert told["complete"] and "Every variable is as it was" in told["text"]
    runs = page.fine("states")
    assert told["run"] == runs["current"] and told["cell_run"] == page.tree("b")[0]["runs"][0]["run"]
    assert kernel.run("x", cell="c").result == "7"


def test_a_lost_program_tells_what_is_done_about_it(notebook):
    with Kernel(notebook=notebook, env={"FORKERNEL_STATES": "off"}) as kernel:  # nothing takes its place
        page = Page(kernel)
        with Listener(kernel, page) as pushes:
            kernel.run("int x = 7;", cell="a")
            (worker,) = named(kernel.pid, "forkernel-c-worker")
            os.kill(worker, signal.SIGKILL)
            told = pushes.next(type="recovered")
            assert not told["complete"] and told["cell_run"] == 0 and "runs 1 cell again" in told["text"], told
            assert pushes.next(type="state", running=False)["arrived"]
            assert kernel.run("x", cell="b").result == "7"
