"""Objects from Git in place of Terraform: the same bytes, and a change of hands in which nothing that serves goes."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from constructs_lib.specs.gitops import SYNC_WAVE
from gke_inference.adopt.adoption import adopt_platform
from gke_inference.adopt.found import Verdict
from gke_inference.export.gitops.files import TOOLS, gitops_files
from gke_inference.export.gitops.objects import read_objects
from platform_config.config import Config
from platform_config.load import load
from platform_config.stack_graph import GITOPS_STACK, WORKLOAD, base_stack
from tests.checks.kubernetes_objects import problems
from tests.configs import EXAMPLE, config
from tests.gke_inference.cluster_stand_in import merged
from tests.gke_inference.google_stand_in import GoogleStandIn
from tests.rig.google_of_cloud import clusters_of, show
from tests.rig.planning import body
from tests.terraform.configs import EACH_APPLIED, Worlds
from tests.terraform.world import World

GITOPS: dict[str, Any] = {"workloads": "gitops", "gitops": {"repository": "https://git.example.com/platform.git"}}
IN_CLUSTERS = ("kubernetes_", "helm_")


def canonical(made: Any) -> str:
    """Return an object as one text."""
    return json.dumps(made, sort_keys=True)


def written(platform: Config, outdir: Path) -> list[dict[str, Any]]:
    """Return every object that the files of an export hold, as Argo CD reads them."""
    files = gitops_files(platform, "mine.yaml", read_objects(platform, outdir), "argocd")
    others = ("kustomization.yaml", "wave.yaml", "release.yaml")
    kept = [name for name in files if name.startswith("clusters/") and not name.endswith(others)]
    return [yaml.safe_load(files[name]) for name in kept]


@EACH_APPLIED
def test_the_objects_are_those_that_terraform_applies(path: Path, deployed_of: Worlds) -> None:
    """Each manifest, byte for byte as the API server got it; each once, and none is left out."""
    world, platform = deployed_of(path), load(path)
    applied = [
        canonical(body(held))
        for key, held in world.rig.cloud.objects.items()
        if key[0] == "kubernetes_manifest" and key not in world.theirs
    ]
    exported = [canonical(made) for made in written(platform, world.app.outdir)]

    assert Counter(applied) - Counter(exported) == Counter()


@EACH_APPLIED
def test_what_the_provider_has_types_for_is_valid_too(path: Path, deployed_of: Worlds) -> None:
    """Namespaces, accounts, downloads and roles, as Kubernetes 1.34 has them."""
    world, platform = deployed_of(path), load(path)

    assert [problem for made in written(platform, world.app.outdir) for problem in problems(made)] == []


@EACH_APPLIED
def test_each_chart_comes_with_its_values(path: Path, deployed_of: Worlds) -> None:
    """The release that Terraform makes: chart, version, namespace and values; annotations are patches of it."""
    world, platform = deployed_of(path), load(path)
    clusters = read_objects(platform, world.app.outdir)
    charts = [chart for cluster in clusters for wave in cluster.waves for chart in wave.charts]
    releases = world.app.all("helm_release")
    patched = [patch for cluster in clusters for wave in cluster.waves for patch in wave.patches]

    assert sorted((chart.name, chart.chart, chart.version, chart.namespace) for chart in charts) == sorted(
        (release["name"], release["chart"], release["version"], release["namespace"]) for release in releases
    )
    assert len(patched) == len(world.app.all("kubernetes_annotations"))
    assert all(patch.name in {chart.name for chart in charts} for patch in patched)


def test_terraform_hands_over_without_deleting_anything(deployed_of: Worlds, tmp_path: Path) -> None:
    """With `workloads: gitops` each plan forgets the objects of clusters, and the clusters have them as before."""
    world = deployed_of(EXAMPLE).copy(tmp_path)
    before = {key: held for key, held in world.rig.cloud.objects.items() if key[0].startswith(IN_CLUSTERS)}

    world.use(config(**GITOPS))
    world.deploy()
    changes = {
        address: done
        for stack in world.app.stacks
        if stack.startswith(WORKLOAD)
        for address, done in world.changes[stack].items()
        if address.startswith(IN_CLUSTERS)
    }

    # What `plan -json` calls a change that forgets.
    assert set(changes.values()) == {("remove",)}
    assert {key: held for key, held in world.rig.cloud.objects.items() if key[0].startswith(IN_CLUSTERS)} == before
    assert world.unsettled() == []
    world.stop()


def test_what_google_has_of_the_workloads_stays_with_terraform(deployed_of: Worlds, tmp_path: Path) -> None:
    """The grants of the download are planned as before."""
    world: World = deployed_of(EXAMPLE).copy(tmp_path)
    was = {key for key in world.rig.cloud.objects if key[0].startswith("google_")}
    world.use(config(**GITOPS))
    world.deploy()

    assert was == {key for key in world.rig.cloud.objects if key[0].startswith("google_")}
    world.stop()


def test_each_tool_finds_all_objects(deployed_of: Worlds) -> None:
    """Every file is named by the kustomization beside it, and each folder by the one above."""
    world, platform = deployed_of(EXAMPLE), load(EXAMPLE)
    clusters = read_objects(platform, world.app.outdir)
    for tool in TOOLS:
        files = gitops_files(platform, "mine.yaml", clusters, tool)
        for name, text in files.items():
            if name.endswith("kustomization.yaml") and "flux-" not in name:
                folder = name.rpartition("/")[0]
                held = yaml.safe_load(text)
                for listed in (*held.get("resources", []), *held.get("transformers", [])):
                    assert f"{folder}/{listed}" in files or f"{folder}/{listed}/kustomization.yaml" in files


def test_waves_follow_the_order_of_the_stacks(deployed_of: Worlds) -> None:
    """What the others need first, then the download, the servers, the gateway; at the objects, not at their pods."""
    world, platform = deployed_of(EXAMPLE), load(EXAMPLE)
    files = gitops_files(platform, "mine.yaml", read_objects(platform, world.app.outdir), "argocd")
    waves = {name.split("/")[2]: yaml.safe_load(text) for name, text in files.items() if name.endswith("/wave.yaml")}

    assert {name: wave["annotations"]["argocd.argoproj.io/sync-wave"] for name, wave in waves.items()} == {
        "0-workload-base-us": "0",
        "0-workload-base-eu": "0",
        "1-workload-weights": "1",
        "2-workload-serving-us": "2",
        "2-workload-serving-eu": "2",
        "3-workload-gateway": "3",
    }
    assert all(wave["fieldSpecs"] == [{"path": "metadata/annotations", "create": True}] for wave in waves.values())
    assert "Replace=true" in str(waves["1-workload-weights"])


def rendered(world: World) -> None:
    """Have Argo CD's objects in place of releases: it renders a chart, and helm knows of no release."""
    cloud = world.rig.cloud
    for key in [key for key in cloud.objects if key[0] == "helm_release"]:
        release = cloud.objects.pop(key)
        metadata = {
            "name": f"{release['name']}-epp",
            "namespace": release["namespace"],
            "annotations": {"meta.helm.sh/release-name": release["name"], SYNC_WAVE: "2"},
        }
        made = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata}
        place = f"apiVersion=apps/v1,kind=Deployment,namespace={metadata['namespace']},name={metadata['name']}"
        cloud.objects["kubernetes_manifest", key[1], place] = {"manifest": [["object", {}], made]}


