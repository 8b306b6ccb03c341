"""Cases of the rules about clusters and their system pool."""

from __future__ import annotations

from tests.platform_config.rules.case import Case, More, beside, pool

CUSTOM = {"kind": "custom", "image": "example.com/mine:7", "port": 8000, "health_path": "/health"}
TWO_ZONES = {
    "regions__us__zones": ["us-east5-a", "us-east5-b"],
    "regions__eu__zones": ["europe-west4-a", "europe-west4-b"],
}

CASES: dict[str, Case] = {
    "GKE-VERSION": Case(
        {"cluster__gke_version": "1.35"},
        {"cluster__gke_version": "latest"},
        "cluster.gke_version: must read like 1.35 or 1.35.2-gke.1842000, got 'latest'"
        " -> leave it out: the lowest version with all features in use is taken",
    ),
    "GKE-FLOOR": Case(
        {"cluster__gke_version": "1.34.1-gke.1829001"},
        {"cluster__gke_version": "1.34.1-gke.1127000"},
        "cluster.gke_version: must reach 1.34.1-gke.1829001 for managed DRANET, got '1.34.1-gke.1127000'"
        " -> write '1.34' or newer, or leave it out",
    ),
    "GKE-BALANCER-METRIC": Case(
        {"cluster__gke_version": "1.35.1-gke.1396000"},
        {"cluster__gke_version": "1.34"},
        "cluster.gke_version: should reach 1.35.1-gke.1396000 for the load balancer's custom metric, got '1.34': "
        "Google, Expose custom metrics for load balancers, requirements (2026-08); 1.34.1-gke.1127000 is enough by "
        "Google, Expose custom metrics, and Set up the GKE multi-cluster Inference Gateway, requirements (2026-08)"
        " -> write '1.35' or newer, or set gateway.max_in_flight_requests",
    ),
    "GKE-DRANET-V2": Case(
        {"cluster__dataplane_v2": False, **pool(dranet=False)},
        {"cluster__dataplane_v2": False},
        "cluster.dataplane_v2: must be true for managed DRANET in node_pools.tpu, got false"
        " -> remove the line, or set dranet: false in the pools",
    ),
    "GKE-SYSTEM-MACHINE": Case(
        {"cluster__system_pool": {"machine_type": "n2-custom-8-32768"}},
        {"cluster__system_pool": {"machine_type": "n4-standard-8"}},
        "cluster.system_pool.machine_type: must boot from pd-balanced, got 'n4-standard-8' that takes only Hyperdisk"
        " -> write 'e2-standard-8' or 'n2-standard-8'",
    ),
    "GKE-SYSTEM-DISK": Case(
        {"cluster__system_pool": {"disk_gib": 30}},
        {"cluster__system_pool": {"disk_gib": 29}},
        "cluster.system_pool.disk_gib: must be between 30 and 65536, got 29 -> write 100",
    ),
    "GKE-SYSTEM-PICKER": Case(
        {"cluster__system_pool": {"machine_type": "n1-standard-8"}},
        {"cluster__system_pool": {"machine_type": "e2-standard-4"}},
        "cluster.system_pool.machine_type: must have 6 vCPU and 13 GiB for the endpoint picker of v1.5.0, "
        "got 'e2-standard-4' -> leave it out, or write 'e2-standard-8'",
    ),
    "GKE-SYSTEM-ROOM": Case(
        {"inference_pool__endpoint_picker_replicas": 3},
        {"inference_pool__endpoint_picker_replicas": 2, **beside(regions=["eu"])},
        "cluster.system_pool.max_nodes_per_zone: must be at least 4 for the 4 endpoint pickers of the models in eu, "
        "got 3"
        " -> write 4, or a larger machine_type: GKE replaces the nodes then",
    ),
    "GKE-ZONAL": Case(
        {"cluster__control_plane": "regional"},
        {"cluster__control_plane": "zonal"},
        "cluster.control_plane: should be regional in production, got zonal -> remove the line",
    ),
    "GKE-POLICIES": Case(
        {"cluster__dataplane_v2": False, "cluster__network_policies": False},
        {"cluster__dataplane_v2": False},
        "cluster.network_policies: should be false without dataplane_v2, got true: the policies are not enforced"
        " -> set dataplane_v2: true, or network_policies: false",
    ),
    "GKE-PROTECTED": Case(
        {"cluster__deletion_protection": True},
        {"cluster__deletion_protection": False},
        "cluster.deletion_protection: should be true until you tear down, got false -> remove the line",
    ),
}

