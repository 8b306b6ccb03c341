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
        """What a command with `-json` printed."""
        return [json.loads(line) for line in self.text.splitlines() if line.startswith("{")]


class Folder:
    """
    A root module. All that Terraform prints about it is also in its file `printed.txt`.

    Args:
        path: Where its files are.
        rig: What its providers work on.
    """

    def __init__(self, path: Path, rig: Rig) -> None:
        self.path = path
        self._rig = rig
        self._ready = False

    def run(self, command: str, *arguments: str) -> Outcome:
        """Run `terraform`, after `init` the first time; *command* may be two words, such as `state rm`."""
        if not self._ready:
            self._ready = True
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

    def plan(self, *arguments: str) -> Changes:
        """Plan into the file `plan`, and tell what it would change."""
        self.must("plan", "-input=false", "-out=plan", *arguments)
        planned = json.loads(self.must("show", "-json", "plan").text)
        found = {told["address"]: tuple(told["change"]["actions"]) for told in planned.get("resource_changes", [])}
        return {address: actions for address, actions in found.items() if actions not in (("no-op",), ("read",))}

    def apply(self, *arguments: str) -> Outcome:
        """Apply the file `plan`, or what *arguments* say."""
        return self.run("apply", "-json", *(arguments or ["plan"]))

    def settled(self) -> bool:
        """Whether another plan is empty, outputs included."""
        return self.run("plan", "-input=false", "-detailed-exitcode").code == 0


def steps(stack: str, done: Outcome) -> list[Step]:
    """What an apply did, in the order in which it ended."""
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
    """*changes* by addresses as people read them: without the hash that is part of a nested construct's."""
    return {re.sub(r"_[0-9A-F]{8}$", "", address): actions for address, actions in changes.items()}
