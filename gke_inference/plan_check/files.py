"""Where plans are: one file for each stack in a folder, or a single file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gke_inference.plan_check.graph import is_stack
from gke_inference.plan_check.plan import Plan
from gke_inference.plan_check.reading import NotAPlanError, read_plan, read_state
from platform_config.errors import ConfigError, Problem, shown

PLAN = "tfplan.json"
"""Name of a plan in the folder of its stack, as Terragrunt's `--json-out-dir` writes it."""
STATE = ".state.json"
"""How the name of a file ends that holds a state: what is there, after an apply or a destroy."""
FORMS = f"DIR/<stack>.json, DIR/<stack>/{PLAN} or DIR/stacks/<stack>/{PLAN}"


def read_plans(place: Path) -> dict[str, Plan]:
    """
    Return the plans and states in the folder *place*, or the plan in the file *place*, by the id of their stack.

    Raises:
        ConfigError: There is no plan, a file is neither, or its name is no stack's.
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
                Problem(where, f"must be the only file of {stack}, got another one", "remove the older one")
            )
        else:
            try:
                read = read_state if file.name.endswith(STATE) else read_plan
                plans[stack] = read(stack, file.read_text(encoding="utf-8"))
            except NotAPlanError as error:
                problems.append(Problem(where, str(error)))
            except UnicodeDecodeError:
                problems.append(Problem(where, "must be UTF-8, got other bytes", "redirect `terraform show -json`"))
    if plans and all(plan.is_state for plan in plans.values()):
        problems.append(Problem("", f"must hold plans as {FORMS}, got states alone"))
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
    if file.name == PLAN:
        return file.resolve().parent.name
    return file.name.removesuffix(STATE).removesuffix(".json")
