"""What every pod of ours has, whichever stack or command makes it; `tests/test_output.py` asks it of all variants."""

from __future__ import annotations

import copy

from gke_inference.drill.senders.pod_manifest import sender_pod
from platform_config.stack_graph import WEIGHTS_STACK
from tests.checks import pods
from tests.synthesized import Synthesized


def test_every_pod_of_the_example_is_bounded(platform: Synthesized) -> None:
    """
    Every container and sidecar has requests: none is BestEffort, the first to be evicted.

    Files of images cannot be changed, our own users and groups are above 10000 and own what they write, and what is
    written to has a limit.
    """
    found = [address for document in platform.stacks.values() for address, _ in pods.templates(document)]

    assert [problem for document in platform.stacks.values() for problem in pods.problems(document)] == []
    assert len(found) == 2 + 2 + 1 + 3, "a server and a gate in each region, the download, the gates before the gateway"


def test_the_pod_of_a_drill_is_bounded() -> None:
    """It is made by a command, on nodes that serve."""
    assert list(pods.pod_problems(sender_pod(name="d", namespace="inference", key="k", deadline_sec=60))) == []


def test_what_a_pod_lacks_is_found(platform: Synthesized) -> None:
    """Each missing request is a problem of its own, of containers and of the sidecar; so is what could be changed."""
    template = copy.deepcopy(platform.objects("Deployment")[0]["spec"]["template"])
    del template["spec"]["containers"][0]["resources"]["requests"]["memory"]
    template["metadata"]["annotations"]["gke-gcsfuse/ephemeral-storage-request"] = "1Gi"
    del template["metadata"]["annotations"]["gke-gcsfuse/cpu-request"]
    template["spec"]["containers"][0]["securityContext"] = {}

    assert list(pods.pod_problems(template)) == [
        "vllm asks for no memory",
        "vllm can change its image's files",
        "the sidecar asks for no cpu",
        "the sidecar asks for less disk than its cache of 62Gi",
    ]


def test_a_user_that_does_not_own_the_bucket_is_found(platform: Synthesized) -> None:
    """The download writes as the user that its mount belongs to, a number that no node has."""
    [(_, template)] = list(pods.templates(platform.stacks[WEIGHTS_STACK]))
    template = copy.deepcopy(template)
    template["spec"]["securityContext"] |= {"runAsUser": "1000"}

    assert list(pods.pod_problems(template)) == [
        "download has no runAsUser above 10000",
        "the bucket belongs to 65532, the pod is 1000",
    ]
