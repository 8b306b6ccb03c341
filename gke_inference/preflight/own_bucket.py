"""Weights that a bucket has already: whether they are there, how large they are, and who may let servers read them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from gke_inference.api_error import ApiError
from gke_inference.check import Check
from gke_inference.findings import Finding, good, wrong
from gke_inference.preflight.model_files import SERVERS, judge_size, size_setting
from gke_inference.preflight.target import Target
from platform_config.model import Model, models_of

CONFIGS = ("config.json", "params.json")
"""Of the formats of Hugging Face and of Mistral: one of them is in every folder that vLLM or SGLang reads."""
GRANTS = ("storage.buckets.getIamPolicy", "storage.buckets.setIamPolicy")
"""What an apply needs to let servers read the bucket."""


def checks(target: Target) -> Iterator[Check]:
    """Yield one for the files of each model with such weights, and one for each bucket."""
    models = [model for model in models_of(target.config) if model.weights and model.weights.own_bucket]
    for model in models:
        id_ = target.model_id("MODEL", model.key)
        yield Check(id=id_, needed=_needed(model), role="storage.objects.list", ask=partial(_files, target, id_, model))
    buckets = list(dict.fromkeys(str(model.weights.own_bucket) for model in models if model.weights))
    for bucket in buckets:
        id_ = "BUCKET" if len(buckets) == 1 else f"BUCKET-{bucket}"
        yield Check(
            id=id_, needed=_grants(bucket), role="storage.buckets.get", ask=partial(_grantable, target, id_, bucket)
        )


def _needed(model: Model) -> str:
    server, path = SERVERS[model.server.kind], model.weights.bucket_path if model.weights else ""
    return f"{path} has files that {server} reads, at most {size_setting(model.key)} ({_limit_gib(model)} GiB)"


def _limit_gib(model: Model) -> int:
    return model.weights.gib if model.weights else 0


def _grants(bucket: str) -> str:
    return f"the caller may let servers read gs://{bucket}"


def _files(target: Target, id_: str, model: Model) -> Iterator[Finding]:
    weights = model.weights
    assert weights is not None
    needed, path = _needed(model), f"models.{model.key}.weights.bucket_path"
    prefix = f"{weights.directory}/" if weights.directory else ""
    try:
        pages = target.google.pages(
            "storage", "v1", "objects.list", items="items", bucket=str(weights.own_bucket), prefix=prefix
        )
        sizes = {found["name"].removeprefix(prefix): int(found.get("size", 0)) for found in pages}
    except ApiError as error:
        if not error.missing:
            raise
        yield wrong(id_, f"there is no bucket {weights.own_bucket}", needed, f"correct {path}")
        return
    if not sizes:
        yield wrong(id_, "there is nothing in that folder", needed, f"correct {path}, or copy the weights there")
    elif model.server.kind != "custom" and sizes.keys().isdisjoint(CONFIGS):
        found = f"{len(sizes)} files, none of them {' or '.join(CONFIGS)}"
        yield wrong(id_, found, needed, f"name the folder that has it in {path}")
    else:
        total = sum(sizes.values())
        yield judge_size(id_, len(sizes), total, needed, limit_gib=_limit_gib(model), setting=size_setting(model.key))


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
