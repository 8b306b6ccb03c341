"""A cluster as Argo CD knows it: where it is, and how to sign in, without a secret."""

from __future__ import annotations

import json
from collections.abc import Mapping

from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from cdktf_cdktf_provider_kubernetes.secret_v1 import SecretV1
from constructs import Construct

SECRET_TYPE = {"argocd.argoproj.io/secret-type": "cluster"}
SIGN_IN = {
    "execProviderConfig": {
        "command": "argocd-k8s-auth",
        "args": ["gcp"],
        "apiVersion": "client.authentication.k8s.io/v1beta1",
    },
    # The DNS endpoint has a public certificate: a cluster CA beside it would be refused.
    "tlsClientConfig": {"insecure": False},
}


class ArgoCdCluster(Construct):
    """
    The Secret by which Argo CD finds one cluster. It signs in as itself: nothing in it is secret.

    Args:
        kubernetes: Provider of the cluster that Argo CD runs in.
        namespace: Namespace that it runs in.
        name: Name of the cluster.
        endpoint: Its DNS endpoint; it may be known after apply only.
        labels: More labels.

    Attributes:
        name: Name of the Secret and of the cluster in Argo CD (known at synth).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        kubernetes: KubernetesProvider,
        namespace: str,
        name: str,
        endpoint: str,
        labels: Mapping[str, str],
    ) -> None:
        super().__init__(scope, id_)
        self.name = name
        SecretV1(
            self,
            "Default",
            provider=kubernetes,
            metadata={"name": f"cluster-{name}", "namespace": namespace, "labels": {**SECRET_TYPE, **labels}},
            type="Opaque",
            data={"name": name, "server": f"https://{endpoint}", "config": json.dumps(SIGN_IN, sort_keys=True)},
        )
