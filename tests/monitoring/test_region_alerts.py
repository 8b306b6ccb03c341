"""Alerts on how regions share requests, on made-up series."""

from __future__ import annotations

import pytest

from tests.configs import ELASTIC, SPEECH, TWO_LLMS
from tests.monitoring.platforms import (
    EU,
    US,
    alerts,
    changed_rule,
    container_ready,
    elsewhere,
    fill,
    gateway,
    rule,
)
from tests.promql import rig
from tests.promql.rig import Case, Values, constant, counting, gap, then

TRAFFIC, ROOM, IMPORT, SHARE = (
    rule(name)
    for name in (
        "gemma-region-without-traffic",
        "gemma-no-spill-room",
        "gemma-import-lacks-cluster",
        "cross-region-share",
    )
)
READY = {**container_ready(constant(1), cluster="gemma-us"), **container_ready(constant(1), cluster="gemma-eu")}
IN_US, IN_EU = {"backend_region": US}, {"backend_region": EU}
PREFERRED = changed_rule("gemma-region-without-traffic", regions__us__preferred=True)
DRAINED = changed_rule("cross-region-share", regions__eu__capacity_percent=0)
THIRD = {"number": 3, "region": "us-east4", "zones": ["us-east4-a"]}
THREE_READY = {**READY, **container_ready(constant(1), cluster="gemma-more", location="us-east4")}
IMPORT_OF_THREE = changed_rule("gemma-import-lacks-cluster", regions__more=THIRD)
TWO_PREFERRED = changed_rule(
    "gemma-region-without-traffic", regions__us__preferred=True, regions__eu__preferred=True, regions__more=THIRD
)
LACKED = {"cluster": "gemma-eu"}
HALF = {"regions__eu__capacity_percent": 50}
ROOM_OF_HALF, SHARE_OF_HALF = changed_rule("gemma-no-spill-room", **HALF), changed_rule("cross-region-share", **HALF)
IMPORT_OF_HALF = changed_rule("gemma-import-lacks-cluster", **HALF)
AI_ZONE = "us-central1-ai1a"
CENTRAL = {"regions__us__region": "us-central1", "regions__us__zones": [AI_ZONE]}
TRAFFIC_OF_AI_ZONE = changed_rule("gemma-region-without-traffic", **CENTRAL)
SHARE_OF_AI_ZONE = changed_rule("cross-region-share", **CENTRAL)


def fills(us: Values, eu: Values) -> dict[str, Values]:
    """Return how full the servers are in each cluster, two in each: the average counts."""
    halves = {pod: {**fill(us, cluster="gemma-us", pod=pod), **fill(eu, cluster="gemma-eu", pod=pod)} for pod in "ab"}
    return {**halves["a"], **halves["b"]}


def both_proxies(us: Values, eu: Values, served: str = US) -> dict[str, Values]:
    """Return requests that arrive in each region, all of which one region answers."""
    return {**gateway(us, served=served, proxy=US), **gateway(eu, served=served, proxy=EU)}


def nowhere(values: Values, served: str) -> dict[str, Values]:
    """Return requests whose proxies stand in no region of the platform."""
    return gateway(values, served=served, proxy="global")


