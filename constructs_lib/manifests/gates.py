"""Pods that wait, with bounds, for what controllers make late: CRDs, classes, the imported pool, the gateway."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from constructs_lib.manifests.gateway import Backend
from constructs_lib.manifests.network_policies import GATE_LABELS

IMAGE = "registry.k8s.io/kubectl:v1.34.1"
USER = 65532
LABEL_LENGTH = 63
# For the pod to be placed and its image pulled.
START_SEC = 120

CRDS = "customresourcedefinitions.apiextensions.k8s.io"
GATEWAYS = "gateways.gateway.networking.k8s.io"
GATEWAY_CLASSES = "gatewayclasses.gateway.networking.k8s.io"
IMPORTED_POOLS = "gcpinferencepoolimports.networking.gke.io"
IMPORTED_SERVICES = "serviceimports.net.gke.io"
APIGEE_SERVICES = "apigeebackendservices.apim.googleapis.com"
TRAFFIC_EXTENSIONS = "gcptrafficextensions.networking.gke.io"

RESOURCES = {"requests": {"cpu": "50m", "memory": "64Mi", "ephemeral-storage": "64Mi"}, "limits": {"memory": "256Mi"}}
POD_SECURITY = {
    "runAsNonRoot": True,
    "runAsUser": USER,
    "runAsGroup": USER,
    "seccompProfile": {"type": "RuntimeDefault"},
}
CONTAINER_SECURITY = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One `kubectl` call in a container whose name says what it waits for: it is what a user sees when it hangs."""

    name: str
    args: tuple[str, ...]

    def container(self) -> dict[str, Any]:
        """Return the container. The image's entrypoint is kubectl; a shell is not used."""
        return {
            "name": self.name,
            "image": IMAGE,
            "args": list(self.args),
            "resources": RESOURCES,
            "securityContext": CONTAINER_SECURITY,
            "terminationMessagePolicy": "FallbackToLogsOnError",
        }


@dataclass(frozen=True, kw_only=True)
class Rule:
    """
    What a gate may see: the named objects of one resource, in the whole cluster or in one namespace.

    `kubectl wait` reads the object, then lists and watches with `metadata.name=<name>`: RBAC allows that to a rule with
    resource names (a list or watch of everything stays refused).
    """

    api_group: str
    resource: str
    names: tuple[str, ...]
    namespace: str | None = None
    verbs: tuple[str, ...] = ("get", "list", "watch")


@dataclass(frozen=True, kw_only=True)
class Gate:
    """
    A pod that ends well when everything it waits for is there.

    Attributes:
        before: Steps that run one after the other, as init containers: `kubectl wait --for=create` with two missing
            objects fails at once, with one it waits.
        last: The step that runs then.
        rules: What the pod's service account needs.
        deadline_sec: Seconds after which the Job is to be ended, whatever it waits for.
    """

    before: tuple[Step, ...] = ()
    last: Step
    rules: tuple[Rule, ...]
    deadline_sec: int

    def template(self, service_account: str) -> dict[str, Any]:
        """Return the pod template."""
        spec = {
            "serviceAccountName": service_account,
            "enableServiceLinks": False,
            "restartPolicy": "Never",
            "securityContext": POD_SECURITY,
            "initContainers": [step.container() for step in self.before],
            "containers": [self.last.container()],
        }
        return {"metadata": {"labels": dict(GATE_LABELS)}, "spec": spec}


def crds_established(names: Sequence[str], *, timeout_sec: int) -> Gate:
    """Wait until every CRD of *names* is served. GKE installs its own minutes after the cluster is running."""
    return Gate(
        before=tuple(_created(CRDS, name, timeout_sec) for name in names),
        last=_wait("established", "condition=Established", [f"{CRDS}/{name}" for name in names], timeout_sec),
        rules=(_rule(CRDS, *names),),
        deadline_sec=timeout_sec + START_SEC,
    )


