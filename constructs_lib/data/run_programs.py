"""Runs the two programs that the environment holds, as modules of the names by which one imports the other."""

import os
import sys
from types import ModuleType

PROGRAMS = ("download_weights", "upload_weights")

if __name__ == "__main__":
    for package in ("constructs_lib", "constructs_lib.data"):
        sys.modules[package] = ModuleType(package)
    for name in PROGRAMS:
        module = ModuleType(f"constructs_lib.data.{name}")
        sys.modules[module.__name__] = module
        setattr(sys.modules["constructs_lib.data"], name, module)
        exec(compile(os.environ[name.upper()], name, "exec"), module.__dict__)
    sys.exit(module.main())
