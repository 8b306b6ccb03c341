"""
A made-up day of a platform, as the series that its servers, nodes and load balancer send, for a picture.

The platform is that of config/h100-elastic.yaml with objectives. In the early afternoon its first region is full and
spills over; later it fails, and all requests go to the other one until it is back.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from constructs_lib.monitoring.log_metric import log_series
from constructs_lib.monitoring.metrics import ACCELERATOR_BUSY, CONTAINERS_READY, GPU_BUSY, VLLM
from constructs_lib.monitoring.panel import Panel, panels_of
from constructs_lib.monitoring.panels import PANELS
from constructs_lib.monitoring.platform import MonitoredPlatform
from constructs_lib.specs import ObjectivesSpec
from platform_config.load import load
from platform_config.monitored_platform import monitored_platform

CONFIG = Path(__file__).resolve().parent.parent / "config" / "h100-elastic.yaml"
MINUTES, STEP_MINUTES = 24 * 60, 10
FAILS = (17 * 60, 17 * 60 + 50)
"""When the first region fails, in minutes."""
PER_SERVER = 3.0
"""Requests a second that fill the KV cache of a server."""
SPILL, TARGET, FULL = 0.8, 0.5, 0.97
MOST_SERVERS, GPUS = {"llama-us": 7, "llama-eu": 10}, 2
"""Servers that a region can have: the first one gets no more machines; and GPUs of each."""
OBJECTIVES = ObjectivesSpec(availability_percent=99.5, first_token_sec=1.0)

Series = dict[str, list[float | None]]


@dataclass(kw_only=True)
class Region:
    """The servers of one region in the course of the day: at each minute how many, what they serve, and what waits."""

    cluster: str
    zone: str
    ready: list[int]
    served: list[float]
    waiting: list[float]

    def fill(self, minute: int) -> float:
        """Return how full its servers are, 0 to 1."""
        servers = self.ready[minute]
        return min(FULL, self.served[minute] / (servers * PER_SERVER)) if servers else 0.0


def picture_platform() -> MonitoredPlatform:
    """Return the platform of the picture."""
    platform = monitored_platform(load(CONFIG))
    models = {key: replace(model, objectives=OBJECTIVES) for key, model in platform.models.items()}
    return replace(platform, models=models)


def day_panels() -> list[Panel]:
    """Return the panels of the picture."""
    return list(panels_of(picture_platform(), PANELS))


def demand(minute: int) -> float:
    """Return the requests a second that clients send: most in the afternoon, with a peak that comes fast."""
    hour = minute / 60
    day = 2.5 + 8 * math.exp(-(((hour - 15) / 4.2) ** 2))
    peak = 13 / (1 + math.exp(-(hour - 12.4) * 14)) / (1 + math.exp((hour - 14.2) * 5))
    return (day + peak) * (1 + 0.03 * math.sin(minute / 7) + 0.02 * math.sin(minute / 2.3))


def regions() -> tuple[Region, Region, list[float]]:
    """Return the region that is filled first, the other one, and the requests a second that fail."""
    first = Region(cluster="llama-us", zone="us-east4-a", ready=[], served=[], waiting=[])
    other = Region(cluster="llama-eu", zone="europe-west3-c", ready=[], served=[], waiting=[])
    failed = []
    for minute in range(MINUTES + 1):
        fails = FAILS[0] <= minute < FAILS[1]
        first.ready.append(0 if fails else _servers(first, minute, lag=14))
        other.ready.append(_servers(other, minute, lag=8))
        wanted = demand(minute)
        # Requests on their way to a region that fails are lost, until the load balancer knows.
        lost = 0.6 * wanted if minute == FAILS[0] else 0.0
        first.served.append(min(wanted, SPILL * PER_SERVER * first.ready[-1]))
        rest = wanted - first.served[-1] - lost
        other.served.append(min(rest, FULL * PER_SERVER * other.ready[-1]))
        waiting = (other.waiting[-1] if minute else 0) + 8 * (rest - other.served[-1]) - 14 * (rest == other.served[-1])
        other.waiting.append(min(160.0, max(0.0, waiting)))
        first.waiting.append(1.5 * max(0.0, first.fill(minute) - 0.72) * 10)
        failed.append(lost + 0.5 * max(0.0, rest - other.served[-1]) * (other.waiting[-1] >= 150) + 0.002)
    return first, other, failed


def spill_over() -> tuple[int, int]:
    """Return the first and the last minute at which the first region is full and the other one helps."""
    _, other, _ = regions()
    minutes = [minute for minute in range(FAILS[0]) if other.served[minute] > 0.05]
    return minutes[0], minutes[-1]


def _servers(region: Region, minute: int, lag: int) -> int:
    """Return how many servers an autoscaler has: as the load was *lag* minutes ago, and slow to give some up."""
    if minute < lag:
        return 2 if "us" in region.cluster else 1
    if FAILS[1] <= minute < FAILS[1] + lag and "us" in region.cluster:
        return 3
    seen = region.served[max(0, minute - lag - 15) : minute - lag + 1]
    return min(MOST_SERVERS[region.cluster], max(1, math.ceil(max(seen) / (TARGET * PER_SERVER))))


def day_series(platform: MonitoredPlatform) -> Series:
    """Return the values of each minute by `metric{label="value"}`."""
    first, other, failed = regions()
    made: Series = {}
    for region in (first, other):
        made |= _of_servers(platform, region) | _of_nodes(platform, region)
    return made | _of_load_balancer(platform, (first, other), failed) | _of_pickers(platform, (first, other), failed)


def _of_servers(platform: MonitoredPlatform, region: Region) -> Series:
    [model] = platform.models.values()
    labels = {"cluster": region.cluster, "namespace": platform.namespace, "job": model.server}
    up = [minute for minute in range(MINUTES + 1) if region.ready[minute]]
    made: Series = {
        name(f"{VLLM.output_tokens}", labels): counted(210 * rate for rate in region.served),
        name(model.gauge, labels): only(up, (region.fill(minute) for minute in range(MINUTES + 1))),
        name(VLLM.waiting, labels): only(up, region.waiting),
    }

    def within(minute: int, bound: float) -> float:
        fill, waiting = region.fill(minute), region.waiting[minute]
        return _share_within(bound, 0.12 + 0.35 * fill**4 + waiting / 140)

    for bound, rates in _buckets(region, VLLM.first_token_bounds, within).items():
        le = "+Inf" if bound == math.inf else str(float(bound))
        made[name(f"{VLLM.first_token}_bucket", {**labels, "le": le})] = counted(rates)
    for number in range(MOST_SERVERS[region.cluster]):
        there = [minute for minute in up if region.ready[minute] > number]
        pod = {"pod": f"{model.server}-6d5f7c9b4-{'bcdfghjklm'[number] * 5}", "container": "server"}
        if there:
            keys = {"cluster": region.cluster, "namespace": platform.namespace, **pod}
            made[name(CONTAINERS_READY, keys)] = only(there, [1.0] * (MINUTES + 1))
    return made


def _of_nodes(platform: MonitoredPlatform, region: Region) -> Series:
    made: Series = {}
    for number in range(MOST_SERVERS[region.cluster] * GPUS):
        there = [minute for minute in range(MINUTES + 1) if region.ready[minute] > number // GPUS]
        busy = [100 * min(0.98, 0.15 + 0.85 * region.fill(minute)) for minute in range(MINUTES + 1)]
        node = {"cluster_name": region.cluster, "node_name": f"h100-{number // GPUS}", "make": "nvidia"}
        chip = {"monitored_resource": "k8s_node", "accelerator_id": str(number), "model": "nvidia-h100-80gb"}
        gpu = {"cluster": region.cluster, "gpu": str(number), "modelName": "NVIDIA H100 80GB HBM3"}
        if there:
            made[name(ACCELERATOR_BUSY, {**node, **chip})] = only(there, busy)
            made[name(GPU_BUSY, gpu)] = only(there, busy)
    return made


def _of_load_balancer(platform: MonitoredPlatform, both: Sequence[Region], failed: Sequence[float]) -> Series:
    [model] = platform.models.values()
    lb = platform.load_balancer
    gateway = {
        "monitored_resource": lb.resource,
        "url_map_name": f"gkemcg1-{platform.namespace}-{platform.gateway}-x1",
        "backend_target_name": f"gkemcg1-{platform.namespace}-{model.backend}-8000-x1",
    }
    made: Series = {
        name(lb.requests, {**gateway, "response_code_class": "500"}): counted(failed),
        name(lb.requests, {**gateway, "response_code_class": "400"}): counted(
            0.004 * demand(minute) for minute in range(MINUTES + 1)
        ),
    }
    for region in both:
        scope = {**gateway, "backend_scope": region.zone}
        made[name(lb.requests, {**scope, "response_code_class": "200"})] = counted(region.served)

        def within(minute: int, bound: float, region: Region = region) -> float:
            slow = 1900 + 2600 * region.fill(minute) ** 2 + 25 * region.waiting[minute]
            return _share_within(bound, slow + (350 if region.cluster == "llama-eu" else 0))

        bounds = [round(100 * 1.3**power, 1) for power in range(24)]
        for bound, rates in _buckets(region, bounds, within).items():
            le = "+Inf" if bound == math.inf else f"{bound:g}"
            made[name(f"{lb.latency}_bucket", {**scope, "le": le})] = counted(rates)
    errors = (
        ("destination_unavailable", "failed_to_pick_backend", 0.7),
        ("connection_terminated", "client_disconnected_before_any_response", 0.3),
    )
    for error, detail, share in errors:
        labels = {**gateway, "error": error, "error_detail": detail}
        made[name(log_series(platform.proxy_errors), labels)] = counted(share * rate for rate in failed)
    return made


def _of_pickers(platform: MonitoredPlatform, both: Sequence[Region], failed: Sequence[float]) -> Series:
    [model] = platform.models.values()
    made: Series = {}
    if model.picker:
        for region in both:
            labels = {"cluster": region.cluster, "namespace": platform.namespace}
            for asked, share in (("Llama-3.1-8B-Instruct", 0.7), ("food-review-1", 0.3)):
                rates = [share * rate for rate in region.served]
                made[name(model.picker.requests, {**labels, "model_name": asked})] = counted(rates)
        keys = {"cluster": both[1].cluster, "namespace": platform.namespace, "model_name": "Llama-3.1-8B-Instruct"}
        overload = {**keys, "error_code": "InferencePoolResourceExhausted"}
        made[name(model.picker.errors, overload)] = counted(0.4 * rate for rate in failed)
    return made


def _share_within(bound: float, scale: float) -> float:
    """Return the share of times that are no more than *bound* where half of them are about *scale*."""
    return 1 - math.exp(-((bound / scale) ** 1.6) * math.log(2))


def _buckets(
    region: Region, bounds: Sequence[float], within: Callable[[int, float], float]
) -> Mapping[float, list[float]]:
    """Return the requests a second that are no more than each bound, at each minute."""
    every = {bound: [within(minute, bound) * rate for minute, rate in enumerate(region.served)] for bound in bounds}
    return {**every, math.inf: list(region.served)}


def name(metric: str, labels: Mapping[str, str]) -> str:
    """Return `metric{label="value"}`."""
    return f"{metric}{{{','.join(f'{label}={json.dumps(value)}' for label, value in labels.items())}}}"


def counted(rates: Any) -> list[float | None]:
    """Return a counter, minute by minute, that grows by *rates* a second."""
    total = 0.0
    values: list[float | None] = []
    for rate in rates:
        total += 60 * rate
        values.append(round(total, 3))
    return values


def only(minutes: Sequence[int], values: Any) -> list[float | None]:
    """Return *values*, with none but at *minutes*."""
    there = set(minutes)
    return [round(value, 4) if minute in there else None for minute, value in enumerate(values)]
