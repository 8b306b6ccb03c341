"""A proxy in a cluster that sends requests on to fixed addresses elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from constructs_lib.manifests._objects import Manifest, manifest, named_by_content
from constructs_lib.manifests.network_policies import NOT_PUBLIC, dns_egress
from constructs_lib.manifests.probes import PORT_NAME
from constructs_lib.server_process import LEAVE_SEC
from constructs_lib.specs import HealthCheckSpec, RemoteSpec

PROXY_PORT = 8080
FILE, FOLDER = "envoy.json", "/etc/envoy"
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
"""Of the image of Envoy."""
NOBODY = 65532
CONNECT_SEC = 5
ENVOY = "type.googleapis.com/envoy.extensions"


def remote_config(
    *, name: str, namespace: str, labels: Mapping[str, str], spec: RemoteSpec, timeout_sec: int
) -> Manifest:
    """
    Return the ConfigMap with Envoy's configuration; its name follows its content, so that proxies get a changed one.

    It sends to the endpoints alone, and tries no request twice: a model's answer may be half given. It has no
    administration interface.
    """
    data = {FILE: json.dumps(_bootstrap(spec, timeout_sec), sort_keys=True)}
    metadata = {"name": named_by_content(f"{name}-proxy", data), "namespace": namespace, "labels": dict(labels)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def remote_deployment(
    *,
    name: str,
    namespace: str,
    labels: Mapping[str, str],
    spec: RemoteSpec,
    config: str,
    health_check: HealthCheckSpec,
    draining_sec: int,
) -> Manifest:
    """
    Return the proxies. One is ready while an endpoint answers, so that requests go elsewhere when none does.

    Args:
        name: Name of the Deployment.
        namespace: Namespace of all objects.
        labels: Labels that select the pods.
        spec: Endpoints, image and number.
        config: Name of the ConfigMap.
        health_check: How the gateway finds dead servers; the kubelet asks in the same way.
        draining_sec: Seconds for running requests to end.
    """
    get = {"httpGet": {"path": spec.health_path, "port": PORT_NAME}, "timeoutSeconds": health_check.timeout_sec}
    container: dict[str, Any] = {
        "name": "proxy",
        "image": spec.image,
        "args": ["--config-path", f"{FOLDER}/{FILE}", "--log-level", "warning", "--disable-hot-restart"],
        "ports": [{"name": PORT_NAME, "containerPort": PROXY_PORT}],
        "readinessProbe": get
        | {"periodSeconds": health_check.interval_sec, "failureThreshold": health_check.unhealthy_threshold},
        "lifecycle": {"preStop": {"sleep": {"seconds": LEAVE_SEC + draining_sec}}},
        "resources": {
            "requests": {"cpu": "250m", "memory": "128Mi", "ephemeral-storage": "64Mi"},
            "limits": {"memory": "256Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "config", "mountPath": FOLDER, "readOnly": True}],
    }
    pod = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": LEAVE_SEC + draining_sec + 5,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": NOBODY,
            "runAsGroup": NOBODY,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": [{"name": "config", "configMap": {"name": config}}],
    }
    desired = {
        "replicas": spec.replicas,
        "selector": {"matchLabels": dict(labels)},
        "template": {"metadata": {"labels": dict(labels)}, "spec": pod},
    }
    return manifest("apps/v1", "Deployment", name=name, namespace=namespace, labels=labels, spec=desired)


def remote_policy(*, name: str, namespace: str, labels: Mapping[str, str], spec: RemoteSpec) -> Manifest:
    """Return a network policy that lets the proxies ask DNS and the endpoints, and nothing else."""
    addresses = [{"ipBlock": {"cidr": f"{endpoint}/32"}} for endpoint in spec.endpoints]
    public = {"ipBlock": {"cidr": "0.0.0.0/0", "except": list(NOT_PUBLIC)}}
    to = {"to": [public] if spec.by_name else addresses, "ports": [{"protocol": "TCP", "port": spec.port}]}
    desired = {
        "podSelector": {"matchLabels": dict(labels)},
        "policyTypes": ["Ingress", "Egress"],
        "egress": [dns_egress(), to],
    }
    return manifest("networking.k8s.io/v1", "NetworkPolicy", name=name, namespace=namespace, spec=desired)


def _bootstrap(spec: RemoteSpec, timeout_sec: int) -> dict[str, Any]:
    """Return Envoy's configuration: one listener, one cluster. Source: Envoy, API v3."""
    action: dict[str, Any] = {"cluster": "remote", "timeout": f"{timeout_sec}s"}
    if spec.sent_host:
        action["host_rewrite_literal"] = spec.sent_host
    manager = {
        "@type": f"{ENVOY}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "remote",
        "stream_idle_timeout": f"{timeout_sec}s",
        "route_config": {
            "virtual_hosts": [
                {"name": "remote", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": action}]}
            ]
        },
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{ENVOY}.filters.http.router.v3.Router"},
            }
        ],
    }
    network = {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}
    listener = {
        "name": "http",
        "address": {"socket_address": {"address": "0.0.0.0", "port_value": PROXY_PORT}},
        "filter_chains": [{"filters": [network]}],
    }
    endpoints = [
        {"endpoint": {"address": {"socket_address": {"address": endpoint, "port_value": spec.port}}}}
        for endpoint in spec.endpoints
    ]
    cluster: dict[str, Any] = {
        "name": "remote",
        "type": "STRICT_DNS" if spec.by_name else "STATIC",
        "connect_timeout": f"{CONNECT_SEC}s",
        "load_assignment": {"cluster_name": "remote", "endpoints": [{"lb_endpoints": endpoints}]},
    }
    if spec.by_name:
        cluster |= {"respect_dns_ttl": True, "dns_lookup_family": "V4_ONLY"}
    if spec.tls:
        cluster["transport_socket"] = _tls(str(spec.sent_host))
    return {"static_resources": {"listeners": [listener], "clusters": [cluster]}}


def _tls(host: str) -> dict[str, Any]:
    checked = {
        "trusted_ca": {"filename": AUTHORITIES},
        "match_typed_subject_alt_names": [{"san_type": "DNS", "matcher": {"exact": host}}],
    }
    context = {
        "@type": f"{ENVOY}.transport_sockets.tls.v3.UpstreamTlsContext",
        "sni": host,
        "common_tls_context": {"validation_context": checked},
    }
    return {"name": "envoy.transport_sockets.tls", "typed_config": context}
