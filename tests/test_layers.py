"""Imports run one way: main -> stacks -> constructs_lib -> bindings; what a config is needs no binding."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BINDINGS = ("cdktf", "constructs", "cdktf_cdktf_provider_")


def imports(path: Path) -> Iterator[str]:
    """Every module that the file names in an import."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def offenders(folder: str, *forbidden: str) -> list[str]:
    """Files of a folder that import something whose name starts with one of *forbidden*."""
    return [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for name in imports(path)
        if name.split(".")[0] in forbidden or name.startswith(tuple(f for f in forbidden if f.endswith("_")))
    ]


def test_constructs_know_nothing_of_stacks_or_files() -> None:
    """A construct can be imported into another repository."""
    assert (
        offenders(
            "constructs_lib", "stacks", "platform_config", "gke_inference", "main", "fast_synth", "yaml", "pydantic"
        )
        == []
    )


def test_stacks_do_not_know_main_or_operations() -> None:
    """The composition root is above, the commands are beside."""
    assert offenders("stacks", "main", "gke_inference") == []


def test_a_config_knows_no_stack_and_no_command() -> None:
    """Stacks and commands read it."""
    assert offenders("platform_config", "main", "stacks", "gke_inference", *BINDINGS) == []


def test_operations_know_no_cdktf() -> None:
    """The commands of day 2 work where no binding is installed."""
    assert [
        one for one in offenders("gke_inference", *BINDINGS, "main", "stacks") if "synth/synthesize.py" not in one
    ] == []


@pytest.mark.parametrize("folder", ["constructs_lib/specs", "constructs_lib/manifests", "platform_config"])
def test_data_is_free_of_cdktf(folder: str) -> None:
    """Specs, manifests and rules load in an instant and work without Terraform."""
    assert offenders(folder, *BINDINGS) == []


@pytest.mark.parametrize(
    "module",
    [
        "constructs_lib",
        "constructs_lib.specs",
        "platform_config.load",
        "platform_config.names",
        "main",
        "gke_inference.cli",
    ],
)
def test_importing_loads_no_binding(module: str) -> None:
    """A wrong config is refused before anything slow is loaded, and an import has no side effect."""
    code = (
        f"import sys, {module}; print([m for m in sys.modules if m.split('.')[0] in ('cdktf', 'jsii', 'constructs')])"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert result.stdout.strip() == "[]"
