"""The values of charts of others have the names that the charts read: Helm ignores any other without a word."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from constructs_lib.external_dns import external_dns_values, outside_values
from constructs_lib.gpu_operator import ClusterKind, operator_values
from constructs_lib.hami import hami_values
from constructs_lib.specs import (
    ExternalDnsSpec,
    GpuOperatorSpec,
    HamiSpec,
    LoadBalancerControllerSpec,
    OutsideExternalDnsSpec,
)
from constructs_lib.vng_load_balancer import controller_values

CHARTS = Path(__file__).parent.parent / "data" / "charts"
GPU_OPERATOR, HAMI = GpuOperatorSpec(), HamiSpec(kubernetes_version="v1.34.1")
EXTERNAL_DNS = ExternalDnsSpec(subdomain="apps")
ZONE = {"project": "p", "zone": "z", "visibility": "private", "domain": "us.apps.example.com", "owner": "gemma-us"}


def unknown(values: dict[str, Any], known: set[str], above: str = "") -> Iterator[str]:
    """Yield the path of each of *values* that is not among *known*, down to the chart's own depth."""
    for key, value in values.items():
        path = f"{above}{key}"
        if path not in known:
            yield path
        elif isinstance(value, dict) and any(name.startswith(f"{path}.") for name in known):
            yield from unknown(value, known, f"{path}.")


def names(chart: str, version: str) -> set[str]:
    """Return every path of the values of a *chart* at the *version* that is ours by default."""
    return set((CHARTS / f"{chart}-{version}.txt").read_text(encoding="utf-8").split())


@pytest.mark.parametrize("shared_by_hami", [True, False])
@pytest.mark.parametrize("kind", get_args(ClusterKind))
def test_the_gpu_operator_reads_each_value(kind: ClusterKind, shared_by_hami: bool) -> None:
    """On every kind of cluster, with HAMi and without."""
    values = operator_values(GPU_OPERATOR, kind=kind, shared_by_hami=shared_by_hami)

    assert list(unknown(values, names("gpu-operator", GPU_OPERATOR.chart_version))) == []


def test_hami_reads_each_value() -> None:
    """A name that it does not read would leave NVIDIA's, under which two plugins give one card out twice."""
    assert list(unknown(hami_values(HAMI), names("hami", HAMI.chart_version))) == []


@pytest.mark.parametrize(
    "values",
    [
        external_dns_values(EXTERNAL_DNS, **ZONE),
        *(
            outside_values(OutsideExternalDnsSpec(provider=provider, secret="s", domain="d.example.com"), owner="o")
            for provider in ("google", "alibabacloud", "cloudflare")
        ),
    ],
    ids=["gke", "google", "alibabacloud", "cloudflare"],
)
def test_external_dns_reads_each_value(values: dict[str, Any]) -> None:
    """A filter that it does not read would let it write to every zone."""
    assert list(unknown(values, names("external-dns", EXTERNAL_DNS.chart_version))) == []


def test_the_controller_of_vng_cloud_reads_each_value() -> None:
    """The address of its region's API, and the credentials: by default it would ask another region."""
    spec = LoadBalancerControllerSpec(
        chart_version="0.3.23", cluster_id="k8s-1", region="han-1", client_id="i", client_secret="s"
    )
    known = names("vngcloud-load-balancer-controller", "v0.3.23")

    assert list(unknown(controller_values(spec), known)) == []
    assert {"mysecret.global.clientID", "mysecret.global.clientSecret"} <= known
    assert controller_values(spec)["mysecret"]["global"]["vserverURL"] == "https://han-1.api.vngcloud.vn/vserver"


def test_a_name_that_no_chart_has_is_found() -> None:
    """At the top, and below a section that is there."""
    known = names("hami", HAMI.chart_version)

    assert list(unknown({"nope": 1, "devicePlugin": {"nope": 1}}, known)) == ["nope", "devicePlugin.nope"]
