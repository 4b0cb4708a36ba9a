"""What the history keeps of executions, and how it is brought back: in a cell and in a terminal."""

import base64
import json
import re

import nbformat
from client import Kernel, forkernel, show, tree
from comm_page import Page


def edits(kernel, cell="c1"):
    """A text, a change, back to the first, another change: two branches. Versions 1, 2, 3; head 3."""
    kernel.run("#include <stdio.h>", store_history=False)
    for word in ("first", "second", "first", "third"):
        kernel.run(f'puts("{word}");', cell=cell)


def fk(kernel, line, cell="magic", **options):
    run = kernel.run(f"%fk {line}", cell=cell, **options)
    assert run.status == "ok", run.text
    return run


def history(kernel, **content):
    content = {"output": False, "raw": True, "session": 0, "start": 0, "stop": 0, "n": 0, "pattern": "*", "unique": False} | content
    return kernel.ask("history_request", content).content["history"]


# ---- the tree ----


def test_tree_has_both_branches_and_the_head(kernel, notebook):
    edits(kernel)
    text = tree(notebook)
    for number in (1, 2, 3):
        assert re.search(rf"\b{number}\b", text), text
    for word in ("first", "second", "third"):
        assert word in text, text


def test_same_tree_in_a_cell_and_in_a_terminal(kernel, notebook):
    edits(kernel)
    in_cell = fk(kernel, "tree").text
    for word in ("first", "second", "third"):
        assert word in in_cell, in_cell


def test_the_magic_leaves_no_trace(kernel, notebook):
    edits(kernel)
    before = tree(notebook)
    count = kernel.run("1", cell="c2").content["execution_count"]
    fk(kernel, "tree")
    fk(kernel, "show 2")
    after = tree(notebook)
    assert "%fk" not in after
    assert "magic" not in after
    assert len(before.splitlines()) < len(after.splitlines())  # cell c2
    assert kernel.run("2", cell="c2").content["execution_count"] >= count


def test_equal_text_adds_nothing(kernel, notebook):
    for _ in range(3):
        kernel.run("1", cell="c1")
    show(notebook, 1)
    assert forkernel("show", notebook, 2, check=False).returncode != 0


def test_cells_have_trees_of_their_own(kernel, notebook):
    kernel.run("1", cell="c1")
    kernel.run("1", cell="c2")
    kernel.run("1 + 1", cell="c1")
    assert "1 + 1" in show(notebook, 3)


def test_show_has_text_and_outputs(kernel, notebook):
    edits(kernel)
    text = show(notebook, 2)
    assert 'puts("second");' in text
    assert text.rstrip().endswith("\nsecond"), text
    run = fk(kernel, "show 2")
    assert 'puts("second");' in run.text
    assert "\nsecond\n" in run.text


def test_show_and_restore_by_run(kernel, notebook):
    edits(kernel)
    count = kernel.run('puts("fourth");', cell="c1").content["execution_count"]
    kernel.run('puts("fifth");', cell="c1")
    assert 'puts("fourth");' in fk(kernel, f"show [{count}]").stdout
    assert "no cell was recorded as [77]" in kernel.run("%fk show [77]").text
    restored = fk(kernel, f"restore [{count}]", cell="c1")
    assert restored.content["payload"][0]["text"] == 'puts("fourth");'
    assert 'puts("second");' in show(notebook, "r2")
    assert "not of this notebook" in forkernel("show", notebook, "r999", check=False).stderr


def test_show_has_pictures_as_pictures(kernel):
    svg = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"
    kernel.run(f'fk_svg("{svg}");', cell="c1")
    run = fk(kernel, "show 1")
    assert any(data.get("image/svg+xml") == svg for data in run.displays), run.displays


def test_show_has_errors(kernel, notebook):
    kernel.run("int x = nothing;", cell="c1")
    assert "nothing" in show(notebook, 1)
    assert "error: use of undeclared identifier 'nothing'" in show(notebook, 1)


