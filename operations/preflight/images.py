"""The chart and the container images: whether their registries hand them out to everybody, as the nodes ask."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import partial

import httpx

from constructs_lib import inferencepool_chart
from constructs_lib.manifests import gates, metrics_adapter, weights
from operations.api_error import ApiError
from operations.findings import Finding
from operations.preflight.check import Check, Subject, good, unknown, wrong
from operations.preflight.tried_again import tried_again
from stacks.versions import needs_adapter

ENDPOINT_VARIABLE = "INFERENCE_OPS_REGISTRY_ENDPOINT"
"""Sends every question to a registry to this address instead: for tests and mirrors of all registries."""
DOCKER_HUB = {"docker.io": "registry-1.docker.io"}
KINDS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
TIMEOUT_SEC = 20


def checks(subject: Subject) -> Iterator[Check]:
    """One for the chart, one for each image that the platform runs itself."""
    version = subject.config.inference_pool.chart_version
    chart = f"{inferencepool_chart.REPOSITORY}/{inferencepool_chart.CHART}:{version}".removeprefix("oci://")
    images = {
        "CHART": chart,
        "IMAGE-SERVER": subject.config.model_server.image,
        "IMAGE-GATES": gates.IMAGE,
        "IMAGE-DOWNLOAD": weights.IMAGE,
    }
    if needs_adapter(subject.config):
        images["IMAGE-ADAPTER"] = metrics_adapter.IMAGE
    for id_, image in images.items():
        yield Check(
            id=id_, needed=f"{image} can be pulled", permission="access to the registry", ask=partial(_pull, id_, image)
        )


def _pull(id_: str, image: str) -> Iterator[Finding]:
    """Only the manifest is asked for, and nothing is downloaded."""
    needed = f"{image} can be pulled"
    host, repository, reference = _parts(image)
    status = _manifest_status(host, repository, reference)
    if status == 200:
        yield good(id_, f"{host} has it", needed)
    elif status == 404:
        yield wrong(id_, f"{host} does not have it", needed, "correct its name or version")
    elif status in (401, 403):
        fix = "see whether the nodes' service account may pull it, or whether its name is right"
        yield unknown(id_, f"{host} does not show it to everybody", needed, fix)
    else:
        raise ApiError(status=status, reason="noAnswer", message=host)


def _parts(image: str) -> tuple[str, str, str]:
    """Registry, repository, and tag or digest; as Docker reads a name, `library/` included."""
    name, _, digest = image.partition("@")
    path, _, tag = name.rpartition(":") if ":" in name.rsplit("/", 1)[-1] else (name, "", "")
    host, _, repository = path.partition("/")
    if "." not in host and ":" not in host:
        host, repository = "docker.io", path if "/" in path else f"library/{path}"
    return host, repository, digest or tag


def _manifest_status(host: str, repository: str, reference: str) -> int:
    """The registry's answer; where it wants a token for everybody, with that."""
    base = os.environ.get(ENDPOINT_VARIABLE) or f"https://{DOCKER_HUB.get(host, host)}"
    url = f"{base}/v2/{repository}/manifests/{reference}"
    headers = {"Accept": ", ".join(KINDS)}
    try:
        with httpx.Client(timeout=TIMEOUT_SEC, follow_redirects=True) as client:
            answer = tried_again(lambda: client.head(url, headers=headers))
            challenge = dict(re.findall(r'(\w+)="([^"]*)"', answer.headers.get("WWW-Authenticate", "")))
            if answer.status_code == 401 and "realm" in challenge:
                scope = {key: challenge[key] for key in ("service", "scope") if key in challenge}
                given = tried_again(lambda: client.get(challenge["realm"], params=scope))
                token = given.json().get("token") or given.json().get("access_token") if given.is_success else None
                if token:
                    bearer = headers | {"Authorization": f"Bearer {token}"}
                    answer = tried_again(lambda: client.head(url, headers=bearer))
            return answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise ApiError(status=None, reason=type(error).__name__, message=f"{host}: {error}") from None
