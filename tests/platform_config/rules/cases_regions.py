"""Cases of the rules about regions, the network and its ranges."""

from __future__ import annotations

from tests.platform_config.rules.case import Case, More, cidrs, growing, regions

CASES: dict[str, Case] = {
    "REG-NONE": Case(
        {"regions__eu": None},
        {"regions": {}},
        "regions: must hold at least one region, got none -> copy one from config/example.yaml",
    ),
    "REG-CONFIG-1": Case(
        {"regions__us__config_cluster": None, "regions__eu__config_cluster": True},
        {"regions__us__config_cluster": None},
        "regions: must have config_cluster: true in exactly one region, got none -> add it to regions.us",
    ),
    "REG-NAME": Case(
        {"regions__us__region": "northamerica-northeast1"},
        {"regions__us__region": "us-east5-b"},
        "regions.us.region: must be a region such as us-east5, got 'us-east5-b'"
        " -> write 'us-east5': zones go under zones",
    ),
    "REG-ZONE": Case(
        {"regions__us__zones": ["us-east5-a", "us-east5-ai1a"]},
        {"regions__us__zones": ["us-east5-a", "us-east4-a"]},
        "regions.us.zones[1]: must be a zone of us-east5, got 'us-east4-a' -> write one such as us-east5-a",
    ),
    "REG-ZONE-TWICE": Case(
        {"regions__us__zones": ["us-east5-a", "us-east5-b"]},
        {"regions__us__zones": ["us-east5-a", "us-east5-a"]},
        "regions.us.zones: must name each zone once, got 'us-east5-a' 2 times -> keep one",
    ),
    "PLACE-REGION": Case(
        {"regions__us__region": "us-east4"},
        {"regions__us__region": "us-east9"},
        "regions.us.region: should be a region that Google had on 2026-11-27, got 'us-east9'"
        " -> did you mean 'us-east5'? `gke-inference preflight` asks Google",
    ),
    "PLACE-ZONE": Case(
        {"regions__us__zones": ["us-east5-a", "us-east5-ai1a"]},
        {"regions__us__zones": ["us-east5-z"]},
        "regions.us.zones[0]: should be a zone that us-east5 had on 2026-11-27, got 'us-east5-z'"
        " -> it had us-east5-a, us-east5-b, us-east5-c; `gke-inference preflight` asks Google",
    ),
    "PLACE-MACHINE": Case(
        {"regions__eu__zones": ["europe-west4-a"]},
        {"regions__eu__zones": ["europe-west4-a", "europe-west4-b"]},
        "regions.eu.zones: should have ct6e-standard-4t in each zone as of 2026-11-27, got europe-west4-b"
        " -> europe-west4 had it in europe-west4-a; `gke-inference preflight` asks Google",
    ),
    "REG-TWICE": Case(
        {"regions__eu__region": "europe-west1"},
        {"regions__eu__region": "us-east5"},
        "regions.eu.region: must differ from that of us (one proxy-only subnet each), got 'us-east5' in both"
        " -> give the cluster a region of its own, or write regions.eu.beside: us",
    ),
    "REG-NUMBER": Case(
        {"regions__eu__number": 0},
        {"regions__eu__number": 1},
        "regions.eu.number: must differ from that of us (one block each), got 1 in both"
        " -> give the newer region a free number",
    ),
    "REG-KEY": Case(
        {"gateway__regions": ["eu"], "bucket__download_region": "eu"},
        {"gateway": {"regions": ["us", "europe"]}, "bucket__download_region": "ue"},
        [
            "gateway.regions[1]: must be a key of regions (us, eu), got 'europe' -> write one of us, eu",
            "bucket.download_region: must be a key of regions (us, eu), got 'ue' -> write one of us, eu",
        ],
    ),
    "REG-DRAINED": Case(
        {"regions__us__capacity_percent": 0},
        {"regions__us__capacity_percent": 0, "regions__eu__capacity_percent": 0},
        "regions.us.capacity_percent: must be above 0 in at least one region, got 0 in all -> leave one region at 100",
    ),
    "REG-SCOPES-16": Case(
        {"regions": regions(16, capacity_percent=50)},
        {"regions": regions(17, capacity_percent=50)},
        "regions.r16: must be like the others, got 17 regions that are preferred or below 100 percent"
        " -> leave all but 16 at capacity_percent 100, not preferred",
    ),
    "REG-PREFERRED": Case(
        {"regions__us__preferred": True},
        {"regions__us__preferred": True, "regions__eu__preferred": True},
        "regions.us.preferred: must leave a region that is not preferred, got all of them"
        " -> keep it only where requests go first",
    ),
    "REG-ALONE": Case(
        {},
        {"regions__eu": None},
        "regions: should be two or more for failover, got only us -> add a region",
    ),
    "NET-CIDR": Case(
        cidrs(nodes="10.96.16.0/20"),
        cidrs(nodes="10.96.16.1/20", pods="10.97.0.0", services="fd00::/64", proxy="x"),
        [
            "regions.eu.cidrs.nodes: must be an IPv4 range such as 10.8.0.0/16, got '10.96.16.1/20'"
            " -> write '10.96.16.0/20'",
            "regions.eu.cidrs.pods: must be an IPv4 range such as 10.8.0.0/16, got '10.97.0.0'"
            " -> add its size, such as /16",
            "regions.eu.cidrs.services: must be an IPv4 range such as 10.8.0.0/16, got 'fd00::/64'"
            " -> only IPv4 is supported",
            "regions.eu.cidrs.proxy: must be an IPv4 range such as 10.8.0.0/16, got 'x' -> write address/size",
        ],
    ),
    "NET-BLOCK": Case(
        {"regions__eu__number": 127},
        {"regions__eu__number": 128},
        "regions.eu.number: must be between 0 and 127 (blocks of /15 in 10.0.0.0/8), got 128"
        " -> choose a free number, or give cidrs",
    ),
    "NET-OVERLAP": Case(
        cidrs(proxy="10.99.0.0/23"),
        cidrs(proxy="10.2.0.0/23"),
        "regions.eu.cidrs.proxy: must not overlap nodes of us (10.2.0.0/20), got proxy of eu (10.2.0.0/23)"
        " -> choose a free range",
    ),
    "NET-PROHIBITED": Case(
        {"network__supernet": "240.0.0.0/5"},
        {"network__supernet": "127.0.0.0/8"},
        "network.supernet: must not overlap 127.0.0.0/8, got '127.0.0.0/8' -> choose a range in 10.0.0.0/8",
    ),
    "NET-PUBLIC": Case(
        {"network__supernet": "172.16.0.0/12", "regions__eu__number": 0},
        {"network__supernet": "100.64.0.0/10"},
        "network.supernet: should be in 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, got '100.64.0.0/10'"
        " -> choose a range in 10.0.0.0/8",
    ),
    "NET-NAT": Case(
        {"network__nat": False, "cluster__private_nodes": False},
        {"network__nat": False},
        "network.nat: should be true with private nodes, got false: nodes cannot download images or the model"
        " -> remove the line, or mirror images and weights inside Google Cloud",
    ),
    # 3 system nodes, one more in an upgrade, 1 accelerator node
    "NET-NODES-29": Case(
        cidrs(nodes="10.96.0.0/28"),
        cidrs(nodes="10.96.0.0/29"),
        "regions.eu.cidrs.nodes: must be /28 or larger for 5 nodes, got '10.96.0.0/29' -> write a /28",
    ),
    "NET-PODS-24": Case(
        cidrs(pods="10.97.0.0/21"),
        cidrs(pods="10.97.0.0/22"),
        "regions.eu.cidrs.pods: must be /21 or larger for 5 nodes of a /24 each, got '10.97.0.0/22' -> write a /21",
    ),
    "NET-SERVICES-27": Case(
        cidrs(services="10.98.0.0/27"),
        cidrs(services="10.98.0.0/28"),
        "regions.eu.cidrs.services: must be /27 or larger, got '10.98.0.0/28' -> write a /27",
    ),
    "NET-PROXY-26": Case(
        cidrs(proxy="10.99.0.0/26"),
        cidrs(proxy="10.99.0.0/27"),
        "regions.eu.cidrs.proxy: must be /26 or larger, got '10.99.0.0/27' -> write a /26",
    ),
    "NET-PROXY-23": Case(
        cidrs(proxy="10.99.0.0/23"),
        cidrs(proxy="10.99.0.0/24"),
        "regions.eu.cidrs.proxy: should be /23 or larger, got '10.99.0.0/24' -> write a /23",
    ),
}

