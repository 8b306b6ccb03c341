"""A universe of Google Cloud: the public cloud, or a sovereign one with names and addresses of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Literal

from constructs_lib.specs.limits import refuse, wrong_settings, wrong_text

Feature = Literal[
    "cloud_run",
    "cross_region_gateways",
    "fleets",
    "network_policies",
    "performance_hpa",
    "promql",
    "spot",
    "standard_clusters",
    "tpu",
    "workload_metrics",
]
"""What a universe may lack of that which the platform can use."""
DOMAIN = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+"
PREFIX = r"[a-z][a-z0-9]*"
SHORTEST_PREFIX = 16
"""Of a range of probes: the widest that Google has. Whoever is in one reaches the servers of every node."""
STORAGE_PATH = "/storage/v1/b"
"""Path of the Cloud Storage API. Source: Terraform, backend gcs, storage_custom_endpoint."""


@dataclass(frozen=True, kw_only=True)
class UniverseSpec:
    """
    The parts of a universe of Google Cloud: where its APIs are, and how its projects, accounts and registries end.

    The names of APIs, such as compute.googleapis.com, of scopes and of principals are the same in each universe.

    Args:
        api_domain: Domain of its APIs, such as `s3nsapis.fr`.
        project_prefix: What each project ID begins with before the colon, such as `s3ns`. Default: none.
        pool_suffix: How the Workload Identity pool of each project ends, behind the project's name and prefix.
        account_domain: How the e-mail address of each service account ends, behind the project's name and prefix.
        agent_domain: How the e-mail address of each of Google's own service agents ends, such as
            `s3ns-system.iam.gserviceaccount.com`.
        registry_host: How the host names of its Artifact Registry end, such as `s3nsregistry.fr`.
        console_host: Host name of its console. Default: unknown, and no message links to it.
        health_check_ranges: Addresses that its load balancers check backends from, in ranges of /16 or narrower.
        regions: Its regions, where it has few. Default: not known here.
        machines: Its machines with accelerators, where it has few. Default: not known here.
        lacks: What it does not have.
    """

    api_domain: str
    project_prefix: str | None = None
    pool_suffix: str = "svc.id.goog"
    account_domain: str = "iam.gserviceaccount.com"
    agent_domain: str
    registry_host: str
    console_host: str | None = None
    health_check_ranges: tuple[str, ...]
    regions: tuple[str, ...] = ()
    machines: tuple[str, ...] = ()
    lacks: tuple[Feature, ...] = ()

    def __post_init__(self) -> None:
        refuse([*wrong_settings(self), *self._wrong_domains(), *self._wrong_ranges(), *self._wrong_features()])

    def api_endpoint(self, api: str) -> str:
        """Return the host name of *api*, such as `storage`."""
        return f"{api}.{self.api_domain}"

    @property
    def state_endpoint(self) -> str:
        """The address of Cloud Storage, as Terraform's gcs backend takes it."""
        return f"https://{self.api_endpoint('storage')}{STORAGE_PATH}"

    def workload_pool(self, project: str) -> str:
        """Return the Workload Identity pool of *project*; it exists once the project has a cluster that uses it."""
        return f"{_domain(project)}.{self.pool_suffix}"

    def service_account(self, account_id: str, project: str) -> str:
        """Return the e-mail address of the service account *account_id* of *project*."""
        return f"{account_id}@{_domain(project)}.{self.account_domain}"

    def service_agent(self, agent: str, project_number: str) -> str:
        """Return the e-mail address of Google's *agent*, such as `gcp-sa-dep`, for the project *project_number*."""
        return f"service-{project_number}@{agent}.{self.agent_domain}"

    def default_account(self, project_number: str) -> str:
        """Return the e-mail address of the account that Compute Engine's machines have by default."""
        return f"{project_number}-compute@developer.{self.account_domain.partition('iam.')[2]}"

    def apis_agent(self, project_number: str) -> str:
        """Return the e-mail address of the agent in whose name APIs act, such as for the nodes of a pool."""
        system = self.agent_domain.removeprefix("iam.").removesuffix(".iam.gserviceaccount.com")
        domain = "cloudservices" if system == "gserviceaccount.com" else f"cloudservices.{system}.iam"
        return f"{project_number}@{domain}.gserviceaccount.com"

    def owns_registry(self, host: str) -> bool:
        """Return whether the container registry at *host* is this universe's, so that it may see a token of it."""
        return host.endswith(f".{self.registry_host}")

    def quotas_page(self, project: str) -> str:
        """Return the address of the quotas of *project* in the console, or what to look for without one."""
        page = f"iam-admin/quotas?project={project}"
        return f"https://{self.console_host}/{page}" if self.console_host else "the console, Quotas"

    def has(self, feature: Feature) -> bool:
        """Return whether it has *feature*, as far as is known."""
        return feature not in self.lacks

    def _wrong_domains(self) -> Iterator[str]:
        for name in ("api_domain", "pool_suffix", "account_domain", "agent_domain", "registry_host", "console_host"):
            yield from wrong_text(name, getattr(self, name), DOMAIN, "be a domain name such as s3nsapis.fr")
        yield from wrong_text("project_prefix", self.project_prefix, PREFIX, "hold lower case letters and digits")

    def _wrong_ranges(self) -> Iterator[str]:
        ranges = self.health_check_ranges
        if ranges == ():
            yield "health_check_ranges must name at least one range, got none"
        for cidr in ranges if isinstance(ranges, tuple) else ():
            if not _is_range(cidr):
                yield f"health_check_ranges must hold ranges such as 35.191.0.0/16, got '{cidr}'"
            elif ip_network(cidr).prefixlen < SHORTEST_PREFIX:
                yield (
                    f"health_check_ranges must hold ranges of /{SHORTEST_PREFIX} or narrower: all of them reach the "
                    f"servers, got '{cidr}'"
                )

    def _wrong_features(self) -> Iterator[str]:
        known = Feature.__args__  # type: ignore[attr-defined]
        for name in self.lacks if isinstance(self.lacks, tuple) else ():
            if name not in known:
                yield f"lacks must hold some of {', '.join(known)}, got '{name}'"


def project_name(project: str) -> str:
    """Return the ID of *project* without what stands before its colon: the prefix of a universe, or a domain."""
    return project.rpartition(":")[2]


def _domain(project: str) -> str:
    """
    Return *project* as a part of a domain name.

    What stands before the colon goes behind: `s3ns:NAME` is `NAME.s3ns`, and of a project of the public cloud that
    belongs to a domain, `example.com:NAME` is `NAME.example.com`. Sources: Google, "Workload Identity Federation for
    GKE"; Google IAM, "Service accounts overview"; S3NS, "Key differences".
    """
    return ".".join(reversed(project.split(":")))


def _is_range(text: str) -> bool:
    try:
        return bool(re.search("/", text)) and bool(ip_network(text))
    except ValueError:
        return False
