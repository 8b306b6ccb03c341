"""The files of `export --gitops`: what Argo CD and Flux apply, where, in which order, and what they leave alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from constructs_lib.specs.gitops import CLUSTER_LABEL, PLATFORM_LABEL, SYNC_WAVE
from gke_inference.export.gitops.files import Tool, application_set, gitops_files
from gke_inference.export.gitops.objects import Chart, ClusterObjects, Object, Patch, Wave
from platform_config.config import Config
from platform_config.stack_graph import GITOPS_STACK
from tests.configs import GITOPS, MULTI_CLOUD, config
from tests.conftest import Platforms
from tests.gke_inference.conftest import InferenceOps

WAVE = "clusters/voice-us/0-workload-base-us"
POOL = Chart(
    name="gemma-pool",
    namespace="inference",
    chart="inferencepool",
    repository="oci://charts.example.com/pools",
    version="1.5.0",
    values={"replicas": 2},
)
EXPORT = Patch(
    api_version="inference.networking.k8s.io/v1",
    kind="InferencePool",
    name="gemma-pool",
    namespace="inference",
    annotations={"networking.gke.io/export": "True"},
    release="gemma-pool",
)


def from_git(**settings: Any) -> Config:
    """Return the example with its objects in Git."""
    return config(workloads="gitops", gitops={"repository": "https://git.example.com/platform.git", **settings})


def named(kind: str, name: str, namespace: str = "") -> Object:
    """Return an object of this kind, name and namespace."""
    place = {"namespace": namespace} if namespace else {}
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, **place}}


def files(*objects: Object, tool: Tool = "argocd", **more: Any) -> dict[str, Any]:
    """Return what each file of one wave with these *objects* holds, by its path in the wave."""
    wave = Wave(number=0, stack="workload-base-us", objects=objects, **more)
    made = gitops_files(from_git(), "mine.yaml", [ClusterObjects(name="voice-us", waves=(wave,))], tool)
    return {
        name.removeprefix(f"{WAVE}/"): list(yaml.safe_load_all(text))
        for name, text in made.items()
        if name.startswith(WAVE)
    }


def test_one_application_for_each_registered_cluster_of_the_platform() -> None:
    """Each finds its own folder of the repository by a label of the cluster, and applies it to that cluster."""
    given = {
        "revision": "v3",
        "path": "/platforms/voice/",
        "argo_cd": {"cluster": "us", "namespace": "argo", "project": "ml"},
    }
    made = application_set(from_git(**given))
    template = made["spec"]["template"]["spec"]

    assert (made["kind"], made["metadata"]) == ("ApplicationSet", {"name": "gemma", "namespace": "argo"})
    assert made["spec"]["generators"] == [{"clusters": {"selector": {"matchLabels": {PLATFORM_LABEL: "gemma"}}}}]
    assert template["project"] == "ml"
    assert template["source"] == {
        "repoURL": "https://git.example.com/platform.git",
        "targetRevision": "v3",
        "path": f'platforms/voice/clusters/{{{{ index .metadata.labels "{CLUSTER_LABEL}" }}}}',
    }
    assert template["destination"] == {"server": "{{ .server }}"}
    assert made["spec"]["goTemplateOptions"] == ["missingkey=error"]


@pytest.mark.parametrize("path", [".", "", "./"])
def test_a_repository_that_holds_one_platform_alone_has_it_at_its_root(path: str) -> None:
    """Argo CD takes no path that begins with a dot or a slash."""
    found = application_set(from_git(path=path))["spec"]["template"]["spec"]["source"]["path"]

    assert found.startswith("clusters/")


def test_the_registered_clusters_have_the_labels_and_folders_that_applications_look_for(
    every_platform: Platforms, inference_ops: InferenceOps, tmp_path: Path
) -> None:
    """A cluster whose label names no folder would never be synced."""
    ran = inference_ops("export", str(GITOPS), "--gitops", str(tmp_path))
    assert ran.code == 0
    config, app = every_platform["gitops"]
    secrets = app.stacks[GITOPS_STACK]["resource"]["kubernetes_secret_v1"].values()
    labels = [secret["metadata"]["labels"] for secret in secrets]

    assert {held[PLATFORM_LABEL] for held in labels} == {config.name}
    assert {held[CLUSTER_LABEL] for held in labels} == {folder.name for folder in (tmp_path / "clusters").iterdir()}
    assert all(secret["metadata"]["namespace"] == "argocd" for secret in secrets)


def test_nothing_that_others_or_older_exports_made_is_deleted() -> None:
    """Not by a sync, and not where a cluster or the ApplicationSet goes: servers would stop."""
    spec = application_set(from_git())["spec"]

    assert spec["template"]["spec"]["syncPolicy"]["automated"] == {"prune": False, "selfHeal": True}
    assert spec["syncPolicy"] == {"preserveResourcesOnDeletion": True}
    assert "finalizers" not in spec["template"]["metadata"]


def test_a_sync_is_tried_again_until_gke_has_its_kinds() -> None:
    """For longer than the 15 minutes that the gates of Terraform wait for CRDs."""
    policy = application_set(from_git())["spec"]["template"]["spec"]["syncPolicy"]
    retry = policy["retry"]
    waits = [min(30 * retry["backoff"]["factor"] ** number, 10 * 60) for number in range(retry["limit"])]

    assert (retry["backoff"]["duration"], retry["backoff"]["maxDuration"]) == ("30s", "10m")
    assert sum(waits) > 15 * 60
    assert set(policy["syncOptions"]) == {"ServerSideApply=true", "SkipDryRunOnMissingResource=true"}


def test_each_object_of_a_wave_says_when_it_is_applied() -> None:
    """By the number of its stack in the order; a Job, which cannot change, is replaced."""
    plain, job = files(named("Service", "a")), files(named("Job", "a", "x"))

    assert plain["wave.yaml"][0]["annotations"] == {SYNC_WAVE: "0"}
    assert job["wave.yaml"][0]["annotations"][SYNC_WAVE] == "0"
    assert "Replace=true" in job["wave.yaml"][0]["annotations"]["argocd.argoproj.io/sync-options"]
    assert plain["kustomization.yaml"][0]["transformers"] == ["wave.yaml"]


def test_the_same_kind_and_name_in_two_namespaces_are_two_files() -> None:
    """Whatever the names are: none is written over another."""
    objects = [
        named("ServiceAccount", "reader", "a"),
        named("ServiceAccount", "reader", "b"),
        named("ServiceAccount", "b-reader", "a"),
        named("ServiceAccount", "reader", "a-b"),
        named("ServiceAccount", "b-reader", "c"),
        named("ClusterRole", "reader"),
    ]
    made = files(*objects)
    listed = made["kustomization.yaml"][0]["resources"]

    assert len(listed) == len(set(listed)) == len(objects)
    assert sorted(str(made[name][0]) for name in listed) == sorted(map(str, objects))


def test_one_object_twice_is_refused() -> None:
    """One of the two would be lost."""
    with pytest.raises(ValueError, match="two objects"):
        files(named("Service", "a", "x"), named("Service", "a", "x"))


def test_a_chart_is_rendered_by_argo_cd_as_helm_would_own_it() -> None:
    """Version, values and patches; and what lets helm take the objects over, at the objects and not at their pods."""
    made = files(charts=(POOL,), patches=(EXPORT,))
    chart = made["chart-gemma-pool/kustomization.yaml"][0]

    assert made["kustomization.yaml"][0]["resources"] == ["chart-gemma-pool"]
    assert chart["helmCharts"] == [
        {
            "name": "inferencepool", "repo": "oci://charts.example.com/pools", "version": "1.5.0",
            "releaseName": "gemma-pool", "namespace": "inference", "includeCRDs": True,
            "valuesInline": {"replicas": 2},
        }
    ]  # fmt: skip
    [patch] = [yaml.safe_load(one["patch"]) for one in chart["patches"]]
    assert (patch["kind"], patch["metadata"]["annotations"]) == ("InferencePool", EXPORT.annotations)
    assert chart["labels"] == [{"pairs": {"app.kubernetes.io/managed-by": "Helm"}, "includeSelectors": False}]
    [release] = made["chart-gemma-pool/release.yaml"]
    assert release["annotations"] == {
        "meta.helm.sh/release-name": "gemma-pool",
        "meta.helm.sh/release-namespace": "inference",
    }
    assert release["fieldSpecs"] == [{"path": "metadata/annotations", "create": True}]


def test_flux_makes_a_release_of_a_chart() -> None:
    """In the wave's folder, with the same version, values and patches."""
    source, release = files(charts=(POOL,), patches=(EXPORT,), tool="flux")["helmrelease-gemma-pool.yaml"]

    assert (source["kind"], source["spec"]["url"], source["spec"]["type"]) == ("HelmRepository", POOL.repository, "oci")
    assert release["spec"]["chart"]["spec"]["version"] == "1.5.0"
    assert release["spec"]["values"] == {"replicas": 2}
    assert "networking.gke.io/export" in str(release["spec"]["postRenderers"])


