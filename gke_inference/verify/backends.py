"""The servers behind the gateway: their health in the load balancer, beside what their cluster has ready."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple

from constructs_lib.monitoring.load_balancer_names import backend_pattern
from gke_inference.api_error import ApiError
from gke_inference.backend_policy import drained_regions
from gke_inference.check import NO_ANSWER
from gke_inference.concurrency import Once
from gke_inference.google_api import GoogleApi
from gke_inference.live_platform import LivePlatform, gateway_addresses
from gke_inference.load_balancer import RULES, SERVICES, Part, Parts, method_target, path_of, reached, select
from gke_inference.verify.verdict import Verdict
from platform_config.model import Model

States = list[str] | ApiError
"""Of the servers of one network endpoint group, or why they are not known."""
WITHOUT_SERVERS = ("-gw-serve404-", "-gw-serve500-")
"""In the names of the backend services for requests that no route takes, or whose route leads nowhere (public
annotations of Gateways show them)."""


NO_RULE = f"{NO_ANSWER}: no forwarding rule leads from the gateway's addresses to a backend service"


class Group(NamedTuple):
    """A network endpoint group behind the gateway: its backend service's name, its address, its servers' states."""

    service: str
    address: str
    states: States


class Backends:
    """
    The servers behind one gateway.

    Args:
        live: The platform's live objects.
        google: Google's APIs.
        gateway: Returns the Gateway.
        policies: Returns the GCPBackendPolicy of each model, by its key.
        parts: Returns the parts of all load balancers of the project.
    """

    def __init__(
        self, live: LivePlatform, *, google: GoogleApi, gateway: Callable[[], Any], policies: Mapping[str, Once[Any]],
        parts: Once[Parts],
    ) -> None:  # fmt: skip
        self._live = live
        self._google = google
        self._gateway = gateway
        self._policies = policies
        self._parts = parts
        self._health = Once(self._ask_health)

    def judge(self, key: str, model: Model) -> Verdict:
        """
        Judge the servers of *model* in region *key*.

        Endpoint groups show their zone, and not their cluster: those of clusters that share a zone are judged together.
        """
        region, together = self._live.config.regions[key], self._sharing(key, model)
        zones = {zone for other in together for zone in self._live.config.regions[other].zones}
        alone = self._live.config.is_regional
        drained = not alone and region.region in drained_regions(self._policies[model.key]())
        health = self._health()
        own = health if health is None else self._of_model(health, model)
        if health and own is None:
            return Verdict(found=f"{NO_ANSWER}: no backend service has the name of this model's pool", known=False)
        ready = self._ready(together, model) if own else None
        groups = own if own is None else [(group.address, group.states) for group in own]
        return judge_backends(groups, zones=zones, ready=ready, drained=drained)

    def judge_each(self, what: str, has: Callable[[Part], bool]) -> Verdict:
        """Judge whether each backend service behind the gateway has *what*, which *has* looks for."""
        services, parts = self._services(), self._parts()
        if services is None:
            return Verdict(found=NO_RULE, known=False)
        without = sorted(path.rpartition("/")[2] for path in services if not has(parts[path]))
        if without:
            return Verdict(found="", problems=(f"{', '.join(without)} without {what}",))
        return Verdict(found=f"{len(services)} of {len(services)} backend services with {what}")

    def _of_model(self, health: list[Group], model: Model) -> list[Group] | None:
        """
        Return the groups of *model*, by the names that the controller gives to backend services.

        None where none has such a name but some have a name of no model: long ones may be shortened.
        """
        config = self._live.config
        if len(config.models) == 1:
            return health
        kind = config.gateway.gateway_class
        named = {
            key: re.compile(backend_pattern(kind, config.namespace, self._live.names.backend(key)))
            for key in config.models
        }
        own = [group for group in health if named[model.key].fullmatch(group.service)]
        unnamed = [group for group in health if not any(name.fullmatch(group.service) for name in named.values())]
        return own if own or not unnamed else None

    def _ask_health(self) -> list[Group] | None:
        """Return the states of all servers by network endpoint group; None where no rule leads to a group."""
        services, parts = self._services(), self._parts()
        if services is None:
            return None
        return [
            Group(path.rpartition("/")[2], backend["group"], self._states(path, backend["group"]))
            for path in sorted(services)
            for backend in parts[path].get("backends", [])
        ]

    def _services(self) -> set[str] | None:
        network = self._live.names.network_path
        return pool_services(self._parts(), addresses=gateway_addresses(self._gateway()), network=network)

    def _states(self, service: str, group: str) -> States:
        resource, arguments = method_target(service)
        try:
            # A POST that changes nothing: the group to ask about is in its body.
            answer = self._google.call("compute", "v1", f"{resource}.getHealth", **arguments, body={"group": group})
        except ApiError as error:
            return error
        return [state.get("healthState", "no state") for state in answer.get("healthStatus", [])]

    def _sharing(self, key: str, model: Model) -> list[str]:
        """Return the regions with *model* whose clusters have a zone of region *key*, itself included."""
        regions = self._live.config.regions
        return [other for other in model.regions if set(regions[other].zones) & set(regions[key].zones)]

    def _ready(self, keys: Collection[str], model: Model) -> int | None:
        """Return how many servers the clusters have ready; None where one does not answer, which other findings say."""
        try:
            return sum(self._live.ready_servers(key, model.key) for key in keys)
        except ApiError:
            return None


def pool_services(parts: Parts, *, addresses: Collection[str], network: str) -> set[str] | None:
    """
    Return paths of the backend services that requests to *addresses* of *network* reach, but those without servers.

    None where no forwarding rule leads to any: then nothing is known of them.
    """
    rules = {
        path for path in select(parts, RULES)
        if parts[path].get("IPAddress") in addresses and path_of(parts[path].get("network", "")) == network
    }  # fmt: skip
    found = select(reached(parts, rules), SERVICES)
    return {path for path in found if not any(name in path for name in WITHOUT_SERVERS)} if found else None


def judge_backends(
    health: Iterable[tuple[str, States]] | None, *, zones: Collection[str], ready: int | None, drained: bool
) -> Verdict:
    """
    Judge whether the load balancer finds every server of a region healthy.

    Args:
        health: What `getHealth` returned for each network endpoint group, with its address; None where none is known.
        zones: Zones of the region.
        ready: How many servers its cluster has ready; None where that is not known.
        drained: Whether the region gets no requests, so that its servers need not be healthy.

    Raises:
        ApiError: A group of the region could not be asked about, and nothing is wrong with the others.
    """
    if health is None:
        return Verdict(found=NO_RULE, known=False)
    own = [states for group, states in health if _zone(group) in zones]
    refused = [states for states in own if isinstance(states, ApiError)]
    states = [state for answered in own if not isinstance(answered, ApiError) for state in answered]
    healthy = f"{states.count('HEALTHY')} of {len(states)} servers healthy for the load balancer"
    problems = []
    if not own:
        problems.append("no network endpoint group of this region is behind the gateway")
    elif any(state != "HEALTHY" for state in states):
        problems.append(healthy)
    elif not refused and not states:
        problems.append("no server of this region is behind the gateway")
    elif not refused and ready is not None and len(states) < ready:
        problems.append(f"{healthy}, but {ready} are ready in the cluster")
    if refused and not problems:
        raise refused[0]
    return Verdict(found=f"{healthy}{', drained' if drained else ''}", problems=() if drained else tuple(problems))


def has_policy(name: str, service: Part) -> bool:
    """Return whether *service* has the Cloud Armor policy *name*."""
    return str(service.get("securityPolicy", "")).endswith(f"/securityPolicies/{name}")


def has_iap(service: Part) -> bool:
    """Return whether Identity-Aware Proxy stands before *service*."""
    return service.get("iap", {}).get("enabled") is True


def _zone(group: str) -> str:
    """Return the zone in the address of a network endpoint group; empty for one without."""
    return group.partition("/zones/")[2].partition("/")[0]
