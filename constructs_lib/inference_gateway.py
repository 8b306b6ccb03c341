"""The one gateway in front of the pools of all clusters. Its objects are on the config cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_kubernetes.job_v1 import JobV1
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from cdktf_cdktf_provider_time.provider import TimeProvider
from cdktf_cdktf_provider_time.sleep import Sleep
from constructs import Construct

from constructs_lib.google_names import report_wrong, wrong_label
from constructs_lib.kubernetes_object import KubernetesObject
from constructs_lib.manifests.gates import (
    Gate,
    gateway_class_accepted,
    gateway_programmed,
    inference_pool_imported,
)
from constructs_lib.manifests.gateway import (
    backend_policy_name,
    gateway,
    gcp_backend_policy,
    health_check_name,
    health_check_policy,
    http_route,
    route_name,
)
from constructs_lib.readiness_gate import ReadinessGate
from constructs_lib.specs import GatewaySpec, RegionSpec
from constructs_lib.specs.limits import Between, refuse, wrong_settings, wrong_types

GATEWAY_CLASS = "gke-l7-cross-regional-internal-managed-mc"
SETTLE_ON_DESTROY_SEC = 300
"""How long the load balancer may take to let go after the Gateway is gone; the fleet feature must outlive it.
Source: GoogleCloudPlatform/terraform-ecommerce-microservices-on-gke#20."""
CONTROLLER_TIMEOUT_SEC = 1200
"""For the class, minutes after the fleet feature, and for the import, after the first export."""
PROGRAMMED_TIMEOUT_SEC = 1800
"""A new load balancer takes 5 to 10 minutes."""


@dataclass(frozen=True, kw_only=True)
class GatewayPlan:
    """
    Where the gateway is and what it routes to. All known at synth.

    Attributes:
        name: Name of the Gateway; the names of its route and policies begin with it.
        namespace: Namespace of all objects.
        addresses: Region and name of its reserved address, or None for an ephemeral one; one pair per region.
        pool_name: Name of the exported InferencePool, and so of the imported one.
        model_port: Port that health checks ask.
        metric_export_name: Metric that shows how full a region is.
        regions: The regions that serve, for what is different in some of them.

    Raises:
        ValueError: For all problems at once: no address, names that Kubernetes refuses, a port that is none.
    """

    name: str
    namespace: str
    addresses: list[tuple[str, str | None]]
    pool_name: str
    model_port: Annotated[int, Between(1, 65535)]
    metric_export_name: str
    regions: tuple[RegionSpec, ...] = ()

    def __post_init__(self) -> None:
        refuse(wrong_types(self))
        texts = {"name": self.name, "namespace": self.namespace, "pool_name": self.pool_name}
        none = [] if self.addresses else ["addresses must name at least one region, got none"]
        named = (wrong for key, text in texts.items() for wrong in report_wrong(key, text, wrong_label(text)))
        refuse([*wrong_settings(self), *none, *named])


class InferenceGateway(Construct):
    """
    A cross-region internal Gateway, its route and policies: each request goes to the nearest region with room.

    Route and policies exist before the Gateway and go after it, so that a load balancer never exists without them.

    Args:
        kubernetes: Provider of the config cluster.
        time: Provider of the wait on destroy.
        plan: Where it is and what it routes to.
        spec: How it balances, checks and logs.

    Attributes:
        name: Name of the Gateway (known at synth).
        namespace: Namespace of all objects (known at synth).
        programmed: The gate that its load balancer has passed, for what comes after it (known at synth).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        kubernetes: KubernetesProvider,
        time: TimeProvider,
        plan: GatewayPlan,
        spec: GatewaySpec,
    ) -> None:
        super().__init__(scope, id_)
        self.name = plan.name
        self.namespace = plan.namespace
        self._kubernetes = kubernetes
        self._plan = plan
        settle = Sleep(self, "settle", provider=time, destroy_duration=f"{SETTLE_ON_DESTROY_SEC}s")
        ready = [
            self._add_gate(
                "class-gate",
                "wait-for-gateway-class",
                gateway_class_accepted(GATEWAY_CLASS, timeout_sec=CONTROLLER_TIMEOUT_SEC),
            ),
            self._add_gate(
                "import-gate",
                "wait-for-pool-import",
                inference_pool_imported(plan.pool_name, namespace=plan.namespace, timeout_sec=CONTROLLER_TIMEOUT_SEC),
            ),
        ]
        around = self._add_route_and_policies(spec)
        entry = KubernetesObject(
            self,
            "Default",
            kubernetes=kubernetes,
            manifest=gateway(
                name=plan.name,
                namespace=plan.namespace,
                gateway_class=GATEWAY_CLASS,
                port=spec.port,
                addresses=plan.addresses,
            ),
            after=[settle, *ready, *around],
            timeouts={"create": "20m", "update": "20m", "delete": "20m"},
        )
        programmed = gateway_programmed(plan.name, namespace=plan.namespace, timeout_sec=PROGRAMMED_TIMEOUT_SEC)
        self.programmed = self._add_gate("programmed-gate", "wait-for-gateway-programmed", programmed, after=[entry])

    def _add_gate(self, id_: str, name: str, gate: Gate, after: Sequence[ITerraformDependable] = ()) -> JobV1:
        made = ReadinessGate(
            self,
            id_,
            kubernetes=self._kubernetes,
            name=name,
            namespace=self._plan.namespace,
            gate=gate,
            after=after,
        )
        return made.passed

    def _add_route_and_policies(self, spec: GatewaySpec) -> list[KubernetesObject]:
        plan = self._plan
        common = {"namespace": plan.namespace, "pool": plan.pool_name}
        manifests = {
            "route": http_route(name=route_name(plan.name), gateway=plan.name, **common),
            "health-check": health_check_policy(
                name=health_check_name(plan.name), port=plan.model_port, spec=spec.health_check, **common
            ),
            "backend": gcp_backend_policy(
                name=backend_policy_name(plan.name),
                spec=spec,
                export_name=plan.metric_export_name,
                regions=plan.regions,
                **common,
            ),
        }
        return [
            KubernetesObject(self, id_, kubernetes=self._kubernetes, manifest=made) for id_, made in manifests.items()
        ]
