"""The rig's clusters: objects need a cluster, a namespace and a kind, as they do with the real provider."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rig.planning import body
from tests.terraform.lab import CLUSTER, Document, Lab

GOOGLE = {"google": {"project": "p"}}
ENDPOINT = "control_plane_endpoints_config[0].dns_endpoint_config[0].endpoint"
LOOK_UP = {"google_container_cluster": {"c": {"name": "c", "location": "us-east5"}}}
FOUND = {
    "provider": GOOGLE | {"kubernetes": {"host": f"https://${{data.google_container_cluster.c.{ENDPOINT}}}"}},
    "data": LOOK_UP,
}
NAMESPACE = {"kubernetes_namespace_v1.n": {"metadata": {"name": "n"}}}
OBJECTIVES = "inference.networking.x-k8s.io"


def manifest(name: str, **content: Any) -> Document:
    """Make the resource `kubernetes_manifest.<name>`, by default a ConfigMap in the namespace `n`."""
    made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "n"}, **content}
    return {f"kubernetes_manifest.{name}": {"manifest": made, "depends_on": ["kubernetes_namespace_v1.n"]}}


def job(image: str = "i", mount: str = "/a") -> Document:
    """Make a Job with a volume."""
    container = {"name": "c", "image": image, "volume_mount": [{"name": "v", "mount_path": mount}]}
    pod = {"container": [container], "volume": [{"name": "v", "empty_dir": {}}]}
    metadata = {"name": "j", "namespace": "${kubernetes_namespace_v1.n.metadata[0].name}"}
    return {"kubernetes_job_v1.j": {"metadata": metadata, "spec": {"template": {"metadata": {}, "spec": pod}}}}


@pytest.fixture
def cluster(lab: Lab) -> Lab:
    """Make the cluster `c` in the cloud of a lab, as if another stack had made it."""
    assert lab.apply({"google_container_cluster.c": CLUSTER}).code == 0
    lab.forget()
    return lab


def test_objects_are_made_in_the_cluster_that_was_looked_up(cluster: Lab) -> None:
    """Typed ones and manifests; the next plan is empty, and the end as well."""
    done = cluster.apply(NAMESPACE | manifest("m", data={"a": "b"}) | job(), **FOUND)

    assert done.code == 0, done.text
    assert cluster.folder.settled()
    assert {key[1] for key in cluster.cloud.objects} == {"", f"https://{endpoint(cluster)}"}
    cluster.folder.must("apply", "-destroy", "-auto-approve")
    assert len(cluster.cloud.objects) == 1


def endpoint(lab: Lab) -> str:
    """Return the address of the cluster `c`."""
    [held] = [held for key, held in lab.cloud.objects.items() if key[0] == "google_container_cluster"]
    return str(held["control_plane_endpoints_config"][0]["dns_endpoint_config"][0]["endpoint"])


def test_a_cluster_that_is_not_there_cannot_be_looked_up(lab: Lab) -> None:
    """A stack that is deployed too early stops before it makes anything."""
    lab.write(NAMESPACE, **FOUND)

    assert "Error 404" in lab.folder.run("plan").text


def test_a_cluster_that_is_not_there_takes_no_object(lab: Lab) -> None:
    """An address that nobody has is not reached."""
    done = lab.apply(NAMESPACE, provider={"kubernetes": {"host": "https://gke-nowhere.goog"}})

    assert "no such host" in done.text


def test_an_object_of_a_cluster_in_the_same_stack_cannot_be_planned(lab: Lab) -> None:
    """The real provider asks the cluster when it plans, and its address is not known yet."""
    host = f"https://${{google_container_cluster.c.{ENDPOINT}}}"
    lab.write(
        {"google_container_cluster.c": CLUSTER} | NAMESPACE | manifest("m"),
        provider=GOOGLE | {"kubernetes": {"host": host}},
    )

    assert "no client config" in lab.folder.run("plan").text


def test_a_namespace_must_be_there_first(cluster: Lab) -> None:
    """An object that forgets to wait for its namespace fails."""
    [(address, resource)] = manifest("m").items()
    resource.pop("depends_on")

    assert 'namespaces "n" not found' in cluster.apply({address: resource}, **FOUND).text


def test_a_kind_must_be_there_when_its_object_is_planned(cluster: Lab) -> None:
    """A CRD of ours and its objects never share a stack."""
    crd = manifest(
        "crd",
        apiVersion="apiextensions.k8s.io/v1",
        kind="CustomResourceDefinition",
        metadata={"name": "d"},
        spec={"group": OBJECTIVES},
    )
    objective = manifest("o", apiVersion=f"{OBJECTIVES}/v1alpha2", kind="InferenceObjective")

    assert "CRD may not be installed" in cluster.apply(NAMESPACE | crd | objective, **FOUND).text
    assert cluster.apply(NAMESPACE | crd, **FOUND).code == 0
    assert cluster.apply(NAMESPACE | crd | objective, **FOUND).code == 0


def test_an_object_that_somebody_edited_is_set_back(cluster: Lab) -> None:
    """In place; another name makes another object."""
    cluster.apply(NAMESPACE | manifest("m", data={"a": "b"}), **FOUND)
    [held] = [held for held in cluster.cloud.objects.values() if body(held)]
    held["object"][1]["data"]["a"] = "c"
    renamed = {"kubernetes_manifest.m": manifest("other")["kubernetes_manifest.other"]}

    assert cluster.plan(NAMESPACE | manifest("m", data={"a": "b"}), **FOUND) == {"kubernetes_manifest.m": ("update",)}
    assert cluster.plan(NAMESPACE | renamed, **FOUND) == {"kubernetes_manifest.m": ("delete", "create")}


def test_a_job_is_replaced_for_its_image_but_not_for_its_volumes(cluster: Lab) -> None:
    """The real provider plans to change mounts in place, and then does not do it."""
    cluster.apply(NAMESPACE | job(), **FOUND)

    assert cluster.plan(NAMESPACE | job(image="j"), **FOUND) == {"kubernetes_job_v1.j": ("delete", "create")}
    assert cluster.plan(NAMESPACE | job(mount="/b"), **FOUND) == {"kubernetes_job_v1.j": ("update",)}


def test_what_may_only_be_written_is_in_no_state(cluster: Lab) -> None:
    """A write-only argument goes to the provider and is kept nowhere."""
    metadata = {"name": "s", "namespace": "${kubernetes_namespace_v1.n.metadata[0].name}"}
    secret = {"kubernetes_secret_v1.s": {"metadata": metadata, "data_wo": {"token": "hf_abc"}, "data_wo_revision": 1}}

    assert cluster.apply(NAMESPACE | secret, **FOUND).code == 0
    assert "hf_abc" not in (cluster.folder.path / "terraform.tfstate").read_text()


def test_waits_are_noted_and_not_waited_for(lab: Lab) -> None:
    """An hour takes no time, and is in the log."""
    assert lab.apply({"time_sleep.t": {"create_duration": "1h"}}).code == 0
    assert lab.folder.settled()
    assert [(done.action, done.kind) for done in lab.cloud.log] == [("create", "time_sleep")]
