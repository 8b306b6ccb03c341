"""The config of a platform: every setting that its YAML file may have."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

from constructs_lib.accelerators import PoolPlan
from constructs_lib.specs import (
    BucketSpec,
    ClusterSpec,
    DnsSpec,
    ExistingSpec,
    ExternalDnsSpec,
    FailoverBudgetSpec,
    GatewaySpec,
    GitOpsSpec,
    InferencePoolSpec,
    ModelSpec,
    NetworkSpec,
    NodePoolSpec,
    ObservabilitySpec,
    OutsideSpec,
    ProvidersSpec,
    RegionSpec,
    RemoteSpec,
    UniverseSpec,
)
from constructs_lib.universe import PUBLIC, UniverseName, universe_named


class Config(BaseModel):
    """
    One platform.

    Args:
        name: Prefix of every cloud name: lower case letters, digits, hyphens.
        project: Project ID.
        regions: Regions by a short key that you choose, such as `us`. Names contain the key: it never changes.
        existing: What is there already, and is used as it is: network, bucket and more. A region has such a section
            too.
        node_pools: Accelerator pools by key; each region has all of them.
        models: Models by a short key that you choose, such as `gemma`. The names of a model's objects contain its key:
            it never changes.
        bucket: Bucket of the weights. None is needed where servers download them from Hugging Face.
        network: The VPC.
        cluster: Settings of all clusters.
        inference_pool: Pool and endpoint picker of each cluster, for all models that do not say otherwise.
        gateway: The entry to all regions.
        observability: Alerts, dashboard, and metrics of logs.
        dns: Names that lead to several regions, and elsewhere when a region is down. Default: none.
        external_dns: ExternalDNS in each cluster, for names of your own. Default: none.
        remotes: Servers outside all clusters that the gateway leads to too, by a short key that you choose, other than
            the models' keys.
        outside: Clusters that are not on Google Cloud and serve the same, by a short key that you choose.
        shutdown: How servers end: `graceful` lets running requests end, as `gateway.draining_sec` and each server's
            `termination_grace_sec` say; `fast` gives them 10 s, and cuts what runs longer.
        failover_budget: What the loss of a region may cost. Default: no such bound.
        workloads: Who applies the objects in clusters: `terraform`, or `gitops`, from a repository; Terraform then
            makes the infrastructure alone.
        gitops: The repository, and Argo CD.
        namespace: Kubernetes namespace of the platform's objects, the same in each cluster.
        service_discovery: Turns on multi-cluster Services too; the gateway does not need them.
        kubernetes_auth: How Terraform signs in to clusters: `ephemeral` gets a token for each run, which lasts an hour
            and is stored nowhere; it needs Terraform 1.10. `token` is for an older Terraform: the token is in state and
            plan. `exec` gets a new token for each request from gke-gcloud-auth-plugin, which must be installed.
        state_bucket: Bucket for the Terraform state. Default: local files in `terraform-state/` beside cdktf.out.
        providers: Major versions of the Terraform providers.
        labels: Labels of every resource that can have them.
        universe: The universe of Google Cloud: `public`, `s3ns`, `berlin`, or its parts by hand.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    project: str
    regions: dict[str, RegionSpec]
    node_pools: dict[str, NodePoolSpec]
    models: dict[str, ModelSpec]
    existing: ExistingSpec = ExistingSpec()
    bucket: BucketSpec | None = None
    network: NetworkSpec = NetworkSpec()
    cluster: ClusterSpec = ClusterSpec()
    inference_pool: InferencePoolSpec = InferencePoolSpec()
    gateway: GatewaySpec = GatewaySpec()
    observability: ObservabilitySpec = ObservabilitySpec()
    dns: DnsSpec | None = None
    external_dns: ExternalDnsSpec | None = None
    remotes: dict[str, RemoteSpec] = {}
    outside: dict[str, OutsideSpec] = {}
    shutdown: Literal["graceful", "fast"] = "graceful"
    failover_budget: FailoverBudgetSpec | None = None
    workloads: Literal["terraform", "gitops"] = "terraform"
    gitops: GitOpsSpec | None = None
    namespace: str = "inference"
    service_discovery: bool = False
    kubernetes_auth: Literal["ephemeral", "token", "exec"] = "ephemeral"
    state_bucket: str | None = None
    providers: ProvidersSpec = ProvidersSpec()
    labels: dict[str, str] = {}
    universe: Annotated[
        UniverseSpec, BeforeValidator(universe_named, json_schema_input_type=UniverseName | UniverseSpec)
    ] = PUBLIC

    @property
    def is_regional(self) -> bool:
        """Whether each region has a gateway of its own, and no fleet joins them."""
        return not self.gateway.gateway_class.multi_cluster

    @property
    def config_region(self) -> str:
        """Key of the region whose cluster holds the cross-region gateway's objects."""
        return next(key for key, region in self.regions.items() if region.config_cluster)

    @property
    def download_region(self) -> str:
        """Key of the region whose cluster downloads the weights: as given, or the config cluster's, or the first."""
        given = self.bucket.download_region if self.bucket else None
        return given or (next(iter(self.regions)) if self.is_regional else self.config_region)

    @property
    def serving_regions(self) -> tuple[str, ...]:
        """Keys of the regions whose clusters may have model servers, in the order of the file."""
        return tuple(key for key, region in self.regions.items() if region.serves)

    def first_beside(self, key: str) -> str:
        """Return the key of the region with the proxy-only subnet of region *key*: itself, or the one beside it."""
        beside = self.regions[key].beside
        return beside if beside in self.regions else key

    def gateway_home(self, key: str) -> str:
        """Return the key of the region whose cluster holds the objects of the gateway that region *key* asks."""
        return key if self.is_regional else self.config_region

    @property
    def scoped_regions(self) -> tuple[str, ...]:
        """Keys of the regions that the backend policy has a scope for: drained, weighted or preferred."""
        return tuple(key for key, region in self.regions.items() if region.capacity_percent < 100 or region.preferred)

    @property
    def gateway_regions(self) -> tuple[str, ...]:
        """Keys of the regions with a gateway address: of a cross-region one, each Google Cloud region has one."""
        if self.gateway.regions:
            # A rule reports keys that are none.
            return tuple(key for key in self.gateway.regions if key in self.regions)
        if self.is_regional:
            return self.serving_regions
        return tuple(dict.fromkeys(map(self.first_beside, self.serving_regions)))

    def pools(self, key: str) -> dict[str, PoolPlan]:
        """Return the accelerator pools of region *key*, by pool key."""
        region = self.regions[key]
        specs = {**self.node_pools, **(region.node_pools or {})} if region.serves else {}
        return {pool: PoolPlan(spec=spec, zones=len(region.zones)) for pool, spec in specs.items()}

    @property
    def reads_bucket(self) -> bool:
        """Whether servers read their weights from the bucket; one that is not read stays while it is in the file."""
        return any(model.weights is not None and model.weights.reads_bucket for model in self.models.values())

    @property
    def loads_in_cloud_run(self) -> bool:
        """Whether a Cloud Run job fills the bucket with the weights of some model."""
        return any(model.weights is not None and model.weights.in_cloud_run for model in self.models.values())

    @property
    def loads_by_job(self) -> bool:
        """Whether a cluster fills the bucket: where it has one, unless Cloud Run does all of it."""
        readers = [model.weights for model in self.models.values() if model.weights and model.weights.reads_bucket]
        return self.bucket is not None and not (readers and all(weights.in_cloud_run for weights in readers))

    @property
    def mounts_token(self) -> bool:
        """
        Whether clusters can mount a Hugging Face token from Secret Manager.

        It holds for all clusters: they are applied first, and none may lose the token before its pods have changed.
        """
        return bool(self.token_secrets)

    @property
    def token_secrets(self) -> tuple[str, ...]:
        """The secrets of Secret Manager that hold a Hugging Face token, each once."""
        tokens = [model.weights.hugging_face_token for model in self.models.values() if model.weights is not None]
        return tuple(dict.fromkeys(token.secret_manager for token in tokens if token and token.secret_manager))
