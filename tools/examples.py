"""The examples in `tools/construct_examples`: their text, and what each makes when it is synthesized."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent
from typing import TYPE_CHECKING, Any

from tools.construct_examples import SECTIONS
from tools.source_classes import ROOT, constructs, snake_case

if TYPE_CHECKING:
    from cdktf import TerraformStack

FOLDER = ROOT / "tools" / "construct_examples"
WIDTH = 120
PROVIDERS = {
    "google": ("cdktf_cdktf_provider_google.provider", "GoogleProvider"),
    "google_beta": ("cdktf_cdktf_provider_google_beta.provider", "GoogleBetaProvider"),
    "kubernetes": ("cdktf_cdktf_provider_kubernetes.provider", "KubernetesProvider"),
    "helm": ("cdktf_cdktf_provider_helm.provider", "HelmProvider"),
    "time": ("cdktf_cdktf_provider_time.provider", "TimeProvider"),
}
"""Module and class of each provider that an example may ask for, by the name of its argument."""


@cache
def sections() -> dict[str, list[str]]:
    """
    Return the names of the constructs by the title of their section, in the order of the page.

    Raises:
        ValueError: A construct has no example, or an example no construct.
    """
    named = {snake_case(name): name for name in constructs()}
    found = {section: [function.name for function in _functions(_tree(section))] for section in SECTIONS}
    listed = {name for functions in found.values() for name in functions}
    if apart := listed ^ set(named):
        raise ValueError(f"tools/construct_examples must have an example of every construct, got {sorted(apart)} apart")
    return {
        section.replace("_", " ").capitalize(): [named[name] for name in functions]
        for section, functions in found.items()
    }


def text(name: str) -> str:
    """Return the example of the construct *name*: its imports, the values it shares with others, and its lines."""
    path, tree = FOLDER / f"{_section(name)}.py", _tree(_section(name))
    written = path.read_text(encoding="utf-8").splitlines()
    [function] = [node for node in _functions(tree) if node.name == snake_case(name)]
    assigned = {
        target.id: node
        for node in tree.body if isinstance(node, ast.Assign)
        for target in node.targets if isinstance(target, ast.Name)
    }  # fmt: skip
    lines = function.body[1:]
    used = [assigned[each] for each in assigned if each in _names(*lines)]
    body = [dedent("\n".join(written[node.lineno - 1 : node.end_lineno])) for node in (*used, *lines)]
    last = lines[-1]
    assert isinstance(last, ast.Return)
    if isinstance(last.value, ast.Name):
        body = body[:-1]
    else:
        body[-1] = body[-1].removeprefix("return ")
    return "\n".join([*_imports(tree, _names(*lines, *used)), "", *body])


def make(name: str, scope: Any, providers: dict[str, Any]) -> Any:
    """Run the example of the construct *name* in *scope*, with those of *providers* that it asks for."""
    function = getattr(import_module(f"tools.construct_examples.{_section(name)}"), snake_case(name))
    return function(scope, **{key: given for key, given in providers.items() if key in function.__annotations__})


def add_providers(stack: TerraformStack, **settings: Any) -> dict[str, Any]:
    """Add a provider of each kind to *stack*, all with *settings*; by the names of the examples' arguments."""
    return {
        argument: getattr(import_module(module), kind)(stack, argument.replace("_", "-"), **settings)
        for argument, (module, kind) in PROVIDERS.items()
    }


@cache
def addresses() -> dict[str, list[str]]:
    """Synthesize every example in a stack of its own; the Terraform addresses that each makes, by construct."""
    import fast_synth

    fast_synth.enable()
    from cdktf import App, TerraformStack

    with TemporaryDirectory() as outdir:
        app = App(outdir=outdir)
        for name in constructs():
            stack = TerraformStack(app, name)
            make(name, stack, add_providers(stack))
        app.synth()
        return {name: list(_addresses(Path(outdir) / "stacks" / name / "cdk.tf.json")) for name in constructs()}


def _addresses(written: Path) -> Iterator[str]:
    document = json.loads(written.read_text(encoding="utf-8"))
    for part, prefix in (("resource", ""), ("data", "data."), ("ephemeral", "ephemeral.")):
        for kind, named in sorted(document.get(part, {}).items()):
            yield from (f"{prefix}{kind}.{name}" for name in sorted(named))


@cache
def _tree(section: str) -> ast.Module:
    return ast.parse((FOLDER / f"{section}.py").read_text(encoding="utf-8"))


def _functions(tree: ast.Module) -> list[ast.FunctionDef]:
    return [node for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]


def _section(name: str) -> str:
    wanted = snake_case(name)
    return next(section for section in SECTIONS for function in _functions(_tree(section)) if function.name == wanted)


def _names(*nodes: ast.AST) -> set[str]:
    return {each.id for node in nodes for each in ast.walk(node) if isinstance(each, ast.Name)}


def _imports(tree: ast.Module, names: set[str]) -> list[str]:
    """Return the import lines of *tree* that *names* need."""
    lines = []
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module != "__future__":
            wanted = [alias.name for alias in node.names if alias.name in names]
            line = f"from {node.module} import {', '.join(wanted)}"
            inside = "".join(f"    {name},\n" for name in wanted)
            if wanted:
                lines.append(line if len(line) <= WIDTH else f"from {node.module} import (\n{inside})")
    return lines
