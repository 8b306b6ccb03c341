"""`verify` on a platform of Autopilot clusters: classes in place of node pools."""

from __future__ import annotations

from platform_config.stack_graph import serving_stack
from tests.gke_inference.verify_platform import HealthyPlatform, path_of

CLASS, ID = "serving-tpu", "COMPUTE-CLASS-SERVING-TPU"


def test_all_is_good(pilot: HealthyPlatform) -> None:
    """Each class is looked at, and no pool."""
    ran = pilot.run("--no-completion")
    findings = {(found["where"], found["id"]): found for found in ran.document["findings"]}

    assert [found for found in findings.values() if found["status"] != "good"] == []
    assert findings["us", ID]["found"] == "there, with 1 choice of machines"
    assert [id_ for _, id_ in findings if id_.startswith("POOL-")] == []


def test_a_class_that_no_pod_has_used_is_good(pilot: HealthyPlatform) -> None:
    """It has no condition then."""
    del pilot.object("us", "ComputeClass")["status"]

    assert pilot.run("--no-completion", only="us").code == 0


def test_a_class_that_gke_cannot_use_is_wrong(pilot: HealthyPlatform) -> None:
    """Its condition says why; the API server has taken it all the same."""
    condition = {"type": "Health", "status": "False", "reason": "NotHealthy", "message": "no zone has the machine"}
    pilot.object("us", "ComputeClass")["status"] = {"conditions": [condition]}

    [wrong] = [found for found in pilot.run("--no-completion").document["findings"] if found["status"] != "good"]
    assert (wrong["where"], wrong["id"]) == ("us", ID)
    assert wrong["found"] == "Health is False (NotHealthy: no zone has the machine)"
    assert "kubectl describe computeclass" in wrong["fix"]


def test_a_class_that_is_not_there_is_wrong(pilot: HealthyPlatform) -> None:
    """Admission refuses its pods; the fix names the stack that makes it again."""
    del pilot.clusters["us"].objects[path_of("ComputeClass", "cloud.google.com/v1", CLASS, "")]

    [wrong] = [found for found in pilot.run("--no-completion").document["findings"] if found["status"] != "good"]
    assert (wrong["where"], wrong["id"]) == ("us", ID)
    assert serving_stack("us") in wrong["fix"]
