"""Limits of clients: the rules of the Cloud Armor policy, and their order."""

from __future__ import annotations

from typing import Any

import pytest
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_time.provider import TimeProvider

from constructs_lib.client_limits import ClientLimits
from constructs_lib.specs import ClientLimitsSpec
from tests.conftest import Synth
from tests.synthesized import Block, Synthesized

POLICY = "google_compute_region_security_policy"
RANGES = tuple(f"10.{number}.0.0/16" for number in range(12))


def made(synth: Synth, **settings: Any) -> Synthesized:
    """Return a stack with the limits of *settings*."""

    def build(stack: Any) -> None:
        google, time = GoogleProvider(stack, "google", project="p"), TimeProvider(stack, "time")
        place = {"project": "p", "region": "europe-west4", "name": "voice-eu-limits"}
        ClientLimits(stack, "limits", google=google, time=time, spec=ClientLimitsSpec(**settings), **place)

    return synth(build)


def rules(synth: Synth, **settings: Any) -> list[Block]:
    """Return the rules of the policy in the order in which they are tried, with the default rule last."""
    found: list[Block] = made(synth, **settings).one(POLICY)["rules"]
    assert found == sorted(found, key=lambda rule: rule["priority"])
    assert found[-1]["priority"] == 2**31 - 1
    return found


def ranges(rule: Block) -> list[str]:
    """Return the ranges of clients that *rule* is for."""
    found: list[str] = rule["match"]["config"]["src_ip_ranges"]
    return found


def test_every_client_gets_as_many_requests_as_one_may_send(synth: Synth) -> None:
    """Counted by address; the next ones are answered with 429, and whoever sends fewer is let in."""
    body, client, rest = rules(synth, requests_per_minute=120)

    assert (body["action"], client["action"], rest["action"]) == ("deny(403)", "throttle", "allow")
    assert (ranges(client), ranges(rest)) == (["*"], ["*"])
    assert client["rate_limit_options"] == {
        "rate_limit_threshold": {"count": 120, "interval_sec": 60},
        "conform_action": "allow",
        "exceed_action": "deny(429)",
        "enforce_on_key": "IP",
    }


def test_a_large_body_is_refused_first(synth: Synth) -> None:
    """By the header that says its length; a request without the header passes."""
    first = rules(synth, max_body_mib=2)[0]
    header = "request.headers['content-length']"

    assert first["match"] == {"expr": {"expression": f"has({header}) && int({header}) > 2097152"}}
    assert first["action"] == "deny(403)"


def test_only_allowed_ranges_are_let_in(synth: Synth) -> None:
    """Ten of them fit into a rule; everyone else is refused by the default rule."""
    _, *clients, rest = rules(synth, allowed_ranges=RANGES)

    assert [ranges(rule) for rule in clients] == [sorted(RANGES)[:10], sorted(RANGES)[10:]]
    assert {rule["action"] for rule in clients} == {"throttle"}
    assert (rest["action"], ranges(rest)) == ("deny(403)", ["*"])


@pytest.mark.parametrize("allowed", [(), RANGES[:1]])
def test_a_preview_refuses_nothing(synth: Synth, allowed: tuple[str, ...]) -> None:
    """Each rule that refuses is logged alone, and the default rule lets everyone in."""
    *logged, rest = rules(synth, preview=True, allowed_ranges=allowed)

    assert all(rule["preview"] for rule in logged)
    assert (rest["action"], rest["preview"]) == ("allow", False)
    assert [rule["action"] for rule in logged if rule["action"].startswith("deny")] == ["deny(403)"] * (
        1 + len(allowed)
    )


def test_the_policy_is_regional_and_outlives_what_names_it(synth: Synth) -> None:
    """A regional load balancer takes no other; it is deleted five minutes after the last policy of servers."""
    app = made(synth)
    policy, wait = app.one(POLICY), app.one("time_sleep")

    assert (policy["region"], policy["type"], policy["name"]) == ("europe-west4", "CLOUD_ARMOR", "voice-eu-limits")
    assert (wait["destroy_duration"], wait["depends_on"]) == ("300s", [f"{POLICY}.limits"])
    assert policy["lifecycle"] == wait["lifecycle"] == {"create_before_destroy": True}
