"""Weights that a bucket has already: whether they are there, how large they are, and who may let servers read them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from gke_inference.api_error import ApiError
from gke_inference.check import Check
from gke_inference.findings import Finding, good, wrong
from gke_inference.preflight.model import weights_id
from gke_inference.preflight.model_files import SERVERS, judge_size, size_setting
from gke_inference.preflight.target import Target
from platform_config.model import Model, models_of

CONFIGS = ("config.json", "params.json")
"""Of the formats of Hugging Face and of Mistral: one of them is in every folder that vLLM or SGLang reads."""
ADAPTER_CONFIGS = ("adapter_config.json",)
GRANTS = ("storage.buckets.getIamPolicy", "storage.buckets.setIamPolicy")
"""What an apply needs to let servers read the bucket."""


@dataclass(frozen=True, kw_only=True)
class Folder:
    """
    A folder of a bucket that a model reads.

    Attributes:
        id: Id of its finding.
        setting: Path of the setting that names it.
        path: The folder, `gs://` first.
        configs: Files of which it must have one; any file will do where it is empty.
        limit_gib: How large its files may be; None for an adapter.
        model: The model.
    """

    id: str
    setting: str
    path: str
    configs: tuple[str, ...]
    limit_gib: int | None
    model: Model

    @property
    def needed(self) -> str:
        """What must be there."""
        if self.limit_gib is None:
            return f"{self.path} has an adapter"
        most = f"at most {size_setting(self.model)} ({self.limit_gib} GiB)"
        return f"{self.path} has files that {SERVERS[self.model.server.kind]} reads, {most}"


def folders(target: Target) -> Iterator[Folder]:
    """Yield each folder of a bucket that a model reads."""
    for model in models_of(target.config):
        section, weights = f"models.{model.key}.weights", model.weights
        if weights is not None and weights.bucket_path is not None:
            yield Folder(
                id=weights_id(target, model),
                setting=f"{section}.bucket_path",
                path=weights.bucket_path,
                configs=() if model.server.kind == "custom" else CONFIGS,
                limit_gib=weights.gib,
                model=model,
            )
        for name, adapter in weights.lora_adapters.items() if weights else ():
            if adapter.bucket_path is not None:
                yield Folder(
                    id=weights_id(target, model, name),
                    setting=f"{section}.lora_adapters.{name}.bucket_path",
                    path=adapter.bucket_path,
                    configs=ADAPTER_CONFIGS,
                    limit_gib=None,
                    model=model,
                )


def checks(target: Target) -> Iterator[Check]:
    """Yield one for each folder, and one for each bucket."""
    for folder in folders(target):
        yield Check(
            id=folder.id, needed=folder.needed, role="storage.objects.list", ask=partial(_files, target, folder)
        )
    models = models_of(target.config)
    buckets = list(dict.fromkeys(bucket for model in models if model.weights for bucket in model.weights.own_buckets))
    for bucket in buckets:
        id_ = "BUCKET" if len(buckets) == 1 else f"BUCKET-{bucket}"
        yield Check(
            id=id_, needed=_grants(bucket), role="storage.buckets.get", ask=partial(_grantable, target, id_, bucket)
        )


def _grants(bucket: str) -> str:
    return f"the caller may let servers read gs://{bucket}"


def _files(target: Target, folder: Folder) -> Iterator[Finding]:
    bucket, _, directory = folder.path.removeprefix("gs://").rstrip("/").partition("/")
    prefix = f"{directory}/" if directory else ""
    try:
        pages = target.google.pages("storage", "v1", "objects.list", items="items", bucket=bucket, prefix=prefix)
        sizes = {found["name"].removeprefix(prefix): int(found.get("size", 0)) for found in pages}
    except ApiError as error:
        if not error.missing:
            raise
        yield wrong(folder.id, f"there is no bucket {bucket}", folder.needed, f"correct {folder.setting}")
        return
    if not sizes:
        fix = f"correct {folder.setting}, or copy the files there"
        yield wrong(folder.id, "there is nothing in that folder", folder.needed, fix)
    elif folder.configs and sizes.keys().isdisjoint(folder.configs):
        found = f"{len(sizes)} files, none of them {' or '.join(folder.configs)}"
        yield wrong(folder.id, found, folder.needed, f"name the folder that has it in {folder.setting}")
    else:
        limit, setting = folder.limit_gib, size_setting(folder.model)
        total = sum(sizes.values())
        yield judge_size(folder.id, len(sizes), total, folder.needed, limit_gib=limit, setting=setting)


def _grantable(target: Target, id_: str, bucket: str) -> Iterator[Finding]:
    """Ask what the caller may do; a bucket that is not there is reported by MODEL."""
    answer = target.google.find("storage", "v1", "buckets.testIamPermissions", bucket=bucket, permissions=list(GRANTS))
    if answer is None:
        return
    missing = sorted(set(GRANTS) - set(answer.get("permissions", [])))
    if missing:
        fix = f"be granted roles/storage.admin on gs://{bucket}, or apply with other credentials"
        yield wrong(id_, f"missing: {', '.join(missing)}", _grants(bucket), fix)
    else:
        yield good(id_, "the caller has both permissions for it", _grants(bucket))
