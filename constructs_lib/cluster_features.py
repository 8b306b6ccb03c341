"""What a cluster that is managed elsewhere must have on, and the command that turns each on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ClusterFeature:
    """
    A feature that can be turned on in a cluster that is there.

    Attributes:
        what: What messages call it.
        option: Option of `gcloud container clusters update` that turns it on.
    """

    what: str
    option: str

    def command(self, project: str, location: str, cluster: str) -> str:
        """Return the command that turns it on in *cluster*."""
        return f"gcloud container clusters update {cluster} --project={project} --location={location} {self.option}"


GATEWAY_API = ClusterFeature("the Gateway API", "--gateway-api=standard")
HTTP_LOAD_BALANCING = ClusterFeature("HTTP load balancing", "--update-addons=HttpLoadBalancing=ENABLED")
DNS_ENDPOINT = ClusterFeature(
    "its DNS endpoint open to Google Cloud's users, which Terraform signs in by", "--enable-dns-access"
)
MANAGED_PROMETHEUS = ClusterFeature("managed Prometheus", "--enable-managed-prometheus")
FUSE_DRIVER = ClusterFeature("the Cloud Storage FUSE driver", "--update-addons=GcsFuseCsiDriver=ENABLED")
SECRET_MANAGER = ClusterFeature("the Secret Manager add-on", "--enable-secret-manager")


def workload_identity(pool: str) -> ClusterFeature:
    """Return Workload Identity with *pool*, that of the cluster's project."""
    return ClusterFeature(f"Workload Identity with {pool}", f"--workload-pool={pool}")
