"""What arrives on the sockets: signatures, broken frames, repeats, transports, encryption."""

import json
import os
import stat
import time

import pytest
import zmq
from client import TIMEOUT, Kernel, raw_socket, signed_frames
from jupyter_client import KernelManager

DELIMITER = b"<IDS|MSG>"


def poll_reply(socket, timeout=0.3):
    return socket.recv_multipart() if socket.poll(int(timeout * 1000)) else None


def parse(frames):
    """header and content of a reply, whatever identities are before it."""
    at = frames.index(DELIMITER)
    return json.loads(frames[at + 2]), json.loads(frames[at + 5])


def broken(kernel):
    """Name and frames of messages that are none."""
    good = signed_frames(kernel, "kernel_info_request")
    at = good.index(DELIMITER)
    signature, header, parent, metadata, content = good[at + 1 : at + 6]
    flipped = b"0" * 64 if signature[:1] != b"0" else b"1" + signature[1:]
    yield "no frames after the delimiter", [DELIMITER]
    yield "no delimiter", [b"hello", b"world"]
    yield "one empty frame", [b""]
    yield "wrong signature", [DELIMITER, flipped, header, parent, metadata, content]
    yield "empty signature", [DELIMITER, b"", header, parent, metadata, content]
    yield "short signature", [DELIMITER, signature[:10], header, parent, metadata, content]
    yield "long signature", [DELIMITER, signature + b"0", header, parent, metadata, content]
    yield "upper-case signature of another message", [DELIMITER, signature.upper()[::-1], header, parent, metadata, content]
    yield "missing content", [DELIMITER, signature, header, parent, metadata]
    yield "changed content", [DELIMITER, signature, header, parent, metadata, b'{"code": "1"}']
    yield "many frames", [DELIMITER] + [b"x"] * 3000
    yield "a large frame", [DELIMITER, b"x" * (8 << 20)]
    for name, frames in (
        ("header is no JSON", [b"{", parent, metadata, content]),
        ("header is a list", [b"[]", parent, metadata, content]),
        ("header is empty", [b"{}", parent, metadata, content]),
        ("header fields are numbers", [b'{"msg_id": 1, "msg_type": 2}', parent, metadata, content]),
    ):
        frames[2] = b'{"unique": "%s"}' % os.urandom(8).hex().encode()  # or it would be dropped as a repeat
        yield name, [DELIMITER, sign(kernel, frames), *frames]


def sign(kernel, frames):
    return kernel.client.session.sign(frames)


def test_broken_messages_are_dropped(kernel):
    for channel in ("shell", "control", "stdin"):
        with raw_socket(kernel, channel) as socket:
            for name, frames in broken(kernel):
                socket.send_multipart(frames)
                reply = poll_reply(socket, 0.02)
                # Odd members of a signed message may be answered with an error, never with success.
                if reply is not None:
                    assert parse(reply)[1].get("status") == "error", name
    kernel.assert_alive()
    assert kernel.run("40 + 2").result == "42"


@pytest.mark.parametrize("content", [b"[]", b'{"code": "1', b"[" * 100000, b"7"])
@pytest.mark.parametrize("channel", ["shell", "control"])
def test_content_that_is_no_object_is_answered(kernel, channel, content):
    frames = signed_frames(kernel, "kernel_info_request")
    at = frames.index(DELIMITER)
    with raw_socket(kernel, channel) as socket:
        parts = [*frames[at + 2 : at + 5], content]
        socket.send_multipart([DELIMITER, sign(kernel, parts), *parts])
        header, content = parse(poll_reply(socket, TIMEOUT))
    assert header["msg_type"] == "kernel_info_reply"
    assert content["status"] == "error" and "no JSON object" in content["evalue"]
    kernel.assert_alive()


