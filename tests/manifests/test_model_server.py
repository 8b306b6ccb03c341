"""The Deployment of a server: what all kinds have, and vLLM's."""

from dataclasses import replace
from typing import Any

import pytest

from constructs_lib.manifests.served_weights import ServedWeights, served_weights
from constructs_lib.specs import HealthCheckSpec, KubernetesSecretSpec, LoraAdapterSpec
from constructs_lib.specs.mounts import MOUNTS
from constructs_lib.vllm_arguments import WeightsFormat
from tests.checks.kubernetes_objects import problems
from tests.manifests.examples import GPU, LABELS, TPU, WEIGHTS, server

OLD_IMAGE = "docker.io/vllm/vllm-openai:v0.10.1"


def from_hugging_face(token: KubernetesSecretSpec | str | None, form: WeightsFormat = "auto") -> ServedWeights:
    """Have the example's weights downloaded by each server."""
    return served_weights(replace(WEIGHTS, source="hugging_face"), bucket=None, token=token, disk_gib=62, form=form)


def pod(made: dict[str, Any]) -> dict[str, Any]:
    """Return the pod's spec."""
    found: dict[str, Any] = made["spec"]["template"]["spec"]
    return found


def container(made: dict[str, Any]) -> dict[str, Any]:
    """Return the only container."""
    [found] = pod(made)["containers"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"claim_template": None},
        {"replicas": None},
        {"accelerator": GPU, "image": OLD_IMAGE},
        {"max_model_len": None, "extra_args": ("--max-num-seqs=128",)},
        {"termination_grace_sec": 5},
    ],
)
def test_every_deployment_is_valid(changes: dict[str, Any]) -> None:
    """Kubernetes 1.34 takes the Deployment with each option."""
    assert problems(server(**changes)) == []


def test_vllm_is_started_without_a_shell() -> None:
    """Every argument is its own: nothing is expanded by a shell."""
    made = container(server())

    assert made["command"] == ["python3", "-m", "vllm.entrypoints.openai.api_server"]
    assert made["args"] == [
        "--model=/models/google/gemma-3-27b-it/005ad3404e59d6023443cb575daa05336842228a",
        "--served-model-name=gemma-3-27b-it",
        "--tensor-parallel-size=4",
        "--port=8000",
        "--middleware=region_header.RegionHeader",
        "--max-model-len=32768",
        "--shutdown-timeout=95",
    ]


def test_every_answer_tells_its_region() -> None:
    """By a middleware from the ConfigMap, which finds the region in the environment."""
    made = server()
    env = {entry["name"]: entry["value"] for entry in container(made)["env"]}
    mount = {"name": "region-header", "mountPath": env["PYTHONPATH"], "readOnly": True}

    assert {"name": "region-header", "configMap": {"name": "region-1"}} in pod(made)["volumes"]
    assert mount in container(made)["volumeMounts"]
    assert env["INFERENCE_REGION"] == "us-east5"


def test_adapters_are_served_beside_the_model() -> None:
    """By their names, from their own directories, all at once in a batch."""
    adapters = {
        "food-review-1": LoraAdapterSpec(repository="me/food", revision="a" * 40),
        "food-review-2": LoraAdapterSpec(repository="me/food", revision="b" * 40),
    }
    args = container(server(weights=replace(WEIGHTS, lora_adapters=adapters), max_lora_rank=8))["args"]
    start = args.index("--lora-modules")

    assert args[start + 1 : start + 6] == [
        f"food-review-1=/models/me/food/{'a' * 40}",
        f"food-review-2=/models/me/food/{'b' * 40}",
        "--enable-lora",
        "--max-loras=2",
        "--max-lora-rank=8",
    ]


@pytest.mark.parametrize("token", ["server-token", KubernetesSecretSpec(name="hf", key="token")])
def test_weights_straight_from_hugging_face(token: KubernetesSecretSpec | str) -> None:
    """The download runs before the server, onto the node's disk; the server's container never sees the token."""
    made = server(mounted=from_hugging_face(token, "mistral"), accelerator=GPU, claim_template=None)
    [download] = pod(made)["initContainers"]

    assert problems(made) == []
    assert download["resources"]["requests"]["ephemeral-storage"] == "62Gi"
    assert container(made)["resources"]["requests"]["ephemeral-storage"] == "67Gi"
    assert {"name": "WEIGHTS", "value": "mistral"} in download["env"]
    assert {"name": "models", "emptyDir": {}} in pod(made)["volumes"]
    assert pod(made)["securityContext"]["fsGroup"] == download["securityContext"]["runAsUser"]
    assert "token" in [mount["name"] for mount in download["volumeMounts"]]
    assert "token" not in [mount["name"] for mount in container(made)["volumeMounts"]]
    assert "annotations" not in made["spec"]["template"]["metadata"]
    assert made["spec"]["progressDeadlineSeconds"] > server()["spec"]["progressDeadlineSeconds"]


