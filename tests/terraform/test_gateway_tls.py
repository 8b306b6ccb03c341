"""HTTPS and limits of clients, turned on and off: a plan touches just them, and what is in use goes last."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from platform_config.config import Config
from platform_config.stack_graph import NETWORK_STACK, base_stack, cluster_stack, gateway_stack
from tests.certificates import NAMELESS, OWN
from tests.configs import REGIONAL, config
from tests.terraform.runs import Changes, Step, unhashed
from tests.terraform.test_secrets import contents
from tests.terraform.world import World

GATEWAY, POLICY, ROUTE, REDIRECT, BACKEND = (
    f"kubernetes_manifest.gateway{part}" for part in ("", "_policy", "_gemma-route", "_redirect", "_gemma-backend")
)
CERTIFICATE = "google_certificate_manager_certificate.tls_host-llmexamplecom"
AUTHORIZATION = "google_certificate_manager_dns_authorization.tls_domain-llmexamplecom"
RECORD = "google_dns_record_set.tls_record-llmexamplecom"
TLS_POLICY = "google_compute_region_ssl_policy.tls_policy"
LIMITS = "google_compute_region_security_policy.limits"
CERTIFICATE_WAIT, POLICY_WAIT, LIMITS_WAIT = (
    f"time_sleep.{part}_release" for part in ("tls_host-llmexamplecom", "tls_policy", "limits")
)
MANAGED = {"hosts": ["llm.example.com"], "dns_zone": "example"}
SECRET = b"rig-secret"
"""How each secret of the rig begins: whoever finds this somewhere has found one."""


def regional(**settings: Any) -> Config:
    """Return the example with one region, whose gateway has *settings*."""
    given = {f"gateway__{name}": value for name, value in settings.items()}
    return config(**{**REGIONAL, "regions__eu": None, **given})


STACK = gateway_stack(regional(), "us")


class Gateway:
    """The stack of one region's gateway, in a cloud of its own."""

    def __init__(self, world: World, first: Config) -> None:
        self.world = world
        world.use(first)
        for stack in (NETWORK_STACK, cluster_stack("us"), base_stack("us"), STACK):
            world.deploy([stack])

    def change(self, then: Config) -> Changes:
        """Apply the stack of *then*; return what was planned, by addresses as people read them."""
        self.world.use(then)
        self.world.steps.clear()
        self.world.deploy([STACK])
        return unhashed(self.world.changes[STACK])

    def in_order(self, *steps: tuple[str, str]) -> bool:
        """Return whether each of *steps*, an action and an address, has ended before the next one began."""
        done = [self._step(action, address) for action, address in steps]
        return all(first.end <= then.begin for first, then in pairwise(done))

    def _step(self, action: str, address: str) -> Step:
        [found] = [
            step
            for step in self.world.steps
            if step.action == action and next(iter(unhashed({step.address: ()}))) == address
        ]
        return found


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    """Deploy a gateway without HTTPS and limits."""
    world = World(tmp_path)
    yield Gateway(world, regional())
    world.stop()


def test_https_comes_and_goes_alone(gateway: Gateway) -> None:
    """The Gateway, its policy and its routes change in place; nothing else that was there is touched."""
    there = dict.fromkeys((GATEWAY, POLICY, ROUTE), ("update",))
    made = (CERTIFICATE, AUTHORIZATION, RECORD, TLS_POLICY, CERTIFICATE_WAIT, POLICY_WAIT, REDIRECT)

    assert gateway.change(regional(tls=MANAGED)) == there | dict.fromkeys(made, ("create",))
    assert gateway.in_order(
        *(("create", one) for one in (AUTHORIZATION, RECORD, CERTIFICATE, CERTIFICATE_WAIT)), ("update", GATEWAY)
    )
    assert gateway.world.unsettled([STACK]) == []

    assert gateway.change(regional()) == there | dict.fromkeys(made, ("delete",))
    assert gateway.in_order(
        ("update", GATEWAY), *(("delete", one) for one in (CERTIFICATE_WAIT, CERTIFICATE, RECORD, AUTHORIZATION))
    )
    assert gateway.in_order(("update", POLICY), ("delete", POLICY_WAIT), ("delete", TLS_POLICY))
    assert gateway.world.unsettled([STACK]) == []


