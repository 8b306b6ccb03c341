"""`preflight` on several models: each one's weights, images and buckets, and the sum of what they need."""

from __future__ import annotations

from typing import Any

import pytest

from gke_inference.findings import Finding
from gke_inference.preflight import all_checks
from gke_inference.preflight.project import permissions
from gke_inference.preflight.target import Target
from platform_config.config import Config
from tests.configs import config
from tests.gke_inference.google_stand_in import Fault, GoogleStandIn
from tests.gke_inference.hugging_face_stand_in import HuggingFace
from tests.gke_inference.model_configs import SMALL, several_models, several_models_config
from tests.gke_inference.preflight_answers import GLOBAL, SERVICE_USAGE, answer_all_good, family, found, service_usage

SMALL_FILES = {"config.json": 1000, "model.safetensors": 8 * 2**30}
ADAPTER_FILES = {"adapter_config.json": 1000, "adapter_model.safetensors": 2**20}
SMALL_AT = f"google/gemma-3-4b-it/revision/{SMALL['weights']['revision']}"
OTHERS = {SMALL_AT: {"files": SMALL_FILES}, "owner/reviews/revision/main": {"files": ADAPTER_FILES}}
OWN: dict[str, Any] = {
    "models__gemma__weights": {"bucket_path": "gs://my-models/fine-tuned/v3", "size_gib": 56},
}
FOLDER = {"fine-tuned/v3/config.json": "1000", "fine-tuned/v3/model.safetensors": str(55 * 2**30)}


def weights(google: GoogleStandIn, platform: Config, **answers: Any) -> dict[str, Finding]:
    """Return what is found about weights and images, by id; *answers* are those of Cloud Storage."""
    target = Target(config=platform, keys=tuple(platform.regions), google=google.api())
    answer_all_good(google, target)
    for name, answer in answers.items():
        method = f"storage.{name.replace('_', '.')}"
        if isinstance(answer, Fault):
            google.faults[method] = answer
        else:
            google.answers[method] = answer
    ids = ("MODEL", "CHART", "IMAGE", "BUCKET", "SECRET")
    reported = [each for check in all_checks(target) if check.id.startswith(ids) for each in check.run()]
    assert len({each.id for each in reported}) == len(reported), "two findings have one id"
    assert not google.problems, google.problems
    return {each.id: each for each in reported}


def listed(files: dict[str, str]) -> dict[str, Any]:
    """Answer as Cloud Storage lists objects."""
    return {"items": [{"name": name, "size": size} for name, size in files.items()]}


def allowed(params: dict[str, Any], body: Any) -> dict[str, Any]:
    """Answer that the caller has each permission that is asked about."""
    return {"permissions": params["permissions"]}


def test_weights_and_images_of_every_model_are_looked_at(
    google: GoogleStandIn, hugging_face: type[HuggingFace]
) -> None:
    """Ids carry the model's key; what models have in common is looked at once."""
    hugging_face.others = OTHERS
    findings = weights(google, several_models_config())

    assert {id_: each.status.value for id_, each in findings.items()} == dict.fromkeys(findings, "good")
    assert set(findings) == {
        "CHART", "IMAGE-DOWNLOAD", "IMAGE-GATES", "IMAGE-SERVER-gemma", "IMAGE-SERVER-small", "IMAGE-SERVER-speech",
        "MODEL-FILES-gemma", "MODEL-FILES-small", "MODEL-gemma", "MODEL-small", "MODEL-small/reviews",
        "MODEL-small/reviews-FILES", "SECRET",
    }  # fmt: skip
    assert (
        findings["MODEL-FILES-small"].needed == "files that vLLM reads, at most models.small.weights.size_gib (9 GiB)"
    )


def test_other_secrets_and_chart_versions_are_looked_at_one_by_one(
    google: GoogleStandIn, hugging_face: type[HuggingFace]
) -> None:
    """Each once, by its name."""
    hugging_face.others = OTHERS
    settings = several_models()
    settings["models"]["small"]["inference_pool"] = {"chart_version": "v1.4.0"}
    small = settings["models"]["small"]
    small["weights"] = {**small["weights"], "hugging_face_token": {"secret_manager": "other"}}
    findings = weights(google, Config.model_validate(settings))

    assert {"CHART-v1.4.0", "CHART-v1.5.0", "SECRET-hugging-face-token", "SECRET-other"} <= set(findings)


@pytest.mark.parametrize(("gated", "status"), [(False, "good"), ("manual", "wrong")])
def test_a_gated_model_without_a_token_is_wrong(
    google: GoogleStandIn, hugging_face: type[HuggingFace], gated: Any, status: str
) -> None:
    """The fix names the setting; a model for everybody needs no token."""
    hugging_face.gated = gated
    finding = weights(google, config(models__gemma__weights__hugging_face_token=None))["MODEL"]

    assert finding.status.value == status
    assert ("add models.gemma.weights.hugging_face_token" in finding.fix) is (status == "wrong")


def test_a_hidden_repository_without_a_token_is_wrong(google: GoogleStandIn, hugging_face: type[HuggingFace]) -> None:
    """Whether it is private or not there: the download sees no more than this."""
    hugging_face.failures = [401] * 2
    finding = weights(google, config(models__gemma__weights__hugging_face_token=None))["MODEL"]

    assert finding.status.value == "wrong"
    assert "correct the repository" in finding.fix
    assert "add models.gemma.weights.hugging_face_token" in finding.fix


