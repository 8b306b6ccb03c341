"""What exists of a platform: what is adopted, what the YAML must say, and what an older state must forget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gke_inference.adopt.cluster_objects import judge_objects
from gke_inference.adopt.found import Found, Verdict
from gke_inference.adopt.judge import judge_all
from gke_inference.adopt.offers import offers, settle_feature
from gke_inference.adopt.old_state import OldResource, forgotten
from gke_inference.adopt.planned import planned_resources
from gke_inference.adopt.surroundings import Surroundings
from gke_inference.api_error import ApiError, remedy
from gke_inference.command import Exit
from gke_inference.google_api import GoogleApi
from gke_inference.import_blocks import Block, write_blocks
from gke_inference.live_platform import Clusters
from platform_config.config import Config
from platform_config.stack_graph import needed_stacks


@dataclass(frozen=True, kw_only=True)
class Adoption:
    """
    What was found, and what follows from it.

    Attributes:
        config: The platform.
        found: Each resource that exists, or could not be asked for.
        forget: Resources of an older state that the platform's own will have.
        others: How many resources of the older state stay with it.
    """

    config: Config
    found: Sequence[Found]
    forget: Sequence[OldResource] = ()
    others: int = 0

    @property
    def blocks(self) -> dict[str, list[Block]]:
        """The import blocks, by stack."""
        blocks: dict[str, list[Block]] = {}
        for one in self.found:
            if one.verdict is Verdict.ADOPTED:
                blocks.setdefault(one.stack, []).append({"to": one.address, "id": one.import_id})
        return blocks

    @property
    def settings(self) -> Mapping[str, Any]:
        """What the YAML must say, by the path of each setting: as many lines are to be written by hand."""
        return {path: value for one in self.found for path, value in one.settings.items()}

    @property
    def outcome(self) -> Exit:
        """Good where only an apply is left; wrong where the YAML must change first."""
        verdicts = {one.verdict for one in self.found}
        if self.settings or Verdict.REFUSED in verdicts:
            return Exit.WRONG
        return Exit.UNKNOWN if Verdict.UNKNOWN in verdicts else Exit.GOOD

    def write(self, outdir: Path) -> None:
        """Write the import blocks beside the stacks of the synth at *outdir*."""
        for stack in needed_stacks(self.config):
            write_blocks(outdir, stack, self.blocks.get(stack, ()))


def adopt_platform(
    config: Config, google: GoogleApi, clusters: Clusters, outdir: Path, old: Sequence[OldResource] = ()
) -> Adoption:
    """
    Return what exists of the platform that the synth of *config* at *outdir* would make.

    Args:
        config: The platform.
        google: Google's APIs.
        clusters: The API of each region's cluster.
        outdir: Folder of the synth.
        old: What is in the state that has the resources until now.
    """
    planned = list(planned_resources(config, outdir))
    found = judge_all(config, google, planned)
    own = frozenset(one.path for one in found if one.verdict is Verdict.ADOPTED)
    found = _with_offers(Surroundings(config=config, google=google, own=own), found)
    found += judge_objects(config, clusters, planned)
    forget = forgotten(old, found, planned)
    return Adoption(config=config, found=found, forget=forget, others=len(old) - len(forget))


def _with_offers(around: Surroundings, judged: Sequence[Found]) -> list[Found]:
    """Return what was *judged*, and what exists under other names: each once."""
    found = {one.path: one for one in judged}
    try:
        for one in offers(around):
            found.setdefault(one.path, one)
        feature = found.get(around.names.gateway_feature)
        if feature is not None and feature.verdict is not Verdict.UNKNOWN:
            found[feature.path] = settle_feature(around, feature)
    except ApiError as error:
        why = f"{error.summary}; {remedy(error, 'roles/viewer')}"
        found[""] = Found(verdict=Verdict.UNKNOWN, noun="other resources", path=around.config.project, why=why)
    return list(found.values())