def test_terraform_takes_the_objects_back(deployed_of: Worlds, tmp_path: Path) -> None:
    """By the steps of docs/gitops.md: nothing is deleted but what Argo CD had, nothing fails, and no plan is left."""
    world, stand_in = deployed_of(EXAMPLE).copy(tmp_path / "world"), GoogleStandIn()
    world.use(config(**merged(GITOPS, {"gitops": {"argo_cd": {"cluster": "us"}}})))
    world.deploy()
    rendered(world)
    before = dict(world.rig.cloud.objects)

    world.destroy([GITOPS_STACK])
    world.use(config())
    again = world.copy(tmp_path / "again")
    with pytest.raises(AssertionError, match="already exists"):
        again.deploy([base_stack("us")])
    again.stop()
    show(stand_in, world.rig.cloud)
    with stand_in.serving():
        adoption = adopt_platform(config(), stand_in.api(), clusters_of(world.rig.cloud, config()), world.app.outdir)
    adoption.write(world.app.outdir)
    world.deploy()

    assert [one for one in adoption.found if one.verdict is not Verdict.ADOPTED] == []
    nouns = {one.noun for one in adoption.found}
    assert {"Deployment", "Job", "Namespace", "ServiceAccount"} <= nouns
    assert "release" not in nouns, "helm knows of none, so an import would fail"
    done = [(address, doing) for changes in world.changes.values() for address, doing in changes.items()]
    deleted = {address for address, doing in done if "delete" in doing}
    assert deleted != set()
    assert {address for address in deleted if "argo-cd" not in address} == set()
    assert {key for key in before if key not in world.rig.cloud.objects and "argocd" not in str(key)} == set()
    assert world.unsettled() == []
    world.stop()