@pytest.mark.parametrize(
    "parent, metadata, code, result",
    [
        (b"{}", b'{"n": 9223372036854775808}', b'"40 + 2"', "42"),
        (b"{}", b'{"n": [-1e400, NaN, {"m": 99999999999999999999999999}]}', b'"40 + 2"', "42"),
        (b"{}", b"[]", b'"40 + 2"', "42"),
        (b"null", b"null", b'"40 + 2"', "42"),
        (b"7", b"{", b'"40 + 2"', "42"),
        (b"{}", b"{}", b'"40 + 2 // \\ud800"', "42"),
        (b"{}", b"{}", b'"40 + 2 // \xff\xed\xa0\x80"', "42"),
    ],
)
def test_whatever_is_signed_is_answered(kernel, parent, metadata, code, result):
    """Front ends merge a cell's metadata into the request, and a person may have anything there."""
    frames = signed_frames(kernel, "execute_request")
    at = frames.index(DELIMITER)
    content = b'{"code": %s, "silent": false, "store_history": true, "user_expressions": {}}' % code
    parts = [frames[at + 2], parent, metadata, content]
    with raw_socket(kernel) as socket:
        socket.send_multipart([DELIMITER, sign(kernel, parts), *parts])
        header, content = parse(poll_reply(socket, TIMEOUT))
    assert (header["msg_type"], content["status"]) == ("execute_reply", "ok")
    msg_id = json.loads(frames[at + 2])["msg_id"]
    shown = kernel.iopub_until(msg_id, lambda message: message["msg_type"] == "execute_result")
    assert shown[-1]["content"]["data"]["text/plain"] == result


def test_the_first_subscriber_hears_that_the_kernel_starts(notebook):
    with Kernel(notebook=notebook) as kernel:
        kernel.manager.restart_kernel(now=True)
        client = kernel.another_client()
        client.start_channels()
        messages = [client.get_iopub_msg(timeout=TIMEOUT) for _ in range(2)]
        client.stop_channels()
    assert [message["msg_type"] for message in messages] == ["iopub_welcome", "status"]
    assert messages[1]["content"]["execution_state"] == "starting"


def test_delimiter_may_be_the_first_frame(kernel):
    with raw_socket(kernel) as socket:
        frames = signed_frames(kernel, "kernel_info_request")
        assert frames[0] == DELIMITER
        socket.send_multipart(frames)
        header, content = parse(poll_reply(socket, TIMEOUT))
        assert (header["msg_type"], content["status"]) == ("kernel_info_reply", "ok")


def test_extra_identities_come_back(kernel):
    with raw_socket(kernel) as socket:
        socket.send_multipart([b"one", b"\x00two", *signed_frames(kernel, "kernel_info_request")])
        reply = poll_reply(socket, TIMEOUT)
        assert reply[:3] == [b"one", b"\x00two", DELIMITER]


def test_repeated_message_is_dropped(kernel):
    frames = signed_frames(kernel, "kernel_info_request")
    with raw_socket(kernel) as socket:
        socket.send_multipart(frames)
        assert poll_reply(socket, TIMEOUT)
        socket.send_multipart(frames)
        assert poll_reply(socket, 0.3) is None
    kernel.assert_alive()


def test_reply_is_signed(kernel):
    with raw_socket(kernel) as socket:
        socket.send_multipart(signed_frames(kernel, "kernel_info_request"))
        reply = poll_reply(socket, TIMEOUT)
    at = reply.index(DELIMITER)
    assert reply[at + 1] == sign(kernel, reply[at + 2 : at + 6])


def test_empty_key_means_no_signatures(notebook):
    manager_options = {}
    with Kernel(notebook=notebook, **manager_options) as kernel:
        assert kernel.manager.session.key
    manager = KernelManager(kernel_name="forkernel-c")
    manager.session.key = b""
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=TIMEOUT)
    finally:
        client.stop_channels()
        manager.shutdown_kernel()


