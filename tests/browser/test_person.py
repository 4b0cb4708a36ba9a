"""A minute of a person's work at random, and of pages that are behind the history. bench/person.py is the same for an hour.

A failure prints the seed and all that was done; `bench/person.py --seed SEED --only STEPS` does it again.
"""

import os

import pytest
from person import BEHIND, WORK, Person, two_pages

pytestmark = pytest.mark.timeout(300)


def seeds(*fixed):
    """Fresh ones are for bench/person.py: what they find is not of the change at hand."""
    given = os.environ.get("FORKERNEL_SEED")
    return pytest.mark.parametrize("seed", [given] if given else fixed)


@pytest.fixture(scope="module")
def pages(browser, lab):
    """One in each of two browsers."""
    contexts, pages = two_pages(browser, lab, same_browser=False)
    yield pages
    for context in contexts:
        context.close()


@seeds("work-1", "fresh-1697329283")
def test_nothing_that_ever_was_is_lost(lab, pages, seed):
    assert Person(lab, pages, seed, WORK).live(steps=45) > 20


@seeds("behind-1")
def test_what_is_shown_belongs_to_its_version(lab, pages, seed):
    """Reloaded while cells run, reverted, written by another program, opened twice; then gone back."""
    assert Person(lab, pages, seed, BEHIND).live(steps=35) > 15
