"""What a server's pod has for its weights: volumes, mounts, downloads, disk."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from constructs_lib.manifests.served_weights import ServedWeights, served_weights
from constructs_lib.specs import KubernetesSecretSpec, LoraAdapterSpec, RepositorySpec, WeightsSpec

OPEN = WeightsSpec(repository="google/gemma-3-27b-it", revision="0" * 40)
DOWNLOADING = replace(OPEN, source="hugging_face")
OWN = WeightsSpec(bucket_path="gs://my.models/fine-tuned/v3/")
IN_IMAGE = WeightsSpec(image_path="/opt/gemma")
DRAFT = {"draft": RepositorySpec(repository="google/gemma-3-270m-it", revision="1" * 40)}
SAME_BUCKET = {"food": LoraAdapterSpec(bucket_path="gs://my.models/a")}
OWN_ADAPTER = {"food": LoraAdapterSpec(bucket_path="gs://my-adapters/food")}


def served(weights: WeightsSpec | None, **changes: Any) -> ServedWeights:
    """Make what the pods have on a platform with a bucket."""
    return served_weights(weights, **{"bucket": "platform-weights", "disk_gib": 62, **changes})


def buckets(made: ServedWeights) -> dict[str, str]:
    """Return the bucket of each read-only volume, by the folder at which the server has it."""
    sources = {
        volume["name"]: volume["csi"]["volumeAttributes"]["bucketName"] for volume in made.volumes if "csi" in volume
    }
    assert all(volume["csi"]["readOnly"] is True for volume in made.volumes if "csi" in volume)
    assert all(mount["readOnly"] is True for mount in made.mounts)
    return {mount["mountPath"]: sources[mount["name"]] for mount in made.mounts if mount["name"] in sources}


@pytest.mark.parametrize("weights", [None, IN_IMAGE])
def test_weights_of_the_image_need_nothing(weights: WeightsSpec | None) -> None:
    """No volume, no annotation, no disk: the driver of buckets is not even injected."""
    assert served(weights) == ServedWeights()


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        (OPEN, {"/models": "platform-weights"}),
        (OWN, {"/buckets/my.models": "my.models"}),
        (replace(OWN, bucket_path="gs://my.models"), {"/buckets/my.models": "my.models"}),
        (
            replace(OPEN, lora_adapters=OWN_ADAPTER),
            {"/models": "platform-weights", "/buckets/my-adapters": "my-adapters"},
        ),
        (replace(OWN, lora_adapters=SAME_BUCKET), {"/buckets/my.models": "my.models"}),
        (replace(OWN, other_repositories=DRAFT), {"/models": "platform-weights", "/buckets/my.models": "my.models"}),
        (replace(IN_IMAGE, lora_adapters=OWN_ADAPTER), {"/buckets/my-adapters": "my-adapters"}),
    ],
)  # fmt: skip
def test_each_bucket_is_mounted_once_where_its_paths_are(weights: WeightsSpec, expected: dict[str, str]) -> None:
    """The platform's at /models, each other one below /buckets; two folders of one bucket are one volume."""
    made = served(weights)

    assert buckets(made) == expected
    assert (made.init_containers, made.fs_group, made.download_sec) == ((), None, 0)
    assert len({volume["name"] for volume in made.volumes}) == len(made.volumes) == len(expected)


def test_the_server_finds_its_weights_below_a_mount() -> None:
    """Whatever the source, the path that the server is given is in a folder that is mounted."""
    for weights in (OPEN, OWN, DOWNLOADING, replace(OWN, bucket_path="gs://my.models")):
        paths = [mount["mountPath"] for mount in served(weights).mounts]
        assert any(f"{weights.path}/".startswith(f"{path}/") for path in paths), weights.path
    assert OWN.path == "/buckets/my.models/fine-tuned/v3"
    assert OWN_ADAPTER["food"].path == "/buckets/my-adapters/food"


@pytest.mark.parametrize("token", ["gemma-token", KubernetesSecretSpec(name="hf", key="token"), None])
def test_servers_that_download_fill_a_folder_of_the_node(token: KubernetesSecretSpec | str | None) -> None:
    """With no bucket and no driver of buckets; a token is mounted only where there is one, and not by the server."""
    made = served(DOWNLOADING, bucket=None, token=token)
    names = [volume["name"] for volume in made.volumes]

    assert names == (["models", "token"] if token else ["models"])
    assert made.volumes[0] == {"name": "models", "emptyDir": {}}
    assert [mount["mountPath"] for mount in made.mounts] == ["/models"]
    assert (made.annotations, made.disk_gib, made.download_sec) == ({}, 62, 3600)
    [container] = made.init_containers
    assert container["resources"]["requests"]["ephemeral-storage"] == "62Gi"
    assert container["securityContext"]["runAsUser"] == made.fs_group == 65532


def test_disk_is_asked_for_once() -> None:
    """By the sidecar of the buckets where there is one, though the pod downloads too."""
    made = served(replace(DOWNLOADING, lora_adapters=OWN_ADAPTER), bucket=None)
    [container] = made.init_containers

    assert made.disk_gib == 0
    assert made.annotations["gke-gcsfuse/ephemeral-storage-request"] == "62Gi"
    assert container["resources"]["requests"]["ephemeral-storage"] == "64Mi"
    assert buckets(made) == {"/buckets/my-adapters": "my-adapters"}
    assert [mount["mountPath"] for mount in made.mounts] == ["/buckets/my-adapters", "/models"]