def test_extra_arguments_come_last() -> None:
    """So a user's argument wins over ours."""
    assert container(server(extra_args=("--port=1",), max_model_len=None))["args"][-1] == "--port=1"


def test_the_weights_are_mounted_read_only_and_cached_on_disk() -> None:
    """The cache, its limit and its request belong together: a limit below the cache evicts the pod."""
    made = server()
    [volume] = [volume for volume in pod(made)["volumes"] if "csi" in volume]
    annotations = made["spec"]["template"]["metadata"]["annotations"]

    assert volume["csi"]["readOnly"] is True
    assert volume["csi"]["volumeAttributes"] == {
        "bucketName": "my-project-id-gemma-weights",
        "mountOptions": "implicit-dirs,file-cache:enable-parallel-downloads:true",
        "fileCacheCapacity": "62Gi",
        "fileCacheForRangeRead": "true",
    }
    assert annotations["gke-gcsfuse/volumes"] == "true"
    assert annotations["gke-gcsfuse/ephemeral-storage-limit"] == "0"
    assert annotations["gke-gcsfuse/ephemeral-storage-request"] == "62Gi"
    assert (annotations["gke-gcsfuse/cpu-request"], annotations["gke-gcsfuse/memory-request"]) == ("250m", "1Gi")


def test_the_pod_takes_its_chips_from_the_right_nodes() -> None:
    """Chips are asked for as a string, and the nodes are found by their labels."""
    made = server()

    assert container(made)["resources"]["limits"] == {"google.com/tpu": "4"}
    assert container(made)["resources"]["claims"] == [{"name": "interfaces"}]
    assert pod(made)["nodeSelector"] == TPU.node_selector
    assert pod(made)["resourceClaims"] == [{"name": "interfaces", "resourceClaimTemplateName": "interfaces-1"}]
    assert "tolerations" not in pod(made)


def test_the_pod_asks_for_its_share_of_the_node_and_has_no_limit() -> None:
    """In the API server's own form, chips among them: what it adds or writes anew would be drift in every plan."""
    made = container(server(accelerator=GPU))["resources"]

    assert made["requests"] == {"cpu": "100", "memory": "1Ti", "ephemeral-storage": "5Gi", "nvidia.com/gpu": "8"}
    assert made["limits"] == {"nvidia.com/gpu": "8"}


def test_without_dranet_there_is_no_claim() -> None:
    """Neither in the pod nor in the container."""
    made = server(claim_template=None, accelerator=GPU)

    assert "resourceClaims" not in pod(made)
    assert container(made)["resources"].keys() == {"requests", "limits"}
    assert container(made)["resources"]["limits"] == {"nvidia.com/gpu": "8"}
    assert pod(made)["tolerations"] == [dict(GPU.tolerations[0])]


def test_a_start_up_may_take_as_long_as_the_setting_says() -> None:
    """Probe and rollout both wait for it."""
    made = server(startup_timeout_sec=1795)
    probe = container(made)["startupProbe"]

    assert probe["periodSeconds"] * probe["failureThreshold"] == 1800
    assert made["spec"]["progressDeadlineSeconds"] > 1800


def test_every_probe_asks_for_health() -> None:
    """`/health` is what fails when the engine has died."""
    made = container(server())

    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert made[probe]["httpGet"] == {"path": "/health", "port": "http"}
    assert made["ports"] == [{"name": "http", "containerPort": 8000}]


SLOW = HealthCheckSpec(interval_sec=60, timeout_sec=30, unhealthy_threshold=5)


@pytest.mark.parametrize("check", [HealthCheckSpec(), SLOW])
def test_a_server_is_out_of_the_picker_when_it_is_out_of_the_load_balancer(check: HealthCheckSpec) -> None:
    """The kubelet asks as often, waits as long and fails as often as the gateway: neither takes a busy one for dead."""
    made = container(server(health_check=check))["readinessProbe"]

    assert made == {
        "httpGet": {"path": "/health", "port": "http"},
        "timeoutSeconds": check.timeout_sec,
        "periodSeconds": check.interval_sec,
        "failureThreshold": check.unhealthy_threshold,
    }


@pytest.mark.parametrize(("check", "least_sec"), [(HealthCheckSpec(), 300), (SLOW, 600)])
def test_a_busy_server_is_not_restarted(check: HealthCheckSpec, least_sec: int) -> None:
    """A restart loads the weights again: five minutes without an answer, and twice what the gateway waits."""
    made = container(server(health_check=check))["livenessProbe"]

    assert made["periodSeconds"] * made["failureThreshold"] >= max(least_sec, 2 * check.detection_sec)
    assert made["periodSeconds"] >= made["timeoutSeconds"] >= 15
    assert made["httpGet"]["path"] == "/health"


