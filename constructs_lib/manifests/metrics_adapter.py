"""Google's custom metrics adapter: metrics of Cloud Monitoring in two APIs that HorizontalPodAutoscalers read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from constructs_lib.manifests._objects import Manifest, manifest
from constructs_lib.manifests.gates import CONTAINER_SECURITY, POD_SECURITY
from constructs_lib.manifests.network_policies import adapter_policy

NAMESPACE = "custom-metrics"
# IAM is bound to this account by name; all objects are called after it.
ACCOUNT = "custom-metrics-stackdriver-adapter"
IMAGE = "gcr.io/gke-release/custom-metrics-stackdriver-adapter:v0.16.9-gke.0"
LABELS = {"app": ACCOUNT}
RBAC = "rbac.authorization.k8s.io"
DELEGATOR = "system:auth-delegator"
CALLERS = "extension-apiserver-authentication-reader"
# Not another: GKE's firewall rule lets the control plane reach nodes and pods on 443 and 10250 alone.
PORT = 443
UNPRIVILEGED_FROM = "net.ipv4.ip_unprivileged_port_start"
CERTIFICATES = "/certificates"
CUSTOM, EXTERNAL = "custom.metrics.k8s.io", "external.metrics.k8s.io"
# It distinguishes these APIs from those of an adapter that somebody else installed, under the same names.
MANAGED_BY = {"app.kubernetes.io/managed-by": "gke-inference-cdktf"}
API_VERSIONS = {
    "v1beta1.custom.metrics.k8s.io": 100,
    "v1beta2.custom.metrics.k8s.io": 200,
    "v1beta1.external.metrics.k8s.io": 100,
}
"""Each API, and its rank among the versions of its group: autoscalers read the newest."""


def adapter_objects(groups: Sequence[str], *, network_policy: bool = True) -> dict[str, Manifest]:
    """Return the adapter for the APIs of *groups*, all but its namespace, by a stable id; `api_services` come later."""
    policy = adapter_policy(name=ACCOUNT, namespace=NAMESPACE, labels=LABELS, port=PORT)
    return {
        "account": _head("v1", "ServiceAccount", ACCOUNT, NAMESPACE),
        "reader": _cluster_role(ACCOUNT, "", ["pods", "nodes"]),
        "reader-binding": _binding("ClusterRoleBinding", ACCOUNT, "ClusterRole", ACCOUNT),
        # It asks the API server who calls it, and whether they may.
        "delegator-binding": _binding("ClusterRoleBinding", f"{ACCOUNT}:delegator", "ClusterRole", DELEGATOR),
        "callers-binding": _binding("RoleBinding", ACCOUNT, "Role", CALLERS, "kube-system"),
        **(_external_readers() if EXTERNAL in groups else {}),
        **({"network-policy": policy} if network_policy else {}),
        "deployment": _deployment(),
        "service": _service(),
    }


def api_services(groups: Sequence[str]) -> dict[str, Manifest]:
    """
    Return the APIs of *groups*, by a stable id: made after the adapter runs, and gone before it.

    While one has no server, nobody can list all APIs of the cluster: no namespace can be removed, and clients that need
    the whole list fail (helm/helm#6361).
    """
    return {
        name.replace(".", "-"): _api_service(name, priority)
        for name, priority in API_VERSIONS.items()
        if name.partition(".")[2] in groups
    }


def _external_readers() -> dict[str, Manifest]:
    """Let autoscalers read every metric: their names are the resources, and no list holds them all."""
    role = f"{ACCOUNT}:external-reader"
    return {
        "external-reader": _cluster_role(role, EXTERNAL, ["*"]),
        "external-reader-binding": _autoscalers_may_read(role),
    }


def _head(api_version: str, kind: str, name: str, namespace: str | None = None) -> Manifest:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


def _cluster_role(name: str, group: str, resources: list[str]) -> Manifest:
    rule = {"apiGroups": [group], "resources": resources, "verbs": ["get", "list"]}
    return _head(f"{RBAC}/v1", "ClusterRole", name) | {"rules": [rule]}


def _binding(kind: str, name: str, role_kind: str, role: str, namespace: str | None = None) -> Manifest:
    """Give *role* to the adapter."""
    return _head(f"{RBAC}/v1", kind, name, namespace) | {
        "roleRef": {"apiGroup": RBAC, "kind": role_kind, "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": NAMESPACE}],
    }


def _autoscalers_may_read(role: str) -> Manifest:
    """Give *role* to autoscalers, as Google's manifest does; Kubernetes' own role lets them read pods' metrics."""
    controller = {"kind": "ServiceAccount", "name": "horizontal-pod-autoscaler", "namespace": "kube-system"}
    return _binding("ClusterRoleBinding", role, "ClusterRole", role) | {"subjects": [controller]}


def _deployment() -> Manifest:
    """Run two pods: while none is ready, discovery fails. Without tolerations, so that they run on system nodes."""
    apart = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": LABELS},
    }
    pod = {
        "serviceAccountName": ACCOUNT,
        "enableServiceLinks": False,
        # A safe sysctl, of the pod's own network: any user may listen on 443.
        "securityContext": {**POD_SECURITY, "sysctls": [{"name": UNPRIVILEGED_FROM, "value": str(PORT)}]},
        "topologySpreadConstraints": [apart],
        "containers": [_container()],
        "volumes": [{"name": "certificates", "emptyDir": {"sizeLimit": "16Mi"}}],
    }
    template = {"metadata": {"labels": LABELS}, "spec": pod}
    spec = {"replicas": 2, "selector": {"matchLabels": LABELS}, "template": template}
    return manifest("apps/v1", "Deployment", name=ACCOUNT, namespace=NAMESPACE, labels=LABELS, spec=spec)


