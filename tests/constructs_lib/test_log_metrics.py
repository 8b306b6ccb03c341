"""Metrics of logs: which entries they count, and what of an entry becomes a label."""

from __future__ import annotations

import re
from typing import Any

import pytest
from cdktf_cdktf_provider_google.provider import GoogleProvider

from constructs_lib.gateway_class import CROSS_REGION
from constructs_lib.log_metrics import NAME_LENGTH, LogMetrics
from constructs_lib.monitoring.log_metric import LogMetric, log_metrics_of, log_series, sample_factor
from constructs_lib.monitoring.metrics import LOAD_BALANCERS
from platform_config.monitored_platform import monitored_platform
from tests.configs import config
from tests.conftest import Synth

PROXY, MOUNT = "gemma-proxy-errors", "gemma-mount-errors"


def metrics(**settings: Any) -> dict[str, LogMetric]:
    """Return the log metrics of the example with *settings*, by name."""
    return {metric.name: metric for metric in log_metrics_of(monitored_platform(config(**settings)))}


def read(extractor: str, field: str, value: str) -> str:
    """Read a label as Cloud Logging does it: the one group of a pattern that is in the field, or nothing."""
    given = re.fullmatch(r'REGEXP_EXTRACT\(jsonPayload\.(\w+), "(.*)"\)', extractor)
    assert given
    assert given[1] == field
    assert re.compile(given[2]).groups == 1
    found, whole = re.search(given[2], value), re.fullmatch(given[2], value)
    assert (found and found[1]) == (whole and whole[1]), "the pattern finds another text where it must match as a whole"
    return found[1] if found else ""


def holds(metric: LogMetric, field: str, value: str) -> bool:
    """Return whether *value* passes the conditions of *metric* on *field*, which are patterns."""
    found = [re.fullmatch(rf'{re.escape(field)}=~"(.*)"', condition) for condition in metric.conditions]
    patterns = [condition[1] for condition in found if condition]
    assert patterns
    return all(re.search(pattern, value) for pattern in patterns)


# Entries of "gcp_vpc" samples of elastic/integrations and of issues; the last has what RFC 9209 allows besides.
ERRORS = [
    ('error="destination_unavailable"; details="failed_to_pick_backend"', "failed_to_pick_backend"),
    ('error="connection_terminated"; details="backend_connection_closed"', "backend_connection_closed"),
    ('error="http_request_error"; details="denied_by_authz_policy"', "denied_by_authz_policy"),
    ("google; error=connection_timeout", ""),
]


@pytest.mark.parametrize(("status", "detail"), ERRORS)
def test_an_error_of_the_load_balancer_is_counted_by_kind_and_detail(status: str, detail: str) -> None:
    """Each is a word of a fixed list, read with quotes or without."""
    metric = metrics()[PROXY]
    labels = {name: read(label.extractor, "proxyStatus", status) for name, label in metric.labels.items()}

    assert holds(metric, "jsonPayload.proxyStatus", status)
    assert labels == {"error": re.findall('error="?([a-z_]+)', status)[0], "error_detail": detail}


def test_no_address_or_name_of_somebody_s_own_becomes_a_series() -> None:
    """A detail ends where it is no word of lower case letters any more."""
    status = 'error="connection_refused"; details="10.1.2.3:8000 of pod gemma-server-abc"'

    assert read(metrics()[PROXY].labels["error_detail"].extractor, "proxyStatus", status) == ""


def test_only_entries_of_the_platform_s_own_gateway_are_counted() -> None:
    """By its URL map: other load balancers of the project have one resource type with it."""
    metric = metrics()[PROXY]

    assert metric.filter.startswith('resource.type="internal_http_lb_rule"\n')
    assert holds(metric, "resource.labels.url_map_name", "gkemcg1-inference-gemma-gateway-c3a1vuvj0bgu")
    assert not holds(metric, "resource.labels.url_map_name", "gkemcg1-other-gemma-gateway-c3a1vuvj0bgu")
    assert not holds(metric, "resource.labels.url_map_name", "x-gkemcg1-inference-gemma-gateway-c3a1")
    assert not holds(metric, "jsonPayload.proxyStatus", "")


def test_the_resource_is_that_of_the_gateway_s_class() -> None:
    """Internal ones have one, regional external ones another."""
    assert LOAD_BALANCERS[CROSS_REGION.name].resource == "internal_http_lb_rule"
    assert LOAD_BALANCERS["gke-l7-rilb"].resource == "internal_http_lb_rule"
    assert LOAD_BALANCERS["gke-l7-regional-external-managed"].resource == "http_external_regional_lb_rule"


