"""Cells in C, as a person writes them."""

import pytest
from client import plain


def test_state_is_kept_between_cells(kernel):
    assert kernel.run("int a = 5;").status == "ok"
    assert kernel.run("a++;").status == "ok"
    assert kernel.run("a").result == "6"


def test_everything_in_one_cell(kernel):
    run = kernel.run(
        "#include <stdio.h>\n"
        "#define SQUARE(x) ((x) * (x))\n"
        "int twice(int n) { return 2 * n; }\n"
        "int sum = 0;\n"
        "for (int i = 1; i <= 3; i++) {\n"
        "    sum += SQUARE(i);\n"
        "}\n"
        'printf("sum %d\\n", sum);\n'
        "twice(sum)"
    )
    assert run.stdout == "sum 14\n"
    assert run.result == "28"
    assert run.content["execution_count"] == 1


@pytest.mark.parametrize(
    "code, shown",
    [
        ("1 + 1", "2"),
        ("-7 / 2", "-3"),
        ("0.1 + 0.2", "0.3"),
        ("1 == 1", "1"),
        ("4000000000u", "4000000000"),
        ("sizeof(int)", "4"),
    ],
)
def test_last_expression_is_the_result(shared_kernel, code, shown):
    result = shared_kernel.run(code).result
    assert result is not None and result.startswith(shown)


def test_semicolon_hides_the_result(shared_kernel):
    run = shared_kernel.run("1 + 1;")
    assert run.status == "ok" and run.result is None


def test_redefinition_replaces(kernel):
    kernel.run("int f(void) { return 1; }\nint g(void) { return f() * 10; }\nint v = 3;")
    kernel.run("int f(void) { return 2; }")
    assert kernel.run("g()").result == "20"
    kernel.run("int v = 4;")
    assert kernel.run("v").result == "4"
    kernel.run("double v = 0.5;")
    assert kernel.run("v").result == "0.5"
    assert kernel.run("struct s { int a; };\nstruct s s1 = {7};\ns1.a").result == "7"
    assert kernel.run("struct s { int a, b; };\nstruct s s2 = {7, 8};\ns2.b").result == "8"


def test_same_cell_again(kernel):
    code = "#include <math.h>\ntypedef struct { double x; } box;\nenum { RED, GREEN };\nstatic int n = 1;\nbox b = {sqrt(16)};\nb.x"
    for _ in range(3):
        run = kernel.run(code)
        assert (run.status, run.result) == ("ok", "4.0"), run.text


def test_compile_error_points_into_the_cell(kernel):
    run = kernel.run("int good = 1;\nint bad = goood + 1;\n")
    assert run.status == "error"
    assert run.error["ename"] == "CompileError"
    text = plain("\n".join(run.error["traceback"]))
    assert "line 2, column 11" in text
    lines = text.splitlines()
    source = next(i for i, line in enumerate(lines) if "int bad = goood + 1;" in line)
    assert lines[source + 1].index("^") == lines[source].index("goood")
    assert run.content["ename"] == "CompileError"
    # What failed to compile has not run.
    assert kernel.run("good").status == "error"


def test_warning_is_shown_and_the_cell_runs(kernel):
    run = kernel.run('#include <stdio.h>\nprintf("%s\\n", 5 > 3 ? "yes" : "no");\n1 == 2;')
    assert run.stdout == "yes\n"
    assert "warning" in run.stderr


def test_segfault_names_cell_and_line_and_the_kernel_lives(kernel):
    assert kernel.run("int kept = 11;").status == "ok"
    run = kernel.run('#include <stdio.h>\nputs("before");\nint *nowhere = 0;\n*nowhere = 1;')
    assert run.status == "error"
    assert run.stdout == "before\n"
    text = plain("\n".join(run.error["traceback"]))
    assert "SIGSEGV" in text + run.error["ename"] or "egmentation" in text
    assert "line 4" in text or ":4" in text, text
    assert kernel.run("1 + 1").result == "2"


