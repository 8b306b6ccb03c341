"""The command line with the clusters of a test, for a process of its own; and the pace of a drill of the tests."""

from __future__ import annotations

import json
import os
import sys

import anyio

from gke_inference.cli import main
from gke_inference.cluster_api import ClusterApi
from gke_inference.drill import command as drill
from gke_inference.drill.runner import DrillRunner
from gke_inference.drill.senders import pod_sender

CLUSTERS, TOKEN = "DRILL_CLUSTERS", "DRILL_TOKEN"
"""Environment variables: addresses of the clusters by region, and the token that they accept."""


async def stay_for_requests(self: DrillRunner, duration_sec: float) -> None:
    """Stay in a state until as many requests have ended as belong to it, however slow the machine is."""
    ended = len(self.sender.results) + duration_sec * self.plan.rate_per_sec
    await anyio.sleep(duration_sec)
    while len(self.sender.results) < ended:
        await anyio.sleep(0.01)


def run() -> None:
    """Run the command line, with short pauses."""
    pod_sender.RETRY_EVERY_SEC, pod_sender.FETCH_EVERY_SEC = 0.02, 0.05
    DrillRunner._stay = stay_for_requests  # type: ignore[method-assign]
    hosts = json.loads(os.environ[CLUSTERS])
    apis = {key: ClusterApi(host=host, token=lambda: os.environ[TOKEN]) for key, host in hosts.items()}
    drill.find_clusters = lambda config, google: apis.__getitem__
    sys.exit(main())
