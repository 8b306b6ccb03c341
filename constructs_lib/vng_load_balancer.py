"""The controller of VNG Cloud's load balancers, with credentials that no state has."""

from __future__ import annotations

from typing import Any

from cdktf import Fn, ITerraformDependable, TerraformStack
from cdktf_cdktf_provider_google.data_google_secret_manager_secret_version import DataGoogleSecretManagerSecretVersion
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_helm.provider import HelmProvider
from cdktf_cdktf_provider_helm.release import Release, ReleaseSetWo
from constructs import Construct

from constructs_lib.specs import LoadBalancerControllerSpec

REPOSITORY = "oci://vcr.vngcloud.vn/81-vks-public/vks-helm-charts"
CHART = NAME = "vngcloud-load-balancer-controller"
NAMESPACE = "kube-system"
TIMEOUT_SEC = 600


def controller_values(spec: LoadBalancerControllerSpec) -> dict[str, Any]:
    """
    Return the values of the chart that are no secret.

    Source: vngcloud/vngcloud-load-balancer-controller, values.yaml. Seed 004 has the address of the API below
    `cluster`: the chart does not read it there, and would ask another region.
    """
    address = f"https://{spec.region}.api.vngcloud.vn/vserver"
    return {"mysecret": {"cluster": {"clusterID": spec.cluster_id}, "global": {"vserverURL": address}}}


class VngLoadBalancerController(Construct):
    """
    The chart that makes load balancers of VNG Cloud for Services and Ingresses. Source: seed 004.

    Its credentials are write-only: in no plan, and in no state (hashicorp/terraform-provider-helm 3.1.1, set_wo).

    Args:
        helm: Provider of the cluster.
        spec: Version, cluster and region.
        google: Provider of the project that has the secrets.
        project: Project ID.

    Attributes:
        ready: What needs load balancers waits for these (known at synth).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        helm: HelmProvider,
        google: GoogleProvider,
        project: str,
        spec: LoadBalancerControllerSpec,
    ) -> None:
        super().__init__(scope, id_)
        self._google, self._project = google, project
        client_id, first = self._read("client-id", spec.client_id)
        client_secret, second = self._read("client-secret", spec.client_secret)
        release = Release(
            self,
            "Default",
            provider=helm,
            name=NAME,
            namespace=NAMESPACE,
            repository=REPOSITORY,
            chart=CHART,
            version=spec.chart_version,
            values=[Fn.yamlencode(controller_values(spec))],
            set_wo=[
                ReleaseSetWo(name="mysecret.global.clientID", value=client_id),
                ReleaseSetWo(name="mysecret.global.clientSecret", value=client_secret),
            ],
            wait=True,
            timeout=TIMEOUT_SEC,
            atomic=False,
            upgrade_install=True,
            max_history=5,
        )
        # Numbers of versions only grow: a new version of either is another revision.
        release.add_override("set_wo_revision", f"${{tonumber({first}) + tonumber({second})}}")
        self.ready: list[ITerraformDependable] = [release]

    def _read(self, id_: str, secret: str) -> tuple[str, str]:
        """Return the latest version of *secret*, which is read at each apply, and the expression of its number."""
        latest = DataGoogleSecretManagerSecretVersion(
            self,
            id_,
            provider=self._google,
            project=self._project,
            secret=secret,
            # Its number alone: the secret itself would be in the state.
            fetch_secret_data=False,
        )
        # The bindings know no ephemeral blocks: cdktf 0.21 is older.
        block = f"{latest.terraform_resource_type}.{latest.friendly_unique_id}"
        read = {"provider": self._google.fqn, "project": self._project, "secret": secret, "version": latest.version}
        TerraformStack.of(self).add_override(f"ephemeral.{block}", read)
        return f"${{trimspace(ephemeral.{block}.secret_data)}}", f"data.{block}.version"
