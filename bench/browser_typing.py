#!/usr/bin/env python3
"""What the JupyterLab extension adds to a keystroke, and to the heap, on a cell of 500 lines.

Two pages of one JupyterLab on the same kernel, one of which is refused the extension's files; real key events, in
turns, so that both meet the same machine. Of each keystroke:

    latency   from the time of the key event to the end of its handling: waiting behind other work of the page counts
    frame     the work for the next frame; waiting for the screen does not count

A busy machine makes both numbers larger than what is asked about, so the extension's own part is measured, too: the
samples of the browser's profiler, 10 in a millisecond, in which a function of the extension is on the stack. "in the
key" are those between the key event and the end of its handling, "in all" also those of timers and answers.

    bench/browser_typing.py --home FOLDER [--keys 300] [--heap-keys 5000]

Needs what tests/browser needs: ./check browser.
"""

import argparse
import random
import statistics
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(PROJECT / "tests/e2e"), str(PROJECT / "tests/browser")]

import nbformat  # noqa: E402
from lab_server import CHROMIUM, running_lab  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402
from test_lab import OPEN  # noqa: E402

TURN = 25  # keys of one page before it is the other's turn
WARM_UP = 2  # turns that are not counted
PAUSE_MS = 40
SAMPLE_US = 100
TEXT = "\n".join(f"double value_{i} = {i} * 0.5; /* line {i} of a long cell */" for i in range(500))

WATCH = """() => {
    window.keys = [];
    const after = work => { const channel = new MessageChannel(); channel.port1.onmessage = work; channel.port2.postMessage(0); };
    window.addEventListener('keydown', event => {
        const key = {began: performance.now()};
        window.keys.push(key);
        after(() => {
            key.done = performance.now();
            key.latency = key.done - event.timeStamp;
        });
        requestAnimationFrame(() => {
            const began = performance.now();
            after(() => { key.frame = performance.now() - began; });
        });
    }, true);
}"""


class Page:
    def __init__(self, browser, lab, name, extension):
        made = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "forkernel-c", "display_name": "C"}})
        made.cells = [nbformat.v4.new_code_cell(TEXT, id=f"{name}-long")]
        nbformat.write(made, lab["root"] / f"{name}.ipynb")
        self.page = browser.new_context(viewport={"width": 1280, "height": 1000}).new_page()
        self.page.set_default_timeout(60_000)
        if not extension:
            self.page.route("**/extensions/@forkernel/**", lambda route: route.abort())
        self.page.goto(f"{lab['url']}/lab/workspaces/{name}?token={lab['token']}&reset")
        self.page.wait_for_function("window.jupyterapp !== undefined")
        self.page.evaluate("window.jupyterapp.restored.then(() => true)")
        self.page.evaluate(OPEN, f"{name}.ipynb")
        has = self.page.evaluate("window.jupyterapp.hasPlugin('@forkernel/labextension:capture')")
        assert has == extension, "the extension is not as it should be: is it built?"
        self.page.locator(".cm-content").first.click()
        self.page.evaluate("window.panel.content.activeCell.editor.setCursorPosition({line: 250, column: 0})")
        self.page.evaluate(WATCH)
        self.devtools = self.page.context.new_cdp_session(self.page)

    def type(self, count, pause_ms):
        """Letters, and sometimes a break as people make it, in which what was typed is told."""
        self.page.bring_to_front()
        before = self.page.evaluate("window.keys.length")
        for _ in range(count):
            self.page.keyboard.press(random.choice("abcdefgh ;"))
            self.page.wait_for_timeout(pause_ms)
        self.page.wait_for_timeout(100)
        return self.page.evaluate("before => window.keys.slice(before)", before)

    def profile(self, count, pause_ms):
        """The extension's own milliseconds: of each key, and in all for a key."""
        self.devtools.send("Profiler.enable")
        self.devtools.send("Performance.enable")
        self.devtools.send("Profiler.setSamplingInterval", {"interval": SAMPLE_US})
        self.devtools.send("Profiler.start")
        keys = self.type(count, pause_ms)
        profile = self.devtools.send("Profiler.stop")["profile"]
        metrics = self.devtools.send("Performance.getMetrics")["metrics"]
        origin = next(one["value"] for one in metrics if one["name"] == "NavigationStart") * 1e6
        samples = own_samples(profile)
        in_keys = [
            sum(ms for at, ms, task in samples if not task and key["began"] <= (at - origin) / 1e3 <= key["done"])
            for key in keys
        ]
        return in_keys, sum(ms for _, ms, _ in samples) / len(keys)

    def heap(self):
        for _ in range(2):
            self.devtools.send("HeapProfiler.collectGarbage")
        return self.devtools.send("Runtime.getHeapUsage")["usedSize"]