def test_diff_in_a_cell_and_in_a_terminal(kernel, notebook):
    edits(kernel)
    for text in (fk(kernel, "diff r1 #2").stdout, forkernel("diff", notebook, 1, 2).stdout):
        assert re.search(r'- puts\("first"\);.* │.*\+ puts\("second"\);', text), text
        assert re.search(r"- first.* │.*\+ second", text), text
    text = forkernel("diff", notebook, 1, 3).stdout
    assert "the texts are equal\nthe outputs are equal\n" in text


def test_diff_has_pictures_beside_each_other(kernel):
    for width in (8, 9):
        kernel.run(f"fk_svg(\"<svg xmlns='http://www.w3.org/2000/svg' width='{width}'/>\");", cell="c1")
    (picture,) = fk(kernel, "diff 1 2").displays
    assert picture["text/html"].count('<td><img src="data:image/svg+xml;base64,') == 2
    assert picture["text/plain"] == "picture 1 of run 1 and of run 2"


def test_restore_puts_the_text_back(kernel, notebook):
    edits(kernel)
    run = fk(kernel, "restore 2")
    payload = [p for p in run.content["payload"] if p["source"] == "set_next_input"]
    assert payload == [{"source": "set_next_input", "text": 'puts("second");', "replace": True}]
    assert "second" in run.text  # its output comes along
    # The head is there now: the same text adds nothing, new text is a child of it.
    kernel.run('puts("second");', cell="c1")
    assert forkernel("show", notebook, 4, check=False).returncode != 0
    kernel.run('puts("fourth");', cell="c1")
    assert "fourth" in show(notebook, 4)


def test_restore_in_a_terminal_prints(kernel, notebook):
    edits(kernel)
    done = forkernel("restore", "--print", notebook, 2)
    assert done.stdout.rstrip("\n") == 'puts("second");'


def test_log_lists_moves(kernel, notebook):
    edits(kernel)
    fk(kernel, "restore 1")
    text = forkernel("log", notebook).stdout
    assert "restore" in text
    assert len(text.strip().splitlines()) >= 4


def test_magic_errors_are_clear(kernel):
    for line in ("show 99", "restore 99", "show", "restore abc", "nonsense", "show 1 2 3", "diff 1", "diff 1 99"):
        run = kernel.run(f"%fk {line}", cell="magic")
        assert run.status == "error", line
        assert run.error["evalue"], line
    assert kernel.run("%fk", cell="magic").status in ("ok", "error")
    assert kernel.run("1 + 1").result == "2"


def test_terminal_errors_are_clear(data_dir, tmp_path):
    for arguments in (("tree", tmp_path / "none.ipynb"), ("show", tmp_path / "none.ipynb", "1"), ("nonsense",), ("show",)):
        done = forkernel(*arguments, check=False)
        assert done.returncode != 0
        assert done.stderr.strip(), arguments


def test_verbs_work_after_the_kernel_ended(notebook):
    with Kernel(notebook=notebook) as kernel:
        edits(kernel)
        during = tree(notebook)
    assert "third" in during
    assert "third" in tree(notebook)
    assert 'puts("second");' in show(notebook, 2)


def test_next_kernel_carries_the_tree_on(notebook):
    with Kernel(notebook=notebook) as kernel:
        kernel.run("1", cell="c1")
        kernel.run("2", cell="c1")
    with Kernel(notebook=notebook) as kernel:
        kernel.run("1", cell="c1")  # back
        kernel.run("3", cell="c1")  # a branch
    assert "3" in show(notebook, 3)
    assert forkernel("show", notebook, 4, check=False).returncode != 0


def test_relative_and_absolute_path_are_one_document(kernel, notebook, monkeypatch):
    edits(kernel)
    monkeypatch.chdir(notebook.parent)
    assert tree("notebook.ipynb") == tree(notebook)


# ---- what is not recorded ----


def test_hidden_code_is_never_recorded(kernel, notebook):
    kernel.run("1", cell="c1")
    kernel.run("12345", cell="c1", store_history=False)
    kernel.run("12345", cell="c1", silent=True)
    kernel.run("12345", cell="c1", silent=True, store_history=True)
    assert "12345" not in tree(notebook)
    assert [h[2] for h in history(kernel, hist_access_type="tail", n=10)] == ["1"]


