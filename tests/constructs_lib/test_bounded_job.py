"""Jobs that Terraform waits for: bounds, failure policy, and pods in the provider's words."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cdktf_cdktf_provider_kubernetes.namespace_v1 import NamespaceV1
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider

from constructs_lib.bounded_job import BoundedJob
from constructs_lib.manifests import gates
from constructs_lib.manifests.gateway import Backend
from constructs_lib.manifests.weights import download_pod
from constructs_lib.specs import HuggingFaceTokenSpec, KubernetesSecretSpec, LoraAdapterSpec, WeightsSpec
from tests.conftest import Synth
from tests.synthesized import Block

WEIGHTS = WeightsSpec(
    repository="google/gemma-3-27b-it",
    revision="005ad3404e59d6023443cb575daa05336842228a",
    hugging_face_token=HuggingFaceTokenSpec(secret_manager="hugging-face-token"),
)
SECRET = KubernetesSecretSpec(name="hf", key="token")
TEMPLATES = {
    "crds": gates.crds_established(["a.example.com", "b.example.com"], timeout_sec=600).template("gate"),
    "class": gates.gateway_class_accepted("class", timeout_sec=600).template("gate"),
    "import": gates.backend_imported(Backend(name="pool"), namespace="inference", timeout_sec=600).template("gate"),
    "programmed": gates.gateway_programmed("gateway", namespace="inference", timeout_sec=600).template("gate"),
    "weights, Secret Manager": download_pod(
        weights=WEIGHTS, bucket="weights", service_account="downloader", token="hf-token"
    ),
    "weights, Kubernetes secret": download_pod(
        weights=WEIGHTS, bucket="weights", service_account="downloader", token=SECRET
    ),
    "weights and adapters": download_pod(
        weights=replace(WEIGHTS, lora_adapters={"tone": LoraAdapterSpec(repository="me/tone", revision="a" * 40)}),
        bucket="weights",
        service_account="downloader",
        token=SECRET,
    ),
}
"""Every pod that the platform makes a Job of."""
POD: dict[str, Any] = {"serviceAccountName": "worker", "containers": [{"name": "work", "image": "busybox:1.37"}]}


def build(template: dict[str, Any] | None = None, **settings: Any) -> Callable[[Any], BoundedJob]:
    """Build a Job in a bare stack."""
    given: dict[str, Any] = {"deadline_sec": 600, "template": template or {"spec": POD}, **settings}

    def made(stack: Any) -> BoundedJob:
        kubernetes = KubernetesProvider(stack, "kubernetes")
        after = [NamespaceV1(stack, "namespace", provider=kubernetes, metadata={"name": "inference"})]
        return BoundedJob(
            stack, "work", kubernetes=kubernetes, name="work", namespace="inference", after=after, **given
        )

    return made


def job(synth: Synth, template: dict[str, Any] | None = None, **settings: Any) -> Block:
    """Synthesize a Job and return its block."""
    return synth(build(template, **settings)).one("kubernetes_job_v1")


def without_hash(container: Block) -> Block:
    """Remove the template's hash, which the construct adds, from a container."""
    env = [entry for entry in container.get("env", []) if entry["name"] != "POD_TEMPLATE"]
    rest = {key: value for key, value in container.items() if key != "env"}
    return rest | ({"env": env} if env else {})


def as_kubernetes_writes_it(pod: Any) -> Any:
    """Convert a typed pod spec back to the API's names: the reverse of what the construct does."""
    plural = {"container": "containers", "init_container": "initContainers", "volume": "volumes",
              "volume_mount": "volumeMounts"}  # fmt: skip
    if isinstance(pod, list):
        return [as_kubernetes_writes_it(entry) for entry in pod]
    if not isinstance(pod, dict):
        return pod
    back = {}
    for key, value in without_hash(pod).items():
        name = plural.get(key) or re.sub(r"_(\w)", lambda match: match[1].upper(), key)
        if key in ("run_as_user", "run_as_group", "fs_group"):
            back[name] = int(value)
        elif key == "default_mode":
            back[name] = int(value, 8)
        else:
            back[name] = as_kubernetes_writes_it(value)
    return back


def said_of_root(container: Block) -> Block:
    """Add to *container* what its pod says of root."""
    return {**container, "securityContext": {**container["securityContext"], "runAsNonRoot": True}}


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_key_of_a_pod_arrives(synth: Synth, name: str) -> None:
    """
    What the typed resource says is the template again, with nothing lost.

    Added are the token's default, and in each container what its pod says of root.
    """
    template = TEMPLATES[name]
    made = job(synth, template)["spec"]["template"]
    expected = {"automountServiceAccountToken": True, **template["spec"]}
    for key in {"containers", "initContainers"} & set(expected):
        expected[key] = [said_of_root(container) for container in expected[key]]

    assert as_kubernetes_writes_it(made["spec"]) == {key: value for key, value in expected.items() if value != []}
    assert made["metadata"].get("annotations") == template.get("metadata", {}).get("annotations")


@pytest.mark.parametrize("name", TEMPLATES)
def test_each_container_says_itself_that_it_is_not_root(synth: Synth, name: str) -> None:
    """Beside any other setting of a container's context the provider sends false, which outranks the pod's true."""
    pod = job(synth, TEMPLATES[name])["spec"]["template"]["spec"]
    contexts = [container["security_context"] for container in [*pod["container"], *pod.get("init_container", [])]]

    assert {context["run_as_non_root"] for context in contexts} == {True}


