"""Clusters outside Google Cloud: whether this machine reaches them, and whether what their servers need is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from constructs_lib.outside_presets import OutsidePods, ingress_class
from constructs_lib.specs import OutsideSpec
from gke_inference.api_error import ApiError
from gke_inference.check import NO_ANSWER, Check
from gke_inference.findings import Finding, good, unknown, wrong
from gke_inference.live_platform import node_is_ready
from gke_inference.outside_cluster import OutsideCluster
from gke_inference.preflight.target import Target
from platform_config.outside_plan import outside_models

ACCESS, CLASS, GATEWAY, NODES = "OUTSIDE-ACCESS", "OUTSIDE-CLASS", "OUTSIDE-GATEWAY", "OUTSIDE-NODES"
"""Ids of the checks."""
ROLE = "leave to read the cluster"


def checks(target: Target) -> Iterator[Check]:
    """Yield those of each cluster outside, unless some regions alone are looked at."""
    if target.keys != tuple(target.config.regions):
        return
    for key, spec in target.config.outside.items():
        yield from _Outside(target, key, spec).checks()


@dataclass(frozen=True)
class _Outside:
    """One cluster, by its key."""

    target: Target
    key: str
    spec: OutsideSpec
    api: OutsideCluster = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "api", OutsideCluster(spec=self.spec))

    def checks(self) -> Iterator[Check]:
        """Yield whether it answers, has the way in that the config names, and nodes for the servers."""
        yield self._check(ACCESS, "this machine reaches it, as Terraform will", self._access)
        if self.spec.gateway is not None:
            yield self._check(GATEWAY, f"a Gateway {self.spec.gateway}", self._gateway)
        elif (name := ingress_class(self.spec)) is not None:
            yield self._check(CLASS, f"an IngressClass {name}", partial(self._ingress_class, name))
        if labels := self._labels:
            yield self._check(NODES, f"a node that is ready, with {labels}", self._nodes)

    def _check(self, id_: str, needed: str, judge: Callable[[str, str], Finding]) -> Check:
        return Check(id=id_, needed=needed, role=ROLE, where=self.key, ask=partial(self._ask, id_, needed, judge))

    def _ask(self, id_: str, needed: str, judge: Callable[[str, str], Finding]) -> Iterator[Finding]:
        try:
            yield judge(id_, needed)
        except ApiError as error:
            yield unknown(id_, f"{NO_ANSWER}: {error.summary}", needed, self.api.remedy(error))

    def _access(self, id_: str, needed: str) -> Finding:
        if (problem := self.api.access_problem(f"outside.{self.key}")) is not None:
            found, fix = problem
            return wrong(id_, found, needed, fix)
        version = self.api.get("/version").get("gitVersion", "of unknown version")
        return good(id_, f"answers, Kubernetes {version}", needed)

    def _ingress_class(self, name: str, id_: str, needed: str) -> Finding:
        there = [one["metadata"]["name"] for one in self._items("/apis/networking.k8s.io/v1/ingressclasses")]
        if name in there:
            return good(id_, f"{name} is there", needed)
        fix = f"install its controller, or set outside.{self.key}.ingress_class to one that is there"
        return wrong(id_, f"there is {', '.join(there) or 'none'}", needed, fix)

    def _gateway(self, id_: str, needed: str) -> Finding:
        namespace, _, name = str(self.spec.gateway).partition("/")
        path = f"/apis/gateway.networking.k8s.io/v1/namespaces/{namespace}/gateways/{name}"
        try:
            self.api.get(path)
        except ApiError as error:
            if not error.missing:
                raise
            fix = f"make it, or correct outside.{self.key}.gateway"
            return wrong(id_, f"there is no {self.spec.gateway}", needed, fix)
        return good(id_, "there", needed)

    def _nodes(self, id_: str, needed: str) -> Finding:
        nodes = self._items("/api/v1/nodes")
        wanted = self._selector.items()
        names = [
            node["metadata"]["name"]
            for node in nodes
            if node_is_ready(node) and wanted <= node["metadata"].get("labels", {}).items()
        ]
        if names:
            return good(id_, f"{len(names)} of {len(nodes)} nodes", needed)
        fix = (
            f"kubectl label nodes NODE {self._labels.replace(', ', ' ')}; in a cluster that grows from none, skip this"
        )
        return wrong(id_, f"none of {len(nodes)} nodes", needed, fix)

    @property
    def _selector(self) -> dict[str, str]:
        """What servers with GPUs select nodes by."""
        uses_gpus = any(pods.gpus for pods in outside_models(self.target.config, self.key).values())
        return OutsidePods(cluster=self.spec).node_selector if uses_gpus else dict(self.spec.node_selector)

    @property
    def _labels(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in self._selector.items())

    def _items(self, path: str) -> list[dict[str, Any]]:
        return list(self.api.get(path).get("items", []))