MORE: dict[str, More] = {
    "the only region of a model is drained": (
        "REG-DRAINED",
        {"regions__us__capacity_percent": 0, "models__gemma__regions": ["us"]},
        [
            "models.gemma.regions: must hold a region with capacity_percent above 0, got us with 0"
            " -> add another, or write models.gemma.drain: true"
        ],
    ),
    "the only region of a model that leaves is drained": (
        "REG-DRAINED",
        {"regions__us__capacity_percent": 0, "models__gemma__regions": ["us"], "models__gemma__drain": True},
        [],
    ),
    "two config clusters": (
        "REG-CONFIG-1",
        {"regions__eu__config_cluster": True},
        ["regions: must have config_cluster: true in exactly one region, got us and eu -> keep it in us only"],
    ),
    "a region of a model that is not there": (
        "REG-KEY",
        {"models__gemma__regions": ["us", "asia"]},
        ["models.gemma.regions[1]: must be a key of regions (us, eu), got 'asia' -> write one of us, eu"],
    ),
    "a country for a region": (
        "REG-NAME",
        {"regions__us__region": "US"},
        ["regions.us.region: must be a region such as us-east5, got 'US' -> `gcloud compute regions list` shows all"],
    ),
    "a supernet smaller than a block": (
        "NET-BLOCK",
        {"network__supernet": "10.0.0.0/16"},
        [
            "network.region_prefix_length: must be at least 16, the size of the supernet 10.0.0.0/16, got 15"
            " -> choose a larger supernet, such as 10.0.0.0/8"
        ],
    ),
    "a supernet that cannot be read leaves the numbers alone": ("NET-BLOCK", {"network__supernet": "10.0.0.0"}, []),
    "a misspelled region beside its zones": (
        "REG-ZONE",
        {"regions__us__region": "us-esat5", "regions__us__zones": ["us-east5-a", "us-east5-b"]},
        [
            "regions.us.region: must be the region of its zones, got 'us-esat5' and zones of us-east5"
            " -> did you mean 'us-east5'?"
        ],
    ),
    "a zone of a region that nobody has heard of": (
        "REG-ZONE",
        {"regions__us__region": "us-east99", "regions__us__zones": ["us-east98-a"]},
        ["regions.us.zones[0]: must be a zone of us-east99, got 'us-east98-a' -> write one such as us-east99-a"],
    ),
    "zones by their letters": (
        "REG-ZONE",
        {"regions__us__zones": ["b", "-C", "US-EAST5-A"]},
        [
            "regions.us.zones[0]: must be a zone of us-east5, got 'b' -> write 'us-east5-b'",
            "regions.us.zones[1]: must be a zone of us-east5, got '-C' -> write 'us-east5-c'",
            "regions.us.zones[2]: must be a zone of us-east5, got 'US-EAST5-A' -> write 'us-east5-a'",
        ],
    ),
    "a range by hand in the block of a number": (
        "NET-OVERLAP",
        {
            "regions__us__cidrs": {
                "nodes": "10.96.0.0/20",
                "pods": "10.4.0.0/15",
                "services": "10.98.0.0/20",
                "proxy": "10.99.0.0/23",
            }
        },
        [
            "regions.us.cidrs.pods: must not overlap nodes of eu (10.4.0.0/20), got pods of us (10.4.0.0/15)"
            " -> choose a free range"
        ],
    ),
    "ranges of one region that overlap": (
        "NET-OVERLAP",
        cidrs(pods="10.96.0.0/16"),
        [
            "regions.eu.cidrs.pods: must not overlap nodes of eu (10.96.0.0/20), got pods of eu (10.96.0.0/16)"
            " -> choose a free range"
        ],
    ),
    "the same number is reported once, by its own rule": ("NET-OVERLAP", {"regions__eu__number": 1}, []),
    "blocks that are too small for the nodes": (
        "NET-PODS-24",
        {"network__region_prefix_length": 18, "cluster__system_pool": {"max_nodes_per_zone": 31}, "regions__eu": None},
        [
            "network.region_prefix_length: pods of us must be /18 or larger for 33 nodes of a /24 each, got "
            "'10.0.96.0/19' -> give regions.us.cidrs, or make the blocks larger"
        ],
    ),
    "preferred regions take scopes too": (
        "REG-SCOPES-16",
        {
            "regions": {
                **regions(17, preferred=True),
                "last": {"number": 17, "region": "us-east17", "zones": ["us-east17-b"]},
            }
        },
        [
            "regions.r16: must be like the others, got 17 regions that are preferred or below 100 percent"
            " -> leave all but 16 at capacity_percent 100, not preferred"
        ],
    ),
    "a region without the machine": (
        "PLACE-MACHINE",
        {
            "regions__us": {"number": 1, "region": "us-west2", "zones": ["us-west2-a"], "config_cluster": True},
            "node_pools": {"gpu": {"machine_type": "a4-highgpu-8g"}},
            "regions__eu": None,
        },
        [
            "regions.us.zones: should have a4-highgpu-8g in each zone as of 2026-11-27, got us-west2-a"
            " -> us-west2 had it in us-west2-c; `gke-inference preflight` asks Google"
        ],
    ),
    "a machine of other regions": (
        "PLACE-MACHINE",
        {
            "regions__us": {"number": 1, "region": "us-west2", "zones": ["us-west2-a"], "config_cluster": True},
            "node_pools": {"gpu": {"machine_type": "a2-ultragpu-1g"}},
            "regions__eu": None,
        },
        [
            "regions.us.zones: should have a2-ultragpu-1g in each zone as of 2026-11-27, got us-west2-a"
            " -> it was in asia-southeast1, europe-west4, us-central1, us-east4, us-east5;"
            " `gke-inference preflight` asks Google"
        ],
    ),
    "the only region": (
        "REG-PREFERRED",
        {"regions__eu": None, "regions__us__preferred": True},
        ["regions.us.preferred: must leave a region that is not preferred, got all of them -> remove the line"],
    ),
    "a pool that can grow counts with its most nodes": (
        "NET-NODES-29",
        {"node_pools__tpu": growing(max_nodes=7), **cidrs(nodes="10.96.0.0/28")},
        ["regions.eu.cidrs.nodes: must be /27 or larger for 11 nodes, got '10.96.0.0/28' -> write a /27"],
    ),
}