def test_one_session_on_every_channel(kernel):
    """JupyterLab drops queued handlers of messages whose session changed."""
    shell = kernel.ask("kernel_info_request")
    control = kernel.ask("kernel_info_request", channel="control")
    run = kernel.run("1")
    messages = [shell.reply, control.reply, run.reply, *shell.iopub, *control.iopub, *run.iopub]
    assert len({m["header"]["session"] for m in messages}) == 1
    assert {m["header"]["version"] for m in messages} == {"5.5"}


def test_every_new_client_gets_a_welcome(kernel):
    for _ in range(2):
        client = kernel.another_client()
        client.start_channels()
        try:
            welcome = client.get_iopub_msg(timeout=TIMEOUT)
            assert welcome["msg_type"] == "iopub_welcome"
            assert welcome["content"]["subscription"] == ""
            assert welcome["parent_header"] == {}
            assert welcome["header"]["session"] == kernel.ask("kernel_info_request").reply["header"]["session"]
        finally:
            client.stop_channels()


def test_heartbeat_echoes_while_a_cell_runs(kernel):
    msg_id = kernel.execute("for (;;) {}")
    kernel.iopub_until(msg_id, lambda m: m["msg_type"] == "execute_input")
    info = kernel.manager.get_connection_info()
    context = zmq.Context()
    socket = context.socket(zmq.REQ)
    socket.linger = 0
    socket.connect(f"tcp://{info['ip']}:{info['hb_port']}")
    try:
        for beat in (b"ping", b"", b"x" * 100000):
            socket.send(beat)
            assert socket.poll(TIMEOUT * 1000)
            assert socket.recv() == beat
    finally:
        socket.close()
        context.term()
    kernel.manager.interrupt_kernel()
    kernel.finish(msg_id)


def test_ipc(notebook, tmp_path):
    # Paths of sockets are short on every system; tmp_path may be long.
    with Kernel(notebook=notebook, transport="ipc", ip=f"/tmp/fk-{os.getpid()}") as kernel:
        assert kernel.run("2 + 3").result == "5"
        assert kernel.client.hb_channel.is_beating()


def test_curve(notebook):
    if not hasattr(KernelManager, "transport_encryption"):
        pytest.fail("this jupyter_client has no encryption; tools/requirements-check.txt asks for one that has")
    with Kernel(notebook=notebook, transport_encryption="required") as kernel:
        info = kernel.manager.get_connection_info()
        assert info["curve_publickey"]
        assert kernel.run("2 + 3").result == "5"
        assert kernel.ask("kernel_info_request", channel="control").status == "ok"
        # One without the key gets nothing, however well it signs.
        for channel in ("shell", "control", "stdin"):
            with raw_socket(kernel, channel) as socket:
                try:
                    socket.send_multipart(signed_frames(kernel, "kernel_info_request"), zmq.DONTWAIT)
                except zmq.Again:
                    continue  # it has been refused already
                assert poll_reply(socket, 0.2) is None
        context = zmq.Context()
        plain = context.socket(zmq.SUB)
        plain.linger = 0
        plain.subscribe(b"")
        plain.connect(f"tcp://{info['ip']}:{info['iopub_port']}")
        assert kernel.run("1").result == "1"
        assert not plain.poll(200)
        plain.close()
        context.term()


def test_a_client_that_stops_reading_costs_nobody_else(kernel):
    with raw_socket(kernel) as socket:
        for _ in range(300):
            socket.send_multipart(signed_frames(kernel, "kernel_info_request"))
        begin = time.monotonic()
        assert kernel.run("1").result == "1"
        assert time.monotonic() - begin < TIMEOUT / 2


def test_many_messages_at_once(kernel):
    """ZMQ_FD is edge-triggered: a kernel that forgets so hangs with messages waiting."""
    asked = [kernel.send("kernel_info_request") for _ in range(200)]
    answered = {kernel.client.get_shell_msg(timeout=TIMEOUT)["parent_header"]["msg_id"] for _ in asked}
    assert answered == set(asked)


def test_data_folder_is_private(kernel, data_dir):
    kernel.run("1")
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
    for path in data_dir.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path
