"""The weights that can be asked for: each source, what is downloaded, where a pod has it, and each refusal."""

from __future__ import annotations

import re
from typing import Any

import pytest

from constructs_lib.specs import (
    HuggingFaceTokenSpec,
    KubernetesSecretSpec,
    LoraAdapterSpec,
    RepositorySpec,
    WeightsSpec,
)

REVISION = "005ad3404e59d6023443cb575daa05336842228a"
SECRET = KubernetesSecretSpec(name="hf", key="token")
WITH_REPOSITORY = (WeightsSpec, LoraAdapterSpec, RepositorySpec)


def make(spec: type[Any], **settings: Any) -> Any:
    """Make what comes from a repository, with *settings*."""
    return spec(**{"repository": "google/gemma", "revision": REVISION, **settings})


@pytest.mark.parametrize(
    ("given", "settings"), [("none", {}), ("both", {"secret_manager": "token", "kubernetes_secret": SECRET})]
)
def test_the_token_is_in_exactly_one_place(given: str, settings: dict[str, Any]) -> None:
    """Neither in none nor in two."""
    message = f"^give exactly one of secret_manager and kubernetes_secret, got {given}$"

    with pytest.raises(ValueError, match=message):
        HuggingFaceTokenSpec(**settings)


def test_a_token_is_no_name_of_a_secret() -> None:
    """It would be in plan and state; the message does not hold it."""
    with pytest.raises(ValueError, match=r"^secret_manager must hold no Hugging Face token, got one: write ") as caught:
        HuggingFaceTokenSpec(secret_manager="hf_abcdefghijklmnop")

    assert "abcdefgh" not in str(caught.value)


@pytest.mark.parametrize("spec", WITH_REPOSITORY)
@pytest.mark.parametrize("repository", ["gemma", "google/gemma/27b", "google/", "https://huggingface.co/google/gemma"])
def test_a_repository_has_an_owner_and_a_name(spec: type[Any], repository: str) -> None:
    """Nothing before, between or after."""
    with pytest.raises(ValueError, match=f"^repository must read owner/name, got '{repository}': (copy|write)"):
        make(spec, repository=repository)


@pytest.mark.parametrize("spec", WITH_REPOSITORY)
@pytest.mark.parametrize("revision", ["dev", REVISION[:-1], REVISION.upper(), REVISION + "0"])
def test_a_revision_is_a_commit(spec: type[Any], revision: str) -> None:
    """A branch moves, so it is refused with where to find a commit."""
    message = f"^revision must be a commit of 40 hexadecimal digits, got '{revision}': (take it from the history|write)"

    with pytest.raises(ValueError, match=message):
        make(spec, revision=revision)


def test_only_an_adapter_may_follow_its_main_branch() -> None:
    """The weights themselves, and what else a server needs, are what cannot change."""
    for revision in ("main", None):
        assert make(LoraAdapterSpec, revision=revision).path == "/models/google/gemma/main"
    for spec in (WeightsSpec, RepositorySpec):
        with pytest.raises(ValueError, match=r"^revision must be a commit of 40 hexadecimal digits, got 'main'"):
            make(spec, revision="main")
    with pytest.raises(ValueError, match=r"^revision must be given beside repository, got nothing: copy it"):
        make(WeightsSpec, revision=None)


