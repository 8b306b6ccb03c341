"""Each way to get weights, through all stacks: what is planned for it, and what is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from platform_config.stack_graph import WEIGHTS_STACK
from tests.configs import config
from tests.synthesized import Block, Synthesized, synthesize

OPEN = {"repository": "google/gemma-3-27b-it", "revision": "1" * 40}
OWN = {"bucket_path": "gs://my-models/fine-tuned/v3"}
CUSTOM = {"kind": "custom", "image": "docker.io/example/server:1", "port": 80, "health_path": "/ok"}


def servers(app: Synthesized) -> list[Block]:
    """Return the pod spec of the servers of each region, which is the same in both."""
    specs = [deployment["spec"]["template"]["spec"] for deployment in app.objects("Deployment")]
    assert len(specs) == 2
    return specs


def sources(pod: Block) -> dict[str, str]:
    """Return the bucket of each volume of the driver of buckets, by where the server has it."""
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    return {
        mount["mountPath"]: volumes[mount["name"]]["csi"]["volumeAttributes"]["bucketName"]
        for mount in pod["containers"][0]["volumeMounts"]
        if volumes[mount["name"]].get("csi", {}).get("driver") == "gcsfuse.csi.storage.gke.io"
    }


def test_own_weights_need_neither_bucket_nor_token_nor_download(tmp_path: Path) -> None:
    """No stack for the download, nothing of Secret Manager anywhere, and each server reads its bucket."""
    app = synthesize(config(models__gemma__weights=OWN, bucket=None), tmp_path)

    assert WEIGHTS_STACK not in app.stacks
    assert app.all("google_storage_bucket") == app.all("google_secret_manager_secret_iam_member") == []
    assert app.objects("SecretProviderClass") == []
    for pod in servers(app):
        assert sources(pod) == {"/buckets/my-models": "my-models"}
        assert "--model=/buckets/my-models/fine-tuned/v3" in pod["containers"][0]["args"]
        assert "token" not in {volume["name"] for volume in pod["volumes"]}


@pytest.mark.parametrize("source", ["bucket", "hugging_face"])
def test_open_weights_use_no_secret_manager(tmp_path: Path, source: str) -> None:
    """No API, no add-on, no CRD that a cluster waits for, no class, no grant, no volume."""
    changes: dict[str, Any] = {"bucket": None} if source == "hugging_face" else {}
    app = synthesize(config(models__gemma__weights={**OPEN, "source": source}, **changes), tmp_path)

    for path in app.outdir.rglob("cdk.tf.json"):
        assert "secretmanager" not in path.read_text().lower(), path
    assert app.all("google_secret_manager_secret_iam_member") == []
    assert app.objects("SecretProviderClass") == []


def test_weights_of_an_image_have_no_volume(tmp_path: Path) -> None:
    """And no annotation for the driver of buckets, and no disk beside the server's own files."""
    app = synthesize(config(models__gemma__weights={"image_path": "/opt/gemma"}, bucket=None), tmp_path)

    for deployment in app.objects("Deployment"):
        template = deployment["spec"]["template"]
        [container] = template["spec"]["containers"]
        assert "annotations" not in template["metadata"]
        assert sources(template["spec"]) == {}
        assert "--model=/opt/gemma" in container["args"]
        assert container["resources"]["requests"]["ephemeral-storage"] == "5Gi"


def test_a_draft_model_is_where_the_arguments_say(tmp_path: Path) -> None:
    """Downloaded with the weights, and read from the same mount."""
    path = f"/models/google/gemma-3-270m-it/{'2' * 40}"
    draft = {"draft": {"repository": "google/gemma-3-270m-it", "revision": "2" * 40}}
    arguments = [f'--speculative-config={{"model": "{path}", "num_speculative_tokens": 4}}']
    made = config(
        models__gemma__weights={**OPEN, "other_repositories": draft}, models__gemma__server__extra_args=arguments
    )
    app = synthesize(made, tmp_path)
    [container] = app.one("kubernetes_job_v1", WEIGHTS_STACK)["spec"]["template"]["spec"]["init_container"]

    assert {"name": "TARGET_DIRECTORY", "value": path} in container["env"]
    for pod in servers(app):
        assert sources(pod)["/models"] == "my-project-id-gemma-weights"
        assert any(path in argument for argument in pod["containers"][0]["args"])


def test_an_adapter_of_another_bucket_is_given_by_its_path(tmp_path: Path) -> None:
    """Beside the platform's own bucket, which has the weights."""
    adapters = {"food": {"bucket_path": "gs://my-adapters/food/v2"}}
    app = synthesize(config(models__gemma__weights={**OPEN, "lora_adapters": adapters}), tmp_path)

    for pod in servers(app):
        assert sources(pod) == {"/models": "my-project-id-gemma-weights", "/buckets/my-adapters": "my-adapters"}
        assert "food=/buckets/my-adapters/food/v2" in pod["containers"][0]["args"]


def test_volumes_of_another_source_move_no_other(tmp_path: Path) -> None:
    """The provider compares lists by position: those of the weights are the last of the pod and of the container."""
    changes: list[dict[str, Any]] = [OPEN, OWN, {"image_path": "/opt/gemma"}, {**OPEN, "source": "hugging_face"}]
    pods = [
        servers(synthesize(config(models__gemma__weights=weights), tmp_path / str(number)))[0]
        for number, weights in enumerate(changes)
    ]
    fixed = [volume["name"] for volume in pods[2]["volumes"]]
    mounts = [mount["name"] for mount in pods[2]["containers"][0]["volumeMounts"]]

    for pod in pods:
        assert [volume["name"] for volume in pod["volumes"]][: len(fixed)] == fixed
        assert [mount["name"] for mount in pod["containers"][0]["volumeMounts"]][: len(mounts)] == mounts
