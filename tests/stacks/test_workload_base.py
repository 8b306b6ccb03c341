"""The base stacks: what a cluster needs before our objects can be planned in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from platform_config.stack_graph import (
    FLEET_STACK,
    GATEWAY_STACK,
    WEIGHTS_STACK,
    base_stack,
    needed_stacks,
    serving_stack,
)
from tests.configs import EXISTING, config
from tests.synthesized import Synthesized, synthesize

POLICIES = {"gcpbackendpolicies.networking.gke.io", "healthcheckpolicies.networking.gke.io"}
EVERYWHERE = POLICIES | {
    "autoscalingmetrics.autoscaling.gke.io",
    "inferencepools.inference.networking.k8s.io",
    "podmonitorings.monitoring.googleapis.com",
}
FOR_THE_GATEWAY = {"gateways.gateway.networking.k8s.io", "httproutes.gateway.networking.k8s.io"}
FOR_THE_TOKEN = {"secretproviderclasses.secrets-store.csi.x-k8s.io"}
FOR_A_SERVICE = {"serviceexports.net.gke.io"}
SPEECH = {"server": {"kind": "custom", "image": "example.com/speech:v1", "port": 8880, "health_path": "/health"}}
TWO_MODELS = {
    "service_discovery": True,
    "models__gemma__address": {"path": "/gemma"},
    "models__speech": SPEECH | {"address": {"path": "/speech"}, "traffic": {"max_in_flight_requests": 4}},
}
"""Changes of the example: another model behind a Service."""


def alone(folder: Path, key: str, **changes: Any) -> Synthesized:
    """Synthesize the stack of one region by itself, of the example with keys changed."""
    from cdktf import App

    from stacks.workload_base import WorkloadBaseStack

    app = App(outdir=str(folder))
    WorkloadBaseStack(app, base_stack(key), config=config(**changes), key=key)
    app.synth()
    return Synthesized(folder)


def waited_for(app: Synthesized, stack: str | None = None) -> set[str]:
    """List the CRDs that the gate waits for, as its role names them."""
    [rule] = app.one("kubernetes_cluster_role_v1", stack)["rule"]
    return set(rule["resource_names"])


@pytest.mark.parametrize("key", ["us", "eu"])
def test_each_cluster_has_the_namespace(platform: Synthesized, key: str) -> None:
    """The same name everywhere: the fleet joins by it."""
    namespace = platform.one("kubernetes_namespace_v1", base_stack(key))

    assert namespace["metadata"]["name"] == "inference"
    assert namespace["metadata"]["labels"] == {"pod-security.kubernetes.io/enforce": "baseline"}


def test_removed_models_are_refused_before_anything_of_theirs_has_changed(tmp_path: Path) -> None:
    """The first stack in a cluster looks for servers of models that the file does not have; a region is no model."""
    app = alone(tmp_path, "eu", models__gemma__regions=["us"])
    [found] = app.stacks[base_stack("eu")]["data"]["kubernetes_resources"].values()
    [refused] = found["lifecycle"]["postcondition"]

    assert (found["namespace"], found["label_selector"]) == ("inference", "gateway-requests=yes")
    assert '["gemma-server"]' in refused["condition"]


ROUTER = {"inference_pool__chart": "llm-d-router", "inference_pool__chart_version": "v0.10.0"}


def test_a_picker_of_the_other_chart_is_refused_before_anything_has_changed(tmp_path: Path) -> None:
    """The Deployment of each model's picker is looked for by its name, and must have llm-d-router's label."""
    looks = alone(tmp_path, "eu", **ROUTER).stacks[base_stack("eu")]["data"]["kubernetes_resources"]
    [found] = [look for key, look in looks.items() if key.startswith("picker-")]
    [refused] = found["lifecycle"]["postcondition"]

    assert (found["kind"], found["namespace"], found["field_selector"]) == (
        "Deployment", "inference", "metadata.name=gemma-pool-epp",
    )  # fmt: skip
    assert 'matchLabels["llm-d-router-gateway"], "") == "gemma-pool-epp"' in refused["condition"]
    assert "delete deployment gemma-pool-epp --cascade=orphan`" in refused["error_message"]


def test_each_group_of_objectives_has_its_crd(tmp_path: Path) -> None:
    """The older stays for a picker of llm-d-router alone too: objects of others, and those of a way back, are in it."""
    router = {"chart": "llm-d-router", "chart_version": "v0.10.0"}
    apps = [
        alone(tmp_path / "old", "eu"),
        alone(tmp_path / "new", "eu", **ROUTER),
        alone(tmp_path / "both", "eu", models__gemma__inference_pool=router),
    ]
    names = [
        [found["metadata"]["name"].partition(".")[2] for found in app.objects("CustomResourceDefinition")]
        for app in apps
    ]

    assert names[0] == ["inference.networking.x-k8s.io"]
    assert [sorted(found) for found in names[1:]] == [["inference.networking.x-k8s.io", "llm-d.ai"]] * 2


def test_the_owner_of_a_cluster_installs_the_crd_that_its_pickers_read(tmp_path: Path) -> None:
    """And no other: the platform makes none there, and the plan wants those alone that it uses."""
    from cdktf import App

    from stacks.workload_base import WorkloadBaseStack

    names = []
    for folder, settings in (("old", {}), ("new", ROUTER)):
        app = App(outdir=str(tmp_path / folder))
        WorkloadBaseStack(app, base_stack("us"), config=config(EXISTING[2], **settings), key="us")
        app.synth()
        looks = Synthesized(tmp_path / folder).stacks[base_stack("us")]["data"]["kubernetes_resources"].values()
        names.append([look["field_selector"] for look in looks if look["kind"] == "CustomResourceDefinition"])

    assert names == [
        ["metadata.name=inferenceobjectives.inference.networking.x-k8s.io"],
        ["metadata.name=inferenceobjectives.llm-d.ai"],
    ]


def test_pods_may_share_the_ipc_of_the_node_only_where_mps_needs_it(tmp_path: Path) -> None:
    """The namespace of the other region stays as it is; whatever is below baseline is warned of and audited."""
    sharing = {"strategy": "mps", "max_clients": 2}
    pools = {"tpu": {"machine_type": "g2-standard-48", "gpu_sharing": sharing}}
    labels = [
        alone(tmp_path / key, key, regions__us__node_pools=pools).one("kubernetes_namespace_v1")["metadata"]["labels"]
        for key in ("us", "eu")
    ]

    assert labels == [
        {
            "pod-security.kubernetes.io/enforce": "privileged",
            "pod-security.kubernetes.io/warn": "baseline",
            "pod-security.kubernetes.io/audit": "baseline",
        },
        {"pod-security.kubernetes.io/enforce": "baseline"},
    ]


def test_the_crd_that_gke_lacks_is_established_before_anything_needs_it(platform: Synthesized) -> None:
    """InferenceObjective, in each cluster."""
    for key in ("us", "eu"):
        blocks = platform.all("kubernetes_manifest", base_stack(key))
        [block] = [made for made in blocks if made["manifest"]["kind"] == "CustomResourceDefinition"]
        assert block["manifest"]["metadata"]["name"] == "inferenceobjectives.inference.networking.x-k8s.io"
        assert block["wait"] == {"condition": [{"type": "Established", "status": "True"}]}


def test_the_gate_waits_for_what_later_stacks_of_its_cluster_plan(platform: Synthesized) -> None:
    """The config cluster has the gateway's objects; each could download."""
    assert waited_for(platform, base_stack("eu")) == EVERYWHERE | FOR_THE_TOKEN
    assert waited_for(platform, base_stack("us")) == EVERYWHERE | FOR_THE_GATEWAY | FOR_THE_TOKEN


