"""`preflight` on images that are not for everybody: only Google's own registries see the caller's token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import pytest
from google.oauth2.credentials import Credentials

from constructs_lib.universe import PUBLIC
from gke_inference.findings import Finding
from gke_inference.google_api import GoogleApi
from gke_inference.preflight import images
from gke_inference.preflight.registry import of_google
from gke_inference.preflight.target import Target
from tests.configs import config

TOKEN = "the-callers-token"


@dataclass
class Registries:
    """
    All registries, at any address: they want a token, and give none to everybody.

    Attributes:
        readers: Who may read everything, by token.
        moved: Where they send those who ask for a manifest; empty for nowhere.
        sent: Each address that was asked, and the token that it was given.
    """

    readers: set[str] = field(default_factory=set)
    moved: str = ""
    sent: list[tuple[str, str]] = field(default_factory=list)

    def answer(self, transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        """Answer as a registry does: 401 with the place of a token, 403 for who may not read."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.sent.append((f"{request.url.scheme}://{request.url.host}", token))
        if request.url.path == "/token":
            return httpx.Response(403)
        if not token:
            realm = f'Bearer realm="{request.url.scheme}://{request.url.host}/token",service="s"'
            return httpx.Response(401, headers={"WWW-Authenticate": realm})
        if self.moved:
            return httpx.Response(307, headers={"Location": self.moved})
        return httpx.Response(200 if token in self.readers else 403)


@pytest.fixture
def registries(monkeypatch: pytest.MonkeyPatch) -> Registries:
    """Serve registries in place of the network."""
    made = Registries()
    answer: Callable[..., httpx.Response] = lambda transport, request: made.answer(transport, request)  # noqa: E731
    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", answer)
    return made


def found(image: str) -> Finding:
    """Return the finding about the model server's *image*."""
    google = GoogleApi(project="my-project-id", credentials=Credentials(TOKEN))  # type: ignore[no-untyped-call]
    checks = images.checks(Target(config=config(models__gemma__server__image=image), keys=(), google=google))
    [check] = [check for check in checks if check.id == "IMAGE-SERVER"]
    [finding] = check.run()
    return finding


@pytest.mark.parametrize("host", ["us-docker.pkg.dev", "gcr.io", "eu.gcr.io"])
def test_a_private_image_of_the_project_is_good(registries: Registries, host: str) -> None:
    """The caller may read it, and so may the nodes: they have the role on the whole project."""
    registries.readers = {TOKEN}
    finding = found(f"{host}/my-project-id/llm/vllm:v1")

    assert (finding.status.value, finding.found) == ("good", f"{host} has it, for the project")
    assert (f"https://{host}", TOKEN) in registries.sent


def test_a_private_image_of_another_project_is_unknown(registries: Registries) -> None:
    """It is there; whether the nodes may read it is not known, but the role is named."""
    registries.readers = {TOKEN}
    finding = found("us-docker.pkg.dev/other-project/llm/vllm:v1")

    assert finding.status.value == "unknown"
    assert "roles/artifactregistry.reader" in finding.fix


def test_what_the_caller_may_not_read_is_unknown(registries: Registries) -> None:
    """The nodes may see more than the caller."""
    finding = found("us-docker.pkg.dev/my-project-id/llm/vllm:v1")

    assert (finding.status.value, finding.found) == ("unknown", "us-docker.pkg.dev does not show it to the caller")


@pytest.mark.parametrize(
    "host", ["ghcr.io", "quay.io", "pkg.dev.example.com", "evilgcr.io", "us-docker.pkg.dev.example.com:5000"]
)
def test_no_other_registry_sees_the_token(registries: Registries, host: str) -> None:
    """However its name is spelled."""
    finding = found(f"{host}/my-project-id/llm/vllm:v1")

    assert finding.status.value == "unknown"
    assert TOKEN not in {token for _, token in registries.sent}


def test_a_mirror_does_not_see_the_token(registries: Registries, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be at any address."""
    monkeypatch.setenv("GKE_INFERENCE_REGISTRY_ENDPOINT", "https://mirror.example.com")
    found("us-docker.pkg.dev/my-project-id/llm/vllm:v1")

    assert {token for _, token in registries.sent} == {""}


def test_who_is_sent_on_takes_no_token_along(registries: Registries) -> None:
    """A redirect may lead anywhere."""
    registries.moved = "https://storage.example.com/manifest"
    found("us-docker.pkg.dev/my-project-id/llm/vllm:v1")

    assert ("https://storage.example.com", "") in registries.sent
    assert ("https://storage.example.com", TOKEN) not in registries.sent


@pytest.mark.parametrize(
    ("url", "google"),
    [
        ("https://us-docker.pkg.dev/v2/", True),
        ("https://gcr.io/v2/", True),
        ("http://us-docker.pkg.dev/v2/", False),
        ("https://us-docker.pkg.dev@example.com/v2/", False),
        ("https://example.com/us-docker.pkg.dev", False),
        ("https://pkg.dev/v2/", False),
    ],
)
def test_google_is_known_by_its_address(url: str, google: bool) -> None:
    """By host and https, and by nothing else."""
    assert of_google(httpx.URL(url), PUBLIC) == google
