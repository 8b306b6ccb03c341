"""The chart's values for each version and each kind of server."""

import json
from typing import Any

import pytest

from constructs_lib import inferencepool_chart as chart
from constructs_lib import vllm
from constructs_lib.server_process import ServerMetrics

NEW = "vllm:kv_cache_usage_perc"
OLD = "vllm:gpu_cache_usage_perc"
FLAG = "kv-cache-usage-percentage-metric"


VLLM = vllm.metrics_with(NEW)
SGLANG = ServerMetrics(
    engine="sglang",
    gauge="sglang:token_usage",
    queued="sglang:num_queue_reqs",
    running="sglang:num_running_reqs",
)
CUSTOM = ServerMetrics(engine="custom", gauge="fill_ratio")


def values(version: str, *, port: int = 8000, metrics: ServerMetrics = VLLM) -> dict[str, Any]:
    """Make the chart's values for the example."""
    return chart.values(version, labels={"app": "gemma"}, port=port, replicas=2, metrics=metrics)


def flags_of(version: str, metrics: ServerMetrics) -> dict[str, str]:
    """Return the flags of the endpoint picker by their name."""
    flags = values(version, metrics=metrics)["inferenceExtension"]["flags"]
    return {flag["name"]: flag["value"] for flag in flags} if isinstance(flags, list) else flags


def extractor_of(version: str, metrics: ServerMetrics) -> dict[str, Any]:
    """Return which metrics the configuration of the endpoint picker names; empty for the chart's own."""
    extension = values(version, metrics=metrics)["inferenceExtension"]
    if "pluginsCustomConfig" not in extension:
        return {}
    config = json.loads(extension["pluginsCustomConfig"][extension["pluginsConfigFile"]])
    [extractor] = [plugin for plugin in config["plugins"] if plugin["type"] == "core-metrics-extractor"]
    parameters: dict[str, Any] = extractor["parameters"]
    return parameters


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


WITH_FLAGS = [version for version in chart.VERSIONS if version != "v1.5.0"]


@pytest.mark.parametrize("version", WITH_FLAGS)
@pytest.mark.parametrize("metric", [OLD, NEW])
def test_the_picker_reads_the_gauge_that_the_server_exports(version: str, metric: str) -> None:
    """The flag is there exactly where the picker would read the other one."""
    given = flags_of(version, vllm.metrics_with(metric))
    reads = OLD if version in ("v1.0.1", "v1.1.0", "v1.2.1") else NEW

    assert given.get(FLAG) == (None if metric == reads else metric)
    assert all(isinstance(value, str) for value in given.values())
    assert extractor_of(version, vllm.metrics_with(metric)) == {}


def test_the_last_picker_reads_another_gauge_by_its_configuration() -> None:
    """Flags reach only the way of reading that it does not use any more."""
    assert flags_of("v1.5.0", vllm.metrics_with(OLD)) == {"v": "1"}
    assert extractor_of("v1.5.0", VLLM) == {}
    assert extractor_of("v1.5.0", vllm.metrics_with(OLD)) == {
        "defaultEngine": "vllm",
        "engineConfigs": [
            {
                "name": "vllm",
                "queuedRequestsSpec": "vllm:num_requests_waiting",
                "runningRequestsSpec": "vllm:num_requests_running",
                "kvUsageSpec": OLD,
                "loraSpec": "vllm:lora_requests_info",
                "cacheInfoSpec": "vllm:cache_config_info",
            }
        ],
    }


@pytest.mark.parametrize(
    ("version", "more"),
    [
        ("v1.0.1", {}),
        ("v1.1.0", {"cache-info-metric": ""}),
        ("v1.2.1", {"cache-info-metric": ""}),
        ("v1.3.1", {"cache-info-metric": "", "total-running-requests-metric": "sglang:num_running_reqs"}),
        ("v1.4.0", {"cache-info-metric": "", "total-running-requests-metric": "sglang:num_running_reqs"}),
    ],
)
def test_sglang_s_metrics_are_flags_until_v1_4(version: str, more: dict[str, str]) -> None:
    """Those that the version knows, empty where SGLang has none; never by the type that writes quotes into them."""
    assert flags_of(version, SGLANG) == {
        "v": "1",
        "total-queued-requests-metric": "sglang:num_queue_reqs",
        FLAG: "sglang:token_usage",
        "lora-info-metric": "",
        **more,
    }
    assert values(version, metrics=SGLANG)["inferencePool"]["modelServerType"] == "vllm"


def test_the_last_picker_knows_an_older_sglang_itself() -> None:
    """Size of the cache as labels of one metric; since 0.5.12 these are two gauges."""
    new = ServerMetrics(**{**vars(SGLANG), "page_size": "sglang:page_size", "pages": "sglang:num_pages"})
    made = extractor_of("v1.5.0", new)
    [engine] = made["engineConfigs"]

    assert extractor_of("v1.5.0", SGLANG) == {"defaultEngine": "sglang", "engineConfigs": []}
    assert made["defaultEngine"] == engine["name"] == "sglang"
    assert (engine["cacheBlockSizeSpec"], engine["cacheNumBlocksSpec"]) == ("sglang:page_size", "sglang:num_pages")


@pytest.mark.parametrize("version", chart.VERSIONS)
def test_another_server_s_gauge_is_read_alone(version: str) -> None:
    """It has no other metric that the picker could read."""
    flags, made = flags_of(version, CUSTOM), extractor_of(version, CUSTOM)

    if version == "v1.5.0":
        assert made == {"defaultEngine": "custom", "engineConfigs": [{"name": "custom", "kvUsageSpec": "fill_ratio"}]}
        assert flags == {"v": "1"}
    else:
        assert (flags[FLAG], flags["total-queued-requests-metric"], flags["lora-info-metric"]) == ("fill_ratio", "", "")
        assert made == {}


def test_a_changed_configuration_starts_the_picker_anew() -> None:
    """It reads the file when it starts, so another content has another name, which is an argument."""
    names = {
        values("v1.5.0", metrics=metrics)["inferenceExtension"]["pluginsConfigFile"]
        for metrics in (SGLANG, CUSTOM, vllm.metrics_with(OLD))
    }

    assert len(names) == 3


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
