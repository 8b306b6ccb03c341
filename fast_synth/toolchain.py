"""
Which CDK makes the stacks: cdktf, or cdktn (CDK Terrain), the fork that is still maintained.

The code imports `cdktf` and `cdktf_cdktf_provider_<name>`. Where cdktn is chosen, a finder on `sys.meta_path` answers
these names, and those of their submodules, with the modules of `cdktn` and `cdktn_provider_<name>`: one module under
two names, so that an app may import either. Importing this module changes nothing.
"""

import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from types import ModuleType

VARIABLE = "INFERENCE_CDK"
CDKTF = "cdktf"
CDKTN = "cdktn"
TOOLCHAINS = (CDKTF, CDKTN)
BINDINGS = {CDKTF: "cdktf_cdktf_provider_", CDKTN: "cdktn_provider_"}
"""How the names of the binding packages begin."""


def chosen(environment: Mapping[str, str] = os.environ) -> str:
    """
    Return the toolchain that *environment* names with INFERENCE_CDK, else cdktf, else cdktn if only that is installed.

    Raises:
        ValueError: It names none of the two.
    """
    if given := environment.get(VARIABLE):
        if given not in TOOLCHAINS:
            raise ValueError(f"{VARIABLE} must be {' or '.join(TOOLCHAINS)}, got '{given}'")
        return given
    return next(filter(is_installed, TOOLCHAINS), CDKTF)


def is_installed(toolchain: str) -> bool:
    """Return whether *toolchain* can be imported under its own name."""
    return PathFinder.find_spec(toolchain) is not None


def use_chosen() -> None:
    """Have imports of cdktf and its bindings bring the chosen toolchain; calling it again does nothing."""
    if chosen() == CDKTF or _CdktnFinder in sys.meta_path:
        return
    if CDKTF in sys.modules:
        warnings.warn(f"{VARIABLE}={CDKTN} came after the first import of cdktf, which stays", stacklevel=3)
        return
    sys.meta_path.insert(0, _CdktnFinder)


def name_in_cdktn(module: str) -> str | None:
    """Return the name that the module called *module* in cdktf or its bindings has in cdktn's; None for any other."""
    top, dot, rest = module.partition(".")
    if top == CDKTF:
        return CDKTN + dot + rest
    provider = top.removeprefix(BINDINGS[CDKTF])
    return None if provider == top else BINDINGS[CDKTN] + provider + dot + rest


class _CdktnFinder:
    """Finds a module of cdktf's under the name that it has in cdktn's packages."""

    @classmethod
    def find_spec(
        cls, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if (real := name_in_cdktn(name)) is None:
            return None
        found = find_spec(real)
        if found is None:
            # Not left to the next finder: it might bring cdktf's own, and classes of both do not fit together.
            raise ModuleNotFoundError(f"No module named {real!r}", name=real)
        return ModuleSpec(name, _SameModule(real), origin=found.origin)


class _SameModule(Loader):
    """Gives the module *real*, as it is, to whoever imports it under another name."""

    def __init__(self, real: str) -> None:
        self._real = real
        self._spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = import_module(self._real)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # Python has just given it the spec of the other name, and would not find its submodules by that.
        module.__spec__ = self._spec
