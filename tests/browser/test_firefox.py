"""The stories without which nothing is kept, once more in Debian's Firefox: type, undo, type and flip; restore; reload.

playwright drives a Firefox as it is sold by WebDriver BiDi; what it patches for its own protocol is not needed.
"""

import pytest
from lab_server import FIREFOX
from test_capture import test_typed_without_a_kernel_then_reloaded  # noqa: F401
from test_cell_history import (  # noqa: F401
    notebook,
    test_restoring_twice_leaves_one_way_back,
    test_the_other_branch_is_one_click_away,
    test_the_switcher_is_there_after_a_reload_and_a_restart,
)

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def browser(playwright):
    """In place of Chromium, for all that is in this file."""
    browser = playwright.firefox.launch(channel="moz-firefox", executable_path=FIREFOX)
    yield browser
    browser.close()
