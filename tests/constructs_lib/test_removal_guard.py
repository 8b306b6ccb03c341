"""The guard of model servers: a plan that would remove one with requests is refused, by the real Terraform."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider

from constructs_lib.manifests.model_server import request_labels
from constructs_lib.removal_guard import RemovalGuard
from tests.conftest import Synth
from tests.rig.server import Rig
from tests.terraform.lab import CLUSTER, Document, Lab
from tests.terraform.runs import Outcome

HOST = "${data.google_container_cluster.c.control_plane_endpoints_config[0].dns_endpoint_config[0].endpoint}"
PARTS: Document = {
    "provider": {"google": {"project": "p"}, "kubernetes": {"host": f"https://{HOST}"}},
    "data": {"google_container_cluster": {"c": {"name": "c", "location": "us-east5"}}},
}
NAMESPACE: Document = {"kubernetes_namespace_v1.n": {"metadata": {"name": "inference"}}}


def guard(synth: Synth, *servers: str) -> dict[str, Any]:
    """Return the data source of a guard that lets *servers* stay."""

    def made(stack: Any) -> RemovalGuard:
        return RemovalGuard(
            stack, "guard", kubernetes=KubernetesProvider(stack, "kubernetes"), namespace="inference",
            servers=servers, refusal="{was} had requests; drain first",
        )  # fmt: skip

    [found] = synth(made).stacks["test"]["data"]["kubernetes_resources"].values()
    return dict(found)


def server(name: str, *, requests: bool = True) -> Document:
    """Make the Deployment of a model, with the label that says whether the gateway has requests for it."""
    metadata = {"name": name, "namespace": "inference", "labels": {"app": name, **request_labels(requests)}}
    manifest = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {}}
    return {f"kubernetes_manifest.{name}": {"manifest": manifest, "depends_on": ["kubernetes_namespace_v1.n"]}}


class Cluster:
    """A cluster with a guard before its servers."""

    def __init__(self, lab: Lab, synth: Synth) -> None:
        self.lab = lab
        self._synth = synth
        assert lab.apply({"google_container_cluster.c": CLUSTER}).code == 0
        lab.forget()

    def write(self, *servers: Document, known: tuple[str, ...]) -> None:
        """Make *servers* the configuration, and let those with the names *known* stay."""
        look = {key: value for key, value in guard(self._synth, *known).items() if key not in ("//", "provider")}
        parts = PARTS | {"data": PARTS["data"] | {"kubernetes_resources": {"guard": look}}}
        resources: Document = dict(NAMESPACE)
        for each in servers:
            resources |= each
        self.lab.write(resources, **parts)

    def apply(self, *servers: Document, known: tuple[str, ...]) -> Outcome:
        """Apply what *write* writes."""
        self.write(*servers, known=known)
        return self.lab.folder.run("apply", "-auto-approve")

    def servers(self) -> set[str]:
        """Return the names of the Deployments that are there."""
        held = [held["manifest"][1] for key, held in self.lab.cloud.objects.items() if key[0] == "kubernetes_manifest"]
        return {manifest["metadata"]["name"] for manifest in held}


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """Make an empty folder and an empty cloud."""
    folder, rig = tmp_path / "lab", Rig()
    folder.mkdir()
    yield Lab(folder, rig)
    rig.stop()


@pytest.fixture
def cluster(lab: Lab, synth: Synth) -> Cluster:
    """Make a cluster without servers."""
    return Cluster(lab, synth)


def test_it_looks_at_servers_with_requests_in_its_namespace(synth: Synth) -> None:
    """Others of the namespace have no such label, whoever made them."""
    found = guard(synth, "gemma-server")

    assert (found["api_version"], found["kind"], found["namespace"]) == ("apps/v1", "Deployment", "inference")
    assert [found["label_selector"]] == [f"{label}={value}" for label, value in request_labels(True).items()]
    assert request_labels(True) != request_labels(False)


def test_the_first_apply_is_not_refused(cluster: Cluster) -> None:
    """There is neither a namespace nor a server yet."""
    assert cluster.apply(server("gemma-server"), known=("gemma-server",)).code == 0
    assert cluster.lab.folder.settled()


def test_a_server_with_requests_is_not_removed(cluster: Cluster) -> None:
    """The refusal names it and no other, and nothing has changed."""
    both = ("gemma-server", "next-server")
    assert cluster.apply(*map(server, both), known=both).code == 0

    refused = cluster.apply(server("gemma-server"), known=("gemma-server",))

    assert refused.code == 1
    assert "next-server had requests; drain first" in " ".join(refused.text.split())
    assert cluster.servers() == {*both}


def test_a_server_without_requests_may_go(cluster: Cluster) -> None:
    """Once an apply has taken its requests away."""
    both = ("gemma-server", "next-server")
    assert cluster.apply(*map(server, both), known=both).code == 0
    assert cluster.apply(server("gemma-server"), server("next-server", requests=False), known=both).code == 0

    assert cluster.apply(server("gemma-server"), known=("gemma-server",)).code == 0
    assert cluster.servers() == {"gemma-server"}


def test_a_model_may_leave_a_region_with_its_requests(cluster: Cluster) -> None:
    """It is still in the file: its servers elsewhere take them."""
    both = ("gemma-server", "next-server")
    assert cluster.apply(*map(server, both), known=both).code == 0

    assert cluster.apply(server("gemma-server"), known=both).code == 0
    assert cluster.servers() == {"gemma-server"}


def test_a_destroy_is_not_refused(cluster: Cluster) -> None:
    """Whatever the file says by then."""
    assert cluster.apply(server("gemma-server"), known=("gemma-server",)).code == 0
    cluster.write(known=())

    assert cluster.lab.folder.run("destroy", "-auto-approve").code == 0
    assert cluster.servers() == set()
