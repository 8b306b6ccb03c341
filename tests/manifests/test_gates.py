"""Pods that wait."""

import pytest

from constructs_lib.manifests import gates
from constructs_lib.manifests.gateway import Backend
from tests.checks.kubernetes_objects import problems

CRDS = ("inferencepools.inference.networking.k8s.io", "gcpinferencepoolimports.networking.gke.io")
ALL = [
    gates.crds_established(CRDS, timeout_sec=600),
    gates.gateway_class_accepted("gke-l7-cross-regional-internal-managed-mc", timeout_sec=900),
    gates.backend_imported(Backend(name="gemma-pool"), namespace="inference", timeout_sec=900),
    gates.backend_imported(Backend(name="kokoro-server", service_port=8880), namespace="inference", timeout_sec=900),
    gates.gateway_programmed("gemma", namespace="inference", timeout_sec=1200),
    gates.apigee_connected("gemma-gateway-apigee", namespace="inference", timeout_sec=900),
    gates.extension_programmed("gemma-extension", namespace="inference", timeout_sec=900),
]


@pytest.mark.parametrize("gate", ALL)
def test_every_gate_is_a_valid_job(gate: gates.Gate) -> None:
    """Kubernetes 1.34 takes a Job with the gate's pod."""
    spec = {"activeDeadlineSeconds": gate.deadline_sec, "template": gate.template("gate")}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "g", "namespace": "inference"}, "spec": spec}

    assert problems(job) == []


@pytest.mark.parametrize("gate", ALL)
def test_every_wait_is_bounded_and_the_gate_a_little_longer(gate: gates.Gate) -> None:
    """So kubectl gives up first, with a message that says what was missing."""
    for step in (*gate.before, gate.last):
        [timeout] = [arg for arg in step.args if arg.startswith("--timeout=")]
        assert int(timeout.removeprefix("--timeout=").removesuffix("s")) < gate.deadline_sec


@pytest.mark.parametrize("gate", ALL)
def test_every_gate_may_see_what_it_waits_for_and_nothing_else(gate: gates.Gate) -> None:
    """Each rule names its objects, and each object waited for is in a rule of its namespace."""
    allowed = {
        (f"{rule.resource}.{rule.api_group}/{name}", rule.namespace) for rule in gate.rules for name in rule.names
    }
    asked = set()
    for step in (*gate.before, gate.last):
        namespace = next((arg.partition("=")[2] for arg in step.args if arg.startswith("--namespace=")), None)
        asked |= {(arg, namespace) for arg in step.args[1:] if not arg.startswith("--")}

    assert asked == allowed
    assert all(rule.verbs == ("get", "list", "watch") for rule in gate.rules)


def test_crds_are_waited_for_one_by_one_and_then_together() -> None:
    """`--for=create` with two missing names fails at once."""
    gate = gates.crds_established(CRDS, timeout_sec=600)

    assert [step.args[-1].partition("/")[2] for step in gate.before] == list(CRDS)
    assert gate.last.args[:2] == ("wait", "--for=condition=Established")
    assert len([arg for arg in gate.last.args if "/" in arg]) == len(CRDS)


@pytest.mark.parametrize(
    ("backend", "resource"),
    [
        (Backend(name="gemma-pool"), "gcpinferencepoolimports.networking.gke.io"),
        (Backend(name="kokoro-server", service_port=8880), "serviceimports.net.gke.io"),
    ],
)
def test_an_import_is_waited_for_after_its_crd(backend: Backend, resource: str) -> None:
    """Both come from a feature of the fleet, minutes after it is on."""
    gate = gates.backend_imported(backend, namespace="inference", timeout_sec=900)

    assert [step.args[-1].partition("/")[2] for step in gate.before] == [resource]
    assert gate.last.args[-1] == f"{resource}/{backend.name}"


def test_each_container_says_what_it_waits_for() -> None:
    """The name is what a user sees when a gate hangs; it stays different when it is cut."""
    long = "a" * 60 + ".example.com"
    names = [step.name for step in gates.crds_established([*CRDS, long, f"{long}.au"], timeout_sec=1).before]

    assert names[0] == "created-inferencepools-inference-networking-k8s-io"
    assert len(set(names)) == 4
    assert all(len(name) <= 63 for name in names)


def test_a_gate_has_no_privilege() -> None:
    """It runs as nobody, on a file system it cannot write."""
    template = ALL[0].template("gate")

    assert template["spec"]["securityContext"]["runAsNonRoot"] is True
    for container in (*template["spec"]["initContainers"], *template["spec"]["containers"]):
        assert container["image"] == "registry.k8s.io/kubectl:v1.34.1"
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
