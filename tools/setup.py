"""
Makes .venv from Pipfile.lock and warms it up; run by `make`, once, and again when the lock changes.

Stdlib only: it runs before anything is installed.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
READY = VENV / ".ready"
LOG = VENV / "setup.log"
LONG_SEC = 60
"""No step takes as long on a fast line."""
# pipenv gets an environment of its own, so that its packages never mix with the product's.
TOOL = VENV / "pipenv"
PIPENV = "pipenv==2026.10.3"
# It pins packages that the tests need in other versions, so it has a lock and an environment of its own.
CHECKOV = str(ROOT / "tools" / "checkov" / "Pipfile")
# pip would compile on one core: 43 s here, against 24 s for compileall on two. ("0" is how its variable says yes.)
PIP_SETTINGS = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_COMPILE": "0"}
PIPENV_SETTINGS = {"PIPENV_VENV_IN_PROJECT": "1", "PIPENV_IGNORE_VIRTUALENVS": "1", "PIPENV_NOSPIN": "1"}


def main() -> None:
    """Set up, unless what is there was made from this very lock."""
    check_python()
    lock = hashlib.sha256((ROOT / "Pipfile.lock").read_bytes()).hexdigest()
    if not READY.is_file() or READY.read_text() != lock:
        set_up()
    READY.write_text(lock)


def check_python() -> None:
    """Stop with what to do when this Python cannot carry the product."""
    if sys.version_info < (3, 10):  # noqa: UP036 - the one file that an older Python may run
        found = ".".join(str(part) for part in sys.version_info[:3])
        sys.exit(f"Python 3.10 or newer is needed, found {found}; to name another: `make PYTHON=python3.12 synth`")
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            sys.exit(f"this Python has no `{module}` module; on Debian and Ubuntu: `apt install python3-venv`")


def set_up() -> None:
    """Make .venv anew. Nothing of an older one stays."""
    shutil.rmtree(VENV, ignore_errors=True)
    VENV.mkdir()
    print(
        "Setting up .venv, once. It takes about a minute on two cores with a fast line, several on a slow one; "
        "each dot is a second.",
        flush=True,
    )
    step("1 of 6: making the environment", sys.executable, "-m", "venv", VENV, TOOL)
    step(f"2 of 6: installing {PIPENV} beside it", TOOL / "bin" / "python", "-m", "pip", "install", PIPENV)
    step("3 of 6: installing Pipfile.lock, Node included", TOOL / "bin" / "python", "-m", "pipenv", "sync", "--dev")
    step(
        "4 of 6: installing checkov by itself", TOOL / "bin" / "python", "-m", "pipenv", "sync", PIPENV_PIPFILE=CHECKOV
    )
    step("5 of 6: compiling the packages", PYTHON, "-m", "compileall", "-q", "-j", "0", VENV / "lib")
    print("  6 of 6: unpacking the bindings for Node into jsii's cache", flush=True)
    subprocess.run([PYTHON, "-m", "tools.prewarm"], cwd=ROOT, check=True)


def step(title: str, *command: "str | Path", **environment: str) -> None:
    """Run *command*, showing *title*, a dot for every second and the time taken; stop with its output when it fails."""
    print(f"  {title} ", end="", flush=True)
    start, told = time.monotonic(), False
    with LOG.open("a") as log:
        settings = {**os.environ, **PIP_SETTINGS, **PIPENV_SETTINGS, **environment}
        process = subprocess.Popen(command, cwd=ROOT, env=settings, stdout=log, stderr=subprocess.STDOUT)
        while process.poll() is None:
            time.sleep(1)
            print(".", end="", flush=True)
            if time.monotonic() - start > LONG_SEC and not told:
                told = True
                print(f" (longer than usual; what it does is in {LOG.relative_to(ROOT)}) ", end="", flush=True)
    print(f" {time.monotonic() - start:.0f} s", flush=True)
    if process.returncode:
        sys.exit(f"{LOG.read_text()[-3000:]}\nThis step failed; its whole output is in {LOG.relative_to(ROOT)}.")


if __name__ == "__main__":
    main()