FIRES = [
    Case(
        title="requests arrive in a region, and the other answers them",
        rule=TRAFFIC,
        series={**READY, **both_proxies(counting(1), counting(1))},
        fires=[IN_EU],
    ),
    Case(
        title="one region answers, the other does not, and the metric has no region of the platform",
        rule=TRAFFIC,
        series={**READY, **nowhere(counting(1), served=US)},
        fires=[IN_EU],
    ),
    Case(
        title="a region stopped 16 minutes ago, with all of its servers and its cluster",
        rule=TRAFFIC,
        series={
            **container_ready(then(constant(1, 2600), gap(1800)), cluster="gemma-us"),
            **container_ready(constant(1), cluster="gemma-eu"),
            **gateway(then(counting(1, 2600), gap(1800)), served=US),
            **gateway(then(gap(2600), counting(1, 1800)), served=EU, proxy=US),
            **gateway(counting(1), served=EU),
        },
        fires=[IN_US],
    ),
    Case(
        title="a region answers with errors only",
        rule=TRAFFIC,
        series={**READY, **gateway(counting(1), served=US, code="500"), **gateway(counting(1), served=EU)},
        fires=[IN_US],
    ),
    Case(
        title="just enough arrive for it",
        rule=TRAFFIC,
        series={**READY, **both_proxies(counting(1), counting(0.17))},
        fires=[IN_EU],
    ),
    Case(
        title="the others answered just enough for it, and the metric has no region of the platform",
        rule=TRAFFIC,
        series={**READY, **nowhere(counting(0.17), served=US)},
        fires=[IN_EU],
    ),
    Case(
        title="the zone of a cluster is its location",
        rule=TRAFFIC,
        series={
            **{key.replace(EU, f"{EU}-a"): values for key, values in READY.items()},
            **both_proxies(counting(1), counting(1)),
        },
        fires=[IN_EU],
    ),
    Case(
        title="the preferred region is silent",
        rule=PREFERRED,
        series={**READY, **gateway(counting(1), served=EU)},
        fires=[IN_US],
    ),
    Case(
        title="one of two preferred regions is silent while its clients ask",
        rule=TWO_PREFERRED,
        series={**THREE_READY, **both_proxies(counting(1), counting(1))},
        fires=[IN_EU],
    ),
    Case(
        title="a region stopped ten hours ago with its cluster, and its clients still ask",
        rule=TRAFFIC,
        series={
            **container_ready(then(constant(1, 36000), gap(36000)), cluster="gemma-us"),
            **container_ready(constant(1, 72000), cluster="gemma-eu"),
            **both_proxies(counting(1, 72000), counting(1, 72000), served=EU),
        },
        at_sec=72000,
        fires=[IN_US],
    ),
    Case(title="both regions are over the line", rule=ROOM, series=fills(constant(0.61), constant(0.7)), fires=[{}]),
    Case(
        title="one region is over the line, the other over half of it and used by half",
        rule=ROOM_OF_HALF,
        series=fills(constant(0.61), constant(0.31)),
        fires=[{}],
    ),
    Case(
        title="the one that is used by half is over half of the line, the other is idle",
        rule=IMPORT_OF_HALF,
        series={**READY, **fills(constant(0), constant(0.31)), **gateway(counting(1), served=EU)},
        fires=[{"cluster": "gemma-us"}],
    ),
    Case(
        title="one region is gone, the other is over the line",
        rule=ROOM,
        series=fills(then(constant(0.2, 2000), gap(1800)), constant(0.7)),
        fires=[{}],
    ),
    Case(
        title="one is over the line, the other is idle",
        rule=IMPORT,
        series={**READY, **fills(constant(0.61), constant(0.002)), **gateway(counting(1), served=US)},
        fires=[LACKED],
    ),
    Case(
        title="two are over the line, the third is idle",
        rule=IMPORT_OF_THREE,
        series={
            **THREE_READY,
            **fills(constant(0.7), constant(0.002)),
            **fill(constant(0.65), cluster="gemma-more"),
            **gateway(counting(1), served=US),
            **gateway(counting(1), served="us-east4-a"),
        },
        fires=[LACKED],
    ),
    Case(
        title="one is over the line, one is gone, the third is idle",
        rule=IMPORT_OF_THREE,
        series={**READY, **fills(constant(0.7), constant(0)), **gateway(counting(1), served=US)},
        fires=[LACKED],
    ),
    Case(
        title="just over 30 of 100 requests of one region go away",
        rule=SHARE,
        series={
            **gateway(counting(0.695), served=US),
            **gateway(counting(0.305), served=EU, proxy=US),
            **gateway(counting(1), served=EU),
        },
        fires=[{"region": US}],
    ),
    Case(
        title="all requests of one region go away",
        rule=SHARE,
        series={**gateway(counting(1), served=EU, proxy=US), **gateway(counting(1), served=EU)},
        fires=[{"region": US}],
    ),
    Case(
        title="they go to two regions",
        rule=changed_rule("cross-region-share", regions__more=THIRD),
        series={
            **gateway(counting(0.6), served=US),
            **gateway(counting(0.2), served=EU, proxy=US),
            **gateway(counting(0.2), served="us-east4-a", proxy=US),
        },
        fires=[{"region": US}],
    ),
    Case(
        title="it starts again while requests go away",
        rule=SHARE,
        series={
            **gateway(then(counting(1, 3300), counting(1, 900)), served=US),
            **gateway(then(counting(1, 3300), counting(1, 900)), served=EU, proxy=US),
        },
        fires=[{"region": US}],
    ),
]
SILENT = [
    Case(
        title="both answer",
        rule=TRAFFIC,
        series={**READY, **gateway(counting(1), served=US), **gateway(counting(0.1), served=EU)},
    ),
    Case(title="nobody asks", rule=TRAFFIC, series=READY),
    Case(title="nobody asks any more", rule=TRAFFIC, series={**READY, **gateway(constant(500), served=US)}),
    Case(
        title="the load balancer's samples end",
        rule=TRAFFIC,
        series={**READY, **both_proxies(counting(1, 1800), counting(1, 1800))},
    ),
    Case(
        title="just too few arrive for it",
        rule=TRAFFIC,
        series={**READY, **both_proxies(counting(1), counting(0.165))},
    ),
    Case(
        title="the others answered just too few for it, and the metric has no region of the platform",
        rule=TRAFFIC,
        series={**READY, **nowhere(counting(0.165), served=US)},
    ),
    Case(
        title="the clients of a region sleep",
        rule=TRAFFIC,
        series={**READY, **gateway(counting(1), served=US)},
    ),
    Case(
        title="the clients of a region send wrong requests and leave",
        rule=TRAFFIC,
        series={
            **READY,
            **gateway(counting(1), served=US),
            **gateway(counting(1), served=EU, code="400"),
            **gateway(counting(1), served=EU, code="0"),
        },
    ),
    Case(
        title="the clients of a preferred region sleep",
        rule=TWO_PREFERRED,
        series={**THREE_READY, **gateway(counting(1), served=US), **gateway(counting(1), served=US, proxy="us-east4")},
    ),
    Case(
        title="a region is being added and has no ready server",
        rule=TRAFFIC,
        series={
            **container_ready(constant(1), cluster="gemma-us"),
            **container_ready(constant(0), cluster="gemma-eu"),
            **both_proxies(counting(1), counting(1)),
        },
    ),
    Case(
        title="a region was added a minute ago",
        rule=TRAFFIC,
        series={
            **container_ready(constant(1), cluster="gemma-us"),
            **container_ready(then(gap(3540), constant(1, 900)), cluster="gemma-eu"),
            **both_proxies(counting(1), counting(1)),
        },
    ),
    Case(
        title="a region stopped 9 minutes ago",
        rule=TRAFFIC,
        series={
            **READY,
            **gateway(then(counting(1, 3060), gap(900)), served=US),
            **gateway(then(gap(3060), counting(1, 900)), served=EU, proxy=US),
            **gateway(counting(1), served=EU),
        },
    ),
    Case(
        title="counters start again",
        rule=TRAFFIC,
        series={
            **READY,
            **gateway(then(counting(1, 3580), counting(1, 900)), served=US),
            **gateway(then(counting(1, 3580), counting(1, 900)), served=EU),
        },
    ),
    Case(
        title="another model's requests",
        rule=TRAFFIC,
        series={
            **READY,
            **{
                key.replace("gemma-pool", "qwen-pool"): values
                for key, values in both_proxies(counting(1), counting(1)).items()
            },
        },
    ),
    Case(title="the region that waits is idle", rule=PREFERRED, series={**READY, **gateway(counting(1), served=US)}),
    Case(title="one region has room", rule=ROOM, series=fills(constant(0.9), constant(0.59))),
    Case(
        title="the one that is used by half is below half of the line",
        rule=ROOM_OF_HALF,
        series=fills(constant(0.9), constant(0.29)),
    ),
    Case(title="both are at the line", rule=ROOM, series=fills(constant(0.6), constant(0.6))),
    Case(
        title="both are over the line for nine minutes",
        rule=ROOM,
        series=fills(then(constant(0.1, 3060), constant(0.9, 900)), constant(0.9)),
    ),
    Case(title="no gauge", rule=ROOM, series={}),
    Case(title="no number", rule=ROOM, series=fills(" ".join(["NaN"] * 200), " ".join(["NaN"] * 200))),
    Case(
        title="the average of a region's servers is below the line",
        rule=ROOM,
        series={
            **fill(constant(0.9), cluster="gemma-us", pod="a"),
            **fill(constant(0.1), cluster="gemma-us", pod="b"),
            **fill(constant(0.9), cluster="gemma-eu"),
        },
    ),
    Case(
        title="another model is full",
        rule=ROOM,
        series={
            key.replace("gemma-server", "qwen-server"): values
            for key, values in fills(constant(0.9), constant(0.9)).items()
        },
    ),
    Case(
        title="one is over the line, the other gets a trickle",
        rule=IMPORT,
        series={
            **READY,
            **fills(constant(0.9), constant(0.005)),
            **gateway(counting(1), served=US),
            **gateway(counting(1 / 300), served=EU),
        },
    ),
    Case(
        title="one is over the line, the other answers with errors",
        rule=IMPORT,
        series={
            **READY,
            **fills(constant(0.9), constant(0)),
            **gateway(counting(1), served=US),
            **gateway(counting(1), served=EU, code="500"),
        },
    ),
    Case(
        title="one is over the line, the next one takes all that spills over, the third is idle",
        rule=IMPORT_OF_THREE,
        series={
            **THREE_READY,
            **fills(constant(0.65), constant(0.3)),
            **fill(constant(0.002), cluster="gemma-more"),
            **gateway(counting(1), served=US),
            **gateway(counting(0.1), served=EU, proxy=US),
        },
    ),
    Case(
        title="one is at the line, the other is idle",
        rule=IMPORT,
        series={**READY, **fills(constant(0.6), constant(0)), **gateway(counting(1), served=US)},
    ),
    Case(
        title="both are idle",
        rule=IMPORT,
        series={**READY, **fills(constant(0), constant(0)), **gateway(counting(1), served=US)},
    ),
    Case(
        title="the servers of the idle one are not ready",
        rule=IMPORT,
        series={
            **READY,
            **container_ready(constant(0), cluster="gemma-eu"),
            **fills(constant(0.9), constant(0)),
            **gateway(counting(1), served=US),
        },
    ),
    Case(
        title="a region was added a minute ago",
        rule=IMPORT,
        series={
            **container_ready(constant(1), cluster="gemma-us"),
            **container_ready(then(gap(3540), constant(1, 900)), cluster="gemma-eu"),
            **fills(constant(0.9), then(gap(3540), constant(0, 900))),
            **gateway(counting(1), served=US),
        },
    ),
    Case(
        title="a region has no servers yet",
        rule=IMPORT,
        series={**READY, **fills(constant(0.9), ""), **gateway(counting(1), served=US)},
    ),
    Case(
        title="one is filled past the gateway",
        rule=IMPORT,
        series={**READY, **fills(constant(0.9), constant(0))},
    ),
    Case(
        title="no number",
        rule=IMPORT,
        series={**READY, **fills(constant(0.9), " ".join(["NaN"] * 200)), **gateway(counting(1), served=US)},
    ),
    Case(
        title="less than 30 of 100 requests go away",
        rule=SHARE,
        series={**gateway(counting(0.705), served=US), **gateway(counting(0.295), served=EU, proxy=US)},
    ),
    Case(
        title="every request stays",
        rule=SHARE,
        series={**gateway(counting(1), served=US), **gateway(counting(1), served=EU)},
    ),
    Case(
        title="half of the few requests at night go away",
        rule=SHARE,
        series={**gateway(counting(0.01), served=US), **gateway(counting(0.01), served=EU, proxy=US)},
    ),
    Case(title="nobody asks", rule=SHARE, series={}),
    Case(title="nobody asks any more", rule=SHARE, series=gateway(constant(9), served=EU, proxy=US)),
    Case(
        title="requests go away for ten minutes",
        rule=SHARE,
        series={**gateway(counting(1), served=US), **gateway(then(gap(3000), counting(3, 900)), served=EU, proxy=US)},
    ),
    Case(
        title="requests that no server got",
        rule=SHARE,
        series={**gateway(counting(0.5), served=US), **gateway(counting(0.5), served="", proxy=US, code="500")},
    ),
    Case(
        title="the region of a proxy is no region of the platform",
        rule=SHARE,
        series={**nowhere(counting(1), served=US), **nowhere(counting(1), served=EU)},
    ),
    Case(
        title="a region that is used by half sends half away",
        rule=SHARE_OF_HALF,
        series={
            **gateway(counting(1), served=US),
            **gateway(counting(1), served=EU),
            **gateway(counting(1), served=US, proxy=EU),
        },
    ),
    Case(
        title="each request is answered in its region, whose zone has a number of its own",
        rule=SHARE_OF_AI_ZONE,
        series={**gateway(counting(1), served=AI_ZONE, proxy="us-central1"), **gateway(counting(1), served=EU)},
    ),
    Case(
        title="each request is answered in its region, whose zone has a number of its own",
        rule=TRAFFIC_OF_AI_ZONE,
        series={
            **container_ready(constant(1), cluster="gemma-us", location="us-central1"),
            **container_ready(constant(1), cluster="gemma-eu"),
            **gateway(counting(1), served=AI_ZONE, proxy="us-central1"),
            **gateway(counting(1), served=EU),
        },
    ),
    Case(
        title="a drained region sends all away",
        rule=DRAINED,
        series={**gateway(counting(1), served=US, proxy=EU), **gateway(counting(1), served=US)},
    ),
]
CASES = [*FIRES, *SILENT, *map(elsewhere, FIRES)]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_alert_fires_when_it_should(case: Case, failures: dict[str, str]) -> None:
    """And is silent where all is well, where nothing is, and where another platform has the trouble."""
    assert failures.get(str(case), "") == ""


