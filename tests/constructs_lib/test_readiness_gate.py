"""Gates: what they wait for, how long, and under which rights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cdktf_cdktf_provider_kubernetes.namespace_v1 import NamespaceV1
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider

from constructs_lib.kubernetes_object import KubernetesObject
from constructs_lib.manifests.autopilot import NODE_START_SEC
from constructs_lib.manifests.gates import (
    Gate,
    backend_imported,
    crds_established,
    gateway_class_accepted,
    gateway_programmed,
)
from constructs_lib.manifests.gateway import Backend
from constructs_lib.readiness_gate import ReadinessGate
from tests.conftest import Synth
from tests.synthesized import Block, Synthesized

CRDS = crds_established(["a.example.com", "b.example.com"], timeout_sec=600)
CLASS = gateway_class_accepted("class", timeout_sec=600)
IMPORT = backend_imported(Backend(name="pool"), namespace="inference", timeout_sec=600)
PROGRAMMED = gateway_programmed("gateway", namespace="inference", timeout_sec=600)
ACCOUNT = {"kind": "ServiceAccount", "name": "wait", "namespace": "inference"}
LOOK = ["get", "list", "watch"]
CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "next", "namespace": "inference"}}


def build(gate: Gate, alone: bool = True, autopilot: bool = False) -> Callable[[Any], ReadinessGate]:
    """Build a gate in a bare stack, after a namespace unless it is alone."""

    def made(stack: Any) -> ReadinessGate:
        kubernetes = KubernetesProvider(stack, "kubernetes")
        namespace = NamespaceV1(stack, "namespace", provider=kubernetes, metadata={"name": "inference"})
        after = [] if alone else [namespace]
        return ReadinessGate(
            stack,
            "gate",
            kubernetes=kubernetes,
            name="wait",
            namespace="inference",
            gate=gate,
            autopilot=autopilot,
            after=after,
        )

    return made


def addresses(app: Synthesized, *kinds: str) -> set[str]:
    """Return the Terraform addresses of all resources of these kinds."""
    return {f"{kind}.{key.removeprefix('test/')}" for kind in kinds for key in app.named(kind)}


def rules(block: Block) -> list[tuple[str, str, list[str], list[str]]]:
    """List API group, resource, names and verbs of each rule of a role."""
    made = []
    for rule in block["rule"]:
        [group], [resource] = rule["api_groups"], rule["resources"]
        made.append((group, resource, rule["resource_names"], rule["verbs"]))
    return made


def test_a_gate_for_crds_may_look_at_those_in_the_whole_cluster(synth: Synth) -> None:
    """By name; nothing in any namespace."""
    app = synth(build(CRDS))
    role, binding = app.one("kubernetes_cluster_role_v1"), app.one("kubernetes_cluster_role_binding_v1")

    assert rules(role) == [
        ("apiextensions.k8s.io", "customresourcedefinitions", ["a.example.com", "b.example.com"], LOOK)
    ]
    assert role["metadata"] == binding["metadata"] == {"name": "inference-wait"}
    assert binding["role_ref"] == {
        "api_group": "rbac.authorization.k8s.io",
        "kind": "ClusterRole",
        "name": "inference-wait",
    }
    assert binding["subject"] == [ACCOUNT]
    assert app.all("kubernetes_role_v1") == app.all("kubernetes_role_binding_v1") == []


def test_a_gate_for_an_object_may_look_at_it_in_its_namespace(synth: Synth) -> None:
    """By name; nothing in the cluster."""
    app = synth(build(PROGRAMMED))
    role, binding = app.one("kubernetes_role_v1"), app.one("kubernetes_role_binding_v1")

    assert rules(role) == [("gateway.networking.k8s.io", "gateways", ["gateway"], LOOK)]
    assert role["metadata"] == binding["metadata"] == {"name": "wait", "namespace": "inference"}
    assert binding["role_ref"] == {"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": "wait"}
    assert binding["subject"] == [ACCOUNT]
    assert app.all("kubernetes_cluster_role_v1") == app.all("kubernetes_cluster_role_binding_v1") == []


def test_a_gate_may_need_both(synth: Synth) -> None:
    """The CRD in the cluster, the object in its namespace: two roles, each with its own."""
    app = synth(build(IMPORT))

    assert [name for _, _, name, _ in rules(app.one("kubernetes_cluster_role_v1"))] == [
        ["gcpinferencepoolimports.networking.gke.io"]
    ]
    assert rules(app.one("kubernetes_role_v1")) == [("networking.gke.io", "gcpinferencepoolimports", ["pool"], LOOK)]


@pytest.mark.parametrize("gate", [CRDS, CLASS, IMPORT, PROGRAMMED])
def test_no_gate_may_change_anything_or_see_everything(synth: Synth, gate: Gate) -> None:
    """Each rule names its objects and only looks."""
    app = synth(build(gate))

    for block in app.all("kubernetes_cluster_role_v1") + app.all("kubernetes_role_v1"):
        for _, _, names, verbs in rules(block):
            assert names
            assert verbs == LOOK


def test_it_runs_under_an_account_of_its_own(synth: Synth) -> None:
    """Whose token only this pod mounts."""
    app = synth(build(CRDS))
    account, pod = app.one("kubernetes_service_account_v1"), app.one("kubernetes_job_v1")["spec"]["template"]["spec"]

    assert account["metadata"] == {"name": "wait", "namespace": "inference"}
    assert account["automount_service_account_token"] is False
    assert (pod["service_account_name"], pod["automount_service_account_token"]) == ("wait", True)


@pytest.mark.parametrize("timeout_sec", [60, 600, 1800])
def test_every_wait_is_bounded_three_times(synth: Synth, timeout_sec: int) -> None:
    """By kubectl, which says what is missing; two minutes later by the Job; a minute after that by Terraform."""
    job = synth(build(crds_established(["a.example.com"], timeout_sec=timeout_sec))).one("kubernetes_job_v1")
    [container] = job["spec"]["template"]["spec"]["container"]

    assert f"--timeout={timeout_sec}s" in container["args"]
    assert job["spec"]["active_deadline_seconds"] == timeout_sec + 120
    assert job["timeouts"]["create"] == f"{timeout_sec // 60 + 3}m"


def test_missing_objects_are_waited_for_one_after_the_other(synth: Synth) -> None:
    """`kubectl wait` with two missing objects fails at once, so each has an init container; then all together."""
    pod = synth(build(CRDS)).one("kubernetes_job_v1")["spec"]["template"]["spec"]

    assert [container["name"] for container in pod["init_container"]] == [
        "created-a-example-com", "created-b-example-com",
    ]  # fmt: skip
    assert [container["name"] for container in pod["container"]] == ["established"]


def test_it_comes_after_account_bindings_and_what_is_given(synth: Synth) -> None:
    """The account too waits for what is given: a namespace, mostly."""
    app = synth(build(IMPORT, alone=False))
    job = app.one("kubernetes_job_v1")
    bindings = addresses(app, "kubernetes_cluster_role_binding_v1", "kubernetes_role_binding_v1")

    assert {*bindings, *addresses(app, "kubernetes_service_account_v1"), "kubernetes_namespace_v1.namespace"} <= set(
        job["depends_on"]
    )
    assert app.one("kubernetes_service_account_v1")["depends_on"] == ["kubernetes_namespace_v1.namespace"]


def test_it_comes_after_its_roles(synth: Synth) -> None:
    """A binding of a role that is not there yet is refused to all but cluster admins, and the Job would see nothing."""
    app = synth(build(IMPORT))
    job = app.one("kubernetes_job_v1")
    bindings = app.all("kubernetes_cluster_role_binding_v1") + app.all("kubernetes_role_binding_v1")
    edges = " ".join(
        [*job["depends_on"], *(str(binding["role_ref"]) + str(binding.get("depends_on")) for binding in bindings)]
    )

    for role in addresses(app, "kubernetes_cluster_role_v1", "kubernetes_role_v1"):
        assert role in edges


def test_namespaced_rights_wait_for_the_namespace_too(synth: Synth) -> None:
    """A role cannot be made in a namespace that is not there."""
    app = synth(build(PROGRAMMED, alone=False))

    for kind in ("kubernetes_role_v1", "kubernetes_role_binding_v1"):
        assert "kubernetes_namespace_v1.namespace" in app.one(kind)["depends_on"]


def test_others_can_come_after_it(synth: Synth) -> None:
    """What passes is the Job."""

    def made(stack: Any) -> None:
        gate = build(CRDS)(stack)
        other = KubernetesProvider(stack, "other", alias="other")
        KubernetesObject(stack, "next", kubernetes=other, manifest=CONFIG_MAP, after=[gate.passed])

    app = synth(made)

    assert set(app.one("kubernetes_manifest")["depends_on"]) == addresses(app, "kubernetes_job_v1")


def test_a_gate_of_an_autopilot_cluster_waits_for_its_node_too(synth: Synth) -> None:
    """Which is made when the Job asks for it; what admission changes of the Job then replaces it never."""
    standard, autopilot = (synth(build(CRDS, autopilot=mode)).one("kubernetes_job_v1") for mode in (False, True))

    seconds = [job["spec"]["active_deadline_seconds"] for job in (standard, autopilot)]
    assert seconds == [CRDS.deadline_sec, CRDS.deadline_sec + NODE_START_SEC]
    pod = "spec[0].template[0].spec[0]"
    assert "lifecycle" not in standard
    assert autopilot["lifecycle"]["ignore_changes"] == [
        "metadata[0].annotations",
        f"{pod}.toleration",
        f"{pod}.container[0].resources",
        *(f"{pod}.init_container[{number}].resources" for number in range(len(CRDS.before))),
    ]
