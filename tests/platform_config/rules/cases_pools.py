"""Cases of the rules about pools, how they grow, and where their machines come from."""

from __future__ import annotations

from constructs_lib.accelerators import machines
from tests.platform_config.rules.case import OTHER, Case, More, beside, choices, growing, pool

CASES: dict[str, Case] = {
    "POOL-NONE": Case(
        {"node_pools": {}, "regions__us__node_pools": OTHER, "regions__eu__node_pools": OTHER},
        {"node_pools": {}, "regions__us__node_pools": OTHER},
        "node_pools: must hold at least one pool for region eu, got none -> add one, or give regions.eu.node_pools",
    ),
    "POOL-MACHINE": Case(
        pool("a4x-maxgpu-4g-metal"),
        pool("ct6e-standard-4"),
        "node_pools.tpu.machine_type: must be a TPU or GPU machine that is known, got 'ct6e-standard-4'"
        " -> did you mean 'ct6e-standard-4t'?",
    ),
    "POOL-TOPOLOGY": Case(
        pool(topology="16x16"),
        pool(topology="4x2"),
        "node_pools.tpu.topology: must be one of 2x2, 2x4, 4x4, 4x8, 8x8, 8x16, 16x16 for ct6e-standard-4t, got '4x2'"
        " -> write '2x4'",
    ),
    "POOL-DRANET": Case(
        pool("ct5lp-hightpu-4t", dranet=False),
        pool("ct5lp-hightpu-4t", dranet=True),
        "node_pools.tpu.dranet: must be false for ct5lp-hightpu-4t, got true -> remove the line, or choose one of "
        "ct6e-standard-1t, ct6e-standard-4t, ct6e-standard-8t, tpu7x-standard-4t, a3-ultragpu-8g, a4-highgpu-8g, "
        "a4x-highgpu-4g, a4x-maxgpu-4g-metal",
    ),
    "POOL-PLACEMENT-SINGLE": Case(
        pool("a4-highgpu-8g", compact_placement=True),
        pool(compact_placement=True),
        "node_pools.tpu.compact_placement: must be false for the single-host slice 2x2 of ct6e-standard-4t, got true"
        " -> remove the line",
    ),
    "POOL-PLACEMENT-MULTI": Case(
        pool(topology="4x4", compact_placement=True),
        pool(topology="4x4", compact_placement=False),
        "node_pools.tpu.compact_placement: must be true for the slice 4x4 of 4 nodes, got false -> remove the line",
    ),
    "POOL-PLACEMENT-ZONE": Case(
        {**pool(), "regions__us__zones": ["us-east5-a", "us-east5-b"]},
        {**pool(topology="4x4"), "regions__us__zones": ["us-east5-a", "us-east5-b"]},
        "regions.us.zones: must name one zone for pool tpu, whose nodes are placed together, got us-east5-a, us-east5-b"
        " -> keep one zone, or change node_pools.tpu.topology",
    ),
    "POOL-SLICE-NODES": Case(
        pool(topology="4x4", nodes_per_zone=4),
        pool(topology="4x4", nodes_per_zone=2),
        "node_pools.tpu.nodes_per_zone: must be 4, the nodes of a 4x4 slice, got 2"
        " -> remove the line: the topology decides",
    ),
    "POOL-NODES-1000": Case(
        pool(autoscaling={"max_nodes": 1000}),
        pool(autoscaling={"max_nodes": 1001}),
        "node_pools.tpu.autoscaling.max_nodes: must be at most 1000, 1000 in a zone, got 1001"
        " -> add a pool, or a region",
    ),
    "POOL-DISK-SIZE": Case(
        pool("a3-megagpu-8g", disk_type="pd-extreme", disk_gib=500),
        pool("a3-megagpu-8g", disk_type="hyperdisk-extreme", disk_gib=63),
        "node_pools.tpu.disk_gib: must be at least 64 for hyperdisk-extreme, got 63"
        " -> write 64, or remove the line with disk_type",
    ),
    "POOL-DISK-TYPE": Case(
        pool(disk_type="pd-ssd"),
        pool(disk_type="ssd"),
        "node_pools.tpu.disk_type: must be one of hyperdisk-balanced, hyperdisk-extreme, pd-balanced, pd-extreme, "
        "pd-ssd, pd-standard, got 'ssd' -> remove the line: the machine's default is used",
    ),
    "POOL-DISK-ODD": Case(
        pool("g2-standard-96", disk_type="pd-ssd"),
        pool(disk_type="pd-ssd"),
        "node_pools.tpu.disk_type: should be hyperdisk-balanced for ct6e-standard-4t, got 'pd-ssd' -> remove the line",
    ),
    "POOL-UNUSED": Case(
        {"models__gemma__node_pools": ["tpu"]},
        {"models__gemma__node_pools": ["tpu"], "regions__us__node_pools": OTHER},
        "regions.us.node_pools.other: should be used by something, got 'tpu' as the models' pool -> remove the pool",
    ),
    "CAP-ONE": Case(
        pool(capacity={"spot": True}),
        pool(capacity={"spot": True, "reservation": "mine"}),
        "node_pools.tpu.capacity: must choose exactly one of on_demand, spot, flex_start, reservation, queued, "
        "got spot and reservation -> keep spot",
    ),
    "CAP-RESERVATION": Case(
        pool(capacity={"reservation": "projects/other-1/reservations/mine/reservationBlocks/block-1"}),
        pool(capacity={"reservation": "My_Reservation"}),
        "node_pools.tpu.capacity.reservation: must be a reservation's name or projects/<project>/reservations/<name>, "
        "got 'My_Reservation' -> `gcloud compute reservations list` shows them",
    ),
    "CAP-QUEUED": Case(
        {
            "node_pools": {
                "tpu": {"machine_type": "ct6e-standard-4t"},
                "jobs": OTHER["other"] | {"capacity": {"queued": True}},
            },
            "models__gemma__node_pools": ["tpu"],
        },
        pool(capacity={"queued": True}),
        "node_pools.tpu.capacity: must not be queued where the model server runs, got queued: true"
        " -> write flex_start: true, or reservation: <name>",
    ),
    "CAP-TRANSIENT": Case(
        pool(capacity={"reservation": "mine"}),
        pool(capacity={"flex_start": True}),
        "node_pools.tpu.capacity: should be on_demand or reservation where the model server runs, "
        "got flex_start: nodes are deleted after seven days -> make sure that another region can carry the load",
    ),
    "CAP-A3-SMALL": Case(
        pool("a3-highgpu-2g", capacity={"spot": True}),
        pool("a3-highgpu-2g"),
        "node_pools.tpu.capacity: must be spot or flex_start for a3-highgpu-2g, got on_demand -> write spot: true",
    ),
    "POOL-ONE-SIZE": Case(
        pool(autoscaling={"max_nodes": 2}),
        pool(autoscaling={"max_nodes": 2}, nodes_per_zone=1),
        "node_pools.tpu.nodes_per_zone: must be left out with autoscaling, got 1"
        " -> remove the line: min_nodes and max_nodes decide",
    ),
    "POOL-GROW-SLICE": Case(
        pool("ct6e-standard-8t", topology="2x4", autoscaling={"max_nodes": 2}),
        pool(topology="2x4", autoscaling={"max_nodes": 2}),
        "node_pools.tpu.autoscaling: must be left out for a slice of 2 nodes, which is added and removed whole, "
        "got a map"
        " -> write capacity: {flex_start: true} to have it when needed",
    ),
    "POOL-GROW-ZERO": Case(
        pool(capacity={"flex_start": True}, autoscaling={"min_nodes": 0, "max_nodes": 2}),
        pool(capacity={"flex_start": True}, autoscaling={"min_nodes": 1, "max_nodes": 2}),
        "node_pools.tpu.autoscaling.min_nodes: must be 0 for flex_start, got 1 -> remove the line",
    ),
    "POOL-DRIVER": Case(
        pool("g2-standard-96", gpu_driver_version="LATEST"),
        pool(gpu_driver_version="DEFAULT"),
        "node_pools.tpu.gpu_driver_version: must be left out for ct6e-standard-4t, got 'DEFAULT' -> remove the line",
    ),
    "CAP-RESERVED": Case(
        pool("a4x-highgpu-4g", capacity={"reservation": "mine"}),
        pool("a4x-maxgpu-4g-metal"),
        "node_pools.tpu.capacity: must be reservation for a4x-maxgpu-4g-metal, got on_demand"
        " -> write reservation: <name>",
    ),
}

