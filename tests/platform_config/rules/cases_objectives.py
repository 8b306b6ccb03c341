"""Cases of the rules about objectives: whether the settings can keep them, and whether they can be measured."""

from __future__ import annotations

from tests.platform_config.rules.case import Case, Changes, More, choices, growing
from tests.platform_config.rules.cases_models import SPEECH


def promise(**objectives: float) -> Changes:
    """Return changes that give the example's model *objectives*."""
    return {"models__gemma__objectives": objectives}


AT = "models.gemma.objectives"
ONE_REGION: Changes = {"regions__eu": None}
CUSTOM: Changes = {"models__gemma": {**SPEECH, "objectives": {"first_token_sec": 1}}}
SPOT: Changes = choices(a=growing("a3-highgpu-8g", capacity={"spot": True}))
FIXED: Changes = choices(a=growing("a3-highgpu-8g"))
LARGE_US: Changes = {
    "regions__us__node_pools": {"tpu": {"machine_type": "ct6e-standard-4t", "topology": "2x2", "nodes_per_zone": 3}}
}
SGLANG: Changes = {
    **choices(a=growing("a3-highgpu-8g")),
    "models__gemma__server": {"kind": "sglang", "image": "docker.io/lmsysorg/sglang:v0.5.6"},
}

CASES: dict[str, Case] = {
    "OBJ-DETECTION": Case(
        promise(failover_downtime_sec=10),
        promise(failover_downtime_sec=9.5),
        f"{AT}.failover_downtime_sec: must be at least 10, the seconds in which a dead server is found: interval_sec 5 "
        "times unhealthy_threshold 2, got 9.5"
        " -> write gateway.health_check: {interval_sec: 4, timeout_sec: 4}, or promise 10 or more",
    ),
    "OBJ-BOUND": Case(
        promise(first_token_sec=2.5),
        promise(first_token_sec=2),
        f"{AT}.first_token_sec: must be a bound by which vllm counts its times to the first token, got 2"
        " -> write 1 or 2.5",
    ),
    "OBJ-NO-FIRST-TOKEN": Case(
        {"models__gemma": {**SPEECH, "objectives": {"availability_percent": 99.5}}},
        CUSTOM,
        f"{AT}.first_token_sec: must be left out for a custom server, got 1"
        " -> remove it, or promise availability_percent alone",
    ),
    "OBJ-TIMEOUT": Case(
        promise(first_token_sec=160),
        promise(first_token_sec=640),
        f"{AT}.first_token_sec: must be below 600, the seconds after which the gateway ends a request, got 640"
        " -> write a shorter time, or a longer gateway.timeout_sec",
    ),
    "OBJ-PERCENT": Case(
        promise(first_token_sec=2.5, first_token_percent=99),
        promise(first_token_percent=99),
        f"{AT}.first_token_percent: must be given with first_token_sec, got 99 alone"
        " -> write first_token_sec, or availability_percent for the share of requests without an error",
    ),
    "OBJ-SECONDS": Case(
        promise(failover_downtime_sec=7200),
        promise(failover_downtime_sec=30_000),
        f"{AT}.failover_downtime_sec: should be in seconds, got 30000, which is 8.3 hours -> did you mean 30?",
    ),
    "OBJ-SLOW-DETECTION": Case(
        promise(failover_downtime_sec=15),
        promise(failover_downtime_sec=14),
        f"{AT}.failover_downtime_sec: should be at least 15, the seconds in which a server that answers nothing is "
        "found: interval_sec 5 times unhealthy_threshold 2, and timeout_sec 5 for the last probe, got 14"
        " -> write a shorter gateway.health_check, or promise 15 or more",
    ),
    "OBJ-ONE-REGION": Case(
        promise(availability_percent=99.9, failover_downtime_sec=30),
        {**promise(availability_percent=99.9, failover_downtime_sec=30), "regions__eu__capacity_percent": 0},
        [
            f"{AT}.availability_percent: should have two regions or more that take requests, got us alone for 99.9"
            " -> add a region, or leave the promise out: with its only region the model is down",
            f"{AT}.failover_downtime_sec: should have two regions or more that take requests, got us alone for 30"
            " -> add a region, or leave the promise out: with its only region the model is down",
        ],
    ),
    "OBJ-RESTART": Case(
        {**promise(availability_percent=99.93), **ONE_REGION},
        {**promise(availability_percent=99.95), **ONE_REGION},
        f"{AT}.availability_percent: should be at most 99.93 with a single server, whose start may take "
        "startup_timeout_sec 1800 of the 1296 seconds a month that may fail, got 99.95"
        " -> write replicas: 2, or add a region",
    ),
    "OBJ-SPARE": Case(
        {**promise(availability_percent=99.5), **LARGE_US, "models__gemma__replicas": 1},
        {**promise(availability_percent=99.5), **LARGE_US},
        f"{AT}: should leave a region with 3 servers when us is lost, as many as it has, got eu 1"
        " -> write autoscaling with max_replicas that high, or give the regions more nodes",
    ),
    "OBJ-TRANSIENT": Case(
        {**promise(availability_percent=99.5), **FIXED},
        {**promise(availability_percent=99.5), **SPOT},
        f"{AT}.availability_percent: should have a region with machines that stay, got spot or flex_start for 99.5"
        " -> give one region a pool with on_demand: true or a reservation",
    ),
    "OBJ-BUDGET": Case(
        promise(availability_percent=99.99, failover_downtime_sec=259),
        promise(availability_percent=99.99, failover_downtime_sec=300),
        f"{AT}.failover_downtime_sec: should be at most 259.2, the seconds a month that availability_percent 99.99 "
        "lets fail, got 300 -> write 259, or a lower availability_percent",
    ),
}

