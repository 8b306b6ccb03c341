"""
Where jsii keeps the unpacked bindings, how large that is, and how to remove it; run by `make clean`.

Stdlib only: it runs where nothing is installed.
"""

import os
import platform
import shlex
from pathlib import Path


def cache_root() -> Path:
    """Return the folder where the jsii kernel keeps unpacked packages, by the rule of its `default-cache-root.ts`."""
    if configured := os.environ.get("JSII_RUNTIME_PACKAGE_CACHE_ROOT"):
        return Path(configured)
    if platform.system() == "Darwin":
        return Path.home() / "Library" / "Caches" / "com.amazonaws.jsii" / "package-cache"
    return Path.home() / ".cache" / "aws" / "jsii" / "package-cache"


def message(root: Path) -> str:
    """Return what `make clean` says of the cache at *root*; empty where there are no files."""
    size = sum(path.lstat().st_size for path in root.rglob("*") if path.is_file())
    if not size:
        return ""
    return (
        f"Not removed: jsii's cache, {size / 1e6:.0f} MB in {root}; other cdktf projects use it too.\n"
        f"To remove it: rm -rf {shlex.quote(str(root))}"
    )


def main() -> None:
    """Print the message."""
    if text := message(cache_root()):
        print(text)


if __name__ == "__main__":
    main()