MORE: dict[str, More] = {
    "a machine that is like no other": (
        "POOL-MACHINE",
        pool("xyz"),
        [
            "node_pools.tpu.machine_type: must be a TPU or GPU machine that is known, got 'xyz'"
            f" -> docs/machines.md describes all {len(machines())}"
        ],
    ),
    "an accelerator for its machine": (
        "POOL-MACHINE",
        pool("v6e"),
        [
            "node_pools.tpu.machine_type: must be a TPU or GPU machine that is known, got 'v6e'"
            " -> write one of ct6e-standard-1t, ct6e-standard-4t, ct6e-standard-8t"
        ],
    ),
    "a topology of a GPU": (
        "POOL-TOPOLOGY",
        pool("g2-standard-48", topology="2x2"),
        [
            "node_pools.tpu.topology: must be left out for g2-standard-48, which is not a TPU, got '2x2'"
            " -> remove the line"
        ],
    ),
    "many topologies": (
        "POOL-TOPOLOGY",
        pool("ct5p-hightpu-4t", topology="9x9x9"),
        [
            "node_pools.tpu.topology: must be one of 2x2x1, 2x2x2, 2x2x4, 2x4x4, 4x4x4, 4x4x8, 4x4x12, 4x8x8, 4x4x20, "
            "4x8x12, 4x4x28, 8x8x8 or 84 larger ones for ct5p-hightpu-4t, got '9x9x9'"
            " -> docs/machines.md lists them all"
        ],
    ),
    "no capacity": (
        "CAP-ONE",
        pool(capacity={}),
        [
            "node_pools.tpu.capacity: must choose exactly one of on_demand, spot, flex_start, reservation, queued, "
            "got none -> write on_demand: true"
        ],
    ),
    "spot where the model server runs": (
        "CAP-TRANSIENT",
        pool(capacity={"spot": True}),
        [
            "node_pools.tpu.capacity: should be on_demand or reservation where the model server runs, "
            "got spot: nodes are deleted at any time -> make sure that another region can carry the load"
        ],
    ),
    "a pool beside several choices": (
        "POOL-UNUSED",
        {**choices(a=growing(), b=growing()), "regions__us__node_pools": OTHER},
        [
            "regions.us.node_pools.other: should be used by something, got 'a' and 'b' as the models' pools"
            " -> remove the pool"
        ],
    ),
    "a pool in a region that serves no model": (
        "POOL-UNUSED",
        {"models__gemma__regions": ["us"]},
        [
            "node_pools.tpu: should be used by a model in us and eu, got none in eu"
            " -> name eu in the regions of a model that has pool tpu, or remove eu"
        ],
    ),
    "a pool of its own in a region that serves no model": (
        "POOL-UNUSED",
        {"models__gemma__regions": ["us"], "regions__eu__node_pools": OTHER, "models__gemma__node_pools": ["tpu"]},
        [
            "node_pools.tpu: should be used by a model in us and eu, got none in eu"
            " -> name eu in the regions of a model that has pool tpu, or remove eu",
            "regions.eu.node_pools.other: should be used by a model in eu, got none in eu"
            " -> name eu in the regions of a model that has pool other, or remove eu",
        ],
    ),
    "a pool whose model is not in one of its regions": (
        "POOL-UNUSED",
        {
            "node_pools__other": OTHER["other"],
            "models__gemma__node_pools": ["tpu"],
            **beside(node_pools=["other"], regions=["us"]),
        },
        [
            "node_pools.other: should be used by a model in us and eu, got none in eu -> move it to regions.us.node_pools"
        ],
    ),
    "a pool that was moved to the region that uses it": (
        "POOL-UNUSED",
        {
            "regions__us__node_pools": OTHER,
            "models__gemma__node_pools": ["tpu"],
            **beside(node_pools=["other"], regions=["us"]),
        },
        [],
    ),
    "queued machines that are there from the start": (
        "POOL-GROW-ZERO",
        pool(capacity={"queued": True}, autoscaling={"min_nodes": 2, "max_nodes": 2}),
        ["node_pools.tpu.autoscaling.min_nodes: must be 0 for queued, got 2 -> remove the line"],
    ),
    "spot machines may be there from the start": (
        "POOL-GROW-ZERO",
        pool(capacity={"spot": True}, autoscaling={"min_nodes": 2, "max_nodes": 2}),
        [],
    ),
    "spot a4x": (
        "CAP-RESERVED",
        pool("a4x-highgpu-4g", capacity={"spot": True}),
        [
            "node_pools.tpu.capacity: must be reservation for a4x-highgpu-4g, got spot -> write reservation: <name>",
        ],
    ),
    "queued as the second choice": (
        "CAP-QUEUED",
        choices(a=growing(), b=growing(capacity={"queued": True})),
        [
            "node_pools.b.capacity: must not be queued where the model server runs, got queued: true"
            " -> write flex_start: true, or reservation: <name>"
        ],
    ),
    "spot before machines that stay": ("CAP-TRANSIENT", choices(a=growing(capacity={"spot": True}), b=growing()), []),
    "spot before flex-start": (
        "CAP-TRANSIENT",
        choices(a=growing(capacity={"spot": True}), b=growing(capacity={"flex_start": True})),
        [
            "node_pools.a.capacity: should be on_demand or reservation where the model server runs, "
            "got spot: nodes are deleted at any time -> make sure that another region can carry the load",
            "node_pools.b.capacity: should be on_demand or reservation where the model server runs, "
            "got flex_start: nodes are deleted after seven days -> make sure that another region can carry the load",
        ],
    ),
}