def test_a_container_may_say_of_root_what_it_wants(synth: Synth) -> None:
    """Its own word stays."""
    root = {"name": "work", "image": "busybox:1.37", "securityContext": {"runAsNonRoot": False}}
    pod = {**POD, "containers": [root], "securityContext": {"runAsNonRoot": True}}
    made = job(synth, {"spec": pod})["spec"]["template"]["spec"]["container"]

    assert made[0]["security_context"] == {"run_as_non_root": False}


@pytest.mark.parametrize(
    "more", [{"nodeSelector": {"pool": "big"}}, {"tolerations": [{"operator": "Exists"}]}, {"hostNetwork": True}]
)
def test_a_key_that_is_not_known_is_not_dropped(synth: Synth, more: dict[str, Any]) -> None:
    """It arrives too, or is refused."""
    try:
        made = job(synth, {"spec": {**POD, **more}})
    except ValueError:
        return
    assert more.items() <= as_kubernetes_writes_it(made["spec"]["template"]["spec"]).items()


def test_a_secret_s_file_mode_is_octal_text(synth: Synth) -> None:
    """The provider reads 288 as octal, and would refuse it."""
    pod = job(synth, TEMPLATES["weights, Kubernetes secret"])["spec"]["template"]["spec"]
    [secret] = [volume["secret"] for volume in pod["volume"] if "secret" in volume]

    assert secret == {"secret_name": "hf", "items": [{"key": "token", "path": "token"}], "default_mode": "0440"}


def test_the_least_pod_is_enough(synth: Synth) -> None:
    """No volumes, no security context, no annotations; the pod never restarts and gets no service links."""
    made = job(synth)["spec"]["template"]

    assert made["metadata"] == {"labels": {"app.kubernetes.io/name": "work"}}
    [container] = made["spec"].pop("container")
    assert without_hash(container) == {"name": "work", "image": "busybox:1.37"}
    assert made["spec"] == {
        "restart_policy": "Never",
        "service_account_name": "worker",
        "automount_service_account_token": True,
        "enable_service_links": False,
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"spec": {**POD, "volumes": [{"name": "more", "emptyDir": {}}]}},
        {"metadata": {"annotations": {"a": "b"}}, "spec": POD},
    ],
    ids=["a volume", "an annotation"],
)
def test_another_template_is_another_job(synth: Synth, changed: Block) -> None:
    """The provider replaces a Job for its containers only, so they hold a hash of all the rest."""
    first, second = (
        job(synth, template)["spec"]["template"]["spec"]["container"][0]["env"] for template in ({"spec": POD}, changed)
    )

    assert [entry["name"] for entry in first] == ["POD_TEMPLATE"]
    assert first != second


def test_a_token_is_mounted_only_where_it_is_wanted(synth: Synth) -> None:
    """The pod's own word counts, not the account's."""
    made = job(synth, {"spec": {**POD, "automountServiceAccountToken": False}})

    assert made["spec"]["template"]["spec"]["automount_service_account_token"] is False


def test_text_is_literal_for_terraform(synth: Synth) -> None:
    """A shell's ${HOME} reaches the container."""
    container = {"name": "work", "image": "busybox:1.37", "args": ["echo ${HOME} %{x}"]}
    made = job(synth, {"spec": {**POD, "containers": [container]}})

    assert made["spec"]["template"]["spec"]["container"][0]["args"] == ["echo $${HOME} %%{x}"]


def test_text_of_annotations_is_literal_too(synth: Synth) -> None:
    """Terraform would look for something called x."""
    made = job(synth, {"metadata": {"annotations": {"note": "${x}"}}, "spec": POD})

    assert made["spec"]["template"]["metadata"]["annotations"] == {"note": "$${x}"}


def test_kubernetes_and_terraform_both_stop(synth: Synth) -> None:
    """The Job ends at its deadline; Terraform waits for it, and a minute longer."""
    made = job(synth, deadline_sec=600)

    assert made["spec"]["active_deadline_seconds"] == 600
    assert made["wait_for_completion"] is True
    assert made["timeouts"] == {"create": "11m", "update": "11m", "delete": "10m"}


@pytest.mark.parametrize(
    "deadline_sec",
    [
        60,
        1020,
        21600,
        90,
        119,
    ],
)
def test_terraform_waits_a_minute_longer_than_kubernetes(synth: Synth, deadline_sec: int) -> None:
    """So that it is Kubernetes that says why: the Job fails before Terraform gives up."""
    match = re.fullmatch(r"(\d+)([sm])", job(synth, deadline_sec=deadline_sec)["timeouts"]["create"])
    assert match
    bound_sec = int(match[1]) * (60 if match[2] == "m" else 1)

    assert bound_sec - deadline_sec >= 60


def test_a_failed_pod_is_replaced_three_times(synth: Synth) -> None:
    """Unless told otherwise; every failure counts."""
    made = job(synth)["spec"]

    assert made["backoff_limit"] == 3
    assert "pod_failure_policy" not in made
    assert job(synth, retries=0)["spec"]["backoff_limit"] == 0


def test_an_exit_code_can_be_final(synth: Synth) -> None:
    """Then the Job fails at once, by the code of its own container and not of a sidecar."""
    [rule] = job(synth, final_exit_code=3)["spec"]["pod_failure_policy"]["rule"]

    assert rule == {
        "action": "FailJob",
        "on_exit_codes": {"container_name": "work", "operator": "In", "values": [3]},
    }


def test_a_job_is_never_collected_by_time(synth: Synth) -> None:
    """Each plan would make it again."""
    assert "ttl_seconds_after_finished" not in job(synth)["spec"]


def test_it_comes_after_what_it_needs(synth: Synth) -> None:
    """And after nothing where it needs nothing."""
    assert job(synth)["depends_on"] == ["kubernetes_namespace_v1.namespace"]
    assert job(synth)["metadata"] == {"name": "work", "namespace": "inference"}
