"""What stands in the way of a teardown, and Terraform would meet half-way: it is looked at first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from gke_inference.check import Check
from gke_inference.findings import Finding, wrong
from gke_inference.outside_cluster import OutsideCluster
from gke_inference.teardown.findings import MOST_NAMES, VIEWER
from gke_inference.teardown.network import Network
from gke_inference.teardown.order import DestroyOrder
from gke_inference.teardown.remaining_in_dns import VIEWER as DNS_VIEWER
from gke_inference.teardown.remaining_in_dns import RemainingInDns
from gke_inference.teardown.state import States
from gke_inference.terraform import removal_command
from platform_config.config import Config
from platform_config.names import Names
from platform_config.stack_graph import outside_stack


@dataclass(frozen=True, kw_only=True)
class Obstacles:
    """
    Clusters outside that Terraform cannot sign in to, records of others in the platform's zone, Argo CD's gateway.

    Attributes:
        config: The platform.
        order: Its synth.
        states: What is in each state.
        network: Its network.
    """

    config: Config
    order: DestroyOrder
    states: States
    network: Network

    def findings(self) -> list[Finding]:
        """Return each; none where nothing stands in the way."""
        return [*self._clusters(), *self._check("ZONE-RECORDS", DNS_VIEWER, self._records), *self._gitops()]

    def _clusters(self) -> Iterator[Finding]:
        """Yield each cluster outside that has something in its state, and that Terraform cannot reach from here."""
        needed = "Terraform can sign in, to delete what it made there"
        for key, spec in self.config.outside.items():
            stack = outside_stack(key)
            resources = self.states.get(stack, ())
            problem = OutsideCluster(spec=spec).access_problem(f"outside.{key}") if resources else None
            if problem is not None:
                found, fix = problem
                forget = removal_command(self.order.folder(stack), resources)
                yield wrong(
                    "OUTSIDE", f"{key}: {found}", needed, f"{fix}; where the cluster is gone for good: {forget}"
                )

    def _records(self) -> Iterator[Finding]:
        others = [f"{name} {kind}" for name, kind in RemainingInDns(network=self.network, config=self.config).others()]
        if others:
            zone = Names(self.config).dns_zone
            shown = ", ".join(others[:MOST_NAMES]) + (", ..." if len(others) > MOST_NAMES else "")
            fix = f"see whose they are, and delete them: gcloud dns record-sets list --zone={zone}"
            found = f"{len(others)} records that Terraform did not make: {shown}"
            yield wrong("ZONE-RECORDS", found, f"the zone {zone} has the platform's records alone", fix)

    def _gitops(self) -> Iterator[Finding]:
        """Yield the gateway that Argo CD or Flux made: its load balancer goes with it, while its cluster is there."""
        if self.config.workloads == "gitops":
            yield from self._check("GITOPS", VIEWER, self._gateway)

    def _gateway(self) -> Iterator[Finding]:
        if self.network.contents().load_balancer and self.network.clusters():
            names = Names(self.config)
            fix = (
                f"take the platform out of Argo CD or Flux (kubectl delete applicationset {self.config.name}), then on "
                f"each cluster that has it: kubectl delete gateway {names.gateway} --namespace={self.config.namespace}"
            )
            yield wrong("GITOPS", "the gateway's load balancer is there", "what Terraform did not make is gone", fix)

    def _check(self, id_: str, role: str, ask: Callable[[], Iterable[Finding]]) -> list[Finding]:
        return Check(id=id_, needed="nothing stands in the way", role=role, ask=ask).run()