def test_no_cell_ids(kernel, notebook):
    """nbclient and consoles send none; nothing is lost all the same."""
    kernel.run("int alpha = 1;")
    kernel.run("int beta = 2;")
    text = tree(notebook)
    assert "alpha" in text and "beta" in text


def test_cells_of_the_file_are_met_by_their_texts(notebook):
    """As nbclient runs it: in order, without ids; equal texts are cells of their own."""
    sources = ["int x = 1;", "x++;", "x++;", "x"]
    cells = [nbformat.v4.new_code_cell(source, id=f"cell-{n}") for n, source in enumerate(sources)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), notebook)
    with Kernel(notebook=notebook) as kernel:
        for source in sources:
            kernel.run(source)
        page = Page(kernel)
        trees = [page.fine("tree", cell=f"cell-{n}") for n in range(len(sources))]
        assert len(page.fine("cells")["cells"]) == len(sources)
    assert [[(v["summary"], len(v["runs"])) for v in tree["versions"]] for tree in trees] == [[(s, 1)] for s in sources]


def test_no_notebook_name(data_dir):
    with Kernel() as kernel:
        assert kernel.run("1 + 1", cell="c1").result == "2"
        assert [h[2] for h in history(kernel, hist_access_type="tail", n=10)] == ["1 + 1"]


def test_deleted_cells_keep_their_tree(kernel, notebook):
    kernel.run("11111", cell="gone")
    kernel.run("2", cell="c2", metadata={"deletedCells": ["gone", "never-seen"]})
    text = tree(notebook)
    assert "11111" in text
    assert "deleted" in text
    assert "11111" in show(notebook, 1)


def test_odd_metadata(kernel):
    for metadata in ({"cellId": 7}, {"cellId": None}, {"cellId": ""}, {"cellId": "x" * 100000}, {"deletedCells": "abc"},
                     {"deletedCells": [1, None, {}]}, {"cellId": {"a": 1}}):
        assert kernel.run("1 + 1", metadata=metadata).result == "2", str(metadata)[:80]


def test_two_kernels_on_one_store(notebook, tmp_path):
    other = tmp_path / "other.ipynb"
    with Kernel(notebook=notebook) as one, Kernel(notebook=other) as two:
        for n in range(5):
            a = one.execute(f"{n} + 100", cell="c1")
            b = two.execute(f"{n} + 200", cell="c1")
            assert one.finish(a).result == str(n + 100)
            assert two.finish(b).result == str(n + 200)
    assert "4 + 100" in tree(notebook) and "4 + 200" not in tree(notebook)
    assert "4 + 200" in tree(other)


# ---- history_request ----


def test_history_tail(kernel):
    for code in ("1", "2", "3"):
        kernel.run(code, cell="c1")
    entries = history(kernel, hist_access_type="tail", n=2)
    assert [e[2] for e in entries] == ["2", "3"]
    assert [e[1] for e in entries] == [2, 3]
    assert len({e[0] for e in entries}) == 1
    assert history(kernel, hist_access_type="tail", n=0) == []
    assert len(history(kernel, hist_access_type="tail", n=1000)) == 3


def test_history_with_output(kernel):
    kernel.run("6 * 7", cell="c1")
    kernel.run("int silent_one;", cell="c1")
    entries = history(kernel, hist_access_type="tail", n=2, output=True)
    assert entries[0][2] == ["6 * 7", "42"]
    assert entries[1][2] == ["int silent_one;", None]


def test_history_range(notebook):
    with Kernel(notebook=notebook) as kernel:
        kernel.run("100", cell="c1")
        old = history(kernel, hist_access_type="tail", n=1)[0][0]
    with Kernel(notebook=notebook) as kernel:
        for code in ("1", "2", "3"):
            kernel.run(code, cell="c1")
        now = history(kernel, hist_access_type="tail", n=1)[0][0]
        assert now > old

        def codes(**content):
            return [e[2] for e in history(kernel, hist_access_type="range", **content)]

        assert codes(session=0, start=1, stop=3) == ["1", "2"]  # 0: this session
        assert codes(session=now, start=2, stop=100) == ["2", "3"]
        assert codes(session=-1, start=1, stop=2) == ["100"]  # the session before
        assert codes(session=old, start=1, stop=2) == ["100"]
        assert codes(session=99999, start=1, stop=2) == []


