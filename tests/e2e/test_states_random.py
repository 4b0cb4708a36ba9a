"""A random walk through the states of a program, beside a model of it.

FORKERNEL_RANDOM_SEED and FORKERNEL_RANDOM_STEPS choose another walk and a longer one.
"""

import copy
import os
import random
import signal
from dataclasses import dataclass, field

import pytest
from client import TIMEOUT, Kernel
from processes import named, wait_until_gone, wait_until_no_zombies
from states import PARTIAL, fk, last_run, parents, runs
from test_interrupt import by_group, by_message
from test_states import AS_BEFORE, INCLUDES

STEPS = int(os.environ.get("FORKERNEL_RANDOM_STEPS", "300"))
SEED = os.environ.get("FORKERNEL_RANDOM_SEED")
CRASHES = ["*(volatile int *)8 = 1;", "abort();", "exit(2);", "raise(SIGKILL);", "__builtin_trap();", "kill(getpid(), SIGTERM);"]
NOTHING_BEFORE = "Nothing was defined before this cell, and nothing is now."
ARRAY = 40000  # doubles: some memory that each state holds for itself


@dataclass
class Program:
    """What is defined in one state, and its value."""

    ints: dict = field(default_factory=dict)
    array: tuple | None = None  # (start, step)
    text: str | None = None  # a block of malloc's
    counter: tuple | None = None  # (factor of the newest definition, calls)
    record: tuple | None = None  # (number of its type, value)
    macro: int | None = None

    def check(self):
        """A cell that prints all of it, and what it prints."""
        parts, shown = [], []

        def show(form, value, is_so):
            parts.append(f'printf("{form}\\n", {value});')
            shown.append(form % is_so)

        for name, value in sorted(self.ints.items()):
            show(f"{name}=%d", name, value)
        if self.array:
            start, step = self.array
            parts.append(
                f"for (int i = 0; i < {ARRAY}; i++) if (array[i] != {start} + {step} * i)"
                ' { printf("array[%d]=%g\\n", i, array[i]); break; }'
            )
            show("array[7]=%g", "array[7]", start + 7 * step)
        if self.text is not None:
            show("text=%s", "text", self.text)
        if self.counter:
            factor, calls = self.counter
            show("calls=%d", "calls", calls)
            show("scaled=%d", "scale(3)", 3 * factor)
        if self.record:
            show("record=%d", "record.field%d" % self.record[0], self.record[1])
        if self.macro is not None:
            show("MACRO=%d", "MACRO", self.macro)
        parts.append('printf("end\\n");')
        return "\n".join(parts), "\n".join([*shown, "end"]) + "\n"


@dataclass
class State:
    parent: int  # run id; 0: a fresh program
    program: Program
    partial: bool = False  # it was interrupted: running again does not bring it back


