"""`preflight` on the chart and the images: there, not there, or not for everybody."""

from __future__ import annotations

from typing import Any

import pytest
from google.oauth2.credentials import Credentials

from gke_inference import retry
from gke_inference.findings import Finding
from gke_inference.google_api import GoogleApi
from gke_inference.preflight import images, registry
from gke_inference.preflight.target import Target
from tests.configs import ELASTIC, EXAMPLE, GUARDED, config
from tests.gke_inference.registry_stand_in import RegistryStandIn


def found(
    stand_in: RegistryStandIn, monkeypatch: pytest.MonkeyPatch, base: Any = EXAMPLE, /, **changes: Any
) -> dict[str, Finding]:
    """Return what the checks find, by id."""
    google = GoogleApi(project="my-project-id", credentials=Credentials("token"))  # type: ignore[no-untyped-call]
    target = Target(config=config(base, **changes), keys=(), google=google)
    with stand_in.serving() as url:
        monkeypatch.setenv(registry.ENDPOINT_VARIABLE, url)
        return {one.id: one for check in images.checks(target) for one in check.run()}


@pytest.mark.parametrize("tokens", [False, True])
def test_chart_and_images_are_looked_up_by_their_manifests(tokens: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the registry's own way, with a token for everybody where it wants one; nothing is downloaded."""
    stand_in = RegistryStandIn(tokens=tokens)
    findings = found(stand_in, monkeypatch)

    assert {finding.status.value for finding in findings.values()} == {"good"}
    assert stand_in.asked == [
        "/v2/gateway-api-inference-extension/charts/inferencepool/manifests/v1.5.0",
        "/v2/vllm/vllm-tpu/manifests/v0.27.0",
        "/v2/kubectl/manifests/v1.34.1",
        "/v2/library/python/manifests/3.13.14-slim",
    ]
    assert "application/vnd.oci.image.index.v1+json" in stand_in.accepted


def test_the_adapter_is_looked_up_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The elastic config needs one."""
    findings = found(RegistryStandIn(), monkeypatch, ELASTIC)

    assert "custom-metrics-stackdriver-adapter" in findings["IMAGE-ADAPTER"].needed


def test_what_reads_bodies_is_looked_up_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chart and image have one version; a platform whose models have addresses has neither."""
    stand_in = RegistryStandIn()
    findings = found(stand_in, monkeypatch, GUARDED)

    assert {"CHART-BODY-ROUTING", "IMAGE-BODY-ROUTING"} <= set(findings)
    assert "/v2/gateway-api-inference-extension/charts/body-based-routing/manifests/v1.5.0" in stand_in.asked
    assert "/v2/gateway-api-inference-extension/bbr/manifests/v1.5.0" in stand_in.asked


def test_a_version_that_is_not_there_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pods would wait for it for ever."""
    finding = found(RegistryStandIn(absent={"vllm/vllm-tpu"}), monkeypatch)["IMAGE-SERVER"]

    assert (finding.status.value, finding.found) == ("wrong", "docker.io does not have it")


def test_an_image_that_is_not_for_everybody_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The nodes may see more than the caller."""
    stand_in = RegistryStandIn(closed={"my-project/llm/vllm"})
    image = "us-docker.pkg.dev/my-project/llm/vllm:v0.27.0"
    finding = found(stand_in, monkeypatch, models__gemma__server__image=image)["IMAGE-SERVER"]

    assert (finding.status.value, finding.found) == ("unknown", "us-docker.pkg.dev does not show it to everybody")


@pytest.mark.parametrize(("failures", "status"), [([503, 429, 500], "good"), ([503] * 5, "unknown")])
def test_what_may_pass_is_asked_again(failures: list[int], status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry that is busy; five times are enough."""
    monkeypatch.setattr(retry, "PAUSES_SEC", (0, 0, 0, 0))
    findings = found(RegistryStandIn(failures=failures), monkeypatch)

    assert findings["CHART"].status.value == status
    assert {finding.status.value for id_, finding in findings.items() if id_ != "CHART"} == {"good"}


def test_a_registry_that_does_not_answer_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """No conclusion is drawn from a machine without a way out."""
    monkeypatch.setattr(retry, "PAUSES_SEC", (0, 0, 0, 0))
    monkeypatch.setenv(registry.ENDPOINT_VARIABLE, "http://127.0.0.1:9")
    google = GoogleApi(project="my-project-id", credentials=Credentials("token"))  # type: ignore[no-untyped-call]
    [chart, *_] = images.checks(Target(config=config(), keys=(), google=google))
    [finding] = chart.run()

    assert finding.status.value == "unknown"
    assert "registry.k8s.io" in finding.found


@pytest.mark.parametrize(
    ("image", "parts"),
    [
        ("python:3.13", ("docker.io", "library/python", "3.13")),
        ("vllm/vllm-openai:v1", ("docker.io", "vllm/vllm-openai", "v1")),
        ("localhost:5000/llm@sha256:ab", ("localhost:5000", "llm", "sha256:ab")),
        ("gcr.io/a/b:v1@sha256:ab", ("gcr.io", "a/b", "sha256:ab")),
    ],
)
def test_names_are_read_as_docker_reads_them(image: str, parts: tuple[str, str, str]) -> None:
    """A digest goes before a tag, and a name without a registry is Docker Hub's."""
    assert images._parts(image) == parts
