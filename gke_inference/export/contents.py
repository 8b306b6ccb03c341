"""What an export holds, for all the files that are written from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gke_inference.export.backend import Backend
from gke_inference.export.order import Needs, RemovedStack, Step, edges, removal_steps, waves
from gke_inference.export.variables import Variable
from platform_config.config import Config
from platform_config.stack_graph import region_key

VERSION = 1
"""Of order.json: another number has another shape."""
ORDER_FILE = "order.json"
AUTH_WARNINGS = {
    "exec": ["kubernetes_auth: exec needs gke-gcloud-auth-plugin on each runner; HCP Terraform's have none"],
    "token": ["kubernetes_auth: token writes a token into states and plans: keep both private"],
}


@dataclass(frozen=True, kw_only=True)
class Contents:
    """
    The stacks of an export, and how they are run.

    Attributes:
        config: The platform.
        backend: Where the states are.
        place: Path of the export in its repository, with a slash at its end; empty where it is the repository.
        needs: Each stack with those that it needs, in the order in which they are applied.
        terraform: The versions of Terraform that each stack takes.
        removed: Stacks that an older export had.
        older: The stacks of the last export, with those that each needed.
        variables: The variables that each stack uses.
    """

    config: Config
    backend: Backend
    place: str
    needs: Needs
    terraform: Mapping[str, str]
    removed: Sequence[RemovedStack] = ()
    older: Needs = field(default_factory=dict)
    variables: Mapping[str, Sequence[Variable]] = field(default_factory=dict)

    @property
    def pipeline(self) -> str:
        """How files and jobs of samples begin: those of several platforms are in one repository."""
        return f"platform-{self.config.name}"

    @property
    def suffix(self) -> str:
        """How variables of a pipeline end, which several platforms may have."""
        return self.config.name.upper().replace("-", "_")

    @property
    def order(self) -> list[str]:
        """The stacks, needed ones first."""
        return list(self.needs)

    @property
    def waves(self) -> list[list[str]]:
        """The stacks in groups that can be applied side by side."""
        return waves(self.needs)

    @property
    def removal(self) -> list[Step]:
        """How the removed stacks leave; empty where there are none."""
        return removal_steps(self.needs, self.removed, self.older)

    @property
    def named_variables(self) -> dict[str, Variable]:
        """The variables of all stacks, by name."""
        return {one.name: one for used in self.variables.values() for one in used}

    def warnings(self) -> list[str]:
        """Return what a user of this export should know."""
        found = [*self.backend.warnings(), *AUTH_WARNINGS.get(self.config.kubernetes_auth, ())]
        added = [stack for stack in self.needs if self.older and stack not in self.older]
        if self.removed and added:
            found.append(
                f"the config adds stacks while an older one's are still there: {', '.join(added)}; "
                "`remove` is refused until the config only removes"
            )
        return found

    def document(self, files: Sequence[str]) -> dict[str, Any]:
        """Return order.json; *files* are all that the export wrote."""
        return {
            "version": VERSION,
            "platform": self.config.name,
            "backend": self.backend.type,
            "order": self.order,
            "waves": self.waves,
            "destroy": self.order[::-1],
            "edges": edges(self.needs),
            "stacks": {stack: self._stack(stack) for stack in self.order},
            "variables": [
                {"name": one.name, "setting": one.setting,
                 "stacks": [stack for stack in self.order if one in self.variables.get(stack, ())]}
                for one in self.named_variables.values()
            ],
            "removed": [stack.document() for stack in self.removed],
            "removal": [step.document() for step in self.removal],
            "files": sorted(files),
        }  # fmt: skip

    def _stack(self, stack: str) -> dict[str, Any]:
        return {
            "folder": f"stacks/{stack}",
            "needs": list(self.needs[stack]),
            "region": region_key(stack) or None,
            "terraform": self.terraform[stack],
            "backend_config": self.backend.file_name(stack) or None,
            "state": self.backend.place(self.config, stack),
        }
