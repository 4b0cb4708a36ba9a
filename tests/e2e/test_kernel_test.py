"""The reference validator, jupyter_kernel_test, in full: every optional check that applies to C."""


import jupyter_kernel_test
from client import KERNEL


class TestForkernel(jupyter_kernel_test.KernelTests):
    kernel_name = KERNEL
    language_name = "c"
    file_extension = ".c"

    code_hello_world = '#include <stdio.h>\nputs("hello, world");'
    code_stderr = '#include <stdio.h>\nfputs("test\\n", stderr);'

    completion_samples = [
        {"text": "#include <stdlib.h>\nmallo", "matches": {"malloc"}},
        {"text": "struct point { int abscissa, ordinate; } p; p.absc", "matches": {"abscissa"}},
    ]

    complete_code_samples = ["1 + 1", "int a = 3;", 'puts("x");', "int f(void) { return 1; }", ""]
    incomplete_code_samples = ["int f(void) {", "for (;;) {", "int a = (1 +", "/* a comment", '#define A \\']
    invalid_code_samples = ["int f(void) }", "1 +) 2;"]

    code_generate_error = "int x = ;"

    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": "1.0 / 4", "result": "0.25"},
        {"code": '"text"', "result": '"text"'},
    ]
    code_history_pattern = "6 ? 7"  # one of the codes above, and only one

    code_display_data = [
        {"code": 'fk_display("text/html", "<b>bold</b>");', "mime": "text/html"},
        {"code": 'fk_svg("<svg xmlns=\\"http://www.w3.org/2000/svg\\"/>");', "mime": "image/svg+xml"},
    ]

    code_inspect_sample = "printf"
    code_clear_output = "fk_clear_output(0);"

    # C has no pager: the kernel sends no `page` payload.
    supported_history_operations = ("tail", "range", "search")




class TestIopubWelcome(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = KERNEL
    support_iopub_welcome = True
