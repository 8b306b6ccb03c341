"""Google's answers for a project in which nothing stands in the way of the example platform."""

from __future__ import annotations

from typing import Any

from operations.preflight.check import Subject
from stacks.services import project_services
from tests.operations.google_stand_in import Fault, GoogleStandIn

REGIONAL = {"CPUS": 200, "INTERNAL_ADDRESSES": 50, "PREEMPTIBLE_NVIDIA_H100_GPUS": 40, "NVIDIA_L4_GPUS": 8}
GLOBAL = {"NETWORKS": 15, "SUBNETWORKS": 100, "FIREWALLS": 100, "ROUTERS": 20, "GPUS_ALL_REGIONS": 100}


def quotas(limits: dict[str, int], **usage: float) -> list[dict[str, Any]]:
    """*limits* as the compute API tells them."""
    return [
        {"metric": metric, "limit": float(limit), "usage": float(usage.get(metric, 0))}
        for metric, limit in limits.items()
    ]


def family(metric: str, buckets: dict[tuple[str, ...], int], dimension: str) -> dict[str, Any]:
    """Limits by family and, where there is a second word, region, as Service Usage tells them."""
    limit = {
        "unit": f"1/{{project}}/{{region}}/{{{dimension}}}",
        "quotaBuckets": [
            {"effectiveLimit": str(amount), "dimensions": dict(zip((dimension, "region"), words, strict=False))}
            for words, amount in buckets.items()
        ],
    }
    return {"metric": f"compute.googleapis.com/{metric.lower()}", "consumerQuotaLimits": [limit]}


def missing(params: dict[str, Any], body: Any) -> dict[str, Any]:
    """There is no such thing."""
    raise Fault(404, f"{params} was not found")


def machine(params: dict[str, Any], body: Any) -> dict[str, Any]:
    """Every machine type, in every zone."""
    return {"name": params["machineType"], "guestCpus": 8}


def answer_all_good(stand_in: GoogleStandIn, subject: Subject) -> None:
    """Fill in the answer of every method that preflight calls."""
    channel = {"channel": "REGULAR", "defaultVersion": "1.35.2-gke.100", "validVersions": ["1.35.2-gke.100"]}
    tpus = family("TPUS_PER_TPU_FAMILY", {("CT6E",): 0, ("CT6E", "us-east5"): 8, ("CT6E", "europe-west4"): 4},
                  "tpu_family")  # fmt: skip
    stand_in.answers |= {
        "cloudresourcemanager.projects.get": {"name": "projects/123456", "state": "ACTIVE"},
        "cloudresourcemanager.projects.testIamPermissions": lambda params, body: dict(body),
        "cloudbilling.projects.getBillingInfo": {"billingEnabled": True, "billingAccountName": "billingAccounts/AA"},
        "serviceusage.services.batchGet": {
            "services": [
                {"name": f"projects/123456/services/{name}.googleapis.com", "state": "ENABLED"}
                for name in project_services(subject.config)
            ]
        },
        "serviceusage.services.consumerQuotaMetrics.get": tpus,
        "compute.projects.get": {"quotas": quotas(GLOBAL)},
        "compute.regions.get": {"quotas": quotas(REGIONAL)},
        "compute.networks.get": missing,
        "compute.subnetworks.list": {},
        "compute.machineTypes.get": machine,
        "container.projects.locations.clusters.get": missing,
        "container.projects.locations.getServerConfig": {"channels": [channel]},
        "gkehub.projects.locations.features.get": missing,
        "gkehub.projects.locations.memberships.get": missing,
        "secretmanager.projects.secrets.versions.list": {"versions": [{"state": "ENABLED"}]},
    }  # fmt: skip
