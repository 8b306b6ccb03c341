"""What is left of the platform in the project, and what it costs to leave it there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from constructs_lib.google_names import DISCOVERY_FEATURE, GATEWAY_FEATURE
from gke_inference.api_error import ApiError
from gke_inference.findings import Finding, Status
from gke_inference.load_balancer import Part, require_complete
from gke_inference.teardown.findings import (
    FLEET_FIX,
    NETWORK_FIX,
    Remaining,
    bucket_stays,
    last_part,
    search,
    still_there,
)
from gke_inference.teardown.network import Network, exists
from gke_inference.teardown.remaining_in_dns import RemainingInDns
from gke_inference.teardown.remaining_in_gateways import RemainingInGateways
from gke_inference.teardown.remaining_in_monitoring import RemainingInMonitoring
from gke_inference.teardown.remaining_in_network import RemainingInNetwork
from gke_inference.teardown.state import States, granted_buckets, granted_secrets
from platform_config.config import Config
from platform_config.names import Names


@dataclass(frozen=True, kw_only=True)
class RemainingResources:
    """
    Searches for what is left: in the network, by the names that the config gives, and by labels in Cloud Monitoring.

    Attributes:
        network: The platform's network, with the paths that are in Terraform's states.
        config: The platform.
        states: What was in each state before the teardown: the grants of models that the config has lost, too.
        keep_bucket: Whether the bucket is to stay.
    """

    network: Network
    config: Config
    states: States
    keep_bucket: bool

    def findings(self) -> list[Finding]:
        """Return one per thing that is left, and one per kind of which there is none, or of which nothing is known."""
        return [
            *RemainingInNetwork(network=self.network, config=self.config).findings(),
            *RemainingInGateways(network=self.network, config=self.config).findings(),
            *(() if self.config.is_regional else search("FLEET", "roles/gkehub.viewer", self._fleet)),
            *search("NODE-ACCOUNT", "roles/iam.serviceAccountViewer", self._node_account),
            *search("BUCKET", "roles/storage.bucketViewer", self._bucket),
            *search("SECRET", "roles/secretmanager.viewer", self._secrets),
            *search("GRANT", "roles/iam.securityReviewer", self._grants_on_own_buckets),
            *RemainingInDns(network=self.network, config=self.config).findings(),
            *RemainingInMonitoring(network=self.network, config=self.config).findings(),
        ]

    @property
    def _names(self) -> Names:
        return Names(self.config)

    def _fleet(self) -> Iterator[Remaining]:
        google, has_others, regions = self.network.google, False, self.config.regions
        made = {self._names.cluster(key) for key, region in regions.items() if region.existing.membership is None}
        parent, method = f"projects/{google.project}/locations", "projects.locations.memberships.list"
        for page in google.whole_pages("gkehub", "v1", method, parent=f"{parent}/-"):
            require_complete(page)
            for member in page.get("resources", []):
                name = last_part(member["name"])
                if name in made:
                    fix = self._fix("memberships", name, f"gcloud container fleet memberships delete {name}")
                    yield still_there("MEMBERSHIP", f"membership {name}", "none", fix)
                else:
                    has_others = True
        if self.config.existing.fleet_features:
            return
        features = google.pages(
            "gkehub", "v1", "projects.locations.features.list", items="resources", parent=f"{parent}/global"
        )
        for feature in features:
            yield from self._feature(feature, has_others)

    def _feature(self, feature: Part, has_others: bool) -> Iterator[Remaining]:
        """Return *feature* if it is the platform's; without a config cluster it may be that of other members."""
        name = last_part(feature["name"])
        config_member = last_part(feature.get("spec", {}).get(GATEWAY_FEATURE, {}).get("configMembership", ""))
        if config_member in {last_part(self._names.membership(key)) for key in self.config.regions}:
            fix = self._fix("features", name, "gcloud container fleet ingress disable")
            yield still_there("FEATURE", f"feature {name}", "small", fix)
            return
        is_own = self._in_state("features", name) or not has_others
        if name == DISCOVERY_FEATURE and self.config.service_discovery and is_own:
            fix = self._fix("features", name, "gcloud container fleet multi-cluster-services disable")
            yield still_there("FEATURE", f"feature {name}", "none", fix)

    def _fix(self, collection: str, name: str, command: str) -> str:
        return FLEET_FIX if self._in_state(collection, name) else f"look, then: {command}"

    def _in_state(self, collection: str, name: str) -> bool:
        """By the end of the path: the fleet's API may have the project's number where a state has its name."""
        return any(path.endswith(f"/{collection}/{name}") for path in self.network.state_paths)

    def _node_account(self) -> Iterator[Remaining]:
        if self.config.existing.node_service_account is not None:
            return
        email = self._names.node_service_account_email
        name = f"projects/{self.network.google.project}/serviceAccounts/{email}"
        if exists(self.network.google, "iam", "v1", "projects.serviceAccounts.get", name=name):
            by_hand = f"look, then: gcloud iam service-accounts delete {email}"
            fix = NETWORK_FIX if name in self.network.state_paths else by_hand
            yield still_there("NODE-ACCOUNT", f"service account {email}", "none", fix)

    def _bucket(self) -> Iterator[Remaining]:
        name = self._names.bucket
        if (
            not self.config.bucket
            or self.config.existing.bucket is not None
            or not exists(self.network.google, "storage", "v1", "buckets.get", bucket=name)
        ):
            return
        yield (
            bucket_stays(name) if self.keep_bucket else still_there("BUCKET", f"bucket {name}", "per GiB", NETWORK_FIX)
        )

    def _secrets(self) -> Iterator[Remaining]:
        named = (*self.config.token_secrets, *self.config.observability.channel_secrets)
        for secret in dict.fromkeys((*named, *granted_secrets(self.states))):
            name = f"projects/{self.network.google.project}/secrets/{secret}"
            if exists(self.network.google, "secretmanager", "v1", "projects.secrets.get", name=name):
                yield _stays("SECRET", f"secret {secret}")

    def _grants_on_own_buckets(self) -> Iterator[Remaining]:
        """Return the buckets that are not the platform's, which stay, and who of the platform may still read them."""
        granted = granted_buckets(self.states)
        weights = [model.weights for model in self.config.models.values() if model.weights]
        existing = self.config.existing.bucket
        buckets = dict.fromkeys((*(bucket for one in weights for bucket in one.own_buckets), *granted))
        if existing is not None:
            buckets[existing] = None
        for bucket in [name for name in buckets if name != self._names.bucket or name == existing]:
            try:
                policy = self.network.google.call("storage", "v1", "buckets.getIamPolicy", bucket=bucket)
            except ApiError as error:
                if not error.missing:
                    raise
                continue
            yield _stays("OWN-BUCKET", f"bucket {bucket}")
            for binding in policy.get("bindings", []):
                for member in binding.get("members", []):
                    if member in granted.get(bucket, ()) or self._is_server(member):
                        yield _grant(bucket, str(binding["role"]), member)

    def _is_server(self, member: str) -> bool:
        """Return whether *member* is the account of a model's servers; its path has the project's number."""
        accounts = (self._names.model_server(model) for model in self.config.models)
        subjects = (f"/subject/ns/{self.config.namespace}/sa/{account}" for account in accounts)
        return member.endswith(tuple(f"/{self._names.workload_pool}{subject}" for subject in subjects))


def _stays(kind: str, found: str) -> Remaining:
    return Remaining(id=f"LEFT-{kind}", status=Status.GOOD, found=found, needed="stays: it is yours")


def _grant(bucket: str, role: str, member: str) -> Remaining:
    account = "/".join(member.rsplit("/", 4)[-4:])
    command = f"gcloud storage buckets remove-iam-policy-binding gs://{bucket} --role={role} --member={member}"
    fix = f"look whether another platform of the project uses that account, then: {command}"
    return still_there("GRANT", f"{role} of {account} on bucket {bucket}", "none", fix)