@pytest.mark.parametrize(("image", "wait", "drain"), [(None, 30, 95), (OLD_IMAGE, 120, None)])
def test_a_pod_that_goes_first_lets_the_load_balancer_leave(image: str | None, wait: int, drain: int | None) -> None:
    """Then requests end: by draining where vLLM can, by a later SIGTERM where it cannot. All in the grace period."""
    made = server(**({"image": image} if image else {}))
    drains = [arg.partition("=")[2] for arg in container(made)["args"] if arg.startswith("--shutdown-timeout")]

    assert container(made)["lifecycle"] == {"preStop": {"sleep": {"seconds": wait}}}
    assert drains == ([str(drain)] if drain else [])
    assert wait + (drain or 0) < pod(made)["terminationGracePeriodSeconds"] == 130


def test_a_dead_server_is_not_waited_for() -> None:
    """The time for requests to end does not count when a probe has failed."""
    assert container(server())["livenessProbe"]["terminationGracePeriodSeconds"] == 10


def test_no_time_to_go_means_no_wait() -> None:
    """A hook of 0 seconds would be refused."""
    assert "lifecycle" not in container(server(termination_grace_sec=0))


def test_the_container_has_no_privilege_and_no_token() -> None:
    """TPUs need no privileges, and vLLM calls no API server."""
    made = server()

    assert container(made)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod(made)["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod(made)["automountServiceAccountToken"] is False
    assert pod(made)["enableServiceLinks"] is False


def test_a_server_writes_to_bounded_volumes_alone() -> None:
    """Home, compiled programs, temporary files, shared memory: every mount that can be written has a limit."""
    made = server()
    limits = {
        volume["name"]: volume["emptyDir"]["sizeLimit"] for volume in pod(made)["volumes"] if "emptyDir" in volume
    }
    mounts = {
        mount["mountPath"]: mount["name"] for mount in container(made)["volumeMounts"] if not mount.get("readOnly")
    }
    env = {entry["name"]: entry["value"] for entry in container(made)["env"]}

    assert mounts == {"/dev/shm": "shared-memory", "/cache": "cache", "/tmp": "temporary"}
    assert limits.keys() == set(mounts.values())
    assert env["HOME"] == "/cache"
    assert {env["VLLM_CACHE_ROOT"], env["VLLM_XLA_CACHE_PATH"]} == {"/cache/vllm", "/cache/xla"}


def test_every_mount_is_below_a_directory_that_no_image_may_use() -> None:
    """Weights of an image that were there would be hidden."""
    own = replace(WEIGHTS, lora_adapters={"own": LoraAdapterSpec(bucket_path="gs://my-adapters/own")})
    made = server(mounted=served_weights(own, bucket="platform", disk_gib=62))
    paths = [mount["mountPath"] for mount in container(made)["volumeMounts"]]

    assert {mount for mount in MOUNTS for path in paths if f"{path}/".startswith(f"{mount}/")} == set(MOUNTS)
    assert len(paths) == len(MOUNTS)


def test_an_image_of_ones_own_may_write_to_itself() -> None:
    """Then home and temporary files are where the image has them."""
    made = server(read_only=False)

    assert "readOnlyRootFilesystem" not in container(made)["securityContext"]
    assert "HOME" not in [entry["name"] for entry in container(made)["env"]]
    assert "/tmp" not in [mount["mountPath"] for mount in container(made)["volumeMounts"]]
    assert problems(made) == []


def test_the_server_looks_nothing_up_outside() -> None:
    """Nodes may have no way out."""
    env = {entry["name"]: entry["value"] for entry in container(server())["env"]}

    assert env["HF_HUB_OFFLINE"] == "1"
    assert env["VLLM_NO_USAGE_STATS"] == "1"


def test_shared_memory_is_bounded() -> None:
    """Memory that no limit counts would take the node down."""
    [shared] = [volume for volume in pod(server())["volumes"] if volume["name"] == "shared-memory"]

    assert shared["emptyDir"] == {"medium": "Memory", "sizeLimit": "16Gi"}


def test_a_roll_out_works_when_every_accelerator_is_taken() -> None:
    """A pod goes before its successor comes."""
    assert server()["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}


def test_replicas_are_left_to_an_autoscaler_when_it_has_them() -> None:
    """No field, so that an apply does not reset the count."""
    assert server(replicas=3)["spec"]["replicas"] == 3
    assert server(replicas=0)["spec"]["replicas"] == 0
    assert "replicas" not in server(replicas=None)["spec"]


def test_pods_are_selected_by_the_labels_they_have() -> None:
    """Selector and template cannot drift apart."""
    made = server()

    assert made["spec"]["selector"]["matchLabels"] == made["spec"]["template"]["metadata"]["labels"] == LABELS


def test_a_volume_that_comes_or_goes_moves_no_other() -> None:
    """The provider compares by position: whatever source, image or kind, what both have is at the same place."""
    hub = from_hugging_face("token")
    sglang = server(kind="sglang", image="lmsysorg/sglang:v0.5.6", accelerator=GPU)
    pods = [pod(server()), pod(server(mounted=hub)), pod(server(read_only=False)), pod(sglang)]
    names = [[volume["name"] for volume in made["volumes"]] for made in pods]

    assert names[0] == names[2] == names[3] == names[1][: len(names[0])]
    assert names[1][len(names[0]) :] == ["token"]
