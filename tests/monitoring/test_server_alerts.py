"""Alerts on endpoint pickers, servers and mounts, on made-up series."""

from __future__ import annotations

from typing import Any

import pytest

from tests.configs import EXAMPLE, SPEECH
from tests.monitoring.platforms import (
    alerts,
    changed_rule,
    container_ready,
    elsewhere,
    in_another_namespace,
    pod_phase,
    rule,
)
from tests.promql import rig
from tests.promql.rig import Case, Rule, Values, constant, counting, gap, series, then

PICKER, SIZE, MOUNTS = (rule(name) for name in ("gemma-picker-not-ready", "gemma-pool-below-size", "mount-errors"))
TWO = {
    "models__gemma__replicas": 2,
    "node_pools__tpu__autoscaling": {"min_nodes": 1, "max_nodes": 4},
}
TWO_SERVERS = changed_rule("gemma-pool-below-size", EXAMPLE, **TWO)
SERVICE = changed_rule("kokoro-pool-below-size", SPEECH)
IN_US, IN_EU = {"cluster": "gemma-us"}, {"cluster": "gemma-eu"}
BOTH = ("gemma-us", "gemma-eu")


def server(values: Values, cluster: str, pod: str = "aaaaa") -> dict[str, Values]:
    """Return whether a server is ready, with its pod's phase."""
    name = f"gemma-server-7d9f8-{pod}"
    return {**container_ready(values, cluster=cluster, pod=name), **pod_phase(constant(1), cluster=cluster, pod=name)}


def picker(values: Values, cluster: str, pod: str = "aaaaa") -> dict[str, Values]:
    """Return whether a picker is ready, with its pod's phase."""
    name = f"gemma-pool-epp-5c6d7-{pod}"
    ready = container_ready(values, cluster=cluster, pod=name, container="epp")
    return {**ready, **pod_phase(constant(1), cluster=cluster, pod=name)}


def seen(values: Values, cluster: str, name: str = "inference_pool_ready_pods") -> dict[str, Values]:
    """Return what the active picker of a cluster exports."""
    return {series(name, {"cluster": cluster, "namespace": "inference", "name": "gemma-pool"}): values}


def healthy(*clusters: str) -> dict[str, Values]:
    """Return a server and an active picker, both ready, beside a picker that stands by."""
    made: dict[str, Values] = {}
    for cluster in clusters:
        made |= server(constant(1), cluster) | picker(constant(1), cluster) | picker(constant(0), cluster, "bbbbb")
        made |= seen(constant(1), cluster)
    return made


def mounts(values: Values, pod: str = "aaaaa") -> dict[str, Values]:
    """Return failed mounts of a pod."""
    name = f"gemma-server-7d9f8-{pod}"
    labels = {"monitored_resource": "k8s_pod", "cluster_name": "gemma-us", "pod_name": name, "code": "PermissionDenied"}
    return {series("logging_googleapis_com:user_gemma_mount_errors", labels): values}


