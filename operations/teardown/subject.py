"""What a teardown is of."""

from __future__ import annotations

from dataclasses import dataclass

from operations.teardown.clusters import Clusters
from operations.teardown.network import Network
from operations.teardown.plan import WayDown
from operations.teardown.states import States
from stacks.config import Config


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
