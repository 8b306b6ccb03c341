"""What one cluster serves, and on what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from constructs_lib import model_servers
from constructs_lib.google_names import report_wrong, wrong_bucket, wrong_label, wrong_region
from constructs_lib.manifests.autoscaler import external_metric, native_metric, pods_metric
from constructs_lib.monitoring.metrics import PICKER_FAMILIES
from constructs_lib.picker_chart import picker_chart
from constructs_lib.server_image import server_image
from constructs_lib.server_process import Launch, ServerMetrics, ServerProcess
from constructs_lib.serving_nodes import ServingNodes
from constructs_lib.specs import AutoscalingSpec, HealthCheckSpec, InferencePoolSpec, ServerSpec, WeightsSpec
from constructs_lib.specs.limits import refuse, wrong_settings, wrong_types

DEFAULT_PRIORITY = 10
"""Of requests that name the default objective."""

MetricSource = Literal["native", "pods", "external"]


def default_objective(name: str) -> str:
    """Return the name of the objective that the servers *name* have where none is given."""
    return f"{name}-objective"


@dataclass(frozen=True, kw_only=True)
class ServingPlan:
    """
    What one cluster serves, and on what. All known at synth.

    Attributes:
        name: Name of the model server; its pods carry it as label `app`.
        model: The name that clients send as `model`.
        pool_name: Name of the InferencePool, the same in every cluster: the fleet joins pools by name and namespace.
            Not used for a server that is behind a Service.
        namespace: Namespace of all objects.
        project: Project of the token's secret.
        region: Region of the cluster, which answers carry as a header.
        cluster: Name of the cluster.
        location: Region or zone of its control plane.
        service_account: Kubernetes service account that may read the bucket, or the token.
        bucket: The platform's bucket, where downloads of the weights are in it; None where there are none, or where
            the servers download for themselves.
        nodes: The accelerator pools that the pods may run on.
        disk_gib: GiB of the node's disk that hold the weights.
        server: Image, arguments, times and sizes of the model server.
        weights: Which weights, and where their token is; None where the image of a custom server brings them.
        pool: Version of the chart, and endpoint pickers.
        objectives: Priority of requests by the name that they send. Default: one, `<name>-objective`, with priority 10.
        replicas: Pods of a fixed number. Default: as many as the pool holds.
        health_check: How the gateway finds dead servers.
        autoscaling: Between how many pods there are, and when; None for a fixed number.
        metric_source: Where the autoscaler reads how full the pods are.
        routed: Whether the gateway has requests for it: a server without may be removed.
        autopilot: Whether the cluster is an Autopilot one.
        exported: Whether the fleet's gateway finds it from another cluster; else one of its own cluster does.

    Raises:
        ValueError: For all problems at once: names that Google or Kubernetes refuse, nodes that cannot run the server,
            a version that the chart has not, an unknown version of vLLM or SGLang, a server without weights that needs
            them, a fixed number of pods beside autoscaling, autoscaling to none or without a metric.
    """

    name: str
    model: str
    pool_name: str
    namespace: str
    project: str
    region: str
    cluster: str
    location: str
    service_account: str
    bucket: str | None
    nodes: ServingNodes
    disk_gib: int
    server: ServerSpec
    weights: WeightsSpec | None
    pool: InferencePoolSpec = field(default_factory=InferencePoolSpec)
    objectives: Mapping[str, int] = field(default_factory=dict)
    replicas: int | None = None
    health_check: HealthCheckSpec = field(default_factory=HealthCheckSpec)
    autoscaling: AutoscalingSpec | None = None
    metric_source: MetricSource = "native"
    routed: bool = True
    autopilot: bool = False
    exported: bool = True

    def __post_init__(self) -> None:
        refuse(wrong_types(self))
        texts = ("name", "pool_name", "namespace", "service_account")
        named = (
            wrong for key in texts for wrong in report_wrong(key, getattr(self, key), wrong_label(getattr(self, key)))
        )
        region = report_wrong("region", self.region, wrong_region(self.region))
        bucket = report_wrong("bucket", self.bucket, wrong_bucket(self.bucket)) if self.bucket else ()
        read = self.weights is not None and self.weights.reads_bucket
        missing = ["bucket must be given for weights that are downloaded into one, got None"] if read else []
        missing = [] if self.bucket else missing
        refuse([*wrong_settings(self), *named, *region, *bucket, *missing, *self.nodes.wrong_for_serving()])
        picker_chart(self.pool)
        refuse(self._wrong_server())

    def _wrong_server(self) -> Iterator[str]:
        has_metric = self.metrics is not None
        if self.server.kind == "custom" and None in (self.server.port, self.server.health_path):
            yield "port and health_path must be given for a server of kind custom, got one or none"
        if self.weights is None and self.server.kind != "custom":
            yield f"weights must be given for a server of kind {self.server.kind}, got none"
        if self.autoscaling and self.replicas is not None:
            yield f"replicas must not be given beside autoscaling, got {self.replicas}"
        if self.autoscaling and not has_metric:
            yield "autoscaling must be left out for a server without a metric, got one"
        if self.autoscaling and self.autoscaling.min_replicas == 0:
            yield "min_replicas must be 1 or more, since nothing wakes a region without servers, got 0"

    @property
    def labels(self) -> dict[str, str]:
        """Labels by which everything finds the pods."""
        return server_labels(self.name)

    @property
    def pods(self) -> int | None:
        """Pods in this cluster: as many as given or as fill the pool; None where the autoscaler decides."""
        if self.autoscaling:
            return None
        return self.nodes.replicas if self.replicas is None else self.replicas

    @property
    def read_only(self) -> bool:
        """
        Whether the image's own files cannot be changed: as the spec says, else for images whose folders are known.

        Hooks of NVIDIA's own toolkit, which GKE's driver does without, cannot start such a container
        (kserve/kserve#5711).
        """
        given = self.server.read_only_root_filesystem
        known = self.server.kind == "vllm" and server_image(self.server.image).kind == "vllm"
        return known and not self.nodes.own_driver if given is None else given

    @property
    def process(self) -> ServerProcess:
        """What runs in the server's container."""
        accelerator = self.nodes.accelerator
        launch = Launch(
            served_name=self.model,
            weights=self.weights,
            chips=self.nodes.split,
            on_tpu=self.nodes.first.machine.kind == "tpu",
            gpu_memory_share=accelerator.gpu_memory_share,
        )
        return model_servers.process(self.server, launch)

    @property
    def metrics(self) -> ServerMetrics | None:
        """The metrics that show everybody how full a pod is; None for a server without."""
        return model_servers.metrics(self.server)

    @property
    def scrape_interval_sec(self) -> int:
        """How often managed Prometheus reads the pods: as often as it can where an autoscaler waits for it."""
        return 5 if self.autoscaling and self.metric_source == "pods" else 15

    @property
    def priorities(self) -> Mapping[str, int]:
        """Priority of each InferenceObjective by its name, which requests send to have it."""
        return self.objectives or {default_objective(self.name): DEFAULT_PRIORITY}

    def autoscaler_metric(self, target_percent: int) -> dict[str, Any]:
        """
        Return the metric that the autoscaler keeps at *target_percent*.

        Raises:
            ValueError: The server has no metric.
        """
        if self.metrics is None:
            raise ValueError("autoscaling must be left out for a server without a metric, got one")
        if self.metric_source == "pods":
            return pods_metric(gauge=self.metrics.gauge, target_percent=target_percent)
        if self.metric_source == "external":
            return external_metric(
                gauge=PICKER_FAMILIES[self.pool.chart_version].kv_cache,
                pool=self.pool_name,
                cluster=self.cluster,
                location=self.location,
                namespace=self.namespace,
                target_percent=target_percent,
            )
        return native_metric(
            object_name=self.name, export_name=self.server.metric_export_name, target_percent=target_percent
        )


def server_labels(name: str) -> dict[str, str]:
    """Return the labels of the pods of the model server *name*. No dots or slashes: AutoscalingMetric refuses them."""
    return {"app": name}
