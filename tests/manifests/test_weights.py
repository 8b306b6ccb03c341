"""The pod that downloads the weights."""

from dataclasses import replace
from typing import Any

import pytest

from constructs_lib.manifests import weights
from constructs_lib.specs import (
    HuggingFaceTokenSpec,
    KubernetesSecretSpec,
    LoraAdapterSpec,
    RepositorySpec,
    ServerSpec,
    WeightsSpec,
)
from tests.checks.kubernetes_objects import problems

SECRET = KubernetesSecretSpec(name="hf-secret", key="hf_token")
GATED = WeightsSpec(
    repository="google/gemma-3-27b-it",
    revision="005ad3404e59d6023443cb575daa05336842228a",
    hugging_face_token=HuggingFaceTokenSpec(secret_manager="hugging-face-token"),
)
OPEN = replace(GATED, hugging_face_token=None)
ADAPTERS = {"tone": LoraAdapterSpec(repository="me/tone", revision="b" * 40)}
OTHERS = {
    "draft": RepositorySpec(repository="google/gemma-3-270m-it", revision="c" * 40),
    "chat": RepositorySpec(repository="me/templates", revision="d" * 40, files=("*.jinja", "tokenizer*")),
}


def pod(token: KubernetesSecretSpec | str | None = "gemma-token", **changes: Any) -> dict[str, Any]:
    """Make the pod of the example's download, with *changes* to the weights; without a *token* of open weights."""
    spec = replace(GATED if token else OPEN, **changes)
    return weights.download_pod(weights=spec, bucket="bucket", service_account="gemma-writer", token=token)


def env(container: dict[str, Any]) -> dict[str, str]:
    """Return the environment of a container."""
    return {entry["name"]: entry["value"] for entry in container["env"]}


@pytest.mark.parametrize("others", [{}, OTHERS])
@pytest.mark.parametrize("adapters", [{}, ADAPTERS])
@pytest.mark.parametrize("token", ["gemma-token", SECRET, None])
def test_the_download_is_a_valid_job(
    token: KubernetesSecretSpec | str | None,
    adapters: dict[str, LoraAdapterSpec],
    others: dict[str, RepositorySpec],
) -> None:
    """Kubernetes 1.34 takes a Job with this pod."""
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "download", "namespace": "inference"},
        "spec": {"template": pod(token, lora_adapters=adapters, other_repositories=others)},
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


def test_open_weights_need_no_token() -> None:
    """No volume, no mount and no variable is there for one, in any container."""
    made = pod(None, lora_adapters=ADAPTERS, other_repositories=OTHERS)["spec"]
    containers = [*made["containers"], *made["initContainers"]]

    assert [volume["name"] for volume in made["volumes"]] == ["models"]
    assert [[mount["name"] for mount in container["volumeMounts"]] for container in containers] == [["models"]] * 4
    assert not any("HF_TOKEN_FILE" in env(container) for container in containers)


def test_the_weights_go_where_the_model_server_looks() -> None:
    """One directory per revision."""
    [container] = pod()["spec"]["containers"]

    assert env(container)["TARGET_DIRECTORY"] == GATED.path


def test_each_adapter_is_downloaded_by_a_container_of_its_own() -> None:
    """Before the weights, by the same program, to a directory of its own."""
    made = pod(lora_adapters=ADAPTERS)["spec"]
    [adapter] = made["initContainers"]
    [model] = made["containers"]

    assert adapter["name"] == "download-tone"
    assert env(adapter)["TARGET_DIRECTORY"] == f"/models/me/tone/{'b' * 40}"
    assert env(adapter)["WEIGHTS"] == "adapter"
    assert adapter["args"] == model["args"]


def test_each_other_repository_is_downloaded_by_a_container_of_its_own() -> None:
    """To its own folder, with all that a server may read, or with the files that are named."""
    draft, chat = pod(other_repositories=OTHERS)["spec"]["initContainers"]

    assert (draft["name"], chat["name"]) == ("download-draft", "download-chat")
    assert env(draft)["TARGET_DIRECTORY"] == f"/models/google/gemma-3-270m-it/{'c' * 40}"
    assert (env(draft)["WEIGHTS"], "FILES" in env(draft)) == ("any", False)
    assert env(chat)["FILES"] == "*.jinja\ntokenizer*"
    assert env(draft)["HF_TOKEN_FILE"] == "/var/run/secrets/hugging-face/token"


def test_own_weights_are_not_downloaded_with_what_is() -> None:
    """The first repository that is downloaded takes the place of the weights."""
    own = WeightsSpec(bucket_path="gs://my-models/v3", other_repositories=OTHERS)
    made = weights.download_pod(weights=own, bucket="bucket", service_account="writer")["spec"]
    named = [container["name"] for container in (*made["containers"], *made["initContainers"])]

    assert named == ["download-draft", "download-chat"]
    assert "my-models" not in str(made)


@pytest.mark.parametrize(
    ("server", "form"),
    [
        (ServerSpec(image="a:1"), "auto"),
        (ServerSpec(image="a:1", extra_args=("--config-format=mistral",)), "mistral"),
        (ServerSpec(image="a:1", kind="sglang"), "auto"),
        (ServerSpec(image="a:1", kind="sglang", extra_args=("--load-format", "mistral")), "mistral"),
        (ServerSpec(image="a:1", kind="sglang", extra_args=("--load-format=safetensors",)), "hf"),
        (ServerSpec(image="a:1", kind="custom", port=80, health_path="/", extra_args=("--load-format=hf",)), "any"),
    ],
)
def test_the_files_that_the_kind_of_server_reads_are_downloaded(server: ServerSpec, form: str) -> None:
    """One set of weights for vLLM and SGLang, as their arguments say; of another server nothing is known."""
    assert weights.download_form(server) == form


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
