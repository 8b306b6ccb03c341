"""What is still in the project that is ours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from operations.findings import Status
from operations.load_balancer import Part, refuse_gaps
from operations.teardown.left import FLEET_FIX, NETWORK_FIX, Left, Search, bucket_kept, last, there, wrong
from operations.teardown.left_in_network import InNetwork
from operations.teardown.network import Network
from stacks.config import Config
from stacks.names import Names


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
            Search(id="BUCKET", role="roles/storage.bucketViewer", look=self._bucket),
            Search(id="SECRET", role="roles/secretmanager.viewer", look=self._secret),
        )
        return [finding for search in searches for finding in search.run()]

    @property
    def _names(self) -> Names:
        return Names(self.config)

    def _fleet(self) -> Iterator[Left]:
        ours = {self._names.cluster(key) for key in self.config.regions}
        parent = f"projects/{self.network.google.project}/locations"
        members: list[Part] = []
        listed = "projects.locations.memberships.list"
        for page in self.network.google.whole_pages("gkehub", "v1", listed, parent=f"{parent}/-"):
            refuse_gaps(page)
            members += page.get("resources", [])
        for member in members:
            if last(member["name"]) in ours:
                yield wrong("MEMBERSHIP", f"membership {last(member['name'])}", "none", FLEET_FIX)
        features = self.network.google.pages(
            "gkehub", "v1", "projects.locations.features.list", items="resources", parent=f"{parent}/global"
        )
        for feature in features:
            spec = feature.get("spec", {}).get("multiclusteringress", {})
            if last(spec.get("configMembership", "")) in ours:
                yield wrong("FEATURE", f"feature {last(feature['name'])}", "small", FLEET_FIX)

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
