"""A gateway in front of models: of all clusters, with its objects on the config cluster, or of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_kubernetes.job_v1 import JobV1
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from cdktf_cdktf_provider_time.provider import TimeProvider
from cdktf_cdktf_provider_time.sleep import Sleep
from constructs import Construct

from constructs_lib.gateway_class import GatewayClass
from constructs_lib.gateway_plan import GatewayPlan, ModelRoute
from constructs_lib.kubernetes_object import KubernetesObject
from constructs_lib.manifests.extensions import extension_name, traffic_extension
from constructs_lib.manifests.gates import (
    Gate,
    backend_imported,
    extension_programmed,
    gateway_class_accepted,
    gateway_programmed,
)
from constructs_lib.manifests.gateway import (
    Backend,
    backend_policy_name,
    gateway,
    gateway_policy_name,
    gcp_backend_policy,
    health_check_name,
    health_check_policy,
    redirect_name,
)
from constructs_lib.manifests.gateway_policy import gcp_gateway_policy
from constructs_lib.manifests.http_route import http_route, route_name
from constructs_lib.manifests.listeners import Listeners, redirect_route
from constructs_lib.readiness_gate import ReadinessGate
from constructs_lib.specs import GatewaySpec

SETTLE_ON_DESTROY_SEC = 300
"""How long the load balancer may take to let go after the Gateway is gone; the fleet feature must outlive it.
Source: GoogleCloudPlatform/terraform-ecommerce-microservices-on-gke#20."""
CONTROLLER_TIMEOUT_SEC = 1200
"""For the class, minutes after the fleet feature, and for the import, after the first export."""
PROGRAMMED_TIMEOUT_SEC = 1800
"""A new load balancer takes 5 to 10 minutes."""
EXTENSION_TIMEOUT_SEC = 900
"""Google's own samples wait 5 minutes for an extension of a load balancer that exists."""


