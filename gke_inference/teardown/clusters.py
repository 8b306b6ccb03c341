"""Which clusters of the platform were deleted: the Kubernetes objects in them are gone too."""

from __future__ import annotations

from collections.abc import Sequence

from gke_inference.api_error import ApiError
from gke_inference.check import Check
from gke_inference.findings import Finding
from gke_inference.google_api import GoogleApi
from gke_inference.load_balancer import require_complete
from gke_inference.teardown.findings import CLUSTER_VIEWER
from gke_inference.teardown.state import FIXED_VALUE_TYPE, States, remembered_cluster
from gke_inference.terraform import Resource
from platform_config.config import Config
from platform_config.names import Names
from platform_config.stack_graph import WORKLOAD, cluster_key

OBJECT_TYPES = ("kubernetes_", "helm_", "time_", FIXED_VALUE_TYPE)
"""
What the types of a workload's resources in its cluster begin with.

Its waits are among them: they wait for what happens there. So is the remembered endpoint of the cluster.
"""


class DeletedClusters:
    """
    Asks Google which clusters of the platform are gone.

    Args:
        google: The project.
        config: The platform.
        states: What is in each state: the gateway and the download may be in another cluster than the config has.

    Attributes:
        error: Why Google gave no answer. It is not asked again then: each question would take as long.
    """

    def __init__(self, google: GoogleApi, config: Config, states: States) -> None:
        self.error: Exception | None = None
        self._google = google
        self._names = Names(config)
        self._keys = {self._names.cluster(key): key for key in config.regions}
        self._by_stack = {stack: self._cluster_of(stack, resources) for stack, resources in states.items()}
        self._deleted: set[str] = set()

    def find(self, stack: str) -> str:
        """Return the name of the cluster that *stack* makes or has its objects in, if it is known to be gone."""
        name = self._by_stack.get(stack, "")
        if not name or self.error:
            return ""
        try:
            if name not in self._deleted and self._is_deleted(name):
                self._deleted.add(name)
        # Whatever an unexpected answer breaks, the cluster is not known to be gone.
        except Exception as error:
            self.error = error
        return name if name in self._deleted else ""

    def findings(self) -> list[Finding]:
        """Return a finding where Google did not say which clusters are gone."""
        needed = "which clusters are gone: their objects are then removed from the states"
        return Check(id="CLUSTERS", needed=needed, role=CLUSTER_VIEWER, ask=self._raise_error).run()

    def _raise_error(self) -> list[Finding]:
        if self.error:
            raise self.error
        return []

    def _cluster_of(self, stack: str, resources: Sequence[Resource]) -> str:
        key = cluster_key(self._names.config, stack)
        return remembered_cluster(resources) or (self._names.cluster(key) if key else "")

    def _is_deleted(self, name: str) -> bool:
        """Return whether *name* is neither where the config has it nor, after a change of the config, elsewhere."""
        if name in self._keys and self._exists(self._names.cluster_path(self._keys[name])):
            return False
        parent = f"projects/{self._google.project}/locations/-"
        answer = self._google.call("container", "v1", "projects.locations.clusters.list", parent=parent)
        require_complete(answer)
        return all(cluster.get("name") != name for cluster in answer.get("clusters", []))

    def _exists(self, path: str) -> bool:
        try:
            self._google.call("container", "v1", "projects.locations.clusters.get", name=path)
        except ApiError as error:
            if not error.missing:
                raise
            return False
        return True


def objects_in_cluster(stack: str, resources: Sequence[Resource]) -> list[Resource]:
    """Return those of the *resources* of *stack* that exist only in its cluster."""
    return [one for one in resources if stack.startswith(WORKLOAD) and one.type.startswith(OBJECT_TYPES)]