def test_stack_overflow_is_a_fault_like_another(kernel):
    run = kernel.run("int down(int n) { volatile char big[4096]; big[0] = (char)n; return down(n + 1) + big[0]; }\ndown(0)")
    assert run.status == "error"
    assert kernel.run("1 + 1").result == "2"


@pytest.mark.parametrize("code", ["abort();", "raise(SIGKILL);", "raise(SIGTERM);", "volatile int z = 0; 100 / z", "__builtin_trap();"])
def test_other_deaths(kernel, code):
    run = kernel.run(f"#include <stdlib.h>\n#include <signal.h>\n{code}")
    assert run.status == "error"
    assert kernel.run("1 + 1").result == "2"


def test_exit_ends_the_cell_not_the_kernel(kernel):
    run = kernel.run('#include <stdio.h>\n#include <stdlib.h>\nprintf("last words");\nexit(3);')
    assert "last words" in run.stdout
    assert kernel.run("1 + 1").result == "2"


def test_program_with_main(kernel):
    run = kernel.run(
        "//%args: one two\n#include <stdio.h>\nint main(int argc, char **argv) {\n"
        '    for (int i = 1; i < argc; i++) printf("%d %s\\n", i, argv[i]);\n    return 0;\n}\n'
    )
    assert run.stdout == "1 one\n2 two\n"
    assert run.status == "ok"
    # Such cells are run again and again in notebooks written for jupyter-c-kernel.
    assert kernel.run("#include <stdio.h>\nint main() { puts(\"other\"); }").stdout == "other\n"


def test_cflags_and_ldflags(kernel):
    assert kernel.run("//%cflags: -DANSWER=42\nANSWER").result == "42"
    assert kernel.run("//%ldflags: -lm\n#include <math.h>\nvolatile double two = 2;\npow(two, 10)").result == "1024.0"


def test_display_comes_in_the_order_of_printing(kernel):
    run = kernel.run(
        '#include <stdio.h>\nprintf("a\\n");\nfk_html("<i>b</i>");\nprintf("c\\n");\n'
        'fprintf(stderr, "d\\n");\nfk_markdown("**e**");\nprintf("f\\n");'
    )
    order = []
    for message in run.of_type("stream", "display_data"):
        content = message["content"]
        order.append(content["text"] if "text" in content else sorted(content["data"])[0])
    # Neighbouring pieces of one stream may come in one message.
    assert "".join(order) == "a\ntext/htmlc\nd\ntext/markdownf\n"


def test_picture_from_memory_and_file(kernel, tmp_path):
    import base64
    import zlib

    def chunk(kind, data):
        crc = zlib.crc32(kind + data).to_bytes(4, "big")
        return len(data).to_bytes(4, "big") + kind + data + crc

    png = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", (1).to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00")
        + chunk(b"IDAT", zlib.compress(b"\x00\x10\x20\x30"))
        + chunk(b"IEND", b"")
    )
    path = tmp_path / "pixel.png"
    path.write_bytes(png)
    numbers = ",".join(map(str, png))
    for code in (
        f"unsigned char png[] = {{{numbers}}};\nfk_png(png, sizeof png);",
        f'fk_png_file("{path}");',
    ):
        run = kernel.run(code)
        assert base64.b64decode(run.displays[0]["image/png"]) == png


def test_clear_output(kernel):
    run = kernel.run('#include <stdio.h>\nputs("a");\nfk_clear_output(1);\nputs("b");')
    kinds = [m["msg_type"] for m in run.of_type("stream", "clear_output")]
    assert kinds == ["stream", "clear_output", "stream"]
    assert run.of_type("clear_output")[0]["content"] == {"wait": True}


