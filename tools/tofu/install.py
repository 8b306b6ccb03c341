"""
Puts OpenTofu into a file, for the tests that run it beside Terraform: `python -m tools.tofu.install FILE`.

The machine's own is linked where PATH has one, else it is built with Go from the module beside this file, at its pinned
version: some minutes, and no package of it is in PyPI or Debian.
"""

import shutil
import sys
from pathlib import Path

from tools.go_program import build, run

PROGRAM = "github.com/opentofu/opentofu/cmd/tofu"
AS_RELEASED = "-ldflags=-s -w -X github.com/opentofu/opentofu/version.dev=no"
"""As its own releases are built (opentofu/opentofu, .goreleaser.yaml): else it calls itself a version before it."""
REMEDY = "put tofu into PATH: https://opentofu.org/docs/intro/install, or Go, which builds it"


def main(target: str) -> None:
    """Put OpenTofu into the file *target*; stop with what to do where no way leads to one."""
    file = Path(target).absolute()
    own = shutil.which("tofu")
    if own and works(own):
        if not file.exists() or not file.samefile(own):
            file.unlink(missing_ok=True)
            file.symlink_to(own)
    elif not (build(PROGRAM, Path(__file__).parent, file, AS_RELEASED) and works(str(file))):
        file.unlink(missing_ok=True)
        sys.exit(f"OpenTofu cannot be had here; {REMEDY}")


def works(program: str) -> bool:
    """Return whether *program* can be started, and print its version."""
    return run([program, "version"])


if __name__ == "__main__":
    main(*sys.argv[1:])
