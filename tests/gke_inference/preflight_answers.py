"""Google's answers for a project in which nothing stands in the way of the example platform, and what is found then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gke_inference.findings import Finding
from gke_inference.preflight import all_checks
from gke_inference.preflight.target import Target
from platform_config.config import Config
from platform_config.requirements import project_services
from tests.configs import config
from tests.gke_inference.google_stand_in import Answer, Fault, GoogleStandIn
from tests.gke_inference.hugging_face_stand_in import HuggingFace

SERVICE_USAGE = "serviceusage.services.consumerQuotaMetrics.get"
REGIONAL = {
    "CPUS": 200, "INTERNAL_ADDRESSES": 50, "PREEMPTIBLE_NVIDIA_H100_GPUS": 40, "NVIDIA_L4_GPUS": 8,
    "SSD_TOTAL_GB": 4096, "HDB_TOTAL_GB": 4096, "NETWORK_ENDPOINT_GROUPS": 100,
    "REGIONAL_INTERNAL_MANAGED_BACKEND_SERVICES": 75, "REGIONAL_EXTERNAL_MANAGED_BACKEND_SERVICES": 75,
    "STATIC_ADDRESSES": 8, "IN_USE_ADDRESSES": 8,
}  # fmt: skip
GLOBAL = {
    "NETWORKS": 15, "SUBNETWORKS": 100, "FIREWALLS": 100, "ROUTERS": 20, "GPUS_ALL_REGIONS": 100,
    "CPUS_ALL_REGIONS": 200, "GLOBAL_INTERNAL_MANAGED_BACKEND_SERVICES": 50, "HEALTH_CHECKS": 75, "URL_MAPS": 10,
    "TARGET_HTTP_PROXIES": 10, "TARGET_HTTPS_PROXIES": 10,
}  # fmt: skip
"""As a project describes itself, with the limits of a new one where those are enough."""


def quotas(limits: dict[str, int], **usage: float) -> list[dict[str, Any]]:
    """Answer with *limits* as the compute API lists them."""
    return [
        {"metric": metric, "limit": float(limit), "usage": float(usage.get(metric, 0))}
        for metric, limit in limits.items()
    ]


def family(metric: str, buckets: dict[tuple[str, ...], int], dimension: str) -> dict[str, Any]:
    """Limits by family and, where there is a second word, region, as Service Usage lists them."""
    limit = {
        "unit": f"1/{{project}}/{{region}}/{{{dimension}}}",
        "quotaBuckets": [
            {"effectiveLimit": str(amount), "dimensions": dict(zip((dimension, "region"), words, strict=False))}
            for words, amount in buckets.items()
        ],
    }
    return {"metric": f"compute.googleapis.com/{metric.lower()}", "consumerQuotaLimits": [limit]}


def metric(name: str, default: int, each_zone: int = -1, **places: int) -> dict[str, Any]:
    """Return a limit of each region and one of each zone, and those of *places*, with `_` for `-`; -1 is no limit."""
    limits = []
    for kind, amount in (("zone", each_zone), ("region", default)):
        own = [
            {"effectiveLimit": str(amount), "dimensions": {kind: place.replace("_", "-")}}
            for place, amount in places.items()
            if (len(place.split("_")[-1]) == 1) == (kind == "zone")
        ]
        limit = {"effectiveLimit": str(amount)}
        limits.append({"unit": f"1/{{project}}/{{{kind}}}", "quotaBuckets": [limit, *own]})
    return {"metric": f"compute.googleapis.com/{name.lower()}", "consumerQuotaLimits": limits}


def service_usage(*metrics: dict[str, Any]) -> Answer:
    """Answer as Service Usage, which knows *metrics* only."""

    def answer(params: dict[str, Any], body: Any) -> dict[str, Any]:
        for one in metrics:
            if params["name"].endswith(f"/consumerQuotaMetrics/{one['metric']}"):
                return one
        raise Fault(404, "metric not found")

    return answer


def missing(params: dict[str, Any], body: Any) -> dict[str, Any]:
    """Answer that there is no such thing."""
    raise Fault(404, f"{params} was not found")


def machine(params: dict[str, Any], body: Any) -> dict[str, Any]:
    """Answer with every machine type, in every zone."""
    return {"name": params["machineType"], "guestCpus": 8}


def answer_all_good(stand_in: GoogleStandIn, target: Target) -> None:
    """Fill in the answer of every method that preflight calls."""
    channel = {"channel": "REGULAR", "defaultVersion": "1.35.2-gke.100", "validVersions": ["1.35.2-gke.100"]}
    tpus = family("TPUS_PER_TPU_FAMILY", {("CT6E",): 0, ("CT6E", "us-east5"): 8, ("CT6E", "europe-west4"): 4},
                  "tpu_family")  # fmt: skip
    stand_in.answers |= {
        "cloudresourcemanager.projects.get": {"name": "projects/123456", "state": "ACTIVE"},
        "cloudresourcemanager.projects.testIamPermissions": lambda params, body: dict(body),
        "cloudresourcemanager.projects.getEffectiveOrgPolicy": {"listPolicy": {"allValues": "ALLOW"}},
        "cloudbilling.projects.getBillingInfo": {"billingEnabled": True, "billingAccountName": "billingAccounts/AA"},
        "serviceusage.services.batchGet": {
            "services": [
                {"name": f"projects/123456/services/{name}.googleapis.com", "state": "ENABLED"}
                for name in project_services(target.config)
            ]
        },
        SERVICE_USAGE: service_usage(tpus),
        "compute.projects.get": {"quotas": quotas(GLOBAL)},
        "compute.regions.get": {"quotas": quotas(REGIONAL)},
        "compute.networks.get": missing,
        "compute.subnetworks.aggregatedList": {},
        "compute.machineTypes.get": machine,
        "compute.zones.get": lambda params, body: {"name": params["zone"]},
        "container.projects.locations.clusters.get": missing,
        "container.projects.locations.getServerConfig": {"channels": [channel]},
        "gkehub.projects.locations.features.get": missing,
        "gkehub.projects.locations.memberships.get": missing,
        "secretmanager.projects.secrets.versions.list": {"versions": [{"state": "ENABLED"}]},
        "secretmanager.projects.secrets.versions.get": {"name": "projects/1/secrets/s/versions/3", "state": "ENABLED"},
        "secretmanager.projects.secrets.testIamPermissions": lambda params, body: dict(body),
        "certificatemanager.projects.locations.certificates.get": {"expireTime": "2100-01-01T00:00:00Z"},
        "dns.managedZones.get": {"dnsName": "example.com.", "visibility": "public"},
        "dns.resourceRecordSets.list": {},
        "monitoring.projects.notificationChannels.get": {"displayName": "On call", "enabled": True},
    }  # fmt: skip


@pytest.fixture(scope="module")
def served() -> Iterator[GoogleStandIn]:
    """Serve all tests of a file at one address: to read a discovery document anew for each takes longest."""
    with GoogleStandIn().serving() as stand_in:
        yield stand_in


@pytest.fixture
def google(served: GoogleStandIn) -> GoogleStandIn:
    """Serve Google; `found` fills in its answers."""
    served.answers.clear()
    served.faults.clear()
    return served


@pytest.fixture
def good_google(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, hugging_face: type[HuggingFace]
) -> Iterator[GoogleStandIn]:
    """Serve Google, where nothing stands in the way of the example."""
    stand_in = GoogleStandIn()
    with stand_in.serving():
        for name, value in stand_in.environment(tmp_path).items():
            monkeypatch.setenv(name, value)
        answer_all_good(stand_in, Target(config=config(), keys=("us", "eu"), google=stand_in.api()))
        yield stand_in


def found(google: GoogleStandIn, platform: Config, /, **changed: Any) -> dict[tuple[str, str], Finding]:
    """Return what the checks but Hugging Face's find by region and id, when the answers in *changed* are others."""
    target = Target(config=platform, keys=tuple(platform.regions), google=google.api())
    answer_all_good(google, target)
    for method, answer in changed.items():
        if isinstance(answer, Fault):
            google.faults[method] = answer
        else:
            google.answers[method] = answer
    checks = [check for check in all_checks(target) if not check.id.startswith(("MODEL", "CHART", "IMAGE"))]
    reported = [finding for check in checks for finding in check.run()]
    findings = {(finding.where, finding.id): finding for finding in reported}
    assert len(findings) == len(reported), "two findings have one id"
    assert not google.problems, google.problems
    return findings
