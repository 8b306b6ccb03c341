"""The script of an export: all that a pipeline calls, in POSIX sh, with Terraform alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gke_inference.export.backend import fill
from gke_inference.export.contents import Contents

FILE = "platform.sh"
LOCK_PLATFORMS = ("linux_amd64", "linux_arm64", "darwin_arm64", "darwin_amd64", "windows_amd64")
TEMPLATE = Path(__file__).with_name(FILE)


def script(contents: Contents) -> str:
    """Return the script for the stacks of *contents*."""
    cases = [f'    {stack}) echo "{" ".join(needed)}" ;;' for stack, needed in contents.needs.items()]
    file = contents.backend.file_name("${1#stacks/}")
    settings = f'echo "../../{file}"' if file else ":"
    values: Mapping[str, str] = {
        "@PLATFORM@": contents.config.name,
        "@ORDER@": " ".join(contents.order),
        "@REVERSE@": " ".join(reversed(contents.order)),
        "@REMOVED@": " ".join(stack.stack for stack in contents.removed),
        "@STEPS@": " ".join(f"{step.action}:{step.stack}" for step in contents.removal),
        "@NEEDS@": "\n".join(cases),
        "@SETTINGS@": settings,
        "@LOCK_PLATFORMS@": " ".join(LOCK_PLATFORMS),
    }
    return fill(TEMPLATE.read_text(encoding="utf-8"), values)