def test_printing_appears_while_the_cell_runs(kernel):
    msg_id = kernel.execute('#include <stdio.h>\n#include <unistd.h>\nputs("now");\nfor (;;) pause();')
    kernel.wait_for_output(msg_id, "now\n")
    kernel.manager.interrupt_kernel()
    assert kernel.finish(msg_id).status == "error"


@pytest.mark.parametrize(
    "code, line, shown",
    [
        ('int n; scanf("%d", &n);\nn * 2', "21", "42"),
        ("char line[50]; fgets(line, sizeof line, stdin);\nline[0] == 'h'", "hello", "1"),
        ("getchar()", "A", "65"),
    ],
)
def test_stdin(kernel, code, line, shown):
    msg_id = kernel.execute("#include <stdio.h>\n" + code, allow_stdin=True)
    assert kernel.answer(line)["password"] is False
    run = kernel.finish(msg_id)
    assert run.result == shown, run.text


def test_two_lines_of_stdin_after_a_prompt(kernel):
    msg_id = kernel.execute(
        '#include <stdio.h>\nint a, b;\nprintf("a? ");\nscanf("%d", &a);\nprintf("b? ");\nscanf("%d", &b);\na + b',
        allow_stdin=True,
    )
    kernel.answer("40")
    kernel.answer("2")
    run = kernel.finish(msg_id)
    assert run.result == "42", run.text
    assert "b? " in run.stdout


def test_end_of_file_on_stdin(kernel):
    msg_id = kernel.execute("#include <stdio.h>\ngetchar() == EOF", allow_stdin=True)
    kernel.answer("\x04")
    assert kernel.finish(msg_id).result == "1"


def test_stdin_without_a_front_end_that_can(kernel):
    run = kernel.run("#include <stdio.h>\nint n = -1;\nint got = scanf(\"%d\", &n);\ngot")
    # End of file or an error with a reason: never a wait.
    assert run.status == "error" or run.result == "-1"
    assert kernel.run("1 + 1").result == "2"


@pytest.mark.parametrize("code", ["", "  \n", "%fk log", "%fk goto 1", "%fk tree"])
def test_user_expressions_of_cells_without_code(kernel, code):
    """Each key is answered, whatever the cell is."""
    kernel.run("int a = 2;")
    count = kernel.run("a += 0;").content["execution_count"]
    run = kernel.run(code, user_expressions={"good": "a + 1", "bad": "nothing_like_it"})
    assert run.status == "ok"
    answers = run.content["user_expressions"]
    assert answers["good"]["data"]["text/plain"] == "3" and answers["bad"]["status"] == "error"
    assert run.content["execution_count"] == count + (1 if code.strip() else 0)
    assert kernel.run("a").result == "2"


def test_the_pager_and_user_expressions(kernel):
    kernel.run("int a = 2;")
    alone = kernel.run("%fk restore 1")
    run = kernel.run("%fk restore 1", user_expressions={"good": "a + 1"})
    assert run.content["payload"] and run.content["payload"] == alone.content["payload"]
    assert run.content["user_expressions"]["good"]["data"]["text/plain"] == "3"
    assert kernel.run("a").content["payload"] == []


def test_user_expressions(kernel):
    run = kernel.run("int a = 2;", user_expressions={"good": "a + 1", "bad": "nothing_like_it"})
    expressions = run.content["user_expressions"]
    assert expressions["good"]["status"] == "ok"
    assert expressions["good"]["data"]["text/plain"] == "3"
    assert expressions["bad"]["status"] == "error"
    failed = kernel.run("int = ;", user_expressions={"good": "a"})
    assert failed.status == "error"
    assert not failed.content.get("user_expressions")


def test_empty_and_odd_cells(kernel):
    for code in ("", "   \n\n", "// only a comment", "/* one */ /* two */", ";", "{ }"):
        run = kernel.run(code)
        assert run.status == "ok", (code, run.text)
        assert run.result is None


def test_text_beyond_ascii(kernel):
    run = kernel.run('#include <stdio.h>\nputs("schön 漢字 🌲");\nint größe = 3;\ngröße')
    assert run.stdout == "schön 漢字 🌲\n"
    assert run.result == "3"