@pytest.mark.parametrize(
    ("files", "status", "text", "fix"),
    [
        (FOLDER, "good", "2 files, 55.0 GiB", ""),
        ({}, "wrong", "there is nothing in that folder", "correct models.gemma.weights.bucket_path"),
        (
            {"fine-tuned/v3/README.md": "1"},
            "wrong",
            "1 files, none of them config.json or params.json",
            "name the folder that has it in models.gemma.weights.bucket_path",
        ),
        (
            {**FOLDER, "fine-tuned/v3/more.safetensors": str(2**30 + 1)},
            "wrong",
            "3 files, 56.0 GiB",
            "write models.gemma.weights.size_gib: 57",
        ),
        (Fault(404), "wrong", "there is no bucket my-models", "correct models.gemma.weights.bucket_path"),
        (Fault(403), "unknown", "could not be checked", "storage.objects.list"),
    ],
)
def test_weights_of_an_own_bucket_are_looked_at(
    google: GoogleStandIn, hugging_face: type[HuggingFace], files: Any, status: str, text: str, fix: str
) -> None:
    """A folder with a model's config, no larger than the config says; nothing is downloaded, so no token is needed."""
    answer = files if isinstance(files, Fault) else listed(files)
    findings = weights(google, config(**OWN), objects_list=answer, buckets_testIamPermissions=allowed)

    assert (findings["MODEL"].status.value, text in findings["MODEL"].found) == (status, True), findings["MODEL"]
    assert fix in findings["MODEL"].fix
    assert not {"SECRET", "IMAGE-DOWNLOAD", "MODEL-FILES"} & set(findings)
    assert {request.params["prefix"] for request in google.asked("storage.objects.list")} == {"fine-tuned/v3/"}


@pytest.mark.parametrize(("has", "status"), [(["storage.buckets.getIamPolicy"], "wrong"), (None, "good")])
def test_the_caller_must_be_able_to_open_an_own_bucket(
    google: GoogleStandIn, hugging_face: type[HuggingFace], has: list[str] | None, status: str
) -> None:
    """It may be in another project, so the bucket itself is asked."""
    answer = allowed if has is None else {"permissions": has}
    findings = weights(google, config(**OWN), objects_list=listed(FOLDER), buckets_testIamPermissions=answer)

    assert findings["BUCKET"].status.value == status
    assert ("storage.buckets.setIamPolicy" in findings["BUCKET"].found) is (status == "wrong")


def test_the_load_balancer_is_counted_for_each_model(google: GoogleStandIn) -> None:
    """One backend service and health check for each, one group for each that a zone has; one proxy and map for all."""
    platform = several_models_config()
    chips = family("TPUS_PER_TPU_FAMILY", {("CT6E",): 99}, "tpu_family")
    findings = found(google, platform, **{SERVICE_USAGE: service_usage(chips)})

    for id_ in ("QUOTA-BACKEND-SERVICES", "QUOTA-HEALTH-CHECKS"):
        assert ": 3 " in findings["", id_].needed
    assert ": 1 " in findings["", "QUOTA-URL-MAPS"].needed
    assert findings["us", "QUOTA-NEG"].needed.startswith("NETWORK_ENDPOINT_GROUPS: 3 ")
    assert GLOBAL["HEALTH_CHECKS"] >= 3


def test_a_model_of_one_region_needs_no_group_elsewhere(google: GoogleStandIn) -> None:
    """Only the zones of the regions that serve it."""
    settings = several_models()
    settings["models"]["speech"]["regions"] = ["eu"]
    chips = family("TPUS_PER_TPU_FAMILY", {("CT6E",): 99}, "tpu_family")
    findings = found(google, Config.model_validate(settings), **{SERVICE_USAGE: service_usage(chips)})

    assert findings["us", "QUOTA-NEG"].needed.startswith("NETWORK_ENDPOINT_GROUPS: 2 ")
    assert findings["eu", "QUOTA-NEG"].needed.startswith("NETWORK_ENDPOINT_GROUPS: 3 ")


def test_a_pool_of_several_models_is_counted_once(google: GoogleStandIn) -> None:
    """Quotas are those of the nodes, however many models run on them."""
    settings = several_models()
    settings["models"]["small"] |= {"node_pools": ["tpu"], "replicas": 0}
    del settings["node_pools"]["tpu-small"]
    alone, shared = config(), Config.model_validate(settings)
    needs = [found(google, platform)["us", "QUOTA-TPU-V6E"].needed for platform in (alone, shared)]

    assert needs[0] == needs[1]


def test_a_token_of_any_model_needs_its_permission(google: GoogleStandIn) -> None:
    """Of Secret Manager, to let the download read it."""
    with_token, without = several_models(), several_models()
    for model in ("gemma", "small"):
        without["models"][model]["weights"] = {
            name: value for name, value in without["models"][model]["weights"].items() if name != "hugging_face_token"
        }
    asked = [
        permissions(Target(config=Config.model_validate(settings), keys=("us",), google=google.api()))
        for settings in (with_token, without)
    ]

    assert ["secretmanager.secrets.setIamPolicy" in names for names in asked] == [True, False]
