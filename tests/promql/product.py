"""Every query that the product has: of its alerts, of its dashboards, and of what load and drill read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache

from constructs_lib.gateway_class import REGIONAL_EXTERNAL, REGIONAL_INTERNAL
from constructs_lib.monitoring import metrics
from constructs_lib.monitoring.alert import alerts_of
from constructs_lib.monitoring.alerts import ALERTS
from constructs_lib.monitoring.cloud_dashboard import CLOUD_VARIABLES
from constructs_lib.monitoring.grafana import GRAFANA_VARIABLES
from constructs_lib.monitoring.log_metric import log_metrics_of, log_series
from constructs_lib.monitoring.panel import Variables, panels_of
from constructs_lib.monitoring.panels import PANELS
from constructs_lib.monitoring.platform import MonitoredModel, MonitoredPlatform
from constructs_lib.specs import ObjectivesSpec
from gke_inference.gauges import queries as gauges
from platform_config.monitored_platform import monitored_platform
from tests.configs import CONFIGS, MORE, config
from tests.promql.sources import METRICS, Metric

OBJECTIVES = ObjectivesSpec(availability_percent=99.5, first_token_sec=1, first_token_percent=95)
GAUGES = {"vllm": ("vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"), "sglang": ("sglang:token_usage",)}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """
    One query.

    Attributes:
        name: Where it is from.
        query: PromQL.
        for_sec: Seconds for which the condition of an alert must hold; None where it is of none.
        made: Metrics that its platform makes of logs itself.
    """

    name: str
    query: str
    for_sec: int | None = None
    made: tuple[Metric, ...] = ()

    @property
    def known(self) -> Mapping[str, Metric]:
        """All metrics that it may read, by name."""
        return {**METRICS, **{metric.name: metric for metric in self.made}}

    def __str__(self) -> str:
        """Return the name of a test with it."""
        return self.name


@cache
def asked() -> tuple[Asked, ...]:
    """Return every query of the product, each text once."""
    found: dict[tuple[str, bool], Asked] = {}
    for one in [*_of_platforms(), *_of_gauges()]:
        found.setdefault((one.query, one.for_sec is None), one)
    return tuple(found.values())


def _platforms() -> Iterator[tuple[str, MonitoredPlatform]]:
    """Yield the platforms of the product's configs, and the example's with everything that there is to watch."""
    for path in (*CONFIGS, *MORE):
        yield path.stem, monitored_platform(config(path))
    example = replace(
        monitored_platform(config()),
        certificate_hosts=("gemma.example.com",),
        model_armor_templates=("gemma-prompts",),
        endpoints={"farm": "203.0.113.7", "hk": "203.0.113.40"},
        proxy_errors="gemma-proxy-errors",
        mount_errors="gemma-mount-errors",
    )
    for number, picker in enumerate(dict.fromkeys(metrics.PICKER_FAMILIES.values())):
        for kind, engine in metrics.ENGINES.items():
            for gauge in GAUGES[kind]:
                yield f"{kind}-{number}", _with(example, picker=picker, engine=engine, gauge=gauge)
    for gateway in (REGIONAL_INTERNAL, REGIONAL_EXTERNAL):
        yield gateway.name, replace(_with(example), gateway_class=gateway)


def _with(platform: MonitoredPlatform, **parts: object) -> MonitoredPlatform:
    """Return *platform* with *parts* of its models changed, which mount a bucket, promise something and run on all."""
    models: dict[str, MonitoredModel] = {}
    for key, model in platform.models.items():
        full = replace(
            model, objectives=OBJECTIVES, uses=frozenset({"tpu", "gpu"}), mounts_bucket=True, spill_percent=60
        )
        models[key] = replace(full, **parts)  # type: ignore[arg-type]
    return replace(platform, models=models)


def _of_platforms() -> Iterator[Asked]:
    for name, platform in _platforms():
        made = tuple(
            Metric(name=log_series(one.name), kind="counter", labels=frozenset(one.labels), resource=one.resource)
            for one in log_metrics_of(platform)
        )
        for alert in alerts_of(platform, ALERTS, {}, {}):
            condition = alert.query.expression
            yield Asked(name=f"{name} {alert.name}", query=condition, for_sec=alert.for_sec, made=made)
        for variables in (Variables(), CLOUD_VARIABLES, GRAFANA_VARIABLES):
            for panel in panels_of(platform, PANELS, variables=variables):
                for number, query in enumerate(panel.queries):
                    title = f"{name} panel {panel.kind.name} {number}"
                    yield Asked(name=title, query=query.expression, made=made)


def _of_gauges() -> Iterator[Asked]:
    for name, platform in _platforms():
        for key, model in platform.models.items():
            read_of_each = (gauges.requests_per_sec, gauges.latency_p95_sec)
            for query in (*read_of_each, gauges.kv_cache_percent) if model.picker else read_of_each:
                yield Asked(name=f"{name} {key} {query.__name__}", query=query(platform, key, model.regions[0]))


def metric_names(exported: metrics.PickerMetrics | metrics.EngineMetrics | metrics.LoadBalancerMetrics) -> list[str]:
    """Return the names in *exported*."""
    texts = (getattr(exported, part.name) for part in fields(exported) if part.name not in ("resource", "metric_type"))
    return [text for text in texts if isinstance(text, str)]


def named() -> set[str]:
    """Return the name of every metric in constructs_lib/monitoring/metrics.py."""
    pickers = [*metrics.PICKER_FAMILIES.values(), metrics.LLM_D_FAMILY]
    found = {name for picker in pickers for name in metric_names(picker)}
    found |= {name for engine in metrics.ENGINES.values() for name in metric_names(engine)}
    found |= {name for balancer in metrics.LOAD_BALANCERS.values() for name in metric_names(balancer)}
    alone = (value if isinstance(value, tuple) else (value,) for value in vars(metrics).values())
    return found | {name for names in alone for name in names if isinstance(name, str) and _is_metric(name)}


def _is_metric(text: str) -> bool:
    return text in METRICS or text.startswith(("kube_", "kubernetes_io:", "DCGM_")) or "_googleapis_com:" in text