def own_samples(profile):
    """[(time in us, ms, whether it is in a task of its own)] of the samples with the extension on the stack."""
    nodes = {node["id"]: node for node in profile["nodes"]}
    root = profile["nodes"][0]
    own = {}  # by node: whether its task is the extension's
    waiting = [(child, None) for child in root["children"]]
    while waiting:
        number, task = waiting.pop()
        node = nodes[number]
        if task is None and "@forkernel" in node["callFrame"]["url"]:
            task = number in root["children"]
        if task is not None:
            own[number] = task
        waiting += [(child, task) for child in node.get("children", [])]
    at, found = profile["startTime"], []
    deltas = profile["timeDeltas"]
    for i, node in enumerate(profile["samples"]):
        at += deltas[i]
        if node in own:
            # Until the next sample; longer than that the process was not running.
            found.append((at, min(deltas[i + 1] if i + 1 < len(deltas) else 0, 5 * SAMPLE_US) / 1e3, own[node]))
    return found


def quantile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, default=300, help="of each page")
    parser.add_argument("--heap-keys", type=int, default=5000, help="of each page, without pauses")
    parser.add_argument("--home", type=Path, required=True, help="an empty folder for server and notebooks")
    options = parser.parse_args()
    options.home.mkdir(parents=True, exist_ok=True)
    with running_lab(options.home) as lab, sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        pages = {"with": Page(browser, lab, "typing-with", True), "without": Page(browser, lab, "typing-without", False)}
        keys = {name: [] for name in pages}
        for turn in range(WARM_UP + -(-options.keys // TURN)):
            order = list(pages.items())
            for name, page in order if turn % 2 else order[::-1]:
                typed = page.type(TURN, PAUSE_MS)
                if turn >= WARM_UP:
                    keys[name] += typed
        print(f"{options.keys} keystrokes each, ms          p50    p90    p99    mean")
        rows = {}
        for what in ("latency", "frame", "both"):
            for name in pages:
                values = [k["latency"] + k["frame"] if what == "both" else k[what] for k in keys[name] if "frame" in k]
                rows[what, name] = [quantile(values, q) for q in (0.5, 0.9, 0.99)] + [statistics.mean(values)]
                print(f"{what:8} {name:8} the extension  " + "".join(f"{value:7.2f}" for value in rows[what, name]))
            added = [a - b for a, b in zip(rows[what, "with"], rows[what, "without"])]
            print(f"{what:8} added                   " + "".join(f"{value:+7.2f}" for value in added))
        in_keys, in_all = pages["with"].profile(options.keys, PAUSE_MS)
        print(
            f"the extension's own: in the key p50 {quantile(in_keys, 0.5):.2f}, p99 {quantile(in_keys, 0.99):.2f}, "
            f"most {max(in_keys):.2f} ms; in all {in_all:.2f} ms a key"
        )
        for name, page in pages.items() if options.heap_keys else ():
            before = page.heap()
            page.type(options.heap_keys, 0)
            page.page.wait_for_timeout(2000)
            grown = (page.heap() - before) / 1e6
            print(f"heap {name:8} the extension: {grown:+.2f} MB after {options.heap_keys} keys")
        browser.close()


if __name__ == "__main__":
    main()
