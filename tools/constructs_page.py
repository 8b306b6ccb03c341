"""Writes docs/constructs.md: every public construct, read from the source, and what its example makes."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from tools import examples
from tools.construct_examples import SETUP
from tools.public_names import OTHERS, PLANS, spec_modules
from tools.source_classes import ROOT, SourceClass, classes, entries, sections, summary

INTRO = """\
Every public construct of `constructs_lib`: what it is, its arguments, what it offers to others, an example, and the
Terraform addresses that the example makes. Rely on the names on this page; all others in the package may change.

All take `scope` and `id_` first, and then keywords alone. The id is part of every Terraform address: keep it. An
argument called `after` holds what must exist first. *Known at synth* is a plain value, safe to pass to another stack;
*known after apply* is a Terraform reference. `from_existing` returns what is managed elsewhere: other constructs take
it like one that is made here.
"""
LINKS = """\
The settings of each spec are those of the config's section of that name, in [settings](settings.md); their names are
[below](#specs), as the [plans](#plans) are.
"""
FUNCTIONS = """\
What the examples and the arguments above take beside specs and plans. Kubernetes objects are plain dicts, made by
functions that need no cdktf.
"""
STACK = """\
## What the examples start from

A test synthesizes each example in this stack:
"""


def page() -> str:
    """Return docs/constructs.md."""
    found = classes()
    groups = (
        f"## {title}\n\n{''.join(_construct(found[name]) for name in names)}"
        for title, names in examples.sections().items()
    )
    plans = "".join(_plan(found[name]) for name in PLANS)
    parts = [_intro(), "".join(groups) + f"## Plans\n\n{plans}{_specs()}", _others()]
    return "\n".join(["# Constructs\n", *parts]).rstrip("\n") + "\n"


def _intro() -> str:
    package = ast.parse((ROOT / "constructs_lib/specs/__init__.py").read_text(encoding="utf-8"))
    spec_and_plan = (ast.get_docstring(package) or "").partition("\n\n")[2]
    return f"{INTRO}\n## Spec and plan\n\n{spec_and_plan}\n\n{LINKS}\n{STACK}\n```python\n{SETUP}```\n"


def _construct(source: SourceClass) -> str:
    said = source.sections
    parts = [f"### {source.name}\n\n`from {source.module} import {source.name}`\n\n{said['']}\n"]
    parts.append(_table(("argument", "type", "default", "meaning"), _arguments(source)))
    parts.append(_table(("attribute", "what it is"), ([f"`{name}`", text] for name, text in source.attributes.items())))
    parts += _raises(said)
    parts += [_method(node) for name, node in source.methods.items() if name != "__init__"]
    parts.append(f"Example:\n\n```py\n{examples.text(source.name)}\n```\n")
    parts.append("It makes:\n\n" + "".join(f"- `{address}`\n" for address in examples.addresses()[source.name]))
    return "\n".join(parts) + "\n"


def _plan(source: SourceClass) -> str:
    said = source.sections
    parts = [f"### {source.name}\n\n`from {source.module} import {source.name}`\n\n{said['']}\n"]
    parts += [_table(("field", "type", "default", "meaning"), _fields(source)), *_raises(said)]
    return "\n".join(parts) + "\n"


def _specs() -> str:
    rows = ([f"`{name}`", summary(module, name)] for name, module in spec_modules().items())
    return "## Specs\n\n`from constructs_lib.specs import ...`\n\n" + _table(("name", "what it asks for"), rows)


def _others() -> str:
    tables = (
        f"`from {module} import ...`\n\n"
        + _table(("name", "what it is"), ([f"`{name}`", summary(module, name)] for name in names))
        for module, names in OTHERS.items()
    )
    return f"## Functions and values\n\n{FUNCTIONS}\n" + "\n".join(tables)


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
    meanings = dict(entries(source.sections.get("Args", "")))
    for argument, default in source.arguments:
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
