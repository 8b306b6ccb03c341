"""Examples of docs/constructs.md: building blocks."""

from __future__ import annotations

from cdktf import TerraformStack
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider

from constructs_lib.bounded_job import BoundedJob
from constructs_lib.fixed_value import FixedValue
from constructs_lib.kubernetes_object import KubernetesObject
from constructs_lib.manifests.gates import crds_established
from constructs_lib.manifests.services import service
from constructs_lib.readiness_gate import ReadinessGate


def kubernetes_object(stack: TerraformStack, kubernetes: KubernetesProvider) -> KubernetesObject:
    """Apply a Service."""
    manifest = service(name="acme-server", namespace="inference", labels={"app": "acme-server"}, port=8000)
    return KubernetesObject(stack, "service", kubernetes=kubernetes, manifest=manifest)


def bounded_job(stack: TerraformStack, kubernetes: KubernetesProvider) -> BoundedJob:
    """Run a pod that must end within five minutes."""
    pod = {
        "serviceAccountName": "default",
        "containers": [{"name": "hello", "image": "docker.io/library/busybox:1.37.0", "command": ["true"]}],
    }
    return BoundedJob(
        stack,
        "job",
        kubernetes=kubernetes,
        name="hello",
        namespace="inference",
        template={"spec": pod},
        deadline_sec=300,
    )


def readiness_gate(stack: TerraformStack, kubernetes: KubernetesProvider) -> ReadinessGate:
    """Wait up to 15 minutes for a CRD that GKE installs."""
    return ReadinessGate(
        stack,
        "crds",
        kubernetes=kubernetes,
        name="wait-for-crds",
        namespace="inference",
        gate=crds_established(["inferencepools.inference.networking.k8s.io"], timeout_sec=900),
    )


def fixed_value(stack: TerraformStack) -> FixedValue:
    """Refuse every plan that moves the platform to another namespace."""
    return FixedValue(stack, "namespace", value="inference", refusal="The namespace is {was} and cannot change.")
