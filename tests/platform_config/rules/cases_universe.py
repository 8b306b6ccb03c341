"""Cases of the rules about sovereign universes."""

from __future__ import annotations

from constructs_lib.specs.universe import Feature
from constructs_lib.universe import BERLIN_DIFFERENCES, S3NS_DIFFERENCES, S3NS_GATEWAYS, S3NS_MONITORING, UNIVERSES
from tests.platform_config.rules.case import Case, Changes, More, growing

S3NS: Changes = {
    "universe": "s3ns",
    "project": "s3ns:my-project-id",
    "regions": {"fr": {"number": 1, "region": "u-france-east1", "zones": ["u-france-east1-a"]}},
    "gateway__scope": "regional",
    "cluster__mode": "autopilot",
    "observability": {"dashboard": False},
    "node_pools": {"gpu": growing("g2-standard-48")},
    "bucket__location": "u-france-east1",
}
"""Puts the example into the universe of S3NS, with what there is."""
BERLIN: Changes = {
    **S3NS,
    "universe": "berlin",
    "project": "eu0:my-project-id",
    "regions": {"de": {"number": 1, "region": "u-germany-northeast1", "zones": ["u-germany-northeast1-a"]}},
    "cluster__network_policies": False,
    "bucket__location": "u-germany-northeast1",
}


def lacking(name: str, feature: Feature, source: str) -> str:
    """Return what a message ends with, of a universe of the table."""
    assert feature in UNIVERSES[name].lacks
    return f"which the universe {name} lacks ({source})"


