"""A minute of a person's work at random, and of pages that are behind the history. bench/person.py is the same for an hour.

A failure prints the seed and all that was done; `bench/person.py --seed SEED --only STEPS` does it again.
"""

import os
import random

import pytest
from person import BEHIND, WORK, Person, two_pages

pytestmark = pytest.mark.timeout(300)

FRESH = os.environ.get("FORKERNEL_SEED") or f"fresh-{random.randrange(1 << 32)}"


@pytest.fixture(scope="module")
def pages(browser, lab):
    """One in each of two browsers."""
    contexts, pages = two_pages(browser, lab, same_browser=False)
    yield pages
    for context in contexts:
        context.close()


@pytest.mark.parametrize("seed", ["work-1", FRESH])
def test_nothing_that_ever_was_is_lost(lab, pages, seed):
    print("seed", seed)
    assert Person(lab, pages, seed, WORK).live(steps=45) > 20


@pytest.mark.parametrize("seed", ["behind-1", FRESH])
def test_what_is_shown_belongs_to_its_version(lab, pages, seed):
    """Reloaded while cells run, reverted, written by another program, opened twice; then gone back."""
    print("seed", seed)
    assert Person(lab, pages, seed, BEHIND).live(steps=35) > 15
