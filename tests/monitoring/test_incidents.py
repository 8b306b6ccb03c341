"""One platform in good and bad hours: which of all its alerts fire, and which do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from tests.monitoring.platforms import CLUSTERS, EU, US, container_ready, example_alerts, fill, gateway, pod_phase
from tests.promql import rig
from tests.promql.rig import INF, Case, Rule, Values, constant, counting, gap, series, then

HOUR = 3600
END = gap(HOUR)
"""What a series has in the bad hour when that of which it is has gone."""
GAUGES = {"queue": "inference_pool_average_queue_size", "kv_cache": "inference_pool_average_kv_cache_utilization"}
US_CLUSTER, EU_CLUSTER = {"cluster": "gemma-us"}, {"cluster": "gemma-eu"}
US_POOL, EU_POOL = {**US_CLUSTER, "name": "gemma-pool"}, {**EU_CLUSTER, "name": "gemma-pool"}

Fired = Mapping[str, Sequence[Mapping[str, str]]]


def region(region: str, bad: Mapping[str, str] | None = None) -> dict[str, Values]:
    """
    Return what one region sends in a good hour, and in the bad one after it.

    Args:
        region: The region.
        bad: What is different then: `server`, `picker`, `seen` (by metrics), `fill`, `queue`, `kv_cache`; as values.
    """
    bad = bad or {}

    def both(part: str, good: str) -> str:
        return then(good, bad.get(part, good))

    cluster = CLUSTERS[region]
    place = {"cluster": cluster, "namespace": "inference"}
    server, picker = "gemma-server-7d9f8-abcde", "gemma-pool-epp-5c6d7-abcde"
    ready = constant(1, HOUR)
    return {
        **container_ready(both("server", ready), cluster=cluster, pod=server),
        **container_ready(both("picker", ready), cluster=cluster, pod=picker, container="epp"),
        **pod_phase(both("pods", ready), cluster=cluster, pod=server),
        **pod_phase(both("pods", ready), cluster=cluster, pod=picker),
        **fill(both("fill", constant(0.4, HOUR)), cluster=cluster),
        series("inference_pool_ready_pods", {**place, "name": "gemma-pool"}): both("seen", ready),
        series(GAUGES["queue"], {**place, "name": "gemma-pool"}): both("queue", constant(2, HOUR)),
        series(GAUGES["kv_cache"], {**place, "name": "gemma-pool"}): both("kv_cache", constant(0.4, HOUR)),
        **_answers(place),
    }


def _answers(place: Mapping[str, str]) -> dict[str, Values]:
    """Return requests that the picker of a cluster handles, of which few fail and few are slow."""
    labels = {**place, "model_name": "gemma-3-27b-it", "target_model_name": "gemma-3-27b-it"}
    error = {**labels, "error_code": "ServiceUnavailable"}
    name = "inference_objective_request"
    return {
        series(f"{name}_total", labels): counting(2),
        series(f"{name}_error_total", error): counting(0.01),
        **rig.histogram(f"{name}_duration_seconds", labels, {5: 1.99, 10: 2, INF: 2}),
    }


def requests(served: str, proxy: str, good: float, bad: float, code: str = "200") -> dict[str, Values]:
    """Return requests of a region's proxies that another or the same one answers, so many a second in each hour."""
    values = then(counting(good, HOUR), counting(bad, HOUR, start=good * HOUR))
    return gateway(values, served=served, proxy=proxy, code=code)


TRAFFIC = {
    **requests(US, US, 1.9, 1.9),
    **requests(EU, EU, 1.9, 1.9),
    **requests(EU, US, 0.1, 0.1),
    **requests(US, US, 0.01, 0.01, code="500"),
}
WITHOUT_US = {**TRAFFIC, **requests(US, US, 1.9, 0), **requests(EU, US, 0.1, 2)}
LOST = dict.fromkeys(("server", "picker", "pods", "seen", "fill", "queue", "kv_cache"), END)
FULL = {"fill": constant(0.95, HOUR), "kv_cache": constant(0.95, HOUR), "queue": constant(60, HOUR)}

INCIDENTS: dict[str, tuple[dict[str, Values], Fired]] = {
    "all is well": ({**region(US), **region(EU), **TRAFFIC}, {}),
    "a region is lost with its cluster": (
        {**region(US, LOST), **region(EU), **WITHOUT_US},
        {"gemma-region-without-traffic": [{"backend_region": US}], "cross-region-share": [{"region": US}]},
    ),
    "no server starts in a region": (
        {**region(US, {"server": constant(0, HOUR), "fill": END}), **region(EU), **WITHOUT_US},
        {
            "gemma-pool-below-size": [US_CLUSTER],
            "gemma-region-without-traffic": [{"backend_region": US}],
            "cross-region-share": [{"region": US}],
        },
    ),
    "the picker of a region is down, and its requests fail": (
        {
            **region(US, {"picker": END, "seen": END, "queue": END, "kv_cache": END, "fill": constant(0, HOUR)}),
            **region(EU),
            **TRAFFIC,
            **requests(US, US, 1.9, 0),
            **requests("", US, 0, 1.9, code="500"),
        },
        {
            "gemma-picker-not-ready": [US_CLUSTER],
            "gemma-region-without-traffic": [{"backend_region": US}],
            "gateway-errors": [{"backend_target_name": "gkemcg1-inference-gemma-pool-8000-abcdefghijkl"}],
        },
    ),
    "there is more load than all servers take": (
        {**region(US, FULL), **region(EU, FULL), **TRAFFIC},
        {"kv-cache": [US_POOL, EU_POOL], "queue-size": [US_POOL, EU_POOL], "gemma-no-spill-room": [{}]},
    ),
    "a region is full, and the gateway does not know the other": (
        {
            **region(US, FULL),
            **region(EU, {"fill": constant(0, HOUR), "kv_cache": constant(0, HOUR), "queue": constant(0, HOUR)}),
            **requests(US, US, 1.9, 1.9),
            **requests(EU, EU, 1.9, 0),
            **requests(US, EU, 0, 1.9),
        },
        {
            "kv-cache": [US_POOL],
            "queue-size": [US_POOL],
            "gemma-import-lacks-cluster": [EU_CLUSTER],
            "gemma-region-without-traffic": [{"backend_region": EU}],
            "cross-region-share": [{"region": EU}],
        },
    ),
}
CASES = {
    (incident, name): Case(
        title=incident, rule=Rule.of(alert), series=sent, at_sec=2 * HOUR - 60, fires=fired.get(name, ())
    )
    for incident, (sent, fired) in INCIDENTS.items()
    for name, alert in example_alerts().items()
}


@pytest.fixture(scope="module")
def failures() -> dict[str, str]:
    """All incidents in one run of promtool."""
    return rig.failures(CASES.values())


@pytest.mark.parametrize("incident", INCIDENTS)
def test_an_incident_has_its_alerts(incident: str, failures: dict[str, str]) -> None:
    """Near its end, an hour after it began: these alerts fire, and no other one."""
    named = [str(case) for (of, _), case in CASES.items() if of == incident]

    assert INCIDENTS[incident][1].keys() <= example_alerts().keys()
    assert [failures[name] for name in named if name in failures] == []
