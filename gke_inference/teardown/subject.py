"""What a teardown is of."""

from __future__ import annotations

from dataclasses import dataclass

from gke_inference.teardown.clusters import Clusters
from gke_inference.teardown.network import Network
from gke_inference.teardown.plan import WayDown
from gke_inference.teardown.states import States
from platform_config.config import Config


@dataclass(frozen=True, kw_only=True)
class Subject:
    """
    A platform, as its config, its states and Google tell of it.

    Attributes:
        states: What was in each state when this run began.
        clusters: Tells which of them are gone.
    """

    config: Config
    way: WayDown
    states: States
    clusters: Clusters
    network: Network
