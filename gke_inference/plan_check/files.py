"""Where plans are: one file for each stack in a folder, or a single file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gke_inference.plan_check.graph import is_stack
from gke_inference.plan_check.plan import NotAPlanError, Plan, read_plan
from platform_config.errors import ConfigError, Problem, shown

PLAN = "tfplan.json"
"""Name of a plan in the folder of its stack, as Terragrunt's `--json-out-dir` writes it."""
FORMS = f"DIR/<stack>.json, DIR/<stack>/{PLAN} or DIR/stacks/<stack>/{PLAN}"


def read_plans(place: Path) -> dict[str, Plan]:
    """
    Return the plans in the folder *place*, or the one in the file *place*, by the id of their stack.

    Raises:
        ConfigError: There is none, a file is no plan, or its name is no stack's.
    """
    problems: list[Problem] = []
    plans: dict[str, Plan] = {}
    found = list(_plan_files(place))
    if not found:
        got = "an empty folder" if place.is_dir() else "nothing"
        problems.append(Problem("", f"must hold plans as {FORMS}, got {got}"))
    for file in found:
        stack, where = _stack(file), str(file.relative_to(place)) if place.is_dir() else ""
        if not is_stack(stack):
            problems.append(Problem(where, f"must be named after its stack, got {shown(stack)}", f"write {FORMS}"))
        elif stack in plans:
            problems.append(
                Problem(where, f"must be the only plan of {stack}, got another one", "remove the older one")
            )
        else:
            try:
                plans[stack] = read_plan(stack, file.read_text(encoding="utf-8"))
            except NotAPlanError as error:
                problems.append(Problem(where, str(error)))
            except UnicodeDecodeError:
                problems.append(Problem(where, "must be UTF-8, got other bytes", "redirect `terraform show -json`"))
    if problems:
        raise ConfigError(str(place), problems)
    return plans


def _plan_files(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
        return
    for pattern in ("*.json", f"*/{PLAN}", f"stacks/*/{PLAN}"):
        yield from sorted(place.glob(pattern))


def _stack(file: Path) -> str:
    return file.resolve().parent.name if file.name == PLAN else file.stem
