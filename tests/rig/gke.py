"""Which version a cluster gets, as GKE and the provider decide it."""

from __future__ import annotations

import math

from tests.rig.answers import TABLES
from tests.rig.cloud import RefusedError
from tests.rig.wire import Message

CLUSTER = "google_container_cluster"
OFFERED = (
    "1.33.5-gke.1000000",
    "1.34.1-gke.1000000",
    "1.34.3-gke.1318000",
    "1.35.2-gke.1842000",
    "1.99.0-gke.1000000",
)
"""The last of a minor version is what its beginning stands for."""
DEFAULT: dict[str, str] = TABLES["answers"]["google_container_engine_versions.release_channel_default_version"]


def versioned(cluster: Message, prior: Message | None, offered: tuple[str, ...]) -> Message:
    """
    Give *cluster* the version that it has after a create, or after an update of *prior*.

    Provider 7.45 asks for an upgrade only where `min_master_version` has changed and what it says, taken as a whole
    version, is newer: 1.35 moves a cluster on 1.34, and not one on 1.35.1.

    Raises:
        RefusedError: GKE offers no such version.
    """
    asked = cluster["min_master_version"]
    if prior is None:
        channels = [block["channel"] for block in cluster["release_channel"] if block["channel"] in DEFAULT]
        default = DEFAULT[channels[0] if channels else "REGULAR"]
        return cluster | {"master_version": _newest(asked, offered) if asked else default}
    current = prior["master_version"]
    if not asked or asked == prior["min_master_version"] or _whole(asked) <= _whole(current):
        return cluster | {"master_version": current}
    return cluster | {"master_version": _newest(asked, offered)}


def _newest(asked: str, offered: tuple[str, ...]) -> str:
    found = [version for version in offered if version == asked or version.startswith(f"{asked}.")]
    if not found:
        raise RefusedError(f'Master version "{asked}" is unsupported.')
    return found[-1]


def _whole(version: str) -> tuple[float, ...]:
    """Make *version* comparable as the provider does: what is left out is 0, and a release is above its builds."""
    numbers, _, build = version.partition("-gke.")
    return (*[int(part) for part in f"{numbers}.0".split(".")[:3]], int(build) if build else math.inf)
