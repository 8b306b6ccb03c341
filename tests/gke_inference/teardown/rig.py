"""The load balancer of a Gateway, a synth, and what is tested on them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from gke_inference.findings import Finding
from gke_inference.teardown.interrupt import Interrupt, Waiter
from gke_inference.teardown.network import Network
from gke_inference.teardown.order import DestroyOrder
from gke_inference.teardown.remaining import RemainingResources
from gke_inference.teardown.state import States
from gke_inference.teardown.sweep import Sweeper
from platform_config.config import Config
from platform_config.names import Names
from platform_config.stack_graph import NETWORK_STACK, cluster_stack, needed_stacks, state_file
from tests.configs import config as loaded
from tests.gke_inference import google_stand_in
from tests.gke_inference.google_stand_in import GoogleStandIn
from tests.gke_inference.teardown.cloud import COMPUTE, TeardownCloud


def add_gateway(cloud: TeardownCloud, *, name: str = "gemma-gateway", network: str = "", place: str = "global",
                proxies: str = "targetHttpProxies", prefix: str = "gkemcg1",
                zones: tuple[str, ...] = ("europe-west4-a", "us-east5-b")) -> list[str]:  # fmt: skip
    """
    Add the load balancer of a Gateway, with a rule and a group for each of *zones*; return the paths.

    Names and chain are those that public projects show of such Gateways; the service for 404 has the same name in all.
    """
    made = f"{place}/{{}}/{prefix}-inference-{name}-{{}}"
    spare = f"{place}/{{}}/{prefix}-kube-system-gw-serve404-80-7cq0brelgzex"
    groups = [cloud.add(f"zones/{zone}/networkEndpointGroups/k8s1-0a1b-{name}-8000", network=network) for zone in zones]
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
        cloud.add(made.format("forwardingRules", key), network=network, target=COMPUTE + proxy)
        for key in ("a1", "b2")[: len(zones)]
    ]
    return [*entries, proxy, url_map, *services, *checks, *groups]


@contextmanager
def serve_google() -> Iterator[GoogleStandIn]:
    """Serve Google's APIs, those of certificates and extensions included."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(google_stand_in, "APIS", (*google_stand_in.APIS, "certificatemanager.v1", "networkservices.v1"))
        with GoogleStandIn().serving() as served:
            yield served


def synth_documents(config: Config) -> dict[str, Any]:
    """Return the Terraform JSON of each stack of *config*, as far as a teardown reads it."""
    names = Names(config)
    kind = "resource" if config.existing.network is None else "data"
    documents: dict[str, Any] = {stack: {} for stack in needed_stacks(config)}
    documents[NETWORK_STACK] = {
        "terraform": {"backend": {"local": {"path": state_file(config, NETWORK_STACK)}}},
        "provider": {"google": [{"project": config.project}]},
        kind: {"google_compute_network": {"network": {"project": names.network_project, "name": names.network}}},
    }
    for key, region in config.regions.items():
        if region.existing.cluster is not None:
            continue
        clusters = {"cluster": {"name": names.cluster(key)}}
        documents[cluster_stack(key)] = {"resource": {"google_container_cluster": clusters}}
    return documents


def write_synth(outdir: Path, *, needs: Any = None, documents: dict[str, Any] | None = None) -> Path:
    """Write a synth of the example to *outdir*, with other edges or documents where given."""
    wanted = needed_stacks(loaded()) if needs is None else needs
    for stack, document in {**{key: {} for key in wanted}, **(documents or synth_documents(loaded()))}.items():
        (outdir / "stacks" / stack).mkdir(parents=True)
        (outdir / "stacks" / stack / "cdk.tf.json").write_text(json.dumps(document))
    stacks = {
        name: {"dependencies": list(found) if isinstance(found, tuple) else found} for name, found in wanted.items()
    }
    (outdir / "manifest.json").write_text(json.dumps({"stacks": stacks}))
    return outdir


def network(
    stand_in: GoogleStandIn, in_states: frozenset[str], *, known: bool = True, config: Config | None = None
) -> Network:
    """Return the network of *config* or the example, which is in Terraform's state unless it is not *known*."""
    config = config or loaded()
    # Of a network of others, anything in a state shows that the names are this platform's.
    own = {Names(config).network_path if config.existing.network is None else "projects/p/serviceAccounts/nodes"}
    own = own if known else set()
    order = DestroyOrder(outdir=Path("cdktf.out"), stacks=(), needs={}, documents=synth_documents(config))
    return Network(stand_in.api(config.project), config, order, in_states | own)


def sweeper_of(
    stand_in: GoogleStandIn,
    *,
    in_states: frozenset[str] = frozenset(),
    wait_sec: float = 1,
    known: bool = True,
    console: Console | None = None,
    config: Config | None = None,
) -> Sweeper:
    """Return a sweeper of that network, quick and, without a *console*, silent."""
    silent = Console(file=io.StringIO())
    waiter = Waiter(wait_sec=wait_sec, pause_sec=0.01, interrupt=Interrupt(), console=console or silent)
    return Sweeper(network=network(stand_in, in_states, known=known, config=config), waiter=waiter)


def remaining(
    stand_in: GoogleStandIn,
    *,
    keep_bucket: bool = True,
    in_states: frozenset[str] = frozenset(),
    known: bool = True,
    config: Config | None = None,
    states: States | None = None,
) -> list[Finding]:
    """Return what is reported as left."""
    return RemainingResources(
        network=network(stand_in, in_states, known=known, config=config),
        config=config or loaded(),
        states=states or {},
        keep_bucket=keep_bucket,
    ).findings()
