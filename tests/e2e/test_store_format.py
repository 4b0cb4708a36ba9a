"""docs/store.md is enough to read a store: a reader written from that page alone, against what a kernel recorded."""

import hashlib
import os
import random
import re
import sqlite3

import pytest
import zstandard

KINDS = {1: "stdout", 2: "stderr", 3: "display", 4: "result", 5: "update", 6: "error"}


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


class Store:
    def __init__(self, folder):
        self.folder = folder
        self.db = sqlite3.connect(f"file:{folder}/history.sqlite3?mode=ro", uri=True)
        assert self.ask("PRAGMA application_id") == [(0x666F726B,)]
        assert self.ask("PRAGMA user_version") == [(5,)]

    def ask(self, query, *values):
        return self.db.execute(query, values).fetchall()

    def decode(self, stored, read_base):
        mark, rest = stored[0], stored[1:]
        base = read_base() if mark >> 1 else b""
        if mark & 1:
            front, at = varint(rest, 0)
            back, at = varint(rest, at)
            return base[:front] + rest[at:] + base[len(base) - back :]
        prefix = zstandard.ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT) if base else None
        return zstandard.ZstdDecompressor(dict_data=prefix).decompress(b"\x28\xb5\x2f\xfd" + rest)

    def text(self, version_id):
        ((stored, back),) = self.ask("SELECT text, back FROM versions WHERE id = ?", version_id)
        return self.decode(stored, lambda: self.text(version_id - back))

    def layout(self, layout_id):
        ((stored,),) = self.ask("SELECT cells FROM layouts WHERE id = ?", layout_id)
        return self.decode(stored, lambda: self.layout(layout_id - 1))

    def cells_of_layout(self, layout_id):
        data, at, cells = self.layout(layout_id), 0, []
        while at < len(data):
            cell, at = varint(data, at)
            cells.append(cell)
        return cells

    def listed(self, cell_id):
        """Number and two bytes of the hash of each version of a cell."""
        query = "SELECT first_number, entries FROM version_lists WHERE cell_id = ? ORDER BY first_number"
        for number, entries in self.ask(query, cell_id):
            at = 0
            while at < len(entries):
                more, at = varint(entries, at)
                number += more
                yield number, entries[at : at + 2]
                at += 2

    def outputs(self, run_id):
        """Kind, MIME type and bytes of each part, in order."""
        query = (
            "SELECT kind, mime, file, total_bytes, head_bytes, tail_bytes, hash, sealed, complete, day FROM runs r "
            "JOIN outputs o ON o.run_id = r.id LEFT JOIN output_parts p ON p.output_id = o.id WHERE r.id = ? "
            "ORDER BY sequence, position"
        )
        for kind, mime, file, total, head, tail, digest, sealed, complete, day in self.ask(query, run_id):
            assert sealed and complete
            data = None
            if file:
                data = (self.folder / "outputs" / day / f"run-{run_id}" / file).read_bytes()
                assert hashlib.blake2b(data, digest_size=16).digest() == digest
                assert re.fullmatch(rf"\d{{4,}}-{KINDS[kind]}(-\d+)?\.\w+", file)
                left_out = total - head - tail
                note = b"\n[... %d bytes left out ...]\n" % left_out if left_out else b""
                assert len(data) == head + len(note) + tail and data[head:].startswith(note)
            yield kind, mime, data


@pytest.fixture
def store(data_dir):
    return lambda: Store(data_dir)