def test_flux_has_no_file_of_argo_cd() -> None:
    """Neither the ApplicationSet nor a wave: a Kustomization of the cluster's own applies the folder."""
    wave = Wave(number=0, stack="workload-base-us", objects=(named("Service", "a", "x"),))
    made = gitops_files(from_git(path="here"), "mine.yaml", [ClusterObjects(name="voice-us", waves=(wave,))], "flux")
    applied = yaml.safe_load(made["clusters/voice-us/flux-kustomization.yaml"])

    assert not any("argocd" in text for text in made.values())
    assert (applied["spec"]["path"], applied["spec"]["prune"]) == ("./here/clusters/voice-us", False)


def test_a_chart_with_hooks_is_an_application_that_makes_its_namespace() -> None:
    """Argo CD runs hooks before the objects of a folder, so that their namespace would not be there."""
    hooked = Chart(
        name="hami", namespace="gpu-operator", chart="hami", repository="https://charts.example.com", version="2.7.1",
        values={"scheduler": {}},
    )  # fmt: skip
    wave = Wave(number=0, stack="workload-outside-farm", objects=(), charts=(hooked, POOL))
    platform = config(
        MULTI_CLOUD, workloads="gitops", gitops={"repository": "https://git.example.com/p.git", "argo_cd": None}
    )
    made = gitops_files(platform, "mine.yaml", [ClusterObjects(name="farm", waves=(wave,))], "argocd")
    application = yaml.safe_load(made["applications/farm-hami.yaml"])

    assert application["spec"]["destination"] == {"name": "voice-farm", "namespace": "gpu-operator"}
    assert "CreateNamespace=true" in application["spec"]["syncPolicy"]["syncOptions"]
    assert application["spec"]["source"]["helm"] == {"releaseName": "hami", "valuesObject": {"scheduler": {}}}
    assert application["spec"]["source"]["targetRevision"] == "2.7.1"
    assert {Path(name).parent.name for name in made if "chart-" in name} == {"chart-gemma-pool"}
