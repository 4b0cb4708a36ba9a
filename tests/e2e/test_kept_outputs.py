"""What is kept of outputs: its limits, every state of a display, pictures once, and all of it when nobody looks."""

import json
import re
import time

import pytest
from client import TIMEOUT, Kernel, forkernel, show

LINES = '#include <stdio.h>\nfor (int i = 0; i < 1000; i++) printf("line %04d\\n", i);'
LINE_BYTES = len("line 0000\n")


def files(data_dir, pattern="*"):
    return sorted(p for p in (data_dir / "outputs").rglob(pattern) if p.is_file())


def left_out(data_dir):
    """How many bytes were left out of the newest run's text."""
    newest = max(files(data_dir, "*.txt"), key=lambda p: int(re.search(r"run-(\d+)", str(p)).group(1)))
    text = newest.read_text()
    found = re.search(r"\n\[\.\.\. (\d+) bytes left out \.\.\.\]\n", text)
    left = int(found.group(1)) if found else 0
    assert len(text) - (len(found.group(0)) if found else 0) + left == 1000 * LINE_BYTES
    return left


def fk(kernel, line, **options):
    run = kernel.run(f"%fk {line}", cell="magic", **options)
    assert run.status == "ok", run.text
    return run.stdout


# ---- settings ----


def test_limits_for_this_notebook_and_for_all(kernel, notebook, data_dir):
    kernel.run(LINES, cell="c1")
    assert left_out(data_dir) == 0
    assert "text_limit is 4K for this notebook" in fk(kernel, "settings text_limit 4K")
    kernel.run(LINES, cell="c1")
    assert left_out(data_dir) == 1000 * LINE_BYTES - 4096
    listed = fk(kernel, "settings")
    assert re.search(r"text_limit +4K .*\(.*set for this notebook.*\)", listed), listed
    assert re.search(r"picture_limit +16M .*\(.*the default.*\)", listed), listed
    assert re.search(r"outputs_limit +10000 ", listed), listed
    # from a terminal, while the kernel runs
    forkernel("settings", notebook, "text_limit", "2000")
    kernel.run(LINES, cell="c1")
    assert left_out(data_dir) == 1000 * LINE_BYTES - 2000
    # another notebook's kernel goes by what is set for all
    forkernel("settings", "text_limit", "8K")
    with Kernel(notebook=notebook.with_name("other.ipynb")) as other:
        other.run(LINES, cell="c1")
        assert left_out(data_dir) == 1000 * LINE_BYTES - 8192
        assert "default" not in fk(other, "settings").splitlines()[0]
        fk(other, "settings --all text_limit default")
        other.run(LINES, cell="c1")
        assert left_out(data_dir) == 0
    assert "text_limit     2000 " in forkernel("settings", notebook).stdout
    assert "text_limit     1M " in forkernel("settings").stdout
    forkernel("settings", notebook, "text_limit", "default")
    assert "text_limit     1M " in forkernel("settings", notebook).stdout


def test_a_setting_can_come_first(kernel, notebook, data_dir):
    assert "text_limit     1M " in fk(kernel, "settings")
    assert not forkernel("tree").stdout
    fk(kernel, "settings text_limit 3K")
    kernel.run(LINES, cell="c1")
    assert left_out(data_dir) == 1000 * LINE_BYTES - 3072


def test_a_setting_before_there_is_a_store(data_dir, notebook):
    forkernel("settings", "picture_limit", "1M")
    assert "picture_limit  1M " in forkernel("settings").stdout


def test_pictures_past_their_limit(kernel, data_dir):
    fk(kernel, "settings picture_limit 1K")
    kernel.run("char bytes[2000] = {0};\nfk_png(bytes, 1024); fk_png(bytes, 1025);", cell="c1")
    assert [p.stat().st_size for p in files(data_dir, "*.png")] == [1024]
    assert "1025 bytes: not kept" in fk(kernel, "show 1")


def test_wrong_settings_are_told(kernel, notebook):
    kernel.run("1", cell="c1")
    for words, tells in (
        ("text_limit much", "1K to 1G"),
        ("text_limit -5", "1K to 1G"),
        ("text_limit 2G", "1K to 1G"),
        ("outputs_limit 4M", "1 to 100000"),
        ("outputs_limit 0", "1 to 100000"),
        ("colour blue", "text_limit, picture_limit, outputs_limit"),
        ("colour", "text_limit, picture_limit, outputs_limit"),
        ("text_limit", "this is how"),
        ("text_limit 1M 2M", "this is how"),
    ):
        run = kernel.run(f"%fk settings {words}", cell="magic")
        assert run.status == "error" and tells in run.content["evalue"], (words, run)
        done = forkernel("settings", notebook, *words.split(), check=False)
        assert done.returncode == 2 and tells in done.stderr, (words, done)
    assert "text_limit     1M " in fk(kernel, "settings")


# ---- every state of a display ----


STATES = """
fk_display_id("bar", "text/html", "<i>state 0</i>");
for (int i = 1; i <= 3; i++) {
    char html[40];
    snprintf(html, sizeof html, "<i>state %d</i>", i);
    fk_update_display("bar", "text/html", html);
}
"""


