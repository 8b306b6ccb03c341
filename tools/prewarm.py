"""
Unpacks the provider bindings into jsii's cache and waits until each has its finished index.

jsii writes that index in a thread that dies with the process, so a synth that is over in a second never finishes it:
every later one then stays slower by half and takes four times the memory. Hence one process that stays until all are
written.
"""

import time
from importlib import import_module
from importlib.metadata import version

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import fast_synth
from fast_synth.toolchain import BINDINGS, chosen
from tools.jsii_cache import cache_root

PROVIDERS = ("google", "google_beta", "helm", "kubernetes", "time")
PATIENCE_SEC = 120


def packages(toolchain: str) -> list[str]:
    """Return the packages of *toolchain* that bring JavaScript."""
    return ["constructs", toolchain, *(f"{BINDINGS[toolchain]}{provider}" for provider in PROVIDERS)]


def without_index(toolchain: str) -> list[str]:
    """
    Return the packages of *toolchain* whose index is not finished.

    The last file of an index to be written is the manifest `.jsii.runtime.v1.json`.
    """
    return [
        name for name in packages(toolchain) if not any(cache_root().glob(f"{_entry(name)}/*/.jsii.runtime.v1.json"))
    ]


def main() -> None:
    """Load every package, then wait for the indexes, for two minutes at most; a missing one costs only speed."""
    console, toolchain = Console(), chosen()
    names = packages(toolchain)
    columns = TextColumn("  {task.description}"), BarColumn(24), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("unpacking the bindings for Node", total=len(names))
        fast_synth.enable()
        for name in names:
            import_module(f"{name}._jsii")
            progress.update(task, completed=len(names) - len(without_index(toolchain)))
        deadline = time.monotonic() + PATIENCE_SEC
        while (missing := without_index(toolchain)) and time.monotonic() < deadline:
            progress.update(task, completed=len(names) - len(missing))
            time.sleep(0.2)
        progress.update(task, completed=len(names) - len(missing))
    if missing:
        console.print(f"  No index yet for {', '.join(missing)}: synth works, but slower. Repeat with `make prewarm`.")


def _entry(name: str) -> str:
    """Return the cache folder of a package: its npm name and version."""
    scoped = name.replace("cdktf_cdktf_", "@cdktf/").replace("cdktn_", "@cdktn/")
    return f"{scoped.replace('_', '-')}/{version(name)}"


if __name__ == "__main__":
    main()
