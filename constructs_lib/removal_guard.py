"""A guard that refuses to remove model servers while the gateway has requests for them."""

from __future__ import annotations

from collections.abc import Sequence

from cdktf import Postcondition
from cdktf_cdktf_provider_kubernetes.data_kubernetes_resources import DataKubernetesResources
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from constructs import Construct

from constructs_lib.manifests.model_server import request_labels


class RemovalGuard(Construct):
    """
    A look into one cluster at each plan: of the servers there with requests, each must still be in the config.

    A label of each Deployment says what was applied last, so no state needs to remember it.

    Args:
        kubernetes: Provider of the cluster.
        namespace: Namespace of the servers.
        servers: Names of all Deployments that may stay.
        refusal: What a refused plan says, and the steps; `{was}` becomes the names of those that would go.

    Attributes:
        servers: Names of all Deployments that may stay (known at synth).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        kubernetes: KubernetesProvider,
        namespace: str,
        servers: Sequence[str],
        refusal: str,
    ) -> None:
        super().__init__(scope, id_)
        self.servers = tuple(servers)
        [(label, value)] = request_labels(True).items()
        names = "[for found in self.objects : found.metadata.name]"
        kept = "[" + ", ".join(f'"{name}"' for name in servers) + "]"
        gone = f"setsubtract({names}, {kept})"
        DataKubernetesResources(
            self,
            "Default",
            provider=kubernetes,
            api_version="apps/v1",
            kind="Deployment",
            namespace=namespace,
            label_selector=f"{label}={value}",
            lifecycle={
                "postcondition": [
                    Postcondition(
                        condition=f"${{length({gone}) == 0}}",
                        error_message=refusal.format(was=f'${{join(", ", {gone})}}'),
                    )
                ]
            },
        )