def test_large_cell(kernel):
    lines = [f"int v{i} = {i};" for i in range(2000)]
    assert kernel.run("\n".join(lines) + "\nv1999").result == "1999"


def test_completion_knows_earlier_cells(kernel):
    kernel.run("struct point { int abscissa; int ordinate; };\nstruct point here;\nint longish_name(int n) { return n; }")
    reply = kernel.ask("complete_request", {"code": "here.ab", "cursor_pos": 7}).content
    assert reply["matches"] == ["abscissa"]
    assert (reply["cursor_start"], reply["cursor_end"]) == (5, 7)
    reply = kernel.ask("complete_request", {"code": "longis", "cursor_pos": 6}).content
    assert "longish_name" in reply["matches"]


def test_completion_counts_code_points(kernel):
    kernel.run("int zebra_crossing = 1;")
    code = 'const char *s = "🌲🌲"; zebra'
    reply = kernel.ask("complete_request", {"code": code, "cursor_pos": len(code)}).content
    assert reply["matches"] == ["zebra_crossing"]
    assert (reply["cursor_start"], reply["cursor_end"]) == (len(code) - 5, len(code))


def test_inspection_shows_declaration_and_comment(kernel):
    kernel.run("/** Doubles it. */\nint twice(int n) { return 2 * n; }")
    reply = kernel.ask("inspect_request", {"code": "twice(3)", "cursor_pos": 2, "detail_level": 0}).content
    assert reply["found"] is True
    assert "int twice(int n)" in reply["data"]["text/plain"]


@pytest.mark.parametrize(
    "code",  # ^ is the cursor
    [
        "twice(^",
        "twice(^)",
        "int x = twice(  ^  );",
        "twice(3, ^4)",
        "twice(twice(1), ^",
        'twice(")", ^',
        "if (twice(^",
        "twice((1 + ^",
        "twice(sizeof(^",
        "for (int i = 0; i < twice(^",
        "printf(\"🌲\"); twice(^",
        "int f(void) {\n  return twice(\n^",
    ],
)
def test_inspection_of_arguments_shows_the_signature(kernel, code):
    kernel.run("/** Doubles it. */\nint twice(int n) { return 2 * n; }")
    content = {"code": code.replace("^", ""), "cursor_pos": code.index("^"), "detail_level": 0}
    reply = kernel.ask("inspect_request", content).content
    assert reply["found"] and reply["data"]["text/plain"].startswith("int twice(int n)")
    assert "Doubles it" in reply["data"]["text/plain"]


def test_inspection_of_an_argument_shows_both(kernel):
    kernel.run("int twice(int n) { return 2 * n; }\nint some = 3;")
    reply = kernel.ask("inspect_request", {"code": "twice(some", "cursor_pos": 10, "detail_level": 0}).content
    text = reply["data"]["text/plain"]
    assert text.startswith("int some") and "int twice(int n)" in text
    for code in ("unknown(" * 10000, "twice(1); ", "twice(1) + ", "{ twice; (", "while ("):
        reply = kernel.ask("inspect_request", {"code": code, "cursor_pos": len(code), "detail_level": 0}).content
        assert not reply["found"], code


def test_questions_are_answered_while_a_cell_runs(kernel):
    kernel.run("int known_before = 1;")
    msg_id = kernel.execute("#include <unistd.h>\nfor (;;) pause();")
    kernel.iopub_until(msg_id, lambda m: m["msg_type"] == "execute_input")
    complete = kernel.send("complete_request", {"code": "known_b", "cursor_pos": 7})
    assert kernel.reply_to(complete)["content"]["matches"] == ["known_before"]
    for kind, content in (
        ("inspect_request", {"code": "printf", "cursor_pos": 3, "detail_level": 0}),
        ("is_complete_request", {"code": "int f(void) {"}),
        ("history_request", {"hist_access_type": "tail", "n": 1, "output": False, "raw": True}),
        ("comm_info_request", {}),
        ("kernel_info_request", {}),
    ):
        asked = kernel.send(kind, content)
        assert kernel.reply_to(asked)["content"]["status"] in ("ok", "incomplete"), kind
    kernel.manager.interrupt_kernel()
    assert kernel.finish(msg_id).status == "error"