CASES: dict[str, Case] = {
    "UNIV-PROJECT": Case(
        S3NS,
        {**S3NS, "project": "my-project-id"},
        "project: must begin with s3ns: in the universe s3ns, got 'my-project-id' -> write 's3ns:my-project-id'",
    ),
    "UNIV-KNOWN": Case(
        S3NS,
        {
            **S3NS,
            "universe": {
                "api_domain": "s3nsapis.fr",
                "project_prefix": "s3ns",
                "agent_domain": "s3ns-system.iam.gserviceaccount.com",
                "registry_host": "s3nsregistry.fr",
                "health_check_ranges": ["177.222.80.0/23"],
            },
        },
        "universe: should be s3ns, whose APIs these are: what it lacks is known then, and refused in time, got parts"
        " -> write universe: s3ns",
    ),
    "UNIV-REGION": Case(
        S3NS,
        {**S3NS, "regions__fr__region": "europe-west9"},
        "regions.fr.region: must be one of u-france-east1 in the universe s3ns, got 'europe-west9'"
        " -> write 'u-france-east1'",
    ),
    "UNIV-BUCKET": Case(
        {**S3NS, "bucket__location": "U-FRANCE-EAST1"},
        {**S3NS, "bucket__location": "EU"},
        "bucket.location: must be one of u-france-east1 in the universe s3ns, got 'EU' -> write 'u-france-east1'",
    ),
    "UNIV-GATEWAY": Case(
        S3NS,
        {**S3NS, "gateway__scope": "cross_region", "regions__fr__config_cluster": True},
        f"gateway.scope: must be regional, got cross_region, {lacking('s3ns', 'cross_region_gateways', S3NS_GATEWAYS)}"
        " -> write gateway.scope: regional",
    ),
    "UNIV-CLUSTER": Case(
        S3NS,
        {**S3NS, "cluster__mode": "standard"},
        f"cluster.mode: must be autopilot, got standard, {lacking('s3ns', 'standard_clusters', S3NS_DIFFERENCES)}"
        " -> write cluster.mode: autopilot",
    ),
    "UNIV-MACHINE": Case(
        S3NS,
        {**S3NS, "node_pools": {"tpu": growing()}},
        "node_pools.tpu.machine_type: must be a machine with GPUs, got 'ct6e-standard-4t' with TPUs, "
        f"{lacking('s3ns', 'tpu', S3NS_DIFFERENCES)} -> docs/machines.md lists those with GPUs",
    ),
    "UNIV-CAPACITY": Case(
        {**S3NS, "node_pools": {"gpu": growing("a3-highgpu-8g", capacity={"spot": True})}},
        {**BERLIN, "node_pools": {"gpu": growing("a3-highgpu-8g", capacity={"spot": True})}},
        [
            "node_pools.gpu.capacity.spot: must be left out, got true: spot machines, "
            f"{lacking('berlin', 'spot', BERLIN_DIFFERENCES)} -> write capacity: {{on_demand: true}}",
        ],
    ),
    "UNIV-POLICIES": Case(
        BERLIN,
        {**BERLIN, "cluster__network_policies": True},
        "cluster.network_policies: must be false, got true: policies, "
        f"{lacking('berlin', 'network_policies', BERLIN_DIFFERENCES)} -> write network_policies: false",
    ),
    "UNIV-AUTOSCALING": Case(
        {**S3NS, "models__gemma__autoscaling": {"max_replicas": 4}},
        {**BERLIN, "models__gemma__autoscaling": {"max_replicas": 4}},
        "models.gemma.autoscaling: must be left out, got an autoscaler by a metric of pods, "
        f"{lacking('berlin', 'workload_metrics', BERLIN_DIFFERENCES)} -> write replicas in its place",
    ),
    "UNIV-PROMQL": Case(
        {**S3NS, "observability": {"dashboard": False, "alerts": {"gateway-errors": {"threshold": 2}}}},
        {**S3NS, "observability": {"alerts": {"kv-cache": {"threshold": 80}}}},
        [
            "observability.dashboard: must be false, got true: each of its panels is a query in PromQL, "
            f"{lacking('s3ns', 'promql', S3NS_MONITORING)} -> write dashboard: false",
            "observability.alerts.kv-cache: must be left out, got settings of an alert by PromQL, "
            f"{lacking('s3ns', 'promql', S3NS_MONITORING)} -> remove it; these are there: request-latency, "
            "gateway-errors, pool-below-size, certificate-expiry, endpoint-down",
        ],
    ),
    "UNIV-OBJECTIVES": Case(
        {"models__gemma__objectives": {"availability_percent": 99}},
        {**S3NS, "models__gemma__objectives": {"availability_percent": 99}},
        "models.gemma.objectives: should be watched, got objectives, whose alerts need PromQL, "
        f"{lacking('s3ns', 'promql', S3NS_MONITORING)} -> let the drill alone judge them, or watch them elsewhere",
    ),
}
_OWN_PARTS = {
    "api_domain": "apis.example",
    "agent_domain": "x-system.iam.gserviceaccount.com",
    "registry_host": "registry.example",
    "health_check_ranges": ["192.0.2.0/24"],
    "lacks": ["cross_region_gateways"],
}
MORE: dict[str, More] = {
    "a sovereign project without its universe": (
        "UNIV-PROJECT",
        {"project": "eu0:my-project-id"},
        [
            "project: must be a project of the public cloud without universe, got 'eu0:my-project-id'"
            " -> write universe: berlin",
        ],
    ),
    "a sovereign region without its universe": (
        "UNIV-REGION",
        {"regions__us__region": "u-france-east1"},
        [
            "regions.us.region: must be a region of the public cloud without universe, got 'u-france-east1'"
            " -> write universe: s3ns",
        ],
    ),
    "a sovereign region, which the public cloud never had": (
        "PLACE-REGION",
        {"regions__us__region": "u-france-east1"},
        [],
    ),
    "a sovereign platform without a bucket": (
        "MODEL-SOURCE",
        {**{name: value for name, value in S3NS.items() if name != "bucket__location"}, "bucket": None},
        ["bucket: must be given for weights from the bucket, got nothing -> write bucket: {location: u-france-east1}"],
    ),
    "a project of a domain": ("UNIV-PROJECT", {"project": "example.com:my-project-id"}, []),
    "more regions than there are": (
        "UNIV-REGION",
        {**S3NS, "regions__other": {"number": 2, "region": "u-france-east1", "zones": ["u-france-east1-b"]}},
        ["regions: must be at most 1 in the universe s3ns, got 2: it has u-france-east1 alone -> remove the others"],
    ),
    "machines of Berlin": (
        "UNIV-MACHINE",
        BERLIN,
        [
            "node_pools.gpu.machine_type: must be one of a3-edgegpu-8g-nolssd in the universe berlin, got "
            "'g2-standard-48' -> write 'a3-edgegpu-8g-nolssd'",
        ],
    ),
    "parts by hand": (
        "UNIV-GATEWAY",
        {"universe": _OWN_PARTS},
        [
            "gateway.scope: must be regional, got cross_region, which the universe apis.example lacks "
            "(universe.lacks) -> write gateway.scope: regional",
        ],
    ),
}
