"""ExternalDNS in one cluster, for names of Services and routes of a user's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cdktf import Fn, ITerraformDependable
from cdktf_cdktf_provider_helm.provider import HelmProvider
from cdktf_cdktf_provider_helm.release import Release
from constructs import Construct

from constructs_lib.specs import ExternalDnsSpec, OutsideExternalDnsSpec

REPOSITORY, CHART = "https://kubernetes-sigs.github.io/external-dns/", "external-dns"
NAME = NAMESPACE = "external-dns"
"""Release and, in clusters of the platform, namespace. The chart names its service account after the release."""
TIMEOUT_SEC = 600
CREDENTIALS = "/etc/external-dns"
ALIBABA_FILE, GOOGLE_FILE = "alibaba-cloud.json", "key.json"
CLOUDFLARE_KEY = "token"


def external_dns_values(
    spec: ExternalDnsSpec, *, project: str, zone: str, visibility: str, domain: str, owner: str
) -> dict[str, Any]:
    """
    Return the values of the chart external-dns for a zone of Cloud DNS, which its pods reach by Workload Identity.

    Three things keep it from any name but its own: the zone, the end of the names, and the owner that is written beside
    each name. It knows no routing policy, and fails at a record that has one (kubernetes-sigs/external-dns#5129).

    Args:
        spec: Sources and policy.
        project: Project ID of the zone.
        zone: Name of the zone.
        visibility: `private` or `public`.
        domain: What the names end with.
        owner: What it writes beside each name, another one in each cluster.
    """
    arguments = [
        f"--google-project={project}",
        f"--google-zone-visibility={visibility}",
        f"--zone-id-filter={zone}",
    ]
    return _values("google", sources=list(spec.sources), policy=spec.policy, domain=domain, owner=owner) | {
        "extraArgs": arguments
    }


def outside_values(spec: OutsideExternalDnsSpec, *, owner: str) -> dict[str, Any]:
    """
    Return the values of the chart external-dns for a cluster outside, with credentials of a Secret that is there.

    Alibaba Cloud's take a file with a key: its roles for service accounts are not supported
    (kubernetes-sigs/external-dns#5019).

    Args:
        spec: Whose DNS it writes to, the Secret, and the end of the names.
        owner: What it writes beside each name, another one in each cluster.
    """
    values = _values(spec.provider, sources=["service", "ingress"], policy=spec.policy, domain=spec.domain, owner=owner)
    if spec.provider == "cloudflare":
        token = {"secretKeyRef": {"name": spec.secret, "key": CLOUDFLARE_KEY}}
        return values | {"env": [{"name": "CF_API_TOKEN", "valueFrom": token}]}
    volume = {
        "extraVolumes": [{"name": "credentials", "secret": {"secretName": spec.secret}}],
        "extraVolumeMounts": [{"name": "credentials", "mountPath": CREDENTIALS, "readOnly": True}],
    }
    if spec.provider == "google":
        return (
            values
            | volume
            | {"env": [{"name": "GOOGLE_APPLICATION_CREDENTIALS", "value": f"{CREDENTIALS}/{GOOGLE_FILE}"}]}
        )
    return values | volume | {"extraArgs": [f"--alibaba-cloud-config-file={CREDENTIALS}/{ALIBABA_FILE}"]}


def _values(provider: str, *, sources: list[str], policy: str, domain: str, owner: str) -> dict[str, Any]:
    return {
        "provider": {"name": provider},
        "sources": sources,
        "policy": policy,
        "registry": "txt",
        "txtOwnerId": owner,
        "domainFilters": [domain],
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
    }


class ExternalDns(Construct):
    """
    The chart external-dns. It needs in Google Cloud what `WorkloadIdentity.grant_dns` grants.

    Args:
        helm: Provider of the cluster.
        values: What `external_dns_values` or `outside_values` returns.
        chart_version: Version of the chart.
        namespace: Namespace. Default: `external-dns`.
        after: What must exist first.

    Attributes:
        ready: The release, for what comes after it (known at synth).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        helm: HelmProvider,
        values: dict[str, Any],
        chart_version: str,
        namespace: str = NAMESPACE,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id_)
        # Waited for but never atomic: that would uninstall it, and the reason with it, on time-out.
        self.ready: ITerraformDependable = Release(
            self,
            "Default",
            provider=helm,
            name=NAME,
            namespace=namespace,
            repository=REPOSITORY,
            chart=CHART,
            version=chart_version,
            values=[Fn.yamlencode(values)],
            wait=True,
            timeout=TIMEOUT_SEC,
            atomic=False,
            upgrade_install=True,
            max_history=5,
            depends_on=list(after) or None,
        )
