"""A project to sweep: its fixtures, the load balancer of a Gateway, and what is looked at it with."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from rich.console import Console

from gke_inference.teardown.clean import Cleaner
from gke_inference.teardown.left import Left
from gke_inference.teardown.leftovers import Leftovers
from gke_inference.teardown.network import Network
from gke_inference.teardown.stop import Stop
from gke_inference.teardown.waiter import Waiter
from platform_config.config import Config
from platform_config.names import Names
from tests.configs import config as loaded
from tests.gke_inference import google_stand_in
from tests.gke_inference.google_stand_in import GoogleStandIn
from tests.gke_inference.teardown_cloud import COMPUTE, TeardownCloud


def add_gateway(cloud: TeardownCloud, *, name: str = "gemma-gateway", network: str = "", place: str = "global",
                proxies: str = "targetHttpProxies") -> list[str]:  # fmt: skip
    """
    The load balancer of a multi-cluster Gateway, with one rule and one group in each of two regions; gives the paths.

    Names and chain are those that public projects show of such Gateways; the service for 404 has the same name in all.
    """
    made = f"{place}/{{}}/gkemcg1-inference-{name}-{{}}"
    spare = f"{place}/{{}}/gkemcg1-kube-system-gw-serve404-80-7cq0brelgzex"
    groups = [
        cloud.add(f"zones/{zone}/networkEndpointGroups/k8s1-0a1b-{name}-8000", network=network)
        for zone in ("europe-west4-a", "us-east5-b")
    ]
    checks = [cloud.add(made.format("healthChecks", "p8")), cloud.add(spare.format("healthChecks"))]
    services = [
        cloud.add(made.format("backendServices", "p8"), backends=[{"group": COMPUTE + group} for group in groups],
                  healthChecks=[COMPUTE + checks[0]]),
        cloud.add(spare.format("backendServices"), healthChecks=[COMPUTE + checks[1]]),
    ]  # fmt: skip
    weighted = [{"backendService": COMPUTE + services[0], "weight": 1}]
    rules = [{"priority": 1, "routeAction": {"weightedBackendServices": weighted}}]
    matchers = [{"name": "all", "defaultService": COMPUTE + services[1], "routeRules": rules}]
    url_map = cloud.add(made.format("urlMaps", "u2"), defaultService=COMPUTE + services[1], pathMatchers=matchers)
    proxy = cloud.add(made.format(proxies, "u2"), urlMap=COMPUTE + url_map)
    entries = [
        cloud.add(made.format("forwardingRules", key), network=network, target=COMPUTE + proxy) for key in ("a1", "b2")
    ]
    return [*entries, proxy, url_map, *services, *checks, *groups]


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[GoogleStandIn]:
    """Google's APIs, that of buckets included."""
    monkeypatch.setattr(google_stand_in, "APIS", (*google_stand_in.APIS, "storage.v1"))
    with GoogleStandIn().serving() as served:
        yield served


@pytest.fixture
def cloud(stand_in: GoogleStandIn) -> TeardownCloud:
    """A project with nothing in it."""
    made = TeardownCloud(loaded())
    made.serve(stand_in)
    return made


def network(stand_in: GoogleStandIn, in_states: frozenset[str], *, known: bool = True) -> Network:
    """The network of the example, which Terraform made unless it is not *known*."""
    config = loaded()
    own = {f"projects/{config.project}/global/networks/{Names(config).network}"} if known else set()
    return Network(stand_in.api(config.project), config, in_states | own)


def cleaner(
    stand_in: GoogleStandIn, *, in_states: frozenset[str] = frozenset(), wait_sec: float = 1, known: bool = True
) -> Cleaner:
    """It, quick and silent."""
    waiter = Waiter(wait_sec=wait_sec, pause_sec=0.01, stop=Stop(), console=Console(file=io.StringIO()))
    return Cleaner(network=network(stand_in, in_states, known=known), waiter=waiter)


def left(
    stand_in: GoogleStandIn,
    *,
    keep_bucket: bool = True,
    in_states: frozenset[str] = frozenset(),
    known: bool = True,
    config: Config | None = None,
) -> list[Left]:
    """What is told to be left."""
    ours = network(stand_in, in_states, known=known)
    return Leftovers(network=ours, config=config or loaded(), keep_bucket=keep_bucket).findings()
