"""Cases of the rules about autoscaling."""

from __future__ import annotations

from tests.platform_config.rules.case import Case, More, beside, choices, growing, pool, regions

GPU = growing("a3-highgpu-8g")
SHARED = {"models__gemma__server__tensor_parallel_size": 2}
OLD = {"cluster__gke_version": "1.34"}

CASES: dict[str, Case] = {
    "HPA-BELOW-SPILL": Case(
        {"models__gemma__autoscaling": {"max_replicas": 1, "target_percent": 59}},
        {"models__gemma__autoscaling": {"max_replicas": 1, "target_percent": 60}},
        "models.gemma.autoscaling.target_percent: must be below 60, the fill at which requests spill over, got 60"
        " -> write 45, or a higher gateway.max_utilization_percent",
    ),
    "HPA-ROOM": Case(
        {"node_pools__tpu": growing(max_nodes=3), "models__gemma__autoscaling": {"max_replicas": 3}},
        {
            "node_pools__tpu": growing(max_nodes=3),
            "models__gemma__autoscaling": {"max_replicas": 4},
            "regions__eu": None,
        },
        "models.gemma.autoscaling.max_replicas: must be at most 3, the pods that node_pools.tpu can hold in us, got 4"
        " -> write 3 or fewer, or allow more nodes",
    ),
    "HPA-REPLICAS": Case(
        {"models__gemma__autoscaling": {"max_replicas": 1}},
        {"models__gemma__autoscaling": {"max_replicas": 1}, "models__gemma__replicas": 1},
        "models.gemma.replicas: must be left out with autoscaling, got 1"
        " -> write autoscaling.min_replicas and max_replicas",
    ),
    "HPA-ADAPTER": Case(
        {"models__gemma__autoscaling": {"max_replicas": 1}, "cluster__metrics_adapter": False, **OLD},
        {"models__gemma__autoscaling": {"max_replicas": 1}, "cluster__metrics_adapter": False},
        "cluster.metrics_adapter: must be left out where no model is autoscaled by pods or external, got false: "
        "an adapter takes the cluster's one APIService of custom.metrics.k8s.io or external.metrics.k8s.io, which "
        "KEDA or another may have -> remove the line, or write metric_source: pods",
    ),
    "HPA-ALONE": Case(
        {"node_pools__tpu": growing(max_nodes=3), "models__gemma__autoscaling": {"min_replicas": 2, "max_replicas": 3}},
        {"node_pools__tpu": growing(max_nodes=3), "models__gemma__autoscaling": {"max_replicas": 3}},
        "models.gemma.autoscaling.min_replicas: should be 2 or more for a model in two regions, since where one fails, "
        "one server of the other has all requests until more have started, got 1"
        " -> write min_replicas: 2, or serve it in a third region",
    ),
    "HPA-FIXED": Case(
        {**pool(nodes_per_zone=2), "models__gemma__autoscaling": {"min_replicas": 2, "max_replicas": 2}},
        {**pool(nodes_per_zone=2), "models__gemma__autoscaling": {"max_replicas": 2}},
        "node_pools.tpu.autoscaling: should be given for a pool whose pods are autoscaled, got nothing"
        " -> write autoscaling: {max_nodes: 2} in place of nodes_per_zone",
    ),
    "HPA-NONE": Case(
        {"node_pools__tpu": growing(max_nodes=3), "models__gemma__replicas": 2},
        {"node_pools__tpu": growing(max_nodes=3), "regions__eu": None},
        "models.gemma.autoscaling: should be given for node_pools.tpu, which grows, got nothing: 3 nodes run all the "
        "time"
        " -> write autoscaling, or replicas",
    ),
}

