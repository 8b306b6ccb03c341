"""Objects of clusters outside Google Cloud that GKE has no counterpart of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from constructs_lib.manifests._objects import Manifest, manifest
from constructs_lib.manifests.gateway import GATEWAY_API
from constructs_lib.manifests.probes import PORT_NAME
from constructs_lib.specs import AddressSpec, EndpointsSpec, OutsideAutoscalingSpec, TunnelSpec

MANAGED_SLICE = "endpointslice.kubernetes.io/managed-by"
TUNNEL_PORT = 2000
TUNNEL_GRACE_SEC = 30
"""Seconds in which cloudflared lets requests end. Source: cloudflare/cloudflared, tunnel run, --grace-period."""
NOBODY = 65532
"""User of the image of cloudflared."""


def ingress(
    *,
    name: str,
    namespace: str,
    service: str,
    port: int,
    ingress_class: str,
    hosts: Sequence[str],
    annotations: Mapping[str, str],
    tls_secret: str | None,
) -> Manifest:
    """
    Return an Ingress that sends all requests for *hosts* to *service*.

    Args:
        name: Name of the Ingress.
        namespace: Namespace of all objects.
        service: Service of the servers.
        port: Port of the Service.
        ingress_class: Its IngressClass.
        hosts: Host names; empty for every host.
        annotations: What its controller reads beside.
        tls_secret: Secret with the certificate; None for HTTP alone.
    """
    backend: dict[str, Any] = {"service": {"name": service, "port": {"number": port}}}
    http: dict[str, Any] = {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}
    spec: dict[str, Any] = {
        "ingressClassName": ingress_class,
        "rules": [{"host": host, "http": http} for host in hosts] or [{"http": http}],
        "tls": [{"hosts": list(hosts) or None, "secretName": tls_secret}] if tls_secret else None,
    }
    return manifest(
        "networking.k8s.io/v1", "Ingress", name=name, namespace=namespace, annotations=annotations, spec=spec
    )


def outside_route(
    *,
    name: str,
    namespace: str,
    gateway: str,
    service: str,
    port: int,
    hosts: Sequence[str],
    address: AddressSpec | None,
) -> Manifest:
    """
    Return an HTTPRoute from *gateway*, `namespace/name`, to *service*.

    Args:
        name: Name of the route.
        namespace: Namespace of the route and the Service.
        gateway: Gateway that is there, with its namespace.
        service: Service of the servers.
        port: Port of the Service.
        hosts: Host names; empty for every host of the Gateway.
        address: Which requests: those that fit its path and headers. None for every request.
    """
    of, _, parent = gateway.partition("/")
    path = address.path if address else None
    headers = [
        {"type": "Exact", "name": key, "value": value} for key, value in (address.headers if address else {}).items()
    ]
    match = {"path": {"type": "PathPrefix", "value": path} if path else None, "headers": headers or None}
    rewritten = {
        "type": "URLRewrite",
        "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}},
    }
    rule = {
        "matches": [match] if path or headers else None,
        "filters": [rewritten] if path else None,
        "backendRefs": [{"name": service, "port": port}],
    }
    spec = {
        "parentRefs": [{"kind": "Gateway", "namespace": of, "name": parent}],
        "hostnames": list(hosts) or None,
        "rules": [rule],
    }
    return manifest(GATEWAY_API, "HTTPRoute", name=name, namespace=namespace, spec=spec)


def cpu_autoscaler(*, name: str, namespace: str, spec: OutsideAutoscalingSpec) -> Manifest:
    """Return an autoscaler of the Deployment *name* by the use of its CPUs: a metric that each cluster has."""
    target = {"type": "Utilization", "averageUtilization": spec.cpu_percent}
    desired = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
        "minReplicas": spec.min_replicas,
        "maxReplicas": spec.max_replicas,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
    }
    return manifest("autoscaling/v2", "HorizontalPodAutoscaler", name=name, namespace=namespace, spec=desired)


def service_monitor(*, name: str, namespace: str, labels: Mapping[str, str]) -> Manifest:
    """Return what has the Prometheus Operator read `/metrics` of the Service with *labels*."""
    spec = {"selector": {"matchLabels": dict(labels)}, "endpoints": [{"port": PORT_NAME, "interval": "15s"}]}
    return manifest(
        "monitoring.coreos.com/v1", "ServiceMonitor", name=name, namespace=namespace, labels=labels, spec=spec
    )


def scrape_annotations(port: int) -> dict[str, str]:
    """Return the annotations by which a Prometheus without its operator finds a pod's `/metrics`."""
    return {"prometheus.io/scrape": "true", "prometheus.io/port": str(port), "prometheus.io/path": "/metrics"}


def fixed_endpoints(*, name: str, namespace: str, spec: EndpointsSpec) -> list[Manifest]:
    """Return a Service without a selector, and the EndpointSlice with its fixed addresses."""
    port = {"name": PORT_NAME, "port": spec.port, "protocol": "TCP"}
    service = manifest("v1", "Service", name=name, namespace=namespace, spec={"type": "ClusterIP", "ports": [port]})
    labels = {"kubernetes.io/service-name": name, MANAGED_SLICE: "terraform"}
    slice_ = manifest("discovery.k8s.io/v1", "EndpointSlice", name=f"{name}-fixed", namespace=namespace, labels=labels)
    slice_ |= {
        "addressType": "IPv4",
        "ports": [port],
        "endpoints": [{"addresses": [address], "conditions": {"ready": True}} for address in spec.addresses],
    }
    return [service, slice_]


def tunnel(*, name: str, namespace: str, spec: TunnelSpec) -> Manifest:
    """
    Return cloudflared as a Deployment: several pods hold one tunnel open, and one that has no connection is not ready.

    The token comes from a Secret that is there, and is in no argument, which the node's process list would show.
    """
    token = {"secretKeyRef": {"name": spec.secret, "key": spec.key}}
    metrics = f"0.0.0.0:{TUNNEL_PORT}"
    container: dict[str, Any] = {
        "name": "cloudflared",
        "image": spec.image,
        "args": ["tunnel", "--no-autoupdate", "--metrics", metrics, "run"],
        "env": [{"name": "TUNNEL_TOKEN", "valueFrom": token}],
        "ports": [{"name": "metrics", "containerPort": TUNNEL_PORT}],
        "readinessProbe": {
            "httpGet": {"path": "/ready", "port": "metrics"},
            "periodSeconds": 10,
            "failureThreshold": 1,
        },
        "resources": {
            "requests": {"cpu": "100m", "memory": "128Mi", "ephemeral-storage": "64Mi"},
            "limits": {"memory": "256Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    pod = {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": TUNNEL_GRACE_SEC + 5,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": NOBODY,
            "runAsGroup": NOBODY,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
    }
    labels = {"app": name}
    spec_ = {
        "replicas": spec.replicas,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    return manifest("apps/v1", "Deployment", name=name, namespace=namespace, labels=labels, spec=spec_)
