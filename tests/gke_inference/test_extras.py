"""A command whose extra is not installed ends with the pip command that brings it."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
import tomli

from gke_inference.extras import MODULES, PACKAGE, load_command, missing_extra

ROOT = Path(__file__).parent.parent.parent
PROJECT = tomli.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SHIPPED = ("constructs_lib", "stacks", "platform_config", "gke_inference", "fast_synth")
BASE = {"click", "pydantic", "pydantic_core", "yaml", "rich"}


def top_level_imports() -> set[str]:
    """Return every package of others that what is shipped imports."""
    found: set[str] = set()
    for package in SHIPPED:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    found.update(alias.name.partition(".")[0] for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - set(SHIPPED) - {"__future__"}


@pytest.mark.parametrize(
    ("module", "extra"),
    [
        ("cdktf", "constructs"),
        ("cdktf_cdktf_provider_google.compute_network", "constructs"),
        ("cdktn", "cdktn"),
        ("cdktn_provider_google.compute_network", "cdktn"),
        ("httpx", "operations"),
        ("google.auth", "operations"),
    ],
)
def test_a_missing_module_is_answered_with_its_extra(module: str, extra: str) -> None:
    """With the command to type."""
    message = missing_extra(ModuleNotFoundError(name=module))

    assert message is not None
    assert message.endswith(f"`pip install '{PACKAGE}[{extra}]'` brings it")


def test_a_module_of_no_extra_is_a_mistake_and_stays_one() -> None:
    """A misspelled import is not blamed on the installation."""
    assert missing_extra(ModuleNotFoundError(name="gke_inference.no_such_module")) is None
    assert missing_extra(ImportError("cannot import name 'x'")) is None
    with pytest.raises(ImportError):
        load_command("gke_inference.no_such_module", "verify")


WITHOUT_HTTPX = """
import sys
import click
sys.modules["httpx"] = None
from gke_inference.extras import load_command
click.Group(commands=[load_command("gke_inference.verify.command", "verify")])()
"""


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["--help"], 0, "verify"),
        (
            ["verify", "--config", "x.yaml", "--help"],
            2,
            "httpx is not installed; `pip install 'gke-inference-cdktf[operations]'` brings it",
        ),
    ],
)
def test_a_command_without_its_extra_is_listed_and_refuses_to_run(arguments: list[str], code: int, text: str) -> None:
    """Exit code 2, whatever arguments it gets; the other commands work."""
    command = [sys.executable, "-c", WITHOUT_HTTPX, *arguments]
    ran = subprocess.run(command, cwd=ROOT, env=os.environ | {"COLUMNS": "200"}, capture_output=True, text=True)

    assert ran.returncode == code
    assert text in ran.stdout + ran.stderr


def test_a_command_with_its_extra_is_the_command() -> None:
    """Loading by name changes nothing of it."""
    from gke_inference.verify.command import verify

    assert load_command("gke_inference.verify.command", "verify") is verify


def test_every_import_is_of_the_base_or_of_an_extra() -> None:
    """A package that nobody listed would end a command with a traceback."""
    unknown = [name for name in top_level_imports() - BASE if missing_extra(ModuleNotFoundError(name=name)) is None]

    assert unknown == []


def test_every_module_of_operations_is_imported() -> None:
    """An extra brings nothing that no command uses."""
    assert set(MODULES["operations"]) <= top_level_imports()


def test_the_extras_are_those_of_the_package() -> None:
    """As pyproject.toml has them."""
    assert PROJECT["name"] == PACKAGE
    assert list(PROJECT["optional-dependencies"]) == list(MODULES)