def gateway_class_accepted(name: str, *, timeout_sec: int) -> Gate:
    """Wait until the GatewayClass *name* is accepted: the fleet adds it after the ingress feature is on."""
    return Gate(
        before=(_created(CRDS, GATEWAY_CLASSES, timeout_sec), _created(GATEWAY_CLASSES, name, timeout_sec)),
        last=_wait("accepted", "condition=Accepted", [f"{GATEWAY_CLASSES}/{name}"], timeout_sec),
        rules=(_rule(CRDS, GATEWAY_CLASSES), _rule(GATEWAY_CLASSES, name)),
        deadline_sec=timeout_sec + START_SEC,
    )


def backend_imported(backend: Backend, *, namespace: str, timeout_sec: int) -> Gate:
    """Wait until *backend* is in the config cluster: the controller imports it after the first export."""
    resource = IMPORTED_POOLS if backend.service_port is None else IMPORTED_SERVICES
    return Gate(
        before=(_created(CRDS, resource, timeout_sec),),
        last=_created(resource, backend.name, timeout_sec, namespace),
        rules=(_rule(CRDS, resource), _rule(resource, backend.name, namespace=namespace)),
        deadline_sec=timeout_sec + START_SEC,
    )


def gateway_programmed(name: str, *, namespace: str, timeout_sec: int) -> Gate:
    """Wait until the load balancer of the Gateway *name*, which exists, is made: 5 to 10 minutes."""
    return Gate(
        last=_wait("programmed", "condition=Programmed", [f"{GATEWAYS}/{name}"], timeout_sec, namespace),
        rules=(_rule(GATEWAYS, name, namespace=namespace),),
        deadline_sec=timeout_sec + START_SEC,
    )


def extension_programmed(name: str, *, namespace: str, timeout_sec: int) -> Gate:
    """
    Wait until the load balancer calls the GCPTrafficExtension *name*, which exists.

    Its conditions stand below the gateway that it belongs to, where `--for=condition` does not look.
    """
    programmed = 'jsonpath={.status.ancestors[0].conditions[?(@.type=="Programmed")].status}=True'
    return Gate(
        last=_wait("extension-programmed", programmed, [f"{TRAFFIC_EXTENSIONS}/{name}"], timeout_sec, namespace),
        rules=(_rule(TRAFFIC_EXTENSIONS, name, namespace=namespace),),
        deadline_sec=timeout_sec + START_SEC,
    )


def apigee_connected(name: str, *, namespace: str, timeout_sec: int) -> Gate:
    """Wait until Apigee's operator has connected the ApigeeBackendService *name*, which exists, with its instance."""
    created = "jsonpath={.status.currentState}=CREATED"
    return Gate(
        last=_wait("apigee-connected", created, [f"{APIGEE_SERVICES}/{name}"], timeout_sec, namespace),
        rules=(_rule(APIGEE_SERVICES, name, namespace=namespace),),
        deadline_sec=timeout_sec + START_SEC,
    )


def _created(resource: str, name: str, timeout_sec: int, namespace: str | None = None) -> Step:
    return _wait(f"created-{name}", "create", [f"{resource}/{name}"], timeout_sec, namespace)


def _wait(name: str, event: str, objects: Sequence[str], timeout_sec: int, namespace: str | None = None) -> Step:
    where = (f"--namespace={namespace}",) if namespace else ()
    return Step(name=_label(name), args=("wait", f"--for={event}", f"--timeout={timeout_sec}s", *where, *objects))


def _label(text: str) -> str:
    """Return *text* as the name of a container: no dots, 63 characters, still different when it is cut."""
    label = text.replace(".", "-")
    if len(label) <= LABEL_LENGTH:
        return label
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"{label[: LABEL_LENGTH - len(digest) - 1].rstrip('-')}-{digest}"


def _rule(resource: str, *names: str, namespace: str | None = None) -> Rule:
    plural, _, group = resource.partition(".")
    return Rule(api_group=group, resource=plural, names=names, namespace=namespace)
