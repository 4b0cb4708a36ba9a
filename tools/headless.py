"""Run a C notebook without a browser: ./run --headless.

Prints what each cell gives as it comes, writes the executed copy, and ends with the notebook's
version tree. Exit code 1 when a cell failed, and the copy is written all the same.
"""

import argparse
import base64
import os
import subprocess
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

KERNEL = "forkernel-c"
FAILURES = (CellExecutionError, CellTimeoutError, DeadKernelError)


class Runner(NotebookClient):
    """A NotebookClient that says which cell it runs, as JupyterLab does, and prints the outputs.

    The history knows a cell by the `cellId` in the metadata of its execute_request. nbclient sends
    none, but the session's own metadata goes with every message. Cells of notebooks older than nbformat
    4.5 have no ids; those the kernel recognises by their text.
    """

    def announce(self, cell, cell_index):
        self.kc.session.metadata = dict(cell.metadata)
        if "id" in cell:
            self.kc.session.metadata["cellId"] = cell.id
        first_line = cell.source.strip().partition("\n")[0]
        print(f"\n--- cell {cell_index + 1}: {first_line}", flush=True)

    def output(self, outs, msg, display_id, cell_index):
        out = super().output(outs, msg, display_id, cell_index)
        join_streams(outs)
        content = msg["content"]
        if msg["msg_type"] == "stream":
            print(content["text"], end="", flush=True)
        elif msg["msg_type"] == "error":
            print("\n".join(content["traceback"]), flush=True)
        elif "data" in content:
            print(as_text(content["data"]), flush=True)
        return out


def join_streams(outputs):
    """Make the last two outputs one if they are pieces of one stream, as JupyterLab does."""
    if len(outputs) > 1 and all(o.output_type == "stream" for o in outputs[-2:]):
        if outputs[-1].name == outputs[-2].name:
            outputs[-2].text += outputs.pop().text


def as_text(bundle):
    """A MIME bundle as a terminal can show it."""
    if "text/plain" in bundle:
        return bundle["text/plain"]
    return "\n".join(f"[{mime}, {size_of(mime, value)} bytes]" for mime, value in bundle.items())


def size_of(mime, value):
    if mime.startswith("image/") and mime != "image/svg+xml":
        return len(base64.b64decode(value))
    return len(str(value).encode())


def main():
    parser = argparse.ArgumentParser(prog="./run --headless", description=__doc__)
    parser.add_argument("notebook", type=Path)
    parser.add_argument("--output", type=Path, help="the executed copy")
    parser.add_argument("--timeout", type=float, help="seconds that one cell may take")
    options = parser.parse_args()

    source = options.notebook.resolve()
    copy = (options.output or source.with_suffix(".executed.ipynb")).resolve()
    if copy == source:
        parser.error(f"the executed copy would overwrite '{source}'")
    if not copy.parent.is_dir():
        parser.error(f"no such folder '{copy.parent}'")
    try:
        notebook = nbformat.read(source, as_version=4)
    except Exception as error:  # nbformat has no common base for what it raises on other files
        parser.error(f"cannot read notebook '{source}': {error}")

    # As the server names the document to the kernel, so that its history is the notebook's.
    os.environ["JPY_SESSION_NAME"] = str(source)
    runner = Runner(
        notebook,
        kernel_name=KERNEL,
        timeout=options.timeout,
        resources={"metadata": {"path": str(source.parent)}},
    )
    runner.on_cell_execute = runner.announce

    failed = False
    try:
        runner.execute()
    except CellExecutionError:
        failed = True  # its traceback was printed as it came
    except FAILURES as error:
        print(f"run: {error}", file=sys.stderr)
        failed = True
    except KeyboardInterrupt:
        print("run: interrupted", file=sys.stderr)
        failed = True
    finally:
        nbformat.write(notebook, copy)
    print(f"\nwritten: {copy}\n", flush=True)
    tree = subprocess.run(["forkernel", "tree", str(source)], check=False)
    return 1 if failed or tree.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