def test_a_drained_region_is_expected_to_answer_nothing() -> None:
    """So that with two regions there is nobody to compare with; of three, two are left."""
    third = {"regions__more": THIRD}

    assert "gemma-region-without-traffic" not in alerts(regions__eu__capacity_percent=0)
    three = alerts(regions__eu__capacity_percent=0, **third)["gemma-region-without-traffic"]
    assert "gemma-more" in three.query.expression
    assert "gemma-eu" not in three.query.expression


def test_a_model_of_one_region_shares_nothing() -> None:
    """No alert compares its regions."""
    made = alerts(TWO_LLMS, models__qwen__regions=["us"])

    assert [
        name
        for name in made
        if name.startswith("qwen") and name not in ("qwen-picker-not-ready", "qwen-pool-below-size")
    ] == []
    assert "gemma-no-spill-room" in made


def test_balancing_by_number_has_no_line_of_fill() -> None:
    """The gauge of a model that spills over by its number of requests says nothing about room."""
    made = alerts(gateway__max_in_flight_requests=8)

    assert "gemma-region-without-traffic" in made
    assert {"gemma-no-spill-room", "gemma-import-lacks-cluster"} & made.keys() == set()
    assert not [name for name in alerts(SPEECH) if name.startswith("kokoro-") and "spill" in name]


def test_preferred_regions_take_requests_from_everywhere() -> None:
    """So their share is no fault."""
    assert "cross-region-share" not in alerts(ELASTIC)


def test_the_line_is_the_models_own() -> None:
    """The fill at which its requests spill over."""
    made = alerts(models__gemma__traffic={"max_utilization_percent": 75})["gemma-no-spill-room"].query

    assert made.expression.endswith("> 0.75")
    assert "75 %" in made.meaning


def test_a_region_that_is_used_in_part_is_full_earlier() -> None:
    """The load balancer takes that part of the target: half of 60 % is 30 %."""
    half = changed_rule("gemma-no-spill-room", regions__eu__capacity_percent=50)
    full = {**fill(constant(0.65), cluster="gemma-us"), **fill(constant(0.35), cluster="gemma-eu")}
    room = {**fill(constant(0.65), cluster="gemma-us"), **fill(constant(0.25), cluster="gemma-eu")}

    rig.check(
        Case(title="both are full", rule=half, series=full, fires=[{}]),
        Case(title="there is room in half a region", rule=half, series=room),
        Case(title="there is room in a whole region", rule=changed_rule("gemma-no-spill-room"), series=full),
    )
