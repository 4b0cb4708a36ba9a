"""What the stories about the history share: a notebook of their own, its tree as the terminal has it, typing."""

import os
import re
import subprocess
import time

from client import FORKERNEL
from test_lab import cell


def ask(lab, *words):
    """The forkernel command on the history of the server's kernels."""
    env = {**os.environ, "FORKERNEL_DATA_DIR": str(lab["history"])}
    done = subprocess.run([FORKERNEL, *words], env=env, capture_output=True, text=True, timeout=20)
    return done.stdout + done.stderr


def texts(lab, notebook):
    """Every version of a notebook: {number: text}."""
    found, numbers = {}, re.findall(r"^[^\w]*(\d+)  ", ask(lab, "tree", notebook, "all", "--typing"), re.M)
    for number in sorted(map(int, numbers)):
        found[number] = ask(lab, "restore", notebook, str(number), "--print").removesuffix("\n")
    return found


def wait_for(what, seconds=15):
    """Until `what` is true: it is asked of another process, which has no way to tell."""
    deadline = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.1)
    return value


def click(page, cell_id):
    cell(page, cell_id).locator(".cm-content").click()
    page.keyboard.press("Control+End")


def write(page, text):
    page.keyboard.type(text, delay=15)


def history_open(page):
    """The kernel hears of edits before it hears of runs."""
    page.wait_for_function("window.jupyterapp.commands.isEnabled('forkernel:older-version')")
    undo_stop(page)


def deleted_cells(page):
    """The list of the Notebook tab; notebooks that other stories left deleted in the folder have a list beside it."""
    return page.locator(".fk-Deleted", has_text="deleted cell")


def undo_stop(page):
    """Longer than the editor's undo merges what is typed, and than the extension waits."""
    page.wait_for_timeout(1300)


def told(page):
    """The edits are with the kernel: its tree is asked through the extension's own comm, after them."""
    page.evaluate("document.activeElement.blur()")
    page.wait_for_timeout(300)


def source(page, cell_id):
    return page.evaluate(
        "id => window.panel.content.widgets.find(w => w.model.id === id).model.sharedModel.source", cell_id
    )


def kernel_pid(lab, page):
    """Of the kernel process of the open notebook, by its connection file."""
    kernel = page.evaluate("window.panel.sessionContext.session.kernel.id")
    for entry in os.listdir("/proc"):
        try:
            words = open(f"/proc/{entry}/cmdline", "rb").read().split(b"\0")
        except (OSError, NotADirectoryError):
            continue
        if any(kernel.encode() in word for word in words) and b"kernel" in words:
            return int(entry)
    raise AssertionError(f"no process of kernel {kernel}")



def theme(page, name):
    page.evaluate("name => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})", name)
    page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=name)
    page.wait_for_selector("#jupyterlab-splash", state="detached")  # it covers the page while the styles come
