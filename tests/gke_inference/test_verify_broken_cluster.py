"""One thing of a region's cluster is broken, and `verify` names that thing, and the fix, and nothing else."""

from __future__ import annotations

import pytest

from tests.gke_inference.verify_breaks import Break, Cases, check, condition, merge
from tests.gke_inference.verify_platform import HealthyPlatform

CASES: Cases = {
    "cluster is too old": (
        lambda p: merge(p.cluster("us"), currentMasterVersion="1.33.5-gke.1"),
        "us", "CLUSTER", "GKE 1.33.5-gke.1, below 1.34.1-gke.1829001",
    ),
    "cluster is broken": (
        lambda p: merge(p.cluster("us"), status="ERROR", conditions=[{"message": "no IP addresses"}]),
        "us", "CLUSTER", "ERROR (no IP addresses)",
    ),
    "DNS endpoint is closed": (
        lambda p: p.cluster("us")["controlPlaneEndpointsConfig"]["dnsEndpointConfig"].update(
            allowExternalTraffic=False
        ),
        "us", "CLUSTER", "takes no traffic from outside",
    ),
    "pool has an error": (
        lambda p: p.cluster("us")["nodePools"][1].update(
            status="RUNNING_WITH_ERROR", conditions=[{"message": "GCE_STOCKOUT"}]
        ),
        "us", "POOL-TPU", "RUNNING_WITH_ERROR (GCE_STOCKOUT)",
    ),
    "pool is not there": (lambda p: p.cluster("us")["nodePools"].pop(), "us", "POOL-TPU", "it is not there"),
    "node is gone": (
        lambda p: p.clusters["us"].objects.pop("/api/v1/nodes/tpu-0"), "us", "POOL-TPU", "0 of 1 nodes ready",
    ),
    "node is not ready": (
        lambda p: condition(p.named("us", "Node", "tpu-0"), "Ready"), "us", "POOL-TPU", "not ready: tpu-0",
    ),
    "interfaces are not allocated": (
        lambda p: p.object("us", "ResourceClaim")["status"].pop("allocation"), "us", "INTERFACES", "has no interfaces",
    ),
    "interfaces are another pod's": (
        lambda p: p.object("us", "ResourceClaim")["status"]["reservedFor"][0].update(uid="other"),
        "us", "INTERFACES", "is not for gemma-server-0",
    ),
    "pod has no claim": (
        lambda p: p.object("us", "Pod")["status"].pop("resourceClaimStatuses"), "us", "INTERFACES", "has no claim yet",
    ),
    "membership is another cluster's": (
        lambda p: merge(p.documents["global/memberships/gemma-us"], endpoint={"gkeCluster": {"resourceLink": "//x/y"}}),
        "us", "MEMBERSHIP", "it is of another cluster: //x/y",
    ),
    "membership has lost its cluster": (
        lambda p: p.documents["global/memberships/gemma-us"]["endpoint"]["gkeCluster"].update(clusterMissing=True),
        "us", "MEMBERSHIP", "its cluster is gone",
    ),
    "membership is going": (
        lambda p: merge(p.documents["global/memberships/gemma-us"], state={"code": "DELETING"}),
        "us", "MEMBERSHIP", "DELETING",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("broken", "where", "id_", "words"), CASES.values(), ids=CASES)
def test_what_is_broken_is_named(example: HealthyPlatform, broken: Break, where: str, id_: str, words: str) -> None:
    """The finding of what is broken is wrong, in these words and with a fix; all others stay good."""
    broken(example)

    check(example, where, id_, words)
