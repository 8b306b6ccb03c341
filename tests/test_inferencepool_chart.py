"""The chart's values for each version."""

from typing import Any

import pytest

from constructs_lib import inferencepool_chart as chart

NEW = "vllm:kv_cache_usage_perc"
OLD = "vllm:gpu_cache_usage_perc"
FLAG = "kv-cache-usage-percentage-metric"


def values(version: str, *, port: int = 8000, kv_metric: str = NEW) -> dict[str, Any]:
    """Make the chart's values for the example."""
    return chart.values(version, labels={"app": "gemma"}, port=port, replicas=2, kv_metric=kv_metric)


def test_these_versions_are_known() -> None:
    """From the codelab's first to the last one."""
    assert list(chart.VERSIONS) == ["v1.0.1", "v1.1.0", "v1.2.1", "v1.3.1", "v1.4.0", "v1.5.0"]


def test_the_last_version_gets_all_of_these_values() -> None:
    """The whole, read once."""
    assert values("v1.5.0") == {
        "provider": {"name": "gke"},
        "inferencePool": {
            "modelServerType": "vllm",
            "modelServers": {"matchLabels": {"app": "gemma"}},
            "targetPorts": [{"number": 8000}],
        },
        "inferenceExtension": {
            "replicas": 2,
            "flags": {"v": "1"},
            "monitoring": {"prometheus": {"enabled": True}},
            "resources": {
                "requests": {"cpu": "4", "memory": "8Gi", "ephemeral-storage": "256Mi"},
                "limits": {"memory": "16Gi"},
            },
        },
    }


@pytest.mark.parametrize("version", chart.VERSIONS)
def test_flags_are_a_list_until_v1_1_and_a_map_after(version: str) -> None:
    """The wrong form installs without an error and crashes the endpoint picker."""
    flags = values(version)["inferenceExtension"]["flags"]

    assert isinstance(flags, list) == (version in ("v1.0.1", "v1.1.0"))
    assert ({"name": "v", "value": "1"} in flags) if isinstance(flags, list) else flags["v"] == "1"


@pytest.mark.parametrize("version", chart.VERSIONS)
@pytest.mark.parametrize("metric", [OLD, NEW])
def test_the_picker_reads_the_gauge_that_the_server_exports(version: str, metric: str) -> None:
    """The flag is there exactly where the picker would read the other one."""
    flags = values(version, kv_metric=metric)["inferenceExtension"]["flags"]
    given = {flag["name"]: flag["value"] for flag in flags} if isinstance(flags, list) else flags
    reads = OLD if version in ("v1.0.1", "v1.1.0", "v1.2.1") else NEW

    assert given.get(FLAG) == (None if metric == reads else metric)
    assert all(isinstance(value, str) for value in given.values())


@pytest.mark.parametrize("version", chart.VERSIONS)
def test_the_picker_is_scraped_by_managed_prometheus(version: str) -> None:
    """v1.0.1 would make an object of another operator from the newer key, which GKE has not."""
    monitoring = values(version)["inferenceExtension"]["monitoring"]

    assert monitoring == {"gke" if version == "v1.0.1" else "prometheus": {"enabled": True}}


@pytest.mark.parametrize("version", chart.VERSIONS)
def test_another_port_reaches_pool_and_health_check(version: str) -> None:
    """Until v1.4.0 the health check's port is a value of its own."""
    pool = values(version, port=8080)["inferencePool"]

    assert pool["targetPorts"] == [{"number": 8080}]
    assert pool.get("targetPortNumber") == (None if version == "v1.5.0" else 8080)


@pytest.mark.parametrize("version", chart.VERSIONS)
def test_the_picker_gets_the_resources_that_the_system_pool_has_room_for(version: str) -> None:
    """Where the chart lets them be set; the older ones ask for nothing."""
    cpu, memory_gib = chart.endpoint_picker_requests(version)
    resources = values(version)["inferenceExtension"].get("resources")

    assert (resources is not None) == (version in ("v1.4.0", "v1.5.0"))
    if resources:
        assert resources["requests"] == {
            "cpu": str(cpu),
            "memory": f"{memory_gib}Gi",
            "ephemeral-storage": "256Mi",
        }
    assert cpu >= 1


@pytest.mark.parametrize("ask", [values, chart.endpoint_picker_requests])
def test_an_unknown_version_is_refused_with_those_that_are_known(ask: Any) -> None:
    """Its values could be wrong without anybody noticing."""
    message = "^chart_version must be one of v1.0.1, v1.1.0, v1.2.1, v1.3.1, v1.4.0, v1.5.0, got 'v1.6.0'$"

    with pytest.raises(ValueError, match=message):
        ask("v1.6.0")


def test_the_ports_are_those_of_the_chart() -> None:
    """Firewall rules are made of them."""
    assert (chart.EXT_PROC_PORT, chart.GRPC_HEALTH_PORT, chart.METRICS_PORT) == (9002, 9003, 9090)
