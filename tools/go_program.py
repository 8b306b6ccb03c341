"""Builds a program with Go from a module of this repository, at its pinned version. Stdlib only: the set-up uses it."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path


def build(program: str, module: Path, file: Path, *options: str) -> bool:
    """
    Build *program* with Go into *file*, and leave nothing outside of its folder; return whether it worked.

    Args:
        program: Its package, such as `github.com/prometheus/prometheus/cmd/promtool`.
        module: The folder with the go.mod and go.sum that pin it.
        file: Where it goes.
        options: More options of `go build`.
    """
    if shutil.which("go") is None:
        return False
    with tempfile.TemporaryDirectory(dir=file.parent) as name:
        built = Path(name) / "program"
        command: list[str | Path] = ["go", "build", "-trimpath", "-buildvcs=false", *options, "-o", built, program]
        if not run(command, module, go_variables(Path(name))):
            return False
        os.replace(built, file)
    return True


def go_variables(folder: Path) -> "dict[str, str]":
    """Return the variables with which Go keeps all it downloads and builds in *folder*, and needs no C compiler."""
    return {
        "GOPATH": str(folder / "path"),
        "GOMODCACHE": str(folder / "modules"),
        "GOCACHE": str(folder / "cache"),
        # Go makes its modules read-only, and then the folder could not be removed.
        "GOFLAGS": "-mod=readonly -modcacherw",
        "CGO_ENABLED": "0",
    }


def run(
    command: "Sequence[str | Path]", folder: "Path | None" = None, variables: "dict[str, str] | None" = None
) -> bool:
    """Run *command* in *folder*; return whether it succeeded."""
    print("+", *command, flush=True)
    try:
        return subprocess.run(command, cwd=folder, env={**os.environ, **(variables or {})}, check=False).returncode == 0
    except OSError as error:
        print(error, flush=True)
        return False
