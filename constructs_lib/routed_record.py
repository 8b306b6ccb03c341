"""A name of Cloud DNS whose answer depends on what is up, and on who asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_google.compute_health_check import ComputeHealthCheck, ComputeHealthCheckLogConfig
from cdktf_cdktf_provider_google.dns_record_set import DnsRecordSet
from cdktf_cdktf_provider_google.provider import GoogleProvider
from constructs import Construct

from constructs_lib.specs import DnsHealthCheckSpec, RecordSpec

LoadBalancerType = Literal["regionalL7ilb", "globalL7ilb"]


@dataclass(frozen=True, kw_only=True)
class InternalTarget:
    """
    An internal load balancer, which says itself whether it is up.

    Args:
        address: Its IP address.
        location: Google Cloud region that it is in.
        port: Its port.
        network: Path of its VPC in the Compute Engine API.
        project: Project ID of the load balancer.
        kind: `regionalL7ilb` of one region, or `globalL7ilb` across regions.
    """

    address: str
    location: str
    port: int
    network: str
    project: str
    kind: LoadBalancerType


@dataclass(frozen=True, kw_only=True)
class PublicTarget:
    """
    A public address, which Google asks.

    Args:
        address: Its IPv4 address.
        location: Google Cloud region that it is in or near to; "" where the policy needs none.
    """

    address: str
    location: str = ""


@dataclass(frozen=True, kw_only=True)
class EndpointProbe:
    """
    How Google asks public addresses.

    Args:
        name: Name of the health check. A record whose check gets another name is made anew.
        protocol: How they are asked.
        port: At which port.
        host: What is sent as `Host`.
        path: Path that answers 200.
        spec: Times, thresholds and who asks.
    """

    name: str
    protocol: Literal["HTTP", "HTTPS", "TCP"]
    port: int
    host: str
    path: str
    spec: DnsHealthCheckSpec


RecordTarget = InternalTarget | PublicTarget


class RoutedRecord(Construct):
    """
    An A record with a routing policy, and the health check of its public addresses.

    Its targets are all internal or all public: of both, the provider sends the internal ones alone.

    Args:
        google: Provider of the project.
        project: Project ID.
        zone: Name of the managed zone.
        spec: Name, policy, shares and TTL.
        targets: Where it leads to, by key.
        probe: How public addresses are asked; None where all targets are internal.
        after: What must exist first: the zone.

    Attributes:
        host: The name (known at synth).

    Raises:
        ValueError: Targets of both kinds, public ones without a probe, or no target.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        google: GoogleProvider,
        project: str,
        zone: str,
        spec: RecordSpec,
        targets: Mapping[str, RecordTarget],
        probe: EndpointProbe | None = None,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id_)
        kinds = {type(target) for target in targets.values()}
        if len(kinds) != 1:
            raise ValueError(f"targets must be all internal or all public, got {len(kinds)} kinds for {spec.host}")
        if kinds == {PublicTarget} and probe is None:
            raise ValueError(f"probe must be given for public targets, got none for {spec.host}")
        self.host = spec.host
        check = self._add_check(google, project, probe) if probe and kinds == {PublicTarget} else None
        record = DnsRecordSet(
            self,
            "Default",
            provider=google,
            project=project,
            managed_zone=zone,
            name=f"{spec.host}.",
            type="A",
            ttl=spec.ttl_sec,
            depends_on=list(after) or None,
        )
        # As an argument of the class, cdktf 0.21 leaves out a ratio of 0 and a fence of false, which may have been set.
        policy = _policy(spec, targets) | ({"health_check": check.id} if check else {})
        record.add_override("routing_policy", policy)

    def _add_check(self, google: GoogleProvider, project: str, probe: EndpointProbe) -> ComputeHealthCheck:
        """
        Add the check. Of Google's probers for DNS exactly three regions ask, each at its own times.

        It logs each change, with the address and the region that asked: nothing else shows what Cloud DNS sees.
        Source: Google, "Health check logging information", probeSourceRegion.
        """
        spec = probe.spec
        fixed = {"port": probe.port, "port_specification": "USE_FIXED_PORT"}
        asked = fixed | {"host": probe.host, "request_path": probe.path}
        how: dict[str, Any] = {
            "HTTP": {"http_health_check": asked},
            "HTTPS": {"https_health_check": asked},
            "TCP": {"tcp_health_check": fixed},
        }[probe.protocol]
        return ComputeHealthCheck(
            self,
            "check",
            provider=google,
            project=project,
            name=probe.name,
            description="Asks public addresses for Cloud DNS; no load balancer uses it.",
            check_interval_sec=spec.interval_sec,
            timeout_sec=spec.timeout_sec,
            healthy_threshold=spec.healthy_threshold,
            unhealthy_threshold=spec.unhealthy_threshold,
            source_regions=list(spec.source_regions),
            log_config=ComputeHealthCheckLogConfig(enable=True),
            **how,
        )


def _policy(spec: RecordSpec, targets: Mapping[str, RecordTarget]) -> dict[str, Any]:
    if spec.policy == "weighted":
        # Numbers of equal shares: without any given, each answer is as likely.
        shares = spec.weights or dict.fromkeys(targets, 1)
        items = [{"weight": shares.get(key, 0), "health_checked_targets": _checked([targets[key]])} for key in targets]
        return {"wrr": items}
    if spec.policy == "geo":
        return {"enable_geo_fencing": spec.geofence, "geo": _by_location(targets.values())}
    primary = [targets[key] for key in spec.primary]
    backups = [target for key, target in targets.items() if key not in spec.primary]
    return {
        "primary_backup": {
            "primary": _checked(primary),
            "backup_geo": _by_location(backups),
            "enable_geo_fencing_for_backups": spec.geofence,
            "trickle_ratio": spec.trickle_percent / 100,
        }
    }


def _by_location(targets: Iterable[RecordTarget]) -> list[dict[str, Any]]:
    """Return one item for each location, in the order of their names: the order of a file changes nothing."""
    places: dict[str, list[RecordTarget]] = {}
    for target in targets:
        places.setdefault(target.location, []).append(target)
    return [{"location": place, "health_checked_targets": _checked(places[place])} for place in sorted(places)]


def _checked(targets: Sequence[RecordTarget]) -> dict[str, Any]:
    internal = [_load_balancer(target) for target in targets if isinstance(target, InternalTarget)]
    public = [target.address for target in targets if isinstance(target, PublicTarget)]
    return {"internal_load_balancers": internal} if internal else {"external_endpoints": public}


def _load_balancer(target: InternalTarget) -> dict[str, Any]:
    """Return the target. Its type is always written: one that is left out comes back as `none`, and is planned anew."""
    return {
        "load_balancer_type": target.kind,
        "ip_address": target.address,
        "port": str(target.port),
        "ip_protocol": "tcp",
        "network_url": target.network,
        "project": target.project,
        **({"region": target.location} if target.kind == "regionalL7ilb" else {}),
    }
