"""The pod that downloads the weights."""

from dataclasses import replace
from typing import Any

import pytest

from constructs_lib.manifests import weights
from constructs_lib.specs import KubernetesSecretSpec, LoraAdapterSpec
from tests.checks.kubernetes_objects import problems
from tests.manifests.examples import MODEL

SECRET = KubernetesSecretSpec(name="hf-secret", key="hf_token")


ADAPTERS = {"tone": LoraAdapterSpec(repository="me/tone", revision="b" * 40)}


def pod(token: KubernetesSecretSpec | str = "gemma-token", **changes: Any) -> dict[str, Any]:
    """Make the pod of the example's download, with *changes* to the model."""
    model = replace(MODEL, **changes)
    return weights.download_pod(model=model, bucket="bucket", service_account="gemma-writer", token=token)


def env(container: dict[str, Any]) -> dict[str, str]:
    """Return the environment of a container."""
    return {entry["name"]: entry["value"] for entry in container["env"]}


@pytest.mark.parametrize("adapters", [{}, ADAPTERS])
@pytest.mark.parametrize("token", ["gemma-token", SECRET])
def test_the_download_is_a_valid_job(token: KubernetesSecretSpec | str, adapters: dict[str, LoraAdapterSpec]) -> None:
    """Kubernetes 1.34 takes a Job with this pod."""
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "download", "namespace": "inference"},
        "spec": {"template": pod(token, lora_adapters=adapters)},
    }

    assert problems(job) == []


def test_the_token_is_a_file_and_nowhere_else() -> None:
    """Environment and arguments name the file, not the token."""
    made = pod(SECRET)["spec"]
    [_, volume] = made["volumes"]
    [container] = made["containers"]

    assert env(container)["HF_TOKEN_FILE"] == "/var/run/secrets/hugging-face/token"
    assert volume["secret"]["items"] == [{"key": "hf_token", "path": "token"}]
    assert "HF_TOKEN" not in env(container)


def test_a_token_of_secret_manager_is_mounted_and_not_copied() -> None:
    """The volume is the driver's; there is no Kubernetes Secret."""
    [_, volume] = pod("gemma-token")["spec"]["volumes"]

    assert volume["csi"]["volumeAttributes"] == {"secretProviderClass": "gemma-token"}


def test_the_weights_go_where_the_model_server_looks() -> None:
    """One directory per revision."""
    [container] = pod()["spec"]["containers"]

    assert env(container)["TARGET_DIRECTORY"] == f"/models/{MODEL.directory}"


def test_each_adapter_is_downloaded_by_a_container_of_its_own() -> None:
    """Before the weights, by the same program, to a directory of its own."""
    made = pod(lora_adapters=ADAPTERS)["spec"]
    [adapter] = made["initContainers"]
    [model] = made["containers"]

    assert adapter["name"] == "download-tone"
    assert env(adapter)["TARGET_DIRECTORY"] == f"/models/me/tone/{'b' * 40}"
    assert env(adapter)["WEIGHTS"] == "adapter"
    assert adapter["args"] == model["args"]


def test_the_bucket_belongs_to_the_user_of_the_pod() -> None:
    """The mount is root's unless it is told another owner."""
    template = pod()
    [bucket, _] = template["spec"]["volumes"]

    assert bucket["csi"]["volumeAttributes"]["mountOptions"].startswith("implicit-dirs,uid=65532,gid=65532,")
    assert template["spec"]["securityContext"]["runAsUser"] == 65532
    assert template["metadata"]["annotations"]["gke-gcsfuse/volumes"] == "true"


def test_the_program_survives_terraform_and_kubernetes() -> None:
    """Both replace text in arguments: `${`, `%{` and `$(` are theirs."""
    script = weights.download_script()

    assert [sign for sign in ("${", "%{", "$(") if sign in script] == []
    assert pod()["spec"]["containers"][0]["args"] == ["-c", script]
