"""A front end's page on the comm target forkernel.history, and what open comms are told unasked."""

import queue
import time
import uuid

from client import TIMEOUT


def fnv(text):
    """The hash of docs/comm.md."""
    value = 0x811C9DC5
    units = text.encode("utf-16-le")
    for i in range(0, len(units), 2):
        value = ((value ^ int.from_bytes(units[i : i + 2], "little")) * 0x01000193) & 0xFFFFFFFF
    return value


class Page:
    """A front end's page: an open comm, and its numbered batches."""

    def __init__(self, kernel, client=None, path=None):
        self.kernel, self.comm = kernel, uuid.uuid4().hex
        self.client = client or uuid.uuid4().hex
        self.sequence = 0
        data = {"version": 1, "client": self.client} | ({"path": path} if path else {})
        run = kernel.finish(
            kernel.send(
                "comm_open",
                {"comm_id": self.comm, "target_name": "forkernel.history", "data": data},
            ),
            reply=False,
        )
        (self.welcome,) = self.data_of(run)

    def data_of(self, run):
        return [m["content"]["data"] for m in run.of_type("comm_msg") if m["content"]["comm_id"] == self.comm]

    def send(self, data):
        return self.kernel.send("comm_msg", {"comm_id": self.comm, "data": data})

    def close(self):
        self.kernel.finish(self.kernel.send("comm_close", {"comm_id": self.comm, "data": {}}), reply=False)

    def ask(self, data):
        (answer,) = self.data_of(self.kernel.finish(self.send(data), reply=False))
        return answer

    def request(self, what, **members):
        answer = self.ask({"type": "request", "id": 7, "what": what, **members})
        assert answer["type"] == "reply" and answer["id"] == 7
        return answer

    def fine(self, what, **members):
        answer = self.request(what, **members)
        assert answer["status"] == "ok", answer
        return answer

    def moved(self, path):
        """The front end shows the notebook under this path below the server's root."""
        answer = self.ask({"type": "path", "id": 7, "path": path})
        assert answer["status"] == "ok", answer

    def edits(self, *edits, sequence=None, **members):
        self.sequence = sequence or self.sequence + 1
        batch = {"type": "edits", "client": self.client, "sequence": self.sequence, "edits": list(edits)}
        return self.ask(batch | members)

    def type(self, cell, text, cause="typing", **members):
        edit = {"kind": "text", "cell": cell, "type": "code", "cause": cause, "text": text, **members}
        answer = self.edits(edit)
        assert answer["type"] == "acknowledge", answer
        return answer["heads"].get(cell)

    def layout(self, *cells):
        answer = self.edits({"kind": "layout", "cells": list(cells)})
        assert answer["type"] == "acknowledge", answer

    def tree(self, cell):
        return self.fine("tree", cell=cell)["versions"]


def cells_of(page):
    """{id: is it deleted} of all that the history has of the page's notebook."""
    return {cell["cell"]: bool(cell["deleted"]) for cell in page.fine("cells")["cells"]}


class Listener:
    """What the kernel sends over one page's comm that is no answer."""

    def __init__(self, kernel, page):
        self.page, self.client = page, kernel.connect()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.stop_channels()

    def until(self, condition, timeout=TIMEOUT):
        """All pushes up to the first one that the condition holds for."""
        seen = []
        deadline = time.monotonic() + timeout
        while True:
            try:
                msg = self.client.get_iopub_msg(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no such push; came: {seen}") from None
            if msg["msg_type"] != "comm_msg" or msg["content"]["comm_id"] != self.page.comm:
                continue
            data = msg["content"]["data"]
            if data["type"] not in ("changed", "state", "recovered"):
                continue
            seen.append(data)
            if condition(data):
                return seen

    def next(self, **members):
        """The first push that has these members."""
        return self.until(lambda data: members.items() <= data.items())[-1]
