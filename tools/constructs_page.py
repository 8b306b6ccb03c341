"""Writes docs/constructs.md: every public construct, read from the source, so that no binding is loaded."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "tools" / "construct_examples.py"
WIDTH = 120
BASES = {"Construct", "Manifest"}
SECTIONS = ("Args", "Attributes", "Raises", "Returns")
GROUPS = {
    "Project and network": (
        "ProjectServices", "NodeServiceAccount", "GlobalNetwork", "NetworkRegion", "ModelStore", "WorkloadIdentity",
    ),
    "Clusters": ("GkeCluster", "AutopilotCluster", "NodePool", "SystemPool", "Fleet"),
    "Serving": (
        "InferenceService", "InferenceGateway", "MetricsAdapter", "RemovalGuard", "WeightsDownload", "HuggingFaceToken",
    ),
    "Guard rails": (
        "Certificates", "ClientLimits", "BodyRouting", "ServiceExtensionsAgent", "ModelArmorTemplates",
        "ApigeeOrganization", "ApigeeAccess", "ApigeeOperator", "ApigeeConnection",
    ),
    "Observability": ("NotificationChannels", "AlertPolicies", "LogMetrics", "Dashboard"),
    "Building blocks": ("KubernetesObject", "BoundedJob", "ReadinessGate", "FixedValue"),
}  # fmt: skip
"""Every public construct, in the order in which a platform needs them; a test finds one that is missing."""
SETUP = """\
from cdktf import App, TerraformStack
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_google_beta.provider import GoogleBetaProvider
from cdktf_cdktf_provider_helm.provider import HelmProvider
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from cdktf_cdktf_provider_time.provider import TimeProvider

stack = TerraformStack(App(), "inference")
google = GoogleProvider(stack, "google", project="my-project")
google_beta = GoogleBetaProvider(stack, "google-beta", project="my-project")
kubernetes = KubernetesProvider(stack, "kubernetes")
helm = HelmProvider(stack, "helm")
time = TimeProvider(stack, "time")
"""
"""What every example starts from."""


INTRO = """\
Every public construct of `constructs_lib`: what it makes, its arguments, what it offers to others, an example.

