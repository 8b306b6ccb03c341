"""The gateway classes of GKE: which load balancer each makes, and what Google documents for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class GatewayClass:
    """
    One class of gateways. All known at synth.

    Attributes:
        name: Its name, as a Gateway has it.
        title: What it makes, as a phrase for people.
        multi_cluster: One Gateway sends requests to the clusters of all regions; else to those of its own alone.
        public: Its addresses can be reached from the internet.
        proxy_purpose: Purpose of the proxy-only subnets that its proxies run in.
        object_prefix: A pattern of how the names of the load balancer's parts begin, which GKE makes.
        object_prefix_length: How many letters that are.
        extensions: Takes GCPTrafficExtension and GCPRoutingExtension: Model Armor, Apigee, body-based routing. Sources:
            Google, "Customize GKE Gateway traffic using Service Extensions"; "About multi-cluster GKE Inference
            Gateway", limitations.
        regional_certificates: Takes certificates of Certificate Manager by name, and regional TLS policies. Source:
            Google, "Secure a Gateway".
        cloud_armor: Takes Cloud Armor policies. Source: Google, "Security policy overview".
        iap: Its load balancers' backends take Identity-Aware Proxy. Source: hashicorp/terraform-provider-google,
            google_iap_web_region_backend_service_iam, for regional ones; there is none for cross-region ones.
    """

    name: str
    title: str
    multi_cluster: bool
    public: bool
    proxy_purpose: Literal["GLOBAL_MANAGED_PROXY", "REGIONAL_MANAGED_PROXY"]
    object_prefix: str
    object_prefix_length: int
    extensions: bool
    regional_certificates: bool
    cloud_armor: bool
    iap: bool


CROSS_REGION = GatewayClass(
    name="gke-l7-cross-regional-internal-managed-mc",
    title="one internal load balancer across regions",
    multi_cluster=True,
    public=False,
    proxy_purpose="GLOBAL_MANAGED_PROXY",
    object_prefix="gkemcg1",
    object_prefix_length=7,
    extensions=False,
    regional_certificates=False,
    cloud_armor=False,
    iap=False,
)
REGIONAL_INTERNAL = GatewayClass(
    name="gke-l7-rilb",
    title="an internal load balancer in each region",
    multi_cluster=False,
    public=False,
    proxy_purpose="REGIONAL_MANAGED_PROXY",
    object_prefix="gkegw1-[a-z0-9]{4}",
    object_prefix_length=11,
    extensions=True,
    regional_certificates=True,
    cloud_armor=True,
    iap=True,
)
REGIONAL_EXTERNAL = replace(
    REGIONAL_INTERNAL,
    name="gke-l7-regional-external-managed",
    title="a public load balancer in each region",
    public=True,
)


def gateway_class(*, scope: str, public: bool) -> GatewayClass:
    """Return the class of gateways of *scope*, `cross_region` or `regional`."""
    if scope == "cross_region":
        return CROSS_REGION
    return REGIONAL_EXTERNAL if public else REGIONAL_INTERNAL
