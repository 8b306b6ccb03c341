"""The range of every number: below it, its lowest, its highest, above it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from platform_config.errors import ConfigError
from platform_config.load import load
from platform_config.shape import hint_at, is_map, item_of, setting_paths
from tests.config_files import written
from tests.configs import changed

INT32 = 2**31 - 1
POOL = "node_pools.<key>."
MODEL = "models.<key>."
# Sources stand beside each limit in constructs_lib/specs, and at the rule: SRV-NUMBERS, GKE-SYSTEM-DISK, GW-PRIORITY,
# SRV-PARALLEL and MODEL-LORA-RANK.
RANGES: dict[str, tuple[int, int]] = {
    "regions.<key>.number": (0, 262_143),
    "regions.<key>.capacity_percent": (10, 100),
    f"{POOL}nodes_per_zone": (1, 1000),
    f"{POOL}disk_gib": (10, 65536),
    f"{POOL}autoscaling.min_nodes": (0, 15_000),
    f"{POOL}autoscaling.max_nodes": (1, 15_000),
    f"{POOL}gpu_sharing.max_clients": (2, 48),
    f"{POOL}local_ssds": (1, 32),
    f"{MODEL}weights.size_gib": (1, 65536),
    f"{MODEL}weights.download_timeout_minutes": (5, 360),
    f"{MODEL}replicas": (0, 10_000),
    f"{MODEL}server.port": (1, 65535),
    f"{MODEL}server.cpus": (1, 512),
    f"{MODEL}server.memory_gib": (1, 8192),
    f"{MODEL}server.tensor_parallel_size": (1, 4),
    f"{MODEL}server.max_model_len": (1, 100_000_000),
    f"{MODEL}server.max_lora_rank": (8, 512),
    f"{MODEL}server.file_cache_gib": (1, 65536),
    f"{MODEL}server.startup_timeout_sec": (60, 86400),
    f"{MODEL}server.termination_grace_sec": (1, 7200),
    "bucket.soft_delete_days": (7, 90),
    f"{MODEL}autoscaling.max_replicas": (1, 10_000),
    f"{MODEL}autoscaling.min_replicas": (1, 10_000),
    f"{MODEL}autoscaling.target_percent": (1, 99),
    f"{MODEL}autoscaling.scale_up_window_sec": (0, 3600),
    f"{MODEL}autoscaling.scale_down_window_sec": (0, 3600),
    f"{MODEL}autoscaling.scale_down_pods_per_minute": (1, 1000),
    f"{MODEL}server.gpu_memory_percent": (1, 99),
    f"{MODEL}server.gpu_memory_gib": (1, 1024),
    f"{MODEL}inference_pool.endpoint_picker_replicas": (1, 5),
    f"{MODEL}traffic.timeout_sec": (1, INT32),
    f"{MODEL}traffic.max_utilization_percent": (1, 100),
    f"{MODEL}traffic.max_in_flight_requests": (1, INT32),
    f"{MODEL}traffic.max_requests_per_second": (1, 1_000_000_000),
    f"{MODEL}canary.percent": (0, 100),
    f"{MODEL}priorities.<key>": (-INT32 - 1, INT32),
    f"{MODEL}objectives.availability_percent": (50, 99),
    f"{MODEL}objectives.first_token_percent": (50, 99),
    f"{MODEL}objectives.first_token_sec": (1, 2560),
    f"{MODEL}objectives.failover_downtime_sec": (1, 86_400),
    "observability.alerts.<key>.threshold": (1, 3600),
    "observability.alerts.<key>.window_sec": (60, 86_400),
    "observability.alerts.<key>.for_sec": (0, 86_400),
    "network.mtu": (1300, 8896),
    "network.flow_logs_percent": (1, 100),
    "network.region_prefix_length": (13, 18),
    "cluster.maintenance_window.start_hour_utc": (0, 23),
    "cluster.maintenance_window.duration_hours": (4, 23),
    "cluster.system_pool.min_nodes_per_zone": (1, 1000),
    "cluster.system_pool.max_nodes_per_zone": (1, 1000),
    "cluster.system_pool.disk_gib": (30, 65536),
    "inference_pool.endpoint_picker_replicas": (1, 5),
    "gateway.port": (1, 65535),
    "gateway.timeout_sec": (1, INT32),
    "gateway.draining_sec": (0, 3600),
    "gateway.max_utilization_percent": (1, 100),
    "gateway.max_in_flight_requests": (1, INT32),
    "gateway.log_sample_percent": (0, 100),
    "gateway.model_armor.timeout_ms": (10, 10_000),
    "gateway.health_check.interval_sec": (1, 300),
    "gateway.health_check.timeout_sec": (1, 300),
    "gateway.health_check.healthy_threshold": (1, 10),
    "gateway.health_check.unhealthy_threshold": (1, 10),
    "gateway.tls.port": (1, 65535),
    "gateway.client_limits.requests_per_minute": (1, 1_000_000),
    "gateway.client_limits.max_body_mib": (1, 1024),
    "gateway.apigee.timeout_ms": (10, 10_000),
    "gateway.body_routing.replicas": (1, 100),
    "dns.records.<key>.trickle_percent": (0, 100),
    "dns.records.<key>.ttl_sec": (0, 86_400),
    "dns.records.<key>.weights.<key>": (0, 1000),
    "dns.health_check.port": (1, 65535),
    "dns.health_check.interval_sec": (30, 300),
    "dns.health_check.timeout_sec": (1, 300),
    "dns.health_check.healthy_threshold": (1, 10),
    "dns.health_check.unhealthy_threshold": (1, 10),
    "failover_budget.downtime_sec": (1, 3600),
    "providers.google": (7, 8),
    "providers.kubernetes": (2, 3),
    "failover_budget.error_percent": (0, 100),
    "outside.<key>.models.<key>.gpus": (0, 16),
    "outside.<key>.models.<key>.cpus": (1, 512),
    "outside.<key>.models.<key>.memory_gib": (1, 8192),
    "outside.<key>.models.<key>.gpu_memory_gib": (1, 1024),
    "outside.<key>.models.<key>.gpu_cores_percent": (1, 100),
    "outside.<key>.models.<key>.replicas": (0, 10_000),
    "outside.<key>.models.<key>.autoscaling.max_replicas": (1, 10_000),
    "outside.<key>.models.<key>.autoscaling.min_replicas": (1, 10_000),
    "outside.<key>.models.<key>.autoscaling.cpu_percent": (1, 100),
    "outside.<key>.endpoints.<key>.port": (1, 65535),
    "outside.<key>.tunnel.replicas": (1, 25),
    "remotes.<key>.port": (1, 65535),
    "remotes.<key>.max_in_flight_requests": (1, INT32),
    "remotes.<key>.replicas": (1, 100),
}
NAMED = {"dns": {"zone": {"domain": "ai.example.com"}, "records": {"tpu": {"host": "llm.ai.example.com"}}}}
HAMI: dict[str, Any] = {
    "outside__tpu": {
        "preset": "plain",
        "hami": {"kubernetes_version": "v1.34.1"},
        "models": {"tpu": {"gpu_memory_gib": 1}},
    },
    "models__tpu": {"server": {"kind": "custom", "image": "example.com/a:1", "port": 80, "health_path": "/"}},
}
WITH: dict[str, dict[str, Any]] = {
    "failover_budget.downtime_sec": {
        "gateway__health_check": {"interval_sec": 1, "timeout_sec": 1, "unhealthy_threshold": 1}
    },
    "failover_budget.error_percent": {"failover_budget": {"downtime_sec": 60}},
    "outside.<key>.models.<key>.gpu_memory_gib": HAMI,
    "outside.<key>.models.<key>.gpu_cores_percent": HAMI,
    f"{MODEL}objectives.first_token_sec": {"gateway__timeout_sec": 3600},
    f"{MODEL}objectives.first_token_percent": {"models__gemma__objectives": {"first_token_sec": 1}},
    f"{MODEL}objectives.failover_downtime_sec": {
        "gateway__health_check": {"interval_sec": 1, "timeout_sec": 1, "unhealthy_threshold": 1}
    },
    "regions.<key>.number": {"regions__us__cidrs": dict.fromkeys(("nodes", "pods", "services", "proxy"), "10.0.0.0/8")},
    f"{MODEL}autoscaling.min_replicas": {"models__gemma__autoscaling": {"max_replicas": 10_000}},
    f"{MODEL}autoscaling.target_percent": {"gateway__max_utilization_percent": 100},
    "cluster.system_pool.min_nodes_per_zone": {"cluster__system_pool": {"max_nodes_per_zone": 1000}},
    "cluster.maintenance_window.duration_hours": {"cluster__maintenance_window": {"days": ["MO", "TU", "WE"]}},
    f"{POOL}gpu_sharing.max_clients": {
        "node_pools__tpu": {"machine_type": "g2-standard-96", "gpu_sharing": {"strategy": "time_sharing"}}
    },
    f"{POOL}local_ssds": {"node_pools__tpu": {"machine_type": "g4-standard-384"}},
    f"{POOL}autoscaling.min_nodes": {"node_pools__tpu__autoscaling": {"max_nodes": 15_000}},
    "gateway.health_check.timeout_sec": {"gateway__health_check": {"interval_sec": 300}},
    "gateway.apigee.timeout_ms": {"gateway__apigee": {"environment": "test"}},
    "gateway.health_check.interval_sec": {"gateway__health_check": {"timeout_sec": 1}},
    f"{MODEL}server.gpu_memory_gib": {
        "models__gemma__server": {"kind": "custom", "image": "example.com/speech:1", "port": 80, "health_path": "/"}
    },
    f"{MODEL}server.max_lora_rank": {
        "models__gemma__weights__lora_adapters": {"food": {"repository": "owner/adapter"}}
    },
    "dns.records.<key>.trickle_percent": NAMED,
    "dns.records.<key>.ttl_sec": NAMED,
    "dns.health_check.timeout_sec": {"dns": {**NAMED["dns"], "health_check": {"interval_sec": 300}}},
    "dns.records.<key>.weights.<key>": {
        "dns": {**NAMED["dns"], "records": {"tpu": {"host": "llm.ai.example.com", "policy": "weighted"}}}
    },
}
"""What stands beside a number so that no other rule bounds it."""
ROOM = ("must be at most", "must leave", "must hold")
"""How messages of rules begin that compare with the size of this platform's pools."""


