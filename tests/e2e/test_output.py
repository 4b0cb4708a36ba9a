"""Output that is no text, too much of it, and output that comes late."""

import time

import pytest
from client import TIMEOUT, show

REPLACEMENT = "\ufffd"


def kept_bytes(data_dir):
    return b"".join(p.read_bytes() for p in sorted((data_dir / "outputs").rglob("*.txt")))


def test_not_utf8(kernel, data_dir):
    run = kernel.run('#include <unistd.h>\nwrite(1, "a\\xff\\xfe" "b\\xc3(c\\n", 8);', cell="c1")
    assert run.stdout.startswith(f"a{REPLACEMENT}") and "b" in run.stdout and run.stdout.endswith("(c\n")
    assert b"a\xff\xfeb\xc3(c\n" in kept_bytes(data_dir)


def test_nul(kernel, data_dir):
    run = kernel.run('#include <unistd.h>\nwrite(1, "a\\0b\\n", 4);', cell="c1")
    assert run.stdout in ("a\x00b\n", f"a{REPLACEMENT}b\n", "a\u2400b\n")
    assert b"a\0b\n" in kept_bytes(data_dir)


def test_characters_split_between_writes(kernel, data_dir):
    code = (
        "#include <unistd.h>\n"
        'const char *tree = "\\xf0\\x9f\\x8c\\xb2\\n";\n'
        "for (int i = 0; i < 5; i++) { write(1, tree + i, 1); usleep(30000); }"
    )
    assert kernel.run(code, cell="c1").stdout == "🌲\n"


def test_character_cut_off_by_the_end(kernel, data_dir):
    run = kernel.run('#include <unistd.h>\nwrite(1, "x\\xf0\\x9f", 3);', cell="c1")
    assert run.stdout.startswith("x") and REPLACEMENT in run.stdout
    assert b"x\xf0\x9f" in kept_bytes(data_dir)


@pytest.mark.slow
def test_endless_text_is_cut_with_exact_counts(kernel, notebook, data_dir):
    lines = 400_000
    code = f'#include <stdio.h>\nfor (int i = 0; i < {lines}; i++) printf("line %07d\\n", i);'
    run = kernel.run(code, cell="c1")
    total = lines * len("line 0000000\n")
    # The front end has the beginning, a notice and the last lines.
    assert run.stdout.startswith("line 0000000\n")
    assert f"line {lines - 1:07d}\n" in run.stdout
    assert len(run.stdout) < 3 << 20
    kept = kept_bytes(data_dir)
    assert kept.startswith(b"line 0000000\n")
    text = show(notebook, 1)
    assert f"line {lines - 1:07d}\n" in text
    # What was kept and what is said to be left out add up.
    import re

    left_out = int(re.search(r"\[\.\.\. (\d+) bytes left out \.\.\.\]", text).group(1))
    body = text[text.index("line 0000000\n") :]
    head, _, tail = body.partition("\n[... ")
    tail = tail.partition("]\n")[2]
    tail = tail[: tail.rindex(f"line {lines - 1:07d}\n") + 13]
    assert len(head) + left_out + len(tail) in (total, total - 1, total + 1)


def test_streams_are_coalesced(kernel):
    """A server drops more than 1000 messages a second."""
    run = kernel.run('#include <stdio.h>\nfor (int i = 0; i < 20000; i++) { printf("%d\\n", i); fflush(stdout); }')
    assert run.stdout.count("\n") == 20000
    assert len(run.of_type("stream")) < 500


def test_late_output_does_not_hang_the_kernel(kernel):
    run = kernel.run(
        "#include <stdlib.h>\n#include <stdio.h>\nfflush(stdout);\nsystem(\"(sleep 0.3; echo late) &\");"
    )
    assert run.status == "ok"
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        message = kernel.next_iopub()
        if message["msg_type"] == "stream":
            assert message["content"]["text"] == "late\n"
            break
    assert kernel.run("1 + 1").result == "2"


def test_closed_streams(kernel):
    kernel.run("#include <stdio.h>\n#include <unistd.h>\nclose(1);\nclose(2);\nfclose(stdout);")
    assert kernel.run("1 + 1").result == "2"


def test_markers_in_output_are_text(kernel):
    """Nothing that a cell prints is taken for a sign from the worker."""
    code = '#include <stdio.h>\nputs("<IDS|MSG>\\x04\\n--END--\\n{\\"status\\": \\"ok\\"}");\nputs("after");'
    run = kernel.run(code)
    assert run.stdout.endswith("after\n")
    assert "--END--" in run.stdout


def test_rubbish_to_every_descriptor(kernel):
    """The code of a cell owns the worker; the kernel takes none of its bytes on trust."""
    kernel.run(
        "#include <unistd.h>\n#include <string.h>\n#include <fcntl.h>\n#include <sys/socket.h>\n"
        "char rubbish[4096];\nmemset(rubbish, 0xff, sizeof rubbish);\n"
        "for (int fd = 3; fd < 200; fd++) { send(fd, rubbish, sizeof rubbish, MSG_DONTWAIT | MSG_NOSIGNAL); }"
    )
    for _ in range(2):
        run = kernel.run("1 + 1")
    assert run.result == "2"
    kernel.assert_alive()
