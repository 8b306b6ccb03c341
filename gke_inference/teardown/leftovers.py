"""What is still in the project that is ours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gke_inference.findings import Status
from gke_inference.load_balancer import Part, refuse_gaps
from gke_inference.teardown.left import FLEET_FIX, NETWORK_FIX, Left, Search, bucket_kept, last, there, wrong
from gke_inference.teardown.left_in_network import InNetwork
from gke_inference.teardown.network import Network
from platform_config.config import Config
from platform_config.names import Names

DISCOVERY = "multiclusterservicediscovery"
"""The feature that `service_discovery` turns on; the fleet has it once, for all its members."""


@dataclass(frozen=True, kw_only=True)
class Leftovers:
    """
    Looks for what is ours: by the names that the config gives, or by being in our network.

    Attributes:
        keep_bucket: The bucket was told to stay.
    """

    network: Network
    config: Config
    keep_bucket: bool

    def findings(self) -> list[Left]:
        """One per thing that is left, and one per kind that is not there or could not be asked for."""
        searches = (
            *InNetwork(network=self.network, config=self.config).searches(),
            Search(id="FLEET", role="roles/gkehub.viewer", look=self._fleet),
            Search(id="NODE-ACCOUNT", role="roles/iam.serviceAccountViewer", look=self._node_account),
            Search(id="BUCKET", role="roles/storage.bucketViewer", look=self._bucket),
            Search(id="SECRET", role="roles/secretmanager.viewer", look=self._secret),
        )
        return [finding for search in searches for finding in search.run()]

    @property
    def _names(self) -> Names:
        return Names(self.config)

    def _fleet(self) -> Iterator[Left]:
        google, strangers = self.network.google, False
        parent, listed = f"projects/{google.project}/locations", "projects.locations.memberships.list"
        for page in google.whole_pages("gkehub", "v1", listed, parent=f"{parent}/-"):
            refuse_gaps(page)
            for member in page.get("resources", []):
                name = last(member["name"])
                if name in self.network.stacks:
                    todo = self._todo("memberships", name, f"gcloud container fleet memberships delete {name}")
                    yield wrong("MEMBERSHIP", f"membership {name}", "none", todo)
                else:
                    strangers = True
        features = google.pages(
            "gkehub", "v1", "projects.locations.features.list", items="resources", parent=f"{parent}/global"
        )
        for feature in features:
            yield from self._feature(feature, strangers)

    def _feature(self, feature: Part, strangers: bool) -> Iterator[Left]:
        """The *feature*, where it is ours; one without a config cluster may be that of *strangers* in the fleet."""
        name = last(feature["name"])
        config_member = last(feature.get("spec", {}).get("multiclusteringress", {}).get("configMembership", ""))
        if config_member in self.network.stacks:
            todo = self._todo("features", name, "gcloud container fleet ingress disable")
            yield wrong("FEATURE", f"feature {name}", "small", todo)
            return
        ours = self._in_states("features", name) or not strangers
        if name == DISCOVERY and self.config.service_discovery and ours:
            todo = self._todo("features", name, "gcloud container fleet multi-cluster-services disable")
            yield wrong("FEATURE", f"feature {name}", "none", todo)

    def _todo(self, collection: str, name: str, command: str) -> str:
        return FLEET_FIX if self._in_states(collection, name) else f"look, then: {command}"

    def _in_states(self, collection: str, name: str) -> bool:
        """By the end of its path: the fleet's API may tell the project's number where a state has its name."""
        return any(path.endswith(f"/{collection}/{name}") for path in self.network.in_states)

    def _node_account(self) -> Iterator[Left]:
        email = self._names.node_service_account_email
        name = f"projects/{self.network.google.project}/serviceAccounts/{email}"
        if there(self.network.google, "iam", "v1", "projects.serviceAccounts.get", name=name):
            known = name in self.network.in_states
            todo = NETWORK_FIX if known else f"look, then: gcloud iam service-accounts delete {email}"
            yield wrong("NODE-ACCOUNT", f"service account {email}", "none", todo)

    def _bucket(self) -> Iterator[Left]:
        name = self._names.bucket
        if not self.config.bucket or not there(self.network.google, "storage", "v1", "buckets.get", bucket=name):
            return
        if self.keep_bucket:
            yield bucket_kept(name)
        else:
            yield wrong("BUCKET", f"bucket {name}", "per GiB", NETWORK_FIX)

    def _secret(self) -> Iterator[Left]:
        secret = self.config.model.hugging_face_token.secret_manager
        name = f"projects/{self.network.google.project}/secrets/{secret}"
        if secret and there(self.network.google, "secretmanager", "v1", "projects.secrets.get", name=name):
            yield Left(
                id="LEFT-SECRET",
                status=Status.GOOD,
                found=f"secret {secret}",
                needed="stays: it is yours",
                costs="none",
            )