All take `scope` and `id_` first, and then keywords alone. The id is part of every Terraform address: keep it. An
argument called `after` holds what must exist first. *Known at synth* is a plain value, safe to pass to another stack;
*known after apply* is a Terraform reference. `from_existing` returns what is managed elsewhere: other constructs take
it like one that is made here.
"""
LINKS = """\
The settings of each spec are those of the config's section of that name, in [settings](settings.md). Each plan is
[below](#plans).
"""
STACK = """\
## What the examples start from

A test synthesizes each example in this stack:
"""
PLANS = (
    "NetworkPlan", "NetworkRegionPlan", "ClusterPlan", "PoolPlan", "FleetMember", "ServingPlan", "ServingNodes",
    "GatewayPlan", "ModelRoute", "BodyRoutingPlan",
)  # fmt: skip
"""The plans that constructs take, and their parts."""


@dataclass(frozen=True, kw_only=True)
class SourceClass:
    """
    A public class of `constructs_lib` as its module defines it.

    Attributes:
        name: Name of the class.
        module: Dotted name of its module.
        tree: The class.
    """

    name: str
    module: str
    tree: ast.ClassDef

    @property
    def is_construct(self) -> bool:
        """Whether it is a construct."""
        return bool(BASES & {base.id for base in self.tree.bases if isinstance(base, ast.Name)})

    @property
    def sections(self) -> dict[str, str]:
        """Its docstring, by section."""
        return sections(ast.get_docstring(self.tree) or "")

    @property
    def methods(self) -> dict[str, ast.FunctionDef]:
        """The constructor and the public methods, by name."""
        found = {node.name: node for node in self.tree.body if isinstance(node, ast.FunctionDef)}
        return {name: node for name, node in found.items() if name == "__init__" or not name.startswith("_")}


def classes() -> dict[str, SourceClass]:
    """Find every public class in the modules of `constructs_lib`, by name."""
    found = {}
    for path in sorted((ROOT / "constructs_lib").glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name] = SourceClass(name=node.name, module=f"constructs_lib.{path.stem}", tree=node)
    return found


def constructs() -> dict[str, SourceClass]:
    """Find every public construct, by name."""
    return {name: source for name, source in classes().items() if source.is_construct}


def sections(docstring: str) -> dict[str, str]:
    """Split *docstring* into its text, under an empty name, and its sections."""
    parts = re.split(rf"^({'|'.join(SECTIONS)}):\n", inspect.cleandoc(docstring), flags=re.MULTILINE)
    return {
        "": parts[0].strip(),
        **{name: dedent(body).strip() for name, body in zip(parts[1::2], parts[2::2], strict=True)},
    }


def entries(section: str) -> Iterator[tuple[str, str]]:
    """Yield each name of a section and what it says of it."""
    for name, text in re.findall(r"^(\w+): (.*(?:\n +.*)*)", section, re.MULTILINE):
        yield name, " ".join(text.split())


def example(name: str) -> str:
    """Return the example of the construct *name*: its imports, the values it shares with others, and its lines."""
    tree = ast.parse(EXAMPLES.read_text(encoding="utf-8"))
    assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
    shared = {target.id: node for node in assigned for target in node.targets if isinstance(target, ast.Name)}
    [function] = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == snake_case(name)]
    lines = function.body[1:]
    used = [shared[each] for each in shared if each in _names(*lines)]
    imports = _imports(tree, _names(*lines, *used))
    body = [_source(node) for node in used] + [_source(node) for node in lines]
    last = lines[-1]
    assert isinstance(last, ast.Return)
    if isinstance(last.value, ast.Name):
        body = body[:-1]
    else:
        body[-1] = body[-1].removeprefix("return ")
    return "\n".join([*imports, "", *body])


def page() -> str:
    """Return docs/constructs.md."""
    found = classes()
    listed = {name for names in GROUPS.values() for name in names}
    if listed != set(constructs()):
        raise ValueError(f"GROUPS must list every public construct, got {sorted(listed ^ set(constructs()))} apart")
    groups = (f"## {title}\n\n{''.join(_construct(found[name]) for name in names)}" for title, names in GROUPS.items())
    plans = "".join(_plan(found[name]) for name in PLANS)
    return f"# Constructs\n\n{_intro()}\n{''.join(groups)}## Plans\n\n{plans}".rstrip("\n") + "\n"


def _intro() -> str:
    package = ast.parse((ROOT / "constructs_lib/specs/__init__.py").read_text(encoding="utf-8"))
    spec_and_plan = (ast.get_docstring(package) or "").partition("\n\n")[2]
    return f"{INTRO}\n## Spec and plan\n\n{spec_and_plan}\n\n{LINKS}\n{STACK}\n```python\n{SETUP}```\n"


def _construct(source: SourceClass) -> str:
    said = source.sections
    parts = [f"### {source.name}\n\n`from {source.module} import {source.name}`\n\n{said['']}\n"]
    parts.append(_table(("argument", "type", "default", "meaning"), _arguments(source)))
    parts.append(_table(("attribute", "what it is"), ([f"`{name}`", text] for name, text in attributes(source))))
    parts += _raises(said)
    parts += [_method(node) for name, node in source.methods.items() if name != "__init__"]
    parts.append(f"```py\n{example(source.name)}\n```\n")
    return "\n".join(parts) + "\n"


def _plan(source: SourceClass) -> str:
    said = source.sections
    parts = [f"### {source.name}\n\n`from {source.module} import {source.name}`\n\n{said['']}\n"]
    parts += [_table(("field", "type", "default", "meaning"), _fields(source)), *_raises(said)]
    return "\n".join(parts) + "\n"


def attributes(source: SourceClass) -> list[tuple[str, str]]:
    """Return the public attributes of a construct, and what each is."""
    return list(entries(source.sections.get("Attributes", "")))


def argument_types(source: SourceClass) -> list[str]:
    """Return the types of the constructor's arguments."""
    return [row[1] for row in _arguments(source)]


def _raises(said: dict[str, str]) -> list[str]:
    return [f"- Raises `{name}`: {text}\n" for name, text in entries(said.get("Raises", ""))]


def _method(method: ast.FunctionDef) -> str:
    said = sections(ast.get_docstring(method) or "")
    names = [each.arg for each in method.args.args if each.arg not in ("self", "cls")]
    names += ["*", *(each.arg for each in method.args.kwonlyargs)] if method.args.kwonlyargs else []
    listed = "".join(f"- `{name}`: {meaning}\n" for name, meaning in entries(said.get("Args", "")))
    text = "\n".join([f"#### `{method.name}({', '.join(names)})`\n", f"{said['']}\n", *([listed] if listed else [])])
    return "\n".join([text, *_raises(said)])


def _arguments(source: SourceClass) -> Iterator[list[str]]:
    given = source.methods["__init__"].args
    meanings = dict(entries(source.sections.get("Args", "")))
    for argument, default in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        yield _row(argument.arg, argument.annotation, default, meanings)


def _fields(source: SourceClass) -> Iterator[list[str]]:
    said = source.sections
    meanings = dict(entries(said.get("Attributes", said.get("Args", ""))))
    for node in source.tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield _row(node.target.id, node.annotation, node.value, meanings)


def _row(name: str, kind: ast.expr | None, default: ast.expr | None, meanings: dict[str, str]) -> list[str]:
    if name not in meanings:
        raise ValueError(f"{name} must have a line in its class's docstring, got none beside {', '.join(meanings)}")
    value = "required" if default is None else f"`{ast.unparse(default)}`"
    return [f"`{name}`", f"`{ast.unparse(kind) if kind else ''}`", value, meanings[name]]


def _table(head: tuple[str, ...], rows: Iterable[list[str]]) -> str:
    lines = [list(head), ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n" for row in lines)


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


def _source(node: ast.stmt) -> str:
    """Return the lines of *node* as they are written, from the margin."""
    text = EXAMPLES.read_text(encoding="utf-8").splitlines()[node.lineno - 1 : node.end_lineno]
    return dedent("\n".join(text))


def snake_case(name: str) -> str:
    """Return the name of a class as that of a function."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
