"""The stack that watches, with each part of it on and off: a plan touches just that part, and no secret is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from platform_config.config import Config
from platform_config.stack_graph import OBSERVABILITY_STACK
from tests.configs import config
from tests.platform_config.rules.case import beside
from tests.terraform.runs import Changes, unhashed
from tests.terraform.test_secrets import contents
from tests.terraform.world import World

POLICY, CHANNEL = "google_monitoring_alert_policy", "google_monitoring_notification_channel"
MAIL = {"kind": "email", "address": "oncall@example.com"}
CHAT = {"kind": "slack", "channel": "#inference", "secret": "slack-token"}
CHANNELS = {
    "mail": MAIL,
    "chat": CHAT,
    "oncall": {"kind": "pagerduty", "secret": "pagerduty-key"},
    "hook": {"kind": "webhook", "url": "https://hooks.example.com/a", "username": "gke", "secret": "hook-password"},
    "open": {"kind": "webhook", "url": "https://hooks.example.com/b"},
    "theirs": {"kind": "existing", "id": "projects/p/notificationChannels/1"},
}
SECRET = b"rig-secret"
"""How each secret of the rig begins: whoever finds this somewhere has found one."""


def watched(**settings: Any) -> Config:
    """Return the example with alerts, and *settings* of `observability`; the other parts are off."""
    return config(observability={"dashboard": False, "log_metrics": False, **settings})


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[World]:
    """Make an empty cloud: this stack needs no other one's resources."""
    made = World(tmp_path)
    yield made
    made.stop()


def deployed(world: World, first: Config) -> None:
    """Deploy the stack of *first* alone."""
    world.use(first)
    world.deploy([OBSERVABILITY_STACK])
    world.steps.clear()


def plan(world: World, then: Config) -> Changes:
    """Plan the stack of *then*, by names as people read them."""
    world.use(then)
    return unhashed(world.folder(OBSERVABILITY_STACK).plan())


def test_one_alert_comes_and_goes_alone(alone: World) -> None:
    """Off, on, and with another threshold: no other policy is touched."""
    deployed(alone, watched())

    assert plan(alone, watched()) == {}
    assert plan(alone, watched(alerts={"kv-cache": {"enabled": False}})) == {f"{POLICY}.alert_kv-cache": ("delete",)}
    assert plan(alone, watched(alerts={"kv-cache": {"threshold": 80}})) == {f"{POLICY}.alert_kv-cache": ("update",)}
    assert plan(alone, watched(alerts={"kv-cache": {"channels": ["mail"]}}, channels={"mail": MAIL})) == {
        f"{CHANNEL}.channel_mail": ("create",),
        **dict.fromkeys(policies(alone), ("update",)),
    }


def test_google_gets_the_variables_that_say_where(alone: World) -> None:
    """Terraform leaves them to Cloud Monitoring, which puts the labels of the series that fired in their place."""
    deployed(alone, watched())

    [policy] = [
        found
        for key, found in alone.rig.cloud.objects.items()
        if key[0] == POLICY and found["display_name"] == "gemma: Requests fail"
    ]
    [text] = policy["documentation"]
    assert text["subject"].startswith("gemma: Requests fail, cluster ${metric_or_resource.label.cluster}, ")
    assert "value of the query `${metric.label.value}`" in text["content"]
    assert alone.unsettled([OBSERVABILITY_STACK]) == []


def policies(world: World) -> list[str]:
    """Return the addresses of the alert policies of the last synth, as people read them."""
    made = world.app.stacks[OBSERVABILITY_STACK]["resource"][POLICY]
    return list(unhashed(dict.fromkeys((f"{POLICY}.{name}" for name in made), ())))


@pytest.mark.parametrize(
    ("off", "kinds"),
    [
        ("alerting", {POLICY, CHANNEL}),
        ("dashboard", {"google_monitoring_dashboard"}),
        ("log_metrics", {"google_logging_metric"}),
    ],
)
def test_a_part_that_is_turned_off_takes_nothing_else_with_it(alone: World, off: str, kinds: set[str]) -> None:
    """What belongs to the part is deleted; of the others, an alert on a metric that is gone goes with it."""
    everything: dict[str, Any] = {"channels": {"mail": MAIL}}
    deployed(alone, config(observability=everything))

    changes = plan(alone, config(observability={**everything, off: False}))

    deleted = {address.split(".")[0] for address, actions in changes.items() if actions == ("delete",)}
    made = {kind for kind in kinds if any(key[0] == kind for key in alone.rig.cloud.objects)}
    assert made <= deleted <= {*made, *([POLICY] if off == "log_metrics" else [])}
    assert set(changes.values()) <= {("delete",), *([("update",)] if off == "log_metrics" else [])}