MORE: dict[str, More] = {
    "two other regions to carry the load": (
        "HPA-ALONE",
        {"regions": regions(3), "models__gemma__autoscaling": {"max_replicas": 1}},
        [],
    ),
    "one region alone": (
        "HPA-ALONE",
        {"regions": regions(3), "models__gemma__regions": ["r1"], "models__gemma__autoscaling": {"max_replicas": 1}},
        [
            "models.gemma.autoscaling.min_replicas: should be 2 or more for a model in one region, since nothing "
            "answers while its one server is replaced, got 1"
            " -> write min_replicas: 2 and max_replicas: 2, or serve it in a second region"
        ],
    ),
    "regional gateways": (
        "HPA-ALONE",
        {"gateway__scope": "regional", "regions": regions(3), "models__gemma__autoscaling": {"max_replicas": 2}},
        [
            "models.gemma.autoscaling.min_replicas: should be 2 or more for a model in regions of which none helps "
            "another, since nothing answers in a region while its one server is replaced, got 1"
            " -> write min_replicas: 2"
        ],
    ),
    "a low limit": (
        "HPA-BELOW-SPILL",
        {"models__gemma__autoscaling": {"max_replicas": 1}, "gateway__max_utilization_percent": 10},
        [
            "models.gemma.autoscaling.target_percent: must be below 10, the fill at which requests spill over, got 45"
            " -> write 1, or a higher gateway.max_utilization_percent"
        ],
    ),
    "the lowest limit": (
        "HPA-BELOW-SPILL",
        {"models__gemma__autoscaling": {"max_replicas": 1}, "gateway__max_utilization_percent": 1},
        [
            "models.gemma.autoscaling.target_percent: must be below 1, the fill at which requests spill over, got 45"
            " -> write a higher gateway.max_utilization_percent"
        ],
    ),
    "a model's own limit": (
        "HPA-BELOW-SPILL",
        {
            "models__gemma__autoscaling": {"max_replicas": 1},
            "models__gemma__traffic": {"max_utilization_percent": 40},
        },
        [
            "models.gemma.autoscaling.target_percent: must be below 40, the fill at which requests spill over, got 45"
            " -> write 25, or a higher models.gemma.traffic.max_utilization_percent"
        ],
    ),
    "an adapter without autoscaling": (
        "HPA-ADAPTER",
        {"cluster__metrics_adapter": True, **OLD},
        [
            "cluster.metrics_adapter: must be left out where no model is autoscaled by pods or external, got true: "
            "an adapter takes the cluster's one APIService of custom.metrics.k8s.io or external.metrics.k8s.io, which "
            "KEDA or another may have -> remove the line, or write metric_source: pods"
        ],
    ),
    "nothing for a pool that several models use": (
        "HPA-NONE",
        {"node_pools__tpu": growing(max_nodes=3), **beside()},
        [],
    ),
    "requests that are counted spill at no fill": (
        "HPA-BELOW-SPILL",
        {"models__gemma__autoscaling": {"max_replicas": 1, "target_percent": 99}, "gateway__max_in_flight_requests": 8},
        [],
    ),
    "room in one region only": (
        "HPA-ROOM",
        {"regions__us__zones": ["us-east5-a", "us-east5-b"], "models__gemma__autoscaling": {"max_replicas": 2}},
        [
            "models.gemma.autoscaling.max_replicas: must be at most 1, the pods that node_pools.tpu can hold in eu, "
            "got 2"
            " -> write 1, or allow more nodes"
        ],
    ),
    "nodes that several pods share": (
        "HPA-ROOM",
        {"node_pools__tpu": GPU, **SHARED, "models__gemma__autoscaling": {"max_replicas": 8}},
        [],
    ),
    "an adapter that is installed for nothing": (
        "HPA-ADAPTER",
        {
            "models__gemma__autoscaling": {"max_replicas": 1, "metric_source": "native"},
            "cluster__metrics_adapter": True,
        },
        [
            "cluster.metrics_adapter: must be left out where no model is autoscaled by pods or external, got "
            "true: an adapter takes the cluster's one APIService of custom.metrics.k8s.io or external.metrics.k8s.io, "
            "which KEDA or another may have -> remove the line, or write metric_source: pods"
        ],
    ),
    "an adapter that is needed": (
        "HPA-ADAPTER",
        {
            "models__gemma__autoscaling": {"max_replicas": 1, "metric_source": "external"},
            "cluster__metrics_adapter": True,
        },
        [],
    ),
    "a pool of fixed size in regions with different zones": (
        "HPA-FIXED",
        {"regions__us__zones": ["us-east5-a", "us-east5-b"], "models__gemma__autoscaling": {"max_replicas": 2}},
        [
            "node_pools.tpu.autoscaling: should be given for a pool whose pods are autoscaled, got nothing"
            " -> write autoscaling: {max_nodes: 2}"
        ],
    ),
    "flex-start grows by itself": (
        "HPA-FIXED",
        {**pool(capacity={"flex_start": True}, nodes_per_zone=2), "models__gemma__autoscaling": {"max_replicas": 2}},
        [],
    ),
    "room on several pools": (
        "HPA-ROOM",
        {
            **choices(a=GPU, b=growing("a2-ultragpu-4g", 1)),
            **SHARED,
            "models__gemma__autoscaling": {"max_replicas": 10},
        },
        [],
    ),
    "too little room on several pools": (
        "HPA-ROOM",
        {
            **choices(a=GPU, b=growing("a2-ultragpu-4g", 1)),
            **SHARED,
            "models__gemma__autoscaling": {"max_replicas": 11},
            "regions__eu": None,
        },
        [
            "models.gemma.autoscaling.max_replicas: must be at most 10, the pods that node_pools.a and node_pools.b "
            "can hold in us, "
            "got 11 -> write 10 or fewer, or allow more nodes"
        ],
    ),
}