def test_no_route_moves_to_a_certificate_that_is_not_issued(gateway: Gateway) -> None:
    """The apply ends before the Gateway and its routes, the next plan too, and a deploy once it is ACTIVE goes on."""
    cloud, world = gateway.world.rig.cloud, gateway.world
    cloud.certificate_state = "PROVISIONING"
    world.use(regional(tls=MANAGED))
    folder = world.folder(STACK)
    world.steps.clear()

    applied, planned = folder.run("apply", "-auto-approve"), folder.run("plan")

    for refused in (applied, planned):
        assert refused.code != 0
        assert "its state must be ACTIVE, and is PROVISIONING" in " ".join(refused.text.replace("│", " ").split())
    assert [step.address for step in world.steps if step.action == "update"] == []
    assert gateway.change(regional()) == dict.fromkeys(
        (CERTIFICATE, AUTHORIZATION, RECORD, TLS_POLICY, CERTIFICATE_WAIT, POLICY_WAIT), ("delete",)
    )
    world.use(regional(tls=MANAGED))
    folder.run("apply", "-auto-approve")
    cloud.certificate_state = "ACTIVE"
    assert gateway.change(regional(tls=MANAGED)) == {
        **dict.fromkeys((GATEWAY, POLICY, ROUTE), ("update",)),
        REDIRECT: ("create",),
    }


def test_limits_come_and_go_alone(gateway: Gateway) -> None:
    """The policy of the servers names them when they are there, and they go when it does not any more."""
    there, made = {BACKEND: ("update",)}, (LIMITS, LIMITS_WAIT)

    assert gateway.change(regional(client_limits={})) == there | dict.fromkeys(made, ("create",))
    assert gateway.in_order(("create", LIMITS), ("create", LIMITS_WAIT), ("update", BACKEND))

    assert gateway.change(regional(client_limits={"max_body_mib": 20})) == {LIMITS: ("update",)}

    assert gateway.change(regional()) == there | dict.fromkeys(made, ("delete",))
    assert gateway.in_order(("update", BACKEND), ("delete", LIMITS_WAIT), ("delete", LIMITS))


def test_one_more_host_touches_no_certificate_in_use(gateway: Gateway) -> None:
    """The Gateway names one more, and one less again."""
    gateway.change(regional(tls=MANAGED))
    more = {**MANAGED, "hosts": ["llm.example.com", "*.llm.example.com"]}
    one = "tls_host-anyllmexamplecom"
    made = (f"google_certificate_manager_certificate.{one}", f"time_sleep.{one}_release")

    assert gateway.change(regional(tls=more)) == {GATEWAY: ("update",), **dict.fromkeys(made, ("create",))}
    assert gateway.change(regional(tls=MANAGED)) == {GATEWAY: ("update",), **dict.fromkeys(made, ("delete",))}


def test_another_certificate_is_there_before_the_gateway_names_it(gateway: Gateway) -> None:
    """The last one goes when the load balancer has let go of it. No file that Terraform wrote has the key."""
    own = {"certificate_pem": OWN, "private_key_secret": "tls-key"}
    certificate, wait = "google_certificate_manager_certificate.tls_own", "time_sleep.tls_own_release"
    gateway.world.trace()
    gateway.change(regional(tls=own))

    changes = gateway.change(regional(tls={**own, "certificate_pem": NAMELESS}))

    assert changes == {GATEWAY: ("update",), certificate: ("create", "delete"), wait: ("create", "delete")}
    assert gateway.in_order(
        *(("create", certificate), ("create", wait), ("update", GATEWAY)),
        *(("delete", wait), ("delete", certificate)),
    )
    assert [name for name, text in contents(gateway.world.base) if SECRET in text] == []
    [sent] = [found for key, found in gateway.world.rig.cloud.objects.items() if key[0] == certificate.split(".")[0]]
    assert sent["self_managed"][0]["pem_certificate"] == NAMELESS


def test_all_of_it_goes_with_the_gateway(tmp_path: Path) -> None:
    """A public gateway with HTTPS and limits: what it names goes five minutes after it."""
    world = World(tmp_path)
    made = Gateway(world, regional(public=True, tls=MANAGED))
    assert world.unsettled([STACK]) == []
    world.steps.clear()

    world.destroy([STACK])

    for wait, used in ((CERTIFICATE_WAIT, CERTIFICATE), (POLICY_WAIT, TLS_POLICY), (LIMITS_WAIT, LIMITS)):
        assert made.in_order(("delete", GATEWAY), ("delete", wait), ("delete", used))
    assert made.in_order(("delete", GATEWAY), ("delete", BACKEND), ("delete", LIMITS_WAIT))
    world.stop()


def test_a_certificate_or_zone_of_others_that_does_not_fit_stops_the_plan(gateway: Gateway) -> None:
    """A certificate of another region, and a zone of another domain; the gateway stays as it is."""
    gateway.world.rig.cloud.lost_certificates = ("mine",)
    gateway.world.use(regional(tls={"certificates": ["mine"]}))
    missing = gateway.world.folder(STACK).run("plan", "-input=false")
    gateway.world.use(regional(tls={"hosts": ["llm.example.org"], "dns_zone": "example"}))
    other = gateway.world.folder(STACK).run("plan", "-input=false")

    assert (missing.code, other.code) == (1, 1)
    assert "Certificate mine must be in us-east5" in missing.text
    assert "Zone example must hold llm.example.org, got example.com." in other.text