PLACES: dict[str, tuple[dict[str, Any], str]] = {
    "a repository": (
        {"repository": "google/gemma-3-27b-it", "revision": REVISION},
        f"/models/google/gemma-3-27b-it/{REVISION}",
    ),
    "a folder of a bucket": ({"bucket_path": "gs://my-models/tuned/v3/"}, "/buckets/my-models/tuned/v3"),
    "a whole bucket": ({"bucket_path": "gs://my.models_1"}, "/buckets/my.models_1"),
    "the image": ({"image_path": "/opt/gemma"}, "/opt/gemma"),
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_weights_have_a_path(place: str) -> None:
    """Each revision has a folder of its own; each other bucket is below one folder by its name."""
    settings, path = PLACES[place]

    assert WeightsSpec(**settings).path == path


@pytest.mark.parametrize(
    ("settings", "given"),
    [
        ({}, "none"),
        ({"bucket_path": "gs://my-models/a", "image_path": "/opt/a"}, "bucket_path and image_path"),
        (PLACES["a repository"][0] | {"image_path": "/opt/a"}, "repository and image_path"),
    ],
)
def test_weights_have_exactly_one_source(settings: dict[str, Any], given: str) -> None:
    """A repository, a bucket or the image."""
    message = rf"^give exactly one of repository, bucket_path and image_path, got {given}: write "

    with pytest.raises(ValueError, match=message):
        WeightsSpec(**settings)


def test_an_adapter_has_exactly_one_source() -> None:
    """A repository or a bucket; a revision belongs to a repository."""
    for settings, given in (
        ({}, "none"),
        ({"bucket_path": "gs://my-models/a", "repository": "a/b"}, "repository and b"),
    ):
        with pytest.raises(ValueError, match=rf"^give exactly one of repository and bucket_path, got {given}"):
            LoraAdapterSpec(**settings)
    with pytest.raises(ValueError, match=rf"^revision must be left out without repository, got '{REVISION}'$"):
        LoraAdapterSpec(bucket_path="gs://my-models/a", revision=REVISION)


OTHER_ADDRESSES = {
    "my-models/v3": "write 'gs://my-models/v3'",
    "gs:/my-models/v3": "write 'gs://my-models/v3'",
    "https://storage.googleapis.com/my-models/v3": "write 'gs://my-models/v3'",
    "https://console.cloud.google.com/storage/browser/my-models/v3;tab=objects?project=p": "write 'gs://my-models/v3'",
    "s3://my-models/v3": "copy the folder to a bucket of Cloud Storage, and write its gsutil URI",
    "/mnt/models/v3": "copy the folder to a bucket of Cloud Storage, and write its gsutil URI",
    "gs://": "copy the folder to a bucket of Cloud Storage, and write its gsutil URI",
}


@pytest.mark.parametrize("spec", [WeightsSpec, LoraAdapterSpec])
@pytest.mark.parametrize("path", OTHER_ADDRESSES)
def test_a_folder_of_a_bucket_is_given_by_its_address(spec: type[Any], path: str) -> None:
    """With what was meant where it is clear: what a browser or another tool shows."""
    words = f"bucket_path must read gs://<bucket>/<folder>, got '{path}': {OTHER_ADDRESSES[path]}"

    with pytest.raises(ValueError, match=f"^{re.escape(words)}$"):
        spec(bucket_path=path)


WRONG_PARTS = {
    "gs://x/y": ("name", "have 3 to 63 characters"),
    "gs://My-Models/v3": ("name", "hold only lower case letters, digits, -, _ and ., and begin and end with a letter"),
    "gs://my models/v3": ("name", "hold only lower case letters, digits, -, _ and ., and begin and end with a letter"),
    "gs://my-models/v 3": ("folder", ""),
    "gs://my-models/../v3": ("folder", ""),
    "gs://my-models/v*": ("folder", ""),
}


@pytest.mark.parametrize("spec", [WeightsSpec, LoraAdapterSpec])
@pytest.mark.parametrize("path", WRONG_PARTS)
def test_what_is_wrong_with_an_address_is_said(spec: type[Any], path: str) -> None:
    """The bucket's name, with the reason, or the folder."""
    part, reason = WRONG_PARTS[path]
    begins = f"begin with a bucket's name, which must {reason}"
    words = "name a folder without blanks, wildcards and '..'" if part == "folder" else begins

    with pytest.raises(ValueError, match=f"^bucket_path must {re.escape(words)}.*, got '{re.escape(path)}': write the"):
        spec(bucket_path=path)


def test_a_problem_is_one_line() -> None:
    """Also where a value has several, which would look like problems of their own."""
    with pytest.raises(ValueError, match=r"^files must [^\n]*, got 'a\\nb\\u2028'$"):
        make(WeightsSpec, files=("a\nb\u2028",))


@pytest.mark.parametrize(
    ("path", "fix"),
    [
        ("opt/gemma", "/opt/gemma"),
        ("//opt/gemma", "/opt/gemma"),
        ("", "/opt/model"),
        ("/", "/opt/model"),
        ("/opt/../models", "/opt/model"),
        ("/opt/./a", "/opt/model"),
        ("/opt/..", "/opt/model"),
    ],
)
def test_a_path_in_the_image_is_absolute(path: str, fix: str) -> None:
    """And leads to one place, without a way back."""
    message = f"^image_path must be an absolute path in the image, got '{re.escape(path)}': write '{fix}'$"

    with pytest.raises(ValueError, match=message):
        WeightsSpec(image_path=path)


MOUNTED = ("/models", "/buckets", "/cache", "/tmp", "/dev/shm", "/etc/inference")


@pytest.mark.parametrize("path", [f"{mount}{below}" for mount in MOUNTED for below in ("", "/", "/a/b")])
def test_a_path_in_the_image_is_below_no_mount(path: str) -> None:
    """What is mounted hides what the image has there."""
    must = (
        f"image_path must be at none of {', '.join(MOUNTED)}, where pods have volumes that hide the image's own files"
    )

    with pytest.raises(ValueError, match=f"^{must}, got '{path}': write '/opt/model'$"):
        WeightsSpec(image_path=path)
    for other in (f"/opt{path}", "/models-2/a", "/dev/x"):
        assert WeightsSpec(image_path=other).path == other


def test_what_names_a_repository_is_downloaded() -> None:
    """The weights first, then adapters, then other repositories, each to a folder of its revision."""
    weights = make(
        WeightsSpec,
        lora_adapters={
            "food": LoraAdapterSpec(repository="a/food", revision="0" * 40),
            "own": LoraAdapterSpec(bucket_path="gs://my-adapters/own"),
            "law": LoraAdapterSpec(repository="a/law"),
        },
        other_repositories={"draft": RepositorySpec(repository="a/draft", revision="1" * 40, files=("*.json",))},
    )

    assert [(snapshot.name, snapshot.setting, snapshot.kind, snapshot.directory) for snapshot in weights.snapshots] == [
        ("", "", None, f"google/gemma/{REVISION}"),
        ("food", "lora_adapters.food", "adapter", f"a/food/{'0' * 40}"),
        ("law", "lora_adapters.law", "adapter", "a/law/main"),
        ("draft", "other_repositories.draft", "any", f"a/draft/{'1' * 40}"),
    ]
    assert weights.snapshots[-1].files == ("*.json",)
    assert weights.own_buckets == ("my-adapters",)


@pytest.mark.parametrize(
    ("settings", "reads", "downloads", "gib"),
    [
        ({"repository": "a/b", "revision": REVISION}, True, False, 56),
        ({"repository": "a/b", "revision": REVISION, "source": "hugging_face", "size_gib": 16}, False, True, 16),
        ({"bucket_path": "gs://my-models/a", "size_gib": 20}, False, False, 20),
        ({"image_path": "/opt/a", "size_gib": 20}, False, False, 0),
    ],
)
def test_the_source_decides_what_pods_need(settings: dict[str, Any], reads: bool, downloads: bool, gib: int) -> None:
    """The platform's bucket, a download of their own, room on the node's disk."""
    weights = WeightsSpec(**settings)

    assert (weights.reads_bucket, weights.from_hugging_face, weights.mounted_gib) == (reads, downloads, gib)


def test_the_source_is_where_downloads_go_whatever_is_downloaded() -> None:
    """Own weights with a draft model need the platform's bucket, or a download by each server."""
    draft = {"draft": RepositorySpec(repository="a/draft", revision=REVISION)}
    own = WeightsSpec(bucket_path="gs://my-models/a", other_repositories=draft)
    each = WeightsSpec(bucket_path="gs://my-models/a", other_repositories=draft, source="hugging_face")

    assert (own.reads_bucket, own.from_hugging_face) == (True, False)
    assert (each.reads_bucket, each.from_hugging_face) == (False, True)


def test_files_are_patterns_of_a_repository() -> None:
    """Nothing that begins with a slash, and nothing without a repository."""
    assert make(WeightsSpec, files=("*Q4_K_M.gguf", "sub dir/a.json")).snapshots[0].files[0] == "*Q4_K_M.gguf"
    with pytest.raises(ValueError, match=r"^files must hold paths or patterns such as 'tokenizer\*', got '/a'$"):
        make(RepositorySpec, files=("/a",))
    with pytest.raises(ValueError, match=r"^files must be left out without repository, got a list$"):
        WeightsSpec(bucket_path="gs://my-models/a", files=("a",))
