"""
What Prometheus takes of a query and Cloud Monitoring does not, or reads in another way. Each limit with its source.

- "PromQL compatibility": cloud.google.com/stackdriver/docs/managed-prometheus/promql-differences, read 2026-11.
- "Mapping": cloud.google.com/monitoring/promql/promql-mapping, read 2026-11.
- "Alerting": cloud.google.com/monitoring/promql/promql-in-alerting, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.promql.selectors import Reads, Selector, base_name, read
from tests.promql.sources import LOG_METRIC, METRICS, SCRAPED

# "PromQL compatibility": as Prometheus 2.44; functions that are newer might not be supported. From
# prometheus/prometheus promql/parser at v2.44.0 and v3.5.0.
NEWER = {
    *("double_exponential_smoothing", "histogram_avg", "histogram_stddev", "histogram_stdvar", "info", "mad_over_time"),
    *("sort_by_label", "sort_by_label_desc", "ts_of_last_over_time", "ts_of_max_over_time", "ts_of_min_over_time"),
    *("first_over_time", "ts_of_first_over_time", "limitk", "limit_ratio"),
}
# "Alerting": look-back and duration of a policy are a day at most, and 25 hours together. More is a preview of 2026.
LONGEST_SEC = 24 * 3600
LONGEST_TOGETHER_SEC = 25 * 3600
RATES = {"rate", "increase", "irate", "resets"}


def problems(query: str) -> list[str]:
    """Return why Cloud Monitoring would refuse *query*, or read other series than it means."""
    reads = read(query)
    return [*_newer(reads), *(problem for one in reads.selectors for problem in _of_selector(one))]


def problems_of_alert(query: str, for_sec: int) -> list[str]:
    """Return the same of the condition of an alert, which must hold for *for_sec*."""
    back = read(query).look_back_sec
    found = problems(query)
    if back > LONGEST_SEC:
        found.append(f"looks back {back:g} s, and an alert may look back {LONGEST_SEC}")
    if for_sec > LONGEST_SEC or back + for_sec > LONGEST_TOGETHER_SEC:
        found.append(f"looks back {back:g} s for {for_sec} s, together more than {LONGEST_TOGETHER_SEC}")
    return found


def _newer(reads: Reads) -> Iterator[str]:
    for name in sorted(reads.functions & NEWER):
        yield f"{name} is newer than Prometheus 2.44"


def _of_selector(one: Selector) -> Iterator[str]:
    # "PromQL compatibility": only exact matching on metric names, and each selector must have a name.
    if "__name__" in one.matchers or not one.metric:
        yield "a metric is selected by its name alone, and by no pattern of it"
        return
    name = base_name(one.metric, METRICS)
    operator, resource = one.matchers.get("monitored_resource", ("", ""))
    # "Mapping": a metric of several resources needs the label monitored_resource, as many log-based metrics do. Google
    # adds resources to metrics of its own, so each of these names it.
    if name.partition(":")[0].endswith(("_googleapis_com", "_io")) and operator != "=":
        yield f"{name} is Google's and has no monitored_resource"
    if name.startswith(LOG_METRIC):
        return
    if name not in METRICS:
        yield f"{name} is not in tests/data/metrics/sources.yaml"
        return
    metric = METRICS[name]
    if metric.resource == SCRAPED and operator:
        yield f"{name} is scraped: it needs no monitored_resource"
    elif operator == "=" and resource != metric.resource:
        yield f"{name} is of {metric.resource}, not of {resource}"
    for label in sorted(one.matchers.keys() - metric.every_label):
        yield f"{name} has no label {label}"
    yield from _as_its_kind(one, metric.kind, name)
    yield from _of_bucket(one)


def _as_its_kind(one: Selector, kind: str, name: str) -> Iterator[str]:
    if kind == "gauge" and one.function in RATES:
        yield f"{name} is a gauge: {one.function} is of counters"
    if kind != "gauge" and one.function not in RATES:
        yield f"{name} is a {kind}: it is read by its rate or increase"
    if (kind == "histogram") == (one.metric == name):
        yield f"{one.metric}: a histogram is read by its _bucket, _sum or _count, and nothing else is"


def _of_bucket(one: Selector) -> Iterator[str]:
    """Yield what is wrong with the choice of a bucket."""
    operator, bounds = one.matchers.get("le", ("", ""))
    if not operator:
        return
    # Clients of Go export le="5", those of Python le="5.0", and Google keeps the bound as a number: which of both it
    # shows is written nowhere. So both are matched.
    spelled = {bound.replace("[.]", ".").replace("\\\\.", ".") for bound in bounds.split("|")}
    for bound in sorted(spelled - {"+Inf"}):
        whole = float(bound) == int(float(bound))
        if whole and not {f"{float(bound):g}", f"{float(bound):.1f}"} <= spelled:
            yield f'le="{bounds}" is not matched where it is written {float(bound):g} or {float(bound):.1f}'
    if operator == "=" and len(spelled) > 1:
        yield f'le="{bounds}" is a pattern, which = does not match'