def test_every_number_has_a_range() -> None:
    """A number cannot be added without its lowest and highest."""
    hints = {path: hint_at(_location(path)) for path in setting_paths()}
    hints |= {f"{path}.<key>": item_of(hint) for path, hint in hints.items() if is_map(hint)}
    numbers = [path for path, hint in hints.items() if hint in (int, float)]

    assert sorted(RANGES) == sorted(path for path in numbers if not path.startswith(f"regions.<key>.{POOL}"))


@pytest.mark.parametrize("path", RANGES)
def test_a_number_is_kept_in_its_range(tmp_path: Path, path: str) -> None:
    """The lowest and the highest pass, and what is one below or above is refused at its path."""
    low, high = RANGES[path]

    assert [bool(_reported(tmp_path, path, value)) for value in (low - 1, low, high, high + 1)] == [
        True,
        False,
        False,
        True,
    ]


def test_a_share_of_logs_that_the_api_would_round_to_none_is_refused(tmp_path: Path) -> None:
    """It counts in millionths: one of them passes, less than one is refused, and 0 is said as 0."""
    path = "gateway.log_sample_percent"

    assert [_reported(tmp_path, path, value) for value in (0, 0.0001, 0.00009, 0.00001)] == [
        [],
        [],
        ["must be 0 or between 0.0001 and 100, got 0.00009"],
        ["must be 0 or between 0.0001 and 100, got 0.00001"],
    ]


