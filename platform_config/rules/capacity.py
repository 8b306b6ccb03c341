"""Rules about capacity: how a pool gets its machines, and what such machines can be used for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from constructs_lib.specs import CapacitySpec
from platform_config.config import Config
from platform_config.errors import Problem, shown
from platform_config.rules.rule import Rule, models, pool_specs, serving_plans

NAME = r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?"
RESERVATION = rf"(projects/[a-z0-9-]+/reservations/)?{NAME}(/reservationBlocks/{NAME})?"
SPOT_OR_FLEX_ONLY = ("a3-highgpu-1g", "a3-highgpu-2g", "a3-highgpu-4g")


def _one_way(config: Config) -> Iterator[Problem]:
    for path, _, spec in pool_specs(config):
        modes, wrong = spec.capacity.modes, spec.capacity.wrong_mode
        if wrong:
            yield Problem(f"{path}.capacity", wrong, f"keep {modes[0]}" if modes else "write on_demand: true")


def _reservation(config: Config) -> Iterator[Problem]:
    for path, _, spec in pool_specs(config):
        name = spec.capacity.reservation
        if name and not re.fullmatch(RESERVATION, name):
            message = f"must be a reservation's name or projects/<project>/reservations/<name>, got {shown(name)}"
            yield Problem(f"{path}.capacity.reservation", message, "`gcloud compute reservations list` shows them")


def _queued(config: Config) -> Iterator[Problem]:
    for path, capacity in (choice for choices in _serving(config) for choice in choices):
        if capacity.queued:
            message = "must not be queued where the model server runs, got queued: true"
            yield Problem(f"{path}.capacity", message, "write flex_start: true, or reservation: <name>")


def _transient(config: Config) -> Iterator[Problem]:
    for choices in _serving(config):
        if not all(capacity.flex_start or capacity.spot for _, capacity in choices):
            continue
        for path, capacity in choices:
            given = (
                "flex_start: nodes are deleted after seven days"
                if capacity.flex_start
                else "spot: nodes are deleted at any time"
            )
            message = f"should be on_demand or reservation where the model server runs, got {given}"
            yield Problem(f"{path}.capacity", message, "make sure that another region can carry the load")


def _small_a3(config: Config) -> Iterator[Problem]:
    for path, _, spec in pool_specs(config):
        modes = spec.capacity.modes
        if spec.machine_type in SPOT_OR_FLEX_ONLY and len(modes) == 1 and modes[0] not in ("spot", "flex_start"):
            message = f"must be spot or flex_start for {spec.machine_type}, got {modes[0]}"
            yield Problem(f"{path}.capacity", message, "write spot: true")


def _reserved_only(config: Config) -> Iterator[Problem]:
    for path, _, spec in pool_specs(config):
        modes = spec.capacity.modes
        if spec.machine_type.startswith("a4x-") and len(modes) == 1 and modes != ["reservation"]:
            message = f"must be reservation for {spec.machine_type}, got {modes[0]}"
            yield Problem(f"{path}.capacity", message, "write reservation: <name>")


def _serving(config: Config) -> Iterator[list[tuple[str, CapacitySpec]]]:
    """Yield the pools that each region serves a model from, with how each gets its machines."""
    for _, model in models(config):
        for key in model.regions:
            yield [(path, plan.spec.capacity) for path, plan in serving_plans(model, key)]


RULES = (
    Rule(
        "CAP-ONE",
        "Each pool has exactly one way to get machines",
        "The ways exclude each other: GKE refuses two, and without one there are no machines.",
        "GKE API, NodeConfig (spot, flexStart, reservationAffinity), NodePool.queuedProvisioning",
        _one_way,
    ),
    Rule(
        "CAP-RESERVATION",
        "`reservation` is the name of a reservation, or the path of a shared one",
        "The pool would wait for a reservation that cannot exist.",
        "GKE API, ReservationAffinity.values; AI-Hypercomputer/xpk#823",
        _reservation,
    ),
    Rule(
        "CAP-QUEUED",
        "The model server does not run on a queued pool",
        "Such a pool grows only for a ProvisioningRequest, and a Deployment never makes one: pods stay pending.",
        "Google, About queued provisioning",
        _queued,
    ),
    Rule(
        "CAP-RESERVED",
        "a4x machines come from a reservation",
        "Google sells them in no other way.",
        "Google, Consumption options; AI Hypercomputer, A4X",
        _reserved_only,
    ),
    Rule(
        "CAP-TRANSIENT",
        "The model server can run on machines that stay",
        "Spot nodes are taken back at any time, with 15 seconds for their pods; flex-start nodes after seven days.",
        "Google, Spot VMs in GKE; About flex-start provisioning mode",
        _transient,
        severity="warning",
    ),
    Rule(
        "CAP-A3-SMALL",
        "a3-highgpu with 1, 2 or 4 GPUs is spot or flex-start",
        "Google offers these sizes in no other way.",
        "Google, GPU machine types",
        _small_a3,
    ),
)
