"""A real JupyterLab with the kernel under test, and a page in headless Chromium that watches for errors."""

import re
from contextlib import contextmanager

import pytest
from lab_server import ARTIFACTS, CHROMIUM, FIREFOX, end_kernels, running_lab
from playwright.sync_api import sync_playwright

# Page errors of JupyterLab's and Notebook's own that say nothing about the kernel. Firefox tells of requests that a reload cut off.
KNOWN_NOISE = re.compile(r"NetworkError when attempting to fetch|AbortError: The operation was aborted|RangeError[^\0]*ColorPalette|/lsp/status|reading 'schema'[^\0]*notebook_core")
# A theme that is chosen while JupyterLab starts takes the splash screen away before its own timer does.
SPLASH = re.compile(r"NotFoundError[^\n]*removeChild[^\n]*\n[^\n]*\n\s+at [^\n]*jlab_core[^\n]*\Z")


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    with running_lab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture(scope="session")
def playwright():
    with sync_playwright() as playwright:
        yield playwright


def pytest_generate_tests(metafunc):
    if metafunc.definition.get_closest_marker("firefox"):
        metafunc.parametrize("browser", ["chromium", "firefox"], indirect=True, scope="session")


@pytest.fixture(scope="session")
def browser(request, playwright):
    """Chromium; for stories marked `firefox` that as well, as it is sold, which playwright drives by WebDriver BiDi."""
    if getattr(request, "param", "chromium") == "firefox":
        browser = playwright.firefox.launch(channel="moz-firefox", executable_path=FIREFOX)
    else:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
    yield browser
    browser.close()


@contextmanager
def watched_page(browser, url):
    """The application at `url`, started and restored; page errors fail the test at its end."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(60_000)
    errors = []
    page.on("pageerror", lambda error: errors.append(f"{error.name}: {error.message}\n{error.stack}"))
    page.on("crash", lambda _: errors.append("the page crashed"))
    page.goto(url)
    page.wait_for_function("window.jupyterapp !== undefined")
    page.evaluate("window.jupyterapp.restored.then(() => true)")
    yield page
    context.close()
    assert [e for e in errors if not KNOWN_NOISE.search(e) and not SPLASH.search(e)] == []


@pytest.fixture
def page(browser, lab):
    with watched_page(browser, f"{lab['url']}/lab?token={lab['token']}&reset") as page:
        yield page
    end_kernels(lab)


@pytest.fixture
def screenshot(page, browser):
    which = "" if browser.browser_type.name == "chromium" else f"-{browser.browser_type.name}"

    def take(name, first=None, last=None):
        """The window, or what is in it from one element to another."""
        clip = None
        if first:
            top, bottom = first.bounding_box(), last.bounding_box()
            clip = {**top, "height": bottom["y"] + bottom["height"] - top["y"]}
        page.screenshot(path=ARTIFACTS / f"{name}{which}.png", clip=clip)

    return take