def every(sec: int) -> list[float | None]:
    """Return a counter that grows by one each time after so many seconds, for two hours."""
    return [at // sec for at in range(0, 7200, rig.INTERVAL_SEC)]


def kokoro(count: int, phases: int = 4) -> dict[str, Values]:
    """Return servers behind a Service in one cluster, of which so many are ready."""
    made: dict[str, Values] = {}
    for number in range(phases):
        name = f"kokoro-server-7d9f8-aaaa{number}"
        if number < count:
            made |= container_ready(constant(1), cluster="voice-us", pod=name, container="server")
        made |= pod_phase(constant(1), cluster="voice-us", pod=name, phase="Pending")
    return made


FIRES = [
    Case(
        title="the pickers of one cluster are not ready",
        rule=PICKER,
        series={**healthy(*BOTH), **picker(constant(0), "gemma-us")},
        fires=[IN_US],
    ),
    Case(
        title="the pickers of one cluster are gone",
        rule=PICKER,
        series={**healthy("gemma-us"), **server(constant(1), "gemma-eu")},
        fires=[IN_EU],
    ),
    Case(
        title="a ready picker exports nothing",
        rule=PICKER,
        series={**healthy("gemma-us"), **server(constant(1), "gemma-eu"), **picker(constant(1), "gemma-eu")},
        fires=[IN_EU],
    ),
    Case(
        title="the only picker stopped ten minutes ago",
        rule=PICKER,
        series={
            **server(constant(1), "gemma-us"),
            **picker(then(constant(1, 2400), gap(1800)), "gemma-us"),
            **seen(then(constant(1, 2400), gap(1800)), "gemma-us"),
        },
        fires=[IN_US],
    ),
    Case(
        title="no server of one cluster is ready",
        rule=SIZE,
        series={**healthy(*BOTH), **server(constant(0), "gemma-us")},
        fires=[IN_US],
    ),
    Case(
        title="the servers of one cluster are gone, and its pickers are left",
        rule=SIZE,
        series={**healthy("gemma-us"), **picker(constant(1), "gemma-eu")},
        fires=[IN_EU],
    ),
    Case(
        title="no server was ever placed on a node",
        rule=SIZE,
        series=pod_phase(constant(1), cluster="gemma-us", pod="gemma-server-7d9f8-aaaaa", phase="Pending"),
        fires=[IN_US],
    ),
    Case(
        title="one of two is ready",
        rule=TWO_SERVERS,
        series={**server(constant(1), "gemma-us"), **server(constant(0), "gemma-us", "bbbbb")},
        fires=[IN_US],
    ),
    Case(
        title="three of four behind a Service are ready",
        rule=SERVICE,
        series=kokoro(3),
        fires=[{"cluster": "voice-us"}],
    ),
    Case(title="none behind a Service has a node", rule=SERVICE, series=kokoro(0), fires=[{"cluster": "voice-us"}]),
    Case(
        title="a pod tries every two minutes",
        rule=MOUNTS,
        series=mounts(every(120)),
        fires=[{"cluster_name": "gemma-us", "code": "PermissionDenied"}],
    ),
    Case(
        title="two pods try every two and a half minutes",
        rule=MOUNTS,
        series={**mounts(every(150)), **mounts(every(150), "bbbbb")},
        fires=[{"cluster_name": "gemma-us", "code": "PermissionDenied"}],
    ),
]
SILENT = [
    Case(title="one picker is ready, the other stands by", rule=PICKER, series=healthy(*BOTH)),
    Case(title="nothing was ever deployed", rule=PICKER, series={}),
    Case(
        title="a cluster has pickers before it has servers",
        rule=PICKER,
        series={**server(constant(0), "gemma-us"), **picker(constant(0), "gemma-us")},
    ),
    Case(
        title="the successor's picker",
        rule=PICKER,
        series={
            **server(constant(1), "gemma-us"),
            **picker(constant(1), "gemma-us"),
            **seen(constant(1), "gemma-us", "llm_d_epp_ready_endpoints"),
        },
    ),
    Case(
        title="a picker with the names of both",
        rule=PICKER,
        series={**healthy("gemma-us"), **seen(constant(1), "gemma-us", "llm_d_epp_ready_endpoints")},
    ),
    Case(
        title="the other picker takes over",
        rule=PICKER,
        series={
            **server(constant(1), "gemma-us"),
            **picker(then(constant(1, 3400), constant(0, 900)), "gemma-us"),
            **picker(then(constant(0, 3460), constant(1, 900)), "gemma-us", "bbbbb"),
            **seen(constant(1), "gemma-us"),
        },
    ),
    Case(
        title="a region was added a minute ago",
        rule=PICKER,
        series={**healthy("gemma-us"), **server(then(gap(3540), constant(1, 900)), "gemma-eu")},
    ),
    Case(
        title="a cluster is gone with all it had",
        rule=PICKER,
        series={key: then(constant(1, 1800), gap(1800)) for key in healthy("gemma-us")},
    ),
    Case(title="as many are ready as there should be", rule=SIZE, series=healthy(*BOTH)),
    Case(title="more are ready", rule=SIZE, series={**healthy(*BOTH), **server(constant(1), "gemma-us", "bbbbb")}),
    Case(title="nothing was ever deployed", rule=SIZE, series={}),
    Case(
        title="a server starts anew for 45 minutes",
        rule=SIZE,
        series=server(then(constant(1, 900), constant(0, 2700), constant(1, 900)), "gemma-us"),
    ),
    Case(
        title="a region was added a minute ago",
        rule=SIZE,
        series={
            **healthy("gemma-us"),
            **pod_phase(then(gap(3540), constant(1, 900)), cluster="gemma-eu", pod="gemma-server-7d9f8-aaaaa"),
        },
    ),
    Case(
        title="pods that are replaced count once",
        rule=TWO_SERVERS,
        series={
            **server(then(constant(1, 3000), gap(900)), "gemma-us"),
            **server(constant(1), "gemma-us", "bbbbb"),
            **server(then(gap(3000), constant(1, 900)), "gemma-us", "ccccc"),
        },
    ),
    Case(
        title="another model lacks servers",
        rule=SIZE,
        series={
            **healthy("gemma-us"),
            **container_ready(constant(0), cluster="gemma-us", pod="gemma-next-server-7d9f8-aaaaa"),
            **pod_phase(constant(1), cluster="gemma-eu", pod="gemma-download-aaaaa"),
        },
    ),
    Case(title="four of four behind a Service are ready", rule=SERVICE, series=kokoro(4)),
    Case(title="no mount failed", rule=MOUNTS, series={}),
    *(
        Case(
            title=f"a mount failed {count} times in its first minutes, {sec // 60} minutes ago",
            rule=MOUNTS,
            series=mounts(then(constant(0, 3600 - sec), counting(1 / 60, 60 * count), constant(count, 7200))),
        )
        for count in (1, 3, 6)
        for sec in (360, 660, 900, 1020)
    ),
    Case(
        title="five servers start, each of which fails three times",
        rule=MOUNTS,
        series={
            key: values
            for number in range(5)
            for key, values in mounts(
                then(constant(0, 2100 + 300 * number), counting(1 / 60, 180), constant(3, 7200)), f"aaaa{number}"
            ).items()
        },
    ),
    Case(title="a mount fails every ten minutes", rule=MOUNTS, series=mounts(every(600))),
    Case(title="mounts failed an hour ago", rule=MOUNTS, series=mounts(then(counting(1, 600), constant(600, 6000)))),
    Case(title="mounts failed and the count ended", rule=MOUNTS, series=mounts(then(counting(1, 1800), gap(1800)))),
    Case(title="the count starts again", rule=MOUNTS, series=mounts(then(constant(9, 3500), constant(0, 900)))),
]


def in_voice(case: Case) -> bool:
    """Return whether *case* is of the platform called voice."""
    return case.rule is SERVICE


KUBERNETES = [case for case in FIRES if case.rule is not MOUNTS]
CASES = [
    *FIRES,
    *SILENT,
    *(elsewhere(case) for case in FIRES if not in_voice(case)),
    *(in_another_namespace(case) for case in KUBERNETES),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_alert_fires_when_it_should(case: Case, failures: dict[str, str]) -> None:
    """And is silent where all is well, where nothing is, and where another platform has the trouble."""
    assert failures.get(str(case), "") == ""


def test_regions_may_differ_in_their_fewest() -> None:
    """Each is compared with its own number: servers follow the nodes of their region."""
    more = {"tpu": {"machine_type": "ct6e-standard-4t", "topology": "2x2", "nodes_per_zone": 3}}
    query = alerts(regions__eu__node_pools=more)["gemma-pool-below-size"].query
    cases = [
        Case(
            title=f"{ready} in eu",
            rule=Rule(name="size", query=query.expression),
            series={
                **server(constant(1), "gemma-us"),
                **{key: value for pod in "abc"[:ready] for key, value in server(constant(1), "gemma-eu", pod).items()},
            },
            fires=[IN_EU] if ready < 3 else [],
        )
        for ready in (1, 2, 3)
    ]

    rig.check(*cases)
    assert "3 in eu" in query.meaning
    assert "1 in us" in query.meaning


def test_a_service_has_no_picker() -> None:
    """Kubernetes alone shows its servers."""
    made = alerts(SPEECH)

    assert "kokoro-picker-not-ready" not in made
    assert "kokoro-pool-below-size" in made
    assert "epp" not in made["kokoro-pool-below-size"].query.expression


def test_weights_in_the_image_are_not_mounted() -> None:
    """Nothing is there that could fail to mount."""
    assert "mount-errors" not in alerts(SPEECH, models__llama=None)


@pytest.mark.parametrize(
    ("changes", "seconds"),
    [
        ({}, 3000),
        ({"models__gemma__server__startup_timeout_sec": 5400}, 5400 + 130 + 900),
        ({"observability__alerts": {"pool-below-size": {"for_sec": 600}}}, 600),
    ],
    ids=str,
)
def test_a_start_within_its_time_is_no_lack_of_servers(changes: dict[str, Any], seconds: int) -> None:
    """As long as Kubernetes itself waits for a Deployment, unless the config says otherwise."""
    assert alerts(**changes)["gemma-pool-below-size"].for_sec == seconds
