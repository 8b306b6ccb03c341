"""The pod that downloads the weights."""

import pytest

from constructs_lib.manifests import weights
from constructs_lib.specs import KubernetesSecretSpec
from tests.checks.kubernetes_objects import problems
from tests.manifests.examples import MODEL

SECRET = KubernetesSecretSpec(name="hf-secret", key="hf_token")


def pod(token: KubernetesSecretSpec | str = "gemma-token") -> weights.DownloadPod:
    """The example's download."""
    return weights.download_pod(model=MODEL, bucket="bucket", service_account="gemma-writer", token=token)


@pytest.mark.parametrize("token", ["gemma-token", SECRET])
def test_the_download_is_a_valid_job(token: KubernetesSecretSpec | str) -> None:
    """Kubernetes 1.34 takes a Job with this pod."""
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "download", "namespace": "inference"},
        "spec": {"template": pod(token).template()},
    }

    assert problems(job) == []


def test_the_token_is_a_file_and_nowhere_else() -> None:
    """Environment and arguments name the file, not the token."""
    made = pod(SECRET)
    [_, volume] = made.volumes

    assert made.env["HF_TOKEN_FILE"] == "/var/run/secrets/hugging-face/token"
    assert volume["secret"]["items"] == [{"key": "hf_token", "path": "token"}]
    assert "HF_TOKEN" not in made.env


def test_a_token_of_secret_manager_is_mounted_and_not_copied() -> None:
    """The volume is the driver's; there is no Kubernetes Secret."""
    [_, volume] = pod("gemma-token").volumes

    assert volume["csi"]["volumeAttributes"] == {"secretProviderClass": "gemma-token"}


def test_the_weights_go_where_the_model_server_looks() -> None:
    """One directory per revision."""
    assert pod().env["TARGET_DIRECTORY"] == f"/models/{MODEL.directory}"


def test_the_bucket_belongs_to_the_user_of_the_pod() -> None:
    """The mount is root's unless it is told another owner."""
    [bucket, _] = pod().volumes
    template = pod().template()

    assert bucket["csi"]["volumeAttributes"]["mountOptions"].startswith("implicit-dirs,uid=65532,gid=65532,")
    assert template["spec"]["securityContext"]["runAsUser"] == 65532
    assert template["metadata"]["annotations"]["gke-gcsfuse/volumes"] == "true"


def test_the_program_survives_terraform_and_kubernetes() -> None:
    """Both replace text in arguments: `${`, `%{` and `$(` are theirs."""
    script = weights.download_script()

    assert [sign for sign in ("${", "%{", "$(") if sign in script] == []
    assert pod().args == ("-c", script)
