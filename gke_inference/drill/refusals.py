"""What is refused before a cluster is asked: all of it at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gke_inference.drill.plan import DrillPlan
from platform_config.config import Config
from platform_config.errors import shown

MOST_AT_ONCE = 500
"""Requests that may run at once where nothing answers: each takes a connection here, and a thread in a pod."""
FEWEST = 10
"""Requests of a state that says something."""


def refusals(config: Config, plan: DrillPlan, *, journal: Path, picture: Path | None, config_path: Path) -> list[str]:
    """Why *plan* cannot be carried out; *plan* may have regions that are none."""
    return [*_regions(config, plan), *_requests(plan), *_files(journal, picture, config_path)]


def _regions(config: Config, plan: DrillPlan) -> Iterator[str]:
    keys = ", ".join(config.regions)
    for name, key in (("--region", plan.region), ("--double", plan.second)):
        if key is not None and key not in config.regions:
            yield f"{name}: must be one of {keys}, got {shown(key) if key else 'none'}"
    if len(config.regions) < 2:
        yield f"regions: must be two or more, or nothing takes over, got {keys}"
    if plan.second and plan.second == plan.region:
        yield f"--double: must be another region than --region, got {shown(plan.second)} twice"
    if plan.second and plan.means == "drain" and len(config.regions) == 2:
        yield "--double: must leave a region that is not drained with --means drain, Google takes no less; got two of 2"
    known = plan.region in config.regions
    if known and not plan.endpoint.url and plan.region not in config.gateway_regions:
        yield f"--url: must be given, the gateway has no address in {plan.region}"


def _requests(plan: DrillPlan) -> Iterator[str]:
    at_once, timeout_sec = plan.rate_per_sec * plan.endpoint.timeout_sec, plan.endpoint.timeout_sec
    if at_once > MOST_AT_ONCE:
        yield (
            f"--rate-per-sec: times --timeout-sec must be at most {MOST_AT_ONCE}, for so many may wait at once, "
            f"got {plan.rate_per_sec:g} times {timeout_sec:g}: send fewer, or wait shorter"
        )
    for name, seconds in (("--baseline-sec", plan.baseline_sec), ("--outage-sec", plan.outage_sec)):
        if seconds * plan.rate_per_sec < FEWEST:
            yield f"{name}: must hold {FEWEST} requests or more, got {seconds:g} s at {plan.rate_per_sec:g} per second"


def _files(journal: Path, picture: Path | None, config_path: Path) -> Iterator[str]:
    if journal.exists():
        yield (
            f"--journal: must not exist, got {shown(str(journal))}: another drill runs, or was killed; "
            f"end that one with inference-ops drill --restore --journal {journal}"
        )
    if picture and picture.resolve() in (journal.resolve(), config_path.resolve()):
        yield f"--picture: must be another file than the journal and the config, got {shown(str(picture))}"
