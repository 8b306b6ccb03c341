"""What leads a gateway to servers outside all clusters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from constructs import Construct

from constructs_lib.inference_service import OPEN_TO_OTHERS
from constructs_lib.kubernetes_object import KubernetesObject
from constructs_lib.manifests.remote import PROXY_PORT, remote_config, remote_deployment, remote_policy
from constructs_lib.manifests.services import pod_disruption_budget, service, service_export
from constructs_lib.serving_plan import server_labels
from constructs_lib.specs import HealthCheckSpec, RemoteSpec


class RemoteProxy(Construct):
    """
    Proxies of one cluster that send requests on to fixed addresses, as a Service that a gateway reaches.

    Needs in the cluster: the namespace, and for another cluster's gateway the CRD of ServiceExport.

    Args:
        kubernetes: Provider of the cluster.
        name: Name of the proxies, their Service and their policy.
        namespace: Namespace of all objects.
        spec: Endpoints, image and number.
        timeout_sec: Longest request in seconds.
        health_check: How the gateway finds dead servers. Default: the spec's own.
        draining_sec: Seconds for running requests to end when a proxy goes. Default: 120.
        exported: Whether the fleet's gateway finds it from another cluster. Default: no.
        network_policy: Whether a policy lets them out to the endpoints alone. Default: yes.
        after: What must exist first.

    Attributes:
        name: Name of the Service (known at synth).
        port: Its port (known at synth).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        kubernetes: KubernetesProvider,
        name: str,
        namespace: str,
        spec: RemoteSpec,
        timeout_sec: int,
        health_check: HealthCheckSpec | None = None,
        draining_sec: int = 120,
        exported: bool = False,
        network_policy: bool = True,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id_)
        self.name, self.port = name, PROXY_PORT
        self._kubernetes = kubernetes
        common: dict[str, Any] = {"name": name, "namespace": namespace, "labels": server_labels(name)}
        config = remote_config(**common, spec=spec, timeout_sec=timeout_sec)
        first = [*after, self._add("config", config, after=after, replaced=True)]
        if network_policy:
            first.append(self._add("network-policy", remote_policy(**common, spec=spec), after=after))
        proxies = remote_deployment(
            **common,
            spec=spec,
            config=config["metadata"]["name"],
            health_check=health_check or HealthCheckSpec(),
            draining_sec=draining_sec,
        )
        server = self._add("server", proxies, after=first, others=OPEN_TO_OTHERS)
        self._add("service", service(**common, port=PROXY_PORT))
        self._add("disruption-budget", pod_disruption_budget(**common))
        if exported:
            self._add("export", service_export(name=name, namespace=namespace), after=[server])

    def _add(
        self,
        id_: str,
        manifest: dict[str, Any],
        *,
        after: Sequence[ITerraformDependable] = (),
        replaced: bool = False,
        others: Sequence[str] = (),
    ) -> KubernetesObject:
        return KubernetesObject(
            self, id_, kubernetes=self._kubernetes, manifest=manifest, after=after, replaced=replaced, others=others
        )
