"""Imports run one way: main -> stacks -> constructs_lib -> bindings; configs and commands need no binding."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BINDINGS = ("cdktf", "constructs", "cdktf_cdktf_provider_")
SLOW_BINDINGS = ("cdktf", "jsii", "constructs")
CLIENTS = ("google", "googleapiclient", "google_auth_httplib2", "httplib2", "httpx", "anyio", "pygal")
PACKAGES = ("bench", "constructs_lib", "fast_synth", "gke_inference", "platform_config", "stacks", "tests", "tools")
COMMANDS = ("adopt", "drill", "export", "load", "plan_check", "preflight", "simulate", "synth", "teardown", "verify")


def imports(path: Path) -> Iterator[str]:
    """Yield every module that the file names in an import, also within functions; a relative one by its full name."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = path.relative_to(ROOT).parts[: -node.level] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def relative_imports(folder: str) -> list[str]:
    """List the files of a folder that have a relative import, but those of environments in it."""
    return [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / folder).rglob("*.py"))
        if ".venv" not in path.parts
        and any(isinstance(node, ast.ImportFrom) and node.level for node in ast.walk(ast.parse(path.read_text())))
    ]


def offenders(folder: str, *forbidden: str) -> list[str]:
    """List files of a folder that import something whose name starts with one of *forbidden*."""
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


def test_stacks_do_not_know_main_or_the_commands() -> None:
    """The composition root is above, the commands are beside."""
    assert offenders("stacks", "main", "gke_inference") == []


def test_stacks_name_each_other_relatively_and_nothing_else_does() -> None:
    """The folder is installed as `stacks` and as `inference_stacks`: neither may load a module of the other."""
    absolute = [
        f"{path.name} imports {node.module}"
        for path in sorted((ROOT / "stacks").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").split(".")[0] == "stacks"
    ]

    assert absolute == []
    assert "stacks/platform.py" in relative_imports("stacks")
    assert [name for folder in PACKAGES if folder != "stacks" for name in relative_imports(folder)] == []


def test_a_config_knows_no_stack_and_no_command() -> None:
    """Stacks and commands read it."""
    assert offenders("platform_config", "main", "stacks", "gke_inference", *BINDINGS) == []


def test_the_commands_know_no_cdktf() -> None:
    """They work where no binding is installed; only a synth knows stacks, and which toolchain makes them."""
    found = offenders("gke_inference", *BINDINGS, "main", "stacks", "fast_synth")
    synth = {f"gke_inference/synth/{name}.py" for name in ("environment", "synthesize")}

    assert {one.partition(" ")[0] for one in found} == synth


def commands_in(paths: Iterable[Path]) -> set[str]:
    """Find the commands whose modules are imported by the files at *paths*."""
    parts = (name.split(".") for path in paths for name in imports(path))
    return {part[1] for part in parts if part[0] == "gke_inference" and len(part) > 1} & set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_knows_no_other(command: str) -> None:
    """What two of them need is beside them; a teardown reads what a synth wrote, others begin with a synth."""
    allowed = {command, "synth"} if command in ("adopt", "export", "teardown") else {command}

    assert commands_in((ROOT / "gke_inference" / command).rglob("*.py")) <= allowed


def test_what_commands_share_knows_none_of_them() -> None:
    """The command line loads them by their names, late."""
    assert commands_in((ROOT / "gke_inference").glob("*.py")) == set()


@pytest.mark.parametrize("folder", ["constructs_lib/specs", "constructs_lib/manifests", "platform_config"])
def test_data_is_free_of_cdktf(folder: str) -> None:
    """Specs, manifests and rules load in an instant and work without Terraform."""
    assert offenders(folder, *BINDINGS) == []


def loaded_by(code: str) -> set[str]:
    """Return the packages that are loaded after *code*, in a process of its own."""
    shown = f"{code}; import sys; print(*{{name.split('.')[0] for name in sys.modules}})"
    result = subprocess.run([sys.executable, "-c", shown], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(result.stdout.split())


@pytest.mark.parametrize("module", ["constructs_lib", "constructs_lib.specs", "main"])
def test_importing_loads_no_binding(module: str) -> None:
    """A wrong config is refused before anything slow is loaded, and an import has no side effect."""
    assert loaded_by(f"import {module}").isdisjoint(SLOW_BINDINGS)


@pytest.mark.parametrize("package", ["platform_config", "gke_inference"])
def test_no_module_of_what_knows_no_cdktf_loads_it(package: str) -> None:
    """Not through others either: each module of it is imported."""
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / package).rglob("*.py")
        if path.name != "__main__.py" and "pod_program" not in path.name
    ]

    assert len(modules) > 20
    assert loaded_by(f"import {', '.join(modules)}").isdisjoint(SLOW_BINDINGS)


@pytest.mark.parametrize("module", ["gke_inference.cli", "gke_inference.synth.command", "platform_config.load"])
def test_the_command_line_starts_without_any_client(module: str) -> None:
    """Help, and a check of a config, need the base install alone and are there at once."""
    assert loaded_by(f"import {module}").isdisjoint({*SLOW_BINDINGS, *CLIENTS})


def test_no_package_of_kubernetes_is_used() -> None:
    """Clusters are asked over HTTP: decision 39."""
    assert offenders("gke_inference", "kubernetes", "urllib3", "requests") == []
