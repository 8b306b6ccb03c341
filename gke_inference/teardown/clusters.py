"""Which clusters of the platform are gone: what Terraform made in one has died with it."""

from __future__ import annotations

from collections.abc import Sequence

from gke_inference.api_error import ApiError
from gke_inference.findings import Finding, Status
from gke_inference.google_api import GoogleApi
from gke_inference.load_balancer import refuse_gaps
from gke_inference.teardown.answers import CLUSTER_VIEWER, UNTOLD, untold
from gke_inference.teardown.terraform import Resource
from platform_config.config import Config
from platform_config.names import Names
from platform_config.stack_graph import WORKLOAD, cluster_key

OBJECTS = ("kubernetes_", "helm_", "time_", "terraform_data")
"""
Kinds that a workload has in its cluster.

Its waits go with them: they wait for what is done there. So does where the cluster is, which the state remembers.
"""


class Clusters:
    """
    Asks Google for them.

    Args:
        google: The project.
        config: The platform.

    Attributes:
        error: What the question was refused with. It is not asked again then: each time would take as long.
    """

    def __init__(self, google: GoogleApi, config: Config) -> None:
        self.error: Exception | None = None
        self._google = google
        self._config = config
        self._gone: set[str] = set()

    def lost(self, stack: str) -> str:
        """Name of the cluster that *stack* is of, where it is known to be gone; else nothing."""
        key = cluster_key(self._config, stack)
        if not key or self.error:
            return ""
        name = Names(self._config).cluster(key)
        try:
            if name not in self._gone and self._is_gone(name, Names(self._config).cluster_location(key)):
                self._gone.add(name)
        except UNTOLD as error:
            self.error = error
        return name if name in self._gone else ""

    def problems(self) -> list[Finding]:
        """That it could not be told of all of them, where that is so."""
        if not self.error:
            return []
        found, fix = untold(self.error, CLUSTER_VIEWER)
        needed = "which clusters are gone: their objects are then taken out of the states"
        return [Finding(id="CLUSTERS", status=Status.UNKNOWN, found=found, needed=needed, fix=fix)]

    def _is_gone(self, name: str, location: str) -> bool:
        """Not where it should be, and nowhere else: after a change of the config it may be in another place."""
        parent = f"projects/{self._google.project}/locations"
        clusters = "projects.locations.clusters"
        try:
            self._google.call("container", "v1", f"{clusters}.get", name=f"{parent}/{location}/clusters/{name}")
        except ApiError as error:
            if not error.missing:
                raise
        else:
            return False
        answer = self._google.call("container", "v1", f"{clusters}.list", parent=f"{parent}/-")
        refuse_gaps(answer)
        return all(cluster.get("name") != name for cluster in answer.get("clusters", []))


def objects(stack: str, resources: Sequence[Resource]) -> list[Resource]:
    """Those of the *resources* of *stack* that are nothing without its cluster."""
    return [one for one in resources if stack.startswith(WORKLOAD) and one.kind.startswith(OBJECTS)]