MORE: dict[str, More] = {
    "a machine's own floor": (
        "GKE-FLOOR",
        {**pool("a4x-maxgpu-4g-metal"), "cluster__gke_version": "1.34.1-gke.1829001"},
        [
            "cluster.gke_version: must reach 1.34.3-gke.1318000 for a4x-maxgpu-4g-metal, got '1.34.1-gke.1829001'"
            " -> write '1.34' or newer, or leave it out"
        ],
    ),
    "the floor of the gateway alone": (
        "GKE-FLOOR",
        {**pool("g2-standard-96"), "cluster__gke_version": "1.33"},
        [
            "cluster.gke_version: must reach 1.34.1-gke.1127000 for multi-cluster inference gateway, got '1.33'"
            " -> write '1.34' or newer, or leave it out"
        ],
    ),
    "a system machine that is none": (
        "GKE-SYSTEM-MACHINE",
        {"cluster__system_pool": {"machine_type": "large"}},
        [
            "cluster.system_pool.machine_type: must be a machine type, got 'large'"
            " -> leave it out, or write 'e2-standard-8'"
        ],
    ),
    "a system machine with little memory": (
        "GKE-SYSTEM-PICKER",
        {"cluster__system_pool": {"machine_type": "e2-highcpu-8"}},
        [
            "cluster.system_pool.machine_type: must have 6 vCPU and 13 GiB for the endpoint picker of v1.5.0, "
            "got 'e2-highcpu-8' -> leave it out, or write 'e2-standard-8'"
        ],
    ),
    "a shared core": (
        "GKE-SYSTEM-PICKER",
        {"cluster__system_pool": {"machine_type": "e2-medium"}, "inference_pool__chart_version": "v1.3.1"},
        [
            "cluster.system_pool.machine_type: must have 3 vCPU and 7 GiB for the endpoint picker of v1.3.1, "
            "got 'e2-medium' -> leave it out, or write 'e2-standard-8'"
        ],
    ),
    "a model whose picker is larger than the others'": (
        "GKE-SYSTEM-PICKER",
        {"inference_pool__chart_version": "v1.3.1", **beside(inference_pool={"chart_version": "v1.5.0"})},
        [
            "cluster.system_pool.machine_type: must have 6 vCPU and 13 GiB for the endpoint picker of v1.5.0, "
            "got nothing and 'e2-standard-4' by inference_pool.chart_version -> write 'e2-standard-8'"
        ],
    ),
    "a server without a picker": (
        "GKE-SYSTEM-PICKER",
        {"cluster__system_pool": {"machine_type": "e2-standard-4"}, "models__gemma__server": CUSTOM},
        [],
    ),
    "more nodes in more zones": (
        "GKE-SYSTEM-ROOM",
        {"inference_pool__endpoint_picker_replicas": 5, **TWO_ZONES},
        [],
    ),
    "several pickers on a large node": (
        "GKE-SYSTEM-ROOM",
        {"inference_pool__endpoint_picker_replicas": 5, "cluster__system_pool": {"machine_type": "e2-standard-16"}},
        [],
    ),
    "small pickers beside a large one": (
        "GKE-SYSTEM-ROOM",
        {
            "cluster__system_pool": {"machine_type": "e2-standard-8", "max_nodes_per_zone": 1},
            **beside(inference_pool={"chart_version": "v1.3.1", "endpoint_picker_replicas": 2}),
        },
        [],
    ),
    "a picker that no node can hold is reported once": (
        "GKE-SYSTEM-ROOM",
        {"inference_pool__endpoint_picker_replicas": 5, "cluster__system_pool": {"machine_type": "e2-standard-4"}},
        [],
    ),
    "a version below the load balancer's metric where requests are counted": (
        "GKE-BALANCER-METRIC",
        {"cluster__gke_version": "1.34", "gateway__max_in_flight_requests": 8},
        [],
    ),
    "no version: GKE's own, which preflight looks up": ("GKE-BALANCER-METRIC", {}, []),
    "a version that is refused anyway": ("GKE-BALANCER-METRIC", {"cluster__gke_version": "1.33"}, []),
    "the native metric in an older version": (
        "GKE-FLOOR",
        {
            "models__gemma__autoscaling": {"max_replicas": 1, "metric_source": "native"},
            "cluster__gke_version": "1.35.0",
        },
        [
            "cluster.gke_version: must reach 1.35.1-gke.1396000 for autoscaling.metric_source: native, got '1.35.0'"
            " -> write '1.35' or newer, or leave it out"
        ],
    ),
    "the first version with the native metric": (
        "GKE-FLOOR",
        {
            "models__gemma__autoscaling": {"max_replicas": 1, "metric_source": "native"},
            "cluster__gke_version": "1.35.1-gke.1396000",
        },
        [],
    ),
    "an older version takes the metric through the adapter": (
        "GKE-FLOOR",
        {"models__gemma__autoscaling": {"max_replicas": 1}, "cluster__gke_version": "1.34"},
        [],
    ),
}
