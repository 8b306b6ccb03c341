"""Where the metrics go."""

from constructs_lib.manifests.monitoring import autoscaling_metric, pod_monitoring
from tests.checks.kubernetes_objects import problems
from tests.manifests.examples import LABELS, NAMESPACE


def test_managed_prometheus_reads_the_server_every_15_seconds() -> None:
    """The interval is a duration with its unit."""
    made = pod_monitoring(name="gemma-server", namespace=NAMESPACE, labels=LABELS, port=8000)

    assert made["spec"]["endpoints"] == [{"port": 8000, "path": "/metrics", "interval": "15s"}]
    assert problems(made) == []


def test_the_load_balancer_gets_the_gauge_under_its_export_name() -> None:
    """The server's name of the gauge and the load balancer's are both in the object."""
    made = autoscaling_metric(
        name="kv-cache",
        namespace=NAMESPACE,
        labels=LABELS,
        port=8000,
        metric="vllm:kv_cache_usage_perc",
        export_name="kv-cache",
    )

    [endpoint] = made["spec"]["endpoints"]
    assert endpoint["metrics"] == [{"name": "vllm:kv_cache_usage_perc", "exportName": "kv-cache"}]
    assert made["apiVersion"] == "autoscaling.gke.io/v1beta1"
    assert problems(made) == []


def test_an_autoscaler_reads_the_same_gauge_in_another_shape() -> None:
    """The load balancer still gets it, under the same name."""
    made = autoscaling_metric(
        name="kv-cache",
        namespace=NAMESPACE,
        labels=LABELS,
        port=8000,
        metric="vllm:kv_cache_usage_perc",
        export_name="kv-cache",
        autoscaler=True,
    )
    [metric] = made["spec"]["metrics"]
    [scraped] = metric["pod"]["containers"]

    assert scraped["metrics"] == [
        {
            "gauge": {
                "name": "kv-cache",
                "prometheusMetricName": "vllm:kv_cache_usage_perc",
                "loadBalancing": {"enabled": True},
            }
        }
    ]
    assert metric["pod"]["selector"] == {"matchLabels": LABELS}
    assert problems(made) == []
