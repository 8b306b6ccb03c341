"""Cases of the rules about autoscaling."""

from __future__ import annotations

from tests.platform_config.rules.case import Case, More, choices, growing, pool

GPU = growing("a3-highgpu-8g")
SHARED = {"models__gemma__server__tensor_parallel_size": 2}
OLD = {"cluster__gke_version": "1.34"}

CASES: dict[str, Case] = {
    "HPA-BELOW-SPILL": Case(
        {"autoscaling": {"max_replicas": 1, "target_percent": 59}},
        {"autoscaling": {"max_replicas": 1, "target_percent": 60}},
        "autoscaling.target_percent: must be below 60, the fill at which requests spill over, got 60"
        " -> write 45, or a higher gateway.max_utilization_percent",
    ),
    "HPA-ROOM": Case(
        {"node_pools__tpu": growing(max_nodes=3), "autoscaling": {"max_replicas": 3}},
        {"node_pools__tpu": growing(max_nodes=3), "autoscaling": {"max_replicas": 4}, "regions__eu": None},
        "autoscaling.max_replicas: must be at most 3, the pods that node_pools.tpu can hold in us, got 4"
        " -> write 3, or allow more nodes",
    ),
    "HPA-REPLICAS": Case(
        {"autoscaling": {"max_replicas": 1}},
        {"autoscaling": {"max_replicas": 1}, "models__gemma__replicas": 1},
        "models.gemma.replicas: must be left out with autoscaling, got 1"
        " -> write autoscaling.min_replicas and max_replicas",
    ),
    "HPA-ADAPTER": Case(
        {"autoscaling": {"max_replicas": 1, "install_adapter": False}, **OLD},
        {"autoscaling": {"max_replicas": 1, "install_adapter": False}},
        "autoscaling.install_adapter: must be left out with metric_source native, which needs no adapter, got false: "
        "an adapter takes the cluster's one APIService of custom.metrics.k8s.io or external.metrics.k8s.io, which "
        "KEDA or another may have -> remove the line, or write metric_source: pods",
    ),
    "HPA-FIXED": Case(
        {**pool(nodes_per_zone=2), "autoscaling": {"min_replicas": 2, "max_replicas": 2}},
        {**pool(nodes_per_zone=2), "autoscaling": {"max_replicas": 2}},
        "node_pools.tpu.autoscaling: should be given for a pool whose pods are autoscaled, got nothing"
        " -> write autoscaling: {max_nodes: 2}",
    ),
    "HPA-NONE": Case(
        {"node_pools__tpu": growing(max_nodes=3), "models__gemma__replicas": 2},
        {"node_pools__tpu": growing(max_nodes=3), "regions__eu": None},
        "autoscaling: should be given for node_pools.tpu, which grows, got nothing: 3 nodes run all the time"
        " -> write autoscaling, or models.gemma.replicas",
    ),
}

MORE: dict[str, More] = {
    "a low limit": (
        "HPA-BELOW-SPILL",
        {"autoscaling": {"max_replicas": 1}, "gateway__max_utilization_percent": 10},
        [
            "autoscaling.target_percent: must be below 10, the fill at which requests spill over, got 45"
            " -> write 1, or a higher gateway.max_utilization_percent"
        ],
    ),
    "the lowest limit": (
        "HPA-BELOW-SPILL",
        {"autoscaling": {"max_replicas": 1}, "gateway__max_utilization_percent": 1},
        [
            "autoscaling.target_percent: must be below 1, the fill at which requests spill over, got 45"
            " -> write a higher gateway.max_utilization_percent"
        ],
    ),
    "requests that are counted spill at no fill": (
        "HPA-BELOW-SPILL",
        {"autoscaling": {"max_replicas": 1, "target_percent": 99}, "gateway__max_in_flight_requests": 8},
        [],
    ),
    "room in one region only": (
        "HPA-ROOM",
        {"regions__us__zones": ["us-east5-a", "us-east5-b"], "autoscaling": {"max_replicas": 2}},
        [
            "autoscaling.max_replicas: must be at most 1, the pods that node_pools.tpu can hold in eu, got 2"
            " -> write 1, or allow more nodes"
        ],
    ),
    "nodes that several pods share": (
        "HPA-ROOM",
        {"node_pools__tpu": GPU, **SHARED, "autoscaling": {"max_replicas": 8}},
        [],
    ),
    "an adapter that is installed for nothing": (
        "HPA-ADAPTER",
        {"autoscaling": {"max_replicas": 1, "install_adapter": True, "metric_source": "native"}},
        [
            "autoscaling.install_adapter: must be left out with metric_source native, which needs no adapter, got "
            "true: an adapter takes the cluster's one APIService of custom.metrics.k8s.io or external.metrics.k8s.io, "
            "which KEDA or another may have -> remove the line, or write metric_source: pods"
        ],
    ),
    "an adapter that is needed": (
        "HPA-ADAPTER",
        {"autoscaling": {"max_replicas": 1, "install_adapter": True, "metric_source": "external"}},
        [],
    ),
    "flex-start grows by itself": (
        "HPA-FIXED",
        {**pool(capacity={"flex_start": True}, nodes_per_zone=2), "autoscaling": {"max_replicas": 2}},
        [],
    ),
    "room on several pools": (
        "HPA-ROOM",
        {**choices(a=GPU, b=growing("a2-ultragpu-4g", 1)), **SHARED, "autoscaling": {"max_replicas": 10}},
        [],
    ),
    "too little room on several pools": (
        "HPA-ROOM",
        {
            **choices(a=GPU, b=growing("a2-ultragpu-4g", 1)),
            **SHARED,
            "autoscaling": {"max_replicas": 11},
            "regions__eu": None,
        },
        [
            "autoscaling.max_replicas: must be at most 10, the pods that node_pools.a and node_pools.b can hold in us, "
            "got 11 -> write 10, or allow more nodes"
        ],
    ),
}
