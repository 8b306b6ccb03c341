"""
Puts promtool, which evaluates the alerts of the tests, into a file: `python -m tools.promtool.install FILE`.

The machine's own is taken where there is one, else the one in Debian's package, which is unpacked and not installed,
else one is built with Go from the module beside this file, at its pinned version. Nothing is left outside of FILE's
folder. Stdlib only: the set-up uses it.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from tools.go_program import build, run

REMEDY = "put promtool into PATH: `brew install prometheus` on macOS, `apt install prometheus` on Debian and Ubuntu"
PACKAGE = "prometheus"
PROGRAM = "github.com/prometheus/prometheus/cmd/promtool"


def main(target: str) -> None:
    """Put promtool into the file *target*; stop with what to do where no way leads to one."""
    file = Path(target).absolute()
    for get in (link_own, unpack_package, build_it):
        if get(file) and works(file):
            return
    file.unlink(missing_ok=True)
    sys.exit(f"promtool cannot be had here; {REMEDY}")


def works(program: "Path | str") -> bool:
    """Return whether *program* can be started, and print its version."""
    return run([program, "--version"])


def link_own(file: Path) -> bool:
    """Make *file* a link to the promtool in PATH; return whether there is one."""
    own = shutil.which("promtool")
    if own is None or not works(own):
        return False
    if not file.exists() or not file.samefile(own):
        file.unlink(missing_ok=True)
        file.symlink_to(own)
    return True


def unpack_package(file: Path) -> bool:
    """Copy promtool out of the package of Debian or Ubuntu into *file*; return whether it could be had."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        return False
    with tempfile.TemporaryDirectory(dir=file.parent) as name:
        folder = Path(name)
        # apt may read as a user of its own.
        folder.chmod(0o755)
        apt = ["apt-get", "-q", *apt_options(folder)]
        # It fails for one list of many too, and the package may be in another.
        run([*apt, "update"], folder)
        if run([*apt, "download", PACKAGE], folder):
            run(["dpkg-deb", "-x", *folder.glob(f"{PACKAGE}_*.deb"), "unpacked"], folder)
        unpacked = folder / "unpacked" / "usr" / "bin" / "promtool"
        if not unpacked.is_file():
            return False
        file.unlink(missing_ok=True)
        shutil.copy2(unpacked, file)
    return True


def apt_options(folder: Path) -> "list[str]":
    """Return the options with which apt keeps its lists in *folder*: no right is needed, and no old list is used."""
    lists, cache = folder / "lists", folder / "cache"
    lists.mkdir()
    cache.mkdir()
    return ["-o", f"Dir::State::Lists={lists}", "-o", f"Dir::Cache={cache}"]


def build_it(file: Path) -> bool:
    """Build promtool with Go into *file*; return whether it worked."""
    return build(PROGRAM, Path(__file__).parent, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
