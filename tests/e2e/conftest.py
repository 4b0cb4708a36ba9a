import subprocess
from pathlib import Path

import pytest

from client import BUILD, FORKERNEL, Kernel, install_kernelspec


@pytest.fixture(scope="session", autouse=True)
def kernelspec(tmp_path_factory):
    """The kernelspec of the build under test, installed where every client in here finds it."""
    assert FORKERNEL.exists(), f"no kernel at {FORKERNEL}: build it first"
    return install_kernelspec(tmp_path_factory.mktemp("prefix"))


@pytest.fixture(scope="session", autouse=True)
def no_settings_of_a_person(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    home = tmp_path_factory.mktemp("home")
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "FORKERNEL_DATA_DIR"):
        folder = home / name.lower()
        folder.mkdir()
        patch.setenv(name, str(folder))
    yield
    patch.undo()


@pytest.fixture
def data_dir(tmp_path, monkeypatch):
    """An empty history of the test's own, for kernels and the command line alike."""
    folder = tmp_path / "data"
    monkeypatch.setenv("FORKERNEL_DATA_DIR", str(folder))
    return folder


@pytest.fixture
def notebook(tmp_path, data_dir):
    """The path of a document; kernels need no file there."""
    return tmp_path / "notebook.ipynb"


@pytest.fixture
def kernel(notebook):
    with Kernel(notebook=notebook) as kernel:
        yield kernel


@pytest.fixture(scope="module")
def shared_kernel(tmp_path_factory):
    """One kernel for all tests of a file that leave it as they found it."""
    folder = tmp_path_factory.mktemp("shared")
    patch = pytest.MonkeyPatch()
    patch.setenv("FORKERNEL_DATA_DIR", str(folder / "data"))
    with Kernel(notebook=folder / "notebook.ipynb") as kernel:
        yield kernel
    patch.undo()


@pytest.fixture(scope="module")
def preload(tmp_path_factory):
    """The environment of a program from which preload.c takes something away."""
    if "asan" in BUILD.name:
        pytest.skip("the sanitizer's library has to be loaded first")
    library = tmp_path_factory.mktemp("preload") / "preload.so"
    source = Path(__file__).with_name("preload.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    return {"LD_PRELOAD": str(library)}
