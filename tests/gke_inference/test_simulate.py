"""A failover that is computed: each part by itself, the seed's figures, and what the command prints."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner

from gke_inference.cli import cli
from gke_inference.simulate.failover import CHECKS, run_failover
from gke_inference.simulate.figures import way_figures
from gke_inference.simulate.parts import HealthCheck, Prober, ResolverCache, Target
from gke_inference.simulate.settings import SEED, FailoverSettings, gateway_settings, ways_to_fail_over
from platform_config.load import load
from tests.configs import EXAMPLE, MULTI_CLOUD, TWO_LLMS, config

PRIVATE = TWO_LLMS.with_name("dns-private.yaml")
RUNS = 500


def check(interval_sec: float = 10, probers: int = 1, unhealthy: int = 2) -> HealthCheck:
    """Return a health check whose probers begin at 0."""
    made = [Prober(interval_sec, unhealthy, 2, 0.0) for _ in range(probers)]
    return HealthCheck(made, timeout_sec=1, spread_sec=3)


def test_a_prober_changes_its_mind_after_answers_in_a_row() -> None:
    """One good answer between two bad ones begins the count anew."""
    prober = Prober(10, 2, 2, 0.0)
    said = []
    for good in (False, True, False, False, True, True):
        prober.probe(good=good)
        said.append(prober.healthy)

    assert said == [True, True, True, False, False, True]
    assert prober.next_sec == 60


def test_a_dead_target_is_out_after_interval_times_threshold() -> None:
    """Probes at 0 and 10 fail, the last one ends with its timeout, and is done everywhere 3 s later."""
    probed, target = check(), Target("a", up_from_sec=None)
    probed.advance(target, 30)

    assert [probed.says_up(now) for now in (13.9, 14.0)] == [True, False]


def test_most_probers_decide() -> None:
    """One of three that cannot reach the target takes nothing out."""
    probed = check(probers=3)
    probed.probers[0].healthy = False
    probed.advance(Target("a"), 5)

    assert probed.says_up(100)


def test_a_target_that_starts_is_up_when_it_is_ready() -> None:
    """Not before."""
    target = Target("a")
    target.stop()
    target.start(10, 5)

    assert [target.is_up(now) for now in (9, 14.9, 15)] == [False, False, True]


def test_a_resolver_keeps_an_answer_for_its_time_to_live() -> None:
    """Then it asks again; with none it asks each time."""
    cache, none = ResolverCache(30), ResolverCache(0)

    assert [cache.resolve(now, fresh) for now, fresh in ((0, "a"), (29, "b"), (30, "b"))] == ["a", "a", "b"]
    assert [none.resolve(now, fresh) for now, fresh in ((0, "a"), (1, "b"))] == ["a", "b"]


def test_probers_begin_at_times_of_their_own() -> None:
    """Within one interval, by the seed alone."""
    made = [
        HealthCheck.made(Random(1), probers=3, interval_sec=30, unhealthy=2, healthy=2, timeout_sec=5, spread_sec=5)
        for _ in range(2)
    ]

    assert [one.next_sec for one in made[0].probers] == [one.next_sec for one in made[1].probers]
    assert len({one.next_sec for one in made[0].probers}) == 3


def test_the_same_seed_gives_the_same_run() -> None:
    """And another one another."""
    assert run_failover(SEED, 7) == run_failover(SEED, 7)
    assert len({run_failover(SEED, seed).good for seed in range(20)}) > 5


def test_the_seeds_settings_give_the_seeds_figures() -> None:
    """Two downtimes of 64 to 80 s, about 30 % of 180 checks good, found after about 30 s; its own run among ours."""
    figures = way_figures(SEED, RUNS)
    second = figures.second_downtime_sec

    assert CHECKS == 180
    assert 64 <= figures.first_downtime_sec.median <= 80
    assert second is not None
    assert 64 <= second.median <= 80
    assert figures.first_downtime_sec.low < 63.7 < 79.7 < figures.first_downtime_sec.high
    assert 27 <= figures.good_percent.median <= 33
    assert figures.detection_sec is not None
    assert 28 <= figures.detection_sec.median <= 37


def test_a_gateway_across_regions_beats_the_seed() -> None:
    """No name is asked again: the load balancer leaves the dead region by itself."""
    ours, theirs = way_figures(gateway_settings(config()), RUNS), way_figures(SEED, RUNS)

    assert ours.first_downtime_sec.high < theirs.first_downtime_sec.low
    assert ours.good_percent.low > theirs.good_percent.median


@pytest.mark.parametrize(
    "slow", [replace(SEED, ttl_sec=120), replace(SEED, interval_sec=30), replace(SEED, unhealthy_threshold=4)]
)
def test_slower_parts_make_a_slower_failover(slow: FailoverSettings) -> None:
    """Each of them."""
    slower = way_figures(slow, RUNS)

    assert slower.first_downtime_sec.median > way_figures(SEED, RUNS).first_downtime_sec.median


def test_each_way_of_a_config_is_computed() -> None:
    """The gateway across regions, and each name whose clients leave at all; a fence keeps them."""
    assert [way.title for way in ways_to_fail_over(load(EXAMPLE))] == ["the cross-region gateway"]
    names = [way.title for way in ways_to_fail_over(load(PRIVATE))]
    assert (len(names), [title for title in names if "fenced" in title]) == (4, [])
    [record] = ways_to_fail_over(load(MULTI_CLOUD))
    assert (record.interval_sec, record.ttl_sec, record.detection_sec) == (30, 30, 60)


def test_the_command_says_that_nothing_was_measured() -> None:
    """Figures, what was assumed, and the budget beside them."""
    told = CliRunner().invoke(cli, ["simulate", "failover", "--config", str(MULTI_CLOUD), "--runs", "50"])

    assert told.exit_code == 0
    assert "Computed by a model of the parts, and not measured" in told.output
    assert "seed 004" in told.output
    assert "DNS, speech.ai.example.com" in told.output
    assert "the budget of 120 s" in told.output


def test_the_command_writes_json_and_a_picture(tmp_path: Path) -> None:
    """The settings of each way, its figures and its assumptions."""
    picture = tmp_path / "failover.svg"
    arguments = ["simulate", "failover", "--settings", "seed", "--runs", "20", "--output", "json"]
    told = CliRunner().invoke(cli, [*arguments, "--picture", str(picture)])
    [way] = json.loads(told.output)["ways"]

    assert json.loads(told.output)["measured"] is False
    assert way["settings"]["ttl_sec"] == 60
    assert len(way["assumed"]) > 3
    assert "<svg" in picture.read_text()