class Walk:
    def __init__(self, notebook, data_dir, seed):
        self.random = random.Random(seed)
        self.notebook = notebook
        self.data_dir = data_dir
        self.kernel = Kernel(notebook=notebook)
        self.states = {0: State(0, Program())}
        self.current = 0
        self.since = set()  # runs of this kernel, for undo's way back
        self.way = {}  # state to the child where it was last
        self.log = []
        self.run_id = 0

    def say(self, text):
        self.log.append(text)

    @property
    def program(self):
        return self.states[self.current].program

    def visit(self, run):
        self.current = run
        while run:
            parent = self.states[run].parent
            self.way[parent] = run
            run = parent

    def arrive(self, program, partial=False):
        self.run_id = last_run(self.data_dir)
        self.states[self.run_id] = State(self.current, program, partial)
        self.since.add(self.run_id)
        self.visit(self.run_id)

    def cell(self, code, program):
        """Runs a cell, which must end well, and makes `program` the new state."""
        run = self.kernel.run(code)
        assert run.status == "ok", run.text
        self.arrive(program)
        return run

    # ---- cells ----

    def some_change(self):
        """C text, and the program after it."""
        new = copy.deepcopy(self.program)
        number = self.random.randrange(1000)
        kinds = ["int", "int", "array", "text", "function", "struct", "macro", "call", "sum"]
        kind = self.random.choice(kinds)
        if kind == "call" and new.counter:
            new.counter = (new.counter[0], new.counter[1] + 1)
            return "bump();", new
        if kind == "sum" and new.ints:
            name = self.random.choice(sorted(new.ints))
            new.ints[name] += number
            return f"{name} += {number};", new
        if kind == "array":
            step = self.random.randrange(1, 9)
            code = f"for (int i = 0; i < {ARRAY}; i++) array[i] = {number} + {step} * i;"
            if not new.array:
                code = f"double array[{ARRAY}];\n" + code
            new.array = (number, step)
            return code, new
        if kind == "text":
            code = f'text = realloc(text, 5000); sprintf(text, "word {number}");'
            if new.text is None:
                code = "char *text;\n" + code
            new.text = f"word {number}"
            return code, new
        if kind == "function":
            factor = number % 50
            calls = new.counter[1] if new.counter else 0
            code = f"int scale(int a) {{ return {factor} * a; }}"
            if not new.counter:
                code = "static int calls;\nvoid bump(void) { static int own; own++; calls = own; }\n" + code
            new.counter = (factor, calls)
            return code, new
        if kind == "struct":
            type_number = number % 5
            new.record = (type_number, number)
            members = f"char pad[{1 + type_number}]; int field{type_number};"
            return f"struct shape {{ {members} }} record = {{.field{type_number} = {number}}};", new
        if kind == "macro":
            new.macro = number
            return f"#undef MACRO\n#define MACRO {number}\n;", new
        name = f"v{number % 6}"
        code = f"int {name} = {number};" if name not in new.ints or number % 2 else f"{name} = {number};"
        new.ints[name] = number
        return code, new

    def include(self):
        return INCLUDES if not self.current else ""

    def run_cell(self):
        code, new = self.some_change()
        self.say(f"cell {code}")
        self.cell(self.include() + code, new)

    def crash(self):
        code, new = self.some_change()
        ending = self.random.choice(CRASHES)
        self.say(f"crash {code} {ending}")
        run = self.kernel.run(f"{INCLUDES}{code}\n{ending}")
        assert run.status == "error", run.text
        if AS_BEFORE in run.text or NOTHING_BEFORE in run.text:
            return
        if runs(self.data_dir)[-1][2] == PARTIAL:  # of exit(): there was no checkpoint to go back to
            assert run.content["ename"] == "ExitStatus", run.text
            self.arrive(new, partial=True)
        else:
            self.say(f"  {run.error['traceback'][-1]}")
            self.settle()

    def compile_error(self):
        self.say("compile error")
        assert self.kernel.run("int v0 = 5; nonsense nonsense;").content["ename"] == "CompileError"

    def interrupt(self):
        code, new = self.some_change()
        self.say(f"interrupt {code}")
        msg_id = self.kernel.execute(f'{INCLUDES}{code}\nputs("begun"); fflush(stdout); for (;;) {{}}')
        self.kernel.wait_for_output(msg_id, "begun\n")
        self.random.choice([by_group, by_message])(self.kernel)
        run = self.kernel.finish(msg_id)
        assert run.content["ename"] == "KeyboardInterrupt", run.text
        self.arrive(new, partial=True)

    # ---- moves ----

    def can_be_lost(self, run):
        """Would running again meet an interrupted cell?"""
        while run:
            if self.states[run].partial:
                return True
            run = self.states[run].parent
        return False

    def go(self, line, target):
        self.say(f"%fk {line} -> {target}")
        run = self.kernel.run(f"%fk {line}")
        if run.status == "error":
            assert " is gone: run " in run.text and self.can_be_lost(target), run.text
            self.say("  is gone")
            return
        self.visit(target)

    def goto(self):
        target = self.random.choice(sorted(self.states)[-60:])
        self.go(f"goto {target}", target)

    def goto_near(self):
        target = self.random.choice(sorted(self.states)[-6:])
        self.go(f"goto {target}", target)

    def undo(self):
        if self.current:
            self.go("undo", self.states[self.current].parent)

    def redo(self):
        target = self.way.get(self.current)
        if target:
            self.go("redo", target)

    def pin(self):
        run = self.random.choice(sorted(self.states)[1:] or [0])
        if run in self.since:
            self.say(f"pin {run}")
            fk(self.kernel, f"states --{self.random.choice(['pin', 'unpin'])} {run}")

    def squeeze(self):
        self.say("squeeze")
        fk(self.kernel, "states --budget 1K")
        if self.random.random() < 0.5:
            self.run_cell()
        fk(self.kernel, "states --budget 2G")

    def switch(self):
        self.say("off and on")
        fk(self.kernel, "states --off")
        if self.random.random() < 0.5:
            self.run_cell()
        fk(self.kernel, "states --on")

    # ---- kills ----

    def settle(self):
        """After kills the first cells may report what happened; then the program is somewhere."""
        for _ in range(4):
            run = self.kernel.run(INCLUDES + "1;")
            if run.status == "ok":
                self.find()
                return
        raise AssertionError(run.text)

    def find(self):
        """Where the program is by the kernel's own word, a run that was just recorded."""
        run = last_run(self.data_dir)
        parent = parents(self.data_dir)[run]
        wanted = self.current
        while parent not in self.states:
            parent = parents(self.data_dir)[parent]
        if parent != wanted:
            above = wanted
            while above and above != parent:
                above = self.states[above].parent
            assert above == parent, "it went where it has not been"
            self.say(f"  back at {parent}")
        self.current = parent
        self.arrive(self.states[parent].program)
        if parent != wanted and not self.can_be_lost(wanted):
            self.go(f"goto {wanted}", wanted)

    def kill_worker(self):
        run = self.kernel.run(INCLUDES + "(int)getpid()")
        assert run.status == "ok", run.text
        self.arrive(copy.deepcopy(self.program))
        self.say(f"kill worker {run.result}")
        os.kill(int(run.result), signal.SIGKILL)
        wait_until_gone([int(run.result)])
        self.settle()

    def kill_some(self, number):
        workers = named(self.kernel.pid, "forkernel-c-worker")
        chosen = workers if number < 0 else self.random.sample(workers, min(number, len(workers)))
        self.say(f"kill {len(chosen)} of {len(workers)}")
        for pid in chosen:
            os.kill(pid, signal.SIGKILL)
        self.settle()

    def kill_twin(self):
        self.kill_some(1)

    def kill_many(self):
        self.kill_some(self.random.choice([2, 3, -1]))

    def kill_while_compiling(self):
        code, new = self.some_change()
        self.say(f"kill while compiling {code}")
        msg_id = self.kernel.execute(self.include() + code)
        self.kernel.iopub_until(msg_id, lambda m: m["msg_type"] == "execute_input")
        for pid in self.random.sample(workers := named(self.kernel.pid, "forkernel-c-worker"), min(2, len(workers))):
            os.kill(pid, signal.SIGKILL)
        run = self.kernel.finish(msg_id)
        if run.status == "ok":
            parent = parents(self.data_dir)[last_run(self.data_dir)]
            if parent == self.current:
                self.arrive(new)
        self.settle()

    def new_kernel(self):
        self.say("new kernel")
        self.since = set()
        self.way = {}
        target = self.current
        if self.random.random() < 0.5:
            self.kernel.kill()
            self.kernel.close()
            self.kernel = Kernel(notebook=self.notebook)
        else:
            self.kernel.manager.restart_kernel(now=False)
            self.kernel.client.wait_for_ready(timeout=TIMEOUT)
        self.current = 0
        if self.random.random() < 0.7:
            self.go("resume", target)
        else:
            self.goto_near()

    # ---- all of it ----

    def check(self):
        code, expected = self.program.check()
        run = self.kernel.run(self.include() + code)
        assert run.status == "ok", run.text
        assert run.stdout == expected
        self.arrive(copy.deepcopy(self.program))

    def step(self):
        moves = {
            self.run_cell: 30,
            self.crash: 12,
            self.compile_error: 2,
            self.interrupt: 4,
            self.goto: 6,
            self.goto_near: 8,
            self.undo: 8,
            self.redo: 5,
            self.pin: 2,
            self.squeeze: 1,
            self.switch: 1,
            self.kill_worker: 3,
            self.kill_twin: 3,
            self.kill_many: 1,
            self.kill_while_compiling: 2,
            self.new_kernel: 0.7,
        }
        self.random.choices(list(moves), list(moves.values()))[0]()


@pytest.mark.timeout(max(120, STEPS))
def test_random_walk(notebook, data_dir):
    seed = int(SEED) if SEED else random.randrange(1 << 30)
    print(f"FORKERNEL_RANDOM_SEED={seed} FORKERNEL_RANDOM_STEPS={STEPS}")
    walk = Walk(notebook, data_dir, seed)
    try:
        walk.run_cell()
        for number in range(STEPS):
            walk.say(f"-- step {number}, in the state of run {walk.current}")
            walk.step()
            walk.check()
        wait_until_no_zombies(walk.kernel.pid)
        known = parents(data_dir)
        for run, state in walk.states.items():
            if run:
                above = known[run]
                while above and above not in walk.states:
                    above = known[above]
                assert above == state.parent, f"run {run}"
    except BaseException:
        print("\n".join(walk.log[-60:]))
        raise
    finally:
        walk.kernel.close()
