"""What every pod of ours has, whichever stack or command makes it; `tests/test_output.py` asks it of all variants."""

from __future__ import annotations

import copy

from operations.drill.sender_pod import sender_pod
from tests.checks import pods
from tests.synthesized import Synthesized


def test_every_pod_of_the_example_asks_for_what_it_needs(platform: Synthesized) -> None:
    """CPU, memory and disk on every container and sidecar: none is BestEffort, the first to be evicted."""
    found = [address for document in platform.stacks.values() for address, _ in pods.templates(document)]

    assert [problem for document in platform.stacks.values() for problem in pods.problems(document)] == []
    assert len(found) == 2 + 2 + 1 + 3, "a server and a gate in each region, the download, the gates before the gateway"


def test_the_pod_of_a_drill_asks_for_what_it_needs() -> None:
    """It is made by a command, on nodes that serve."""
    assert list(pods.pod_problems(sender_pod(name="d", namespace="inference", key="k", deadline_sec=60))) == []


def test_a_pod_that_asks_for_nothing_is_found(platform: Synthesized) -> None:
    """Each missing request is a problem of its own, of containers and of the sidecar."""
    template = copy.deepcopy(platform.objects("Deployment")[0]["spec"]["template"])
    del template["spec"]["containers"][0]["resources"]["requests"]["memory"]
    template["metadata"]["annotations"]["gke-gcsfuse/ephemeral-storage-request"] = "1Gi"
    del template["metadata"]["annotations"]["gke-gcsfuse/cpu-request"]

    assert list(pods.pod_problems(template)) == [
        "vllm asks for no memory",
        "the sidecar asks for no cpu",
        "the sidecar asks for less disk than its cache of 62Gi",
    ]
