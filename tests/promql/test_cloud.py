"""What Cloud Monitoring does not take of PromQL is found, and what it takes is not."""

from __future__ import annotations

import pytest

from tests.promql.cloud import problems, problems_of_alert

REQUESTS = "loadbalancing_googleapis_com:https_internal_request_count"
FIRST_TOKEN = "vllm:time_to_first_token_seconds"
BALANCER = 'monitored_resource="internal_http_lb_rule"'
FILL = "inference_pool_average_kv_cache_utilization"

WRONG = [
    ('sum({__name__=~"vllm:.*"})', "by no pattern"),
    ('sum({job="a"})', "by no pattern"),
    (f"mad_over_time({FILL}[1h])", "newer than Prometheus 2.44"),
    (f"rate({REQUESTS}[5m])", "has no monitored_resource"),
    (
        f'rate({REQUESTS}{{monitored_resource="https_lb_rule"}}[5m])',
        "is of internal_http_lb_rule, not of https_lb_rule",
    ),
    (f'rate({REQUESTS}{{monitored_resource=~".*"}}[5m])', "has no monitored_resource"),
    ("rate(logging_googleapis_com:user_errors[5m])", "has no monitored_resource"),
    (f'{FILL}{{monitored_resource="prometheus_target"}}', "needs no monitored_resource"),
    (f'rate({REQUESTS}{{{BALANCER},backend_region="us-east5"}}[5m])', "has no label backend_region"),
    (f'{FILL}{{cluster_name="a"}}', "has no label cluster_name"),
    ("kube_pod_status_ready", "is not in tests/data/metrics/sources.yaml"),
    (f"rate({FILL}[5m])", "is a gauge"),
    (f"{REQUESTS}{{{BALANCER}}} > 5", "is a counter"),
    (f"rate({FIRST_TOKEN}[5m])", "_bucket, _sum or _count"),
    (f'rate({FIRST_TOKEN}_bucket{{le="5"}}[5m])', "is not matched where it is written 5 or 5.0"),
    (f'rate({FIRST_TOKEN}_bucket{{le="1.0"}}[5m])', "is not matched where it is written 1 or 1.0"),
    (f'rate({FIRST_TOKEN}_bucket{{le="1|1.0"}}[5m])', "which = does not match"),
]
RIGHT = [
    f'avg by (cluster) ({FILL}{{cluster=~"a|b",namespace="inference",name="pool"}}) > 0.9',
    f'sum(rate({REQUESTS}{{{BALANCER},backend_scope=~"us-east5-.*"}}[5m])) or vector(0)',
    'rate(logging_googleapis_com:user_errors{monitored_resource="k8s_pod"}[5m])',
    f"histogram_quantile(0.95, sum by (le) (rate({FIRST_TOKEN}_bucket[5m])))",
    f'sum(rate({FIRST_TOKEN}_bucket{{le=~"1|1[.]0"}}[5m])) / sum(rate({FIRST_TOKEN}_count[5m]))',
    f'rate({FIRST_TOKEN}_bucket{{le="2.5"}}[5m])',
    f'rate({FIRST_TOKEN}_bucket{{le="+Inf"}}[5m])',
    f"max_over_time({FILL}[6h])",
]


@pytest.mark.parametrize(("query", "problem"), WRONG)
def test_a_query_that_is_wrong_there_is_found(query: str, problem: str) -> None:
    """With the reason, and that alone."""
    (found,) = problems(query)

    assert problem in found


@pytest.mark.parametrize("query", RIGHT)
def test_a_query_that_is_right_there_is_not(query: str) -> None:
    """Exact names, their resource, labels that there are, and both ways of writing a bound."""
    assert problems(query) == []


@pytest.mark.parametrize(
    ("query", "for_sec", "wrong"),
    [
        (f"max_over_time({FILL}[24h]) > 1", 3600, False),
        (f"max_over_time({FILL}[25h]) > 1", 0, True),
        (f"max_over_time({FILL}[1h] offset 1d) > 1", 0, True),
        (f"max_over_time(avg({FILL})[1d:5m]) > 1", 0, False),
        (f"max_over_time(avg_over_time({FILL}[5m])[1d:5m]) > 1", 0, True),
        (f"max_over_time({FILL}[24h]) > 1", 7200, True),
        (f"{FILL} > 1", 86400, False),
        (f"{FILL} > 1", 90000, True),
    ],
)
def test_an_alert_looks_back_for_a_day_at_most(query: str, for_sec: int, *, wrong: bool) -> None:
    """With its offset and subqueries; with the time for which it must hold, 25 hours."""
    assert bool(problems_of_alert(query, for_sec)) is wrong