def test_a_channel_is_deleted_after_the_policies_have_changed(alone: World) -> None:
    """Cloud Monitoring refuses to delete a channel that a policy names: policies first."""
    deployed(alone, watched(channels={"mail": MAIL, "open": CHANNELS["open"]}))
    alone.use(watched(channels={"open": CHANNELS["open"]}))

    alone.deploy([OBSERVABILITY_STACK])

    ends = {step.action: step for step in alone.steps}
    assert {step.action for step in alone.steps} == {"update", "delete"}
    assert ends["delete"].address.startswith(f"{CHANNEL}.channel_mail")
    assert all(step.end <= ends["delete"].begin for step in alone.steps if step.action == "update")
    assert alone.unsettled([OBSERVABILITY_STACK]) == []


def test_a_channel_of_another_kind_takes_the_place_of_the_first(alone: World) -> None:
    """Under the same key: changed in place, so that no policy ever lacks it."""
    deployed(alone, watched(channels={"oncall": MAIL}))

    assert plan(alone, watched(channels={"oncall": CHAT})) == {f"{CHANNEL}.channel_oncall": ("update",)}


def test_alerting_is_turned_off_in_order(alone: World) -> None:
    """Policies go before their channels, and an existing channel is neither made nor deleted."""
    deployed(alone, watched(channels=CHANNELS))
    alone.use(watched(channels=CHANNELS, alerting=False, log_metrics=True))

    alone.deploy([OBSERVABILITY_STACK])

    kinds = [step.address.split(".")[0] for step in alone.steps if step.action == "delete"]
    assert kinds == sorted(kinds)
    assert kinds.count(CHANNEL) == len(CHANNELS) - 1


def test_a_secret_reaches_its_channel_and_no_file(alone: World) -> None:
    """Neither state nor saved plan nor what Terraform prints or logs has it; the cloud does, in the channel."""
    alone.trace()
    alone.use(watched(channels=CHANNELS))

    alone.deploy_by_plans([OBSERVABILITY_STACK])

    given = [value for fields in alone.rig.cloud.written.values() for value in fields.values()]
    assert sorted(given) == [
        f"{SECRET.decode()} of {name}, version 1" for name in ("hook-password", "pagerduty-key", "slack-token")
    ]
    assert {path for fields in alone.rig.cloud.written.values() for path in fields} == {
        f"sensitive_labels.{name}_wo" for name in ("auth_token", "password", "service_key")
    }
    assert [name for name, content in contents(alone.base) if SECRET in content] == []
    assert alone.unsettled([OBSERVABILITY_STACK]) == []


def test_a_new_version_of_a_secret_changes_its_channel_alone(alone: World) -> None:
    """The next apply finds it, and sends it."""
    deployed(alone, watched(channels=CHANNELS))
    alone.rig.cloud.secret_versions["slack-token"] = 2

    assert plan(alone, watched(channels=CHANNELS)) == {f"{CHANNEL}.channel_chat": ("update",)}

    alone.deploy([OBSERVABILITY_STACK])
    given = [value for fields in alone.rig.cloud.written.values() for value in fields.values()]
    assert f"{SECRET.decode()} of slack-token, version 2" in given


def test_a_model_more_leaves_the_policies_of_others_alone(alone: World) -> None:
    """And without it, no policy of another model changes or goes. Of one model alone, every request counts as its."""
    promised = {"objectives": {"availability_percent": 99.5, "first_token_sec": 2.5}}
    two = beside(**promised) | {"models__gemma__objectives": promised["objectives"]}
    third = {**two["models__llama"], "served_name": "third", "address": {"path": "/third"}}
    deployed(alone, config(**two))

    more = plan(alone, config(**two, models__third=third))
    alone.deploy([OBSERVABILITY_STACK])
    fewer = plan(alone, config(**two))

    assert not [address for address in (*more, *fewer) if re.search(r"\.alert_(gemma|llama)-", address)]
    assert not [address for address, actions in more.items() if "delete" in actions]
    assert all(".alert_third-" in address for address, actions in fewer.items() if "delete" in actions)


def test_a_region_less_takes_no_policy_with_it(alone: World) -> None:
    """Queries that name its cluster change in place, as long as there are two regions to compare."""
    asia = {"number": 3, "region": "asia-northeast1", "zones": ["asia-northeast1-b"]}
    deployed(alone, config(regions__asia=asia))

    fewer = plan(alone, config())

    assert {actions for address, actions in fewer.items() if address.startswith(POLICY)} == {("update",)}
    assert set(fewer.values()) == {("update",)}
