"""Two good stacks and two good Kubernetes objects, written by hand in the shapes that cdktf renders."""

from typing import Any

from platform_config.stack_graph import cluster_stack

HOST = "https://${data.google_container_cluster.us.control_plane_endpoints_config[0].dns_endpoint_config[0].endpoint}"


def required(**versions: str) -> dict[str, Any]:
    """Return the `terraform` block of a stack that needs these providers."""
    return {"required_providers": {name: {"source": name, "version": what} for name, what in versions.items()}}


HEALTH_CHECK: dict[str, Any] = {
    "apiVersion": "networking.gke.io/v1",
    "kind": "HealthCheckPolicy",
    "metadata": {"name": "gemma", "namespace": "inference"},
    "spec": {
        "targetRef": {"group": "networking.gke.io", "kind": "GCPInferencePoolImport", "name": "gemma"},
        "default": {
            "checkIntervalSec": 5,
            "timeoutSec": 5,
            "config": {
                "type": "HTTP",
                "httpHealthCheck": {"port": 8000, "portSpecification": "USE_FIXED_PORT", "requestPath": "/health"},
            },
        },
    },
}

MODEL_SERVER: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "gemma", "namespace": "inference"},
    "spec": {
        "selector": {"matchLabels": {"app": "gemma"}},
        "template": {
            "metadata": {"labels": {"app": "gemma"}},
            "spec": {
                "resourceClaims": [{"name": "net", "resourceClaimTemplateName": "net-1a2b"}],
                "volumes": [{"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "16Gi"}}],
                "containers": [
                    {
                        "name": "vllm",
                        "image": "vllm/vllm-tpu:v0.12.0",
                        "command": ["sh", "-c", "exec vllm serve $${MODEL}"],
                        "resources": {"claims": [{"name": "net"}], "limits": {"google.com/tpu": "4", "cpu": "500m"}},
                    }
                ],
            },
        },
    },
}

CLUSTER_STACK: dict[str, Any] = {
    "terraform": required(google=">= 7.31.0, < 8.0.0", time="0.13.1"),
    "provider": {"google": [{"project": "acme"}], "time": [{}]},
    "data": {"google_project": {"project": {"provider": "google", "project_id": "acme"}}},
    "resource": {
        "google_container_cluster": {
            "us": {
                "//": {"metadata": {"path": f"{cluster_stack('us')}/us"}},
                "provider": "google",
                "name": "acme-us",
                "location": "us-east5",
                "addons_config": {"gcs_fuse_csi_driver_config": {"enabled": True}},
                "control_plane_endpoints_config": {"dns_endpoint_config": {"allow_external_traffic": True}},
                "ip_allocation_policy": {
                    "cluster_secondary_range_name": "pods",
                    "services_secondary_range_name": "svc",
                },
                "lifecycle": {"ignore_changes": ["node_config"], "prevent_destroy": True},
            }
        },
        "google_container_node_pool": {
            "tpu": {
                "provider": "google",
                "cluster": "${google_container_cluster.us.id}",
                "network_config": {"accelerator_network_profile": "auto"},
                "node_config": {
                    "machine_type": "ct6e-standard-4t",
                    "taint": [{"key": "k", "value": "v", "effect": "e"}],
                },
                "lifecycle": {"ignore_changes": ["node_config[0].labels"]},
            }
        },
        "google_storage_bucket": {
            "weights": {
                "provider": "google",
                "name": "acme-weights",
                "location": "US",
                "lifecycle_rule": [{"action": {"type": "Delete"}, "condition": {"num_newer_versions": 2}}],
                "depends_on": ["time_sleep.settle", "data.google_project.project"],
            }
        },
        "time_sleep": {
            "settle": {
                "provider": "time",
                "create_duration": "60s",
                "triggers": {
                    "pool": '${join(",", [for z in google_container_node_pool.tpu.node_locations : upper(z)])}'
                },
            }
        },
    },
    "output": {"ca": {"value": "${google_container_cluster.us.master_auth[0].cluster_ca_certificate}"}},
}

WORKLOAD_STACK: dict[str, Any] = {
    "terraform": required(google=">= 7.31.0, < 8.0.0", kubernetes="2.38.0", helm="3.1.1"),
    "provider": {
        "google": [{"project": "acme"}],
        "kubernetes": [
            {"alias": "us", "host": HOST, "exec": [{"api_version": "v1beta1", "command": "plugin"}]},
            {"alias": "eu", "host": HOST, "token": "${ephemeral.google_client_config.caller.access_token}"},
        ],
        "helm": [{"kubernetes": {"host": HOST, "exec": {"api_version": "v1beta1", "command": "plugin"}}}],
    },
    "data": {"google_container_cluster": {"us": {"provider": "google", "name": "acme-us", "location": "us-east5"}}},
    "ephemeral": {"google_client_config": {"caller": {"provider": "google"}}},
    "resource": {
        "helm_release": {
            "pool": {
                "provider": "helm",
                "name": "gemma",
                "chart": "inferencepool",
                "set": [{"name": "replicas", "value": "2"}],
                "values": ['${yamlencode({"namespace" = kubernetes_job_v1.load.metadata[0].namespace})}'],
            }
        },
        "kubernetes_job_v1": {
            "load": {
                "provider": "kubernetes.us",
                "metadata": {"name": "load", "namespace": "inference"},
                "spec": {
                    "template": {
                        "metadata": {"annotations": {"gke-gcsfuse/volumes": "true"}},
                        "spec": {"container": [{"name": "load", "image": "python:3.13", "command": ["$${HOME}/run"]}]},
                    },
                },
            }
        },
        "kubernetes_manifest": {
            "health": {
                "provider": "kubernetes.us",
                "manifest": HEALTH_CHECK,
                "lifecycle": {"replace_triggered_by": []},
            },
            "server": {
                "provider": "kubernetes.us",
                "manifest": MODEL_SERVER,
                "field_manager": {"force_conflicts": True},
            },
        },
    },
}