def test_every_state_of_a_display_is_kept(kernel, notebook, data_dir, tmp_path):
    kernel.run("#include <stdio.h>", store_history=False)
    kernel.run(STATES, cell="c1")
    kept = [p.read_text() for p in files(data_dir, "*.html")]
    assert sorted(kept) == [f"<i>state {i}</i>" for i in range(4)]
    # shown is the last, as on the screen, and how to see the others is said
    run = kernel.run("%fk show 1", cell="magic")
    assert [d["text/html"] for d in run.displays] == ["<i>state 3</i>"]
    assert "the last of 4 states" in run.stdout
    run = kernel.run("%fk restore 1", cell="c1")
    assert [d["text/html"] for d in run.displays] == ["<i>state 3</i>"]
    run = kernel.run("%fk show 1 --states", cell="magic")
    assert [d["text/html"] for d in run.displays] == [f"<i>state {i}</i>" for i in range(4)]
    in_terminal = forkernel("show", notebook, "1", "--states").stdout
    paths = re.findall(r"\[text/html: (.*)\]", in_terminal)
    with_states = [open(path).read() for path in paths]
    assert with_states == [f"<i>state {i}</i>" for i in range(4)]
    # a notebook from the history has what was on the screen
    written = tmp_path / "then.ipynb"
    forkernel("notebook", notebook, "--output", written)
    (cell,) = [c for c in json.loads(written.read_text())["cells"] if c["id"] == "c1"]
    assert [o["data"]["text/html"] for o in cell["outputs"]] == ["<i>state 3</i>"]


def test_what_was_cleared_is_kept(kernel, data_dir):
    kernel.run('#include <stdio.h>\nputs("first"); fflush(stdout);\nfk_clear_output(0);\nputs("second");', cell="c1")
    shown = fk(kernel, "show 1").partition("-- run")[2]
    assert "first" not in shown and "second" in shown
    every = fk(kernel, "show 1 --states").partition("-- run")[2]
    assert every.index("first") < every.index("[cleared]") < every.index("second")


def test_the_same_picture_is_on_disk_once(kernel, data_dir):
    code = "static char bytes[20000];\nbytes[0] = 1;\nfk_png(bytes, sizeof bytes);"
    for _ in range(3):
        kernel.run(code, cell="c1")
    pictures = files(data_dir, "*.png")
    assert len(pictures) == 3
    assert len({p.stat().st_ino for p in pictures}) == 1
    assert all(p.read_bytes() == b"\1" + bytes(19999) for p in pictures)


# ---- nobody looks ----


GO_ON = """
#include <stdio.h>
#include <unistd.h>
puts("begun"); fflush(stdout);
while (access("%s", F_OK) != 0)
    usleep(1000);
for (int i = 0; i < 3000; i++) {
    printf("line %%d\\n", i);
    if (i %% 1000 == 0)
        fk_html("<b>picture</b>");
}
fputs("at the end\\n", stderr);
fopen("%s", "w");
"""


def test_output_after_the_client_is_gone(notebook, data_dir, tmp_path):
    """Its sockets are closed in the middle of a run, as those of a server that ended are."""
    go, done = tmp_path / "go", tmp_path / "done"
    with Kernel(notebook=notebook) as kernel:
        kernel.wait_for_output(kernel.execute(GO_ON % (go, done), cell="c1"), "begun\n")
        kernel.client.stop_channels()
        go.touch()
        deadline = time.monotonic() + TIMEOUT
        while not done.exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        # a new page: the cell's end is waited for by a request that queues behind it
        kernel.client = kernel.connect()
        kernel.run("1", cell="c2")
        text = "begun\n" + "".join(f"line {i}\n" for i in range(3000))
        assert "".join(p.read_text() for p in files(data_dir, "*-stdout.txt") if "run-1/" in str(p)) == text
        assert [p.read_text() for p in files(data_dir, "*-stderr.txt")] == ["at the end\n"]
        assert [p.read_text() for p in files(data_dir, "*.html")] == ["<b>picture</b>"] * 3
        shown = show(notebook, 1)
        assert "line 0\n" in shown and "line 2999\n" in shown and "at the end\n" in shown
        assert not files(data_dir, "*.part")


@pytest.mark.parametrize("how", ["interrupted", "killed"])
def test_a_run_that_ends_badly_with_nobody_there(notebook, data_dir, tmp_path, how):
    code = f'#include <stdio.h>\n#include <unistd.h>\nputs("begun"); fflush(stdout);\n' \
           f'while (access("{tmp_path}/go", F_OK) != 0) usleep(1000);\n' \
           f'puts("alone"); fflush(stdout);\nfor (;;) pause();'
    with Kernel(notebook=notebook) as kernel:
        kernel.wait_for_output(kernel.execute(code, cell="c1"), "begun\n")
        kernel.client.stop_channels()
        (tmp_path / "go").touch()
        deadline = time.monotonic() + TIMEOUT
        while not any("alone\n" in p.read_text() for p in files(data_dir)):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        if how == "interrupted":
            kernel.manager.interrupt_kernel()
            kernel.client = kernel.connect()
            assert kernel.run("1", cell="c2").status in ("ok", "aborted")
        else:
            kernel.kill()
    shown = show(notebook, 1)
    assert "begun\nalone\n" in shown and how in shown
