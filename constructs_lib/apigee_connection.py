"""What connects one gateway with Apigee, for as long as its extension may be called."""

from __future__ import annotations

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from cdktf_cdktf_provider_time.provider import TimeProvider
from cdktf_cdktf_provider_time.sleep import Sleep
from constructs import Construct

from constructs_lib.kubernetes_object import KubernetesObject
from constructs_lib.manifests.apigee import apigee_backend_service
from constructs_lib.manifests.gates import apigee_connected
from constructs_lib.readiness_gate import ReadinessGate

CONNECTED_TIMEOUT_SEC = 900
"""Google's own guide waits 5 minutes; the operator may just have been installed."""
LET_GO_SEC = 120
"""GKE's controller takes an extension off the load balancer a minute after its object has changed or is gone."""


class ApigeeConnection(Construct):
    """
    An ApigeeBackendService, and a gate that waits until Apigee's operator has connected it.

    The operator makes a private endpoint in the gateway's subnet. On destroy this outlives the extension by two
    minutes: Google deletes no endpoint that a load balancer uses.

    Args:
        kubernetes: Provider of the gateway's cluster, which has the operator.
        time: Provider of the wait on destroy.
        gateway: Name of the Gateway.
        namespace: Namespace of both.
        environment: Name of the Apigee environment.
        region: Region of the gateway and of the Apigee instance.
        network: Full name of the VPC network.
        subnetwork: Full name of the subnet of the endpoint.
        autopilot: Whether the cluster is an Autopilot one.

    Attributes:
        name: Name of the ApigeeBackendService (known at synth).
        ready: What must be there before the extension, and must go after it (known at synth).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        kubernetes: KubernetesProvider,
        time: TimeProvider,
        gateway: str,
        namespace: str,
        environment: str,
        region: str,
        network: str,
        subnetwork: str,
        autopilot: bool = False,
    ) -> None:
        super().__init__(scope, id_)
        manifest = apigee_backend_service(
            gateway=gateway,
            namespace=namespace,
            environment=environment,
            region=region,
            network=network,
            subnetwork=subnetwork,
        )
        service = KubernetesObject(
            self, "Default", kubernetes=kubernetes, manifest=manifest, timeouts={"delete": "20m"}
        )
        self.name = service.name
        connected = ReadinessGate(
            self,
            "gate",
            kubernetes=kubernetes,
            name="wait-for-apigee",
            namespace=namespace,
            gate=apigee_connected(service.name, namespace=namespace, timeout_sec=CONNECTED_TIMEOUT_SEC),
            autopilot=autopilot,
            after=[service],
        )
        used = Sleep(self, "used", provider=time, destroy_duration=f"{LET_GO_SEC}s", depends_on=[service])
        self.ready: list[ITerraformDependable] = [connected.passed, used]
