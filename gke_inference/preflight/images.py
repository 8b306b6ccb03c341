"""The chart and the container images: whether their registries hand them out, as the nodes ask."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from constructs_lib import body_routing_chart
from constructs_lib.manifests import gates, metrics_adapter, weights
from constructs_lib.picker_chart import CHARTS
from gke_inference.api_error import ApiError
from gke_inference.check import Check
from gke_inference.findings import Finding, good, unknown, wrong
from gke_inference.preflight.registry import REFUSED, manifest
from gke_inference.preflight.target import Target
from platform_config.model import models_of
from platform_config.requirements import needs_adapter


def checks(target: Target) -> Iterator[Check]:
    """Yield one for each version of the chart, one for each image that the platform runs itself."""
    for id_, image in _images(target).items():
        yield Check(
            id=id_,
            needed=f"{image} can be pulled",
            role="access to the registry",
            ask=partial(_pull, target, id_, image),
        )


def _images(target: Target) -> dict[str, str]:
    """Return everything that is pulled, by the id of its finding."""
    models = models_of(target.config)
    pools = dict.fromkeys(model.inference_pool for model in models if model.has_pool)
    charts = {pool.chart_version: f"{CHARTS[pool.chart].address}:{pool.chart_version}" for pool in pools}
    images = {"CHART" if len(charts) == 1 else f"CHART-{version}": chart for version, chart in charts.items()}
    routing = target.config.gateway.body_routing
    if routing and any(model.by_name for model in models):
        name = f"{body_routing_chart.REPOSITORY}/{body_routing_chart.CHART}".removeprefix("oci://")
        images["CHART-BODY-ROUTING"] = f"{name}:{routing.chart_version}"
        images["IMAGE-BODY-ROUTING"] = f"{body_routing_chart.IMAGE}:{routing.chart_version}"
    images |= {target.model_id("IMAGE-SERVER", model.key): model.server.image for model in models}
    images["IMAGE-GATES"] = gates.IMAGE
    if any(model.weights and model.weights.snapshots for model in models):
        images["IMAGE-DOWNLOAD"] = weights.IMAGE
    if needs_adapter(target.config):
        images["IMAGE-ADAPTER"] = metrics_adapter.IMAGE
    return images


def _pull(target: Target, id_: str, image: str) -> Iterator[Finding]:
    needed = f"{image} can be pulled"
    host, repository, reference = _parts(image)
    status, known = manifest(host, repository, reference, token=target.google.token, universe=target.config.universe)
    # Nodes may read the registries of the platform's own project.
    own = repository.startswith(f"{target.project}/")
    if status == 200 and (own or not known):
        yield good(id_, f"{host} has it{', for the project' if known else ''}", needed)
    elif status == 200:
        fix = f"see whether the nodes' service accounts have roles/artifactregistry.reader on {repository}"
        yield unknown(id_, f"{host} has it, for those only who may read it; the caller may", needed, fix)
    elif status == 404:
        yield wrong(id_, f"{host} does not have it", needed, "correct its name or version")
    elif status in REFUSED:
        fix = "see whether the nodes' service account may pull it, or whether its name is right"
        who = "the caller" if known else "everybody"
        yield unknown(id_, f"{host} does not show it to {who}", needed, fix)
    else:
        raise ApiError(status=status, reason="noAnswer", message=host)


def _parts(image: str) -> tuple[str, str, str]:
    """Return registry, repository, and tag or digest, as Docker reads a name, `library/` included."""
    name, _, digest = image.partition("@")
    path, _, tag = name.rpartition(":") if ":" in name.rsplit("/", 1)[-1] else (name, "", "")
    host, _, repository = path.partition("/")
    if "." not in host and ":" not in host:
        host, repository = "docker.io", path if "/" in path else f"library/{path}"
    return host, repository, digest or tag
