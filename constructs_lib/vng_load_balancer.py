"""The controller of VNG Cloud's load balancers, with credentials that no state has."""

from __future__ import annotations

from cdktf import Fn, ITerraformDependable
from cdktf_cdktf_provider_helm.provider import HelmProvider
from cdktf_cdktf_provider_helm.release import Release, ReleaseSetWo
from constructs import Construct

from constructs_lib.specs import LoadBalancerControllerSpec

REPOSITORY = "oci://vcr.vngcloud.vn/81-vks-public/vks-helm-charts"
CHART = NAME = "vngcloud-load-balancer-controller"
NAMESPACE = "kube-system"
TIMEOUT_SEC = 600


class VngLoadBalancerController(Construct):
    """
    The chart that makes load balancers of VNG Cloud for Services and Ingresses. Source: seed 004.

    Its credentials are write-only: in no plan, and in no state (hashicorp/terraform-provider-helm 3.1.1, set_wo).

    Args:
        helm: Provider of the cluster.
        spec: Version, cluster and region.
        client_id: ID of the service account, as an ephemeral value.
        client_secret: Its secret, as an ephemeral value.

    Attributes:
        ready: What needs load balancers waits for these (known at synth).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        helm: HelmProvider,
        spec: LoadBalancerControllerSpec,
        client_id: str,
        client_secret: str,
    ) -> None:
        super().__init__(scope, id_)
        cluster = {"clusterID": spec.cluster_id, "vserverURL": f"https://{spec.region}.api.vngcloud.vn/vserver"}
        release = Release(
            self,
            "Default",
            provider=helm,
            name=NAME,
            namespace=NAMESPACE,
            repository=REPOSITORY,
            chart=CHART,
            version=spec.chart_version,
            values=[Fn.yamlencode({"mysecret": {"cluster": cluster}})],
            set_wo=[
                ReleaseSetWo(name="mysecret.global.clientID", value=client_id),
                ReleaseSetWo(name="mysecret.global.clientSecret", value=client_secret),
            ],
            set_wo_revision=spec.revision,
            wait=True,
            timeout=TIMEOUT_SEC,
            atomic=False,
            upgrade_install=True,
            max_history=5,
        )
        self.ready: list[ITerraformDependable] = [release]
