"""What `verify` reports where it cannot ask, or where much is gone at once."""

from __future__ import annotations

import pytest

from platform_config.stack_graph import base_stack, cluster_stack
from tests.gke_inference.cluster_stand_in import Fault as ClusterFault
from tests.gke_inference.google_stand_in import Fault
from tests.gke_inference.verify_platform import PARTS, HealthyPlatform
from tests.gke_inference.verify_rig import example, example_running

__all__ = ["example", "example_running"]


def bad(platform: HealthyPlatform, *arguments: str) -> tuple[int, list[tuple[str, str, str]], str]:
    """Exit code, what is not good, and all that is reported of it."""
    ran = platform.run(*arguments)
    found = [found for found in ran.document["findings"] if found["status"] != "good"]
    texts = "\n".join(f"{entry['found']} / {entry['fix']}" for entry in found)
    return ran.code, [(entry["where"], entry["id"], entry["status"]) for entry in found], texts


def test_a_region_whose_cluster_is_gone_is_told_once(example: HealthyPlatform) -> None:
    """Its cluster is wrong, and that nothing else was looked at is one finding; the other region is as before."""
    example.documents.pop("europe-west4/clusters/gemma-eu")

    code, found, texts = bad(example)

    assert found == [("eu", "CLUSTER", "wrong"), ("eu", "KUBERNETES", "unknown")]
    assert f"it is not there / apply {cluster_stack('eu')}" in texts
    assert code == 1


def test_a_config_cluster_that_is_gone_takes_the_gateway_with_it_once(example: HealthyPlatform) -> None:
    """What is on the config cluster is reported in one line; the other regions' own address is still asked."""
    example.documents.pop("us-east5/clusters/gemma-us")

    code, found, texts = bad(example)

    assert found == [("", "GATEWAY", "unknown"), ("us", "CLUSTER", "wrong"), ("us", "KUBERNETES", "unknown")]
    assert "the config cluster gemma-us does not answer" in texts
    assert code == 1


def test_a_cluster_that_may_not_be_read_is_told_once(example: HealthyPlatform) -> None:
    """Whoever may not read a cluster gets one line with the role; what Google answers about the region is looked at."""
    example.clusters["eu"].faults.append(ClusterFault(403))

    code, found, texts = bad(example)

    assert found == [("eu", "KUBERNETES", "unknown")]
    assert "have roles/container.viewer granted to whoever runs this" in texts
    assert code == 3


def test_a_namespace_that_is_not_there_is_wrong(example: HealthyPlatform) -> None:
    """A cluster in which nothing of the platform was made says which stack makes it."""
    example.forget("eu", "Namespace")

    code, found, texts = bad(example)

    assert found == [("eu", "KUBERNETES", "wrong")]
    assert "there is no namespace inference" in texts
    assert f"apply {base_stack('eu')}" in texts
    assert code == 1


DENIED: dict[str, tuple[str, list[str], str]] = {
    "monitoring.projects.timeSeries.list": ("GAUGE", ["us", "eu"], "roles/monitoring.viewer"),
    "gkehub.projects.locations.features.get": ("FEATURE", [""], "roles/gkehub.viewer"),
    "gkehub.projects.locations.memberships.get": ("MEMBERSHIP", ["us", "eu"], "roles/gkehub.viewer"),
    "compute.addresses.get": ("ADDRESS", ["us", "eu"], "roles/compute.viewer"),
    **{
        f"compute.{collection}.aggregatedList": ("BACKENDS", ["us", "eu"], "roles/compute.viewer")
        for collection in PARTS
    },
    "compute.backendServices.getHealth": ("BACKENDS", ["us", "eu"], "roles/compute.viewer"),
}


@pytest.mark.parametrize("method", DENIED)
def test_what_may_not_be_asked_is_unknown(example: HealthyPlatform, method: str) -> None:
    """One API that refuses hides nothing else, and is not counted as good: which role is missing is reported."""
    example.google.faults[method] = Fault(403, "Permission denied")
    id_, regions, role = DENIED[method]

    code, found, texts = bad(example)

    assert found == [(region, id_, "unknown") for region in regions]
    assert role in texts
    assert code == 3


def test_one_kind_of_object_that_may_not_be_read_is_unknown(example: HealthyPlatform) -> None:
    """Nodes are often closed to those who may read all the rest: the pools alone are unknown then."""
    example.clusters["eu"].faults.append(ClusterFault(403, path="/api/v1/nodes"))

    code, found, _ = bad(example)

    assert found == [("eu", "POOL-SYSTEM", "unknown"), ("eu", "POOL-TPU", "unknown")]
    assert code == 3


def test_an_api_that_is_turned_off_is_told(example: HealthyPlatform) -> None:
    """Google refuses with 403 there too; no role helps."""
    message = "Cloud Monitoring API has not been used in project 1 before or it is disabled."
    example.google.faults["monitoring.projects.timeSeries.list"] = Fault(403, message)

    _, _, texts = bad(example)

    assert "turn that API on" in texts
    assert "roles/" not in texts


def test_an_answer_that_cannot_be_read_is_unknown(example: HealthyPlatform) -> None:
    """An object in a shape that nobody knows ends nothing."""
    example.object("us", "InferencePool")["spec"]["endpointPickerRef"] = "a text"

    code, found, texts = bad(example)

    assert found == [("us", "INFERENCE-POOL", "unknown")]
    assert "the answer cannot be read" in texts
    assert code == 3


def test_pods_that_are_not_seen_have_no_interfaces_that_are_known(example: HealthyPlatform) -> None:
    """A server is ready, so it has a pod, wherever that is."""
    example.forget("us", "Pod")

    code, found, texts = bad(example)

    assert found == [("us", "INTERFACES", "unknown")]
    assert "1 servers are ready, and 0 pods are seen" in texts
    assert code == 3


def test_a_gateway_that_is_not_reachable_from_here_is_unknown(
    example: HealthyPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its addresses are inside the VPC: where the command runs outside, that is reported, with the fix."""
    monkeypatch.setitem(example.urls, "eu", "http://127.0.0.1:1")

    code, found, texts = bad(example)

    assert found == [("eu", "COMPLETION", "unknown")]
    assert "run it inside the VPC, in europe-west4" in texts
    assert code == 3


def test_a_gateway_that_does_not_tell_the_region_is_unknown(example: HealthyPlatform) -> None:
    """An answer without the header may be from anywhere."""
    example.gateways["eu"].region_header = ""

    code, found, texts = bad(example)

    assert found == [("eu", "COMPLETION", "unknown")]
    assert "no header x-inference-region" in texts
    assert code == 3
