"""
Where jsii keeps what it unpacked, how large that is, and how to be rid of it; run by `make clean`.

Stdlib only: it runs where nothing is installed.
"""

import os
import platform
import shlex
from pathlib import Path


def cache_root() -> Path:
    """Where the jsii kernel keeps unpacked packages: the rule of its `default-cache-root.ts`."""
    if configured := os.environ.get("JSII_RUNTIME_PACKAGE_CACHE_ROOT"):
        return Path(configured)
    if platform.system() == "Darwin":
        return Path.home() / "Library" / "Caches" / "com.amazonaws.jsii" / "package-cache"
    return Path.home() / ".cache" / "aws" / "jsii" / "package-cache"


def describe_cache(root: Path) -> str:
    """Return size, place and removal of the cache at *root*; empty where there is none."""
    size = sum(path.lstat().st_size for path in root.rglob("*") if path.is_file())
    if not size:
        return ""
    return (
        f"Left: jsii's cache, {size / 1e6:.0f} MB in {root}; other cdktf projects of yours use it too.\n"
        f"To remove it: rm -rf {shlex.quote(str(root))}"
    )


def main() -> None:
    """Print what is left of the cache, and how to remove it."""
    if text := describe_cache(cache_root()):
        print(text)


if __name__ == "__main__":
    main()