def test_history_search(kernel):
    for code in ("int apple;", "int pear;", "int apple;", "5"):
        kernel.run(code, cell="c1")

    def codes(**content):
        return [e[2] for e in history(kernel, hist_access_type="search", **content)]

    assert codes(pattern="*apple*") == ["int apple;", "int apple;"]
    assert codes(pattern="*apple*", unique=True) == ["int apple;"]
    assert codes(pattern="*apple*", n=1) == ["int apple;"]
    assert codes(pattern="int ?ear;") == ["int pear;"]
    assert codes(pattern="apple") == []
    assert codes(pattern="*'; drop table runs; --*") == []


def test_history_of_nonsense(kernel):
    kernel.run("1", cell="c1")
    for content in ({"hist_access_type": "nonsense"}, {}, {"hist_access_type": "tail", "n": -5},
                    {"hist_access_type": "tail", "n": "x"}, {"hist_access_type": "range", "session": None}):
        run = kernel.ask("history_request", content)
        assert run.status in ("ok", "error")
        assert isinstance(run.content.get("history", []), list)


# ---- outputs as files ----


def output_files(data_dir):
    return {p: p.read_bytes() for p in (data_dir / "outputs").rglob("*") if p.is_file()}


def test_outputs_are_plain_files(kernel, data_dir):
    kernel.run('#include <stdio.h>\nputs("in a file");\nfputs("err\\n", stderr);\nfk_html("<b>x</b>");\n7', cell="c1")
    files = {p.suffix: [] for p in output_files(data_dir)}
    for path, data in output_files(data_dir).items():
        files[path.suffix].append(data)
    assert b"in a file\n" in files[".txt"]
    assert b"err\n" in files[".txt"]
    assert b"<b>x</b>" in files[".html"]


def test_output_is_in_its_file_before_it_is_shown(kernel, data_dir):
    msg_id = kernel.execute('#include <stdio.h>\n#include <unistd.h>\nputs("durable");\nfor (;;) pause();', cell="c1")
    kernel.wait_for_output(msg_id, "durable\n")
    assert any(b"durable\n" in data for data in output_files(data_dir).values())
    kernel.manager.interrupt_kernel()
    kernel.finish(msg_id)


def test_json_of_a_bundle_survives(kernel, notebook):
    kernel.run('fk_display("application/json", "{\\"a\\": [1, 2]}");', cell="c1")
    data = fk(kernel, "show 1").displays[-1]
    value = data["application/json"]
    assert (json.loads(value) if isinstance(value, str) else value) == {"a": [1, 2]}


def test_png_survives(kernel):
    png = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
    numbers = ",".join(map(str, png))
    kernel.run(f"unsigned char png[] = {{{numbers}}};\nfk_png(png, sizeof png);", cell="c1")
    pictures = [d["image/png"] for d in fk(kernel, "show 1").displays if "image/png" in d]
    assert base64.b64decode(pictures[0]) == png


def test_a_silent_command_shows_nothing(kernel):
    kernel.run("1", cell="c1")
    run = kernel.run("%fk tree", cell="c1", silent=True, store_history=False)
    assert run.status == "ok"
    assert {msg["msg_type"] for msg in run.iopub} == {"status"}


# ---- labels and pins ----


def test_labels_and_pins_in_a_cell_and_in_a_terminal(kernel, notebook):
    edits(kernel)
    fk(kernel, "label 2 the good one")
    assert "the good one" in tree(notebook)
    forkernel("pin", notebook, "2")
    assert "pinned: the good one" in fk(kernel, "tree").text
    fk(kernel, "label r2 with the right output")
    assert "with the right output" in show(notebook, 2)
    forkernel("label", notebook, "2")
    fk(kernel, "unpin 2")
    assert "the good one" not in tree(notebook) and "pinned" not in tree(notebook)
    assert kernel.run("%fk label 99 nothing").status == "error"
    assert forkernel("pin", notebook, "r99", check=False).returncode != 0
