"""The values of llm-d-router, which continues the inferencepool chart, and how a chart is found."""

from __future__ import annotations

import json
from typing import Any

import pytest

from constructs_lib import inferencepool_chart
from constructs_lib.picker_chart import CHARTS, endpoint_picker_requests, picker_chart
from constructs_lib.server_process import ServerMetrics
from constructs_lib.specs import InferencePoolSpec
from tests.test_inferencepool_chart import CUSTOM, SGLANG, VLLM

ROUTER = InferencePoolSpec(chart="llm-d-router", chart_version="v0.10.0")


def values(*, metrics: ServerMetrics = VLLM, **more: Any) -> dict[str, Any]:
    """Make the chart's values for the example."""
    chart = picker_chart(ROUTER)
    return chart.values(ROUTER.chart_version, labels={"app": "gemma"}, port=8000, replicas=2, metrics=metrics, **more)


def test_the_chart_gets_all_of_these_values() -> None:
    """The whole, read once: under one root, and without pickers that somebody has to put before a load balancer."""
    assert values() == {
        "provider": {"name": "gke", "gke": {"preferredBackends": {"enabled": False}}},
        "router": {
            "epp": {
                "replicas": 2,
                "parsers": ["openai-parser", "anthropic-parser", "vllmhttp-parser", "passthrough-parser"],
                "flags": {"v": "1"},
                "resources": {
                    "requests": {"cpu": "4", "memory": "8Gi", "ephemeral-storage": "256Mi"},
                    "limits": {"memory": "16Gi"},
                },
            },
            "modelServers": {
                "type": "vllm",
                "matchLabels": {"app": "gemma"},
                "targetPorts": [{"number": 8000}],
            },
            "monitoring": {
                "prometheus": {"enabled": True},
                "provider": {"name": "gmp", "gmp": {"autopilot": False}},
            },
        },
    }


def test_collectors_of_autopilot_are_in_another_namespace() -> None:
    """The chart lets them read the picker's token there."""
    assert values(autopilot=True)["router"]["monitoring"]["provider"]["gmp"] == {"autopilot": True}


def test_for_a_gateway_of_the_same_cluster_the_chart_makes_nothing_of_gke_s() -> None:
    """Its health check and its backend policy would fight ours; metrics are then read without its token."""
    made = values(local=True)

    assert made["provider"] == {"name": "none"}
    assert made["router"]["monitoring"] == {"prometheus": {"enabled": False, "auth": {"enabled": False}}}


@pytest.mark.parametrize(
    ("metrics", "engines"),
    [
        (SGLANG, []),
        (CUSTOM, [{"name": "custom", "kvUsageSpec": "fill_ratio"}]),
    ],
    ids=["sglang", "custom"],
)
def test_metrics_of_other_servers_are_in_the_picker_s_file(metrics: ServerMetrics, engines: list[Any]) -> None:
    """A flag that names one stops this picker. The file replaces the chart's whole, so it names the parsers too."""
    picker = values(metrics=metrics)["router"]["epp"]
    config = json.loads(picker["pluginsCustomConfig"][picker["pluginsConfigFile"]])
    parsers = [parser["pluginRef"] for parser in config["requestHandler"]["parsers"]]
    [extractor] = [plugin for plugin in config["plugins"] if plugin["type"] == "core-metrics-extractor"]

    assert picker["flags"] == {"v": "1"}
    assert parsers == picker["parsers"]
    assert {*parsers} < {plugin["type"] for plugin in config["plugins"]}
    assert config["apiVersion"] == "llm-d.ai/v1alpha1"
    assert extractor["parameters"] == {"defaultEngine": metrics.engine, "engineConfigs": engines}


def test_each_chart_has_its_address_label_and_group() -> None:
    """The label is what a picker's Deployment selects, the group is of the objectives that it reads."""
    old, new = picker_chart(InferencePoolSpec()), picker_chart(ROUTER)

    assert old.address == "registry.k8s.io/gateway-api-inference-extension/charts/inferencepool"
    assert new.address == "ghcr.io/llm-d/charts/llm-d-router-gateway"
    assert old.picker_labels("gemma-pool") == {"inferencepool": "gemma-pool-epp"}
    assert new.picker_labels("gemma-pool") == {"llm-d-router-gateway": "gemma-pool-epp"}
    assert (old.objective_group, new.objective_group) == ("inference.networking.x-k8s.io", "llm-d.ai")


def test_another_chart_needs_no_larger_nodes() -> None:
    """A change of the chart would else replace the system pool of every cluster."""
    assert endpoint_picker_requests(ROUTER) == endpoint_picker_requests(InferencePoolSpec()) == (4, 8)


@pytest.mark.parametrize(
    ("pool", "message"),
    [
        (
            InferencePoolSpec(chart_version="v0.10.0"),
            f"chart_version must be one of {', '.join(inferencepool_chart.VERSIONS)} for inferencepool, got 'v0.10.0'",
        ),
        (
            InferencePoolSpec(chart="llm-d-router"),
            "chart_version must be one of v0.10.0 for llm-d-router, got 'v1.5.0'",
        ),
    ],
)
def test_a_version_of_the_other_chart_is_refused(pool: InferencePoolSpec, message: str) -> None:
    """There is no such chart, or its values would be those of another."""
    for ask in (picker_chart, endpoint_picker_requests):
        with pytest.raises(ValueError, match=f"^{message}$"):
            ask(pool)


def test_these_are_the_charts() -> None:
    """By the names that a config gives them."""
    assert {name: chart.versions[-1] for name, chart in CHARTS.items()} == {
        "inferencepool": "v1.5.0", "llm-d-router": "v0.10.0",
    }  # fmt: skip