def _container() -> dict[str, Any]:
    """Return the adapter, which ends and is started again until it may read metrics: IAM takes minutes to spread."""
    probe = {"port": "https", "scheme": "HTTPS"}
    return {
        "name": "adapter",
        "image": IMAGE,
        "command": ["/adapter"],
        "args": [
            # Metrics by cluster, namespace and name: those of managed Prometheus are of this model.
            "--use-new-resource-model=true",
            # Where a metric is the container's and not the pod's.
            "--fallback-for-container-metrics=true",
            # It signs a certificate for itself at each start.
            f"--cert-dir={CERTIFICATES}",
        ],
        "ports": [{"name": "https", "containerPort": PORT, "protocol": "TCP"}],
        "resources": {
            "requests": {"cpu": "100m", "memory": "256Mi", "ephemeral-storage": "64Mi"},
            "limits": {"memory": "256Mi"},
        },
        "securityContext": CONTAINER_SECURITY,
        "volumeMounts": [{"name": "certificates", "mountPath": CERTIFICATES}],
        "readinessProbe": {"httpGet": {"path": "/readyz", **probe}, "periodSeconds": 10, "timeoutSeconds": 5},
        "livenessProbe": {
            "httpGet": {"path": "/livez", **probe},
            "initialDelaySeconds": 60,
            "periodSeconds": 20,
            "timeoutSeconds": 5,
        },
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }


def _service() -> Manifest:
    port = {"name": "https", "port": PORT, "targetPort": PORT, "protocol": "TCP"}
    spec = {"type": "ClusterIP", "selector": LABELS, "ports": [port]}
    return manifest("v1", "Service", name=ACCOUNT, namespace=NAMESPACE, labels=LABELS, spec=spec)


def _api_service(name: str, version_priority: int) -> Manifest:
    version, _, group = name.partition(".")
    spec = {
        "group": group,
        "version": version,
        "groupPriorityMinimum": 100,
        "versionPriority": version_priority,
        "service": {"name": ACCOUNT, "namespace": NAMESPACE, "port": PORT},
        # As Google's: the adapter's certificate is its own and for localhost. It checks its callers all the same.
        "insecureSkipTLSVerify": True,
    }
    return manifest("apiregistration.k8s.io/v1", "APIService", name=name, labels=MANAGED_BY, spec=spec)
