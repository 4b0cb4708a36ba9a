"""Runs the cases in tests/protocol: requests, and the replies and iopub messages that must follow.

A case is a JSON file:

    {
      "about": "one sentence",
      "steps": [
        {
          "send": {"type": "...", "channel": "shell", "content": {...}, "metadata": {...}},
                  or {"execute": "code", "cell": "cell id", "silent": true, ...}: as JupyterLab sends it
          "reply": {"type": "..._reply", "content": {...}},      null: no reply may come
          "iopub": [{"type": "...", "content": {...}}, ...]      between busy and idle, which are implied
        }
      ]
    }

An object in a pattern may lack members of the message; a list must have the same length unless its
last element is "...". The strings "<string>", "<number>", "<bool>", "<list>", "<object>", "<any>"
stand for any value of that kind, and "/.../" for a string in which the regular expression is found.
`iopub` may be left out: then anything goes. Neighbouring pieces of one stream are joined first.
"""

import json
import queue
import re
from pathlib import Path

import pytest
from client import Kernel

CASES = sorted((Path(__file__).parents[1] / "protocol").glob("*.json"))
KINDS = {
    "<string>": str,
    "<number>": (int, float),
    "<bool>": bool,
    "<list>": list,
    "<object>": dict,
    "<any>": object,
}


def mismatch(pattern, value, where):
    """Why the value does not fit the pattern, or None."""
    if isinstance(pattern, str) and pattern in KINDS:
        if isinstance(value, KINDS[pattern]) and not (pattern == "<number>" and isinstance(value, bool)):
            return None
    elif isinstance(pattern, str) and len(pattern) > 1 and pattern[0] == pattern[-1] == "/":
        if isinstance(value, str) and re.search(pattern[1:-1], value):
            return None
    elif isinstance(pattern, dict) and isinstance(value, dict):
        for name, inner in pattern.items():
            if name not in value:
                return f"{where}.{name} is missing in {value}"
            if why := mismatch(inner, value[name], f"{where}.{name}"):
                return why
        return None
    elif isinstance(pattern, list) and isinstance(value, list):
        open_end = bool(pattern) and pattern[-1] == "..."
        wanted = pattern[:-1] if open_end else pattern
        if len(value) < len(wanted) or (len(value) > len(wanted) and not open_end):
            return f"{where} has {len(value)} elements, not {len(wanted)}: {value}"
        for index, inner in enumerate(wanted):
            if why := mismatch(inner, value[index], f"{where}[{index}]"):
                return why
        return None
    elif type(pattern) is type(value) and pattern == value:
        return None
    return f"{where} is {value!r}, not {pattern!r}"


def joined(messages):
    """Type and content of each, neighbouring pieces of one stream as one."""
    out = []
    for message in messages:
        kind, content = message["msg_type"], dict(message["content"])
        if kind == "stream" and out and out[-1]["type"] == "stream" and out[-1]["content"]["name"] == content["name"]:
            out[-1]["content"]["text"] += content["text"]
        else:
            out.append({"type": kind, "content": content})
    return out


def run_step(kernel, step, where):
    send = step["send"]
    channel = send.get("channel", "shell")
    if "execute" in send:
        options = {name: value for name, value in send.items() if name != "execute"}
        msg_id = kernel.execute(send["execute"], **options)
    else:
        msg_id = kernel.send(
            send["type"], send.get("content", {}), channel=channel, metadata=send.get("metadata")
        )
    expects_reply = step.get("reply") is not None
    run = kernel.finish(msg_id, channel=channel, reply=expects_reply)

    states = [m["content"]["execution_state"] for m in run.iopub if m["msg_type"] == "status"]
    assert states == ["busy", "idle"], f"{where}: states {states}"
    assert run.iopub[0]["msg_type"] == "status", f"{where}: something before busy"
    if "iopub" in step:
        why = mismatch(step["iopub"], joined(run.iopub[1:-1]), f"{where}.iopub")
        assert why is None, why
    for message in [*run.iopub, *([run.reply] if run.reply else [])]:
        assert message["parent_header"]["msg_type"] == send.get("type", "execute_request")
        assert message["header"]["version"] == "5.5"
    if expects_reply:
        reply = {"type": run.reply["msg_type"], "content": run.content}
        why = mismatch(step["reply"], reply, f"{where}.reply")
        assert why is None, why
    else:
        # An answer that came all the same would arrive before the answer to this.
        kernel.assert_alive()
        with pytest.raises(queue.Empty):
            getattr(kernel.client, f"get_{channel}_msg")(timeout=0)


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_case(path, notebook):
    case = json.loads(path.read_text())
    assert case["about"] and case["steps"]
    with Kernel(notebook=notebook) as kernel:
        for index, step in enumerate(case["steps"]):
            run_step(kernel, step, f"step {index + 1}")
        kernel.assert_alive()
