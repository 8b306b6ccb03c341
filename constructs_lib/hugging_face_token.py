"""The Hugging Face token as a file in a pod."""

from __future__ import annotations

from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from constructs import Construct

from constructs_lib.kubernetes_object import KubernetesObject
from constructs_lib.manifests.secrets import secret_provider_class
from constructs_lib.manifests.weights import TOKEN_FILE
from constructs_lib.specs import HuggingFaceTokenSpec, KubernetesSecretSpec


class HuggingFaceToken(Construct):
    """
    What the pods of one service account need to mount the token, which is in no plan and no state.

    For a secret of Secret Manager that is a SecretProviderClass, for a Secret of the namespace nothing.

    Args:
        kubernetes: Provider of the cluster.
        project: Project that has the secret.
        namespace: Namespace of the pods.
        service_account: Their Kubernetes service account, which may read the secret.
        spec: Where the token is.

    Attributes:
        source: The Secret, or the name of the SecretProviderClass, for `manifests.weights.token_volume` (known at
            synth).
        ready: What must exist before the pods (known at synth).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        kubernetes: KubernetesProvider,
        project: str,
        namespace: str,
        service_account: str,
        spec: HuggingFaceTokenSpec,
    ) -> None:
        super().__init__(scope, id_)
        self.ready: list[KubernetesObject] = []
        if spec.kubernetes_secret:
            self.source: KubernetesSecretSpec | str = spec.kubernetes_secret
            return
        assert spec.secret_manager is not None  # the spec holds exactly one of the two
        self.source = f"{service_account}-token"
        provider_class = secret_provider_class(
            name=self.source,
            namespace=namespace,
            project=project,
            secret=spec.secret_manager,
            path=TOKEN_FILE,
        )
        self.ready.append(KubernetesObject(self, "Default", kubernetes=kubernetes, manifest=provider_class))
