"""`verify` of a platform whose objects came from Git: the same checks, and fixes that name a sync."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from gke_inference.export.gitops.run import export_objects
from platform_config.load import load
from platform_config.names import Names
from platform_config.stack_graph import WORKLOAD, serving_stack
from tests.configs import GITOPS
from tests.gke_inference.conftest import InferenceOps
from tests.gke_inference.verify_platform import HealthyPlatform
from tests.gke_inference.verify_rig import Running, healthy, running, to_break
from tests.synthesized import Synthesized, synthesize


@pytest.fixture(scope="module")
def from_git_running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Return the platform of tests/variants/gitops.yaml; its clusters hold what the files of an export say."""
    folder = tmp_path_factory.mktemp("from-git")
    config = load(GITOPS)
    export_objects(config, str(GITOPS), folder / "repository", "argocd")
    platform = healthy(config, with_files_of(folder / "repository", synthesize(config, folder / "out")))
    platform.path = GITOPS
    with running(platform, folder) as listening:
        yield listening


@pytest.fixture
def from_git(
    from_git_running: Running, inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch
) -> HealthyPlatform:
    """Return that platform, healthy, to break."""
    return to_break(from_git_running, inference_ops, monkeypatch)


def with_files_of(repository: Path, app: Synthesized) -> Synthesized:
    """Return *app*, whose stacks of workloads have the objects in *repository* in place of resources."""
    for document in (stack for name, stack in app.stacks.items() if name.startswith(WORKLOAD)):
        document["resource"] = {"kubernetes_manifest": {}}
    for file in sorted(repository.glob("clusters/*/*/*.yaml")):
        made = yaml.safe_load(file.read_text())
        if made["apiVersion"] not in ("builtin", "kustomize.config.k8s.io/v1beta1"):
            stack = re.sub(r"^\d-", "", file.parent.name)
            app.stacks[stack]["resource"]["kubernetes_manifest"][file.stem] = {"manifest": made}
    return app


def test_a_healthy_platform_is_good(from_git: HealthyPlatform) -> None:
    """Every check that it has with Terraform, completions too."""
    ran = from_git.run()

    found = ran.document["findings"]
    assert [finding for finding in found if finding["status"] != "good"] == []
    assert {"SERVER-gemma", "SERVER-speech", "INFERENCE-POOL-gemma", "ROUTE-gemma", "NETWORK", "COMPLETION-gemma"} <= {
        finding["id"] for finding in found
    }
    assert ran.code == 0


@pytest.mark.parametrize("kind", ["Namespace", "InferencePool", "Deployment", "HTTPRoute", "Gateway", "NetworkPolicy"])
def test_a_fix_names_a_sync_and_no_apply(kind: str, from_git: HealthyPlatform) -> None:
    """An apply of the stack would make none of the objects that Git has."""
    from_git.forget("us", kind)

    fixes = [
        finding["fix"]
        for finding in from_git.run("--no-completion").document["findings"]
        if finding["status"] != "good"
    ]

    assert any(f"commit, and sync {WORKLOAD}" in fix for fix in fixes)
    assert [fix for fix in fixes if re.search(rf"appl\w+ (of )?{WORKLOAD}", fix)] == []


def test_the_sync_that_a_fix_names_is_a_folder_of_the_export(from_git: HealthyPlatform, tmp_path: Path) -> None:
    """The name stands at the end of the folder of that cluster."""
    export_objects(from_git.config, str(GITOPS), tmp_path, "argocd")
    from_git.forget("us", "InferencePool")

    fixes = " ".join(finding["fix"] for finding in from_git.run("--no-completion").document["findings"])

    assert f"export --gitops, commit, and sync {serving_stack('us')}" in fixes
    cluster = Names(from_git.config).cluster("us")
    assert [*tmp_path.glob(f"clusters/{cluster}/*-{serving_stack('us')}")] != []
