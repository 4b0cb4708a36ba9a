"""What the model of a person remembers by itself, and the record that it is compared with: the store, read by docs/store.md."""

import base64
import json
from dataclasses import dataclass, field

from test_store_format import Store

STREAMS = ("stdout", "stderr")
KINDS = {1: "stdout", 2: "stderr", 3: "display", 4: "result", 6: "error"}
TEXT_LIKE = ("text/", "image/svg")


def joined(parts):
    """Streams as one, however they came in pieces."""
    out = []
    for kind, mime, data in parts:
        if kind in STREAMS and out and out[-1][0] == kind:
            out[-1] = (kind, mime, out[-1][2] + data)
        else:
            out.append((kind, mime, data))
    return [part for part in out if part[2] or part[0] not in STREAMS]


def shown(outputs):
    """The outputs of a page as (kind, MIME type, bytes)."""
    parts = []
    for output in outputs:
        kind = output["output_type"]
        if kind == "stream":
            parts.append((output["name"], "text/plain", text_of(output["text"]).encode()))
        elif kind == "error":
            parts.append(("error", "text/plain", "\n".join(output["traceback"]).encode()))
        else:
            for mime, value in sorted(output["data"].items()):
                text = text_of(value) if isinstance(value, (str, list)) else json.dumps(value)
                is_text = mime.startswith(TEXT_LIKE)
                data = text.encode() if is_text else base64.b64decode(text)
                parts.append(({"display_data": "display", "execute_result": "result"}[kind], mime, data))
    return joined(parts)


def text_of(value):
    return value if isinstance(value, str) else "".join(value)


@dataclass
class Document:
    """A notebook as the person thinks of it: whatever its name is now."""

    path: str  # below the server's root
    origin: "Document | None" = None  # it was copied from there
    cells: set = field(default_factory=set)  # ids that it ever had
    texts: set = field(default_factory=set)  # (cell id, text) that it ever showed
    outputs: list = field(default_factory=list)  # (cell id, text, parts) that a run ended with
    met: bool = True  # False: moved without the front end, and where no kernel looks that is seen when it is opened


@dataclass
class Run:
    id: int
    count: int
    status: int
    version: int
    parts: list | None  # None: it lasts


class Record(Store):
    """The store's rows of one notebook; versions and ended runs never change, and are read once."""

    def __init__(self, folder):
        super().__init__(folder)
        self._texts, self._runs = {}, {}

    def document(self, path):
        """The id of the notebook at an absolute path, or None."""
        rows = self.ask("SELECT id FROM documents WHERE path = ?", str(path))
        return rows[0][0] if rows else None

    def cells(self, document):
        """{id: (cell_id, head, deleted)}"""
        rows = self.ask("SELECT key, id, head, deleted_us FROM cells WHERE document_id = ?", document)
        return {key: (cell, head, bool(deleted)) for key, cell, head, deleted in rows}

    def versions(self, document):
        """{number: (id of the cell, text)}"""
        rows = self.ask(
            "SELECT v.id, key FROM versions v JOIN cells c ON c.id = v.cell_id WHERE v.id BETWEEN ? AND ? ORDER BY v.id",
            document << 32, ((document + 1) << 32) - 1,
        )
        for version, _ in rows:
            if version not in self._texts:
                self._texts[version] = self.text(version).decode()
        return {version & 0xFFFFFFFF: (key, self._texts[version]) for version, key in rows}

    def runs(self, document):
        rows = self.ask(
            "SELECT id, execution_count, status, version_id, ended_us FROM runs WHERE version_id BETWEEN ? AND ? ORDER BY id",
            document << 32, ((document + 1) << 32) - 1,
        )
        return [self._run(*row) for row in rows]

    def _run(self, run, count, status, version, ended):
        if not ended:
            return Run(run, count, status, version & 0xFFFFFFFF, None)
        known = self._runs.get(run)
        if known is None:
            parts = joined((KINDS[kind], mime, data or b"") for kind, mime, data in self.outputs(run) if kind in KINDS)
            known = self._runs[run] = Run(run, count, status, version & 0xFFFFFFFF, parts)
        return known