@pytest.mark.parametrize(
    ("key", "changes", "crds"),
    [
        ("us", {"bucket__download_region": "eu"}, EVERYWHERE | FOR_THE_GATEWAY | FOR_THE_TOKEN),
        ("eu", {"bucket__download_region": "eu"}, EVERYWHERE | FOR_THE_TOKEN),
        (
            "us",
            {"models__gemma__weights__hugging_face_token": {"kubernetes_secret": {"name": "hf", "key": "token"}}},
            EVERYWHERE | FOR_THE_GATEWAY,
        ),
        ("eu", TWO_MODELS, EVERYWHERE | FOR_THE_TOKEN | FOR_A_SERVICE),
        ("eu", TWO_MODELS | {"models__gemma__regions": ["us"]}, FOR_THE_TOKEN | FOR_A_SERVICE),
        (
            "us",
            TWO_MODELS | {"models__gemma__regions": ["eu"]},
            POLICIES | FOR_THE_TOKEN | FOR_A_SERVICE | FOR_THE_GATEWAY,
        ),
    ],
)
def test_a_crd_is_waited_for_only_where_it_will_be_used(
    tmp_path: Path, key: str, changes: dict[str, Any], crds: set[str]
) -> None:
    """Without the add-on its CRD never comes."""
    assert waited_for(alone(tmp_path, key, **changes)) == crds