@pytest.mark.parametrize("path", ["regions.<key>.capacity_percent", "bucket.soft_delete_days"])
def test_zero_turns_off_what_begins_higher(tmp_path: Path, path: str) -> None:
    """Nothing between 0 and the lowest."""
    low, _ = RANGES[path]

    assert [bool(_reported(tmp_path, path, value)) for value in (-1, 0, 1, low - 1)] == [True, False, True, True]


def test_a_capacity_below_ten_percent_is_refused(tmp_path: Path) -> None:
    """The API knows none between nothing and a tenth."""
    assert _reported(tmp_path, "regions.<key>.capacity_percent", 5) == ["must be 0 or between 10 and 100, got 5"]


def _reported(folder: Path, path: str, value: float) -> list[str]:
    """Return what is reported about the number itself, whatever the platform's other sizes are."""
    data = changed(**WITH.get(path, {}))
    location = _location(path)
    target = data
    for part in location[:-1]:
        target = target.setdefault(part, {})
    target[location[-1]] = value
    if path.startswith(f"{MODEL}autoscaling.") and "max_replicas" not in target:
        target["max_replicas"] = 1
    try:
        load(written(folder, data))
    except ConfigError as error:
        here = ".".join(location)
        found = [problem.message for problem in error.problems if problem.path == here]
        return [message for message in found if not message.startswith(ROOM)]
    return []


def _location(path: str) -> tuple[str, ...]:
    path = path.replace("regions.<key>", "regions.us").replace("models.<key>", "models.gemma")
    path = path.replace("alerts.<key>", "alerts.request-latency")
    return tuple(path.replace("priorities.<key>", "priorities.chat").replace("<key>", "tpu").split("."))
