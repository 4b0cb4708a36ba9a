#!/usr/bin/env python3
"""The model of a person (tests/browser/person.py) for as long as one likes, in a JupyterLab of its own.

    bench/person.py [--seconds 3600] [--steps 60]    story after story, each with a new seed
    bench/person.py --seed SEED [--only 3,4,9]       one story again, or these steps of it
    bench/person.py --seed SEED --shorter            which of its steps are enough for its failure

--stories says what they are about (person.py: WORK, BEHIND, OUTSIDE). Prints the stories that failed and how many were
told; the exit code is 1 where one failed. Needs what tests/browser needs: ./check browser.
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(PROJECT / "tests/e2e"), str(PROJECT / "tests/browser")]

from lab_server import CHROMIUM, running_lab  # noqa: E402
from person import BEHIND, OUTSIDE, WORK, Lost, Person, two_pages  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

KINDS = {"work": WORK, "behind": BEHIND, "outside": OUTSIDE}


def shorter(fails, numbers):
    """Steps that are enough: half of them, then quarters, ... are left out as long as it fails without them."""
    size = max(1, len(numbers) // 2)
    while True:
        at = 0
        while at < len(numbers):
            fewer = numbers[:at] + numbers[at + size :]
            if fewer and fails(fewer):
                numbers = fewer
            else:
                at += size
        if size == 1:
            return numbers
        size //= 2


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--steps", type=int, default=60, help="of each story")
    parser.add_argument("--seed", help="only this story")
    parser.add_argument("--only", type=lambda words: [int(word) for word in words.split(",")], help="only these steps of it")
    parser.add_argument("--shorter", action="store_true")
    parser.add_argument("--stories", choices=KINDS, default="work")
    parser.add_argument("--same-browser", action="store_true", help="both pages in one browser")
    options = parser.parse_args()
    weights = KINDS[options.stories]
    told = failed = actions = 0
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as home, running_lab(Path(home)) as lab, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        _, pages = two_pages(browser, lab, options.same_browser)

        def tell(seed, only=None):
            """The failure of a story and its steps, or None."""
            nonlocal actions
            person = Person(lab, pages, seed, weights)
            try:
                actions += person.live(steps=options.steps, only=only)
                return None
            except Lost as failure:
                return failure, person.numbers()

        while True:
            seed = options.seed or str(random.randrange(1 << 32))
            found = tell(seed, options.only)
            told += 1
            if found:
                failed += 1
                failure, numbers = found
                print(failure, flush=True)
                if options.shorter:
                    numbers = shorter(lambda fewer: tell(seed, fewer) is not None, numbers)
                    print(f"enough: --seed {seed} --only {','.join(map(str, numbers))}")
                    print((tell(seed, numbers) or ["(this time it did not fail)"])[0], flush=True)
            if options.seed or time.monotonic() - begun >= options.seconds:
                break
        browser.close()
    print(f"{told} stories, {actions} steps in those without a failure, {failed} failed, {time.monotonic() - begun:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
