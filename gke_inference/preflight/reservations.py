"""Reservations: whether each has room for all pools that name it, in its zone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import Any

from constructs_lib.accelerators import PoolPlan
from gke_inference.check import Check
from gke_inference.findings import Finding, good, unknown, wrong
from gke_inference.preflight.target import Target

BLOCKS = "/reservationBlocks/"


def checks(target: Target) -> Iterator[Check]:
    """Yield one per reservation and zone, and one more where a pool names a block of it."""
    for key in target.keys:
        for place, pools in _used(target, key).items():
            yield Check(
                id=place.id(target.project), needed=f"room in {place}", role=place.permission, where=key,
                ask=partial(_room, target, key, place, pools),
            )  # fmt: skip


@dataclass(frozen=True)
class _Place:
    """A reservation in one zone, or a block of it: `projects/P/reservations/R/reservationBlocks/B`."""

    owner: str
    reservation: str
    block: str
    zone: str

    def __str__(self) -> str:
        block = f", block {self.block}," if self.block else ""
        return f"{self.reservation}{block} of {self.owner} in {self.zone}"

    def id(self, project: str) -> str:
        """Return the id of its finding, without the project where it is *project*."""
        owner = "" if self.owner == project else self.owner
        return "/".join(filter(None, (f"RESERVATION-{self.reservation}", self.block, owner, self.zone)))

    @property
    def permission(self) -> str:
        """What the caller needs to look at it."""
        return f"compute.{'reservationBlocks' if self.block else 'reservations'}.get in {self.owner}"


Pools = dict[str, PoolPlan]


def _used(target: Target, key: str) -> dict[_Place, Pools]:
    """Return the pools that take from each place; what takes from a block takes from its reservation too."""
    used: defaultdict[_Place, Pools] = defaultdict(dict)
    for name, pool in target.made_pools(key).items():
        path, _, block = (pool.spec.capacity.reservation or "").partition(BLOCKS)
        owner, _, reservation = path.removeprefix("projects/").rpartition("/reservations/")
        for zone in pool.spec.zones or target.config.regions[key].zones if reservation else ():
            for part in sorted({"", block}):
                used[_Place(owner or target.project, reservation, part, zone)][name] = pool
    return dict(used)


def _room(target: Target, key: str, place: _Place, pools: Pools) -> Iterator[Finding]:
    nodes = sum(ceil(pool.nodes / pool.zones) for pool in pools.values())
    types = sorted({pool.machine.machine_type for pool in pools.values()})
    id_, fix = place.id(target.project), f"correct the reservation of {', '.join(pools)}, or have it changed"
    needed = f"{place} with {nodes} free {' and '.join(types)}, for those only that name it"
    found = _asked(target, place)
    if found is None:
        yield wrong(id_, f"there is no {place}", needed, fix)
        return
    specific = found.get("specificReservation")
    if specific is None:
        yield unknown(
            id_, "could not be checked: it reserves no single machine type, so its room is not known", needed, fix
        )
        return
    reserved = specific.get("instanceProperties", {}).get("machineType", "no machine type")
    count, used = int(specific.get("count", 0)), int(specific.get("inUseCount", 0))
    state = f"{found.get('status', 'in no state')}, {count} {reserved}, {used} in use"
    open_to_all = "" if found.get("specificReservationRequired") else ", taken by any machine that matches"
    if found.get("status") != "READY" or [reserved] != types or open_to_all or count < nodes:
        yield wrong(id_, state + open_to_all, needed, fix)
    elif count - used >= nodes:
        yield good(id_, state, needed)
    elif target.has_cluster(key):
        yield unknown(id_, f"{state}, some by this platform", needed, "compare")
    else:
        yield wrong(id_, state, needed, fix)


def _asked(target: Target, place: _Place) -> dict[str, Any] | None:
    """Return the reservation, with state and room of the block where it is one; None where there is none."""
    named = {"project": place.owner, "zone": place.zone, "reservation": place.reservation}
    found = target.google.find("compute", "v1", "reservations.get", **named)
    if not place.block or found is None or "specificReservation" not in found:
        return found
    answer = target.google.find("compute", "v1", "reservationBlocks.get", **named, reservationBlock=place.block)
    if answer is None:
        return None
    block = answer.get("resource", {})
    room = {"count": block.get("count", 0), "inUseCount": block.get("inUseCount", 0)}
    return found | {"status": block.get("status"), "specificReservation": found["specificReservation"] | room}