class InferenceGateway(Construct):
    """
    A Gateway, its routes and policies.

    A cross-region one is in the config cluster, and each request goes to the nearest region with room. A regional one
    is in the cluster whose servers answer; all clients in the VPC may call it, or all of the internet where it is
    public. Policies exist before the Gateway and go after it, so that a load balancer never exists without them. Each
    model has a route of its own, which waits for what it names and for nothing else: a model that is not there yet, or
    whose route the controller refuses, stops no other. A request that no route matches is answered with 404.

    Args:
        kubernetes: Provider of its cluster.
        time: Provider of the wait on destroy.
        plan: Where it is and what it routes to.
        spec: Which class it has, and how it balances, checks and logs.
        after: What must exist before all of it, and is destroyed after it, such as what a policy names.
        routes_after: What must exist before the routes alone, such as what writes the headers that they ask for.

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
        after: Sequence[ITerraformDependable] = (),
        routes_after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id_)
        self._after = list(after)
        self.name = plan.name
        self.namespace = plan.namespace
        self._kubernetes = kubernetes
        self._plan = plan
        settle = Sleep(self, "settle", provider=time, destroy_duration=f"{SETTLE_ON_DESTROY_SEC}s")
        kind = spec.gateway_class
        self._listeners = Listeners.of(spec, plan.certificates)
        accepted = gateway_class_accepted(kind.name, timeout_sec=CONTROLLER_TIMEOUT_SEC)
        ready: list[ITerraformDependable] = [self._add_gate("class-gate", "wait-for-gateway-class", accepted)]
        imports: dict[str, ITerraformDependable] = {}
        for key, model in plan.models.items():
            if model.backend.imported:
                imports[model.backend.name] = self._wait_for_import(key, model.backend)
            ready += self._add_policies(key, model, spec)
        ready += self._add_gateway_policy(kind)
        called = self._add_extension()
        if self._listeners.redirects:
            self._add_redirect()
        entry = KubernetesObject(
            self,
            "Default",
            kubernetes=kubernetes,
            manifest=gateway(
                name=plan.name,
                namespace=plan.namespace,
                gateway_class=kind,
                listeners=self._listeners.blocks,
                addresses=plan.addresses,
            ),
            after=[settle, *ready, *called, *after],
            timeouts={"create": "20m", "update": "20m", "delete": "20m"},
        )
        programmed = gateway_programmed(plan.name, namespace=plan.namespace, timeout_sec=PROGRAMMED_TIMEOUT_SEC)
        self.programmed = self._add_gate("programmed-gate", "wait-for-gateway-programmed", programmed, after=[entry])
        # A route before the load balancer calls its extensions would let requests pass that nobody has looked at.
        guarded = [self._wait_for_extension(called)] if called else []
        for key, model in plan.models.items():
            if model.routed:
                needed = [imports[backend.name] for backend, _ in model.backends if backend.imported]
                # With HTTPS it moves to another listener, no sooner than the Gateway can have that.
                listener = self._after if self._listeners.https_port is not None else ()
                self._add_route(key, model, [*needed, *routes_after, *listener, *guarded])

    def _wait_for_extension(self, called: Sequence[ITerraformDependable]) -> JobV1:
        gate = extension_programmed(
            extension_name(self.name), namespace=self.namespace, timeout_sec=EXTENSION_TIMEOUT_SEC
        )
        return self._add_gate("extension-gate", "wait-for-gateway-extension", gate, after=[*called, self.programmed])

    def _wait_for_import(self, key: str, backend: Backend) -> JobV1:
        gate = backend_imported(backend, namespace=self.namespace, timeout_sec=CONTROLLER_TIMEOUT_SEC)
        return self._add_gate(f"{key}-import-gate", f"wait-for-{key}-import", gate)

    def _add_gateway_policy(self, kind: GatewayClass) -> list[KubernetesObject]:
        """Let clients of all regions in: by itself an internal regional gateway answers those of its own region."""
        global_access = not kind.multi_cluster and not kind.public
        if not global_access and self._plan.ssl_policy is None:
            return []
        policy = gcp_gateway_policy(
            name=gateway_policy_name(self.name),
            namespace=self.namespace,
            gateway=self.name,
            global_access=global_access,
            ssl_policy=self._plan.ssl_policy,
        )
        return [KubernetesObject(self, "policy", kubernetes=self._kubernetes, manifest=policy, after=self._after)]

    def _add_extension(self) -> list[KubernetesObject]:
        """Have the load balancer call the extensions from its first request on."""
        if not self._plan.extensions:
            return []
        manifest = traffic_extension(
            name=extension_name(self.name),
            namespace=self.namespace,
            gateway=self.name,
            extensions=self._plan.extensions,
        )
        return [KubernetesObject(self, "extension", kubernetes=self._kubernetes, manifest=manifest, after=self._after)]

    def _add_redirect(self) -> None:
        manifest = redirect_route(name=redirect_name(self.name), namespace=self.namespace, gateway=self.name)
        KubernetesObject(self, "redirect", kubernetes=self._kubernetes, manifest=manifest, after=self._after)

    def _add_gate(self, id_: str, name: str, gate: Gate, after: Sequence[ITerraformDependable] = ()) -> JobV1:
        made = ReadinessGate(
            self,
            id_,
            kubernetes=self._kubernetes,
            name=name,
            namespace=self._plan.namespace,
            gate=gate,
            autopilot=self._plan.autopilot,
            after=after,
        )
        return made.passed

    def _add_policies(self, key: str, model: ModelRoute, spec: GatewaySpec) -> list[KubernetesObject]:
        common: dict[str, Any] = {"namespace": self.namespace, "backend": model.backend}
        manifests = {
            "health-check": health_check_policy(
                name=health_check_name(key),
                port=model.port,
                path=model.health_path,
                spec=spec.health_check,
                **common,
            ),
            "backend": gcp_backend_policy(
                name=backend_policy_name(key),
                balancing=model.balancing,
                spec=spec,
                regions=model.regions,
                security_policy=self._plan.security_policy,
                **common,
            ),
        }
        return [
            KubernetesObject(self, f"{key}-{id_}", kubernetes=self._kubernetes, manifest=made, after=self._after)
            for id_, made in manifests.items()
        ]

    def _add_route(self, key: str, model: ModelRoute, needed: Sequence[ITerraformDependable]) -> None:
        manifest = http_route(
            name=route_name(key),
            namespace=self.namespace,
            gateway=self.name,
            backends=model.backends,
            address=model.address,
            paths=model.paths,
            listener=None if self._listeners.https_port is None else self._listeners.serving,
        )
        KubernetesObject(self, f"{key}-route", kubernetes=self._kubernetes, manifest=manifest, after=needed)
