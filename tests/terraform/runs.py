"""One folder with a configuration, run by the real Terraform: what it says, what it plans, in which order it acts."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.rig.server import Rig

Changes = dict[str, tuple[str, ...]]
"""By address, what is done to it: create, update, delete; a replacement is ("delete", "create")."""


DATA = ".terraform"
"""Where `init` notes the backend."""


@dataclass(frozen=True)
class Step:
    """One resource's change in an apply: when Terraform began and ended it, as sortable text."""

    stack: str
    address: str
    action: str
    begin: str
    end: str


@dataclass(frozen=True)
class Outcome:
    """How a command ended, and all that it printed."""

    code: int
    text: str

    @property
    def errors(self) -> int:
        """How many errors a command without `-json` printed."""
        return len(re.findall(r"^(?:│ )?Error: ", self.text, re.MULTILINE))

    def events(self) -> list[dict[str, Any]]:
        """Parse what a command with `-json` printed."""
        return [json.loads(line) for line in self.text.splitlines() if line.startswith("{")]

    def planned(self) -> dict[str, str]:
        """Return by address what a command with `-json` planned to change; a replacement is `replace`."""
        changes = [event["change"] for event in self.events() if event["type"] == "planned_change"]
        found = {change["resource"]["addr"]: str(change["action"]) for change in changes}
        return {address: action for address, action in found.items() if action not in ("noop", "read")}


class Folder:
    """
    A root module. All that Terraform prints about it is also in its file `printed.txt`.

    Args:
        path: Where its files are.
        rig: What its providers work on.
        backend: Whether it names a backend: only that needs `init`, for providers that are attached are not installed.
    """

    def __init__(self, path: Path, rig: Rig, *, backend: bool = False) -> None:
        self.path = path
        self._rig = rig
        self._needs_init = backend and not (path / DATA).exists()

    def run(self, command: str, *arguments: str) -> Outcome:
        """Run `terraform`, after `init` the first time; *command* may be two words, such as `state rm`."""
        if self._needs_init:
            self._needs_init = False
            self.must("init", "-input=false")
        done = subprocess.run(
            ["terraform", f"-chdir={self.path}", *command.split(), "-no-color", *arguments],
            env=self._rig.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        outcome = Outcome(done.returncode, done.stdout + done.stderr)
        with (self.path / "printed.txt").open("a") as printed:
            printed.write(outcome.text)
        return outcome

    def must(self, command: str, *arguments: str) -> Outcome:
        """Run `terraform`, which must succeed."""
        done = self.run(command, *arguments)
        assert done.code == 0, f"terraform {command} {' '.join(arguments)} in {self.path.name}:\n{done.text}"
        return done

    def plan(self) -> Changes:
        """Plan into the file `plan`, and return what it would change."""
        planned = self.must("plan", "-input=false", "-json", "-out=plan").planned()
        if "replace" not in planned.values():
            return {address: (action,) for address, action in planned.items()}
        # Whether the old or the new one goes first stands in the file alone.
        shown = json.loads(self.must("show", "-json", "plan").text)["resource_changes"]
        return {one["address"]: tuple(one["change"]["actions"]) for one in shown if one["address"] in planned}

    def deploy(self) -> tuple[Changes, list[Step]]:
        """Plan and apply in one; return what was planned, and what was done."""
        done = self.must("apply", "-auto-approve", "-input=false", "-json")
        made = steps(self.path.name, done)
        halves = {step.address: tuple(half.action for half in made if half.address == step.address) for step in made}
        planned = done.planned().items()
        return {address: halves[address] if action == "replace" else (action,) for address, action in planned}, made

    def apply(self, *arguments: str) -> Outcome:
        """Apply the file `plan`, or what *arguments* say."""
        return self.run("apply", "-json", *(arguments or ["plan"]))

    def settled(self) -> bool:
        """Return whether another plan is empty, outputs included."""
        return self.run("plan", "-input=false", "-detailed-exitcode").code == 0


def steps(stack: str, done: Outcome) -> list[Step]:
    """List what an apply did, in the order in which it ended."""
    begun: dict[tuple[str, str], str] = {}
    found = []
    for event in done.events():
        if event.get("type") in ("apply_start", "apply_complete") and event["hook"]["action"] != "read":
            did = event["hook"]["resource"]["addr"], event["hook"]["action"]
            if event["type"] == "apply_start":
                begun[did] = event["@timestamp"]
            else:
                found.append(Step(stack, *did, begun[did], event["@timestamp"]))
    return found


def unhashed(changes: Changes) -> Changes:
    """Name *changes* by addresses as people read them: without the hash that is part of a nested construct's."""
    return {re.sub(r"_[0-9A-F]{8}$", "", address): actions for address, actions in changes.items()}