def test_an_error_aborts_only_queued_cells(kernel):
    first = kernel.execute("#include <unistd.h>\nusleep(300000);\nint *nowhere = 0;\n*nowhere = 1;")
    second = kernel.execute("2")
    info = kernel.send("kernel_info_request")
    third = kernel.execute("3")
    assert kernel.finish(first).status == "error"
    assert kernel.reply_to(info)["content"]["status"] == "ok"
    for msg_id in (second, third):
        run = kernel.finish(msg_id)
        assert run.status == "error"
        assert {"ename", "evalue", "traceback"} <= set(run.content)
        assert not run.of_type("execute_result")
    assert kernel.run("4").result == "4"


def test_an_error_without_stop_on_error_aborts_nothing(kernel):
    first = kernel.execute("int x = ;", stop_on_error=False)
    second = kernel.execute("2")
    assert kernel.finish(first).status == "error"
    assert kernel.finish(second).result == "2"


def test_output_of_a_run_keeps_its_parent(kernel):
    """A request on control during a run must not take over the run's output."""
    msg_id = kernel.execute('#include <stdio.h>\n#include <unistd.h>\nputs("one");\nfflush(stdout);\nusleep(400000);\nputs("two");')
    kernel.wait_for_output(msg_id, "one\n")
    control = kernel.send("kernel_info_request", channel="control")
    kernel.reply_to(control, channel="control")
    assert "two\n" in kernel.finish(msg_id).stdout


def test_counter_rises_only_with_history(kernel):
    assert kernel.run("1").content["execution_count"] == 1
    assert kernel.run("1", store_history=False).content["execution_count"] == 1
    assert kernel.run("1", silent=True).content["execution_count"] == 1
    assert kernel.run("int x = ;").content["execution_count"] == 2
    assert kernel.run("1").content["execution_count"] == 3


def test_silent_shows_nothing(kernel):
    run = kernel.run('#include <stdio.h>\nputs("loud");\n1', silent=True)
    assert [m["msg_type"] for m in run.iopub] == ["status", "status"]
    assert run.status == "ok"


def test_order_of_messages(kernel):
    run = kernel.run('#include <stdio.h>\nputs("x");\n1')
    kinds = [m["msg_type"] for m in run.iopub]
    assert kinds[0] == "status" and kinds[1] == "execute_input"
    assert kinds[-1] == "status"
    assert kinds.index("stream") < kinds.index("execute_result")
    assert run.of_type("execute_input")[0]["content"]["execution_count"] == 1


def test_threads_and_children_may_print(kernel):
    run = kernel.run('#include <stdlib.h>\n#include <stdio.h>\nfflush(stdout);\nsystem("echo from a child");')
    assert run.stdout == "from a child\n"
    run = kernel.run(
        "#include <pthread.h>\n#include <stdio.h>\nvoid *work(void *p) { printf(\"thread\\n\"); return p; }\n"
        "pthread_t t;\npthread_create(&t, 0, work, 0);\npthread_join(t, 0);"
    )
    assert run.stdout == "thread\n", run.text


def test_no_compiler_on_the_path(notebook, tmp_path):
    from client import Kernel

    empty = tmp_path / "empty"
    empty.mkdir()
    with Kernel(notebook=notebook, env={"PATH": str(empty)}) as kernel:
        run = kernel.run("1 + 1")
        if run.status == "error":
            assert "install" in run.text, run.text
        assert kernel.ask("kernel_info_request").status == "ok"
