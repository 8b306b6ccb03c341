"""What the synthesized stacks would apply to clusters: objects, charts and annotations, by cluster and order."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gke_inference.export.gitops.typed import KINDS, object_of
from platform_config.config import Config
from platform_config.names import Names
from platform_config.stack_graph import (
    BASE_STACKS,
    GATEWAY_STACK,
    OUTSIDE_STACKS,
    SERVING_STACKS,
    WEIGHTS_STACK,
    cluster_key,
    needed_stacks,
    stack_folder,
)

Object = dict[str, Any]
COMPONENT = "app.kubernetes.io/component"
GATE = "gate"
WAVES = ((OUTSIDE_STACKS, 0), (BASE_STACKS, 0), (WEIGHTS_STACK, 1), (SERVING_STACKS, 2), (GATEWAY_STACK, 3))
"""The order in which the objects of a cluster are applied, by how the ids of their stacks begin."""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """
    A release of a chart. All known at synth.

    Attributes:
        name: Name of the release.
        namespace: Namespace that it is in.
        chart: Name of the chart.
        repository: Its repository.
        version: Its version.
        values: Its values.
    """

    name: str
    namespace: str
    chart: str
    repository: str
    version: str
    values: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Patch:
    """
    Annotations of an object that a chart makes.

    Attributes:
        api_version: API version of the object.
        kind: Its kind.
        name: Its name.
        namespace: Its namespace.
        annotations: What is added.
        release: The release that makes it.
    """

    api_version: str
    kind: str
    name: str
    namespace: str
    annotations: Mapping[str, str]
    release: str


@dataclass(frozen=True, kw_only=True)
class Wave:
    """
    What one stack would apply.

    Attributes:
        number: When it is applied; lower ones first.
        stack: The stack.
        objects: Its objects, in the order of their kinds and names.
        charts: Its releases.
        patches: Its annotations.
    """

    number: int
    stack: str
    objects: tuple[Object, ...] = ()
    charts: tuple[Chart, ...] = ()
    patches: tuple[Patch, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ClusterObjects:
    """
    All that one cluster has of a platform.

    Attributes:
        name: Name of the cluster; of one outside, its key.
        waves: What is applied, in order.
        outside: Whether it is outside Google Cloud.
    """

    name: str
    waves: tuple[Wave, ...] = field(default_factory=tuple)
    outside: bool = False


def read_objects(config: Config, outdir: Path) -> list[ClusterObjects]:
    """Return what each cluster of *config* has, from the synth at *outdir*, in which Terraform applies the objects."""
    names = Names(config)
    found: dict[tuple[str, bool], list[Wave]] = {}
    for stack in needed_stacks(config):
        number = next((wave for start, wave in WAVES if stack.startswith(start)), None)
        if number is None:
            continue
        document = json.loads((stack_folder(outdir, stack) / "cdk.tf.json").read_text(encoding="utf-8"))
        outside = stack.startswith(OUTSIDE_STACKS)
        name = stack.removeprefix(OUTSIDE_STACKS) if outside else names.cluster(cluster_key(config, stack))
        found.setdefault((name, outside), []).append(_wave(number, stack, document.get("resource", {})))
    return [
        ClusterObjects(name=name, outside=outside, waves=tuple(sorted(waves, key=lambda wave: wave.number)))
        for (name, outside), waves in found.items()
    ]


def _wave(number: int, stack: str, resources: Mapping[str, Mapping[str, Any]]) -> Wave:
    releases = resources.get("helm_release", {})
    return Wave(
        number=number,
        stack=stack,
        objects=tuple(sorted(_objects(resources), key=lambda made: (made["kind"], made["metadata"]["name"]))),
        charts=tuple(_chart(body) for _, body in sorted(releases.items())),
        patches=tuple(
            _patch(body, releases) for _, body in sorted(resources.get("kubernetes_annotations", {}).items())
        ),
    )


def _objects(resources: Mapping[str, Mapping[str, Any]]) -> Iterator[Object]:
    """Yield the objects, without the Jobs that only make Terraform wait: waves and health do so in Git."""
    gates = set(_gates(resources.get("kubernetes_job_v1", {})))
    for body in resources.get("kubernetes_manifest", {}).values():
        yield _plain(body["manifest"])
    for kind in KINDS:
        for body in resources.get(kind, {}).values():
            if body["metadata"]["name"] not in gates:
                yield _plain(object_of(kind, body))


def _gates(jobs: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the Jobs that are gates, and of the accounts and roles that are theirs alone."""
    for body in jobs.values():
        labels = body["spec"]["template"]["metadata"].get("labels", {})
        if labels.get(COMPONENT) == GATE:
            name, namespace = body["metadata"]["name"], body["metadata"]["namespace"]
            yield name
            yield f"{namespace}-{name}"


def _chart(body: Mapping[str, Any]) -> Chart:
    return Chart(
        name=body["name"],
        namespace=body["namespace"],
        chart=body["chart"],
        repository=body["repository"],
        version=body["version"],
        values=_values(body["values"][0]) if body.get("values") else {},
    )


def _values(expression: str) -> dict[str, Any]:
    """Return the values of a chart, which are an expression of Terraform: its maps are JSON but for their signs."""
    inner = expression.removeprefix("${yamlencode(").removesuffix(")}")
    text = re.sub(r'"(?:[^"\\]|\\.)*"|( = )', lambda found: ": " if found[1] else found[0], inner)
    values: dict[str, Any] = _plain(json.loads(text))
    return values


def _patch(body: Mapping[str, Any], releases: Mapping[str, Any]) -> Patch:
    given = body["metadata"]["name"]
    referred = re.fullmatch(r"\$\{helm_release\.([\w-]+)\.name\}", given)
    return Patch(
        api_version=body["api_version"],
        kind=body["kind"],
        name=releases[referred[1]]["name"] if referred else given,
        namespace=body["metadata"]["namespace"],
        annotations=body["annotations"],
        release=releases[referred[1]]["name"] if referred else "",
    )


def _plain(value: Any) -> Any:
    """Return *value* without the escapes that keep Terraform from reading templates in it."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value.replace("$${", "${").replace("%%{", "%{") if isinstance(value, str) else value
