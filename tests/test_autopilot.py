"""An Autopilot platform: no node pools, a class for each list of machines, and pods that admission takes."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from constructs_lib.manifests.compute_class import NODE_LABEL
from gke_inference.drill.senders.pod_manifest import sender_pod
from platform_config.stack_graph import base_stack, cluster_stack, serving_stack
from tests.checks import pods
from tests.checks.autopilot import refusals
from tests.checks.kubernetes_objects import objects
from tests.configs import AUTOPILOT
from tests.conftest import Platforms
from tests.synthesized import Block, Synthesized

REGIONS = ("us", "eu")


@pytest.fixture(scope="module")
def pilot(every_platform: Platforms) -> Synthesized:
    """Synthesize the Autopilot variant."""
    return every_platform[AUTOPILOT.stem][1]


def classes(app: Synthesized, stack: str) -> dict[str, Block]:
    """Return the ComputeClasses of *stack* by name."""
    found = (manifest for _, manifest in objects(app.stacks[stack]) if manifest["kind"] == "ComputeClass")
    return {manifest["metadata"]["name"]: manifest for manifest in found}


def templates(app: Synthesized) -> Iterator[tuple[str, Block, dict[str, Block]]]:
    """Yield address and template of each pod of the platform, with the classes that its cluster has."""
    for stack, document in app.stacks.items():
        key = stack.rpartition("-")[2]
        known = classes(app, serving_stack(key)) if key in REGIONS else {}
        yield from ((f"{stack} {address}", template, known) for address, template in pods.templates(document))


def server(app: Synthesized) -> tuple[Block, dict[str, Block]]:
    """Return the pod template of the GPU servers, with the classes of their cluster."""
    return next(
        (copy.deepcopy(template), known)
        for _, template, known in templates(app)
        if "nvidia.com/gpu" in template["spec"]["containers"][0]["resources"]["limits"]
    )


def test_a_cluster_has_no_pool_of_ours(pilot: Synthesized) -> None:
    """Google makes its nodes."""
    for key in REGIONS:
        assert "google_container_node_pool" not in pilot.stacks[cluster_stack(key)]["resource"]
        assert pilot.one("google_container_cluster", cluster_stack(key))["enable_autopilot"] is True


def test_each_list_of_machines_is_a_class(pilot: Synthesized) -> None:
    """Also a list of one: nothing else makes nodes with accelerators. A region has those of its own models."""
    assert set(classes(pilot, serving_stack("us"))) == {"serving-reserved", "serving-tpu"}
    assert set(classes(pilot, serving_stack("eu"))) == {"serving-reserved"}


def test_each_server_selects_its_class_which_is_there_first(pilot: Synthesized) -> None:
    """Admission refuses a pod with GPUs whose class is not there. TPU pods name their slice too."""
    deployments = pilot.stacks[serving_stack("us")]["resource"]["kubernetes_manifest"]
    found = {name: body for name, body in deployments.items() if body["manifest"]["kind"] == "Deployment"}
    selected = {}
    for body in found.values():
        labels = body["manifest"]["spec"]["template"]["spec"].get("nodeSelector", {})
        if NODE_LABEL in labels:
            selected[labels[NODE_LABEL]] = set(labels) - {NODE_LABEL}
            assert f"kubernetes_manifest.{labels[NODE_LABEL]}" in body["depends_on"]

    tpu = {"cloud.google.com/gke-tpu-accelerator", "cloud.google.com/gke-tpu-topology"}
    assert selected == {"serving-reserved": set(), "serving-tpu": tpu}


def test_the_crd_of_classes_is_waited_for(pilot: Synthesized) -> None:
    """Terraform reads it when it plans a class."""
    for key in REGIONS:
        [job] = pilot.all("kubernetes_job_v1", base_stack(key))
        assert "computeclasses.cloud.google.com" in str(job)


def test_admission_takes_every_pod(pilot: Synthesized) -> None:
    """Servers, gates, the download, the adapter, and the pod of a drill."""
    found = list(templates(pilot))
    drill = sender_pod(name="d", namespace="inference", key="k", deadline_sec=60)

    assert [(where, why) for where, template, known in found for why in refusals(template, known)] == []
    assert list(refusals(drill, {})) == []
    assert len(found) == 3 + 2 + 2 + 1 + 4, "servers, adapters, gates of two clusters, a download, gates of the gateway"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"hostIPC": True}, "hostIPC is not allowed"),
        ({"volumes": [{"name": "v", "hostPath": {"path": "/dev"}}]}, "volume v is a path of the node"),
        (
            {"nodeSelector": {NODE_LABEL: "serving-reserved", "cloud.google.com/gke-nodepool": "reserved"}},
            "label cloud.google.com/gke-nodepool may not be selected",
        ),
        ({"nodeSelector": {NODE_LABEL: "serving-other"}}, "asks for a GPU without a class that has one"),
        ({"tolerations": [{"key": "google.com/tpu"}]}, "tolerates google.com/tpu, which it does not ask for"),
        ({"initContainers": [{"name": "i", "securityContext": {"privileged": True}}]}, "i: is privileged"),
        (
            {"initContainers": [{"name": "i", "securityContext": {"capabilities": {"add": ["SYS_ADMIN"]}}}]},
            "i: adds capabilities",
        ),
        ({"initContainers": [{"name": "i", "ports": [{"hostPort": 80}]}]}, "i: has a port of the node"),
        (
            {"initContainers": [{"name": "i", "resources": {"limits": {"nvidia.com/gpu": "1"}}}]},
            "i: an init container asks for an accelerator",
        ),
    ],
)
def test_what_admission_refuses_is_found(pilot: Synthesized, change: dict[str, Any], why: str) -> None:
    """Each by itself."""
    template, known = server(pilot)
    template["spec"] |= change

    assert list(refusals(template, known)) == [why]


def test_what_admission_writes_is_left_alone(pilot: Synthesized) -> None:
    """Of each Deployment and each Job: it raises requests, and Terraform would change or replace them for ever."""
    for document in pilot.stacks.values():
        for body in document.get("resource", {}).get("kubernetes_manifest", {}).values():
            if body["manifest"]["kind"] == "Deployment":
                assert "spec.template.spec.containers[0].resources" in body["computed_fields"]
        for body in document.get("resource", {}).get("kubernetes_job_v1", {}).values():
            ignored = body["lifecycle"]["ignore_changes"]
            assert "spec[0].template[0].spec[0].container[0].resources" in ignored


def test_pickers_are_read_by_the_collectors_of_autopilot(pilot: Synthesized) -> None:
    """They are in another namespace there."""
    releases = [block for key in REGIONS for block in pilot.all("helm_release", serving_stack(key))]

    assert releases
    assert all('"autopilot" = true' in str(block["values"]) for block in releases)