MORE: dict[str, More] = {
    "a time to the first token in milliseconds": (
        "OBJ-BOUND",
        promise(first_token_sec=2500),
        [
            f"{AT}.first_token_sec: must be a bound by which vllm counts its times to the first token, got 2500 -> "
            "write 2.5: it counts seconds"
        ],
    ),
    "the default's share of requests, without a time": (
        "OBJ-PERCENT",
        promise(first_token_percent=95),
        [
            f"{AT}.first_token_percent: must be given with first_token_sec, got 95 alone -> write first_token_sec, or "
            "availability_percent for the share of requests without an error"
        ],
    ),
    "a downtime that no probe of a second can find": (
        "OBJ-DETECTION",
        promise(failover_downtime_sec=1),
        [
            f"{AT}.failover_downtime_sec: must be at least 10, the seconds in which a dead server is found: "
            "interval_sec 5 times unhealthy_threshold 2, got 1 -> promise 10 or more"
        ],
    ),
    "a bound of SGLang": ("OBJ-BOUND", {**SGLANG, **promise(first_token_sec=4)}, []),
    "no bound of SGLang": (
        "OBJ-BOUND",
        {**SGLANG, **promise(first_token_sec=2.5)},
        [
            f"{AT}.first_token_sec: must be a bound by which sglang counts its times to the first token, got 2.5"
            " -> write 2 or 4"
        ],
    ),
    "a bound of one's own": (
        "OBJ-BOUND",
        {
            **SGLANG,
            **promise(first_token_sec=2.5),
            "models__gemma__server__extra_args": ["--bucket-time-to-first-token", "1", "2.5", "5"],
        },
        [],
    ),
    "a time below all bounds": (
        "OBJ-BOUND",
        {**SGLANG, **promise(first_token_sec=0.05)},
        [
            f"{AT}.first_token_sec: must be a bound by which sglang counts its times to the first token, got 0.05"
            " -> write 0.1"
        ],
    ),
    "a first token after the model's own longest request": (
        "OBJ-TIMEOUT",
        {**promise(first_token_sec=20), "models__gemma__traffic": {"timeout_sec": 20}},
        [
            f"{AT}.first_token_sec: must be below 20, the seconds after which the gateway ends a request, got 20"
            " -> write a shorter time, or a longer models.gemma.traffic.timeout_sec"
        ],
    ),
    "a single server that may restart": (
        "OBJ-RESTART",
        {**promise(availability_percent=99.99), "regions__eu__capacity_percent": 0, "models__gemma__replicas": 1},
        [
            f"{AT}.availability_percent: should be at most 99.93 with a single server, whose start may take "
            "startup_timeout_sec 1800 of the 259.2 seconds a month that may fail, got 99.99"
            " -> write replicas: 2, or add a region"
        ],
    ),
    "a region that grows to carry the other": (
        "OBJ-SPARE",
        {
            **promise(failover_downtime_sec=30),
            **choices(tpu=growing(topology="2x2", max_nodes=4)),
            "models__gemma__autoscaling": {"min_replicas": 2, "max_replicas": 4},
        },
        [],
    ),
    "a server in each of two regions": ("OBJ-RESTART", promise(availability_percent=99.99), []),
}