def random_text(random, before):
    """Some edit of a text: small, large, all of it, none of it left."""
    kind = random.randrange(6)
    lines = before.split("\n")
    if kind == 0:
        return ""
    if kind == 1:
        return "\n".join(f"int ä{i} = {random.random()};" for i in range(random.randrange(80)))
    if kind == 2:
        lines[random.randrange(len(lines)) :] = [f"long line{random.random()} = {'7' * random.randrange(300)};"]
    elif kind == 3:
        lines = lines[len(lines) // 2 :] + lines[: len(lines) // 2]
    else:
        at = random.randrange(len(lines))
        lines[at] += f" // {random.randrange(1000)}"
    return "\n".join(lines)


def test_every_text_of_a_tree(kernel, notebook, store):
    """Edits over the comm, many of them: splices, zstd against the parent, full copies; and layouts."""
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    print("SEED", seed)
    rand = random.Random(seed)
    comm = "store-format"
    kernel.send("comm_open", {"comm_id": comm, "target_name": "forkernel.history", "data": {"version": 1, "client": "p"}})
    expected, text, cells = [], "int begin;", ["a"]
    for batch in range(1, 5):
        edits = []
        for _ in range(100):
            cell = rand.choice("abc")
            if cell not in cells:
                cells.insert(rand.randrange(len(cells) + 1), cell)
            text = random_text(rand, text) if rand.random() < 0.9 else rand.choice(expected)[1] if expected else text
            if not text.strip() and cell not in dict(expected):
                text = "int begin;"  # a new cell's blank text would wait: a command may come
            edits.append({"kind": "text", "cell": cell, "type": "code", "cause": "typing", "time": 0, "text": text})
            expected.append((cell, text))
        rand.shuffle(cells)
        edits.append({"kind": "layout", "cells": list(cells), "time": 0})
        content = {"comm_id": comm, "data": {"type": "edits", "client": "p", "sequence": batch, "edits": edits}}
        msg_id = kernel.send("comm_msg", content)
        done = kernel.iopub_until(msg_id, lambda m: m["msg_type"] == "comm_msg" and m["content"]["data"]["type"] == "acknowledge")
        assert done[-1]["content"]["data"]["status"] == "ok", done[-1]
    store = store()
    ((document,),) = store.ask("SELECT id FROM documents WHERE path = ?", str(notebook.resolve()))
    keys = dict(store.ask("SELECT id, key FROM cells WHERE document_id = ?", document))
    # what equals the head adds nothing
    heads, texts = {}, []
    for cell, text in expected:
        if heads.get(cell) != text:
            texts.append((cell, text))
        heads[cell] = text
    rows = store.ask("SELECT id, cell_id FROM versions WHERE id BETWEEN ? AND ? ORDER BY id", document << 32, ((document + 1) << 32) - 1)
    assert [number & 0xFFFFFFFF for number, _ in rows] == list(range(1, len(texts) + 1))
    assert [(keys[cell], store.text(version).decode()) for version, cell in rows] == texts
    marks = {stored[0] & 1 for (stored,) in store.ask("SELECT text FROM versions WHERE text >= x'02'")}
    assert marks == {0, 1}  # both ways to store a text against its parent
    for cell, key in keys.items():
        ((head,),) = store.ask("SELECT head FROM cells WHERE id = ?", cell)
        assert store.text(document << 32 | head).decode() == heads[key]
        assert [(document << 32 | number, store_hash) for number, store_hash in store.listed(cell)] == [
            (version, hashlib.blake2b(store.text(version), digest_size=16).digest()[:2]) for version, of in rows if of == cell
        ]
    ((newest,),) = store.ask("SELECT max(id) FROM layouts")
    assert [keys[cell] for cell in store.cells_of_layout(newest)] == cells


RUN = r"""
#include <stdio.h>
for (int i = 0; i < 1000; i++) printf("line %d ä\n", i);
fflush(stdout);
fputs("warned\n", stderr);
fk_display_id("d", "text/html", "<b>0</b>");
fk_update_display("d", "text/html", "<b>1</b>");
fk_png("\x89PNG", 4);
fk_display("application/json", "{\"a\": [1]}");
42
"""


def test_outputs_of_runs(kernel, notebook, store):
    kernel.run("%fk settings text_limit 2K", cell="magic")
    kernel.run(RUN, cell="a")
    kernel.run("int x = nothing;", cell="b")
    kernel.run("#include <stdlib.h>\nint y = 1;", cell="c")
    store = store()
    runs = store.ask("SELECT id, version_id, parent_run_id, status, execution_count, state FROM runs ORDER BY id")
    assert [status for _, _, _, status, _, _ in runs] == [1, 2, 1]
    assert [store.text(version).decode() for _, version, *_ in runs] == [RUN, "int x = nothing;", "#include <stdlib.h>\nint y = 1;"]
    assert runs[0][2] is None and runs[2][2] == runs[0][0]  # what failed to compile has left no state of its own
    outputs = list(store.outputs(runs[0][0]))
    text = "".join(f"line {i} ä\n" for i in range(1000)).encode()
    stdout = b"".join(data for kind, _, data in outputs if kind == 1)
    head, _, tail = stdout.partition(b"\n[... ")
    left_out, _, tail = tail.partition(b" bytes left out ...]\n")
    assert text.startswith(head) and text.endswith(tail) and len(head) + int(left_out) + len(tail) == len(text)
    assert len(head) <= 1024 and len(tail) <= 1024 and len(head) + len(tail) > 2030
    assert [output for output in outputs if output[0] > 1] == [
        (2, "text/plain", b"warned\n"),
        (3, "text/html", b"<b>0</b>"),
        (5, "text/html", b"<b>1</b>"),
        (3, "image/png", b"\x89PNG"),
        (3, "application/json", b'{\n "a": [\n  1\n ]\n}'),
        (4, "text/plain", b"42"),
    ]
    ((kind, mime, data),) = store.outputs(runs[1][0])
    assert (kind, mime) == (6, "text/plain") and b"nothing" in data
    ((name, document, value),) = store.ask("SELECT name, document_id, value FROM settings")
    assert (name, document, value) == ("text_limit", runs[0][1] >> 32, "2048")


def test_a_run_that_lasts(kernel, store, data_dir):
    """Its files by the names that they have in the meantime: every byte, or the first and the last ones."""
    code = '#include <stdio.h>\n#include <unistd.h>\nfor (int i = 0; i < 20000; i++) printf("line %07d\\n", i);\n' \
           'fflush(stdout);\nfk_html("<b>there</b>");\nfor (;;) pause();'
    kernel.run("%fk settings text_limit 4K", cell="magic")
    msg_id = kernel.execute(code, cell="a")
    kernel.iopub_until(msg_id, lambda m: m["msg_type"] == "display_data")
    store = store()
    ((run, day, status, ended),) = store.ask("SELECT id, day, status, ended_us FROM runs")
    assert (status, ended) == (0, None)
    folder = data_dir / "outputs" / day / f"run-{run}"
    text = "".join(f"line {i:07d}\n" for i in range(20000)).encode()
    head = (folder / "0001-stdout.txt.part").read_bytes()
    assert head == text[:2048]
    tails = {int(p.name.split(".")[3]): p.read_bytes() for p in folder.glob("0001-stdout.txt.tail.*.part")}
    assert 1 <= len(tails) <= 2
    assert all(text[offset : offset + len(data)] == data for offset, data in tails.items())
    assert max(offset + len(data) for offset, data in tails.items()) == len(text)
    assert (folder / "0002-display.html.part").read_text() == "<b>there</b>"
    ((uuid, pid, ended),) = store.ask("SELECT uuid, pid, ended_us FROM sessions")
    assert (data_dir / "sessions" / f"{uuid}.lock").exists() and pid == kernel.pid and ended is None
    kernel.manager.interrupt_kernel()
    kernel.finish(msg_id)
    assert [kind for kind, _, _ in store.outputs(run)][:2] == [1, 3]
    assert not list(folder.glob("*.part"))