def test_every_custom_object_of_the_platform_has_a_crd_that_is_waited_for(platform: Synthesized) -> None:
    """In the base of its own cluster: by the gate, by our CRD, or by Kubernetes itself."""
    built_in = {
        *("v1", "apps/v1", "policy/v1", "networking.k8s.io/v1", "resource.k8s.io/v1", "apiextensions.k8s.io/v1"),
    }
    clusters = {
        GATEWAY_STACK: "us",
        WEIGHTS_STACK: "us",
        serving_stack("us"): "us",
        serving_stack("eu"): "eu",
    }

    for stack, key in clusters.items():
        known = waited_for(platform, base_stack(key)) | {"inferenceobjectives.inference.networking.x-k8s.io"}
        for block in platform.all("kubernetes_manifest", stack):
            version, kind = block["manifest"]["apiVersion"], block["manifest"]["kind"].lower()
            if version not in built_in:
                plural = (
                    f"{kind[:-1]}ies" if kind.endswith("cy") else f"{kind}es" if kind.endswith("ss") else f"{kind}s"
                )
                assert f"{plural}.{version.split('/')[0]}" in known


def test_the_gate_comes_after_the_namespace_with_a_bound(platform: Synthesized) -> None:
    """A quarter of an hour; GKE takes minutes."""
    job = platform.one("kubernetes_job_v1", base_stack("eu"))

    assert "kubernetes_namespace_v1.namespace" in job["depends_on"]
    assert job["metadata"] == {"name": "wait-for-gke-crds", "namespace": "inference"}
    assert job["spec"]["active_deadline_seconds"] == 900 + 120


def test_a_cluster_that_serves_nothing_waits_for_nothing(tmp_path: Path) -> None:
    """A gate without a CRD would fail; the config cluster has the gateway's all the same."""
    elsewhere = {"models__gemma__regions": ["us"], "models__gemma__weights__hugging_face_token": None}

    assert alone(tmp_path, "eu", **elsewhere).all("kubernetes_job_v1") == []


def test_the_crds_of_an_export_come_from_the_fleet() -> None:
    """So its stack comes first where a model is behind a Service, and nowhere else."""
    needed, alone = needed_stacks(config(**TWO_MODELS)), needed_stacks(config())

    for key in ("us", "eu"):
        assert needed[base_stack(key)] == (*alone[base_stack(key)], FLEET_STACK)
        assert FLEET_STACK not in alone[base_stack(key)]


def test_another_namespace_is_used_throughout(tmp_path: Path) -> None:
    """As the config says."""
    app = alone(tmp_path, "eu", namespace="models")

    assert app.one("kubernetes_namespace_v1")["metadata"]["name"] == "models"
    assert app.one("kubernetes_job_v1")["metadata"]["namespace"] == "models"


def test_network_policies_can_be_left_out(platform: Synthesized, tmp_path: Path) -> None:
    """By one setting, in each cluster, and without another change; the metrics adapter's goes with them."""
    off = synthesize(config(cluster__network_policies=False), tmp_path)

    for stack in (made(key) for key in ("us", "eu") for made in (base_stack, serving_stack)):
        before, after = platform.named("kubernetes_manifest", stack), off.named("kubernetes_manifest", stack)
        gone = set(before) - set(after)
        assert gone == {name for name in before if "/network-policy-" in name}
        assert after.keys() == before.keys() - gone
        assert [name for name in after if after[name]["manifest"] != before[name]["manifest"]] == []
    assert off.objects("NetworkPolicy") == []
