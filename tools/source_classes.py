"""The public classes and names of `constructs_lib`, read from their source: no binding is loaded."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).resolve().parent.parent
BASES = {"Construct", "Manifest"}
SECTIONS = ("Args", "Attributes", "Raises", "Returns")


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
    def attributes(self) -> dict[str, str]:
        """The attributes that its docstring lists, and what each is."""
        return dict(entries(self.sections.get("Attributes", "")))

    @property
    def methods(self) -> dict[str, ast.FunctionDef]:
        """The constructor and the public methods, by name."""
        found = {node.name: node for node in self.tree.body if isinstance(node, ast.FunctionDef)}
        return {name: node for name, node in found.items() if name == "__init__" or not name.startswith("_")}

    @property
    def arguments(self) -> Iterable[tuple[ast.arg, ast.expr | None]]:
        """The keyword arguments of the constructor with their defaults."""
        given = self.methods["__init__"].args
        return zip(given.kwonlyargs, given.kw_defaults, strict=True)


@cache
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


def summary(module: str, name: str) -> str:
    """
    Return what the source of *module* says first of the function, class or value *name*.

    Raises:
        ValueError: It says nothing.
    """
    body = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")).body
    for node, following in zip(body, [*body[1:], None], strict=True):
        text = None
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            text = ast.get_docstring(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and name in _assigned(node):
            said = following.value if isinstance(following, ast.Expr) else None
            text = said.value if isinstance(said, ast.Constant) and isinstance(said.value, str) else None
        if text:
            return " ".join(inspect.cleandoc(text).partition("\n\n")[0].split())
    raise ValueError(f"{module}.{name} must have a docstring, got none")


def _assigned(node: ast.Assign | ast.AnnAssign) -> set[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return {target.id for target in targets if isinstance(target, ast.Name)}


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


def snake_case(name: str) -> str:
    """Return the name of a class as that of a function."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
