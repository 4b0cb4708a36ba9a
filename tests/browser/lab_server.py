"""A JupyterLab or Notebook 7 server of its own with the kernel and the extension under test."""

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from client import FORKERNEL, PROJECT, install_kernelspec

ARTIFACTS = Path(os.environ.get("FORKERNEL_ARTIFACTS", PROJECT / "artifacts" / "browser"))
CHROMIUM = os.environ.get("FORKERNEL_CHROMIUM", "/usr/bin/chromium")
FIREFOX = os.environ.get("FORKERNEL_FIREFOX", "/usr/bin/firefox-esr")


def log_of(module):
    """Tests may run in several processes, each with a server of its own."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    return ARTIFACTS / f"{module}{worker and '-' + worker}.log"


@contextmanager
def running_lab(home, module="jupyterlab", application="LabApp"):
    """Address of a server whose root folder has copies of the examples."""
    root, settings, workspaces = home / "root", home / "settings", home / "workspaces"
    shutil.copytree(PROJECT / "examples", root, ignore=shutil.ignore_patterns(".ipynb_checkpoints", "*.executed.ipynb"))
    install_kernelspec(home / "prefix")
    shutil.copytree(PROJECT / "labextension/build", home / "prefix/share/jupyter/labextensions/@forkernel/labextension")
    env = {
        **os.environ,
        "FORKERNEL_DATA_DIR": str(home / "history"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTER_PATH": str(home / "prefix" / "share" / "jupyter"),
        "PATH": f"{FORKERNEL.parent}:{os.environ['PATH']}",
    }
    token = secrets.token_hex(8)
    command = [
        sys.executable, "-m", module, "--no-browser", "--ip=127.0.0.1", "--port=0",
        "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={root}",
        f"--{application}.expose_app_in_browser=True", f"--LabServerApp.user_settings_dir={settings}",
        f"--LabServerApp.workspaces_dir={workspaces}",
    ]
    if os.geteuid() == 0:
        command.append("--allow-root")
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    with open(log_of(module), "wb") as log:
        server = subprocess.Popen(command, env=env, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        try:
            port = wait_for_server(server, module, home / "runtime" / f"jpserver-{server.pid}.json")
            yield {"url": f"http://127.0.0.1:{port}", "token": token, "root": root, "history": home / "history"}
        finally:
            server.terminate()
            try:
                server.wait(timeout=15)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def wait_for_server(server, module, info):
    """Its port, which it says in a file as soon as it listens there. A file has no other way to say that it is whole."""
    deadline = time.monotonic() + 60
    while True:
        assert server.poll() is None, f"{module} ended, see {log_of(module)}"
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
            port = json.loads(info.read_text())["port"]
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=5):
                return port
        assert time.monotonic() < deadline, f"{module} does not answer"
        time.sleep(0.1)


def end_kernels(lab):
    """Those that a story has left: the system has room for a few dozen that watch their notebooks."""
    address = f"{lab['url']}/api/kernels"
    token = {"Authorization": f"token {lab['token']}"}
    with urllib.request.urlopen(urllib.request.Request(address, headers=token), timeout=30) as answer:
        kernels = json.load(answer)
    for kernel in kernels:
        request = urllib.request.Request(f"{address}/{kernel['id']}", headers=token, method="DELETE")
        with contextlib.suppress(urllib.error.HTTPError):  # it has ended by itself
            urllib.request.urlopen(request, timeout=30).close()
