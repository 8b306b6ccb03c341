"""The values of the body-based-routing chart, for each version."""

import pytest

from constructs_lib import body_routing_chart as chart


def test_these_versions_are_known() -> None:
    """From the first that takes bodies above 128 KB to the last one."""
    assert list(chart.VERSIONS) == ["v1.3.1", "v1.4.0", "v1.5.0"]


@pytest.mark.parametrize("version", chart.VERSIONS)
def test_every_version_gets_the_gateway_and_the_objects_of_gke(version: str) -> None:
    """The whole, read once: the name of the program, its pods, GKE's extension for this gateway, and a quiet log."""
    assert chart.values(version, gateway="acme-gateway", replicas=3) == {
        "provider": {"name": "gke"},
        "inferenceGateway": {"name": "acme-gateway"},
        "bbr": {"name": "body-based-router", "replicas": 3, "flags": {"v": "1"}},
    }


def test_an_unknown_version_is_refused() -> None:
    """Its values could be others, and nobody would notice."""
    with pytest.raises(ValueError, match=r"^chart_version must be one of v1.3.1, v1.4.0, v1.5.0, got 'v1.2.1'$"):
        chart.values("v1.2.1", gateway="acme-gateway", replicas=2)
