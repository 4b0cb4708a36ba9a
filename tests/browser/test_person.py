"""A minute of a person's work at random, and of pages that are behind the history. bench/person.py is the same for an hour.

A failure prints the seed and all that was done; `bench/person.py --seed SEED --only STEPS` does it again.
"""

import os
import random

import pytest
from person import BEHIND, WORK, Person, two_pages

pytestmark = pytest.mark.timeout(300)



def seed_of(name):
    """The fresh one is chosen as late as this: several processes have to name the same tests."""
    seed = name if name != "fresh" else os.environ.get("FORKERNEL_SEED") or f"fresh-{random.randrange(1 << 32)}"
    print("seed", seed)
    return seed


@pytest.fixture(scope="module")
def pages(browser, lab):
    """One in each of two browsers."""
    contexts, pages = two_pages(browser, lab, same_browser=False)
    yield pages
    for context in contexts:
        context.close()


@pytest.mark.parametrize("name", ["work-1", "fresh"])
def test_nothing_that_ever_was_is_lost(lab, pages, name):
    assert Person(lab, pages, seed_of(name), WORK).live(steps=45) > 20


@pytest.mark.parametrize("name", ["behind-1", "fresh"])
def test_what_is_shown_belongs_to_its_version(lab, pages, name):
    """Reloaded while cells run, reverted, written by another program, opened twice; then gone back."""
    assert Person(lab, pages, seed_of(name), BEHIND).live(steps=35) > 15