# Texts of events in GoogleCloudPlatform/gcs-fuse-csi-driver#56, #1356, and what Kubernetes says of other volumes.
MOUNTS = [
    (
        'MountVolume.SetUp failed for volume "models" : rpc error: code = PermissionDenied desc = gcsfuse failed with '
        "error: rpc error: code = Internal desc = x",
        "PermissionDenied",
    ),
    ('MountVolume.SetUp failed for volume "bucket-1" : rpc error: code = Unauthenticated desc = x', "Unauthenticated"),
]
OTHER_MOUNTS = [
    'MountVolume.SetUp failed for volume "token" : rpc error: code = Unknown desc = failed to mount secrets store',
    'MountVolume.SetUp failed for volume "kube-api-access-x7k2p" : object "kube-root-ca.crt" not registered',
    'MountVolume.SetUp failed for volume "models-of-others" : rpc error: code = Internal desc = x',
]


@pytest.mark.parametrize(("message", "code"), MOUNTS)
def test_a_bucket_that_cannot_be_mounted_is_counted_by_its_code(message: str, code: str) -> None:
    """The first code is the driver's own."""
    metric = metrics()[MOUNT]

    assert holds(metric, "jsonPayload.message", message)
    assert read(metric.labels["code"].extractor, "message", message) == code


@pytest.mark.parametrize("message", OTHER_MOUNTS)
def test_other_volumes_are_not_counted(message: str) -> None:
    """Neither a token's, nor those of Kubernetes, whose names would each be a series."""
    assert not holds(metrics()[MOUNT], "jsonPayload.message", message)


def test_only_events_of_the_platform_s_own_pods_are_counted() -> None:
    """Those of its clusters and namespace."""
    metric = metrics()[MOUNT]

    assert metric.filter.splitlines()[:2] == ['resource.type="k8s_pod"', 'log_id("events")']
    assert 'resource.labels.namespace_name="inference"' in metric.conditions
    assert 'jsonPayload.reason="FailedMount"' in metric.conditions
    names = ("gemma-us", "gemma-eu", "gemma-us-2")
    assert [holds(metric, "resource.labels.cluster_name", name) for name in names] == [True, True, False]


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({}, [PROXY, MOUNT]),
        ({"models__gemma__weights__source": "hugging_face", "bucket": None}, [PROXY]),
        ({"observability": {"log_metrics": False}}, []),
    ],
)
def test_mounts_are_counted_where_there_are_any(settings: dict[str, Any], names: list[str]) -> None:
    """Servers that download their weights mount no bucket."""
    assert list(metrics(**settings)) == names


def test_a_metric_has_a_place_for_each_label_that_it_reads(synth: Synth) -> None:
    """Cloud Logging refuses one without the other, and the second plan would not be empty."""

    def build(stack: Any) -> None:
        google = GoogleProvider(stack, "google", project="my-project")
        LogMetrics(stack, "logs", google=google, project="my-project", metrics=metrics().values())

    found = {block["name"]: block for block in synth(build).all("google_logging_metric")}

    assert found.keys() == {PROXY, MOUNT}
    for block in found.values():
        described = block["metric_descriptor"]["labels"]
        assert {label["key"] for label in described} == block["label_extractors"].keys()
        assert {label["value_type"] for label in described} == {"STRING"}
        assert (block["metric_descriptor"]["metric_kind"], block["metric_descriptor"]["value_type"]) == (
            "DELTA",
            "INT64",
        )


def test_a_name_that_is_too_long_is_refused(synth: Synth) -> None:
    """Before Cloud Logging does it."""
    metric = LogMetric(name="x" * (NAME_LENGTH + 1), description="", resource="k8s_pod", conditions=(), labels={})

    def build(stack: Any) -> None:
        google = GoogleProvider(stack, "google", project="my-project")
        LogMetrics(stack, "logs", google=google, project="my-project", metrics=[metric])

    with pytest.raises(ValueError, match="name must have at most 100 characters, got 101"):
        synth(build)


def test_an_alert_finds_the_metric_and_what_an_entry_stands_for() -> None:
    """As PromQL calls it; at one percent an entry is a hundred requests."""
    assert log_series(PROXY) == "logging_googleapis_com:user_gemma_proxy_errors"
    assert (sample_factor(1), sample_factor(100), sample_factor(0.5)) == (100, 1, 200)
    with pytest.raises(ValueError, match="log_sample_percent must be above 0, got 0"):
        sample_factor(0)
