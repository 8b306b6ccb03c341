"""What a Terraform template refers to: the references and function calls inside its `${...}`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import hcl2
from lark import Tree
from lark.exceptions import LarkError

from tests.checks.schemas import DATA

INDEX = "[0]"
"""The step of a reference that picks one element: `[0]`, but also `["key"]` and `.0`."""

SPLAT = "[*]"
"""The step that picks every element: `[*]`, `.*`."""

FUNCTIONS = frozenset((DATA / "terraform-1.11-functions.txt").read_text().split())
Steps = tuple[str, ...]
Node = Tree[object]
OPENING = re.compile(r"\$\$\{|%%\{|\$\{|%\{")


@dataclass(frozen=True)
class Expression:
    """What one expression names: references as their steps (`google_x`, `name`, `id`), and functions."""

    references: tuple[Steps, ...]
    functions: tuple[str, ...]


def expressions(template: str) -> Iterator[str]:
    """Yield each text between `${` and its `}`; escaped ones (`$${`) are plain text; an open end is a ValueError."""
    at = 0
    while opening := OPENING.search(template, at):
        at = opening.end()
        if opening[0] == "%{":
            raise ValueError("a template directive; write %%{ where text is meant")
        if opening[0] == "${":
            end = _closing(template, at)
            yield template[at:end]
            at = end + 1


def _closing(text: str, at: int) -> int:
    """Find where the brace that is open at *at* closes, past strings and the templates inside them."""
    open_ends = ["}"]
    while at < len(text):
        in_string = open_ends[-1] == '"'
        opening = OPENING.match(text, at) if in_string else None
        if opening:
            open_ends += [] if len(opening[0]) == 3 else ["}"]
            at = opening.end()
            continue
        if text[at] == open_ends[-1]:
            open_ends.pop()
            if not open_ends:
                return at
        elif not in_string and text[at] in '"{':
            open_ends.append('"' if text[at] == '"' else "}")
        at += 2 if in_string and text[at] == "\\" else 1
    raise ValueError("${ is never closed")


@cache
def parse(expression: str) -> Expression:
    """Read one expression with HCL's own grammar. Raises ValueError when it is not HCL."""
    try:
        tree = hcl2.parses_to_tree(f"x = {expression}\n")
    except LarkError as error:
        raise ValueError(f"not an expression: {str(error).splitlines()[0]}") from error
    calls = tree.find_data("function_call")
    functions = ("::".join(name for part in _named(call, "identifier") for name in _text(part)) for call in calls)
    return Expression(tuple(_references(tree, frozenset())), tuple(functions))


def _references(tree: Node, bound: frozenset[str], inside: bool = False) -> Iterator[Steps]:
    """Find the references in *tree*, except to names *bound* by a `for`; *inside* the steps of one already found."""
    steps = None if inside else _steps(tree)
    if steps and steps[0] not in bound:
        yield steps
    if str(tree.data).startswith("for_"):
        bound |= {name for intro in _named(tree, "for_intro") for i in _named(intro, "identifier") for name in _text(i)}
    for child in tree.children:
        if not isinstance(child, Tree) or (tree.data == "object_elem_key" and len(_steps(child) or ()) == 1):
            continue  # `{a = 1}`: the key is text
        yield from _references(child, bound, inside=bool(steps or inside) and child.data != "braces_index")


def _steps(tree: Node) -> Steps | None:
    """Return the steps of a reference such as `a.b[0].c`; None when *tree* is anything else."""
    parts = [child for child in tree.children if isinstance(child, Tree)]
    if tree.data == "expr_term" and len(parts) == 1:
        return _text(parts[0]) if parts[0].data == "identifier" else _steps(parts[0])
    if not str(tree.data).endswith(("attr_expr_term", "index_expr_term", "splat_expr_term")):
        return None
    base = _steps(parts[0])
    return None if base is None else base + _later_steps(parts[1])


def _later_steps(tree: Node) -> Steps:
    if tree.data == "get_attr":
        return tuple(name for part in tree.children if isinstance(part, Tree) for name in _text(part))
    if "splat" not in str(tree.data):
        return (INDEX,)
    return (SPLAT, *(step for part in tree.children if isinstance(part, Tree) for step in _later_steps(part)))


def _named(tree: Node, name: str) -> Iterator[Node]:
    return (child for child in tree.children if isinstance(child, Tree) and child.data == name)


def _text(tree: Node) -> Steps:
    return (str(tree.children[0]),)
